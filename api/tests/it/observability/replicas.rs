//! What makes an alert fire because of what Kafka itself has lost: a broker with its replicas, or records.

use super::causes::{log, nonsense};
use super::report::Report;
use super::scene::Scene;
use crate::support::{eventually, so};
use engine::domain::Partition;
use engine::log::{Log as _, Topic, kafka};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use std::time::Duration;

/// As many as every topic of the log has.
const PARTITIONS: usize = 16;
/// More than what an edge that is stopped has asked for already.
const UNREAD: usize = 50;

/// The last things that are done to a log: it is not whole any more.
pub(crate) async fn each(scene: &Scene, report: &mut Report) {
    let (log, admin) = (log(scene).await, admin(scene).await);
    let dead_letters = log.topic_name(Topic::DeadLetters);
    put_on_brokers(scene, &admin, &dead_letters, &[1, 2]).await;
    scene.cluster.service("kill", "kafka2").await;
    report
        .fires(
            scene,
            &["RoomlogLogUnderReplicated"],
            "a broker is killed that has one of two replicas",
        )
        .await;
    put_on_brokers(scene, &admin, &dead_letters, &[2]).await;
    scene.cluster.service("kill", "kafka2").await;
    report
        .fires(
            scene,
            &["RoomlogNoLeader"],
            "a broker is killed that has the only replica",
        )
        .await;
    a_cut(scene, report, &admin, &log).await;
    log.close().await;
}

type Admin = AdminClient<DefaultClientContext>;

async fn admin(scene: &Scene) -> Admin {
    let brokers = scene.cluster.setting("ROOMLOG_KAFKA__BROKERS").await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).create().unwrap()
}

/// Starts the second broker and makes a topic anew with its replicas on these. It is the topic of dead letters: nothing else
/// that happens here needs it.
async fn put_on_brokers(scene: &Scene, admin: &Admin, topic: &str, replicas: &[i32]) {
    scene.cluster.service("start", "kafka2").await;
    let options = AdminOptions::new();
    for deleted in admin.delete_topics(&[topic], &options).await.unwrap() {
        deleted.unwrap();
    }
    let assigned = [replicas; PARTITIONS];
    let partitions = i32::try_from(PARTITIONS).unwrap();
    let anew = NewTopic::new(topic, partitions, TopicReplication::Variable(&assigned));
    eventually("the topic is made anew", async || {
        let made = admin.create_topics([&anew], &options).await.unwrap();
        so(made.iter().all(Result::is_ok), made)
    })
    .await;
    eventually("all replicas are in sync", async || {
        let metadata = admin.inner().fetch_metadata(Some(topic), Duration::from_secs(5));
        let metadata = metadata.map_err(|error| error.to_string())?;
        let in_sync = metadata.topics().iter().flat_map(|topic| topic.partitions());
        let in_sync = in_sync.filter(|one| one.leader() >= 0 && one.isr().len() == replicas.len());
        let count = in_sync.count();
        so(count == PARTITIONS, count)
    })
    .await;
}

/// Somebody lets Kafka delete what an edge has yet to read.
async fn a_cut(scene: &Scene, report: &mut Report, admin: &Admin, log: &kafka::Log) {
    scene.cluster.signal("-STOP", "edge2");
    for _ in 0..UNREAD {
        log.append(nonsense(b"tomorrow")).await.unwrap();
    }
    let mut cut = rdkafka::TopicPartitionList::new();
    let partition = Partition::new(0);
    cut.add_partition_offset(
        &log.topic_name(Topic::Events),
        partition.get().into(),
        rdkafka::Offset::End,
    )
    .unwrap();
    let cut = admin.delete_records(&cut, &AdminOptions::new()).await.unwrap();
    assert!(cut.elements().iter().all(|element| element.error().is_ok()));
    scene.cluster.signal("-CONT", "edge2");
    report
        .fires(
            scene,
            &["RoomlogLogCut"],
            "records are deleted that an edge has yet to read",
        )
        .await;
}
