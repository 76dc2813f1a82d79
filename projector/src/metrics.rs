//! What the projections tell about themselves. `projection` is `history`, `reads`, `live` or `presence`.

use engine::codec::{Bad, Unread};
use engine::domain::{Partition, Reason, Timestamp};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const EVENTS: &str = "roomlog_projector_events_total";
const BATCHES: &str = "roomlog_projector_batches_total";
const BATCH_RECORDS: &str = "roomlog_projector_batch_records";
const BATCH_SECONDS: &str = "roomlog_projector_batch_seconds";
const EVENT_AGE: &str = "roomlog_projector_event_age_seconds";
const LAG: &str = "roomlog_projector_lag_events";
const CHECKPOINT_AGE: &str = "roomlog_projector_checkpoint_age_seconds";
const PARTITIONS: &str = "roomlog_projector_partitions";
const IGNORED: &str = "roomlog_projector_ignored_total";
const SKIPPED: &str = "roomlog_projector_skipped_total";
const BAD: &str = "roomlog_projector_bad_total";
const DEAD_LETTERS: &str = "roomlog_projector_dead_letters_total";
const REJECTED: &str = "roomlog_projector_rejected_total";
const RETRIES: &str = "roomlog_projector_retries_total";
const FENCED: &str = "roomlog_projector_fenced_total";
const SNAPSHOTS: &str = "roomlog_projector_snapshots_total";
const REFILLS: &str = "roomlog_projector_refills_total";
const REFILLED_ROOMS: &str = "roomlog_projector_refilled_rooms_total";
const REBUILD_RECORDS: &str = "roomlog_rebuild_records_total";
const REBUILD_EVENTS: &str = "roomlog_rebuild_events_total";
const REBUILD_BATCH_SECONDS: &str = "roomlog_rebuild_batch_seconds";
const REBUILD_LEFT: &str = "roomlog_rebuild_left_records";
const REBUILD_PHASES: &str = "roomlog_rebuild_phases_total";
const REBUILD_AGAIN: &str = "roomlog_rebuild_swaps_again_total";
const REBUILD_HELD: &str = "roomlog_rebuild_held_seconds";

/// Describes every metric of the projector; called once, when telemetry starts.
pub fn describe() {
    describe_counter!(
        EVENTS,
        "Accepted events, read markers or presence claims that were written"
    );
    describe_counter!(BATCHES, "Batches that were written");
    describe_histogram!(BATCH_RECORDS, "Records of one batch, whatever became of them");
    describe_histogram!(
        BATCH_SECONDS,
        Unit::Seconds,
        "From having a batch's records to its being written"
    );
    describe_histogram!(
        EVENT_AGE,
        Unit::Seconds,
        "From the append of a batch's last record to its being written"
    );
    describe_gauge!(
        LAG,
        "Records between the checkpoints of this process's partitions and the log's end"
    );
    describe_gauge!(
        CHECKPOINT_AGE,
        Unit::Seconds,
        "How long the slowest partition with a lag has not moved; 0 when none lags"
    );
    describe_gauge!(PARTITIONS, "Partitions that this process projects");
    describe_counter!(IGNORED, "Events that the fold ignored, by reason");
    describe_counter!(SKIPPED, "Records of schemas that this binary does not know");
    describe_counter!(BAD, "Damaged records, by what is wrong with them");
    describe_counter!(DEAD_LETTERS, "Records copied to the dead letters, by reason");
    describe_counter!(
        REJECTED,
        "Accepted events whose rows the store refused: journal row alone"
    );
    describe_counter!(
        RETRIES,
        "Times a partition's task began anew because something was away"
    );
    describe_counter!(FENCED, "Times another projector had written in this one's place");
    describe_counter!(SNAPSHOTS, "Snapshots of rooms that were due, for time travel");
    describe_counter!(
        REFILLS,
        "Refills of live views, by where the rooms came from: history or log"
    );
    describe_counter!(REFILLED_ROOMS, "Rooms put into live views by refills");
    describe_counter!(REBUILD_RECORDS, "Records that a rebuild has read and written");
    describe_counter!(REBUILD_EVENTS, "Accepted events and read markers among them");
    describe_histogram!(
        REBUILD_BATCH_SECONDS,
        Unit::Seconds,
        "Folding and writing one batch of a rebuild"
    );
    describe_gauge!(REBUILD_LEFT, "Records that a rebuild has yet to read");
    describe_counter!(REBUILD_PHASES, "Phases that a rebuild has entered, by name");
    describe_counter!(
        REBUILD_AGAIN,
        "Swaps that were put off because somebody did not let go in time"
    );
    describe_histogram!(REBUILD_HELD, Unit::Seconds, "How long projectors were held for a swap");
}

