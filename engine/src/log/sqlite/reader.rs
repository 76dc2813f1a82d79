//! A long walk through one partition of the file: one query a call, by the primary key.

use super::Shared;
use crate::domain::{Offset, Partition};
use crate::log::{Error, Keys, Range, RangeLimits, Topic};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct Reader {
    shared: Arc<Shared>,
    topic: Topic,
    partition: Partition,
    next: Offset,
}

impl Reader {
    pub(super) const fn new(shared: Arc<Shared>, topic: Topic, partition: Partition, from: Offset) -> Self {
        Self {
            shared,
            topic,
            partition,
            next: from,
        }
    }
}

#[async_trait]
impl super::super::Reader for Reader {
    fn next_offset(&self) -> Offset {
        self.next
    }

    async fn next_of(&mut self, keys: Option<Keys>, to: Offset, limits: RangeLimits) -> Result<Range, Error> {
        let (topic, partition) = (self.topic, self.partition);
        let range = self
            .shared
            .range(topic, partition, self.next, to, limits, keys.as_ref());
        let range = range.await?;
        self.next = range.next;
        Ok(range)
    }
}
