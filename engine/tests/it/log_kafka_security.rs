//! The log on a Kafka with TLS, SCRAM and ACLs: each part by the rights that the documentation gives it, and what is said
//! where something is missing.

use crate::guarded::Guarded;
use crate::log_suite::{P0, PATIENCE, append_texts, listen, outgoing};
use engine::domain::{Offset, Timestamp};
use engine::log::kafka::{Config, Log, Protocol, Secret};
use engine::log::{Error, Log as _, Outgoing, RangeLimits, Topic, Turn};

const LIMITS: RangeLimits = RangeLimits {
    max_records: 10,
    max_bytes: usize::MAX,
};

/// One broker for all of it: it takes longer to start than everything here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guarded_kafka_is_used_by_what_each_part_may_and_what_is_missing_is_named() {
    let kafka = Guarded::up().await;
    kafka.allow("chat", |_| false);
    deploy_makes_the_topics(&kafka).await;
    edge_reads_and_writes(&kafka).await;
    projectors_share_and_read(&kafka).await;
    tools_read(&kafka).await;
    an_import_begins(&kafka).await;
    what_one_may_not_is_named(&kafka).await;
    what_does_not_fit_the_listener_is_named(&kafka).await;
}

async fn open(config: Config, create: bool) -> Log {
    Log::open(config, create).await.expect("a log")
}

/// Why it can't be opened, which is not worth another try.
async fn refused(config: Config) -> String {
    match Log::open(config, false).await.err().expect("refused") {
        Error::Misconfigured(said) => said,
        other => panic!("{other:?}"),
    }
}

async fn deploy_makes_the_topics(kafka: &Guarded) {
    let log = open(kafka.config("deploy", "chat"), true).await;
    log.ping().await.expect("there");
    log.close().await;
}

async fn edge_reads_and_writes(kafka: &Guarded) {
    let log = open(kafka.config("edge", "chat"), false).await;
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::new(0))], teller)
        .expect("a tail");
    let positions = append_texts(&log, P0, 0..3).await;
    assert_eq!(heard.records(3).await.len(), positions.len());
    for topic in [Topic::Reads, Topic::Signals] {
        let told = Outgoing {
            topic,
            ..outgoing(P0, "room:person", "x")
        };
        log.append(told).await.expect("written");
    }
    let range = log
        .range(Topic::Events, P0, Offset::new(0), Offset::new(3), LIMITS)
        .await;
    assert_eq!(range.expect("read").records.len(), 3);
    log.offset_at(Topic::Signals, P0, Timestamp::from_millis(0))
        .await
        .expect("found");
    log.extents(Topic::Reads).await.expect("ends");
    tail.stop().await;
    log.close().await;
}

/// Each joins its groups and reads what there is; history also tells of what is damaged.
async fn projectors_share_and_read(kafka: &Guarded) {
    for (who, groups) in [
        ("history", [(Topic::Events, "history"), (Topic::Reads, "history-reads")]),
        ("live", [(Topic::Events, "live"), (Topic::Signals, "live-presence")]),
        ("serve", [(Topic::Events, "history"), (Topic::Signals, "live-presence")]),
    ] {
        let log = open(kafka.config(who, "chat"), false).await;
        for (topic, name) in groups {
            first_record(&log, topic, name).await;
        }
        if who != "live" {
            let letter = Outgoing {
                topic: Topic::DeadLetters,
                ..outgoing(P0, "room", "damaged")
            };
            log.append(letter).await.expect("written");
        }
        log.close().await;
    }
}

/// Partition 0 is given to the only member, and its first record read.
async fn first_record(log: &Log, topic: Topic, name: &str) {
    let mut group = log.join(topic, name).await.expect("a member");
    let read = async {
        loop {
            match group.next(1, 1_000).await.expect("a turn") {
                Turn::Assigned(partitions) => {
                    for partition in partitions {
                        group.start_at(partition, Offset::new(0)).await.expect("started");
                    }
                }
                Turn::Records { partition, .. } => return partition,
                _ => {}
            }
        }
    };
    let partition = tokio::time::timeout(PATIENCE, read).await.expect("a record");
    assert_eq!(partition, P0);
    group.leave().await;
}

async fn tools_read(kafka: &Guarded) {
    let log = open(kafka.config("tools", "chat"), false).await;
    let mut reader = log.reader(Topic::Events, P0, Offset::new(0));
    let read = reader.next(Offset::new(3), LIMITS).await.expect("read");
    assert_eq!(read.records.len(), 3);
    let refused = log
        .append(outgoing(P0, "room", "x"))
        .await
        .expect_err("tools write nothing");
    let said = refused.to_string();
    assert!(said.contains("Kafka does not let this user write"), "{said}");
    log.close().await;
}

async fn an_import_begins(kafka: &Guarded) {
    kafka.allow("empty", |_| false);
    open(kafka.config("deploy", "empty"), true).await.close().await;
    let log = open(kafka.config("import", "empty"), false).await;
    log.import().await.expect("begun").abandon().await.expect("given up");
    log.close().await;
}

async fn what_one_may_not_is_named(kafka: &Guarded) {
    let said = refused(kafka.config("nobody", "chat")).await;
    assert!(
        said.contains("does not allow User:nobody to Describe topic chat."),
        "{said}"
    );

    let log = open(kafka.config("edge", "chat"), false).await;
    let letter = Outgoing {
        topic: Topic::DeadLetters,
        ..outgoing(P0, "room", "x")
    };
    let said = log
        .append(letter)
        .await
        .expect_err("an edge writes no dead letters")
        .to_string();
    assert!(
        said.contains("does not allow User:edge to Write topic chat.dead-letters"),
        "{said}"
    );
    log.close().await;

    kafka.allow("part", |line| {
        line.contains("User:edge") && line.contains("DescribeConfigs")
    });
    open(kafka.config("deploy", "part"), true).await.close().await;
    let said = refused(kafka.config("edge", "part")).await;
    assert!(said.contains("User:edge to Describe topic part.dead-letters"), "{said}");

    let deploy = Log::open(kafka.config("edge", "other"), true)
        .await
        .err()
        .expect("refused");
    let said = deploy.to_string();
    assert!(
        said.contains("does not allow User:edge to Create topic other."),
        "{said}"
    );
}

async fn what_does_not_fit_the_listener_is_named(kafka: &Guarded) {
    let mut config = kafka.config("edge", "chat");
    config.security.password = Secret::new("wrong".into());
    let said = refused(config).await;
    assert!(said.to_lowercase().contains("authentication failed"), "{said}");

    let mut config = kafka.config("edge", "chat");
    config.security.ca_file = "".into();
    let said = refused(config).await;
    assert!(said.contains("certificate"), "{said}");

    // A broker that is starting breaks connections too, so this one is tried again, with the guess in the text.
    let mut config = kafka.config("edge", "chat");
    config.security = engine::log::kafka::Security::default();
    assert_eq!(config.security.protocol, Protocol::Plaintext);
    let error = Log::open(config, false).await.err().expect("refused");
    let said = error.to_string();
    assert!(
        error.retryable() && said.contains("kafka.security.protocol = plaintext"),
        "{said}"
    );
}
