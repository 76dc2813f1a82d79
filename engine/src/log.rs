//! The log: the only truth, as a port with two adapters, `log/kafka` (the cluster) and `log/sqlite` (embedded).
//!
//! What must hold in every adapter: a record that was acked is read by every reader of its partition, at the
//! offset of the ack, in the same order, for ever; append times never go back within a partition.
//! The log knows nothing of rooms but the key, and nothing of Avro but the bytes.

mod import;
pub mod kafka;
mod letter;
mod metrics;
mod partitioner;
pub mod sqlite;

use crate::domain::{Epoch, Offset, Partition, Position, RoomId, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
pub use import::Import;
pub use letter::{Letter, Origin};
pub use partitioner::partition_of;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// The topics of one Roomlog. All share the partition count; a room has the same partition in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `roomlog.events`: the truth, kept for ever.
    Events,
    /// `roomlog.reads`: read markers, compacted.
    Reads,
    /// `roomlog.signals`: presence, typing, erasures; kept minutes.
    Signals,
    /// `roomlog.dead-letters`: what could not be read, as it was.
    DeadLetters,
}

impl Topic {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Events, Self::Reads, Self::Signals, Self::DeadLetters];

    /// The second half of its name: `roomlog.events`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Reads => "reads",
            Self::Signals => "signals",
            Self::DeadLetters => "dead-letters",
        }
    }
}

/// A record to append. Values are whole: the wire format's header and the datum.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// Chosen by the writer with [`Log::partition_of`].
    pub partition: Partition,
    /// The room id as text on `Events`; `None` only where a record without a key is copied.
    pub key: Option<Bytes>,
    /// The bytes; `None` is a tombstone of the compacted topic.
    pub value: Option<Bytes>,
    /// In order; names may repeat.
    pub headers: Vec<(&'static str, Bytes)>,
}

/// A record while it is being read: borrowed, so that a record nobody here needs costs a look at its key.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    /// Where it stands.
    pub position: Position,
    /// As it is on the log; `None` where there is no key.
    pub key: Option<&'a [u8]>,
    /// As it is on the log.
    pub value: Option<&'a [u8]>,
    /// As they are on the log.
    pub headers: Headers<'a>,
}

/// The headers of a record that Roomlog reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// How many headers are named `schema`.
    pub schema_count: usize,
    /// The first of them: the fingerprint of the writer's schema, 8 bytes little-endian.
    pub schema: Option<&'a [u8]>,
    /// W3C `traceparent`.
    pub traceparent: Option<&'a [u8]>,
    /// W3C `tracestate`.
    pub tracestate: Option<&'a [u8]>,
    /// Of a dead letter: what it copies.
    pub origin: Origin<'a>,
}

impl<'a> Headers<'a> {
    /// Takes note of the next header of a record. Of those that repeat, the first counts.
    pub(crate) fn add(&mut self, name: &[u8], value: Option<&'a [u8]>) {
        let seen = match name {
            b"schema" => {
                self.schema_count += 1;
                &mut self.schema
            }
            b"traceparent" => &mut self.traceparent,
            b"tracestate" => &mut self.tracestate,
            _ => return self.origin.add(name, value),
        };
        *seen = seen.or(value);
    }
}

/// A record that is kept: four reference-counted slices.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it stands.
    pub position: Position,
    /// As on the log.
    pub key: Option<Bytes>,
    /// As on the log.
    pub value: Option<Bytes>,
    /// See [`Headers::schema_count`].
    pub schema_count: usize,
    /// See [`Headers::schema`].
    pub schema: Option<Bytes>,
    /// W3C `traceparent`.
    pub traceparent: Option<Bytes>,
    /// W3C `tracestate`.
    pub tracestate: Option<Bytes>,
    /// Of a dead letter: what it copies, read already.
    pub letter: Option<Box<Letter>>,
}

impl Record {
    /// The same record, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> RecordRef<'_> {
        RecordRef {
            position: self.position,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: Headers {
                schema_count: self.schema_count,
                schema: self.schema.as_deref(),
                traceparent: self.traceparent.as_deref(),
                tracestate: self.tracestate.as_deref(),
                origin: Origin::default(),
            },
        }
    }
}

