//! A long walk through one partition of the file: one query a call, by the primary key.

use super::Shared;
use crate::domain::{Offset, Partition};
use crate::log::{Error, Range, RangeLimits, Topic};
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

    async fn next(&mut self, to: Offset, limits: RangeLimits) -> Result<Range, Error> {
        let range = self
            .shared
            .range(self.topic, self.partition, self.next, to, limits)
            .await?;
        self.next = range.next;
        Ok(range)
    }
}
