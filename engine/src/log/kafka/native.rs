//! What the safe wrapper of librdkafka lacks: a poll that says which topic ended, headers whose names may be any
//! bytes, a topic's id, one setting of a topic, and two faults of it that are made up for. The only unsafe code of the log.
#![allow(unsafe_code)]

mod alter;
mod bootstrap;
mod complaint;
mod hints;

pub(super) use alter::alter_topic;
pub(super) use bootstrap::bootstrap_again;
pub(super) use complaint::last_complaint;
pub(super) use hints::are_passed_over as hints_are_passed_over;

use crate::domain::{Offset, Partition, Position, Timestamp};
use crate::log::{Headers, Keys, RecordRef, is_wanted};
use rdkafka::bindings as c;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;
use uuid::Uuid;

/// A consumer polled by hand. Used by one thread at a time; it must not be dropped on a runtime's thread, for
/// closing it waits for the broker.
pub(super) struct Consumer {
    /// Before `inner`: a queue must be gone before its client is.
    queue: Queue,
    inner: BaseConsumer,
}

impl Consumer {
    pub(super) fn new(inner: BaseConsumer) -> KafkaResult<Self> {
        // SAFETY: the client lives as long as `inner`, which is dropped after the queue.
        let queue = unsafe { c::rd_kafka_queue_get_consumer(inner.client().native_ptr()) };
        let queue =
            NonNull::new(queue).ok_or_else(|| KafkaError::ClientCreation("a consumer needs a group.id".into()))?;
        Ok(Self {
            queue: Queue(queue),
            inner,
        })
    }

    /// The wrapper, for everything but polling.
    pub(super) fn inner(&self) -> &BaseConsumer {
        &self.inner
    }

    /// What comes next, waiting for it at most `wait` (whole milliseconds).
    pub(super) fn poll(&self, wait: Duration) -> Option<Event<'_>> {
        // SAFETY: the queue is alive; an event belongs to whoever polled it.
        let event = unsafe { c::rd_kafka_queue_poll(self.queue.0.as_ptr(), millis(wait)) };
        NonNull::new(event).map(|pointer| Event {
            pointer,
            consumer: PhantomData,
        })
    }
}

impl Consumer {
    /// The end of a partition as the last fetch found it; nobody is asked.
    pub(super) fn known_end(&self, topic: &str, partition: Partition) -> Option<Offset> {
        let name = CString::new(topic).ok()?;
        let (mut low, mut high) = (-1, -1);
        // SAFETY: the client is alive; both numbers are ours.
        let code = unsafe {
            c::rd_kafka_get_watermark_offsets(
                self.inner.client().native_ptr(),
                name.as_ptr(),
                partition.get().into(),
                &raw mut low,
                &raw mut high,
            )
        };
        let known = code == c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        u64::try_from(high).ok().filter(|_| known).map(Offset::new)
    }
}

/// A queue of the library, given back when dropped.
struct Queue(NonNull<c::rd_kafka_queue_t>);

// SAFETY: librdkafka's queues may be used from any thread (its "Thread safety" section).
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: made by a `_get_` or `_new` of the library, given back once.
        unsafe { c::rd_kafka_queue_destroy(self.0.as_ptr()) }
    }
}

/// Something that was polled; what [`Event::look`] shows is borrowed from it.
pub(super) struct Event<'c> {
    pointer: NonNull<c::rd_kafka_event_t>,
    consumer: PhantomData<&'c Consumer>,
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        // SAFETY: polled by us, given back once.
        unsafe { c::rd_kafka_event_destroy(self.pointer.as_ptr()) }
    }
}

/// What an event says.
pub(super) enum Seen<'e> {
    /// A record of a topic, by its full name.
    Record { topic: &'e [u8], record: RecordRef<'e> },
    /// A partition was read to its end.
    End {
        topic: String,
        partition: Partition,
        next: Offset,
    },
    /// The group gave us partitions: they must be acknowledged by an assignment.
    Assigned(Vec<Partition>),
    /// The group takes partitions away: likewise.
    Revoked(Vec<Partition>),
    /// Something failed, in one partition or altogether; the library goes on trying unless it is fatal.
    Failed {
        place: Option<(String, Partition)>,
        code: RDKafkaErrorCode,
        text: String,
        fatal: bool,
    },
    /// Nothing for us.
    Other,
}

