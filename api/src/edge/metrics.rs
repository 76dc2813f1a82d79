//! The edge's metrics.

use crate::error::Name;
use engine::codec::Unread;
use engine::domain::Reason;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const PUSHED: &str = "roomlog_edge_pushed_total";
const LAGGED: &str = "roomlog_edge_lagged_total";
const IGNORED: &str = "roomlog_edge_ignored_total";
const UNREAD: &str = "roomlog_edge_unread_total";
const HELD: &str = "roomlog_edge_held_rooms";
const KEPT: &str = "roomlog_edge_resume_bytes";
const WAITING: &str = "roomlog_edge_waiting_bytes";
const WAITING_MOST: &str = "roomlog_edge_waiting_most_bytes";
const OPENED: &str = "roomlog_edge_opened_total";
const COMMANDS: &str = "roomlog_edge_command_seconds";
const SEARCHES: &str = "roomlog_edge_search_seconds";
const TRAVELS: &str = "roomlog_edge_travel_seconds";
const NAMES: &str = "roomlog_edge_names_total";
const RESUMED: &str = "roomlog_edge_resumes_total";
const REPLAYS: &str = "roomlog_edge_replays";
const REPLAY_READERS: &str = "roomlog_edge_replay_readers";
const REPLAY_SHARED: &str = "roomlog_edge_replay_shared_total";
const REPLAYED: &str = "roomlog_edge_replayed_total";
const REPLAYED_BYTES: &str = "roomlog_edge_replayed_bytes_total";
const REPLAYS_IDLE: &str = "roomlog_edge_replays_idle_total";
const LOST: &str = "roomlog_edge_tail_lost_total";

/// Says what each of them is.
pub fn describe() {
    describe_counter!(PUSHED, "Events queued for sessions of this edge");
    describe_counter!(LAGGED, "Subscriptions paused because their session was too slow");
    describe_counter!(IGNORED, "Events of held rooms that do not count, by reason");
    describe_counter!(UNREAD, "Records that are no event, by reason");
    describe_gauge!(HELD, "Rooms held by this edge");
    describe_gauge!(KEPT, "Bytes of encoded events kept for resumes");
    describe_gauge!(WAITING, "Bytes that wait to be written to the sessions of this edge");
    describe_gauge!(
        WAITING_MOST,
        "Bytes that wait to be written to the one session for which most wait"
    );
    describe_counter!(OPENED, "Rooms opened, by where their state came from");
    describe_histogram!(COMMANDS, "Seconds from a command to its answer, by outcome");
    describe_histogram!(
        SEARCHES,
        "Seconds from a search to its answer, its turn awaited, by outcome"
    );
    describe_histogram!(
        TRAVELS,
        "Seconds from asking for a room as it stood to the answer, its turn awaited, by outcome"
    );
    describe_counter!(NAMES, "Usernames in texts that were looked up, by what was found");
    describe_counter!(RESUMED, "Resumes asked for, by what became of them");
    describe_gauge!(REPLAYS, "Replays under way");
    describe_gauge!(REPLAY_READERS, "Readers of the log that replays have");
    describe_counter!(REPLAY_SHARED, "Parts of the log that a replay found read by another");
    describe_counter!(REPLAYED, "Records shown by replays");
    describe_counter!(REPLAYED_BYTES, "Bytes of what replays showed");
    describe_counter!(
        REPLAYS_IDLE,
        "Replays that were ended because nobody took anything of them"
    );
    describe_counter!(LOST, "Partitions that the tail lost: the log was cut or made anew");
}

pub(super) fn pushed(sessions: usize) {
    counter!(PUSHED).increment(sessions as u64);
}

pub(super) fn replays(more: i8) {
    gauge!(REPLAYS).increment(f64::from(more));
}

pub(super) fn replay_idle() {
    counter!(REPLAYS_IDLE).increment(1);
}

pub(super) fn replay_readers(more: i8) {
    gauge!(REPLAY_READERS).increment(f64::from(more));
}

pub(super) fn replay_shared() {
    counter!(REPLAY_SHARED).increment(1);
}

pub(super) fn replayed(records: usize, bytes: usize) {
    counter!(REPLAYED).increment(records as u64);
    counter!(REPLAYED_BYTES).increment(bytes as u64);
}

pub(super) fn lagged() {
    counter!(LAGGED).increment(1);
}

pub(super) fn ignored(reason: Reason) {
    counter!(IGNORED, "reason" => reason.name()).increment(1);
}

pub(super) fn unread(unread: &Unread) {
    let reason = match unread {
        Unread::Future => "future",
        Unread::Bad(bad) => bad.name(),
    };
    counter!(UNREAD, "reason" => reason).increment(1);
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float; nobody has 2^53 rooms")]
pub(super) fn held(rooms: usize, bytes: usize) {
    gauge!(HELD).set(rooms as f64);
    gauge!(KEPT).set(bytes as f64);
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float; nobody has 2^53 bytes")]
pub(super) fn waiting(all: usize, most: usize) {
    gauge!(WAITING).set(all as f64);
    gauge!(WAITING_MOST).set(most as f64);
}

pub(super) fn opened(from: &'static str) {
    counter!(OPENED, "from" => from).increment(1);
}

pub(super) fn answered(took: Duration, refused: Option<Name>) {
    let outcome = refused.map_or("ok", Name::text);
    histogram!(COMMANDS, "outcome" => outcome).record(took.as_secs_f64());
}

pub(super) fn searched(took: Duration, refused: Option<Name>) {
    let outcome = refused.map_or("ok", Name::text);
    histogram!(SEARCHES, "outcome" => outcome).record(took.as_secs_f64());
}

pub(super) fn travelled(took: Duration, refused: Option<Name>) {
    let outcome = refused.map_or("ok", Name::text);
    histogram!(TRAVELS, "outcome" => outcome).record(took.as_secs_f64());
}

pub(super) fn name_looked_up(outcome: &'static str) {
    counter!(NAMES, "outcome" => outcome).increment(1);
}

pub(super) fn resumed(outcome: &'static str) {
    counter!(RESUMED, "outcome" => outcome).increment(1);
}

pub(super) fn lost() {
    counter!(LOST).increment(1);
}
