//! How the system's allocator keeps memory. The only unsafe code of the binary.
#![allow(unsafe_code)]

/// Lets all threads share three of glibc's arenas. Each thread would have its own else, and each arena keeps what the
/// beginnings of connections have used: 7.8 KB instead of 3.8 for each idle connection (`make bench BENCH=idle`). To be
/// called before there are threads.
pub(crate) fn share_arenas() {
    #[cfg(target_env = "gnu")]
    {
        const ARENAS: libc::c_int = 3;
        // SAFETY: mallopt (mallopt(3)) takes two numbers, and no other thread allocates yet. That it is refused (by an
        // allocator in glibc's place) changes nothing.
        let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
    }
}
