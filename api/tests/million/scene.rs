//! A cluster whose log has a million events over two hundred rooms.

use crate::support::cluster::Cluster;
use crate::support::{Person, Server};
use bench::fill::{FilledRoom, Plan, fill};
use engine::log::{Log as _, Topic};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row as _};
use std::time::{Duration, Instant};

pub(crate) const EVENTS: usize = 1_000_000;
const ROOMS: usize = 200;
const PARTITIONS: &str = "16";
/// The projections may take as long as they need, but not stand still for so long.
const STANDSTILL: Duration = Duration::from_secs(120);

pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    pub(crate) edges: [Server; 2],
    pub(crate) _projectors: [Server; 2],
    pub(crate) rooms: Vec<FilledRoom>,
    pub(crate) somebody: Person,
    pub(crate) pool: PgPool,
}

impl Scene {
    pub(crate) async fn filled() -> Self {
        let cluster = Cluster::unmade().await.with("ROOMLOG_KAFKA__PARTITIONS", PARTITIONS);
        cluster.run(&["migrate"]);
        cluster.run(&["schemas", "register"]);
        let log = cluster.log().await;
        let plan = Plan {
            events: EVENTS,
            rooms: ROOMS,
            seed: 2,
        };
        let rooms = fill(&log, &plan).await.expect("the log takes it");
        log.close().await;
        let ignored: u64 = rooms.iter().map(|room| room.ignored).sum();
        assert!(ignored > 1_000, "some of it must not count: {ignored}");
        let edges = [cluster.edge().await, cluster.edge().await];
        let pool = PgPoolOptions::new()
            .connect(cluster.setting("ROOMLOG_POSTGRES__URL"))
            .await;
        Self {
            _projectors: [cluster.history().await, cluster.live().await],
            somebody: edges[0].register("reader").await,
            edges,
            pool: pool.expect("PostgreSQL answers"),
            rooms,
            cluster,
        }
    }

    /// Waits until history and live views hold everything.
    pub(crate) async fn caught_up(&self) {
        let log = self.cluster.log().await;
        let extents = log.extents(Topic::Events).await.expect("the log answers");
        let end: u64 = extents.iter().map(|extent| extent.high.get()).sum();
        log.close().await;
        let (mut last, mut moved) = (0, Instant::now());
        loop {
            let row = sqlx::query(
                "SELECT coalesce(sum(next_offset), 0)::bigint FROM history.checkpoints WHERE projection = 'events'",
            );
            let row = row.fetch_one(&self.pool).await.expect("the checkpoints");
            let next = row.get::<i64, _>(0).cast_unsigned();
            if next >= end {
                return;
            }
            if next > last {
                (last, moved) = (next, Instant::now());
            }
            assert!(moved.elapsed() < STANDSTILL, "history stands at {next} of {end}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
