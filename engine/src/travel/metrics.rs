//! Counts what time travel tells about itself. What each of it is, `crate::metrics` says.

use super::Folded;
use crate::metrics as of;
use std::time::Duration;

pub(super) fn walked(folded: &Folded, took: Duration) {
    of::WALKS.counter_of([folded.source.name()]).increment(1);
    #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
    of::WALK_EVENTS.histogram().record(folded.events as f64);
    of::WALK_SECONDS.histogram().record(took.as_secs_f64());
}

pub(super) fn unreadable(snapshots: u64) {
    of::UNREADABLE.counter().increment(snapshots);
}

pub(super) fn torn() {
    of::TORN.counter().increment(1);
}
