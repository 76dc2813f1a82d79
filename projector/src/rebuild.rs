//! A projection made anew from the log beside the old one, compared with it, and swapped.
//!
//! The walk is the projector's own fold and its own batches, from checkpoints of its own; no consumer group takes part.
//! What must hold: it never passes the old projection, so that in the end both stand at the same offsets and can be
//! compared row by row; nothing is kept in this process that a kill could lose; nothing is swapped that differs, unless
//! that was asked for. It must not know in which store either of the two is kept.

mod compare;
mod config;
mod lane;
mod progress;
mod walk;

pub use config::Config;
pub use progress::{Phase, Progress};

use crate::Config as Projector;
use engine::beside::{self, Beside, Difference};
use engine::log::Log;
use engine::{history, live, log};
use serde::Serialize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The new projection, to be filled.
#[derive(Clone)]
pub enum Store {
    /// Events and read markers become rows.
    History {
        /// Rooms are loaded from it.
        reader: Arc<dyn history::Reader>,
        /// What was projected is written to it.
        writer: Arc<dyn history::Writer>,
    },
    /// Events become live views.
    Live {
        /// Rooms are loaded from it.
        reader: Arc<dyn live::Reader>,
        /// What was projected is written to it.
        writer: Arc<dyn live::Writer>,
    },
}

/// What a rebuild works with.
pub struct Parts {
    /// Read from its start; nothing is written to it.
    pub log: Arc<dyn Log>,
    /// The new projection.
    pub store: Store,
    /// Both of them.
    pub beside: Box<dyn Beside>,
}

/// What is done in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Swap, if nothing differs.
    Swap,
    /// Swap, whatever differs.
    SwapAnyway,
    /// Throw the new one away: it was made to see what differs.
    Discard,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Records that this run has read.
    pub records: u64,
    /// How long it took to come to the old one for the first time, milliseconds: nearly all of the walk.
    pub walk_ms: u64,
    /// Rooms and tables or lists that differ.
    pub differing: u64,
    /// The first of them, looked at closer.
    pub differences: Vec<Difference>,
    /// What can't be compared, in words.
    pub notes: Vec<String>,
    /// Whether the new one is in the old one's place.
    pub swapped: bool,
}

impl Outcome {
    /// Whether both say the same.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differing == 0 && self.notes.is_empty()
    }
}

/// Why a rebuild ended otherwise. What was filled stays, and the next run goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Beside(#[from] beside::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// The fold, or what it writes to.
    #[error(transparent)]
    Projector(#[from] crate::Error),
    /// Somebody else writes to the new projection.
    #[error("another rebuild has taken partition {0} over: one at a time")]
    Fenced(engine::domain::Partition),
    /// It was told to stop.
    #[error("stopped; the next run goes on from here")]
    Stopped,
    /// The old projection is faster than the walk, or its rooms too large to be compared in the time.
    #[error("{0}")]
    NotInTime(String),
}

/// Makes the projection anew, compares, and finishes as it is told to.
///
/// # Errors
/// See [`Error`]; nothing was swapped then.
pub async fn run(
    (config, projector): (&Config, &Projector),
    mut parts: Parts,
    finish: Finish,
    progress: &Progress,
    shutdown: &CancellationToken,
) -> Result<Outcome, Error> {
    if finish != Finish::Discard && parts.beside.keeps_old().await? {
        parts.beside.close().await;
        return Err(beside::Error::Impossible(
            "the old projection of an earlier rebuild is kept: throw it away with --drop-old, or put it back with --swap-back"
                .into(),
        )
        .into());
    }
    let mut lanes = walk::Lanes::open((config, projector), &parts, progress.clone(), shutdown).await?;
    let made = compare::make(&mut lanes, &mut *parts.beside, config, finish).await;
    let made = match (made, finish) {
        (Ok(mut made), Finish::Discard) => {
            progress.enter(Phase::Discard);
            made.swapped = false;
            parts.beside.discard().await.map(|()| made).map_err(Error::from)
        }
        (made, _) => made,
    };
    parts.beside.close().await;
    made
}
