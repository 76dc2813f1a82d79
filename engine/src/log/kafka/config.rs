//! Settings of the Kafka adapter, and how they become librdkafka's.

use super::security::Security;
use crate::log::{Error, Topic};
use rdkafka::ClientConfig;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How to reach Kafka and how its topics must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Bootstrap servers, `host:port`, comma-separated. No default.
    pub brokers: String,
    /// First half of every topic's name: `roomlog` makes `roomlog.events`.
    pub prefix: String,
    /// Partitions of each topic; fixed for a log's life (1 to 1,024).
    pub partitions: u16,
    /// Replicas of each partition. From 3 on, two of them must have a record before it is acked.
    pub replication: u16,
    /// How long a record may wait for company before it is sent, in ms (0 to 2 are sensible).
    pub linger_ms: u32,
    /// When an append without an answer is given up, in ms. The library looks once a second, so an append is
    /// answered at most a second later: keep it below 9,000 and every append is answered within 10 s.
    pub delivery_timeout_ms: u32,
    /// Most records that wait for their ack; past that an append is refused at once as unavailable.
    pub queue_max_messages: u32,
    /// Most bytes that wait for their ack, in KiB.
    pub queue_max_kilobytes: u32,
    /// When a group gives the partitions of a silent member to another, in ms. The broker's own bounds hold
    /// (`group.min.session.timeout.ms`, by default 6,000).
    pub session_timeout_ms: u32,
    /// Most records a group's member has read ahead of its reader.
    pub group_buffer_records: usize,
    /// Most bytes of values a group's member has read ahead, in KiB, give or take what one poll brings.
    pub group_buffer_kilobytes: usize,
    /// How long presence and typing are kept, in minutes (at least 5).
    pub signals_retention_minutes: u32,
    /// When a question (offsets, ends, topic settings) without an answer is given up, in ms.
    pub query_timeout_ms: u32,
    /// Most questions, and most bounded reads, under way at once.
    pub readers: usize,
    /// TLS, and who we are.
    pub security: Security,
    /// Further librdkafka properties for every client: `socket.keepalive.enable`, `ssl.cipher.suites` …
    /// One that Roomlog itself sets is refused.
    pub properties: BTreeMap<String, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            prefix: "roomlog".into(),
            partitions: 16,
            replication: 1,
            linger_ms: 1,
            delivery_timeout_ms: 8_500,
            queue_max_messages: 100_000,
            queue_max_kilobytes: 256 * 1024,
            session_timeout_ms: 6_000,
            group_buffer_records: 10_000,
            group_buffer_kilobytes: 16 * 1024,
            signals_retention_minutes: 10,
            query_timeout_ms: 5_000,
            readers: 8,
            security: Security::default(),
            properties: BTreeMap::new(),
        }
    }
}

/// The most partitions a log may have.
const MAX_PARTITIONS: u16 = 1_024;

