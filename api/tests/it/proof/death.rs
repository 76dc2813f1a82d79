//! What people see when something dies under load: an edge, a projector, a service.

use super::cluster::Cluster;
use super::ledger;
use crate::support::crowd::Crowd;
use crate::support::eventually;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

const ROUNDS: u64 = 10;
const PAUSE: Duration = Duration::from_millis(25);

/// Kills a part ten times at moments drawn from a seed, starts it again, and checks every promise.
async fn killed_ten_times(seed: u64, parts: &[&str]) {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 12, 6, 4).await;
    let talk = crowd.keep_talking(PAUSE);
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..ROUNDS {
        let moment = Duration::from_millis(random.random_range(100..1_500));
        let part = parts[random.random_range(0..parts.len())];
        let acked = crowd.acked();
        tokio::time::sleep(moment).await;
        cluster.part("kill", part).await;
        cluster.part("start", part).await;
        assert!(
            crowd.acked() > acked,
            "seed {seed}, round {round}: chatting went on while {part} was killed"
        );
    }
    talk.stop().await;
    crowd.check().await;
    ledger::agrees(&cluster, &crowd.receipts()).await;
    crowd.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_edge_loses_and_repeats_nothing() {
    killed_ten_times(0x00ED_6E01, &["edge1", "edge2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_history_projector_loses_and_repeats_nothing() {
    killed_ten_times(0x0415_7012, &["history"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_live_projector_loses_and_repeats_nothing() {
    killed_ten_times(0x0011_7E13, &["live"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_comes_back_and_so_does_all_else() {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 12, 6, 4).await;
    let talk = crowd.keep_talking(PAUSE);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let connections = crowd.connections();
    cluster.service("restart", "kafka").await;
    let acked = crowd.acked();
    eventually("sends are acked again", || async {
        if crowd.acked() > acked + 50 {
            Ok(())
        } else {
            Err(format!("{} acked", crowd.acked()))
        }
    })
    .await;
    talk.stop().await;
    assert_eq!(crowd.connections(), connections, "sessions stay");
    crowd.check().await;
    ledger::agrees(&cluster, &crowd.receipts()).await;
    crowd.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chatting_goes_on_without_postgres() {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 12, 6, 4).await;
    let talk = crowd.keep_talking(PAUSE);
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.service("kill", "postgres").await;
    let acked = crowd.acked();
    eventually("sends are acked without PostgreSQL", || async {
        if crowd.acked() > acked + 100 {
            Ok(())
        } else {
            Err(format!("{} acked", crowd.acked()))
        }
    })
    .await;
    cluster.service("start", "postgres").await;
    talk.stop().await;
    crowd.check().await;
    ledger::agrees(&cluster, &crowd.receipts()).await;
    crowd.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_redis_fills_again() {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 12, 6, 4).await;
    let talk = crowd.keep_talking(PAUSE);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let redis = redis::Client::open(cluster.setting("ROOMLOG_REDIS__URL").await).unwrap();
    let mut connection = redis.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
    let acked = crowd.acked();
    eventually("sends are acked after the flush", || async {
        if crowd.acked() > acked + 100 {
            Ok(())
        } else {
            Err(format!("{} acked", crowd.acked()))
        }
    })
    .await;
    talk.stop().await;
    crowd.check().await;
    ledger::agrees(&cluster, &crowd.receipts()).await;
    crowd.leave().await;
}
