//! History: the journal and its rows, as a port with two adapters, `history/postgres` and `history/sqlite`.
//!
//! What must hold: rows and the partition's next offset commit together, fenced by the checkpoint row (its epoch,
//! its owner, the offset it stood at), so a killed or superseded projector loses nothing and writes nothing twice;
//! every read that yields state says at which offset it stands, from one snapshot of the store.
//! History judges nothing: the verdicts come from the fold.

pub use crate::domain::WindowEntry;

pub mod audit;
mod audit_rows;
mod kept;
pub mod listings;
mod packed;
mod plan;
pub mod postgres;
mod rows;
pub mod sqlite;

use crate::domain::{
    Change, Cid, Digest, Epoch, Event, Header, Message, Offset, Partition, RoomId, Seq, Timestamp, UserId,
};
use async_trait::async_trait;
pub use audit::Audit;
use bytes::Bytes;
pub use kept::{Kept, MOST_SNAPSHOT_BYTES, Nearest, Upto};
pub use listings::Listings;
pub(crate) use packed::PackedMessage;

/// A room as history holds it, all from one snapshot.
#[derive(Clone, Debug)]
pub struct StoredRoom {
    /// The small row.
    pub header: Header,
    /// Members, invitations, bans and mutes, as the deltas that make them.
    pub changes: Vec<Change>,
    /// The last [`crate::domain::WINDOW`] accepted events, oldest first: the duplicate window.
    pub window: Vec<WindowEntry>,
    /// The latest [`crate::domain::RECENT`] messages as they stand, oldest first.
    pub recent: Vec<Message>,
    /// The room's partition was folded up to here: go on reading at this offset.
    pub next: Offset,
}

/// An accepted event as the journal keeps it.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// Its seq.
    pub seq: Seq,
    /// Its offset in the room's partition.
    pub offset: Offset,
    /// When the log took it.
    pub appended_at: Timestamp,
    /// The room's chain after it.
    pub digest: Digest,
    /// The fingerprint of the schema it was written with: with [`JournalEntry::datum`] all that decoding needs.
    pub fingerprint: [u8; 8],
    /// Its Avro bytes without any header.
    pub datum: Bytes,
}

/// An accepted event on its way into history.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What the journal keeps.
    pub entry: JournalEntry,
    /// The event itself: message, reaction and journal rows are made from it.
    pub event: Event,
    /// Of a message: its number among the room's messages.
    pub ordinal: Option<u64>,
    /// Which rows it gets.
    pub rows: Rows,
}

/// Which rows an accepted event gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rows {
    /// Journal, and what it does to messages and reactions.
    #[default]
    All,
    /// The store refuses what it says ([`Error::Rejected`]): its journal row, and of a message a tombstone by `?` in
    /// its place, so that journal, window and the order of messages stay whole; nothing of other events.
    Journal,
}

/// What one room went through in a batch.
#[derive(Clone, Debug)]
pub struct RoomBatch {
    /// Which.
    pub room_id: RoomId,
    /// As it stands after the batch.
    pub header: Header,
    /// In order; the last for a person and list wins.
    pub changes: Vec<Change>,
    /// In order of seq.
    pub entries: Vec<NewEntry>,
    /// Its people as they stand after the batch, where a snapshot is due there; header and recent messages are put to
    /// them. Passed over where no event was accepted.
    pub snapshot: Option<Vec<Change>>,
}

/// A batch of one partition: `[from, to)` of its offsets, folded.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Which partition.
    pub partition: Partition,
    /// Who writes: the owner that [`Writer::claim`] gave.
    pub owner: Owner,
    /// The checkpoint as this batch found it.
    pub from: Offset,
    /// The checkpoint after it.
    pub to: Offset,
    /// The rooms that changed; empty when every record was ignored.
    pub rooms: Vec<RoomBatch>,
}

/// A claim on a partition's checkpoint: the newest claim alone may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub i64);

/// Where a projection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Which partition.
    pub partition: Partition,
    /// The next offset to read.
    pub next: Offset,
}

/// A window of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The latest.
    Latest,
    /// Those before this seq, nearest first cut.
    Before(Seq),
    /// Those after this seq.
    After(Seq),
}

/// What an edge reads of a room; what it reads of many is in [`Listings`].
#[async_trait]
pub trait Reader: Listings {
    /// A room whole, to fold on from; `None` if history holds none, with the offset up to which that is known.
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Result<StoredRoom, Offset>, Error>;

    /// Up to `limit` accepted events after `after`, in order of seq, and the partition's checkpoint in the same snapshot.
    async fn journal(
        &self,
        room: RoomId,
        partition: Partition,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<JournalEntry>, Offset), Error>;

    /// The last snapshot of a room that stands at or before `upto` and can be read, and how history stands to the room.
    async fn kept(&self, room: RoomId, partition: Partition, upto: Upto) -> Result<Nearest, Error>;

    /// The accepted event of this author and cid, if any, and the partition's checkpoint in the same snapshot.
    async fn find(
        &self,
        room: RoomId,
        partition: Partition,
        author: UserId,
        cid: Cid,
    ) -> Result<(Option<JournalEntry>, Offset), Error>;

