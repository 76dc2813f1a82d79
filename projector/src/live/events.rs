//! The events of one partition, from its watermark on; without one, from a refill.

use super::partition::{Again, Partition, Store};
use crate::Config;
use crate::feed::{Feed, Next};
use crate::halt::Halt;
use crate::share::Projection;
use async_trait::async_trait;
use engine::history;
use engine::log::Topic;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tokio::sync::Semaphore;

const NAME: &str = "live";

pub(super) struct Events {
    pub(super) history: Arc<dyn history::Reader>,
    pub(super) store: Store,
    /// Refills at once.
    pub(super) refills: Semaphore,
    /// Refills that wait or are under way.
    pub(super) filling: AtomicUsize,
}

impl Events {
    pub(super) fn new(config: &Config, history: Arc<dyn history::Reader>, store: Store) -> Self {
        Self {
            history,
            store,
            refills: Semaphore::new(config.refills_at_once.clamp(1, Semaphore::MAX_PERMITS)),
            filling: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Projection for Events {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topic(&self) -> Topic {
        Topic::Events
    }

    async fn project(&self, feed: &mut Feed) -> Result<(), Halt> {
        let epoch = feed.common.log.epoch();
        let mut again = match self.store.writer.watermark(epoch, feed.partition).await? {
            Some(next) => Again::From(next),
            None => Again::Refill("it holds nothing of this partition".to_owned()),
        };
        loop {
            let next = match again {
                Again::From(next) => next,
                Again::Refill(why) => {
                    feed.stop();
                    self.refill(feed, &why).await?
                }
            };
            feed.check(next).await?;
            feed.common.status.back(self.name(), Some(feed.partition));
            feed.start(next).await;
            let common = feed.common.clone();
            let partition = Partition::at(NAME, &self.store, &*common.log, &common.config, feed.partition, next);
            again = fold_on(partition, feed).await?;
            // Whatever made it begin anew may do so again at once.
            if !feed.backoff.wait(&feed.over).await {
                return Err(Halt::Over);
            }
        }
    }
}

async fn fold_on(mut partition: Partition, feed: &mut Feed) -> Result<Again, Halt> {
    let patience = Duration::from_millis(feed.common.config.watermark_check_ms);
    loop {
        let again = match feed.next(patience).await? {
            Next::Batch(batch) => partition.project(&batch.records, feed).await?,
            Next::Idle => partition.look().await?,
        };
        match again {
            Some(again) => return Ok(again),
            None => feed.well(),
        }
    }
}
