//! Kafka's topics under a log: not as they must be, not there, or made anew while the log is in use.

use crate::log_suite::{P0, PARTITIONS, PATIENCE, Told, append_texts, listen};
use engine::domain::{Epoch, Offset, Partition};
use engine::log::kafka::{Config, Log};
use engine::log::{Error, Group, Log as _, Topic, Turn};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use std::collections::BTreeMap;

fn config() -> Config {
    Config {
        brokers: std::env::var("ROOMLOG_TEST_KAFKA").expect("run `make test`, or scripts/services up"),
        prefix: format!("test-{}", uuid::Uuid::new_v4().simple()),
        partitions: PARTITIONS,
        // Kafka serves every test at once: slow is not wrong here.
        query_timeout_ms: 60_000,
        ..Config::default()
    }
}

fn admin(config: &Config) -> AdminClient<DefaultClientContext> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers);
    client.create().expect("a client")
}

/// What every topic of a log has.
const COMMON: [(&str, &str); 3] = [
    ("message.timestamp.type", "LogAppendTime"),
    ("unclean.leader.election.enable", "false"),
    ("min.insync.replicas", "1"),
];
const EVENTS: [(&str, &str); 3] = [
    ("cleanup.policy", "delete"),
    ("retention.ms", "-1"),
    ("retention.bytes", "-1"),
];

/// Makes one topic by hand: as it must be, but for `odd`.
async fn make(config: &Config, topic: Topic, partitions: u16, odd: (&str, &str)) {
    let name = config.topic_name(topic);
    let own: &[(&str, &str)] = match topic {
        Topic::Events | Topic::DeadLetters => &EVENTS,
        Topic::Reads => &[("cleanup.policy", "compact")],
        Topic::Signals => &[("cleanup.policy", "delete"), ("retention.ms", "600000")],
    };
    let settings = COMMON.iter().chain(own).filter(|(setting, _)| *setting != odd.0);
    let made = NewTopic::new(&name, partitions.into(), TopicReplication::Fixed(1));
    let made = settings
        .chain([&odd])
        .fold(made, |topic, (setting, value)| topic.set(setting, value));
    let results = admin(config).create_topics([&made], &AdminOptions::new()).await;
    results.expect("Kafka answers")[0].as_ref().expect("made");
}

