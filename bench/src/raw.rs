//! Kafka without Roomlog: the bare producer and consumer that its figures are held against.

use anyhow::{Context, Result, ensure};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, DeliveryResult, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(100);
const FLUSH: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 16;

/// A record as Roomlog wrote it.
pub(crate) struct Sample {
    /// The whole value.
    pub value: Vec<u8>,
    /// Its key.
    pub key: Vec<u8>,
    /// Its headers.
    pub headers: OwnedHeaders,
}

/// Counts what the broker has acked.
#[derive(Clone, Default)]
pub(crate) struct Acked(Arc<AtomicU64>);

impl ClientContext for Acked {}

impl ProducerContext for Acked {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A producer with the settings of Roomlog's own.
pub(crate) fn producer(brokers: &str) -> Result<(ThreadedProducer<Acked>, Acked)> {
    let acked = Acked::default();
    let producer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "1")
        .set("compression.type", "lz4")
        .create_with_context(acked.clone())?;
    Ok((producer, acked))
}

/// A consumer of one partition from its end on.
pub(crate) fn consumer(brokers: &str, topic: &str, partition: i32, from: Offset) -> Result<BaseConsumer> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bench")
        .set("enable.auto.commit", "false")
        .set("fetch.min.bytes", "1")
        .set("fetch.queue.backoff.ms", "5")
        .create()?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, from)?;
    consumer.assign(&list)?;
    Ok(consumer)
}

/// Where each partition of a topic ends.
pub(crate) fn ends(brokers: &str, topic: &str) -> Result<Vec<i64>> {
    let probe = consumer(brokers, topic, 0, Offset::Beginning)?;
    let high = |partition| probe.fetch_watermarks(topic, partition, FLUSH).map(|(_, high)| high);
    Ok((0..PARTITIONS).map(high).collect::<Result<Vec<_>, _>>()?)
}

/// The last record of a topic's fullest partition.
pub(crate) fn sample(brokers: &str, topic: &str) -> Result<Sample> {
    let ends = ends(brokers, topic)?;
    let (fullest, end) = ends
        .iter()
        .enumerate()
        .max_by_key(|(_, end)| **end)
        .context("no partitions")?;
    ensure!(*end > 0, "{topic} is empty");
    let reader = consumer(brokers, topic, i32::try_from(fullest)?, Offset::Offset(end - 1))?;
    let begun = Instant::now();
    while begun.elapsed() < FLUSH {
        if let Some(message) = reader.poll(POLL) {
            return owned(&message?);
        }
    }
    anyhow::bail!("{topic} can't be read")
}

fn owned(message: &BorrowedMessage<'_>) -> Result<Sample> {
    Ok(Sample {
        value: message.payload().context("a value")?.to_vec(),
        key: message.key().context("a key")?.to_vec(),
        headers: message
            .headers()
            .map_or_else(OwnedHeaders::new, rdkafka::message::BorrowedHeaders::detach),
    })
}

/// Produces the sample `messages` times over all partitions, at most `window` unacked; answers how long it took.
pub(crate) fn produce(brokers: &str, topic: &str, sample: &Sample, messages: u64, window: u64) -> Result<Duration> {
    let (producer, acked) = producer(brokers)?;
    let begun = Instant::now();
    for message in 0..messages {
        while message - acked.0.load(Ordering::Relaxed) >= window {
            std::thread::sleep(Duration::from_micros(50));
        }
        let partition = i32::try_from(message % u64::try_from(PARTITIONS)?)?;
        let mut record = BaseRecord::to(topic)
            .partition(partition)
            .key(&sample.key)
            .payload(&sample.value)
            .headers(sample.headers.clone());
        while let Err((error, refused)) = producer.send(record) {
            ensure!(
                error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull),
                "{error}"
            );
            std::thread::sleep(Duration::from_micros(50));
            record = refused;
        }
    }
    producer.flush(FLUSH)?;
    ensure!(
        acked.0.load(Ordering::Relaxed) == messages,
        "the broker did not ack all"
    );
    Ok(begun.elapsed())
}

/// Reads a partition from its start to `end`; answers how long it took from the first record to the last: connecting is no
/// part of it.
pub(crate) fn consume(brokers: &str, topic: &str, partition: i32, end: i64) -> Result<Duration> {
    let consumer = consumer(brokers, topic, partition, Offset::Beginning)?;
    let (mut begun, mut heard) = (None, Instant::now());
    loop {
        match consumer.poll(POLL) {
            Some(message) => {
                let message = message?;
                let begun = begun.get_or_insert_with(Instant::now);
                heard = Instant::now();
                if message.offset() + 1 >= end {
                    return Ok(begun.elapsed());
                }
            }
            None => ensure!(heard.elapsed() < FLUSH, "{topic}-{partition} gives no more"),
        }
    }
}
