//! Every bound and interval of a projector, by name, with its default.

use crate::rebuild;
use serde::{Deserialize, Serialize};

/// Bounds and intervals of both projections. Times are milliseconds, sizes bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Most records in one batch, at least 1.
    pub batch_records: usize,
    /// Most bytes of records in one batch, give or take one record.
    pub batch_bytes: usize,
    /// How long a batch waits for more records once it has one.
    pub batch_wait_ms: u64,
    /// Bytes of records of all partitions of one projection that were read and are not written yet.
    pub waiting_bytes: usize,
    /// Rooms of each partition that are kept folded between batches.
    pub rooms_held: usize,
    /// Rooms of one partition being loaded from the store at the same time, at least 1.
    pub loads_at_once: usize,
    /// History keeps a snapshot of a room each time so many events were accepted in it (0: none), for time travel; of a
    /// room with more people than that, more seldom.
    pub snapshot_events: u64,
    /// Rooms of one page of a refill of live views.
    pub refill_rooms: usize,
    /// Partitions refilled at the same time, at least 1; each holds a connection of history.
    pub refills_at_once: usize,
    /// With history away, a partition of at most so many records is refilled from the log alone; a larger one waits
    /// for history.
    pub refill_from_log_records: u64,
    /// How often a store is asked whether it still stands where it was left while nothing is written to it: live views may
    /// have been flushed, history swapped for another.
    pub watermark_check_ms: u64,
    /// How often history is asked whether it is there, also while nothing is written to it, and how long it may take to
    /// say so.
    pub store_check_ms: u64,
    /// How far back a starting projector reads the presence signals: what is older is forgotten anyway.
    pub presence_expiry_ms: u64,
    /// How long to wait after a first failure; each further one doubles it. Half of a wait is random.
    pub backoff_first_ms: u64,
    /// The longest wait between two tries.
    pub backoff_most_ms: u64,
    /// How long a projector that was fenced waits for the group to take the partition away before it claims it again.
    pub fenced_wait_ms: u64,
    /// How often lag and checkpoint age are measured.
    pub measure_ms: u64,
    /// Most events whose rows a check holds in memory at once, at least 1; a partition with more is read several times.
    pub verify_slice_events: u64,
    /// Differences that a check tells one by one; it counts them all.
    pub verify_differences: usize,
    /// Rows that a check asks a store for at once, at least 1.
    pub verify_page_rows: usize,
    /// Of `roomlog rebuild`.
    pub rebuild: rebuild::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            batch_records: 1_000,
            batch_bytes: 4 << 20,
            batch_wait_ms: 10,
            waiting_bytes: 64 << 20,
            rooms_held: 512,
            loads_at_once: 4,
            snapshot_events: 1_000,
            refill_rooms: 64,
            refills_at_once: 2,
            refill_from_log_records: 100_000,
            watermark_check_ms: 2_000,
            store_check_ms: 2_000,
            presence_expiry_ms: 75_000,
            backoff_first_ms: 100,
            backoff_most_ms: 5_000,
            fenced_wait_ms: 2_000,
            measure_ms: 5_000,
            verify_slice_events: 100_000,
            verify_differences: 100,
            verify_page_rows: 1_000,
            rebuild: rebuild::Config::default(),
        }
    }
}
