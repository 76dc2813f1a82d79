//! Two edges, many clients, nobody misses anything.

use super::cluster::Cluster;
use super::ledger;
use crate::support::crowd::Crowd;

#[tokio::test(flavor = "multi_thread")]
async fn everyone_hears_everything_once_and_in_order() {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 50, 20, 8).await;
    crowd.say(200).await;
    assert_eq!(crowd.acked(), 10_000);
    let heads = crowd.check().await;
    // Each room's first event is its creation.
    assert_eq!(heads.values().sum::<u64>(), 10_000 + 20);
    ledger::agrees(&cluster, &crowd.receipts()).await;
    crowd.leave().await;
}
