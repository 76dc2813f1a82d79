//! How often one may ask: a rate and a burst for each address, person and room (GCRA, by the crate governor).
//!
//! What must hold: whoever is refused is told when to come back; what is remembered is bounded. Each edge counts for
//! itself.

use crate::error::{Error, Name};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// After so many questions it is looked whether too much is remembered.
const LOOK_AFTER: u32 = 256;

/// See `[limits]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Config {
    pub address_per_second: u32,
    pub address_burst: u32,
    pub person_per_second: u32,
    pub person_burst: u32,
    pub room_per_second: u32,
    pub room_burst: u32,
    pub remembered: usize,
    pub refusals_before_close: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address_per_second: 200,
            address_burst: 2_000,
            person_per_second: 20,
            person_burst: 200,
            room_per_second: 2_000,
            room_burst: 10_000,
            remembered: 100_000,
            refusals_before_close: 100,
        }
    }
}

impl Config {
    /// Requests of each address, by [`engine::people::attempts::network_of`].
    #[must_use]
    pub fn addresses(&self) -> Limiter<IpAddr> {
        Limiter::new(
            "this address",
            self.address_per_second,
            self.address_burst,
            self.remembered,
        )
    }

    /// What each person asks, by either door.
    #[must_use]
    pub fn people<K: Hash + Eq + Clone>(&self) -> Limiter<K> {
        Limiter::new("you", self.person_per_second, self.person_burst, self.remembered)
    }

    /// What each room is written.
    #[must_use]
    pub fn rooms<K: Hash + Eq + Clone>(&self) -> Limiter<K> {
        Limiter::new("this room", self.room_per_second, self.room_burst, self.remembered)
    }
}

/// Counts by key.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone> {
    /// Whom it is about, for the message.
    whom: &'static str,
    /// `None`: without limit.
    rates: Option<DefaultKeyedRateLimiter<Option<K>>>,
    remembered: usize,
    asked: AtomicU32,
    /// No more keys are taken up: all new ones count together.
    full: AtomicBool,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(whom: &'static str, per_second: u32, burst: u32, remembered: usize) -> Self {
        let quota = NonZeroU32::new(per_second).map(|per_second| {
            let burst = NonZeroU32::new(burst).unwrap_or(per_second);
            Quota::per_second(per_second).allow_burst(burst)
        });
        Self {
            whom,
            rates: quota.map(RateLimiter::keyed),
            remembered,
            asked: AtomicU32::new(0),
            full: AtomicBool::new(false),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which one more is let through.
    pub fn check(&self, key: K) -> Result<(), Error> {
        let Some(rates) = &self.rates else { return Ok(()) };
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_AFTER) {
            self.look(rates);
        }
        let key = (!self.full.load(Ordering::Relaxed)).then_some(key);
        rates.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
            Error::new(Name::RateLimited, format!("too much at once from {}", self.whom)).retry_after_ms(millis)
        })
    }

    /// Forgets who has been quiet for long enough, where too many are remembered.
    fn look(&self, rates: &DefaultKeyedRateLimiter<Option<K>>) {
        if rates.len() > self.remembered {
            rates.retain_recent();
            rates.shrink_to_fit();
        }
        self.full.store(rates.len() > self.remembered, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, LOOK_AFTER};
    use crate::error::Name;

    fn config(per_second: u32, burst: u32, remembered: usize) -> Config {
        Config {
            person_per_second: per_second,
            person_burst: burst,
            remembered,
            ..Config::default()
        }
    }

    #[test]
    fn a_burst_passes_and_then_one_is_told_when_to_come_back() {
        let limiter = config(1, 3, 10).people();
        assert!((0..3).all(|_| limiter.check("ann").is_ok()));
        let error = limiter.check("ann").expect_err("one too many");
        assert_eq!(error.name, Name::RateLimited);
        assert!(error.retry_after_ms.is_some_and(|millis| (1..=1_001).contains(&millis)));
        assert!(limiter.check("ben").is_ok(), "others do not notice");
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        let limiter = config(0, 0, 10).people();
        assert!((0..10_000).all(|_| limiter.check("ann").is_ok()));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_those_beyond_it_count_together() {
        let limiter = config(1, 1, 100).people();
        for stranger in 0..100 * LOOK_AFTER {
            let _ = limiter.check(stranger);
        }
        let rates = limiter.rates.as_ref().expect("a rate");
        assert!(rates.len() <= 100 + LOOK_AFTER as usize + 1, "{}", rates.len());
        assert!(limiter.check(u32::MAX).is_err());
    }
}