impl Event<'_> {
    /// Whether it says something of what the log holds: a record, or a partition's end.
    pub(super) fn is_of_the_log(&self) -> bool {
        let event = self.pointer.as_ptr();
        // SAFETY: the event is alive as long as `self`; nothing is taken out of it.
        unsafe {
            c::rd_kafka_event_type(event) == c::RD_KAFKA_EVENT_FETCH
                || RDKafkaErrorCode::from(c::rd_kafka_event_error(event)) == RDKafkaErrorCode::PartitionEOF
        }
    }

    /// What this event says. A record is taken out of the event: look once.
    pub(super) fn look(&mut self) -> Seen<'_> {
        self.look_for(None)
    }

    /// The same; a record of another key comes without its headers, for taking them apart costs more than all the rest.
    pub(super) fn look_for(&mut self, keys: Option<&Keys>) -> Seen<'_> {
        let event = self.pointer.as_ptr();
        // SAFETY: the event is alive as long as `self`, and so is all that is read from it: messages, texts and
        // lists belong to the event, only what `event_place` takes is a copy, given back there.
        unsafe {
            match c::rd_kafka_event_type(event) {
                c::RD_KAFKA_EVENT_FETCH => match c::rd_kafka_event_message_next(event).as_ref() {
                    Some(message) => record(message, keys),
                    None => Seen::Other,
                },
                c::RD_KAFKA_EVENT_ERROR => failure(event),
                c::RD_KAFKA_EVENT_REBALANCE => {
                    let partitions = list(c::rd_kafka_event_topic_partition_list(event));
                    match c::rd_kafka_event_error(event).into() {
                        RDKafkaErrorCode::AssignPartitions => Seen::Assigned(partitions),
                        _ => Seen::Revoked(partitions),
                    }
                }
                _ => Seen::Other,
            }
        }
    }
}

/// SAFETY: `message` belongs to an event that outlives `'e`.
unsafe fn record<'e>(message: &'e c::rd_kafka_message_t, keys: Option<&Keys>) -> Seen<'e> {
    // SAFETY: pointers and lengths come from the library, which keeps them alive with the message; a null key or
    // value is told from an empty one by its pointer.
    unsafe {
        let code: RDKafkaErrorCode = message.err.into();
        let topic = CStr::from_ptr(c::rd_kafka_topic_name(message.rkt)).to_bytes();
        if code != RDKafkaErrorCode::NoError {
            return Seen::Failed {
                place: Some((
                    String::from_utf8_lossy(topic).into_owned(),
                    partition(message.partition),
                )),
                code,
                text: code.to_string(),
                fatal: false,
            };
        }
        let mut kind = c::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        let appended_at = c::rd_kafka_message_timestamp(message, &raw mut kind);
        let key = bytes(message.key.cast(), message.key_len);
        Seen::Record {
            topic,
            record: RecordRef {
                position: Position {
                    partition: partition(message.partition),
                    offset: offset(message.offset),
                    appended_at: Timestamp::from_millis(appended_at),
                },
                key,
                value: bytes(message.payload.cast(), message.len),
                headers: if is_wanted(keys, key) {
                    headers(message)
                } else {
                    Headers::default()
                },
            },
        }
    }
}

/// SAFETY: `start` is null or the start of `length` bytes that live for `'e`.
unsafe fn bytes<'e>(start: *const u8, length: usize) -> Option<&'e [u8]> {
    // SAFETY: the caller's promise.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start, length) })
}

/// SAFETY: as [`record`].
unsafe fn headers<'e>(message: &'e c::rd_kafka_message_t) -> Headers<'e> {
    let mut found = Headers::default();
    let mut list = ptr::null_mut();
    // SAFETY: headers are parsed into the message and live with it; names are C strings of any bytes.
    unsafe {
        if c::rd_kafka_message_headers(message, &raw mut list) != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return found;
        }
        for i in 0..c::rd_kafka_header_cnt(list) {
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
            c::rd_kafka_header_get_all(list, i, &raw mut name, &raw mut value, &raw mut size);
            found.add(CStr::from_ptr(name).to_bytes(), bytes(value.cast(), size));
        }
    }
    found
}

