//! The events of one partition, from its checkpoint on.

use super::partition::{Partition, Store};
use crate::feed::{Feed, Next};
use crate::halt::Halt;
use crate::share::Projection;
use async_trait::async_trait;
use engine::log::Topic;
use std::time::Duration;

const NAME: &str = "history";

pub(super) struct Events {
    pub(super) store: Store,
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
        let common = feed.common.clone();
        let mut partition = Partition::claim(NAME, &self.store, &*common.log, &common.config, feed.partition).await?;
        feed.check(partition.next()).await?;
        feed.well();
        feed.start(partition.next()).await;
        let patience = Duration::from_millis(common.config.watermark_check_ms);
        loop {
            match feed.next(patience).await? {
                Next::Batch(batch) => partition.project(&batch.records, feed).await?,
                Next::Idle => partition.look().await?,
            }
        }
    }
}