    /// The message sent at `seq`, as it stands.
    async fn message(&self, room: RoomId, seq: Seq) -> Result<Option<Message>, Error>;

    /// Which of the messages sent at `seqs` are deleted by now, and the partition's checkpoint in the same snapshot.
    async fn deleted(&self, room: RoomId, partition: Partition, seqs: &[Seq]) -> Result<(Vec<Seq>, Offset), Error>;

    /// Up to `limit` messages as they stand, in order of seq.
    async fn page(&self, room: RoomId, page: Page, limit: usize) -> Result<Vec<Message>, Error>;

    /// A person's read marker in a room; `Seq::ZERO` if there is none.
    async fn read_marker(&self, room: RoomId, user: UserId) -> Result<Seq, Error>;

    /// Up to `limit` read markers of a room that stand at or after `from`, in order of person after `after`.
    async fn read_markers(
        &self,
        room: RoomId,
        from: Seq,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, Seq)>, Error>;

    /// The checkpoints of every partition.
    async fn checkpoints(&self) -> Result<Vec<Checkpoint>, Error>;

    /// Rooms of one partition in order of id, whole, to fill live views: up to `limit` after `after`, and the
    /// partition's checkpoint in the same snapshot.
    async fn rooms(
        &self,
        partition: Partition,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<(Vec<(RoomId, StoredRoom)>, Offset), Error>;

    /// Every room of one partition, whole, all from one snapshot: to fill live views. It holds a connection for as
    /// long as it lives; drop it soon.
    async fn snapshot(&self, partition: Partition) -> Result<Box<dyn Snapshot>, Error>;

    /// The rows of one partition as they are, all from one snapshot: to hold them against the log.
    async fn audit(&self, partition: Partition) -> Result<Box<dyn Audit>, Error>;

    /// Whether the store answers now.
    async fn ping(&self) -> Result<(), Error>;
}

/// The rooms of one partition as they stood at one offset.
#[async_trait]
pub trait Snapshot: Send {
    /// Where all of them stand: the partition's checkpoint; offset 0 before its first claim.
    fn next(&self) -> Offset;

    /// Up to `limit` more of them, in order of id; none when there are no more.
    ///
    /// # Errors
    /// After any error the snapshot is over: begin another.
    async fn rooms(&mut self, limit: usize) -> Result<Vec<(RoomId, StoredRoom)>, Error>;
}

/// What the history projector writes.
#[async_trait]
pub trait Writer: Send + Sync + 'static {
    /// Takes a partition's checkpoint over for this writer: every older owner is fenced from now on. A checkpoint
    /// that does not exist yet begins at offset 0 of `epoch`.
    ///
    /// # Errors
    /// [`Error::OtherEpoch`] when what is stored belongs to another life of the log.
    async fn claim(&self, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error>;

    /// Writes a batch and moves the checkpoint, in one transaction.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another owner has claimed the partition or the checkpoint is not at `from`;
    /// [`Error::Rejected`] when the store refuses the data itself: bisect and dead-letter.
    async fn write(&self, batch: &Batch) -> Result<(), Error>;

    /// Moves read markers, each forwards only. Checkpoints of the reads topic are kept apart.
    async fn write_reads(
        &self,
        epoch: Epoch,
        partition: Partition,
        owner: Owner,
        from: Offset,
        to: Offset,
        reads: &[ReadMark],
    ) -> Result<(), Error>;

    /// Whether a partition's checkpoint is this owner's still: nobody has claimed it since, and no other history has come
    /// into this one's place.
    async fn owns(&self, partition: Partition, owner: Owner) -> Result<bool, Error>;

    /// As [`Writer::owns`], for the reads topic.
    async fn owns_reads(&self, partition: Partition, owner: Owner) -> Result<bool, Error>;

    /// As [`Writer::claim`], for the reads topic.
    async fn claim_reads(&self, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error>;
}

/// A person has read a room up to `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// Where.
    pub room_id: RoomId,
    /// Who.
    pub user_id: UserId,
    /// How far.
    pub seq: Seq,
}

/// What can go wrong with history.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store is away or too busy; later it may work.
    #[error("history is not available: {0}")]
    Unavailable(String),
    /// Another owner has the partition: what was not written belongs to it now.
    #[error("another projector has taken partition {partition}")]
    Fenced {
        /// Which.
        partition: Partition,
    },
    /// The store belongs to another life of the log.
    #[error("history was built from log {stored}, this log is {found}: rebuild it, or connect the log it belongs to")]
    OtherEpoch {
        /// What the checkpoint says.
        stored: Epoch,
        /// What the log says.
        found: Epoch,
    },
    /// The store refuses the data itself (not the connection): the same again will fail again.
    #[error("history refused the data: {0}")]
    Rejected(String),
    /// What is stored can't be read: it was damaged or written by something else.
    #[error("history holds what can't be read: {0}")]
    Corrupt(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
