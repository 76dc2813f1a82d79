//! TLS: rustls with ring, chosen once for a process, before anything opens a connection.

/// Makes ring the process's provider. Whoever was first stays: every part of Roomlog uses this one.
pub fn choose_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
