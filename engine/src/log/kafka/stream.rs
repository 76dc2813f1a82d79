//! A long walk through one partition: a consumer that stays assigned between two calls, so that the library reads ahead.
//!
//! What must hold: whoever drops it frees the consumer, at latest after one look of a read that is under way. It is
//! bounded by whoever opens it; it takes none of the permits of questions and bounded reads, for those must never wait
//! for a walk.

use super::Shared;
use super::native::Consumer;
use crate::domain::{Offset, Partition};
use crate::log::{Error, Keys, Range, RangeLimits, Topic};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) struct Stream {
    shared: Arc<Shared>,
    topic: Topic,
    partition: Partition,
    next: Offset,
    /// While no read is under way; `None` before the first and after a failure.
    consumer: Option<Consumer>,
    given_up: Arc<AtomicBool>,
}

impl Stream {
    pub(super) fn new(shared: Arc<Shared>, topic: Topic, partition: Partition, from: Offset) -> Self {
        Self {
            shared,
            topic,
            partition,
            next: from,
            consumer: None,
            given_up: Arc::default(),
        }
    }
}

#[async_trait]
impl super::super::Reader for Stream {
    fn next_offset(&self) -> Offset {
        self.next
    }

    async fn next_of(&mut self, keys: Option<Keys>, to: Offset, limits: RangeLimits) -> Result<Range, Error> {
        let (topic, partition, from) = (self.topic, self.partition, self.next);
        if from >= to || limits.max_records == 0 {
            return Ok(Range {
                records: Vec::new(),
                next: from,
                bytes: 0,
            });
        }
        let (shared, kept, given_up) = (self.shared.clone(), self.consumer.take(), self.given_up.clone());
        // The library blocks. What is left of it when nobody waits any more ends on its own thread.
        let read = tokio::task::spawn_blocking(move || {
            shared.alive()?;
            let consumer = match kept {
                Some(consumer) => consumer,
                None => shared.assigned(topic, partition, from)?,
            };
            let place = (shared.names.of(topic), partition);
            let given_up = || given_up.load(Ordering::Relaxed);
            let read = shared.read(&consumer, place, (from, to), limits, keys.as_ref(), given_up);
            match read {
                Ok(range) => Ok((range, consumer)),
                Err(error) => {
                    shared.done_with(consumer, Some(&error));
                    Err(error)
                }
            }
        });
        let (range, consumer) = read.await.map_err(|error| Error::Unavailable(error.to_string()))??;
        self.consumer = Some(consumer);
        self.next = range.next;
        Ok(range)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
        if let Some(consumer) = self.consumer.take() {
            let shared = self.shared.clone();
            // Ending an assignment waits for the library: not on a runtime's thread.
            drop(tokio::task::spawn_blocking(move || shared.give_back(consumer)));
        }
    }
}
