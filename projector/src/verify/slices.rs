//! A partition in parts whose rows fit into memory: rooms in order of id, and of a room that is too large ranges of seqs.
//!
//! What must hold: the parts of a partition are disjoint and hold every room there may be, known to the log or not, so that a
//! room which only a store knows is found too. [`cut`] is pure.

use super::walk::{Walk, event_room, read_room};
use super::{Common, Error};
use engine::domain::{RoomId, Seq};
use engine::log::{Extent, Topic};
use std::collections::BTreeMap;

/// A part of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// Rooms after this one; `None`: from the first.
    pub(super) after: Option<RoomId>,
    /// Up to this one; `None`: to the last.
    pub(super) through: Option<RoomId>,
    /// Rows of events after this seq.
    pub(super) seq_after: Seq,
    /// And up to this one.
    pub(super) seq_through: Seq,
}

/// Beyond every seq.
const LAST: Seq = Seq::new(u64::MAX);

impl Slice {
    /// Everything.
    pub(super) const ALL: Self = Self {
        after: None,
        through: None,
        seq_after: Seq::ZERO,
        seq_through: LAST,
    };

    /// Whether a room belongs to it.
    pub(super) fn holds(&self, room: RoomId) -> bool {
        self.after.is_none_or(|after| room > after) && self.through.is_none_or(|through| room <= through)
    }

    /// Whether rows of this seq belong to it.
    pub(super) fn holds_seq(&self, seq: Seq) -> bool {
        seq > self.seq_after && seq <= self.seq_through
    }

    /// Whether it is the one that tells of its rooms themselves, not only of their events.
    pub(super) fn tells_rooms(&self) -> bool {
        self.seq_after == Seq::ZERO
    }

    /// Whether it tells of what no room owns: there is one such slice in every partition.
    pub(super) fn is_first(&self) -> bool {
        self.after.is_none() && self.tells_rooms()
    }
}

/// The slices of a partition, or of its one room that is checked.
pub(super) async fn of(common: &Common<'_>, extent: Extent) -> Result<Vec<Slice>, Error> {
    let most = common.config.verify_slice_events.max(1);
    let small = extent.high.get() - extent.low.get() <= most;
    if small && common.room.is_none() {
        return Ok(vec![Slice::ALL]);
    }
    let counts = count(common, extent).await?;
    Ok(match common.room {
        None => cut(&counts, most),
        Some(room) => cut_room(None, Some(room), counts.get(&room).copied().unwrap_or(0), most),
    })
}

/// Records by room: an upper bound of what each will have accepted.
async fn count(common: &Common<'_>, extent: Extent) -> Result<BTreeMap<RoomId, u64>, Error> {
    let mut counts = BTreeMap::new();
    let mut add = |room: Option<RoomId>| {
        if let Some(room) = room.filter(|room| common.room.is_none_or(|only| only == *room)) {
            *counts.entry(room).or_insert(0) += 1;
        }
    };
    let reads = common.parts.log.extents(Topic::Reads).await?;
    let reads = reads.into_iter().find(|reads| reads.partition == extent.partition);
    let of_reads = reads.map_or(0, |reads| reads.high.get() - reads.low.get());
    let what = format!("counting partition {}", extent.partition);
    common
        .progress
        .begins(&what, extent.high.get() - extent.low.get() + of_reads);
    let mut events = Walk::begin(common, Topic::Events, extent.partition, extent.low);
    events.to(extent.high, common, |record| add(event_room(record))).await?;
    if let Some(reads) = reads {
        let mut markers = Walk::begin(common, Topic::Reads, reads.partition, reads.low);
        markers.to(reads.high, common, |record| add(read_room(record))).await?;
    }
    Ok(counts)
}

/// Cuts a partition so that each part holds at most `most` records, where a room does not itself hold more: that one is cut by
/// seq. The last part is open: it also holds rooms that come later.
pub(super) fn cut(counts: &BTreeMap<RoomId, u64>, most: u64) -> Vec<Slice> {
    let mut slices = Vec::new();
    let (mut after, mut last, mut sum) = (None, None, 0);
    for (&room, &count) in counts {
        if sum > 0 && sum + count > most {
            slices.extend(cut_room(after, last, sum, most));
            (after, sum) = (last, 0);
        }
        sum += count;
        last = Some(room);
    }
    slices.extend(cut_room(after, None, sum, most));
    slices
}

/// One part of rooms; more of the same rooms, by seq, where they are one room that is too large.
fn cut_room(after: Option<RoomId>, through: Option<RoomId>, count: u64, most: u64) -> Vec<Slice> {
    let parts = count.div_ceil(most).max(1);
    let part = |number: u64| Slice {
        after,
        through,
        seq_after: Seq::new(number * most),
        seq_through: if number + 1 == parts {
            LAST
        } else {
            Seq::new((number + 1) * most)
        },
    };
    (0..parts).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::{LAST, Slice, cut};
    use engine::domain::{RoomId, Seq};
    use std::collections::BTreeMap;

    fn room(number: u128) -> RoomId {
        RoomId::new(uuid::Uuid::from_u128(number))
    }

    fn counts(all: &[(u128, u64)]) -> BTreeMap<RoomId, u64> {
        all.iter().map(|(number, count)| (room(*number), *count)).collect()
    }

    #[test]
    fn what_fits_is_one_slice_of_everything() {
        assert_eq!(cut(&counts(&[]), 10), [Slice::ALL]);
        assert_eq!(cut(&counts(&[(1, 4), (2, 6)]), 10), [Slice::ALL]);
    }

    #[test]
    fn rooms_are_packed_and_a_large_one_is_cut_by_seq() {
        let all = counts(&[(1, 4), (3, 5), (5, 2), (7, 25), (9, 1)]);
        let slices = cut(&all, 10);
        let of = |after: Option<u128>, through: Option<u128>, from: u64, to: Option<u64>| Slice {
            after: after.map(room),
            through: through.map(room),
            seq_after: Seq::new(from),
            seq_through: to.map_or(LAST, Seq::new),
        };
        assert_eq!(
            slices,
            [
                of(None, Some(3), 0, None),
                of(Some(3), Some(5), 0, None),
                of(Some(5), Some(7), 0, Some(10)),
                of(Some(5), Some(7), 10, Some(20)),
                of(Some(5), Some(7), 20, None),
                of(Some(7), None, 0, None),
            ]
        );
    }

    #[test]
    fn every_room_and_seq_is_in_one_slice() {
        let all = counts(&[(2, 3), (4, 30), (6, 9), (8, 1), (10, 10), (12, 11)]);
        let slices = cut(&all, 10);
        for number in 0..20 {
            for seq in [1, 9, 10, 11, 20, 21, 1_000_000] {
                let holding = slices
                    .iter()
                    .filter(|slice| slice.holds(room(number)) && slice.holds_seq(Seq::new(seq)));
                assert_eq!(holding.count(), 1, "room {number}, seq {seq}");
            }
            let telling = slices
                .iter()
                .filter(|slice| slice.holds(room(number)) && slice.tells_rooms());
            assert_eq!(telling.count(), 1, "room {number}");
        }
        assert_eq!(slices.iter().filter(|slice| slice.is_first()).count(), 1);
    }
}
