//! Hints of new leaders are passed over.
//!
//! A broker that is asked for a partition which it does not lead says who does (KIP-951). librdkafka 2.12.1 takes such hints in a
//! way that ends the process: where one partition of an answer has a new leader and another has none, as while a broker takes
//! over what it leads after a restart, it reads memory that nobody wrote
//! (<https://github.com/confluentinc/librdkafka/issues/5280>). Whoever gets such an answer asks for the leaders anyway, so
//! without the hint nothing is lost but the time of one question.
//!
//! What must hold: the linker gives the library's calls of `rd_kafka_metadata_update_op` to the function here, by `--wrap` in
//! `.cargo/config.toml`. Once the library is mended, this file and that line go.

use std::ffi::{c_int, c_void};

/// `RD_KAFKA_OP_RES_HANDLED`: the library frees what it gave.
const HANDLED: c_int = 1;

/// Stands in for the library's function of that name; called by its main thread.
// SAFETY: no other symbol has this name, which only `--wrap` makes of another. Both pointers stay the library's: neither is read.
#[unsafe(no_mangle)]
extern "C" fn __wrap_rd_kafka_metadata_update_op(_client: *mut c_void, _hint: *mut c_void) -> c_int {
    tracing::debug!("a hint of new leaders is passed over");
    HANDLED
}

// SAFETY: as in librdkafka's rdkafka_metadata.h; it is never called from here.
unsafe extern "C" {
    fn rd_kafka_metadata_update_op(client: *mut c_void, hint: *mut c_void) -> c_int;
}

/// Whether the linker did as it must: then the library's name means the function here.
pub(in crate::log::kafka) fn are_passed_over() -> bool {
    let (named, ours) = (
        rd_kafka_metadata_update_op as *const (),
        __wrap_rd_kafka_metadata_update_op as *const (),
    );
    std::ptr::eq(named, ours)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_linker_gives_them_to_us() {
        assert!(super::are_passed_over(), "see .cargo/config.toml");
    }
}
