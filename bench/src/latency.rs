//! From send to delivered at light load, against a bare produce and consume on the same broker, message by message
//! in turn.

use crate::cluster::{self, Cluster};
use crate::report::Report;
use crate::{load, raw, wire};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use rdkafka::Message;
use rdkafka::Offset;
use rdkafka::producer::BaseRecord;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const MESSAGES: usize = 1_000;
const WARM_UP: usize = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "latency").await?;
    let room = cluster.open_room(&edge, &token, "latency").await?;
    let headers = cluster::session_headers(&token);
    let (mut heard, mut listener) = wire::connect(edge.address, "/v1/ws", &headers).await?;
    listener
        .send(&format!(r#"{{"id":1,"subscribe":{{"room":"{room}","recent":0}}}}"#))
        .await?;
    let (mut answers, mut sender) = wire::connect(edge.address, "/v1/ws", &headers).await?;
    let mut background = tokio::task::JoinSet::new();
    background.spawn(async move { while let Ok(Some(_)) = answers.message().await {} });

    sender.send(&load::frame(1, &room, 1)).await?;
    until_delivered(&mut heard).await?;
    let sample = raw::sample(&cluster.brokers, &format!("{}.events", cluster.prefix))?;
    let mut bare = Bare::start(&cluster, sample)?;

    let (mut ours, mut floor) = (Histogram::<u64>::new(3)?, Histogram::<u64>::new(3)?);
    for message in 0..MESSAGES + WARM_UP {
        tokio::time::sleep(PAUSE).await;
        let begun = Instant::now();
        // All before it was delivered.
        sender
            .send(&load::frame(message + 2, &room, message as u64 + 2))
            .await?;
        until_delivered(&mut heard).await?;
        let took = begun.elapsed();
        tokio::time::sleep(PAUSE).await;
        let bare_took = bare.round_trip().await?;
        // A session that only listens answers its pings with any frame.
        if message % 100 == 0 {
            listener.send(r#"{"pong":{}}"#).await?;
        }
        if message >= WARM_UP {
            ours.record(u64::try_from(took.as_micros())?)?;
            floor.record(u64::try_from(bare_took.as_micros())?)?;
        }
    }
    let mut report = Report::new("latency", "Send to delivered at light load");
    report.line("| quantile | Roomlog ms | bare produce → consume ms | ratio (goal ≤ 1.3) |");
    report.line("|---|---|---|---|");
    for quantile in [0.5, 0.99] {
        let (a, b) = (
            ours.value_at_quantile(quantile) as f64,
            floor.value_at_quantile(quantile) as f64,
        );
        report.line(&format!(
            "| p{:.0} | {:.2} | {:.2} | {:.2} |",
            quantile * 100.0,
            a / 1e3,
            b / 1e3,
            a / b
        ));
    }
    report.keep()
}

pub(crate) async fn until_delivered(heard: &mut wire::Reader) -> Result<()> {
    loop {
        let message = heard.message().await?.context("closed")?;
        if wire::count(message, br#""type":"message_sent""#) > 0 {
            return Ok(());
        }
    }
}

/// A producer and a consumer of a partition nobody else uses.
struct Bare {
    producer: rdkafka::producer::ThreadedProducer<raw::Acked>,
    topic: String,
    sample: raw::Sample,
    heard: mpsc::Receiver<Instant>,
}

impl Bare {
    fn start(cluster: &Cluster, sample: raw::Sample) -> Result<Self> {
        let topic = format!("{}.dead-letters", cluster.prefix);
        // From a known offset: the end may be found only after the first message was sent.
        let consumer = raw::consumer(&cluster.brokers, &topic, 0, Offset::Offset(0))?;
        let (tell, heard) = mpsc::channel(16);
        // Ends with the receiver: the next message it can't tell of.
        std::thread::spawn(move || {
            while !tell.is_closed() {
                if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100))
                    && message.payload().is_some()
                    && tell.blocking_send(Instant::now()).is_err()
                {
                    return;
                }
            }
        });
        let (producer, _) = raw::producer(&cluster.brokers)?;
        Ok(Self {
            producer,
            topic,
            sample,
            heard,
        })
    }

    async fn round_trip(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        let record = BaseRecord::to(&self.topic)
            .partition(0)
            .key(&self.sample.key)
            .payload(&self.sample.value)
            .headers(self.sample.headers.clone());
        self.producer.send(record).map_err(|(error, _)| error)?;
        let heard = tokio::time::timeout(Duration::from_secs(10), self.heard.recv())
            .await?
            .context("consumer ended")?;
        Ok(heard - begun)
    }
}
