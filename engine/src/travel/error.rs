//! Why a room's past can't be told.

use crate::domain::{Epoch, Offset, Partition, Seq, Timestamp};
use crate::log;

/// What can be wrong with a point, or with what it takes to get there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The point is of another life of the log.
    #[error("the log's epoch is {found}, not {asked}: offsets and seqs of another one mean nothing here")]
    OtherEpoch {
        /// What was asked for.
        asked: Epoch,
        /// The log's own.
        found: Epoch,
    },
    /// The point is of a partition that isn't the room's.
    #[error("the room is in partition {found}, not {asked}")]
    OtherPartition {
        /// What was asked for.
        asked: Partition,
        /// The room's own.
        found: Partition,
    },
    /// No record is there.
    #[error("offset {offset} is outside the room's partition, which holds {low} up to, not including, {high}")]
    OutOfRange {
        /// What was asked for.
        offset: Offset,
        /// The first there is.
        low: Offset,
        /// The next to be written.
        high: Offset,
    },
    /// Nobody knows yet.
    #[error("time {} is in the future, it is {} now", time.as_millis(), now.as_millis())]
    Future {
        /// What was asked for.
        time: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// The room has not got so far.
    #[error("seq {seq} is beyond the room's head, which is {head}")]
    BeyondHead {
        /// What was asked for.
        seq: Seq,
        /// The room's last event.
        head: Seq,
    },
    /// The room did not exist at that point, or never did.
    #[error("there was no such room then")]
    NoRoom,
    /// The room was of newer rules than this binary's, then or since.
    #[error("the room needs a newer Roomlog")]
    UnsupportedRules,
    /// Neither history nor a bounded part of the log reaches the point.
    #[error(
        "history does not reach the point, and {records} records of the log would have to be read, more than {most}"
    )]
    TooFar {
        /// From where the walk stood to the point.
        records: u64,
        /// What may be read.
        most: u64,
    },
    /// The log can't be read.
    #[error(transparent)]
    Log(#[from] log::Error),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::TooFar { .. } => true,
            Self::Log(error) => error.retryable(),
            _ => false,
        }
    }
}
