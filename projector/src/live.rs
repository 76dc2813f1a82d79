//! The live projection: room state, recent messages and presence, kept hot. A batch is taken under the partition's
//! watermark or not at all; a store that lost what it held is refilled from history, then from the log.

mod batch;
mod events;
mod partition;
mod presence;
mod refill;

use crate::{Config, Error, Status, share};
use engine::history;
use engine::live::{Reader, Writer};
use engine::log::Log;
pub(crate) use partition::{Again, Partition, Store};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the projection works with; `reader` and `writer` are of one store.
#[derive(Clone)]
pub struct Parts {
    /// Read in the groups `live` and `live-presence`.
    pub log: Arc<dyn Log>,
    /// What an empty store is refilled from.
    pub history: Arc<dyn history::Reader>,
    /// Rooms are loaded from it.
    pub reader: Arc<dyn Reader>,
    /// What was projected is written to it.
    pub writer: Arc<dyn Writer>,
}

/// Projects events and presence until `shutdown`. Several processes may run it: they share the partitions.
///
/// # Errors
/// What nothing will mend, see [`Error`]. What can pass by itself (a store or log that is away) is waited for, and
/// shown in `status`.
pub async fn run(config: Config, parts: Parts, status: Status, shutdown: CancellationToken) -> Result<(), Error> {
    let config = Arc::new(config);
    let both = shutdown.child_token();
    let presence = Arc::new(presence::PresenceClaims {
        writer: parts.writer.clone(),
    });
    let store = Store {
        reader: parts.reader,
        writer: parts.writer,
    };
    let events = Arc::new(events::Events::new(&config, parts.history, store));
    share::run_both(
        share::run(events, config.clone(), parts.log.clone(), status.clone(), both.clone()),
        share::run(presence, config, parts.log, status, both.clone()),
        &both,
    )
    .await
}
