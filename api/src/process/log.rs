//! `roomlog log …`: what can be seen of the log itself, decoded. Nothing is folded here, so nothing is judged.

mod colour;
mod sample;
mod stats;
mod tail;
pub(super) mod time;

use super::Error;
use crate::cli::log::Log;
use crate::config::Config;

/// Does it, to its end.
pub(super) async fn run(config: &Config, verb: &Log) -> Result<(), Error> {
    match verb {
        Log::Tail(asked) => tail::run(config, asked).await,
        Log::Stats(asked) => stats::run(config, asked).await,
    }
}
