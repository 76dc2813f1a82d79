//! How far a rebuild is, for whoever watches it.

use crate::metrics;
use parking_lot::Mutex;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a rebuild is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It looks where both projections stand.
    #[default]
    Open,
    /// It walks the log.
    Walk,
    /// It makes what was left out for speed.
    Complete,
    /// It compares.
    Compare,
    /// It holds the projectors and folds what is left.
    Hold,
    /// It swaps.
    Swap,
    /// It throws the new projection away.
    Discard,
}

impl Phase {
    /// As people and metrics call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Walk => "walk",
            Self::Complete => "complete",
            Self::Compare => "compare",
            Self::Hold => "hold",
            Self::Swap => "swap",
            Self::Discard => "discard",
        }
    }
}

/// How far a rebuild is. Cheap to clone: all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    phase: Mutex<Phase>,
    waits: Mutex<Option<String>>,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// What it is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.0.phase.lock()
    }

    /// What it waits for, if something is away.
    #[must_use]
    pub fn waits(&self) -> Option<String> {
        self.0.waits.lock().clone()
    }

    /// Records that are behind it, those of earlier runs included.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Records that it has to read as far as it is known now.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    pub(super) fn enter(&self, phase: Phase) {
        tracing::debug!(phase = phase.name(), "rebuild");
        metrics::rebuild_phase(phase.name());
        *self.0.phase.lock() = phase;
    }

    pub(super) fn wait_for(&self, what: Option<String>) {
        *self.0.waits.lock() = what;
    }

    pub(super) fn begins_at(&self, done: u64) {
        self.0.done.store(done, Ordering::Relaxed);
    }

    pub(super) fn goes_to(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
        metrics::rebuild_left(total.saturating_sub(self.done()));
    }

    pub(super) fn walked(&self, records: u64) {
        let done = self.0.done.fetch_add(records, Ordering::Relaxed) + records;
        metrics::rebuild_left(self.total().saturating_sub(done));
    }
}
