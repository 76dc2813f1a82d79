//! The live end: a thread of its own that polls assigned partitions and hands borrowed records to the handler.
//!
//! What must hold: no record twice, none skipped, none of another life of the log; a start that the log does not hold is
//! told, never replaced in silence. The library itself reconnects and goes on after a broker's restart; where it does not, a
//! new client does.

use super::comeback::Comeback;
use super::native::{Consumer, Event, Seen};
use super::stalls::{self, Place, Retired, Stalls};
use super::{Shared, unavailable};
use crate::clock;
use crate::domain::{Offset, Partition, Timestamp};
use crate::log::{Error, Handler, Tail, Topic, metrics};
use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset as KafkaOffset, TopicPartitionList};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How soon a tail without records sees that it was stopped.
const POLL: Duration = Duration::from_millis(50);
/// How long the broker holds a fetch that finds nothing.
const FETCH_WAIT_MS: u32 = 500;
/// How often the lag is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Handle {
    stop: Arc<AtomicBool>,
    ended: oneshot::Receiver<()>,
}

#[async_trait]
impl Tail for Handle {
    async fn stop(mut self: Box<Self>) {
        self.stop.store(true, Ordering::Release);
        // An error says that the thread is gone: as good.
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

pub(super) fn start(
    shared: Arc<Shared>,
    starts: &[(Topic, Partition, Offset)],
    handler: Box<dyn Handler>,
) -> Result<Handle, Error> {
    run(Reader::new(shared, starts, handler)?)
}

pub(super) fn run(mut reader: Reader) -> Result<Handle, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, ended) = oneshot::channel::<()>();
    let stopped = stop.clone();
    std::thread::Builder::new()
        .name("log-tail".into())
        .spawn(move || {
            reader.run(&stopped);
            drop(reader);
            drop(sender);
        })
        .map_err(|error| Error::Unavailable(format!("no thread for a tail: {error}")))?;
    Ok(Handle { stop, ended })
}

pub(super) struct Reader {
    shared: Arc<Shared>,
    pub(super) consumer: Consumer,
    /// How far each partition was read.
    next: Places,
    handler: Box<dyn Handler>,
    /// When it was said last that reading fails, until a record comes: not at every try.
    failing: Option<Instant>,
    /// Whether the next record may be of another life of the log: it is the first, or the first after a failure.
    doubt: bool,
    comeback: Comeback,
    stalls: Stalls,
    retired: Retired,
}

type Places = FxHashMap<Place, Next>;

/// How far a partition was read.
#[derive(Clone, Copy, Default)]
struct Next {
    offset: Offset,
    /// When the record before it was appended, once there was one.
    read: Option<Timestamp>,
    /// Whether the log does not hold what comes next.
    lost: bool,
}

impl Next {
    const fn at(offset: Offset) -> Self {
        Self {
            offset,
            read: None,
            lost: false,
        }
    }
}

