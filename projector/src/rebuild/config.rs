//! Every bound of a rebuild, by name, with its default.

use engine::beside::Limits;
use serde::{Deserialize, Serialize};

/// Bounds of `roomlog rebuild`. Times are milliseconds, sizes bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Most records in one batch, at least 1.
    pub batch_records: usize,
    /// Most bytes of records in one batch, give or take one record.
    pub batch_bytes: usize,
    /// Partitions walked at the same time, at least 1.
    pub partitions_at_once: usize,
    /// Records that may be left to fold while the projectors are held.
    pub rest_records: u64,
    /// How often the rooms in which something happened meanwhile are compared again before the projectors are held.
    pub compare_rounds: u32,
    /// How often the swap is tried before it is given up.
    pub swap_tries: u32,
    /// How long readers and projectors may have to wait behind a lock that is asked for and not given yet; below 1,000.
    pub lock_ms: u64,
    /// How often a lock is asked for before it is given up.
    pub lock_tries: u32,
    /// How long others are let pass between two tries.
    pub lock_pause_ms: u64,
    /// How long projectors may be held.
    pub hold_ms: u64,
    /// How long one statement may take that nobody waits behind: an index, a comparison.
    pub statement_ms: u64,
    /// Rooms and tables or lists that a report looks at closer.
    pub differences_shown: usize,
    /// Rows of each of them that it names.
    pub rows_shown: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            batch_records: 4_000,
            batch_bytes: 16 << 20,
            partitions_at_once: 4,
            rest_records: 5_000,
            compare_rounds: 3,
            swap_tries: 10,
            lock_ms: 500,
            lock_tries: 60,
            lock_pause_ms: 500,
            hold_ms: 4_000,
            statement_ms: 3_600_000,
            differences_shown: 100,
            rows_shown: 10,
        }
    }
}

impl Config {
    /// What the store must know of it.
    #[must_use]
    pub fn limits(&self) -> Limits {
        // Two topics, and loads of rooms beside each batch.
        let connections = self.partitions_at_once.clamp(1, 1_024) * 4;
        Limits {
            lock_ms: self.lock_ms.max(1),
            lock_tries: self.lock_tries,
            lock_pause_ms: self.lock_pause_ms,
            hold_ms: self.hold_ms.max(1),
            statement_ms: self.statement_ms.max(1),
            connections: u32::try_from(connections).unwrap_or(u32::MAX),
        }
    }
}
