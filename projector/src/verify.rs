//! Holds the stores against the log: an own fold from its beginning, and what every row and field says beside it.
//!
//! The path of a check: [`slices`] cuts a partition into parts that fit into memory, [`walk`] reads the log, [`fold`] keeps what the
//! part should be, `history` and `live` read the stores, and [`compare`] (pure) says what differs. What must hold: a store is
//! compared at the very offset at which it says it stands, so that one that is behind is told as lag, never as a difference;
//! nothing is written, to no store and not to the log; no message text is ever told, only its digest.

mod compare;
mod fold;
mod history;
mod live;
pub mod receipt;
mod report;
mod slices;
mod walk;

pub use report::{Difference, Ignored, Lag, LogReport, Report, Store};

use crate::Config;
use compare::Findings;
use engine::domain::{Partition, RoomId};
use engine::log::{Extent, Log, Topic};
use engine::{history as stored, live as views, log};
use std::sync::Arc;

/// What is checked.
pub struct Parts {
    /// The truth.
    pub log: Arc<dyn Log>,
    /// Held against the log, if it is to be.
    pub history: Option<Arc<dyn stored::Reader>>,
    /// Held against the log, if they are to be.
    pub live: Option<Live>,
    /// Whether the log itself is looked at to its end: its times, its chains.
    pub whole_log: bool,
}

/// Both halves of the live views: where a partition stands is known to the writing one.
#[derive(Clone)]
pub struct Live {
    /// Reads rooms.
    pub reader: Arc<dyn views::Reader>,
    /// Says where partitions stand; nothing is written.
    pub writer: Arc<dyn views::Writer>,
}

/// Hears how far a check is.
pub trait Progress: Send + Sync {
    /// A part of the work begins: so many records are to be read for it.
    fn begins(&self, what: &str, records: u64);
    /// So many more were read.
    fn advanced(&self, records: u64);
}

/// Why a check can't be made. What differs is no error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The log can't be read.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// History can't be read.
    #[error(transparent)]
    History(#[from] stored::Error),
    /// Live views can't be read.
    #[error(transparent)]
    Live(#[from] views::Error),
    /// A store was made anew, again and again, while it was being checked.
    #[error(
        "{store} of partition {partition} went back while it was checked: it is being made anew; check again later"
    )]
    WentBack {
        /// Which.
        store: &'static str,
        /// Where.
        partition: Partition,
    },
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Log(error) => error.retryable(),
            Self::History(error) => error.retryable(),
            Self::Live(error) => error.retryable(),
            Self::WentBack { .. } => true,
        }
    }
}

/// What all steps of a check share.
struct Common<'a> {
    config: &'a Config,
    parts: &'a Parts,
    progress: &'a dyn Progress,
    /// The one room that is checked, if not all are.
    room: Option<RoomId>,
}

/// Checks everything, or one room.
///
/// # Errors
/// [`Error`]: the check could not be made to its end.
pub async fn run(
    config: &Config,
    parts: &Parts,
    room: Option<RoomId>,
    progress: &dyn Progress,
) -> Result<Report, Error> {
    let common = Common {
        config,
        parts,
        progress,
        room,
    };
    let mut findings = Findings::new(config.verify_differences);
    let mut report = Report::of(parts.log.epoch());
    let extents = parts.log.extents(Topic::Events).await?;
    let only = room.map(|room| parts.log.partition_of(room.to_string().as_bytes()));
    for extent in extents {
        if only.is_some_and(|only| only != extent.partition) {
            continue;
        }
        common.partition(extent, &mut report, &mut findings).await?;
    }
    findings.into_report(&mut report);
    Ok(report)
}

impl Common<'_> {
    async fn partition(&self, extent: Extent, report: &mut Report, findings: &mut Findings) -> Result<(), Error> {
        report.partitions += 1;
        log_begins_at_its_beginning(extent, findings);
        let slices = slices::of(self, extent).await?;
        if self.parts.history.is_some() || self.parts.whole_log {
            history::check(self, extent, &slices, report, findings).await?;
        }
        if let Some(live) = &self.parts.live {
            live::check(self, live, extent, &slices, report, findings).await?;
        }
        Ok(())
    }
}

/// Without its first records nothing can be folded from zero; everything else is told all the same.
fn log_begins_at_its_beginning(extent: Extent, findings: &mut Findings) {
    if extent.low.get() > 0 {
        findings.tell(compare::Place::log(extent.partition), || compare::Said {
            row: "the first offset".into(),
            column: "offset",
            expected: "0".into(),
            found: extent.low.to_string(),
        });
    }
}
