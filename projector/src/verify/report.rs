//! What a check found, as data: for people and for programs.

use engine::domain::{Epoch, Offset, Partition, RoomId};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was held against the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// The log itself: times that go back, a chain that is not one.
    Log,
    /// PostgreSQL, or `history.db`.
    History,
    /// Redis.
    Live,
}

impl Store {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::History => "history",
            Self::Live => "live",
        }
    }
}

/// One thing that is not as the log says. What people wrote is shown by its digest alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where.
    pub store: Store,
    /// Which partition.
    pub partition: Partition,
    /// Of which room, where it is one's.
    pub room: Option<RoomId>,
    /// Which table or field.
    pub table: &'static str,
    /// Which row, by its key.
    pub row: String,
    /// Which column; `row` where the row is missing, or there though it should not be.
    pub column: &'static str,
    /// What the log says.
    pub expected: String,
    /// What is stored.
    pub found: String,
}

/// A store that is behind the log's end as it stood when the check began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// Which.
    pub store: Store,
    /// `events` or `reads`.
    pub topic: &'static str,
    /// Which partition.
    pub partition: Partition,
    /// The next offset that it will read; null when it holds nothing of the partition: it was flushed, is being filled, or belongs
    /// to another life of the log.
    pub next: Option<Offset>,
    /// Records up to the log's end.
    pub records: u64,
}

/// What the log holds, as far as it was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// Rooms that exist, by the fold.
    pub rooms: u64,
    /// Records of the events topic.
    pub records: u64,
    /// Accepted events: each took the seq that comes next, and its digest continues the chain.
    pub accepted: u64,
    /// Everyone passes over these.
    pub ignored: BTreeMap<&'static str, Ignored>,
}

impl LogReport {
    pub(super) fn add(&mut self, part: Self) {
        self.rooms += part.rooms;
        self.records += part.records;
        self.accepted += part.accepted;
        for (reason, count) in part.ignored {
            self.ignored.entry(reason).or_default().0 += count.0;
        }
    }
}

/// Records without effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Ignored(pub u64);

/// Everything that a check has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Whether everything that was looked at is as the log says.
    pub well: bool,
    /// Partitions that were looked at.
    pub partitions: u64,
    /// The log itself.
    pub log: LogReport,
    /// Rows and fields that were compared, by store and table.
    pub compared: BTreeMap<String, u64>,
    /// Stores that are behind; no difference.
    pub lag: Vec<Lag>,
    /// The first of them, as many as the setting allows.
    pub differences: Vec<Difference>,
    /// All of them, by store and table.
    pub differing: BTreeMap<String, u64>,
}

impl Report {
    pub(super) const fn of(epoch: Epoch) -> Self {
        Self {
            epoch,
            well: true,
            partitions: 0,
            log: LogReport {
                rooms: 0,
                records: 0,
                accepted: 0,
                ignored: BTreeMap::new(),
            },
            compared: BTreeMap::new(),
            lag: Vec::new(),
            differences: Vec::new(),
            differing: BTreeMap::new(),
        }
    }

    /// Takes note of a store that is behind `end`.
    pub(super) fn behind(
        &mut self,
        store: Store,
        topic: &'static str,
        partition: Partition,
        next: Option<Offset>,
        end: Offset,
    ) {
        let records = end.get().saturating_sub(next.map_or(0, Offset::get));
        if records > 0 {
            self.lag.push(Lag {
                store,
                topic,
                partition,
                next,
                records,
            });
        }
    }
}