impl Config {
    /// Says what can't work before anything is asked of Kafka.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::Misconfigured(format!("kafka.{what}")));
        if self.brokers.trim().is_empty() {
            return wrong("brokers is empty: give one or more host:port, comma-separated");
        }
        if self.prefix.is_empty() {
            return wrong("prefix is empty: it is the first half of every topic's name");
        }
        if !(1..=MAX_PARTITIONS).contains(&self.partitions) {
            return wrong("partitions must be 1 to 1024");
        }
        if self.replication == 0 || self.readers == 0 || self.group_buffer_records == 0 {
            return wrong("replication, kafka.readers and kafka.group_buffer_records must be at least 1");
        }
        if self.signals_retention_minutes < 5 {
            return wrong(
                "signals_retention_minutes must be at least 5: presence is told every 30 s and kept for 75 s",
            );
        }
        self.security.check()
    }

    /// What a topic is called.
    #[must_use]
    pub fn topic_name(&self, topic: Topic) -> String {
        format!("{}.{}", self.prefix, topic.suffix())
    }

    pub(super) fn query_timeout(&self) -> Duration {
        Duration::from_millis(self.query_timeout_ms.into())
    }

    /// A producer that writes each record once, in order, on every replica in sync; unless some time out: what was under
    /// way beside them is sent again under a new sequence, by which the broker does not know it.
    pub(super) fn producer(&self) -> Result<ClientConfig, Error> {
        self.client(&[
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("compression.type", "lz4"),
            ("linger.ms", &self.linger_ms.to_string()),
            ("delivery.timeout.ms", &self.delivery_timeout_ms.to_string()),
            ("queue.buffering.max.messages", &self.queue_max_messages.to_string()),
            ("queue.buffering.max.kbytes", &self.queue_max_kilobytes.to_string()),
            // A broker that is back is found at once, not after the default's ten seconds.
            ("reconnect.backoff.max.ms", "1000"),
        ])
    }

    /// What all readers share: they begin where they are told, and say so when that can't be.
    fn consumer(&self, more: &[(&str, &str)]) -> Result<ClientConfig, Error> {
        let mut all = vec![
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("isolation.level", "read_uncommitted"),
            ("reconnect.backoff.max.ms", "1000"),
        ];
        all.extend_from_slice(more);
        self.client(&all)
    }

    /// A reader of the live end: each record at once. Without a group, but the library asks for a name. A partition that
    /// is added waits for the fetch under way, `wait` ms at most.
    pub(super) fn tail(&self, wait_ms: u32) -> Result<ClientConfig, Error> {
        self.consumer(&[
            ("group.id", &format!("{}-tail", self.prefix)),
            ("enable.partition.eof", "true"),
            ("fetch.min.bytes", "1"),
            ("fetch.wait.max.ms", &wait_ms.to_string()),
            ("fetch.error.backoff.ms", "100"),
            ("fetch.queue.backoff.ms", "5"),
        ])
    }

    /// A reader of a bounded part; it reads ahead little, for what is over is thrown away.
    pub(super) fn range(&self) -> Result<ClientConfig, Error> {
        self.consumer(&[
            ("group.id", &format!("{}-range", self.prefix)),
            ("enable.partition.eof", "true"),
            ("fetch.min.bytes", "1"),
            ("fetch.wait.max.ms", "10"),
            ("fetch.error.backoff.ms", "100"),
            ("fetch.queue.backoff.ms", "5"),
            ("queued.max.messages.kbytes", "4096"),
        ])
    }

    /// A client for questions.
    pub(super) fn query(&self) -> Result<ClientConfig, Error> {
        self.consumer(&[])
    }

    /// The half of a group's member that takes part in the group, and never fetches.
    pub(super) fn member(&self, group: &str) -> Result<ClientConfig, Error> {
        self.consumer(&[
            ("group.id", group),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("session.timeout.ms", &self.session_timeout_ms.to_string()),
            ("heartbeat.interval.ms", &(self.session_timeout_ms / 4).to_string()),
        ])
    }

    fn client(&self, own: &[(&str, &str)]) -> Result<ClientConfig, Error> {
        let mut client = ClientConfig::new();
        for (key, value) in &self.properties {
            client.set(key, value);
        }
        let security = self.security.properties();
        let set = [("bootstrap.servers", self.brokers.as_str()), ("client.id", "roomlog")]
            .into_iter()
            .chain(own.iter().copied())
            .chain(security.iter().map(|(key, value)| (*key, value.as_str())));
        for (key, value) in set {
            if self.properties.contains_key(key) {
                return Err(Error::Misconfigured(format!(
                    "kafka.properties may not have {key}: Roomlog sets it itself"
                )));
            }
            client.set(key, value);
        }
        Ok(client)
    }
}

/// The full names of the topics, and back.
#[derive(Clone, Debug)]
pub(super) struct Names([String; 4]);

impl Names {
    pub(super) fn new(config: &Config) -> Self {
        Self(Topic::ALL.map(|topic| config.topic_name(topic)))
    }

    pub(super) fn of(&self, topic: Topic) -> &str {
        &self.0[topic as usize]
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| self.of(*topic).as_bytes() == name)
    }
}
