//! Which dependency is down is told by everyone who has it, also while nobody says anything.

use super::cluster::Cluster;
use crate::support::{eventually, so};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PROCESSES: [&str; 4] = ["edge1", "edge2", "history", "live"];

/// What /readyz of each process calls down; a process that is ready answers 200, one that is not 503.
async fn down(addresses: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut down = BTreeMap::new();
    for (process, address) in addresses {
        let answer = reqwest::get(format!("http://{address}/readyz"))
            .await
            .unwrap_or_else(|error| panic!("{process} gives no answer: {error:?}"));
        let status = answer.status();
        let ready: Value = answer.json().await.expect("JSON");
        let dependencies: BTreeMap<String, String> =
            serde_json::from_value(ready["dependencies"].clone()).expect("a word on each");
        let missing: BTreeSet<String> = dependencies
            .into_iter()
            .filter(|(_, answer)| answer != "up")
            .inspect(|(name, answer)| assert!(answer.starts_with("down: "), "{process}, {name}: {answer}"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(ready["ready"], missing.is_empty(), "{process}: {ready}");
        assert_eq!(status, if missing.is_empty() { 200 } else { 503 }, "{process}: {ready}");
        down.insert(*process, missing);
    }
    down
}

#[tokio::test(flavor = "multi_thread")]
async fn readyz_says_which_dependency_is_down_while_nobody_says_anything() {
    let cluster = Cluster::start(&[]).await;
    let mut addresses = BTreeMap::new();
    for process in PROCESSES {
        addresses.insert(process, cluster.address(process).await);
    }
    let is = async |what: &str, expected: [&[&str]; 4]| {
        let expected: BTreeMap<_, BTreeSet<String>> = PROCESSES
            .into_iter()
            .zip(expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect()))
            .collect();
        eventually(what, async || {
            let found = down(&addresses).await;
            so(found == expected, &found)
        })
        .await;
    };
    is("all are ready", [&[], &[], &[], &[]]).await;
    cluster.service("kill", "postgres").await;
    let edge: &[&str] = &["history", "people"];
    is(
        "PostgreSQL is named",
        [edge, edge, &["history", "projector_history"], &["history"]],
    )
    .await;
    cluster.service("start", "postgres").await;
    is("PostgreSQL is back", [&[], &[], &[], &[]]).await;
    cluster.service("kill", "redis").await;
    let edge: &[&str] = &["live"];
    is("Redis is named", [edge, edge, &["live"], &["live", "projector_live"]]).await;
    cluster.service("start", "redis").await;
    is("Redis is back", [&[], &[], &[], &[]]).await;
    cluster.service("kill", "kafka").await;
    eventually("Kafka is named", async || {
        let found = down(&addresses).await;
        so(found.values().all(|names| names.contains("log")), &found)
    })
    .await;
    let stores = ["history", "live", "people"];
    let found = down(&addresses).await;
    assert!(
        found
            .values()
            .all(|names| stores.iter().all(|store| !names.contains(*store))),
        "the others are there: {found:?}"
    );
    cluster.service("start", "kafka").await;
    is("Kafka is back", [&[], &[], &[], &[]]).await;
}
