//! Which of several sets of views a store works with.
//!
//! What must hold: who writes goes on with the set that it has begun with until it is refused there. Rooms that it has folded
//! are those of that set, and another may hold them otherwise; so it must hear of the change, and not be helped over it.
//! Who reads has nothing to forget, and looks again.

use super::keys::{Keys, Place};
use crate::domain::Partition;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

type Names = Mutex<FxHashMap<Partition, String>>;

pub(super) enum Views {
    /// Those that are shown, as they were seen last.
    Shown { read: Names, written: Names },
    /// These, whatever is shown.
    Beside(String),
}

impl Views {
    pub(super) fn shown() -> Self {
        Self::Shown {
            read: Names::default(),
            written: Names::default(),
        }
    }

    /// Where to read.
    pub(super) fn reading(&self, keys: &Keys, partition: Partition) -> Place {
        match self {
            Self::Shown { read, .. } => keys.shown(partition, name(read, partition)),
            Self::Beside(name) => keys.beside(partition, name.clone()),
        }
    }

    /// Where to write.
    pub(super) fn writing(&self, keys: &Keys, partition: Partition) -> Place {
        match self {
            Self::Shown { written, .. } => keys.shown(partition, name(written, partition)),
            Self::Beside(name) => keys.beside(partition, name.clone()),
        }
    }

    /// Readers find another set from now on.
    pub(super) fn read_on(&self, partition: Partition, name: String) {
        if let Self::Shown { read, .. } = self {
            read.lock().insert(partition, name);
        }
    }

    /// The writer was told.
    pub(super) fn write_on(&self, partition: Partition, name: String) {
        if let Self::Shown { written, .. } = self {
            written.lock().insert(partition, name);
        }
    }
}

fn name(names: &Names, partition: Partition) -> String {
    names.lock().get(&partition).cloned().unwrap_or_default()
}
