//! The arguments of `roomlog rebuild`.

use clap::{Args, ValueEnum};
use std::net::SocketAddr;

/// Makes a projection anew from the log beside the old one, compares both, and swaps them while everything goes on.
///
/// It may be killed at any time: the next run goes on where it was. The old projection is kept until --drop-old. Exit code
/// 1 when they differ (nothing is swapped then) or it failed.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(verbatim_doc_comment)]
pub struct Rebuild {
    /// Which projection.
    #[arg(value_enum)]
    pub projection: Which,
    /// Compares and swaps nothing: what would this binary make of the log, and how does it differ from what there is?
    #[arg(long, conflicts_with_all = ["accept_differences", "drop_old", "swap_back"])]
    pub shadow: bool,
    /// Swaps although they differ: for an old projection that is damaged.
    #[arg(long, conflicts_with_all = ["drop_old", "swap_back"])]
    pub accept_differences: bool,
    /// Throws away what an earlier run has begun.
    #[arg(long, conflicts_with_all = ["drop_old", "swap_back"])]
    pub anew: bool,
    /// Throws away the old projection that a swap kept; does nothing else.
    #[arg(long, conflicts_with = "swap_back")]
    pub drop_old: bool,
    /// Puts the old projection that a swap kept back into its place, and keeps the other; does nothing else.
    #[arg(long)]
    pub swap_back: bool,
    /// Writes progress and outcome as JSON, an object a line.
    #[arg(long)]
    pub json: bool,
    /// Serves /metrics there while it runs.
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
}

/// Which projection is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// PostgreSQL, or history.db: rooms, members, messages, journal, read markers.
    History,
    /// Redis: room state, recent.
    Live,
}

impl Which {
    /// As people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Live => "live",
        }
    }
}
