//! How often somebody may try a password or come in anew: per account, per address.
//!
//! GCRA: of each key one time is kept, that at which its credit will be whole again. What must hold: memory is bounded
//! whatever is tried, and no username is kept, only what a key of this process makes of it. Each process counts for
//! itself.

use super::bounded::Bounded;
use super::metrics;
use crate::domain::Timestamp;
use parking_lot::Mutex;
use serde::Deserialize;
use std::net::IpAddr;

/// How many tries there are at once, and after how long there is one more. An interval of 0 is no limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Wrong passwords of one account in a row.
    pub account_burst: u32,
    /// When there is one more.
    pub account_interval_ms: u64,
    /// Sign-ins from one address in a row.
    pub address_burst: u32,
    /// When there is one more.
    pub address_interval_ms: u64,
    /// New accounts and guests from one address in a row.
    pub newcomer_burst: u32,
    /// When there is one more.
    pub newcomer_interval_ms: u64,
    /// Accounts and addresses that are counted at once.
    pub kept: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            account_burst: 10,
            account_interval_ms: 30_000,
            address_burst: 100,
            address_interval_ms: 1_000,
            newcomer_burst: 100,
            newcomer_interval_ms: 5_000,
            kept: 100_000,
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Passwords tried of an account.
    Account,
    /// Sign-ins from an address.
    Address,
    /// New people from an address.
    Newcomer,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Address => "address",
            Self::Newcomer => "newcomer",
        }
    }
}

/// Too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOften {
    /// When there is one more try.
    pub(super) retry_after_ms: u64,
}

/// A try that was taken into account.
#[derive(Debug)]
#[must_use]
pub(super) struct Charged {
    key: [u8; 16],
    interval: i64,
}

/// The tries of this process.
#[derive(Debug)]
pub(super) struct Attempts {
    config: Config,
    secret: [u8; 32],
    /// When each key's credit is whole again.
    whole_at: Mutex<Bounded<[u8; 16], i64>>,
}

impl Attempts {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            secret: rand::random(),
            whole_at: Mutex::new(Bounded::new(config.kept)),
        }
    }

    /// Takes a try of `what` into account.
    ///
    /// # Errors
    /// [`TooOften`] when there is none left now.
    pub(super) fn charge(&self, kind: Kind, what: &[u8], now: Timestamp) -> Result<Charged, TooOften> {
        let (burst, interval_ms) = self.limit(kind);
        let interval = i64::try_from(interval_ms).unwrap_or(i64::MAX / 4);
        let credit = interval.saturating_mul(i64::from(burst.max(1)) - 1);
        let (key, now) = (self.key(kind, what), now.as_millis());
        let mut whole_at = self.whole_at.lock();
        let whole = whole_at.get(&key).copied().unwrap_or(now).max(now);
        let missing = (whole - now).saturating_sub(credit);
        if missing > 0 {
            drop(whole_at);
            metrics::too_often(kind.name());
            return Err(TooOften {
                retry_after_ms: missing.unsigned_abs(),
            });
        }
        // What is whole again soonest is forgotten first.
        whole_at.insert(key, whole.saturating_add(interval), |whole| *whole);
        Ok(Charged { key, interval })
    }

    /// The same of an address, as [`network_of`] counts it; without one, nothing is counted.
    pub(super) fn charge_address(&self, kind: Kind, address: Option<IpAddr>, now: Timestamp) -> Result<(), TooOften> {
        // It stays taken into account, however the try ends.
        match address.map(network_of) {
            None => Ok(()),
            Some(IpAddr::V4(address)) => self.charge(kind, &address.octets(), now).map(drop),
            Some(IpAddr::V6(address)) => self.charge(kind, &address.octets(), now).map(drop),
        }
    }

    /// Gives a try back: it was no guess.
    pub(super) fn refund(&self, charged: &Charged) {
        if let Some(whole) = self.whole_at.lock().get_mut(&charged.key) {
            *whole -= charged.interval;
        }
    }

    const fn limit(&self, kind: Kind) -> (u32, u64) {
        let config = &self.config;
        match kind {
            Kind::Account => (config.account_burst, config.account_interval_ms),
            Kind::Address => (config.address_burst, config.address_interval_ms),
            Kind::Newcomer => (config.newcomer_burst, config.newcomer_interval_ms),
        }
    }

    fn key(&self, kind: Kind, what: &[u8]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(kind.name().as_bytes()).update(&[0]).update(what);
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        key
    }
}

