//! Where a projection stands in each partition, and how far that is from the log's end.

use engine::domain::{Epoch, Offset, Partition, Timestamp};
use engine::log::{self, Extent, Log, Topic};
use engine::{history, live};
use futures_util::future::try_join_all;
use std::collections::HashMap;

/// The next offset that a projection will write, by partition; of those that are missing it holds nothing.
pub(crate) type Stands = HashMap<Partition, Offset>;

/// Where history stands in this life of the log.
pub(crate) async fn of_history(history: &dyn history::Reader, epoch: Epoch) -> Result<Stands, history::Error> {
    let checkpoints = history.checkpoints().await?.into_iter();
    let of_this = checkpoints.filter(|checkpoint| checkpoint.epoch == epoch);
    Ok(of_this
        .map(|checkpoint| (checkpoint.partition, checkpoint.next))
        .collect())
}

/// Where live views stand in this life of the log.
pub(crate) async fn of_live<L: live::Writer + ?Sized>(
    views: &L,
    epoch: Epoch,
    extents: &[Extent],
) -> Result<Stands, live::Error> {
    let asked = extents.iter().map(async |extent| {
        let next = views.watermark(epoch, extent.partition).await?;
        Ok(next.map(|next| (extent.partition, next)))
    });
    let found: Vec<Option<(Partition, Offset)>> = try_join_all(asked).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Records from where a projection stands to the partition's end; of a partition of which it holds nothing, all.
pub(crate) fn behind(extent: &Extent, next: Option<Offset>) -> u64 {
    let next = next.unwrap_or(extent.low);
    extent.high.get().saturating_sub(next.get())
}

/// How many records each partition was given since then, in the order of the extents.
pub(crate) async fn since(log: &dyn Log, extents: &[Extent], time: Timestamp) -> Result<Vec<u64>, log::Error> {
    let asked = extents.iter().map(async |extent| {
        let first = log.offset_at(Topic::Events, extent.partition, time).await?;
        Ok(first.map_or(0, |first| extent.high.get().saturating_sub(first.get())))
    });
    try_join_all(asked).await
}

#[cfg(test)]
mod tests {
    use super::behind;
    use engine::domain::{Offset, Partition};
    use engine::log::Extent;

    #[test]
    fn what_is_missing_is_counted_from_the_partitions_beginning() {
        let extent = Extent {
            partition: Partition::new(1),
            low: Offset::new(10),
            high: Offset::new(25),
        };
        assert_eq!(behind(&extent, None), 15);
        assert_eq!(behind(&extent, Some(Offset::new(20))), 5);
        // It was asked after the log was, and more had come.
        assert_eq!(behind(&extent, Some(Offset::new(30))), 0);
    }
}