/// SAFETY: `event` is an alive error event.
unsafe fn failure<'e>(event: *mut c::rd_kafka_event_t) -> Seen<'e> {
    // SAFETY: the caller's promise; the place is a copy of ours to destroy.
    unsafe {
        let code: RDKafkaErrorCode = c::rd_kafka_event_error(event).into();
        let place = c::rd_kafka_event_topic_partition(event).as_mut().map(|place| {
            let topic = CStr::from_ptr(place.topic).to_string_lossy().into_owned();
            let copy = (topic, partition(place.partition), offset(place.offset));
            c::rd_kafka_topic_partition_destroy(place);
            copy
        });
        match (code, place) {
            (RDKafkaErrorCode::PartitionEOF, Some((topic, partition, next))) => Seen::End { topic, partition, next },
            (code, place) => Seen::Failed {
                place: place.map(|(topic, partition, _)| (topic, partition)),
                code,
                text: text(c::rd_kafka_event_error_string(event)),
                fatal: c::rd_kafka_event_error_is_fatal(event) != 0,
            },
        }
    }
}

/// SAFETY: `list` is null or an alive list.
unsafe fn list(list: *const c::rd_kafka_topic_partition_list_t) -> Vec<Partition> {
    // SAFETY: the caller's promise; `elems` are `cnt` elements.
    unsafe {
        list.as_ref().map_or_else(Vec::new, |list| {
            (0..usize::try_from(list.cnt).unwrap_or(0))
                .map(|i| partition((*list.elems.add(i)).partition))
                .collect()
        })
    }
}

/// The id that Kafka gave a topic when it was made (KIP-516); `None` when there is no such topic. Blocks.
pub(super) fn topic_id<C: ClientContext>(client: &Client<C>, topic: &str, wait: Duration) -> KafkaResult<Option<Uuid>> {
    let name = CString::new(topic)?;
    let mut names = [name.as_ptr()];
    let rk = client.native_ptr();
    // SAFETY: every pointer made here is given back below, on every path, once; the client outlives the call.
    unsafe {
        let queue = Queue(NonNull::new(c::rd_kafka_queue_new(rk)).ok_or_else(refused)?);
        let options = c::rd_kafka_AdminOptions_new(rk, c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        let mut why: [c_char; 128] = [0; 128];
        c::rd_kafka_AdminOptions_set_request_timeout(options, millis(wait), why.as_mut_ptr(), why.len());
        let topics = c::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
        c::rd_kafka_DescribeTopics(rk, topics, options, queue.0.as_ptr());
        c::rd_kafka_TopicCollection_destroy(topics);
        c::rd_kafka_AdminOptions_destroy(options);
        // The library itself answers when the request's time is over; this is the seat belt.
        let event = c::rd_kafka_queue_poll(queue.0.as_ptr(), millis(wait * 2));
        if event.is_null() {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut));
        }
        let id = described(event);
        c::rd_kafka_event_destroy(event);
        id
    }
}

/// SAFETY: `event` is the alive answer to a description of one topic.
unsafe fn described(event: *mut c::rd_kafka_event_t) -> KafkaResult<Option<Uuid>> {
    // SAFETY: the caller's promise; what is read belongs to the event.
    unsafe {
        admin_error(c::rd_kafka_event_error(event).into())?;
        let mut count = 0;
        let topics =
            c::rd_kafka_DescribeTopics_result_topics(c::rd_kafka_event_DescribeTopics_result(event), &raw mut count);
        if topics.is_null() || count == 0 {
            return Ok(None);
        }
        match c::rd_kafka_error_code(c::rd_kafka_TopicDescription_error(*topics)).into() {
            RDKafkaErrorCode::UnknownTopicOrPartition => return Ok(None),
            code => admin_error(code)?,
        }
        let id = c::rd_kafka_TopicDescription_topic_id(*topics);
        Ok(Some(Uuid::from_u64_pair(
            c::rd_kafka_Uuid_most_significant_bits(id).cast_unsigned(),
            c::rd_kafka_Uuid_least_significant_bits(id).cast_unsigned(),
        )))
    }
}

fn admin_error(code: RDKafkaErrorCode) -> KafkaResult<()> {
    if code == RDKafkaErrorCode::NoError {
        Ok(())
    } else {
        Err(KafkaError::AdminOp(code))
    }
}

fn refused() -> KafkaError {
    KafkaError::AdminOp(RDKafkaErrorCode::CriticalSystemResource)
}

/// SAFETY: `text` is null or a C string.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn millis(wait: Duration) -> c_int {
    c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX)
}

fn partition(partition: i32) -> Partition {
    Partition::new(u16::try_from(partition).unwrap_or(u16::MAX))
}

/// Logical offsets (negative) stand for nothing that was read.
fn offset(offset: i64) -> Offset {
    Offset::new(u64::try_from(offset).unwrap_or(0))
}