impl RecordRef<'_> {
    /// A copy that can be kept, in one piece of memory.
    #[must_use]
    pub fn to_record(&self) -> Record {
        let parts = [
            self.key,
            self.value,
            self.headers.schema,
            self.headers.traceparent,
            self.headers.tracestate,
        ];
        let mut joined = Vec::with_capacity(parts.iter().flatten().map(|part| part.len()).sum());
        parts.iter().flatten().for_each(|part| joined.extend_from_slice(part));
        let mut joined = Bytes::from(joined);
        let mut cut = |part: Option<&[u8]>| part.map(|part| joined.split_to(part.len()));
        Record {
            position: self.position,
            key: cut(self.key),
            value: cut(self.value),
            schema_count: self.headers.schema_count,
            schema: cut(self.headers.schema),
            traceparent: cut(self.headers.traceparent),
            tracestate: cut(self.headers.tracestate),
            letter: self.headers.origin.letter().map(Box::new),
        }
    }
}

/// What a partition holds: `[low, high)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Which.
    pub partition: Partition,
    /// The first offset that is still there.
    pub low: Offset,
    /// The next offset to be written.
    pub high: Offset,
}

/// Takes the records of a tail, on the tail's own thread, in order per partition. It must not block: whoever
/// is slow behind it is that one's own matter.
pub trait Handler: Send + 'static {
    /// The next record.
    fn on_record(&mut self, topic: Topic, record: RecordRef<'_>);

    /// The partition was read to its end as it stood then: `next` is the next offset to come. Also told when
    /// records were skipped by the log itself (transaction markers, compaction).
    fn on_end(&mut self, topic: Topic, partition: Partition, next: Offset);

    /// The log does not hold the offset that comes next for us ([`Error::OutOfRange`]): it was cut, or made anew.
    /// Nothing more comes of this partition. Records of `Signals` that were too old to be kept are passed over
    /// without this.
    fn on_lost(&mut self, _topic: Topic, _partition: Partition, _error: &Error) {}
}

/// A running tail. Dropping it stops it without waiting.
#[async_trait]
pub trait Tail: Send + Sync {
    /// Stops it and waits until its thread has ended; the handler is dropped there.
    async fn stop(self: Box<Self>);
}

/// Reads one partition on and on, and keeps what it needs for that between two calls: a long walk costs no more than
/// reading does. Dropping it frees that at once, also in the middle of a call.
#[async_trait]
pub trait Reader: Send {
    /// The offset that comes next.
    fn next_offset(&self) -> Offset;

    /// What comes next, up to `to` and within the limits; fewer than that means: call again. `to` is at most the
    /// partition's end as [`Log::extents`] tells it.
    ///
    /// # Errors
    /// After any error the reader is over: open another.
    async fn next(&mut self, to: Offset, limits: RangeLimits) -> Result<Range, Error> {
        self.next_of(None, to, limits).await
    }

    /// The same, without the records of other keys: they are passed over, at the cost of a look at their key. The
    /// limits count all of them in bytes, and in records at least those that are kept.
    ///
    /// # Errors
    /// As [`Reader::next`].
    async fn next_of(&mut self, keys: Option<Keys>, to: Offset, limits: RangeLimits) -> Result<Range, Error>;
}

/// Keys of records.
pub type Keys = Arc<FxHashSet<Bytes>>;

/// The key of one room's records.
#[must_use]
pub fn only(room: RoomId) -> Keys {
    Arc::new(std::iter::once(Bytes::from(room.to_string())).collect())
}

/// Whether a record is one of those that are wanted.
pub(crate) fn is_wanted(keys: Option<&Keys>, key: Option<&[u8]>) -> bool {
    keys.is_none_or(|keys| key.is_some_and(|key| keys.contains(key)))
}

/// What a member of a group is told.
#[derive(Debug)]
pub enum Turn {
    /// These partitions are now ours. Each must be given a start by [`Group::start_at`] before its records come.
    Assigned(Vec<Partition>),
    /// These are no longer ours; what is not yet written of them must be thrown away.
    Revoked(Vec<Partition>),
    /// Records of one partition, in order; at most what was asked for.
    Records {
        /// Whose they are.
        partition: Partition,
        /// Never empty.
        records: Vec<Record>,
    },
    /// Nothing came in the time given.
    Idle,
}

/// A member of a group of readers that share a topic's partitions. Where reading begins is the reader's own
/// checkpoint, never the group's.
#[async_trait]
pub trait Group: Send {
    /// What comes next: up to `max_records` of one partition, at latest after `max_wait_ms` milliseconds. It may be
    /// given up before its end: what it would have told is told by the next call.
    async fn next(&mut self, max_records: usize, max_wait_ms: u64) -> Result<Turn, Error>;

