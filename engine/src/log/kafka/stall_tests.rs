//! Readers that stand still and clients that lost their way, on a real Kafka. The library's fault can't be called up, so it is told to fetch nothing more of a
//! partition: to a reader that is the same.

use super::group::{Member, Worker};
use super::native::{Consumer, bootstrap_again};
use super::tail::{self, Reader};
use super::{Config, Log, Shared};
use crate::domain::{Offset, Partition};
use crate::log::{Error, Group as _, Handler, Log as _, Outgoing, RecordRef, Tail as _, Topic, Turn};
use bytes::Bytes;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, TopicPartitionList};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

const P0: Partition = Partition::new(0);
const P1: Partition = Partition::new(1);
/// How long a test waits for what must come: only a failing test takes it.
const PATIENCE: Duration = Duration::from_secs(60);

fn brokers() -> String {
    std::env::var("ROOMLOG_TEST_KAFKA").expect("run `make test`, or scripts/services up")
}

async fn open() -> Log {
    let config = Config {
        brokers: brokers(),
        prefix: format!("test-{}", uuid::Uuid::new_v4().simple()),
        partitions: 2,
        query_timeout_ms: 60_000,
        ..Config::default()
    };
    Log::open(config, true).await.expect("a log")
}

async fn append(log: &Log, partition: Partition, texts: &[&'static str]) {
    for text in texts {
        let outgoing = Outgoing {
            topic: Topic::Events,
            partition,
            key: None,
            value: Some(Bytes::from_static(text.as_bytes())),
            headers: Vec::new(),
        };
        log.append(outgoing).await.expect("appended");
    }
}

#[test]
fn a_client_without_a_way_to_kafka_finds_it_by_the_servers_it_is_given() {
    let lost: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", "127.0.0.1:1")
        .create()
        .expect("a client");
    let asks = |wait| lost.fetch_metadata(Some("__consumer_offsets"), wait);
    assert!(asks(Duration::from_millis(100)).is_err(), "nobody is there");
    bootstrap_again(lost.client(), &brokers());
    let found = asks(PATIENCE).expect("Kafka answers");
    assert!(!found.brokers().is_empty());
}

/// Makes a client deaf for a partition of events.
fn deafen(shared: &Shared, consumer: &Consumer, partition: Partition) {
    let mut list = TopicPartitionList::new();
    list.add_partition(shared.names.of(Topic::Events), partition.get().into());
    consumer.inner().pause(&list).expect("paused");
}

fn text(value: Option<&[u8]>) -> String {
    String::from_utf8(value.expect("a value").to_vec()).expect("text")
}

struct Teller(Sender<(Partition, String)>);

impl Handler for Teller {
    fn on_record(&mut self, _topic: Topic, record: RecordRef<'_>) {
        let _ = self.0.send((record.position.partition, text(record.value)));
    }

    fn on_end(&mut self, _topic: Topic, _partition: Partition, _next: Offset) {}

    fn on_lost(&mut self, _topic: Topic, partition: Partition, error: &Error) {
        panic!("nothing of {partition} is lost: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_that_stands_still_goes_on_where_it_stood() {
    let log = open().await;
    append(&log, P0, &["read before", "first", "second"]).await;
    let (teller, heard) = channel();
    let starts = [(Topic::Events, P0, Offset::new(1)), (Topic::Events, P1, Offset::ZERO)];
    let reader = Reader::new(log.shared.clone(), &starts, Box::new(Teller(teller))).expect("a reader");
    deafen(&log.shared, &reader.consumer, P0);
    let running = tail::run(reader).expect("a thread");
    append(&log, P1, &["elsewhere"]).await;
    let hear = || heard.recv_timeout(PATIENCE).expect("it goes on");
    assert_eq!(hear(), (P1, "elsewhere".into()));
    assert_eq!(hear(), (P0, "first".into()));
    assert_eq!(hear(), (P0, "second".into()));
    append(&log, P1, &["elsewhere again"]).await;
    assert_eq!(
        hear(),
        (P1, "elsewhere again".into()),
        "of what it had, nothing comes twice"
    );
    Box::new(running).stop().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_stands_still_goes_on_where_it_stood() {
    let log = open().await;
    append(&log, P0, &["first"]).await;
    let mut worker = Worker::new(log.shared.clone(), Topic::Events, "still").expect("a worker");
    let (mut member, running) = Member::of(&worker);
    let ((deafen_it, wish), (done, deaf)) = (channel(), channel());
    let shared = log.shared.clone();
    let thread = std::thread::spawn(move || {
        while worker.turn() {
            if wish.try_recv().is_ok() {
                deafen(&shared, &worker.reader, P0);
                done.send(()).expect("somebody waits");
            }
        }
        drop((worker, running));
    });
    let mut hear = async || {
        loop {
            match tokio::time::timeout(PATIENCE, member.next(1, 60_000)).await {
                Ok(Ok(Turn::Assigned(partitions))) => {
                    for partition in partitions {
                        member.start_at(partition, Offset::ZERO).await.expect("started");
                    }
                }
                Ok(Ok(Turn::Records { records, .. })) => return text(records[0].value.as_deref()),
                other => panic!("it goes on: {other:?}"),
            }
        }
    };
    assert_eq!(hear().await, "first");
    deafen_it.send(()).expect("it runs");
    deaf.recv_timeout(PATIENCE).expect("it is deaf");
    append(&log, P0, &["second", "third"]).await;
    assert_eq!(hear().await, "second");
    assert_eq!(hear().await, "third");
    Box::new(member).leave().await;
    thread.join().expect("no panic");
    log.close().await;
}
