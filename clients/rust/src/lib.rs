//! Roomlog's client in Rust.
