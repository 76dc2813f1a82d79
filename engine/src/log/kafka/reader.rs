//! Questions and bounded reads: blocking calls of the library, off the runtime's threads, at most so many at once.

use super::native::{Consumer, Seen};
use super::{Shared, unavailable};
use crate::domain::{Offset, Partition, Timestamp};
use crate::log::{Error, Extent, Keys, Range, RangeLimits, Topic, is_wanted};
use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset as KafkaOffset, TopicPartitionList};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long a bounded read may hear nothing of the broker before it asks whether it is over.
const POLL: Duration = Duration::from_millis(50);

/// A client for questions and a few consumers for bounded reads, made when first needed.
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    query: BaseConsumer,
    idle: Mutex<Vec<Consumer>>,
}

impl Readers {
    pub(super) fn new(query: BaseConsumer, at_once: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            query,
            idle: Mutex::new(Vec::new()),
        }
    }
}

impl Shared {
    /// Runs a blocking question on a thread for such, when one of the permits is free.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.readers.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Error::Unavailable("it is closed".into()))?;
        let shared = self.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let answer = shared.alive().and_then(|()| question(&shared));
            drop((permit, shared));
            answer
        });
        asked.await.map_err(|error| Error::Unavailable(error.to_string()))?
    }

    /// The client that questions go through; what piled up in its queue (reports of lost brokers) is taken out.
    pub(super) fn query(&self) -> &BaseConsumer {
        while self.readers.query.poll(Duration::ZERO).is_some() {}
        &self.readers.query
    }

    pub(super) fn offset_at(
        &self,
        topic: Topic,
        partition: Partition,
        time: Timestamp,
    ) -> Result<Option<Offset>, Error> {
        // Negative times mean something else to the broker; nothing was appended before 1970.
        let time = KafkaOffset::Offset(time.as_millis().max(0));
        let found = self
            .find(topic, std::iter::once(partition), time)
            .map_err(unavailable)?;
        match found
            .elements()
            .first()
            .map(rdkafka::topic_partition_list::TopicPartitionListElem::offset)
        {
            Some(KafkaOffset::Offset(offset)) => Ok(u64::try_from(offset).ok().map(Offset::new)),
            _ => Ok(None),
        }
    }

    pub(super) fn extents(&self, topic: Topic) -> Result<Vec<Extent>, Error> {
        let all = || (0..self.config.partitions).map(Partition::new);
        let lows = self.find(topic, all(), KafkaOffset::Beginning).map_err(unavailable)?;
        let highs = self.find(topic, all(), KafkaOffset::End).map_err(unavailable)?;
        let name = self.names.of(topic);
        all()
            .map(|partition| {
                let of = |list: &TopicPartitionList| match list
                    .find_partition(name, partition.get().into())
                    .map(|element| element.offset())
                {
                    Some(KafkaOffset::Offset(offset)) => u64::try_from(offset).ok().map(Offset::new),
                    _ => None,
                };
                match (of(&lows), of(&highs)) {
                    (Some(low), Some(high)) => Ok(Extent { partition, low, high }),
                    _ => Err(Error::Unavailable(format!(
                        "the ends of {name}-{partition} are not known"
                    ))),
                }
            })
            .collect()
    }

    /// ListOffsets, one request per broker: by time, or the first or last there is. A broker that has just started is asked again
    /// until it has taken over what it leads.
    fn find(
        &self,
        topic: Topic,
        partitions: impl Iterator<Item = Partition>,
        what: KafkaOffset,
    ) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition_offset(self.names.of(topic), partition.get().into(), what)?;
        }
        let deadline = Instant::now() + self.config.query_timeout();
        loop {
            match self.find_once(list.clone()) {
                Err(error) if super::is_settling(&error) && Instant::now() < deadline => {
                    std::thread::sleep(super::LOOK_AGAIN);
                }
                found => return found,
            }
        }
    }

    pub(super) fn find_once(&self, list: TopicPartitionList) -> KafkaResult<TopicPartitionList> {
        let found = self.query().offsets_for_times(list, self.config.query_timeout())?;
        for element in found.elements() {
            element.error()?;
        }
        Ok(found)
    }

    pub(super) fn range(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        to: Offset,
        limits: RangeLimits,
    ) -> Result<Range, Error> {
        if from >= to || limits.max_records == 0 {
            return Ok(Range {
                records: Vec::new(),
                next: from,
                bytes: 0,
            });
        }
        let consumer = self.assigned(topic, partition, from)?;
        let place = (self.names.of(topic), partition);
        let answer = self.read(&consumer, place, (from, to), limits, None, || false);
        self.done_with(consumer, answer.as_ref().err());
        answer
    }

    /// A consumer that reads the partition from `from` on.
    pub(super) fn assigned(&self, topic: Topic, partition: Partition, from: Offset) -> Result<Consumer, Error> {
        let idle = self.readers.idle.lock().pop();
        let consumer = match idle {
            Some(consumer) => consumer,
            None => self.range_consumer()?,
        };
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(self.names.of(topic), partition.get().into(), super::start_offset(from))
            .and_then(|()| consumer.inner().assign(&list))
            .map_err(unavailable)?;
        Ok(consumer)
    }

    /// One to which nothing came may have lost its way: it is not used again.
    pub(super) fn done_with(&self, consumer: Consumer, error: Option<&Error>) {
        if !matches!(error, Some(Error::Unavailable(_))) {
            self.give_back(consumer);
        }
    }

    /// Whatever went wrong, an assignment can be ended; a consumer that can't is not used again.
    pub(super) fn give_back(&self, consumer: Consumer) {
        if consumer.inner().unassign().is_ok() {
            let mut idle = self.readers.idle.lock();
            if idle.len() < self.config.readers {
                idle.push(consumer);
            }
        }
    }

    fn range_consumer(&self) -> Result<Consumer, Error> {
        let consumer = self.config.range()?.create().map_err(super::misconfigured)?;
        Consumer::new(consumer).map_err(unavailable)
    }

    /// Reads on with a consumer that stands at `from`, until it is told that nobody waits any more.
    pub(super) fn read(
        &self,
        consumer: &Consumer,
        (name, partition): (&str, Partition),
        (from, to): (Offset, Offset),
        limits: RangeLimits,
        keys: Option<&Keys>,
        given_up: impl Fn() -> bool,
    ) -> Result<Range, Error> {
        let mut range = Range {
            records: Vec::new(),
            next: from,
            bytes: 0,
        };
        let mut heard = None;
        while range.next < to && range.records.len() < limits.max_records && range.bytes < limits.max_bytes {
            if given_up() {
                return Err(Error::Unavailable("nobody waits for it any more".into()));
            }
            let Some(mut event) = consumer.poll(POLL) else {
                // Asked only where nothing comes: a look at the clock for each record would be felt.
                let heard: &mut Instant = heard.get_or_insert_with(Instant::now);
                if heard.elapsed() > self.config.query_timeout() {
                    return Err(Error::Unavailable(format!(
                        "no answer for {name}-{partition} from {}",
                        range.next
                    )));
                }
                continue;
            };
            match event.look_for(keys) {
                Seen::Record { topic, record }
                    if topic == name.as_bytes() && record.position.partition == partition =>
                {
                    heard = None;
                    if record.position.offset >= to {
                        range.next = to; // What lay between was taken out by the log itself.
                    } else if record.position.offset >= range.next {
                        range.bytes += record.value.map_or(0, <[u8]>::len);
                        range.next = record.position.offset.next();
                        if is_wanted(keys, record.key) {
                            range.records.push(record.to_record());
                        }
                    }
                }
                Seen::End {
                    topic,
                    partition: of,
                    next,
                } if topic == name && of == partition => {
                    range.next = range.next.max(next.min(to));
                    if range.next >= to || !self.goes_on(name, partition, range.next) {
                        break;
                    }
                }
                Seen::Failed {
                    place: Some((topic, of)),
                    code,
                    ..
                } if topic == name && of == partition && super::offset_is_gone(code) => {
                    return Err(self.out_of_range(name, partition, from));
                }
                Seen::Failed {
                    code,
                    text,
                    fatal: true,
                    ..
                } => {
                    return Err(Error::Unavailable(format!("{code}: {text}")));
                }
                _ => {}
            }
        }
        Ok(range)
    }

    /// Whether there is more at `next`, although the reader was told of an end: that may have been the end of a while ago.
    fn goes_on(&self, name: &str, partition: Partition, next: Offset) -> bool {
        let asked = self
            .query()
            .fetch_watermarks(name, partition.get().into(), self.config.query_timeout());
        asked.is_ok_and(|(_, high)| high.cast_unsigned() > next.get())
    }

    pub(super) fn out_of_range(&self, name: &str, partition: Partition, offset: Offset) -> Error {
        match self
            .query()
            .fetch_watermarks(name, partition.get().into(), self.config.query_timeout())
        {
            Ok((low, high)) => Error::OutOfRange {
                partition,
                offset,
                low: Offset::new(low.cast_unsigned()),
                high: Offset::new(high.cast_unsigned()),
            },
            Err(error) => unavailable(error),
        }
    }
}
