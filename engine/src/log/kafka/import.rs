//! An import into Kafka: for as long as it is under way the topic takes the times that producers give.
//!
//! The setting itself is the mark of an import that was cut short: every start checks it, and refuses a topic that has it.
//! Brokers take a changed setting over a moment after they have said so. So the first record of each partition is
//! awaited alone, and a broker that gave it a time of its own ends the import before more is written.

use super::native::alter_topic;
use super::{LOOK_AGAIN, Log, Shared, misconfigured, topics, unavailable};
use crate::domain::{Offset, Partition, Position, Timestamp};
use crate::log::import::must_be_empty;
use crate::log::{Error, Outgoing, Topic};
use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::consumer::Consumer as _;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// How long a record may take, in ms: nobody waits for an ack, and an import that ends must be begun again from nothing.
const DELIVERY_TIMEOUT_MS: &str = "120000";
/// How long a record waits for company, in ms: there is always more to come.
const LINGER_MS: &str = "20";
/// Most records under way.
const MOST_UNDER_WAY: usize = 20_000;

pub(super) struct Import {
    shared: Arc<Shared>,
    /// Ended off the runtime's threads.
    producer: Option<FutureProducer>,
    next: Vec<Offset>,
    under_way: VecDeque<(Position, DeliveryFuture)>,
    most: usize,
}

impl Import {
    pub(super) async fn begin(log: &Log) -> Result<Self, Error> {
        let shared = log.shared.clone();
        must_be_empty(
            shared.names.of(Topic::Events),
            &crate::log::Log::extents(log, Topic::Events).await?,
        )?;
        let producer = producer(shared.config.producer()?)?;
        let most = usize::try_from(shared.config.queue_max_messages).unwrap_or(MOST_UNDER_WAY);
        shared.take_times_of(topics::Times::Producers).await?;
        Ok(Self {
            next: vec![Offset::ZERO; shared.config.partitions.into()],
            shared,
            producer: Some(producer),
            under_way: VecDeque::new(),
            most: most.clamp(1, MOST_UNDER_WAY),
        })
    }

    async fn settle(&mut self) -> Result<(), Error> {
        let Some((expected, delivery)) = self.under_way.pop_front() else {
            return Ok(());
        };
        let delivered = delivery
            .await
            .map_err(|_| Error::Unknown("the producer ended without an answer".into()))?;
        let delivered = delivered.map_err(|(error, _)| Error::Unknown(error.to_string()))?;
        let stands = |partition: Partition, offset: Offset| {
            (
                i32::from(partition.get()),
                i64::try_from(offset.get()).unwrap_or(i64::MAX),
            )
        };
        if (delivered.partition, delivered.offset) != stands(expected.partition, expected.offset) {
            return Err(Error::Refused(format!(
                "a record was to stand at offset {} of partition {}, and stands at {}: somebody else writes, or Kafka took \
                 it twice",
                expected.offset, expected.partition, delivered.offset
            )));
        }
        match delivered.timestamp {
            rdkafka::Timestamp::CreateTime(millis) if millis == expected.appended_at.as_millis() => Ok(()),
            other => Err(Error::Unavailable(format!(
                "the broker of partition {} gave a record its own time ({other:?}): it had not taken the setting over yet",
                expected.partition
            ))),
        }
    }

    /// The producer is ended where waiting for its thread harms nobody.
    async fn end(&mut self) {
        if let Some(producer) = self.producer.take()
            && tokio::task::spawn_blocking(move || drop(producer)).await.is_err()
        {
            tracing::error!("ending the producer of an import failed");
        }
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            drop(tokio::task::spawn_blocking(move || drop(producer)));
        }
    }
}

fn producer(mut config: ClientConfig) -> Result<FutureProducer, Error> {
    config.set("delivery.timeout.ms", DELIVERY_TIMEOUT_MS);
    config.set("linger.ms", LINGER_MS);
    config.create().map_err(misconfigured)
}

#[async_trait]
impl crate::log::Import for Import {
    async fn append(&mut self, outgoing: Outgoing, appended_at: Timestamp) -> Result<Position, Error> {
        let partition = outgoing.partition;
        let next = self.next.get_mut(usize::from(partition.get()));
        let next = next.ok_or_else(|| Error::Refused(format!("there is no partition {partition}")))?;
        let position = Position {
            partition,
            offset: *next,
            appended_at,
        };
        *next = position.offset.next();
        while self.under_way.len() >= self.most {
            self.settle().await?;
        }
        let headers = OwnedHeaders::new_with_capacity(outgoing.headers.len());
        let headers = outgoing.headers.iter().fold(headers, |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(&value[..]),
            })
        });
        let mut record = FutureRecord::<[u8], [u8]>::to(self.shared.names.of(outgoing.topic))
            .partition(partition.get().into())
            .timestamp(appended_at.as_millis())
            .headers(headers);
        record.key = outgoing.key.as_deref();
        record.payload = outgoing.value.as_deref();
        let producer = self
            .producer
            .as_ref()
            .ok_or_else(|| Error::Unavailable("it is closed".into()))?;
        let sent = producer.send_result(record);
        let delivery = sent.map_err(|(error, _)| Error::Refused(error.to_string()))?;
        self.under_way.push_back((position, delivery));
        if position.offset == Offset::ZERO {
            while !self.under_way.is_empty() {
                self.settle().await?;
            }
        }
        Ok(position)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), Error> {
        while !self.under_way.is_empty() {
            self.settle().await?;
        }
        self.end().await;
        self.shared.take_times_of(topics::Times::Log).await
    }

    async fn abandon(mut self: Box<Self>) -> Result<(), Error> {
        // What is under way lands or fails first, so that what the log holds by then is known.
        while !self.under_way.is_empty() {
            let _ = self.settle().await;
        }
        self.end().await;
        if self.next.iter().any(|next| *next > Offset::ZERO) {
            return Ok(());
        }
        self.shared.take_times_of(topics::Times::Log).await
    }
}

impl Shared {
    /// Sets whose times the topic of events takes, and waits until Kafka says so itself.
    async fn take_times_of(self: &Arc<Self>, times: topics::Times) -> Result<(), Error> {
        self.ask(move |shared| {
            let (topic, wait) = (shared.names.of(Topic::Events), shared.config.query_timeout());
            let client = shared.query().client();
            alter_topic(client, topic, topics::TIMES, times.value(), wait).map_err(unavailable)?;
            let deadline = Instant::now() + wait;
            while !topics::has_times(&shared.config, topic, times)? {
                if Instant::now() >= deadline {
                    return Err(Error::Unavailable(format!(
                        "{topic} still has not {} = {}",
                        topics::TIMES,
                        times.value()
                    )));
                }
                std::thread::sleep(LOOK_AGAIN);
            }
            Ok(())
        })
        .await
    }
}
