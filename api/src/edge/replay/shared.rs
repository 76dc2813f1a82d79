//! What all replays of an edge share: places, readers, threads, and a budget of bytes.
//!
//! What must hold: each of them is bounded; a place is given back with the replay that had it.

use super::shelf::{Limits, Shelf};
use crate::edge::core::Core;
use crate::edge::{Config, Parts, metrics};
use crate::error::{Error, Name};
use engine::domain::UserId;
use engine::log::RangeLimits;
use engine::travel;
use engine::workers::Workers;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// When to come back when too many replays are under way.
const BUSY_RETRY_MS: u64 = 1_000;
/// How far the threads that replay stand back.
const NICENESS: i32 = 19;

/// What all replays of an edge share.
pub(in crate::edge) struct Replays {
    pub(super) shelf: Arc<Shelf>,
    workers: Workers,
    quiet: Budget,
    busy: Budget,
    places: Arc<Semaphore>,
    people: Mutex<FxHashMap<UserId, usize>>,
    per_person: usize,
    /// For the state that a replay begins with: without history as much of the log is read as it takes, for nothing else
    /// can tell.
    pub(super) travel: travel::Config,
}

impl Replays {
    /// # Errors
    /// When the system gives no thread.
    pub(in crate::edge) fn new(config: &Config, parts: &Parts) -> std::io::Result<Self> {
        let at_once = config.replays.max(1);
        let readers = config.replay_readers.max(1);
        let limits = Limits {
            readers,
            kept_bytes: config.replay_kept_bytes / readers,
        };
        let records = config.replay_chunk_records.max(1);
        Ok(Self {
            shelf: Arc::new(Shelf::new(parts.log.clone(), limits)),
            // Each replay has at most one piece of work under way.
            workers: Workers::start("replay", config.replay_threads.max(1), at_once, NICENESS)?,
            quiet: Budget::new(config.replay_bytes_per_second, config.replay_chunk_bytes, records),
            busy: Budget::new(
                config.replay_busy_bytes_per_second,
                config.replay_busy_chunk_bytes,
                records,
            ),
            places: Arc::new(Semaphore::new(at_once)),
            people: Mutex::default(),
            per_person: config.replays_per_person.max(1),
            travel: travel::Config {
                log_records: u64::MAX,
                ..parts.travel.clone()
            },
        })
    }

    /// What may be read now: little while people chat here.
    pub(super) fn budget(&self, core: &Core) -> &Budget {
        if core.is_lively() { &self.busy } else { &self.quiet }
    }

    /// Does a piece of work behind everything else.
    pub(super) async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        let given = self.workers.give(Box::new(move || {
            // Whoever waited may be gone.
            let _ = tell.send(job());
        }));
        let lost = || Error::new(Name::Overloaded, "too many replays are under way").retry_after_ms(BUSY_RETRY_MS);
        if !given {
            return Err(lost());
        }
        told.await.map_err(|_| lost())
    }
}

/// How much all replays of an edge may read.
pub(super) struct Budget {
    /// `None`: as much as they can.
    rate: Option<DefaultDirectRateLimiter>,
    burst: NonZeroU32,
    /// What is read at once.
    pub(super) chunk: RangeLimits,
}

impl Budget {
    fn new(bytes_per_second: u32, chunk_bytes: u32, chunk_records: usize) -> Self {
        // Never less than what is charged in one piece.
        let burst = NonZeroU32::new(bytes_per_second.max(chunk_bytes)).unwrap_or(NonZeroU32::MIN);
        let quota = |rate| Quota::per_second(rate).allow_burst(burst);
        Self {
            rate: NonZeroU32::new(bytes_per_second).map(|rate| RateLimiter::direct(quota(rate))),
            burst,
            chunk: RangeLimits {
                max_records: chunk_records,
                max_bytes: usize::try_from(chunk_bytes.max(1)).unwrap_or(usize::MAX),
            },
        }
    }

    /// Waits until so many bytes may be read.
    pub(super) async fn afford(&self, bytes: usize) {
        let bytes = NonZeroU32::new(u32::try_from(bytes).unwrap_or(u32::MAX));
        if let (Some(rate), Some(bytes)) = (&self.rate, bytes) {
            // More than the burst is never asked for, so it can always be had.
            let _ = rate.until_n_ready(bytes.min(self.burst)).await;
        }
    }
}

/// One replay's right to be under way.
pub(super) struct Place {
    core: Arc<Core>,
    user: UserId,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(super) fn take(core: &Arc<Core>, user: UserId) -> Result<Self, Error> {
        let replays = &core.replays;
        let permit = replays.places.clone().try_acquire_owned().map_err(|_| {
            let error = Error::new(Name::Overloaded, "this edge has as many replays under way as it may");
            error.retry_after_ms(BUSY_RETRY_MS)
        })?;
        let mut people = replays.people.lock();
        let theirs = people.entry(user).or_default();
        if *theirs >= replays.per_person {
            let most = replays.per_person;
            let error = Error::new(
                Name::RateLimited,
                format!("you have {most} replays under way: end one, or wait for it"),
            );
            return Err(error.retry_after_ms(BUSY_RETRY_MS));
        }
        *theirs += 1;
        metrics::replays(1);
        Ok(Self {
            core: core.clone(),
            user,
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::replays(-1);
        let mut people = self.core.replays.people.lock();
        if let Some(theirs) = people.get_mut(&self.user) {
            *theirs -= 1;
            if *theirs == 0 {
                people.remove(&self.user);
            }
        }
    }
}
