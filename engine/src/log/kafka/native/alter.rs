//! One setting of a topic, changed alone. The wrapper knows the older call only, which puts every other setting back to its
//! default.

use super::{Queue, admin_error, millis, refused};
use rdkafka::bindings as c;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::ffi::{CString, c_char};
use std::ptr::NonNull;
use std::time::Duration;

/// Sets `name` of a topic to `value` (KIP-339). Blocks.
pub(in crate::log::kafka) fn alter_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    name: &str,
    value: &str,
    wait: Duration,
) -> KafkaResult<()> {
    let (topic, name, value) = (CString::new(topic)?, CString::new(name)?, CString::new(value)?);
    let rk = client.native_ptr();
    // SAFETY: every pointer made here is given back below, on every path, once; the client outlives the call; texts are copied
    // by the library.
    unsafe {
        let queue = Queue(NonNull::new(c::rd_kafka_queue_new(rk)).ok_or_else(refused)?);
        let kind = c::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
        let resource = NonNull::new(c::rd_kafka_ConfigResource_new(kind, topic.as_ptr())).ok_or_else(refused)?;
        let set = c::rd_kafka_AlterConfigOpType_t::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET;
        let wrong =
            c::rd_kafka_ConfigResource_add_incremental_config(resource.as_ptr(), name.as_ptr(), set, value.as_ptr());
        if !wrong.is_null() {
            let code = c::rd_kafka_error_code(wrong).into();
            c::rd_kafka_error_destroy(wrong);
            c::rd_kafka_ConfigResource_destroy(resource.as_ptr());
            return Err(KafkaError::AdminOp(code));
        }
        let op = c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS;
        let options = c::rd_kafka_AdminOptions_new(rk, op);
        let mut why: [c_char; 128] = [0; 128];
        c::rd_kafka_AdminOptions_set_request_timeout(options, millis(wait), why.as_mut_ptr(), why.len());
        let mut resources = [resource.as_ptr()];
        c::rd_kafka_IncrementalAlterConfigs(rk, resources.as_mut_ptr(), resources.len(), options, queue.0.as_ptr());
        c::rd_kafka_ConfigResource_destroy(resource.as_ptr());
        c::rd_kafka_AdminOptions_destroy(options);
        // The library itself answers when the request's time is over; this is the seat belt.
        let event = c::rd_kafka_queue_poll(queue.0.as_ptr(), millis(wait * 2));
        if event.is_null() {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut));
        }
        let altered = altered(event);
        c::rd_kafka_event_destroy(event);
        altered
    }
}

/// SAFETY: `event` is the alive answer to a change of one topic.
unsafe fn altered(event: *mut c::rd_kafka_event_t) -> KafkaResult<()> {
    // SAFETY: the caller's promise; what is read belongs to the event.
    unsafe {
        admin_error(c::rd_kafka_event_error(event).into())?;
        let result = c::rd_kafka_event_IncrementalAlterConfigs_result(event);
        let mut count = 0;
        let resources = c::rd_kafka_IncrementalAlterConfigs_result_resources(result, &raw mut count);
        if resources.is_null() || count == 0 {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::InvalidRequest));
        }
        admin_error(c::rd_kafka_ConfigResource_error(*resources).into())
    }
}
