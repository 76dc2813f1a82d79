//! What time travel tells about itself.

use super::Folded;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

const WALKS: &str = "roomlog_travel_walks_total";
const WALK_EVENTS: &str = "roomlog_travel_walk_events";
const WALK_SECONDS: &str = "roomlog_travel_walk_seconds";
const UNREADABLE: &str = "roomlog_travel_unreadable_snapshots_total";
const TORN: &str = "roomlog_travel_torn_journals_total";

/// Describes every metric of time travel; called once, when telemetry starts.
pub fn describe() {
    describe_counter!(
        WALKS,
        "Rooms folded as they once stood, by source: journal, log or both"
    );
    describe_histogram!(WALK_EVENTS, "Events that one of them took");
    describe_histogram!(WALK_SECONDS, Unit::Seconds, "How long one of them took");
    describe_counter!(UNREADABLE, "Snapshots that were passed over because they can't be read");
    describe_counter!(
        TORN,
        "Times the journal could not be read, or was not what the fold says, and the log was read in its place"
    );
}

pub(super) fn walked(folded: &Folded, took: Duration) {
    counter!(WALKS, "source" => folded.source.name()).increment(1);
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    histogram!(WALK_EVENTS).record(folded.events as f64);
    histogram!(WALK_SECONDS).record(took.as_secs_f64());
}

pub(super) fn unreadable(snapshots: u64) {
    counter!(UNREADABLE).increment(snapshots);
}

pub(super) fn torn() {
    counter!(TORN).increment(1);
}
