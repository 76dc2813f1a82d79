//! The log's life, watched: whether the topic of events is still the one that was opened.
//!
//! The library goes on by itself in a topic that was made anew under the same name, and only stumbles when that is
//! shorter than where it stood. So a thread asks for the topic's id all the time, and whoever reads asks before the
//! first record, and again before the first after a failure. Once a life has ended, it stays so for this process.

use super::{Shared, native, topics};
use crate::domain::Epoch;
use crate::log::metrics::{self, Health};
use crate::log::{Error, Topic};
use rdkafka::consumer::Consumer as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the topic's id is asked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// And after so many of those questions it is asked how the topics' partitions do.
const LOOKS_A_HEALTH: u32 = 10;

/// And after so many of them, where the topics end.
const LOOKS_AN_END: u32 = 5;

/// The life that was opened, and the one that came after it, if one did.
pub(super) struct Life {
    pub(super) epoch: Epoch,
    next: OnceLock<Epoch>,
    /// Whether nobody answered when it was asked for last.
    away: AtomicBool,
}

impl Life {
    pub(super) fn of(epoch: Epoch) -> Self {
        Self {
            epoch,
            next: OnceLock::new(),
            away: AtomicBool::new(false),
        }
    }
}

impl Shared {
    /// Whether this log's life goes on, as far as is known; nobody is asked.
    ///
    /// # Errors
    /// [`Error::Misconfigured`]: the topic was made anew.
    pub(super) fn alive(&self) -> Result<(), Error> {
        match self.life.next.get() {
            None => Ok(()),
            Some(next) => Err(self.over(&next.to_string())),
        }
    }

    /// The same, asked of Kafka. Blocks.
    ///
    /// # Errors
    /// As [`Shared::alive`]; also when there is no such topic, which may be a broker's that has just started; and
    /// [`Error::Unavailable`] when nobody answers.
    pub(super) fn look_alive(&self) -> Result<(), Error> {
        self.alive()?;
        let events = self.names.of(Topic::Events);
        match self.ask_epoch(events)? {
            Some(epoch) if epoch == self.life.epoch => Ok(()),
            Some(other) => {
                let _ = self.life.next.set(other);
                tracing::error!(topic = events, epoch = %self.life.epoch, %other, "the log was made anew: its life is over");
                self.alive()
            }
            None => Err(self.over("gone")),
        }
    }

    /// The epoch as Kafka has it now. While no broker is there, the library connects thousands of times a second for a
    /// question about a topic's id, but not for one about its metadata: so after a failure that is asked first.
    fn ask_epoch(&self, events: &str) -> Result<Option<Epoch>, Error> {
        let (client, timeout) = (self.query().client(), self.config.query_timeout());
        if self.life.away.load(Ordering::Relaxed) {
            client
                .fetch_metadata(Some(events), timeout)
                .map_err(super::unavailable)?;
        }
        let answer = topics::epoch(client, events, timeout);
        self.life.away.store(answer.is_err(), Ordering::Relaxed);
        answer
    }

    /// Whether records that came can be of this life: asks until it is known, or `stopped`.
    pub(super) fn surely_alive(&self, stopped: impl Fn() -> bool) -> bool {
        let mut told = Instant::now();
        while !stopped() {
            match self.look_alive() {
                Ok(()) => return true,
                Err(_) if self.alive().is_err() => return false,
                Err(error) => {
                    if told.elapsed() >= super::TELL_AGAIN {
                        told = Instant::now();
                        tracing::warn!(%error, "reading waits until Kafka says whether the log is still the one it was");
                    }
                    std::thread::sleep(super::LOOK_AGAIN);
                }
            }
        }
        false
    }

    /// Tells how the partitions of every topic do; nothing of them is known while Kafka is away. Blocks.
    fn look_healthy(&self, there: bool) {
        for topic in Topic::ALL {
            let asked = there.then(|| self.ask_health(topic)).flatten();
            metrics::health(topic, asked.unwrap_or_default());
        }
    }

    fn ask_health(&self, topic: Topic) -> Option<Health> {
        let (client, timeout) = (self.query().client(), self.config.query_timeout());
        let metadata = client.fetch_metadata(Some(self.names.of(topic)), timeout).ok()?;
        let mut health = Health::default();
        for partition in metadata.topics().first()?.partitions() {
            health.leaderless += u32::from(partition.leader() < 0);
            health.under_replicated += u32::from(partition.isr().len() < partition.replicas().len());
        }
        Some(health)
    }

    fn over(&self, now: &str) -> Error {
        Error::Misconfigured(format!(
            "topic {} was {} when this process started and is {now} now: restart it",
            self.names.of(Topic::Events),
            self.life.epoch
        ))
    }
}

/// The thread that asks; it ends when this is dropped.
pub(super) struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self, Error> {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new().name("log-life".into()).spawn(move || {
            let mut looks = 0;
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) && shared.alive().is_ok() {
                // Who is away is told by those that read and write; here only another life counts.
                let there = shared.look_alive().is_ok();
                if !there {
                    native::bootstrap_again(shared.query().client(), &shared.config.brokers);
                }
                if looks == 0 || !there {
                    shared.look_healthy(there);
                }
                if there && looks % LOOKS_AN_END == 0 {
                    shared.look_at_ends();
                }
                looks = (looks + 1) % LOOKS_A_HEALTH;
            }
        });
        let thread = thread.map_err(|error| Error::Unavailable(format!("no thread for the log's life: {error}")))?;
        Ok(Self { stop, thread })
    }

    /// Ends it and waits. Blocks, while Kafka is away as long as a question may take.
    pub(super) fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("watching the log's life failed");
        }
    }
}