/// What an address counts as, wherever it is counted: an IPv4 address by itself, an IPv6 address by its first 64 bits,
/// which one household has whole (RFC 6177 §2).
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = v6.to_bits() & (u128::MAX << 64);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempts, Config, Kind, TooOften, network_of};
    use crate::domain::Timestamp;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn three() -> Attempts {
        Attempts::new(&Config {
            account_burst: 3,
            account_interval_ms: 1_000,
            ..Config::default()
        })
    }

    #[test]
    fn after_a_burst_there_is_one_more_an_interval() {
        let attempts = three();
        let charge = |millis| attempts.charge(Kind::Account, b"ann", at(millis)).map(drop);
        for _ in 0..3 {
            charge(0).expect("a burst");
        }
        assert_eq!(charge(0), Err(TooOften { retry_after_ms: 1_000 }));
        assert_eq!(charge(999), Err(TooOften { retry_after_ms: 1 }));
        charge(1_000).expect("one more");
        assert_eq!(charge(1_000), Err(TooOften { retry_after_ms: 1_000 }));
        for _ in 0..3 {
            charge(10_000).expect("whole again, and not more than whole");
        }
        assert!(charge(10_000).is_err());
        attempts
            .charge(Kind::Account, b"bob", at(0))
            .map(drop)
            .expect("another's own");
    }

    #[test]
    fn what_was_no_guess_is_given_back() {
        let attempts = three();
        for _ in 0..100 {
            let charged = attempts
                .charge(Kind::Account, b"ann", at(0))
                .expect("given back each time");
            attempts.refund(&charged);
        }
    }

    #[test]
    fn one_subscriber_has_one_count_in_both_families() {
        let attempts = Attempts::new(&Config {
            address_burst: 2,
            ..Config::default()
        });
        let charge = |address: &str| {
            let address = Some(address.parse().expect("an address"));
            attempts.charge_address(Kind::Address, address, at(0)).is_ok()
        };
        assert!(charge("192.0.2.1") && charge("::ffff:192.0.2.1") && !charge("192.0.2.1"));
        assert!(charge("2001:db8::1") && charge("2001:db8::ffff:2") && !charge("2001:db8:0:0:3::"));
        assert!(charge("2001:db8:0:1::1"));
        for _ in 0..100 {
            attempts.charge_address(Kind::Address, None, at(0)).expect("nobody's");
        }
    }

    #[test]
    fn a_household_counts_once() {
        let network = |text: &str| network_of(text.parse().expect("an address"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.8"), network("192.0.2.7"));
    }

    #[test]
    fn memory_is_bounded_and_who_guesses_most_is_remembered() {
        let attempts = Attempts::new(&Config {
            account_burst: 3,
            account_interval_ms: 1_000_000,
            kept: 64,
            ..Config::default()
        });
        for _ in 0..3 {
            attempts
                .charge(Kind::Account, b"ann", at(0))
                .map(drop)
                .expect("a burst");
        }
        for number in 0..10_000_u32 {
            attempts
                .charge(Kind::Account, &number.to_be_bytes(), at(0))
                .map(drop)
                .expect("their first");
            assert!(attempts.whole_at.lock().len() <= 64);
        }
        assert!(attempts.charge(Kind::Account, b"ann", at(0)).is_err());
    }
}