/// Opening must fail, and not be worth another try, with an error that holds all of `words`.
async fn refused(config: Config, create: bool, words: &[&str]) {
    let Err(error) = Log::open(config, create).await else {
        panic!("opened in spite of {words:?}");
    };
    assert!(matches!(error, Error::Misconfigured(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        words.iter().all(|word| text.contains(word)),
        "{text}\nlacks one of {words:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_is_told_with_what_was_found_and_what_is_wanted() {
    for (topic, setting, found, wanted) in [
        (Topic::Events, "retention.ms", "604800000", "-1"),
        (Topic::Events, "retention.bytes", "1073741824", "-1"),
        (Topic::Events, "cleanup.policy", "compact", "delete"),
        (Topic::Events, "unclean.leader.election.enable", "true", "false"),
        (Topic::DeadLetters, "retention.ms", "604800000", "-1"),
        (Topic::Reads, "cleanup.policy", "delete", "compact"),
        (Topic::Reads, "message.timestamp.type", "CreateTime", "LogAppendTime"),
        (Topic::Signals, "retention.ms", "60000", "600000"),
    ] {
        let config = config();
        make(&config, topic, PARTITIONS, (setting, found)).await;
        let name = config.topic_name(topic);
        let (found, wanted) = (format!("{setting} = {found}"), format!("needs {wanted} "));
        refused(config, true, &[&name, &found, &wanted, "kafka-configs"]).await;
    }
}

/// What an import under way makes of the topic, and leaves behind where it is cut short.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_import_is_told_with_both_ways_out() {
    let config = config();
    make(
        &config,
        Topic::Events,
        PARTITIONS,
        ("message.timestamp.type", "CreateTime"),
    )
    .await;
    let name = config.topic_name(Topic::Events);
    let words = [
        "half an import",
        "delete the topics",
        "message.timestamp.type=LogAppendTime",
        "kafka-configs",
    ];
    refused(config, true, &[&[name.as_str()], &words[..]].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_partitions_or_replicas_is_told() {
    let fewer = config();
    make(&fewer, Topic::Events, PARTITIONS - 1, COMMON[0]).await;
    let name = fewer.topic_name(Topic::Events);
    refused(
        fewer,
        true,
        &[&name, "3 partitions", "this log has 4", "kafka.partitions"],
    )
    .await;

    let replicated = Config {
        replication: 3,
        ..config()
    };
    let name = replicated.topic_name(Topic::Events);
    refused(replicated.clone(), true, &[&name, "3 replicas"]).await;
    for topic in Topic::ALL {
        make(&replicated, topic, PARTITIONS, COMMON[0]).await;
    }
    refused(replicated, false, &[&name, "1 replicas", "kafka.replication says 3"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_missing_is_told() {
    let config = config();
    let name = config.topic_name(Topic::Events);
    refused(config.clone(), false, &[&name, "does not exist", "roomlog migrate"]).await;
    let log = Log::open(config.clone(), true).await.expect("a log");
    log.close().await;
    Log::open(config, false).await.expect("the same log").close().await;
}

/// Deletes the events and has them made anew, with `texts` records.
async fn make_anew(config: &Config, texts: usize) -> Epoch {
    let name = config.topic_name(Topic::Events);
    let deleted = admin(config).delete_topics(&[&name], &AdminOptions::new()).await;
    deleted.expect("Kafka answers")[0].as_ref().expect("deleted");
    let log = Log::open(config.clone(), true).await.expect("a log");
    append_texts(&log, P0, 1_000..1_000 + texts).await;
    log.close().await;
    log.epoch()
}

async fn the_tail_of_an_ended_life(texts_of_the_next: usize) {
    let config = config();
    let log = Log::open(config.clone(), true).await.expect("a log");
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::ZERO)], teller)
        .expect("a tail");
    append_texts(&log, P0, 0..10).await;
    heard.records(10).await;

    let epoch = make_anew(&config, texts_of_the_next).await;
    assert_ne!(epoch, log.epoch());
    loop {
        match heard.next().await {
            Told::Record(_, record) => panic!("a record of another life of the log: {record:?}"),
            Told::End(_, _, next) => assert_eq!(next, Offset::new(10), "an end of this life"),
            Told::Lost(partition, error) => {
                assert_eq!(partition, P0);
                assert!(!error.retryable(), "{error}");
                break;
            }
        }
    }
    let error = log.ping().await.expect_err("another life");
    let both = [log.epoch().to_string(), epoch.to_string()];
    assert!(both.iter().all(|one| error.to_string().contains(one)), "{error}");
    tail.stop().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_is_lost_when_its_topic_is_made_anew_and_is_shorter() {
    the_tail_of_an_ended_life(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_is_lost_when_its_topic_is_made_anew_and_is_longer() {
    the_tail_of_an_ended_life(50).await;
}

/// Turns until a partition was read to an offset, or an error. A group may give a partition anew at any time: then it goes on
/// where it stood.
async fn read(group: &mut dyn Group, next: &mut BTreeMap<Partition, Offset>, to: u64) -> Result<(), Error> {
    while next.get(&P0).is_none_or(|next| next.get() < to) {
        match tokio::time::timeout(PATIENCE, group.next(100, 50))
            .await
            .expect("a turn")?
        {
            Turn::Assigned(partitions) => {
                for partition in partitions {
                    let from = *next.entry(partition).or_default();
                    group.start_at(partition, from).await?;
                }
            }
            Turn::Records { partition, records } => {
                let last = records.last().expect("some").position.offset;
                next.insert(partition, last.next());
            }
            Turn::Revoked(_) | Turn::Idle => {}
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_told_when_its_topic_is_made_anew() {
    let config = config();
    let log = Log::open(config.clone(), true).await.expect("a log");
    let mut group = log.join(Topic::Events, "anew").await.expect("joined");
    append_texts(&log, P0, 0..10).await;
    let mut next = BTreeMap::new();
    read(&mut *group, &mut next, 10).await.expect("read");
    make_anew(&config, 50).await;
    let told = tokio::time::timeout(PATIENCE, read(&mut *group, &mut next, 11))
        .await
        .expect("something is told");
    let error = told.expect_err("no record of another life");
    assert!(!error.retryable(), "{error}");
    group.leave().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_to_read_after_the_topic_was_made_anew_is_told_too() {
    let config = config();
    let log = Log::open(config.clone(), true).await.expect("a log");
    append_texts(&log, P0, 0..10).await;
    make_anew(&config, 50).await;
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::new(10))], teller)
        .expect("a tail");
    let told = heard.next().await;
    assert!(matches!(told, Told::Lost(P0, _)), "nothing of another life: {told:?}");
    let refused = log.append(crate::log_suite::outgoing(P0, "room", "late")).await;
    assert!(matches!(refused, Err(Error::Misconfigured(_))), "{refused:?}");
    tail.stop().await;
    log.close().await;
}
