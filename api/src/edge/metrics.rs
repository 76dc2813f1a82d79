//! Counts what the edge tells about itself. What each of it is, `crate::metrics` says.

use crate::error::Name;
use crate::metrics as of;
use engine::clock;
use engine::codec::Unread;
use engine::domain::{Reason, Timestamp};
use engine::telemetry::{Family, Metric};
use metrics::{Counter, Histogram};
use std::sync::LazyLock;
use std::time::Duration;

static PUSHED: LazyLock<Counter> = LazyLock::new(|| of::PUSHED.counter());
static DELAY: LazyLock<Histogram> = LazyLock::new(|| of::DELAY_SECONDS.histogram());
static FOLDED: LazyLock<Family<Counter>> = LazyLock::new(|| Family::counters(&of::FOLDED));
static CAUGHT_UP: LazyLock<Family<Counter>> = LazyLock::new(|| Family::counters(&of::CAUGHT_UP));
static DROPPED: LazyLock<Counter> = LazyLock::new(|| of::DROPPED.counter());
static WRITES: LazyLock<Histogram> = LazyLock::new(|| of::WRITE_SECONDS.histogram_of(["ok"]));

/// An event that was appended then was handed to so many sessions.
pub(super) fn pushed(sessions: usize, appended_at: Timestamp) {
    if sessions > 0 {
        PUSHED.increment(sessions as u64);
        DELAY.record(clock::since(appended_at));
    }
}

pub(super) fn dropped(ephemerals: usize) {
    DROPPED.increment(ephemerals as u64);
}

/// A refusal waited for the log's end: whether that was ahead of this edge, where the log said so in time.
pub(super) fn caught_up(was_behind: Option<bool>) {
    CAUGHT_UP.count(
        match was_behind {
            Some(true) => "behind",
            Some(false) => "there",
            None => "away",
        },
        1,
    );
}

pub(super) fn replays(more: i8) {
    of::REPLAYS.gauge().increment(f64::from(more));
}

pub(super) fn replay_idle() {
    of::REPLAYS_IDLE.counter().increment(1);
}

pub(super) fn replay_readers(more: i8) {
    of::REPLAY_READERS.gauge().increment(f64::from(more));
}

pub(super) fn replay_shared() {
    of::REPLAY_SHARED.counter().increment(1);
}

pub(super) fn replayed(records: usize, bytes: usize) {
    of::REPLAYED.counter().increment(records as u64);
    of::REPLAYED_BYTES.counter().increment(bytes as u64);
}

pub(super) fn lagged() {
    of::LAGGED.counter().increment(1);
}

pub(super) fn accepted() {
    FOLDED.count("accepted", 1);
}

pub(super) fn ignored(reason: Reason) {
    FOLDED.count(reason.name(), 1);
}

pub(super) fn unread(unread: &Unread) {
    let reason = match unread {
        Unread::Future => "future",
        Unread::Bad(bad) => bad.name(),
    };
    of::UNREAD.counter_of([reason]).increment(1);
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float; nobody has 2^53 rooms")]
pub(super) fn held(rooms: usize, bytes: usize) {
    of::HELD.gauge().set(rooms as f64);
    of::KEPT.gauge().set(bytes as f64);
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float; nobody has 2^53 bytes")]
pub(super) fn waiting(all: usize, most: usize) {
    of::WAITING.gauge().set(all as f64);
    of::WAITING_MOST.gauge().set(most as f64);
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float; nobody has 2^53 commands")]
pub(super) fn writes_in_flight(writes: usize) {
    of::WRITES_IN_FLIGHT.gauge().set(writes as f64);
}

pub(super) fn opened(from: &'static str) {
    of::OPENED.counter_of([from]).increment(1);
}

pub(super) fn answered(took: Duration, refused: Option<Name>) {
    match refused {
        None => WRITES.record(took),
        Some(_) => ended(&of::WRITE_SECONDS, took, refused),
    }
}

pub(super) fn searched(took: Duration, refused: Option<Name>) {
    ended(&of::SEARCH_SECONDS, took, refused);
}

pub(super) fn travelled(took: Duration, refused: Option<Name>) {
    ended(&of::TRAVEL_SECONDS, took, refused);
}

fn ended(metric: &Metric, took: Duration, refused: Option<Name>) {
    metric.histogram_of([refused.map_or("ok", Name::text)]).record(took);
}

pub(super) fn name_looked_up(outcome: &'static str) {
    of::NAMES.counter_of([outcome]).increment(1);
}

pub(super) fn resumed(outcome: &'static str) {
    of::RESUMES.counter_of([outcome]).increment(1);
}
