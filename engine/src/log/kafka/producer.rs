//! Appending: one idempotent producer, its reports answered from the library's own thread.
//!
//! What must hold: every append is answered once, within the delivery timeout and a second; `Unavailable` is said only
//! of records that are surely not on the log: those that the library never took. Of what it took and could not deliver
//! nobody knows: the library's own word, "not persisted", rests on answers such as "not the leader", which a broker that
//! is stopping gives of records that it has written. A producer that the broker has fenced or that lost track of its
//! sequence is replaced by a new one.

use super::comeback::Comeback;
use super::security::is_denied;
use crate::domain::{Offset, Partition, Position, Timestamp};
use crate::log::metrics::InFlight;
use crate::log::{Error, Outgoing, metrics};
use parking_lot::{Mutex, RwLock};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A producer that died is replaced at most this often.
const REPLACE_EVERY: Duration = Duration::from_secs(1);
/// How long the library's reports are waited for at once, and so how long a producer takes to end. The wrapper's own
/// thread does so for 100 ms, the last of which, always, it spins.
const POLL: Duration = Duration::from_millis(500);

pub(super) struct Producer {
    config: ClientConfig,
    brokers: String,
    /// How long [`Producer::close`] waits for what is under way.
    patience: Duration,
    /// `None` once closed.
    lane: RwLock<Option<Lane>>,
    /// Ends the producer that was replaced last, off the runtime's threads.
    retired: Mutex<Option<JoinHandle<()>>>,
}

struct Lane {
    producer: Arc<BaseProducer<Reports>>,
    /// Takes the library's reports, as long as the lane is there.
    polling: Option<JoinHandle<()>>,
    ended: Arc<AtomicBool>,
    fatal: Arc<AtomicBool>,
    since: Instant,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(polling) = self.polling.take()
            && polling.join().is_err()
        {
            tracing::error!("taking the producer's reports failed");
        }
    }
}

/// Takes the library's reports to those who wait for them.
struct Reports {
    fatal: Arc<AtomicBool>,
    /// Whether the broker said that this user may write nothing at all, which an idempotent producer asks first; until a
    /// record lands.
    denied: AtomicBool,
    /// When it was said last that something is wrong, until a record lands.
    told: Mutex<Option<Instant>>,
    comeback: Mutex<Comeback>,
}

/// One append under way.
struct Pending {
    answer: oneshot::Sender<Result<Position, Error>>,
    since: Instant,
    _in_flight: InFlight,
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        let fatal = code == Some(RDKafkaErrorCode::Fatal);
        if code.is_some_and(is_denied) {
            self.denied.store(true, Ordering::Release);
        }
        if fatal {
            self.fatal.store(true, Ordering::Release);
        }
        if let Some(code) = code {
            self.comeback.lock().failed(code, Instant::now());
        }
        let mut told = self.told.lock();
        if told.is_none_or(|told| told.elapsed() >= super::TELL_AGAIN) || fatal {
            *told = Some(Instant::now());
            tracing::warn!(%error, reason, "the log's producer can't go on for now");
        }
    }
}

impl Reports {
    /// What is not answered may have landed, whatever was said meanwhile.
    fn unknown(&self, text: String) -> Error {
        Error::Unknown(match self.denied.load(Ordering::Acquire) {
            true => format!("{text}; Kafka does not let this user write"),
            false => text,
        })
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Self::DeliveryOpaque) {
        let answer = match result {
            Ok(message) => {
                *self.told.lock() = None;
                self.comeback.lock().found();
                self.denied.store(false, Ordering::Release);
                landed(message.partition(), message.offset(), message.timestamp())
            }
            Err((error, _)) => Err(failed(error, |text| self.unknown(text))),
        };
        metrics::appended(&answer, pending.since.elapsed());
        // Whoever asked may have gone; the record is on the log all the same.
        let _ = pending.answer.send(answer);
    }
}

fn landed(partition: i32, offset: i64, timestamp: rdkafka::Timestamp) -> Result<Position, Error> {
    // A duplicate that the broker recognised is on the log, at an offset it does not tell.
    match (u16::try_from(partition), u64::try_from(offset), timestamp) {
        (Ok(partition), Ok(offset), rdkafka::Timestamp::LogAppendTime(millis)) => Ok(Position {
            partition: Partition::new(partition),
            offset: Offset::new(offset),
            appended_at: Timestamp::from_millis(millis),
        }),
        _ => Err(Error::Unknown(
            "the broker took it and did not say where or when".into(),
        )),
    }
}

/// What an error says; `otherwise` where it does not say what became of the record.
fn failed(error: &KafkaError, otherwise: impl FnOnce(String) -> Error) -> Error {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::InvalidRecord) => {
            Error::Refused(error.to_string())
        }
        Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
            Error::Misconfigured(format!("this user may not write to the log: {error}"))
        }
        _ => otherwise(error.to_string()),
    }
}

impl Producer {
    pub(super) fn new(config: ClientConfig, brokers: &str, patience: Duration) -> Result<Self, Error> {
        let lane = Lane::new(&config, brokers)?;
        Ok(Self {
            config,
            brokers: brokers.to_owned(),
            patience,
            lane: RwLock::new(Some(lane)),
            retired: Mutex::new(None),
        })
    }

