//! The tail's latest records of one partition, so that a room can be opened without reading the log.
//!
//! What must hold: it holds every record of `[first, next)`, without a gap; it is bounded by records and bytes.

use bytes::Bytes;
use engine::domain::Offset;
use engine::log::{Record, RecordRef};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// One partition's ring. The tail pushes, whoever opens a room looks.
#[derive(Debug)]
pub(super) struct Ring {
    most_records: usize,
    most_bytes: usize,
    /// Everything before it was folded wherever it is held.
    folded: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    records: VecDeque<Record>,
    bytes: usize,
    first: Offset,
    next: Offset,
}

/// What the ring says of a key.
#[derive(Debug)]
pub(super) enum Look {
    /// The ring begins later: what is before must be read from the log.
    Behind {
        /// The first offset that the ring covers.
        first: Offset,
    },
    /// The records of the key from the offset asked for.
    Records {
        /// In order.
        records: Vec<Record>,
        /// Everything before it was looked at.
        next: Offset,
    },
}

impl Ring {
    /// Empty, at `next`: the first record that the tail will bring.
    pub(super) fn new(next: Offset, most_records: usize, most_bytes: usize) -> Self {
        Self {
            most_records,
            most_bytes,
            folded: AtomicU64::new(next.get()),
            state: Mutex::new(State {
                records: VecDeque::new(),
                bytes: 0,
                first: next,
                next,
            }),
        }
    }

    /// Takes the next record and forgets the oldest beyond the bounds.
    pub(super) fn push(&self, record: RecordRef<'_>) {
        let record = record.to_record();
        let mut state = self.state.lock();
        state.next = record.position.offset.next();
        state.bytes += size(&record);
        state.records.push_back(record);
        while state.records.len() > self.most_records || state.bytes > self.most_bytes {
            let Some(oldest) = state.records.pop_front() else { break };
            state.bytes -= size(&oldest);
            state.first = oldest.position.offset.next();
        }
    }

    /// The partition was read up to `next`: no record is between.
    pub(super) fn reach(&self, next: Offset) {
        let mut state = self.state.lock();
        state.next = state.next.max(next);
        drop(state);
        self.fold(next);
    }

    /// Whoever holds the rooms of the partition has folded everything before `next`. Told by the tail alone, in order.
    pub(super) fn fold(&self, next: Offset) {
        self.folded.fetch_max(next.get(), Ordering::Release);
    }

    /// How far that is.
    pub(super) fn folded(&self) -> Offset {
        Offset::new(self.folded.load(Ordering::Acquire))
    }

    /// The next offset that the tail will bring.
    pub(super) fn next(&self) -> Offset {
        self.state.lock().next
    }

    /// The records of `key` at `from` and after it.
    pub(super) fn look(&self, key: &[u8], from: Offset) -> Look {
        let state = self.state.lock();
        if from < state.first {
            return Look::Behind { first: state.first };
        }
        let start = state.records.partition_point(|record| record.position.offset < from);
        let records = state.records.range(start..);
        Look::Records {
            records: records.filter(|record| is(record.key.as_ref(), key)).cloned().collect(),
            next: state.next.max(from),
        }
    }
}

fn is(key: Option<&Bytes>, wanted: &[u8]) -> bool {
    key.is_some_and(|key| key == wanted)
}

/// Bytes that a record keeps, with what it costs to keep it.
fn size(record: &Record) -> usize {
    let length = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    size_of::<Record>() + length(&record.key) + length(&record.value) + length(&record.traceparent)
}

#[cfg(test)]
mod tests {
    use super::{Look, Ring};
    use engine::domain::{Offset, Partition, Position, Timestamp};
    use engine::log::{Headers, RecordRef};

    fn push(ring: &Ring, offset: u64, key: &str) {
        ring.push(RecordRef {
            position: Position {
                partition: Partition::new(0),
                offset: Offset::new(offset),
                appended_at: Timestamp::from_millis(0),
            },
            key: Some(key.as_bytes()),
            value: None,
            headers: Headers::default(),
        });
    }

    fn offsets(look: Look) -> (Vec<u64>, u64) {
        match look {
            Look::Records { records, next } => {
                let offsets = records.iter().map(|record| record.position.offset.get()).collect();
                (offsets, next.get())
            }
            Look::Behind { first } => panic!("the ring begins at {first} only"),
        }
    }

    #[test]
    fn it_finds_a_keys_records_from_an_offset_on() {
        let ring = Ring::new(Offset::new(5), 10, usize::MAX);
        for (offset, key) in [(5, "a"), (7, "b"), (8, "a"), (9, "a")] {
            push(&ring, offset, key);
        }
        assert_eq!(offsets(ring.look(b"a", Offset::new(6))), (vec![8, 9], 10));
        assert_eq!(offsets(ring.look(b"a", Offset::new(5))), (vec![5, 8, 9], 10));
        assert_eq!(offsets(ring.look(b"c", Offset::new(5))), (vec![], 10));
    }

    #[test]
    fn it_says_when_it_does_not_reach_back() {
        let ring = Ring::new(Offset::new(5), 2, usize::MAX);
        assert!(matches!(ring.look(b"a", Offset::new(4)), Look::Behind { .. }));
        for offset in 5..9 {
            push(&ring, offset, "a");
        }
        assert!(matches!(ring.look(b"a", Offset::new(6)), Look::Behind { first } if first == Offset::new(7)));
        assert_eq!(offsets(ring.look(b"a", Offset::new(7))), (vec![7, 8], 9));
    }

    #[test]
    fn who_is_ahead_of_it_stays_ahead() {
        let ring = Ring::new(Offset::new(5), 2, usize::MAX);
        assert_eq!(offsets(ring.look(b"a", Offset::new(50))), (vec![], 50));
        ring.reach(Offset::new(60));
        assert_eq!(offsets(ring.look(b"a", Offset::new(50))), (vec![], 60));
    }
}
