//! What stops a projector: nothing that could pass by itself.

use engine::domain::{Epoch, Offset, Partition};
use engine::{history, live, log};

/// Why a projector stopped.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store belongs to another life of the log.
    #[error(
        "the {projection} projection was built from log {stored}, this log is {found}: rebuild it, or connect the log it \
         belongs to"
    )]
    OtherEpoch {
        /// Which projection.
        projection: &'static str,
        /// What its checkpoint says.
        stored: Epoch,
        /// What the log says.
        found: Epoch,
    },
    /// The checkpoint is not on this log: the log was cut or restored from an older copy, or the store is another's.
    #[error(
        "the {projection} projection stands at offset {next} of partition {partition}, of which the log holds {low}..{high}: \
         the log has lost records, or the store belongs to another log; rebuild the projection"
    )]
    NotOnTheLog {
        /// Which projection.
        projection: &'static str,
        /// Which partition.
        partition: Partition,
        /// Its checkpoint: the next offset to read.
        next: Offset,
        /// The first offset that the log holds.
        low: Offset,
        /// The next offset that the log will write.
        high: Offset,
    },
    /// The log is not what a Roomlog needs.
    #[error(transparent)]
    Log(log::Error),
    /// History holds what can't be read, or refuses what no event could cause.
    #[error(transparent)]
    History(history::Error),
    /// Live views can't be used as they are.
    #[error(transparent)]
    Live(live::Error),
    /// A projection's task broke: a defect, told with its own words.
    #[error("a task of the {projection} projection broke: {why}")]
    Broken {
        /// Which projection.
        projection: &'static str,
        /// What it said.
        why: String,
    },
}