    pub(super) async fn append(&self, topic: &str, outgoing: Outgoing) -> Result<Position, Error> {
        let answer = match self.hand_over(topic, &outgoing) {
            Err(error) if self.replaced() => {
                tracing::warn!(%error, "the log's producer had died: a new one takes over");
                self.hand_over(topic, &outgoing)
            }
            other => other,
        };
        match answer {
            Ok(answer) => answer
                .await
                .unwrap_or_else(|_| Err(Error::Unknown("the producer ended without an answer".into()))),
            Err(error) => {
                metrics::append_refused(&error);
                Err(error)
            }
        }
    }

    /// Puts the record into the producer's queue; never blocks.
    fn hand_over(&self, topic: &str, outgoing: &Outgoing) -> Result<oneshot::Receiver<Result<Position, Error>>, Error> {
        let lane = self.lane.read();
        let lane = lane.as_ref().ok_or_else(closed)?;
        if lane.fatal.load(Ordering::Acquire) {
            return Err(Error::Unavailable("the producer has died".into()));
        }
        let (sender, answer) = oneshot::channel();
        let pending = Box::new(Pending {
            answer: sender,
            since: Instant::now(),
            _in_flight: InFlight::begin(),
        });
        let mut record =
            BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, pending).partition(outgoing.partition.get().into());
        if let Some(key) = &outgoing.key {
            record = record.key(key);
        }
        if let Some(value) = &outgoing.value {
            record = record.payload(value);
        }
        if !outgoing.headers.is_empty() {
            record = record.headers(headers(&outgoing.headers));
        }
        match lane.producer.send(record) {
            Ok(()) => Ok(answer),
            // Nothing of it is in the queue.
            Err((error, _)) => Err(failed(&error, Error::Unavailable)),
        }
    }

    /// Whether a producer that can't go on was replaced, by us or by another append.
    fn replaced(&self) -> bool {
        let mut slot = self.lane.write();
        let Some(lane) = slot.as_ref() else { return false };
        if !lane.fatal.load(Ordering::Acquire) && lane.producer.client().fatal_error().is_none() {
            return false;
        }
        if lane.since.elapsed() < REPLACE_EVERY {
            return false;
        }
        let fresh = match Lane::new(&self.config, &self.brokers) {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::error!(%error, "no new producer for the log");
                return false;
            }
        };
        let old = slot.replace(fresh);
        metrics::producer_replaced();
        // Dropping a producer answers what it still holds and waits for its thread.
        let ended = std::thread::Builder::new()
            .name("log-producer-end".into())
            .spawn(move || drop(old));
        let before = match ended {
            Ok(thread) => self.retired.lock().replace(thread),
            Err(_) => None,
        };
        drop(before); // It began a second or more ago and lasts less.
        true
    }

    /// Refuses what comes from now on, and waits until all before is answered.
    pub(super) async fn close(self: Arc<Self>) {
        let lane = self.lane.write().take();
        let retired = self.retired.lock().take();
        let patience = self.patience;
        let ended = tokio::task::spawn_blocking(move || {
            if let Some(lane) = lane
                && let Err(error) = lane.producer.flush(patience)
            {
                tracing::warn!(%error, "not every append was answered before the log closed");
            }
            if let Some(thread) = retired {
                let _ = thread.join();
            }
        });
        if ended.await.is_err() {
            tracing::error!("closing the log's producer failed");
        }
    }
}

impl Lane {
    fn new(config: &ClientConfig, brokers: &str) -> Result<Self, Error> {
        let fatal = Arc::new(AtomicBool::new(false));
        let reports = Reports {
            denied: AtomicBool::new(false),
            fatal: fatal.clone(),
            told: Mutex::default(),
            comeback: Mutex::default(),
        };
        let producer: BaseProducer<Reports> = config
            .create_with_context(reports)
            .map_err(|error| Error::Misconfigured(format!("no producer for the log: {error}")))?;
        let (producer, ended) = (Arc::new(producer), Arc::new(AtomicBool::new(false)));
        let (polled, over, brokers) = (producer.clone(), ended.clone(), brokers.to_owned());
        let polling = std::thread::Builder::new().name("log-reports".into()).spawn(move || {
            while !over.load(Ordering::Acquire) {
                polled.poll(POLL);
                polled
                    .client()
                    .context()
                    .comeback
                    .lock()
                    .help(polled.client(), &brokers);
            }
        });
        let polling = polling.map_err(|error| Error::Unavailable(format!("no thread for the producer: {error}")))?;
        Ok(Self {
            producer,
            polling: Some(polling),
            ended,
            fatal,
            since: Instant::now(),
        })
    }
}

fn headers(pairs: &[(&'static str, bytes::Bytes)]) -> OwnedHeaders {
    pairs
        .iter()
        .fold(OwnedHeaders::new_with_capacity(pairs.len()), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(&value[..]),
            })
        })
}

fn closed() -> Error {
    Error::Unavailable("it is closed".into())
}
