//! Every metric of the projector, in one table: what it is, its unit (in its name), its labels; and who counts them.

use engine::catalogue;
use engine::clock;
use engine::codec::Unread;
use engine::domain::{Partition, Reason};
use engine::log::Record;
use engine::metrics::{DAMAGES, REASONS};
use engine::telemetry::{Family, Label};
use metrics::Histogram;
use std::sync::LazyLock;
use std::time::Duration;

const OF_REBUILDS: &str = "those of a rebuild (`rebuild-history`, …)";
const PROJECTION: Label = Label::of("projection", &["history", "history-reads", "live", "live-presence"]);
const FOLDING: Label = Label::of("projection", &["history", "live"]).with(OF_REBUILDS);
const READING: Label = Label::of("projection", PROJECTION.known).with(OF_REBUILDS);

catalogue! {
    /// Accepted events, read markers or presence claims that were written.
    EVENTS: Counter "roomlog_projector_events_total" [PROJECTION];
    /// Batches that were written.
    BATCHES: Counter "roomlog_projector_batches_total" [PROJECTION];
    /// Records of one batch, whatever became of them.
    BATCH_RECORDS: Histogram "roomlog_projector_batch_records" [PROJECTION];
    /// From having a batch's records to its being written.
    BATCH_SECONDS: Histogram "roomlog_projector_batch_seconds" [PROJECTION];
    /// From a record's append to its being in the store (`history`: PostgreSQL or SQLite, `live`: Redis or memory), each
    /// record of a batch.
    DELAY_SECONDS: Histogram "roomlog_projector_delay_seconds" [PROJECTION];
    /// Records between the checkpoints of this process's partitions and the log's end.
    LAG_EVENTS: Gauge "roomlog_projector_lag_events" [PROJECTION];
    /// How old the oldest of them is; 0 when there is none.
    LAG_SECONDS: Gauge "roomlog_projector_lag_seconds" [PROJECTION];
    /// How long the slowest partition with a lag has not moved; 0 when none lags.
    CHECKPOINT_AGE: Gauge "roomlog_projector_checkpoint_age_seconds" [PROJECTION];
    /// Partitions that this process projects.
    PARTITIONS: Gauge "roomlog_projector_partitions" [PROJECTION];
    /// Events that the fold ignored.
    IGNORED: Counter "roomlog_projector_ignored_total" [FOLDING, Label::of("reason", REASONS)];
    /// Records of schemas that this binary does not know.
    SKIPPED: Counter "roomlog_projector_skipped_total" [READING];
    /// Damaged records, by what is wrong with them.
    BAD: Counter "roomlog_projector_bad_total" [READING, Label::of("reason", DAMAGES)];
    /// Records copied to the dead letters; `rejected`: the store refused what the event says.
    DEAD_LETTERS: Counter "roomlog_projector_dead_letters_total" [
        Label::of("reason", &["header", "magic", "key", "partition", "datum", "rejected"])
    ];
    /// Accepted events whose rows the store refused: journal row alone.
    REJECTED: Counter "roomlog_projector_rejected_total";
    /// Times a partition's task began anew because something was away.
    RETRIES: Counter "roomlog_projector_retries_total" [PROJECTION];
    /// Times another projector had written in this one's place.
    FENCED: Counter "roomlog_projector_fenced_total" [PROJECTION];
    /// Snapshots of rooms that were due, for time travel.
    SNAPSHOTS: Counter "roomlog_projector_snapshots_total";
    /// Refills of live views, by where the rooms came from.
    REFILLS: Counter "roomlog_projector_refills_total" [Label::of("from", &["history", "log"])];
    /// Rooms put into live views by refills.
    REFILLED_ROOMS: Counter "roomlog_projector_refilled_rooms_total";
    /// Records that a rebuild has read and written.
    REBUILD_RECORDS: Counter "roomlog_rebuild_records_total";
    /// Accepted events and read markers among them.
    REBUILD_EVENTS: Counter "roomlog_rebuild_events_total";
    /// Folding and writing one batch of a rebuild.
    REBUILD_BATCH_SECONDS: Histogram "roomlog_rebuild_batch_seconds";
    /// Records that a rebuild has yet to read.
    REBUILD_LEFT: Gauge "roomlog_rebuild_left_records";
    /// Phases that a rebuild has entered.
    REBUILD_PHASES: Counter "roomlog_rebuild_phases_total" [
        Label::of("phase", &["open", "walk", "complete", "compare", "hold", "swap", "discard"])
    ];
    /// Swaps that were put off because somebody did not let go in time.
    REBUILD_AGAIN: Counter "roomlog_rebuild_swaps_again_total";
    /// How long projectors were held for a swap.
    REBUILD_HELD: Histogram "roomlog_rebuild_held_seconds";
}