/// What a look at an event asks of its reader.
enum Need {
    Nothing,
    Doubt,
    Restart(Topic, Partition),
}

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        starts: &[(Topic, Partition, Offset)],
        handler: Box<dyn Handler>,
    ) -> Result<Self, Error> {
        let next: Places = starts
            .iter()
            .map(|&(topic, partition, offset)| ((topic, partition), Next::at(offset)))
            .collect();
        Ok(Self {
            consumer: consumer(&shared, &next)?,
            shared,
            next,
            handler,
            failing: None,
            doubt: true,
            comeback: Comeback::default(),
            stalls: Stalls::default(),
            retired: Retired::default(),
        })
    }

    fn run(&mut self, stop: &AtomicBool) {
        let stopped = || stop.load(Ordering::Acquire);
        let mut measured = Instant::now();
        while !stopped() {
            let mut event = self.consumer.poll(POLL);
            if event.is_none() {
                self.stalls.nothing_came();
            }
            if self.doubt && event.as_ref().is_some_and(Event::is_of_the_log) {
                self.doubt = !self.shared.surely_alive(stopped);
            }
            if let Err(error) = self.shared.alive() {
                drop(event);
                return self.over(&error);
            }
            let need = match event.as_mut().filter(|_| !stopped()) {
                Some(event) => take(
                    event,
                    &self.shared,
                    &mut self.next,
                    &mut *self.handler,
                    (&mut self.failing, &mut self.comeback),
                ),
                None => Need::Nothing,
            };
            drop(event);
            match need {
                Need::Nothing => {}
                Need::Doubt => self.doubt = true,
                Need::Restart(topic, partition) => self.lost(topic, partition),
            }
            if measured.elapsed() >= MEASURE_EVERY {
                measured = Instant::now();
                self.measure();
                self.comeback
                    .help(self.consumer.inner().client(), &self.shared.config.brokers);
                self.go_on();
            }
        }
    }

    /// The log was made anew: nothing of it is for this reader.
    fn over(&mut self, error: &Error) {
        for &(topic, partition) in self.next.keys() {
            metrics::tail_lost();
            self.handler.on_lost(topic, partition, error);
        }
    }

    fn measure(&self) {
        let (mut lags, now) = (FxHashMap::<_, metrics::Lag>::default(), clock::now());
        for (&(topic, partition), next) in &self.next {
            let known = self.consumer.known_end(self.shared.names.of(topic), partition);
            let end = known.max(self.shared.ends.of((topic, partition)));
            let left = end.map_or(0, |end| end.get().saturating_sub(next.offset.get()));
            lags.entry(topic).or_default().add(left, next.read, now);
        }
        for (topic, lag) in lags {
            metrics::tail_lag(topic, lag);
        }
    }

    /// Begins anew where it stands still.
    fn go_on(&mut self) {
        let stands = self.next.iter().filter(|(_, next)| !next.lost);
        let stalled = self
            .stalls
            .look(&self.shared.ends, stands.map(|(place, next)| (*place, next.offset)));
        if stalled.is_empty() {
            return;
        }
        stalls::told("tail", &stalled);
        match consumer(&self.shared, &self.next) {
            Ok(fresh) => {
                self.doubt = true;
                self.retired.take(std::mem::replace(&mut self.consumer, fresh));
            }
            Err(error) => tracing::error!(%error, "the tail could not be begun anew"),
        }
    }

    /// The log does not hold what comes next: for signals that is the retention's doing, else the log's life is over.
    fn lost(&mut self, topic: Topic, partition: Partition) {
        let offset = self.next[&(topic, partition)].offset;
        let name = self.shared.names.of(topic);
        let client = self.consumer.inner();
        let found = client.fetch_watermarks(name, partition.get().into(), self.shared.config.query_timeout());
        let Ok((low, high)) = found else {
            // Whether it is so nobody says now. Asked again, Kafka will.
            self.doubt = true;
            return self.restart(name, partition, offset.get());
        };
        let (low, high) = (low.cast_unsigned(), high.cast_unsigned());
        metrics::tail_lost();
        if topic == Topic::Signals {
            tracing::info!(topic = name, %partition, %offset, low, "signals too old to be kept are passed over");
            self.restart(name, partition, low);
            self.next.insert((topic, partition), Next::at(Offset::new(low)));
            return;
        }
        let error = Error::OutOfRange {
            partition,
            offset,
            low: Offset::new(low),
            high: Offset::new(high),
        };
        tracing::error!(topic = name, %error, "the log does not hold what comes next: its tail stops here");
        self.next.entry((topic, partition)).or_default().lost = true;
        self.handler.on_lost(topic, partition, &error);
    }

    fn restart(&self, name: &str, partition: Partition, from: u64) {
        if let Err(error) = self.assign_anew(name, partition, from) {
            tracing::error!(topic = name, %partition, %error, "the tail could not go on");
        }
    }

    fn assign_anew(&self, name: &str, partition: Partition, from: u64) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        let offset = KafkaOffset::Offset(from.cast_signed());
        list.add_partition_offset(name, partition.get().into(), offset)?;
        self.consumer.inner().incremental_unassign(&list)?;
        self.consumer.inner().incremental_assign(&list)
    }
}

/// A client that reads on from there.
fn consumer(shared: &Shared, from: &Places) -> Result<Consumer, Error> {
    let consumer: BaseConsumer = shared
        .config
        .tail(FETCH_WAIT_MS)?
        .create()
        .map_err(super::misconfigured)?;
    let mut list = TopicPartitionList::new();
    for (&(topic, partition), next) in from.iter().filter(|(_, next)| !next.lost) {
        let (name, offset) = (shared.names.of(topic), super::start_offset(next.offset));
        list.add_partition_offset(name, partition.get().into(), offset)
            .map_err(unavailable)?;
    }
    consumer.assign(&list).map_err(unavailable)?;
    Consumer::new(consumer).map_err(unavailable)
}

fn take(
    event: &mut Event<'_>,
    shared: &Shared,
    next: &mut Places,
    handler: &mut dyn Handler,
    (failing, comeback): (&mut Option<Instant>, &mut Comeback),
) -> Need {
    match event.look() {
        Seen::Record { topic, record } => {
            let Some(topic) = shared.names.find(topic) else {
                return Need::Nothing;
            };
            let expected = next.entry((topic, record.position.partition)).or_default();
            if record.position.offset >= expected.offset {
                *expected = Next {
                    offset: record.position.offset.next(),
                    read: Some(record.position.appended_at),
                    lost: false,
                };
                *failing = None;
                comeback.found();
                handler.on_record(topic, record);
            }
        }
        Seen::End {
            topic,
            partition,
            next: end,
        } => {
            if let Some(topic) = shared.names.find(topic.as_bytes()) {
                let expected = next.entry((topic, partition)).or_default();
                expected.offset = end.max(expected.offset);
                handler.on_end(topic, partition, expected.offset);
            }
        }
        Seen::Failed {
            place,
            code,
            text,
            fatal,
        } => {
            let place = place.and_then(|(topic, partition)| Some((shared.names.find(topic.as_bytes())?, partition)));
            if let (true, Some((topic, partition))) = (super::offset_is_gone(code), place) {
                return Need::Restart(topic, partition);
            }
            metrics::read_failed();
            comeback.failed(code, Instant::now());
            if failing.is_none_or(|told| told.elapsed() >= super::TELL_AGAIN) || fatal {
                *failing = Some(Instant::now());
                tracing::warn!(?place, ?code, text, fatal, "reading the log's end fails for now");
            }
            return Need::Doubt;
        }
        Seen::Assigned(_) | Seen::Revoked(_) | Seen::Other => {}
    }
    Need::Nothing
}
