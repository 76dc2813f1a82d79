//! The way back to the brokers.
//!
//! A broker that is starting may answer a question for metadata with topics and no broker at all. librdkafka 2.12.1 takes all
//! brokers for gone then, those of `bootstrap.servers` too, and asks nobody any more, for good
//! (<https://github.com/confluentinc/librdkafka/issues/5301>): the answer also cancels the way back that the library has of its own.
//! It asks again once it is given them anew.

use rdkafka::bindings as c;
use rdkafka::client::{Client, ClientContext};
use std::ffi::{CString, c_char, c_int};

// SAFETY: as in librdkafka's rdkafka_broker.h: any thread may call it, without locks; it copies the list. The public
// `rd_kafka_brokers_add` does the same, but also keeps each list it is given, however often it is the same one.
unsafe extern "C" {
    fn rd_kafka_brokers_add0(client: *mut c::rd_kafka_t, brokers: *const c_char, of_bootstrap: u8) -> c_int;
}

/// Gives a client its bootstrap servers (comma-separated) again; one that has them takes no notice.
pub(in crate::log::kafka) fn bootstrap_again<C: ClientContext>(client: &Client<C>, brokers: &str) {
    let Ok(brokers) = CString::new(brokers) else { return };
    // SAFETY: the client lives as long as it is borrowed; the list is a C string that outlives the call.
    unsafe {
        rd_kafka_brokers_add0(client.native_ptr(), brokers.as_ptr(), 1);
    }
}
