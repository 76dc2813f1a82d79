//! The arguments of `roomlog verify`.

use clap::{Args, ValueEnum};
use engine::domain::RoomId;
use std::path::PathBuf;

/// Holds history and live views against the log, row by row, and says exactly what differs.
///
/// The log is folded from its beginning, and each store is compared at the very offset at which it stands: one that is
/// behind lags, and does not differ. It may run beside a cluster at work; the folder of an embedded Roomlog it needs for itself.
///
/// Exit code 0: everything is as the log says. 1: something differs, or the check could not be made. 2: usage or settings.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(verbatim_doc_comment)]
pub struct Verify {
    /// One room alone, by its id.
    #[arg(long, value_name = "ID")]
    pub room: Option<RoomId>,
    /// One of the three alone.
    #[arg(long, value_enum)]
    pub only: Option<Only>,
    /// Checks the receipt of one ack instead: a file with the `ok` of a write (or the whole reply) as JSON; `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    pub receipt: Option<PathBuf>,
    /// Says it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// PostgreSQL, or history.db, against the log.
    History,
    /// Redis against the log. Embedded live views are in memory: there are none to check.
    Live,
    /// The log itself: its times, its chains, what is ignored in it.
    Log,
}
