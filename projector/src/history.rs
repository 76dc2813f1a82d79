//! The history projection: accepted events become journal, messages, reactions, rooms and people; read markers become
//! rows of their own. Rows and the offset that comes next commit together, fenced by the checkpoint's owner.

mod batch;
mod events;
mod partition;
mod reads;

use crate::watch::watch;
use crate::{Config, Error, Status, share};
use engine::history::{Reader, Writer};
use engine::log::Log;
pub(crate) use partition::{Partition, Store, torn_room};
pub(crate) use reads::Marks;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the projection works with; the store reads and writes the same rows.
#[derive(Clone)]
pub struct Parts {
    /// Read in the groups `history` and `history-reads`; dead letters are appended to it.
    pub log: Arc<dyn Log>,
    /// Rooms are loaded from it.
    pub reader: Arc<dyn Reader>,
    /// What was projected is written to it.
    pub writer: Arc<dyn Writer>,
}

/// Projects events and read markers until `shutdown`. Several processes may run it: they share the partitions.
///
/// # Errors
/// What nothing will mend, see [`Error`]. What can pass by itself (a store or log that is away) is waited for, and
/// shown in `status`.
pub async fn run(config: Config, parts: Parts, status: Status, shutdown: CancellationToken) -> Result<(), Error> {
    let config = Arc::new(config);
    let both = shutdown.child_token();
    let reader = parts.reader.clone();
    let events = Arc::new(events::Events {
        store: Store {
            reader: parts.reader,
            writer: parts.writer.clone(),
        },
    });
    let reads = Arc::new(reads::Reads { writer: parts.writer });
    let interval = Duration::from_millis(config.store_check_ms.max(1));
    let projections = share::run_both(
        share::run(events, config.clone(), parts.log.clone(), status.clone(), both.clone()),
        share::run(reads, config, parts.log, status.clone(), both.clone()),
        &both,
    );
    let watch = watch(reader, interval, status, both.clone());
    tokio::join!(projections, watch).0
}
