//! Live views: room state, recent and presence kept hot, as a port with two adapters, `live/redis` and `live/memory`.
//!
//! What must hold: a batch is taken under the partition's watermark or not at all, so a killed or superseded
//! projector changes nothing twice; a room is read together with the offset it stands at. The store may lose
//! everything at any time (a flush): readers then find nothing, never something wrong, and the projector refills it.

pub mod memory;
mod presence;
pub mod redis;
mod slot;

use crate::domain::{Change, Epoch, Header, Message, Offset, Partition, RoomId, Timestamp, UserId};
use crate::history::{StoredRoom, WindowEntry};
use async_trait::async_trait;

pub use memory::MemoryLive;
pub use presence::FORGET_AFTER_MS;
pub use redis::{RedisConfig, RedisLive};

/// What one room went through in a batch.
#[derive(Clone, Debug)]
pub struct RoomDelta {
    /// Which.
    pub room_id: RoomId,
    /// As it stands after the batch.
    pub header: Header,
    /// In order; the last for a person and list wins.
    pub changes: Vec<Change>,
    /// New entries of the duplicate window, in order of seq.
    pub window: Vec<WindowEntry>,
    /// The messages of recent that are new or stand differently now, in order of seq.
    pub recent: Vec<Message>,
}

/// A batch of one partition: `[from, to)` of its offsets, folded.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Which partition.
    pub partition: Partition,
    /// The watermark as this batch expects it.
    pub from: Offset,
    /// The watermark after it.
    pub to: Offset,
    /// The rooms that changed.
    pub rooms: Vec<RoomDelta>,
}

/// Who is in a room, as the signals said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceView {
    /// Different people; above the bound, the sum of the edges' counts.
    pub count: u64,
    /// Some of them, at most as many as were asked for.
    pub users: Vec<UserId>,
}

/// What one edge said of one room.
#[derive(Clone, Debug)]
pub struct PresenceClaim {
    /// Which edge.
    pub edge: uuid::Uuid,
    /// Which room.
    pub room_id: RoomId,
    /// How many people are there on that edge; 0 takes the claim back.
    pub count: u64,
    /// Who, up to the bound of a signal.
    pub users: Vec<UserId>,
    /// The signal's own append time: forgotten [`FORGET_AFTER_MS`] later, by later signals' times.
    pub at: Timestamp,
}

/// A refill under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filling {
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Which partition.
    pub partition: Partition,
    /// The watermark: every room is put as it stood there.
    pub at: Offset,
    /// Tells it from every other refill of the partition.
    pub generation: u64,
}

impl Filling {
    /// What is told when the store is not being filled by this refill any more.
    const fn over(&self) -> Error {
        Error::Watermark {
            partition: self.partition,
            expected: self.at,
            found: None,
        }
    }
}

/// What an edge reads.
#[async_trait]
pub trait Reader: Send + Sync + 'static {
    /// A room whole, with the offset its partition was folded to; `None` when the store does not hold it
    /// (which does not mean that there is none).
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the store has lost the room alone: what it held is not nothing.
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Option<StoredRoom>, Error>;

    /// Who is there.
    async fn presence(&self, room: RoomId, users: usize) -> Result<PresenceView, Error>;

    /// Whether the store answers now.
    async fn ping(&self) -> Result<(), Error>;
}

/// What the live projector writes.
#[async_trait]
pub trait Writer: Send + Sync + 'static {
    /// The partition's watermark; `None` when the store is empty, was flushed, belongs to another epoch, or when a
    /// refill was begun and never finished.
    async fn watermark(&self, epoch: Epoch, partition: Partition) -> Result<Option<Offset>, Error>;

    /// Begins a refill: throws away what is there of a partition and sets its watermark. Until
    /// [`Writer::refilled`] the partition counts as not filled ([`Writer::watermark`] says `None`), so a refill
    /// that is cut short is begun again. A refill that was begun before ends here.
    async fn reset(&self, epoch: Epoch, partition: Partition, next: Offset) -> Result<Filling, Error>;

    /// Writes rooms whole, as they stand at the watermark; rooms already there are replaced.
    ///
    /// # Errors
    /// [`Error::Watermark`], with nothing found, when the store was flushed or another refill has begun.
    async fn put_rooms(&self, filling: &Filling, rooms: &[(RoomId, StoredRoom)]) -> Result<(), Error>;

    /// Ends a refill: from now on a room that is not here is one that the log did not hold before the watermark.
    ///
    /// # Errors
    /// As [`Writer::put_rooms`].
    async fn refilled(&self, filling: &Filling) -> Result<(), Error>;

    /// Takes a batch under the watermark.
    ///
    /// # Errors
    /// [`Error::Watermark`] when the watermark is not at `from` (another projector has moved it), or, with
    /// nothing found, when the partition must be refilled: it was flushed, or a room of it is not as it was left.
    async fn write(&self, batch: &Batch) -> Result<(), Error>;

    /// Notes what edges said of presence.
    async fn write_presence(&self, claims: &[PresenceClaim]) -> Result<(), Error>;
}

/// What can go wrong with the live views.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store is away; later it may work.
    #[error("live views are not available: {0}")]
    Unavailable(String),
    /// The watermark is not where the writer thought.
    #[error("partition {partition} stands at {found:?}, not at {expected}")]
    Watermark {
        /// Which.
        partition: Partition,
        /// Where the batch began.
        expected: Offset,
        /// `None`: the store was flushed.
        found: Option<Offset>,
    },
    /// What is stored can't be read.
    #[error("live views hold what can't be read: {0}")]
    Corrupt(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
