//! Time travel: a room as it stood at a point of its log.
//!
//! What must hold: the answer is what a fold of the room's partition from its beginning up to the point gives, wherever
//! the walk began. Snapshots and the journal are shortcuts alone: one that can't be read, or whose digests are not the
//! fold's, is left, and the log itself says what happened. What was folded, and out of what, is told with the answer.
//!
//! It knows nothing of people and their rights, nor of what was deleted or erased since: it says what the log said then.

mod error;
mod metrics;
mod walk;

pub use error::Error;

use crate::domain::{Epoch, Offset, Partition, Position, Recent, Room, RoomId, Seq, Timestamp};
use crate::history;
use crate::log::{self, Extent, Log, RangeLimits, Topic};
use crate::telemetry::{self, PATH};
use serde::{Deserialize, Serialize};
use std::time::Instant;
use tracing::Instrument as _;
use tracing::field::Empty;
use walk::{Until, Walk};

/// Bounds of a walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Events of the journal that are read at once, at least 1.
    pub journal_page: usize,
    /// Most records that a walk reads from the log itself: where history is behind, away or damaged.
    pub log_records: u64,
    /// Records of the log that are read at once, at least 1.
    pub read_records: usize,
    /// Bytes of the log that are read at once, give or take a record.
    pub read_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            journal_page: 512,
            log_records: 500_000,
            read_records: 1_000,
            read_bytes: 1 << 20,
        }
    }
}

impl Config {
    const fn limits(&self) -> RangeLimits {
        RangeLimits {
            max_records: self.read_records,
            max_bytes: self.read_bytes,
        }
    }
}

/// What a walk reads.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The shortcut, where there is one.
    pub history: Option<&'a dyn history::Reader>,
    /// The truth.
    pub log: &'a dyn Log,
    /// How much of them.
    pub config: &'a Config,
}

/// A point of a room's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// After the record at this offset of the room's partition was folded, whosoever's it is; it must be there.
    Offset(Offset),
    /// After everything that was appended at this time or before it.
    Time(Timestamp),
    /// After the event of this seq.
    Seq(Seq),
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Which room.
    pub room: RoomId,
    /// When.
    pub point: Point,
    /// The life of the log that the point is meant of, if that was said.
    pub epoch: Option<Epoch>,
    /// The partition that the point is meant of, if that was said.
    pub partition: Option<Partition>,
    /// The present: no point may be after it.
    pub now: Timestamp,
}

/// A room as it stood.
#[derive(Clone, Debug)]
pub struct Past {
    /// With its duplicate window: it may be folded on from `next`.
    pub room: Room,
    /// The latest messages as they stood.
    pub recent: Recent,
    /// Where the last event that counted stands; `None` while the room does not exist.
    pub last: Option<Position>,
    /// The room's partition.
    pub partition: Partition,
    /// Everything of the partition before it is folded.
    pub next: Offset,
    /// What it took.
    pub folded: Folded,
}

/// What was folded for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The snapshot it began from; 0: none, but the room's beginning.
    pub from: Seq,
    /// Out of what.
    pub source: Source,
    /// How many of the room's events counted after it.
    pub events: u64,
}

/// Where the events of a walk were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In history alone.
    Journal,
    /// In the log alone: history was away, or could not be believed.
    Log,
    /// In history as far as it went, and then in the log.
    Both,
}

impl Source {
    /// Its name: in answers, and the label of metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Log => "log",
            Self::Both => "both",
        }
    }
}

/// A room as it stood at a point.
///
/// A seq is found without the log where history has it; offsets and times are the log's, so it must answer.
///
/// # Errors
/// See [`Error`]; each kind of a wrong point has its own.
pub async fn at(sources: Sources<'_>, asked: &Asked) -> Result<Past, Error> {
    let found = sources.log.epoch();
    if let Some(asked) = asked.epoch.filter(|epoch| *epoch != found) {
        return Err(Error::OtherEpoch { asked, found });
    }
    let partition = partition_of(sources.log, asked.room);
    if let Some(asked) = asked.partition.filter(|asked| *asked != partition) {
        let found = partition;
        return Err(Error::OtherPartition { asked, found });
    }
    let until = match asked.point {
        Point::Seq(seq) => Until::Seq(seq),
        Point::Offset(offset) => Until::Before(after(sources.log, partition, offset).await?),
        Point::Time(time) => Until::Before(after_time(sources.log, partition, time, asked.now).await?),
    };
    let past = walked(sources, asked.room, partition, until).await?;
    if past.room.exists() {
        Ok(past)
    } else {
        Err(Error::NoRoom)
    }
}

/// A room before the record at `offset` of its partition was judged: where a replay from there begins. A room that does
/// not exist yet is no error: the fold goes on from it.
///
/// # Errors
/// [`Error::OutOfRange`] when the offset is below the partition's start or above its end; see [`Error`].
pub async fn before(sources: Sources<'_>, room: RoomId, offset: Offset) -> Result<Past, Error> {
    let partition = partition_of(sources.log, room);
    let Extent { low, high, .. } = extent(sources.log, partition).await?;
    if offset < low || offset > high {
        return Err(Error::OutOfRange { offset, low, high });
    }
    walked(sources, room, partition, Until::Before(offset)).await
}

async fn walked(sources: Sources<'_>, room: RoomId, partition: Partition, until: Until) -> Result<Past, Error> {
    let span = || {
        tracing::debug_span!(target: PATH, "time travel", roomlog.room = %room, from = Empty, source = Empty,
            events = Empty)
    };
    let span = telemetry::child(span);
    let began = Instant::now();
    let past = Walk::new(sources, room, partition, until)
        .run()
        .instrument(span.clone())
        .await?;
    let Folded { from, source, events } = past.folded;
    span.record("from", from.get())
        .record("source", source.name())
        .record("events", events);
    metrics::walked(&past.folded, began.elapsed());
    Ok(past)
}

fn partition_of(log: &dyn Log, room: RoomId) -> Partition {
    log.partition_of(room.to_string().as_bytes())
}

/// The offset behind a record that is there.
async fn after(log: &dyn Log, partition: Partition, offset: Offset) -> Result<Offset, Error> {
    let Extent { low, high, .. } = extent(log, partition).await?;
    if offset < low || offset >= high {
        return Err(Error::OutOfRange { offset, low, high });
    }
    Ok(offset.next())
}

/// The offset behind everything that was appended at `time` or before it.
async fn after_time(log: &dyn Log, partition: Partition, time: Timestamp, now: Timestamp) -> Result<Offset, Error> {
    if time > now {
        return Err(Error::Future { time, now });
    }
    // The end first: what is appended between the two questions comes after `time` as the log knew it.
    let end = extent(log, partition).await?.high;
    let later = Timestamp::from_millis(time.as_millis().saturating_add(1));
    let first_later = log.offset_at(Topic::Events, partition, later).await?;
    Ok(first_later.unwrap_or(end))
}

/// What the partition holds.
async fn extent(log: &dyn Log, partition: Partition) -> Result<Extent, Error> {
    let extents = log.extents(Topic::Events).await?;
    let ours = extents.into_iter().find(|extent| extent.partition == partition);
    ours.ok_or_else(|| log::Error::Misconfigured(format!("the log has no partition {partition}")).into())
}
