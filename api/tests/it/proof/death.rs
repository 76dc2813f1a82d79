//! What people see when something dies under load: an edge, a projector, a service.

use super::cluster::Cluster;
use super::ledger;
use crate::support::crowd::Crowd;
use crate::support::{eventually, so};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::time::Duration;

const ROUNDS: u64 = 10;
const PAUSE: Duration = Duration::from_millis(25);

/// Waits until so many commands more are acked.
async fn goes_on(crowd: &Crowd, more: usize, when: &str) {
    let acked = crowd.acked();
    eventually(when, || async {
        so(
            crowd.acked() >= acked + more,
            format!("{} acked", crowd.acked() - acked),
        )
    })
    .await;
}

/// Kills a part ten times at moments drawn from a seed; people go on without it, then it starts again. At the end every
/// promise is checked.
async fn killed_ten_times(seed: u64, parts: &[&str]) {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 12, 6, 4).await;
    let talk = crowd.keep_talking(PAUSE);
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..ROUNDS {
        let when = format!("seed {seed}, round {round}");
        goes_on(&crowd, 20, &format!("{when}: people are talking")).await;
        let mut there = BTreeMap::new();
        for part in parts {
            // Only an edge has sessions; one that nobody is connected to would prove nothing.
            there.insert(*part, cluster.sessions(part).await);
        }
        let busy: Vec<&str> = there.keys().copied().filter(|part| there[part] != Some(0)).collect();
        let part = busy[random.random_range(0..busy.len())];
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
        let connections = crowd.connections();
        cluster.part("kill", part).await;
        if let Some(sessions) = there[part] {
            eventually(&format!("{when}: its clients go to the other"), || async {
                let came = crowd.connections() - connections;
                so(came >= sessions, format!("{came} of {sessions}"))
            })
            .await;
        }
        goes_on(&crowd, 20, &format!("{when}: chatting goes on without {part}")).await;
        cluster.part("start", part).await;
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
    // A client that gets no processor time for eight seconds would be sent away for that, not for Kafka.
    let cluster = Cluster::start(&[("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "120000")]).await;
    let crowd = Crowd::gather(&cluster, 12, 6, 4).await;
    let talk = crowd.keep_talking(PAUSE);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let connections = crowd.connections();
    cluster.service("restart", "kafka").await;
    goes_on(&crowd, 50, "sends are acked again").await;
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
    goes_on(&crowd, 100, "sends are acked without PostgreSQL").await;
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
    goes_on(&crowd, 100, "sends are acked after the flush").await;
    talk.stop().await;
    crowd.check().await;
    ledger::agrees(&cluster, &crowd.receipts()).await;
    crowd.leave().await;
}