/// What one batch was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) records: usize,
    pub(crate) events: usize,
    pub(crate) took: Duration,
    pub(crate) last_appended_at: Timestamp,
}

pub(crate) fn written(projection: &'static str, batch: Written) {
    counter!(EVENTS, "projection" => projection).increment(batch.events as u64);
    counter!(BATCHES, "projection" => projection).increment(1);
    #[allow(clippy::cast_precision_loss, reason = "a batch is small")]
    histogram!(BATCH_RECORDS, "projection" => projection).record(batch.records as f64);
    histogram!(BATCH_SECONDS, "projection" => projection).record(batch.took.as_secs_f64());
    let age_ms = engine::clock::now().as_millis() - batch.last_appended_at.as_millis();
    let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
    histogram!(EVENT_AGE, "projection" => projection).record(age.as_secs_f64());
}

pub(crate) fn measured(projection: &'static str, partitions: usize, lag: u64, checkpoint_age: Duration) {
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    gauge!(LAG, "projection" => projection).set(lag as f64);
    gauge!(CHECKPOINT_AGE, "projection" => projection).set(checkpoint_age.as_secs_f64());
    #[allow(clippy::cast_precision_loss, reason = "at most 1,024")]
    gauge!(PARTITIONS, "projection" => projection).set(partitions as f64);
}

pub(crate) fn ignored(projection: &'static str, reason: Reason) {
    counter!(IGNORED, "projection" => projection, "reason" => reason.name()).increment(1);
}

pub(crate) fn unread(projection: &'static str, unread: Unread) {
    match unread {
        Unread::Future => counter!(SKIPPED, "projection" => projection).increment(1),
        Unread::Bad(bad) => bad_record(projection, bad),
    }
}

fn bad_record(projection: &'static str, bad: Bad) {
    counter!(BAD, "projection" => projection, "reason" => bad.name()).increment(1);
}

pub(crate) fn dead_letter(reason: &'static str) {
    counter!(DEAD_LETTERS, "reason" => reason).increment(1);
}

pub(crate) fn rejected() {
    counter!(REJECTED).increment(1);
}

pub(crate) fn snapshots(due: usize) {
    counter!(SNAPSHOTS).increment(due as u64);
}

pub(crate) fn retried(projection: &'static str) {
    counter!(RETRIES, "projection" => projection).increment(1);
}

pub(crate) fn fenced(projection: &'static str, partition: Partition) {
    tracing::warn!(projection, %partition, "another projector has written in this one's place");
    counter!(FENCED, "projection" => projection).increment(1);
}

pub(crate) fn refilled(from: &'static str) {
    counter!(REFILLS, "from" => from).increment(1);
}

pub(crate) fn refilled_rooms(rooms: usize) {
    counter!(REFILLED_ROOMS).increment(rooms as u64);
}

pub(crate) fn rebuilt(batch: Written) {
    counter!(REBUILD_RECORDS).increment(batch.records as u64);
    counter!(REBUILD_EVENTS).increment(batch.events as u64);
    histogram!(REBUILD_BATCH_SECONDS).record(batch.took.as_secs_f64());
}

pub(crate) fn rebuild_left(records: u64) {
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    gauge!(REBUILD_LEFT).set(records as f64);
}

pub(crate) fn rebuild_phase(phase: &'static str) {
    counter!(REBUILD_PHASES, "phase" => phase).increment(1);
}

pub(crate) fn rebuild_again() {
    counter!(REBUILD_AGAIN).increment(1);
}

pub(crate) fn rebuild_held(took: Duration) {
    histogram!(REBUILD_HELD).record(took.as_secs_f64());
}
