//! The log on Kafka.
//!
//! Appends go through one idempotent producer; tails, groups and bounded reads have consumers of their own. The
//! library blocks: whatever waits for it runs on threads of its own or on those for blocking work, never on the
//! runtime's. What the bytes mean is nobody's business here.

mod comeback;
mod config;
mod group;
mod import;
mod life;
mod native;
mod producer;
mod reader;
mod security;
#[cfg(test)]
mod stall_tests;
mod stalls;
mod stream;
mod tail;
mod topics;

pub use config::Config;
pub use security::{Mechanism, Protocol, Secret, Security};

use super::{Error, Extent, Group, Handler, Outgoing, Range, RangeLimits, Tail, Topic};
use crate::domain::{Epoch, Offset, Partition, Position, Timestamp};
use async_trait::async_trait;
use config::Names;
use life::{Life, Watch};
use parking_lot::Mutex;
use producer::Producer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use reader::Readers;
use stalls::Ends;
use std::sync::Arc;
use std::time::Duration;

/// A log on Kafka, open.
pub struct Log {
    shared: Arc<Shared>,
    producer: Arc<Producer>,
    /// `None` once closed.
    watch: Mutex<Option<Watch>>,
}

/// Between two looks at something that is expected soon.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How often it is said that something still fails.
const TELL_AGAIN: Duration = Duration::from_secs(30);

/// What its threads share.
struct Shared {
    config: Config,
    names: Names,
    readers: Readers,
    life: Life,
    ends: Ends,
}

impl Log {
    /// Connects, makes the topics that are missing (if `create`), and checks all of them.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] names the topic, the setting, what was found and what to do;
    /// [`Error::Unavailable`] when no broker answers in time.
    pub async fn open(config: Config, create: bool) -> Result<Self, Error> {
        config.check()?;
        if !native::hints_are_passed_over() {
            tracing::warn!(
                "this binary was linked without what .cargo/config.toml asks for: a broker's restart may end it"
            );
        }
        let names = Names::new(&config);
        let query = config.query()?;
        let epoch = topics::prepare(&config, query.clone(), create).await?;
        let patience = Duration::from_millis(u64::from(config.delivery_timeout_ms) + 2_000);
        let producer = Producer::new(config.producer()?, &config.brokers, patience)?;
        let readers = Readers::new(query.create().map_err(misconfigured)?, config.readers);
        let shared = Arc::new(Shared {
            config,
            names,
            readers,
            life: Life::of(epoch),
            ends: Ends::default(),
        });
        Ok(Self {
            watch: Mutex::new(Some(Watch::start(shared.clone())?)),
            shared,
            producer: Arc::new(producer),
        })
    }
}

#[async_trait]
impl super::Log for Log {
    fn epoch(&self) -> Epoch {
        self.shared.life.epoch
    }

    fn partitions(&self) -> u16 {
        self.shared.config.partitions
    }

    fn topic_name(&self, topic: Topic) -> String {
        self.shared.names.of(topic).to_owned()
    }

    async fn append(&self, outgoing: Outgoing) -> Result<Position, Error> {
        self.shared.alive()?;
        let topic = self.shared.names.of(outgoing.topic);
        let appended = self.producer.append(topic, outgoing).await;
        appended.map_err(|error| match error {
            // What else could be wrong with settings was found when the log was opened.
            Error::Misconfigured(_) => self.shared.config.security.denied("Write", &format!("topic {topic}")),
            error => error,
        })
    }

    fn tail(&self, starts: Vec<(Topic, Partition, Offset)>, handler: Box<dyn Handler>) -> Result<Box<dyn Tail>, Error> {
        Ok(Box::new(tail::start(self.shared.clone(), &starts, handler)?))
    }

    async fn range(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        to: Offset,
        limits: RangeLimits,
    ) -> Result<Range, Error> {
        self.shared
            .ask(move |shared| shared.range(topic, partition, from, to, limits))
            .await
    }

    fn reader(&self, topic: Topic, partition: Partition, from: Offset) -> Box<dyn super::Reader> {
        Box::new(stream::Stream::new(self.shared.clone(), topic, partition, from))
    }

    async fn offset_at(&self, topic: Topic, partition: Partition, time: Timestamp) -> Result<Option<Offset>, Error> {
        self.shared
            .ask(move |shared| shared.offset_at(topic, partition, time))
            .await
    }

    async fn extents(&self, topic: Topic) -> Result<Vec<Extent>, Error> {
        self.shared.ask(move |shared| shared.extents(topic)).await
    }

    async fn join(&self, topic: Topic, name: &str) -> Result<Box<dyn Group>, Error> {
        Ok(Box::new(group::join(self.shared.clone(), topic, name)?))
    }

    async fn import(&self) -> Result<Box<dyn crate::log::Import>, Error> {
        Ok(Box::new(import::Import::begin(self).await?))
    }

    /// Also tells a topic that was made anew under us from the one we opened.
    async fn ping(&self) -> Result<(), Error> {
        self.shared.ask(Shared::look_alive).await
    }

    async fn close(&self) {
        self.producer.clone().close().await;
        let watch = self.watch.lock().take();
        if let Some(watch) = watch
            && tokio::task::spawn_blocking(move || watch.end()).await.is_err()
        {
            tracing::error!("closing the log failed");
        }
    }
}

fn misconfigured(error: KafkaError) -> Error {
    Error::Misconfigured(format!("kafka: {error}"))
}

fn unavailable(error: KafkaError) -> Error {
    Error::Unavailable(error.to_string())
}

fn start_offset(offset: Offset) -> rdkafka::Offset {
    rdkafka::Offset::Offset(i64::try_from(offset.get()).unwrap_or(i64::MAX))
}

/// What a broker says of a partition that it has not taken over yet: it was just made or moved, or the broker just started and
/// metadata are ahead of it. Asked again a little later, it knows better.
fn is_settling(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::UnknownTopicOrPartition
                | Code::UnknownLeaderEpoch
                | Code::FencedLeaderEpoch
        )
    )
}

/// The offset that comes next is not on the log, or no longer the same.
fn offset_is_gone(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::LogTruncation
    )
}