    /// Reads an assigned partition on from `next`; also called to go back after a failure.
    async fn start_at(&mut self, partition: Partition, next: Offset) -> Result<(), Error>;

    /// Leaves the group at once, so that others need not wait for a timeout.
    async fn leave(self: Box<Self>);
}

/// The log.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// The life of this log (of its topic `Events`), as found at start.
    fn epoch(&self) -> Epoch;

    /// How many partitions each topic has.
    fn partitions(&self) -> u16;

    /// What a topic is called where people look for it.
    fn topic_name(&self, topic: Topic) -> String {
        format!("roomlog.{}", topic.suffix())
    }

    /// What it is kept in, as traces name it.
    fn system(&self) -> &'static str {
        "kafka"
    }

    /// The partition of a key: murmur2 as Kafka's Java client computes it.
    fn partition_of(&self, key: &[u8]) -> Partition {
        partition_of(key, self.partitions())
    }

    /// Appends, and answers once the record is as durable as the log promises.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when nothing was written, [`Error::Unknown`] when it may yet land.
    async fn append(&self, outgoing: Outgoing) -> Result<Position, Error>;

    /// Reads the given partitions of the given topics from their starts on, for ever, on a thread of its own.
    fn tail(&self, starts: Vec<(Topic, Partition, Offset)>, handler: Box<dyn Handler>) -> Result<Box<dyn Tail>, Error>;

    /// Reads `[from, to)` of a partition, at most `max_records` and about `max_bytes` of it, in order. Fewer than
    /// asked for means: call again with the answer's `next`.
    async fn range(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        to: Offset,
        limits: RangeLimits,
    ) -> Result<Range, Error>;

    /// A reader of a partition from `from` on, for walks that [`Log::range`] would begin again and again. How many there
    /// are at once is for the caller to bound.
    fn reader(&self, topic: Topic, partition: Partition, from: Offset) -> Box<dyn Reader>;

    /// The first offset whose append time is at or after `time`; `None` when there is none yet.
    async fn offset_at(&self, topic: Topic, partition: Partition, time: Timestamp) -> Result<Option<Offset>, Error>;

    /// What each partition holds now.
    async fn extents(&self, topic: Topic) -> Result<Vec<Extent>, Error>;

    /// Joins the group `name` on `topic`.
    async fn join(&self, topic: Topic, name: &str) -> Result<Box<dyn Group>, Error>;

    /// Begins an import into this log, which must hold no event.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when it does.
    async fn import(&self) -> Result<Box<dyn Import>, Error>;

    /// Whether the log answers now (for /readyz).
    async fn ping(&self) -> Result<(), Error>;

    /// Waits until what was handed over is acked or has failed; later appends are refused.
    async fn close(&self);
}

/// Bounds of one [`Log::range`].
#[derive(Clone, Copy, Debug)]
pub struct RangeLimits {
    /// Most records in one answer.
    pub max_records: usize,
    /// Most bytes of values in one answer, give or take one record.
    pub max_bytes: usize,
}

/// A part of a partition.
#[derive(Clone, Debug)]
pub struct Range {
    /// In order.
    pub records: Vec<Record>,
    /// The next offset to read; `to` when the range is done.
    pub next: Offset,
    /// Bytes of the values that were read, also of those that were not kept.
    pub bytes: usize,
}

/// What can go wrong with the log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was read or written; later it may work.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// A record was handed over and no answer came: it may yet land, and after an outage even twice. An event is known
    /// again by its cid.
    #[error("the log did not answer in time, the record may yet land: {0}")]
    Unknown(String),
    /// The offset is below the partition's start or above its end.
    #[error("offset {offset} is outside partition {partition}, which holds {low}..{high}")]
    OutOfRange {
        /// Where.
        partition: Partition,
        /// What was asked for.
        offset: Offset,
        /// The first there is.
        low: Offset,
        /// The next to be written.
        high: Offset,
    },
    /// A topic, file or setting is not what a Roomlog needs; says which and what to do.
    #[error("{0}")]
    Misconfigured(String),
    /// The disk is full, the folder read-only, the record too large, …: nothing was written, trying again does not help.
    #[error("the log can't write this: {0}")]
    Refused(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unknown(_))
    }
}
