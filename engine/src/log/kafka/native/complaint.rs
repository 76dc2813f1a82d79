//! What the library says of its connections, besides what it answers: to whoever asks, a broker that will not have us is
//! only one that does not answer in time.

use super::{Queue, c, text};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use std::ffi::CStr;
use std::ptr::{self, NonNull};

/// How lines of the library's log about a connection that failed are marked.
const FAILED: &CStr = c"FAIL";

/// The last complaint of a client whose events nobody else takes (an admin client's), and forgets them all.
pub(in crate::log::kafka) fn last_complaint<C: ClientContext>(client: &Client<C>) -> Option<String> {
    let mut last = None;
    // SAFETY: the client outlives the queue, which gives itself back; each event is given back once, after what is read
    // of it was copied.
    unsafe {
        let queue = Queue(NonNull::new(c::rd_kafka_queue_get_main(client.native_ptr()))?);
        loop {
            let event = c::rd_kafka_queue_poll(queue.0.as_ptr(), 0);
            if event.is_null() {
                return last;
            }
            last = complaint(event).or(last);
            c::rd_kafka_event_destroy(event);
        }
    }
}

/// SAFETY: `event` is an alive event.
unsafe fn complaint(event: *mut c::rd_kafka_event_t) -> Option<String> {
    // SAFETY: the caller's promise; what is read belongs to the event, and is copied.
    unsafe {
        match c::rd_kafka_event_type(event) {
            c::RD_KAFKA_EVENT_ERROR => {
                let code = RDKafkaErrorCode::from(c::rd_kafka_event_error(event));
                // That all brokers are away is said after why.
                (code != RDKafkaErrorCode::AllBrokersDown).then(|| text(c::rd_kafka_event_error_string(event)))
            }
            // Some failures are in the log alone.
            c::RD_KAFKA_EVENT_LOG => {
                let (mut mark, mut line, mut level) = (ptr::null(), ptr::null(), 0);
                let told = c::rd_kafka_event_log(event, &raw mut mark, &raw mut line, &raw mut level) == 0;
                let failed = told && !mark.is_null() && CStr::from_ptr(mark) == FAILED;
                failed.then(|| without_thread(&text(line)).to_owned())
            }
            _ => None,
        }
    }
}

/// A line without the name of the thread that wrote it.
fn without_thread(line: &str) -> &str {
    match line.split_once("]: ") {
        Some((thread, rest)) if thread.starts_with("[thrd:") => rest,
        _ => line,
    }
}
