//! What the log holds, how fast it grows, and how far each projection is behind, partition by partition.
//!
//! What must hold: a store that is away hides its own figures and nobody else's. The log's ends are looked at before the
//! stores are, so a projection that keeps up is never told to be behind.

use super::standing::{self, Stands};
use crate::rest::schema;
use engine::clock;
use engine::domain::{Epoch, Offset, Partition, Timestamp};
use engine::log::{self, Extent, Log, RangeLimits, Topic};
use engine::{history, live};
use futures_util::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

/// Over how long rates are told.
const RATE_SECONDS: u16 = 60;
/// One record.
const FIRST: RangeLimits = RangeLimits {
    max_records: 1,
    max_bytes: 1,
};

/// The log as it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LogOverview)]
pub(crate) struct Overview {
    #[schema(value_type = schema::Epoch)]
    epoch: Epoch,
    /// The topic of events, by its whole name.
    topic: String,
    /// Events in all partitions.
    #[schema(value_type = schema::Count)]
    records: u64,
    /// Events a second in all partitions, over the last minute.
    per_second: f64,
    /// In order.
    partitions: Vec<PartitionView>,
    history: Projection,
    live: Projection,
}

/// A partition of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LogPartition)]
struct PartitionView {
    #[schema(value_type = schema::Partition)]
    partition: Partition,
    /// The first offset that is there.
    #[schema(value_type = schema::Offset)]
    start: Offset,
    /// The next offset to be written.
    #[schema(value_type = schema::Offset)]
    end: Offset,
    /// Events a second, over the last minute.
    per_second: f64,
    /// Null while history can't be asked.
    #[schema(required = true)]
    history: Option<Stand>,
    /// Null while live views can't be asked.
    #[schema(required = true)]
    live: Option<Stand>,
}

/// Where a projection stands in a partition.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = ProjectionStand)]
struct Stand {
    /// The next offset that it will write; null: it holds nothing of the partition.
    #[schema(value_type = Option<schema::Offset>, required = true)]
    next: Option<Offset>,
    /// Records from there to the end.
    #[schema(value_type = schema::Count)]
    behind: u64,
    /// The age of the first of them, milliseconds: 0 where it is level; null where the log did not say.
    #[schema(value_type = Option<schema::Count>, required = true)]
    behind_ms: Option<u64>,
}

/// A projection over all partitions.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProjectionState)]
struct Projection {
    /// Records that it has not written yet.
    #[schema(value_type = schema::Count)]
    behind: u64,
    /// The greatest age of a partition; null where one is not known.
    #[schema(value_type = Option<schema::Count>, required = true)]
    behind_ms: Option<u64>,
    /// Whether it could be asked: if not, nothing of the above is known.
    available: bool,
}

impl Overview {
    /// Of now.
    ///
    /// # Errors
    /// Of the log alone.
    pub(super) async fn of(
        log: &dyn Log,
        history: &dyn history::Reader,
        live: &dyn live::Writer,
    ) -> Result<Self, log::Error> {
        let extents = log.extents(Topic::Events).await?;
        let epoch = log.epoch();
        let minute_ago = Timestamp::from_millis(clock::now().as_millis() - i64::from(RATE_SECONDS) * 1_000);
        let grown = standing::since(log, &extents, minute_ago).await?;
        let history = known("history", standing::of_history(history, epoch).await);
        let live = known("live views", standing::of_live(live, epoch, &extents).await);
        let history = stands(log, &extents, history.as_ref()).await;
        let live = stands(log, &extents, live.as_ref()).await;
        let partitions = extents.iter().enumerate().map(|(at, extent)| PartitionView {
            partition: extent.partition,
            start: extent.low,
            end: extent.high,
            per_second: per_second(grown[at]),
            history: history[at],
            live: live[at],
        });
        Ok(Self {
            epoch,
            topic: log.topic_name(Topic::Events),
            records: extents.iter().map(|extent| extent.high.get() - extent.low.get()).sum(),
            per_second: per_second(grown.iter().sum()),
            partitions: partitions.collect(),
            history: Projection::of(&history),
            live: Projection::of(&live),
        })
    }
}

fn known<E: std::fmt::Display>(name: &'static str, found: Result<Stands, E>) -> Option<Stands> {
    found
        .inspect_err(|error| tracing::debug!(%error, "{name} can't be asked where they stand"))
        .ok()
}

/// In the order of the extents; nothing where the projection could not be asked.
async fn stands(log: &dyn Log, extents: &[Extent], found: Option<&Stands>) -> Vec<Option<Stand>> {
    let Some(found) = found else {
        return vec![None; extents.len()];
    };
    let stands = extents.iter().map(async |extent| {
        let next = found.get(&extent.partition).copied();
        let behind = standing::behind(extent, next);
        Some(Stand {
            next,
            behind,
            behind_ms: match behind {
                0 => Some(0),
                _ => age(log, extent, next.unwrap_or(extent.low)).await,
            },
        })
    });
    join_all(stands).await
}

/// How long ago the first record from `next` on was appended.
async fn age(log: &dyn Log, extent: &Extent, next: Offset) -> Option<u64> {
    let range = log
        .range(
            Topic::Events,
            extent.partition,
            next.max(extent.low),
            extent.high,
            FIRST,
        )
        .await;
    let first = range.ok()?.records.first()?.position.appended_at;
    let waited = clock::since(first);
    u64::try_from(waited.as_millis()).ok()
}

impl Projection {
    fn of(stands: &[Option<Stand>]) -> Self {
        let known: Vec<&Stand> = stands.iter().flatten().collect();
        let ages: Option<Vec<u64>> = known.iter().map(|stand| stand.behind_ms).collect();
        let available = known.len() == stands.len();
        Self {
            behind: known.iter().map(|stand| stand.behind).sum(),
            behind_ms: ages.filter(|_| available).and_then(|ages| ages.into_iter().max()),
            available,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "for people: far below 2^53")]
fn per_second(records: u64) -> f64 {
    records as f64 / f64::from(RATE_SECONDS)
}
