//! A log, or one room of it, as a file, and back into an empty log.
//!
//! An archive holds the accepted events alone, in the order of their append times, and beside it a manifest says what it holds.
//! What must hold: an import gives every event the seq, the digest and the append time that it had, or stops and says where. So
//! what was ignored is left out: judged without what came between, a duplicate of an event that expired, say, it might count.
//! People, read markers and signals are not part of it.

mod container;
mod export;
mod import;
mod manifest;

pub use export::export;
pub use import::{Wires, import};
pub use manifest::{Archived, Head, Manifest, manifest_path};

use engine::domain::RoomId;
use engine::log;
use std::path::{Path, PathBuf};

/// Why there is no archive, or a log was not filled by one.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The log can't be read or written.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// A file can't be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// As the system says it.
        why: String,
    },
    /// A file is not what the manifest says, or no archive.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// This binary can't fold a room to its end, so it can't tell which of its events count.
    #[error(
        "room {0} is of newer rules than this roomlog knows: export with a newer one, or other rooms alone (--room)"
    )]
    Unsupported(RoomId),
    /// The log does not begin at its beginning, so nothing can be folded.
    #[error(
        "partition {0} of the log begins at offset {1}: its first records are gone, and no event can be judged without them"
    )]
    NotWhole(engine::domain::Partition, engine::domain::Offset),
    /// There is no such room.
    #[error("the log holds no room {0}")]
    NoSuchRoom(RoomId),
    /// The fold of what was imported says otherwise than the archive.
    #[error("event {number} of the archive (room {room}, seq {seq}): {why}")]
    Differs {
        /// Counted from 1.
        number: u64,
        /// Its room.
        room: RoomId,
        /// The seq that it had.
        seq: u64,
        /// What is otherwise.
        why: String,
    },
    /// What was imported is not all that the manifest promises.
    #[error("the archive ended and is not what its manifest says: {0}")]
    NotAll(String),
    /// A schema can't be written to this log.
    #[error("{0}")]
    Unwritable(String),
    /// A task broke: a defect, told with its own words.
    #[error("reading or writing the archive broke: {0}")]
    Broken(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Log(error) if error.retryable())
    }

    fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }

    fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    #[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
    fn broken(error: tokio::task::JoinError) -> Self {
        Self::Broken(error.to_string())
    }
}
