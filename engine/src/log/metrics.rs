//! Counts what the log tells about itself; the same for both adapters. What each of it is, `crate::metrics` says.

use super::{Error, Topic};
use crate::clock;
use crate::domain::{Position, Timestamp};
use crate::metrics as of;
use crate::telemetry::Family;
use metrics::{Counter, Gauge, Histogram};
use std::sync::LazyLock;
use std::time::Duration;

static APPENDS: LazyLock<Family<Counter>> = LazyLock::new(|| Family::counters(&of::APPENDS));
static APPEND_SECONDS: LazyLock<Histogram> = LazyLock::new(|| of::APPEND_SECONDS.histogram());
static IN_FLIGHT: LazyLock<Gauge> = LazyLock::new(|| of::APPENDS_IN_FLIGHT.gauge());

/// An append from its being handed over on, until this is dropped.
#[derive(Debug)]
pub(super) struct InFlight(());

impl InFlight {
    pub(super) fn begin() -> Self {
        IN_FLIGHT.increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.decrement(1.0);
    }
}

pub(super) fn appended(answer: &Result<Position, Error>, took: Duration) {
    APPENDS.count(answer.as_ref().map_or_else(outcome, |_| "ok"), 1);
    APPEND_SECONDS.record(took.as_secs_f64());
}

pub(super) fn append_refused(error: &Error) {
    APPENDS.count(outcome(error), 1);
}

const fn outcome(error: &Error) -> &'static str {
    match error {
        Error::Unavailable(_) => "unavailable",
        Error::Unknown(_) => "unknown",
        Error::OutOfRange { .. } | Error::Misconfigured(_) | Error::Refused(_) => "refused",
    }
}

pub(super) fn producer_replaced() {
    of::PRODUCERS_REPLACED.counter().increment(1);
}

/// How a topic's partitions do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Health {
    pub(super) leaderless: u32,
    pub(super) under_replicated: u32,
}

pub(super) fn health(topic: Topic, health: Health) {
    of::LEADERLESS.gauge_of([topic.suffix()]).set(health.leaderless);
    of::UNDER_REPLICATED
        .gauge_of([topic.suffix()])
        .set(health.under_replicated);
}

/// How far a tail is behind in one topic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lag {
    records: u64,
    /// Since the append of what was read last, where something is left to read.
    behind: Duration,
}

impl Lag {
    /// Adds a partition: so many records are left, and what was read last of it was appended then. Of a partition of which
    /// nothing was read yet, nobody knows how old the rest is.
    pub(super) fn add(&mut self, left: u64, read: Option<Timestamp>, now: Timestamp) {
        self.records += left;
        if let (1.., Some(read)) = (left, read) {
            self.behind = self.behind.max(clock::between(read, now));
        }
    }
}

pub(super) fn tail_lag(topic: Topic, lag: Lag) {
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    of::TAIL_LAG_RECORDS.gauge_of([topic.suffix()]).set(lag.records as f64);
    of::TAIL_LAG_SECONDS.gauge_of([topic.suffix()]).set(lag.behind);
}

pub(super) fn tail_lost() {
    of::TAIL_LOST.counter().increment(1);
}

pub(super) fn stalled() {
    of::READERS_STALLED.counter().increment(1);
}

pub(super) fn read_failed() {
    of::READ_FAILURES.counter().increment(1);
}

pub(super) fn rebalanced(topic: Topic, group: &str, partitions: usize) {
    let values = || [topic.suffix().to_owned(), group.to_owned()];
    of::REBALANCES.counter_of(values()).increment(1);
    #[allow(clippy::cast_precision_loss, reason = "at most 1,024")]
    of::GROUP_PARTITIONS.gauge_of(values()).set(partitions as f64);
}

pub(super) fn committed(records: usize) {
    #[allow(clippy::cast_precision_loss, reason = "a commit is small")]
    of::COMMIT_RECORDS.histogram().record(records as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(100_000);

    #[test]
    fn who_is_level_has_no_lag_however_long_nothing_came() {
        let mut lag = Lag::default();
        lag.add(0, Some(Timestamp::from_millis(1)), NOW);
        assert_eq!(lag, Lag::default());
    }

    #[test]
    fn the_partition_that_is_furthest_behind_counts() {
        let mut lag = Lag::default();
        lag.add(2, Some(Timestamp::from_millis(99_000)), NOW);
        lag.add(3, Some(Timestamp::from_millis(97_500)), NOW);
        lag.add(4, None, NOW);
        // A clock that is ahead of ours is no lag.
        lag.add(1, Some(Timestamp::from_millis(100_001)), NOW);
        let behind = Duration::from_millis(2_500);
        assert_eq!(lag, Lag { records: 10, behind });
    }
}
