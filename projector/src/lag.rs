//! How far a projection is behind, in records and in time, measured now and then.
//!
//! What must hold: who is level has no lag, however long nothing came; the log is asked how old a record is only where
//! nobody here knows it, and once.

use crate::Error;
use crate::backoff::pause;
use crate::feed::{Common, Stand};
use crate::metrics::{self, Lag};
use engine::clock;
use engine::domain::{Offset, Partition, Timestamp};
use engine::log::RangeLimits;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One record.
const FIRST: RangeLimits = RangeLimits {
    max_records: 1,
    max_bytes: 1,
};

/// Measures until it is over.
pub(crate) async fn measure(common: Arc<Common>, over: CancellationToken) -> Result<(), Error> {
    let interval = Duration::from_millis(common.config.measure_ms.max(1));
    while pause(interval, &over).await {
        // A log that is away shows elsewhere; the lag is then the last one known.
        let Ok(extents) = common.log.extents(common.topic).await else {
            continue;
        };
        let ends = extents.iter().map(|extent| (extent.partition, extent.high)).collect();
        look(&common, &ends, interval).await;
    }
    metrics::measured(common.projection, Lag::default());
    Ok(())
}

async fn look(common: &Common, ends: &BTreeMap<Partition, Offset>, interval: Duration) {
    let stands = common.stands.lock().clone();
    let mut lag = Lag {
        partitions: stands.len(),
        ..Lag::default()
    };
    for (partition, stand) in stands {
        let Some(&end) = ends.get(&partition).filter(|end| **end > stand.next) else {
            continue;
        };
        let unmoved = stand.moved.elapsed();
        lag.events += end.get() - stand.next.get();
        lag.unmoved = lag.unmoved.max(unmoved);
        let since = match stand.since(unmoved < interval) {
            Some(since) => Some(since),
            None => ask(common, partition, stand.next, end).await,
        };
        lag.behind = lag.behind.max(since.map_or(Duration::ZERO, clock::since));
    }
    metrics::measured(common.projection, lag);
}

impl Stand {
    /// When the record at `next` was appended, as far as is known here. What comes behind one that was written a moment
    /// ago is no older than it.
    fn since(&self, lately: bool) -> Option<Timestamp> {
        self.waiting.or(self.written.filter(|_| lately))
    }
}

/// When the record at `next` was appended, as the log has it; kept for as long as the partition stands there.
async fn ask(common: &Common, partition: Partition, next: Offset, end: Offset) -> Option<Timestamp> {
    let range = common.log.range(common.topic, partition, next, end, FIRST).await.ok()?;
    let since = range.records.first()?.position.appended_at;
    if let Some(stand) = common
        .stands
        .lock()
        .get_mut(&partition)
        .filter(|stand| stand.next == next)
    {
        stand.waiting.get_or_insert(since);
    }
    Some(since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_waits_is_told_before_what_was_written() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        let stand = |waiting, written| Stand {
            next: Offset::ZERO,
            moved: Instant::now(),
            waiting,
            written,
        };
        assert_eq!(stand(at(2), at(1)).since(true), at(2));
        assert_eq!(stand(None, at(1)).since(true), at(1));
        // A room that was still for an hour: what comes now is new.
        assert_eq!(stand(None, at(1)).since(false), None);
        assert_eq!(stand(None, None).since(true), None);
    }
}
