//! Which rooms are big: by the whole log where that is short, else by parts of each partition, spread evenly over it.

use crate::process::bar::Bar;
use engine::codec::room_of_key;
use engine::domain::{Offset, RoomId};
use engine::log::{Error, Extent, Log, RangeLimits, Topic};
use std::collections::HashMap;

/// Parts that a partition is looked at in.
const PARTS: u64 = 16;
/// Records of one read.
const READ: RangeLimits = RangeLimits {
    max_records: 1_000,
    max_bytes: 4 << 20,
};

/// What was read.
#[derive(Default)]
pub(super) struct Sample {
    /// Records of each room.
    pub(super) rooms: HashMap<RoomId, u64>,
    /// Records that were looked at.
    pub(super) records: u64,
    /// Bytes of their keys and values.
    pub(super) bytes: u64,
}

/// Reads at most about `most` records.
pub(super) async fn of(log: &dyn Log, extents: &[Extent], most: u64, bar: &Bar) -> Result<Sample, Error> {
    let all: u64 = extents.iter().map(|extent| extent.high.get() - extent.low.get()).sum();
    let mut sample = Sample::default();
    bar.begins("biggest rooms", all.min(most));
    for extent in extents {
        let records = extent.high.get() - extent.low.get();
        // Each partition has its share; rounded up, so that a short one is not passed over.
        let share = if all <= most {
            records
        } else {
            (records * most).div_ceil(all)
        };
        for (from, to) in parts(extent.low.get(), records, share) {
            let mut reader = log.reader(Topic::Events, extent.partition, Offset::new(from));
            while reader.next_offset().get() < to {
                let before = reader.next_offset().get();
                let range = reader.next(Offset::new(to), READ).await?;
                for record in &range.records {
                    sample.records += 1;
                    let bytes = record.key.as_ref().map_or(0, bytes::Bytes::len)
                        + record.value.as_ref().map_or(0, bytes::Bytes::len);
                    sample.bytes += bytes as u64;
                    if let Some(room) = record.key.as_deref().and_then(room_of_key) {
                        *sample.rooms.entry(room).or_default() += 1;
                    }
                }
                bar.advanced(range.next.get() - before);
            }
        }
    }
    Ok(sample)
}

/// Where to read `share` of so many records: the whole, or parts of the same length, evenly spread.
fn parts(low: u64, records: u64, share: u64) -> Vec<(u64, u64)> {
    if share >= records {
        return vec![(low, low + records)];
    }
    let parts = PARTS.min(share.max(1));
    let length = share.div_ceil(parts);
    let begin = |part: u64| low + part * records / parts;
    (0..parts)
        .map(|part| (begin(part), (begin(part) + length).min(begin(part + 1))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_short_partition_is_read_whole_and_a_long_one_in_even_parts() {
        assert_eq!(parts(5, 10, 10), [(5, 15)]);
        assert_eq!(parts(5, 10, 3), [(5, 6), (8, 9), (11, 12)]);
        let long = parts(100, 1_000_000, 1_600);
        assert_eq!(long.len(), 16);
        assert!(long.iter().all(|(from, to)| to - from == 100));
        assert!(long.windows(2).all(|pair| pair[1].0 - pair[0].0 == 62_500));
    }
}