static DELAYS: LazyLock<Family<Histogram>> = LazyLock::new(|| Family::histograms(&DELAY_SECONDS));

/// What one batch was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    pub(crate) records: &'a [Record],
    pub(crate) events: usize,
    pub(crate) took: Duration,
}

pub(crate) fn written(projection: &'static str, batch: Written<'_>) {
    EVENTS.counter_of([projection]).increment(batch.events as u64);
    BATCHES.counter_of([projection]).increment(1);
    #[allow(clippy::cast_precision_loss, reason = "a batch is small")]
    BATCH_RECORDS
        .histogram_of([projection])
        .record(batch.records.len() as f64);
    BATCH_SECONDS.histogram_of([projection]).record(batch.took);
    let Some(delays) = DELAYS.handle(projection) else {
        return;
    };
    let now = clock::now();
    for record in batch.records {
        delays.record(clock::between(record.position.appended_at, now));
    }
}

/// How this process's share of a projection does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lag {
    pub(crate) partitions: usize,
    pub(crate) events: u64,
    pub(crate) behind: Duration,
    pub(crate) unmoved: Duration,
}

pub(crate) fn measured(projection: &'static str, lag: Lag) {
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    LAG_EVENTS.gauge_of([projection]).set(lag.events as f64);
    LAG_SECONDS.gauge_of([projection]).set(lag.behind);
    CHECKPOINT_AGE.gauge_of([projection]).set(lag.unmoved);
    #[allow(clippy::cast_precision_loss, reason = "at most 1,024")]
    PARTITIONS.gauge_of([projection]).set(lag.partitions as f64);
}

pub(crate) fn ignored(projection: &'static str, reason: Reason) {
    IGNORED.counter_of([projection, reason.name()]).increment(1);
}

pub(crate) fn unread(projection: &'static str, unread: Unread) {
    match unread {
        Unread::Future => SKIPPED.counter_of([projection]).increment(1),
        Unread::Bad(bad) => BAD.counter_of([projection, bad.name()]).increment(1),
    }
}

pub(crate) fn dead_letter(reason: &'static str) {
    DEAD_LETTERS.counter_of([reason]).increment(1);
}

pub(crate) fn rejected() {
    REJECTED.counter().increment(1);
}

pub(crate) fn snapshots(due: usize) {
    SNAPSHOTS.counter().increment(due as u64);
}

pub(crate) fn retried(projection: &'static str) {
    RETRIES.counter_of([projection]).increment(1);
}

pub(crate) fn fenced(projection: &'static str, partition: Partition) {
    tracing::warn!(projection, %partition, "another projector has written in this one's place");
    FENCED.counter_of([projection]).increment(1);
}

pub(crate) fn refilled(from: &'static str) {
    REFILLS.counter_of([from]).increment(1);
}

pub(crate) fn refilled_rooms(rooms: usize) {
    REFILLED_ROOMS.counter().increment(rooms as u64);
}

pub(crate) fn rebuilt(batch: Written<'_>) {
    REBUILD_RECORDS.counter().increment(batch.records.len() as u64);
    REBUILD_EVENTS.counter().increment(batch.events as u64);
    REBUILD_BATCH_SECONDS.histogram().record(batch.took);
}

pub(crate) fn rebuild_left(records: u64) {
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    REBUILD_LEFT.gauge().set(records as f64);
}

pub(crate) fn rebuild_phase(phase: &'static str) {
    REBUILD_PHASES.counter_of([phase]).increment(1);
}

pub(crate) fn rebuild_again() {
    REBUILD_AGAIN.counter().increment(1);
}

pub(crate) fn rebuild_held(took: Duration) {
    REBUILD_HELD.histogram().record(took);
}
