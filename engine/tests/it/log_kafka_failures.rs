//! Kafka goes away and comes back under a log in use; its topics are not as they must be, or made anew.

use crate::log_suite::{Heard, P0, PARTITIONS, PATIENCE, Told, append_texts, listen, outgoing, text};
use crate::own_kafka::OwnKafka;
use engine::domain::{Offset, Partition};
use engine::log::kafka::{Config, Log};

use engine::log::{Error, Log as _, RangeLimits, Topic, Turn};
use futures_util::poll;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

const ALL: RangeLimits = RangeLimits {
    max_records: 1_000_000,
    max_bytes: usize::MAX,
};
/// Between two appends of a writer.
const PACE: Duration = Duration::from_millis(5);

async fn in_time<T>(what: &str, of: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, of).await;
    done.unwrap_or_else(|_| panic!("{what} hangs"))
}

fn at(brokers: String) -> Config {
    Config {
        brokers,
        prefix: format!("test-{}", uuid::Uuid::new_v4().simple()),
        partitions: PARTITIONS,
        delivery_timeout_ms: 5_000,
        query_timeout_ms: 5_000,
        ..Config::default()
    }
}

async fn open(config: Config) -> Arc<Log> {
    Arc::new(Log::open(config, true).await.expect("a log"))
}

/// What became of the appends of a writer.
#[derive(Default)]
struct Written {
    /// Offset and text, by partition.
    acked: BTreeMap<u16, BTreeMap<Offset, String>>,
    /// Surely not on the log.
    refused: BTreeSet<String>,
    /// May be on it.
    unknown: BTreeSet<String>,
}

/// Appends to all partitions, without waiting for answers, until it is told to end.
async fn write(log: Arc<Log>, writing: Arc<AtomicBool>) -> Written {
    let mut appends = tokio::task::JoinSet::new();
    let mut number = 0_u64;
    while writing.load(Ordering::Acquire) {
        let (log, said) = (log.clone(), number.to_string());
        let partition = Partition::new(u16::try_from(number % u64::from(PARTITIONS)).unwrap());
        appends.spawn(async move {
            let answer = log.append(outgoing(partition, "room", &said)).await;
            (said, answer)
        });
        number += 1;
        tokio::time::sleep(PACE).await;
    }
    let mut written = Written::default();
    while let Some(answered) = in_time("an append", appends.join_next()).await {
        let (said, answer) = answered.expect("no panic");
        match answer {
            Ok(position) => {
                let of = written.acked.entry(position.partition.get()).or_default();
                assert_eq!(of.insert(position.offset, said), None, "one record an offset");
            }
            Err(Error::Unavailable(_)) => drop(written.refused.insert(said)),
            Err(Error::Unknown(_)) => drop(written.unknown.insert(said)),
            Err(other) => panic!("an outage is {other}"),
        }
    }
    written
}

/// Reads in a group until it is told to end and has come to `ends`.
async fn read_in_group(log: Arc<Log>, ends: tokio::sync::oneshot::Receiver<BTreeMap<u16, Offset>>) -> BTreeSet<String> {
    let mut group = log.join(Topic::Events, "outage").await.expect("joined");
    let (mut next, mut held) = (BTreeMap::<u16, Offset>::new(), BTreeSet::new());
    let (mut texts, mut ends, mut known) = (BTreeSet::new(), ends, None);
    loop {
        if known.is_none() {
            known = ends.try_recv().ok();
        }
        if let Some(ends) = &known
            && ends
                .iter()
                .all(|(partition, end)| next.get(partition).copied().unwrap_or_default() >= *end)
        {
            group.leave().await;
            return texts;
        }
        match in_time("a turn", group.next(500, 50)).await.expect("a turn") {
            Turn::Assigned(partitions) => {
                for partition in partitions {
                    held.insert(partition);
                    let from = *next.entry(partition.get()).or_default();
                    group.start_at(partition, from).await.expect("started");
                }
            }
            Turn::Revoked(partitions) => held.retain(|partition| !partitions.contains(partition)),
            Turn::Records { partition, records } => {
                assert!(held.contains(&partition));
                for record in records {
                    let expected = next.get_mut(&partition.get()).expect("started");
                    assert_eq!(record.position.offset, *expected, "the group: no gap, nothing twice");
                    *expected = expected.next();
                    texts.insert(text(&record));
                }
            }
            Turn::Idle => {}
        }
    }
}

/// Asks all the time, and counts what was answered well and what not.
async fn ask(log: Arc<Log>, asking: Arc<AtomicBool>) -> (u64, u64) {
    let (mut well, mut ill) = (0, 0);
    while asking.load(Ordering::Acquire) {
        let far = Offset::new(u64::from(u32::MAX));
        let ranged = in_time("a range", log.range(Topic::Events, P0, Offset::ZERO, far, ALL)).await;
        let extents = in_time("a question", log.extents(Topic::Events)).await;
        let pinged = in_time("a ping", log.ping()).await;
        for failed in [ranged.map(drop), extents.map(drop), pinged] {
            match failed {
                Ok(()) => well += 1,
                Err(Error::Unavailable(_)) => ill += 1,
                Err(other) => panic!("an outage is {other}"),
            }
        }
        tokio::time::sleep(PACE).await;
    }
    (well, ill)
}

/// What the tail told up to `ends`, by partition.
async fn heard_until(heard: &mut Heard, ends: &BTreeMap<u16, Offset>) -> BTreeMap<u16, BTreeMap<Offset, String>> {
    let mut told = BTreeMap::<u16, BTreeMap<Offset, String>>::new();
    let next = |told: &BTreeMap<u16, BTreeMap<Offset, String>>, partition: &u16| {
        let last = told.get(partition).and_then(|of| of.last_key_value());
        last.map_or(Offset::ZERO, |(last, _)| last.next())
    };
    while ends.iter().any(|(partition, end)| next(&told, partition) < *end) {
        let heard_next = tokio::time::timeout(PATIENCE, heard.0.recv()).await;
        let Ok(Some(one)) = heard_next else {
            let stands: BTreeMap<u16, Offset> = ends.keys().map(|p| (*p, next(&told, p))).collect();
            panic!("the tail stands at {stands:?} of {ends:?}");
        };
        match one {
            Told::Record(_, record) => {
                let partition = record.position.partition.get();
                assert_eq!(
                    record.position.offset,
                    next(&told, &partition),
                    "the tail: no gap, nothing twice"
                );
                told.entry(partition)
                    .or_default()
                    .insert(record.position.offset, text(&record));
            }
            Told::End(..) => {}
            Told::Lost(_, error) => panic!("an outage loses nothing: {error}"),
        }
    }
    told
}

/// Until the log answers, for the first time or again, and a while on: some appends to each partition.
async fn well(log: &Log) {
    const EACH: u16 = 20;
    in_time("being well", async {
        for number in 0..EACH * PARTITIONS {
            let partition = Partition::new(number % PARTITIONS);
            while log.append(outgoing(partition, "room", "well")).await.is_err() {}
        }
    })
    .await;
}

/// Until an append is answered by an error: the outage is felt.
async fn felt(log: &Log) {
    in_time("the outage", async {
        while log.append(outgoing(P0, "room", "felt")).await.is_ok() {}
    })
    .await;
}

async fn an_outage(break_it: impl AsyncFnOnce(&OwnKafka)) {
    let kafka = OwnKafka::up().await;
    let log = open(at(kafka.brokers().await)).await;
    let (teller, mut heard) = listen();
    let starts = (0..PARTITIONS).map(|p| (Topic::Events, Partition::new(p), Offset::ZERO));
    let tail = log.tail(starts.collect(), teller).expect("a tail");
    let going = Arc::new(AtomicBool::new(true));
    let writer = tokio::spawn(write(log.clone(), going.clone()));
    let asker = tokio::spawn(ask(log.clone(), going.clone()));
    let (tell_ends, ends) = tokio::sync::oneshot::channel();
    let group = tokio::spawn(read_in_group(log.clone(), ends));
    well(&log).await;

    break_it(&kafka).await;
    felt(&log).await;
    kafka.start().await;
    well(&log).await;
    going.store(false, Ordering::Release);

    let written = writer.await.expect("no panic");
    let (well, ill) = asker.await.expect("no panic");
    assert!(
        well > 0 && ill > 0,
        "asked before and after ({well}), and meanwhile ({ill})"
    );
    assert!(
        !written.refused.is_empty() || !written.unknown.is_empty(),
        "the outage was felt"
    );

    let extents = in_time("the ends", log.extents(Topic::Events)).await.expect("the ends");
    let ends: BTreeMap<u16, Offset> = extents.iter().map(|one| (one.partition.get(), one.high)).collect();
    let told = heard_until(&mut heard, &ends).await;
    for (partition, acked) in &written.acked {
        for (offset, said) in acked {
            assert_eq!(
                told[partition].get(offset),
                Some(said),
                "acked is on the log, where the ack said"
            );
        }
    }
    let mut texts = BTreeMap::<&String, u64>::new();
    told.values()
        .flat_map(BTreeMap::values)
        .for_each(|said| *texts.entry(said).or_default() += 1);
    for said in &written.refused {
        assert_eq!(
            texts.get(said),
            None,
            "what was refused as unavailable is not on the log"
        );
    }
    // What is unknown may be there, and, sent again under a new sequence after its neighbours timed out, even twice: the
    // fold knows it again by its cid. Whatever else is there is acked, or was said beside the writer.
    let acked: BTreeSet<&String> = written.acked.values().flat_map(BTreeMap::values).collect();
    for said in texts.keys().filter(|said| said.parse::<u64>().is_ok()) {
        assert!(
            acked.contains(*said) || written.unknown.contains(*said),
            "{said} came from nowhere"
        );
    }
    tell_ends.send(ends).expect("the group reads");
    let read = in_time("the group", group).await.expect("no panic");
    assert_eq!(
        read,
        texts.keys().map(|&said| said.clone()).collect(),
        "the group reads what the tail heard"
    );
    tail.stop().await;
    in_time("closing", log.close()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_an_outage_and_no_more() {
    an_outage(OwnKafka::stop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_is_an_outage_and_no_more() {
    an_outage(OwnKafka::kill).await;
}

/// A broker answers before it has taken over all that it leads, by what its metadata say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_log_ends_is_known_as_soon_as_kafka_is_back() {
    const ROUNDS: usize = 4;
    let kafka = OwnKafka::up().await;
    let config = at(kafka.brokers().await);
    open(config.clone()).await.close().await;
    for _ in 0..ROUNDS {
        kafka.stop().await;
        kafka.start().await;
        let log = Log::open(config.clone(), false).await.expect("its log");
        let extents = in_time("a question", log.extents(Topic::Events)).await;
        assert_eq!(extents.expect("an answer").len(), usize::from(PARTITIONS));
        log.close().await;
    }
}

/// A short patience ends before a long one, a full queue does not wait at all, and closing does not wait for a broker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_append_is_answered_while_kafka_is_away() {
    const QUEUE: u32 = 50;
    let kafka = OwnKafka::up().await;
    let quick = at(kafka.brokers().await);
    let slow = Config {
        delivery_timeout_ms: 100 * quick.delivery_timeout_ms,
        queue_max_messages: QUEUE,
        ..quick.clone()
    };
    let (quick, slow) = (open(quick).await, open(slow).await);
    append_texts(&*quick, P0, 0..1).await;
    append_texts(&*slow, P0, 1..2).await;
    kafka.kill().await;

    // One look at an append hands its record over.
    let append = |number: u32| {
        let log = slow.clone();
        Box::pin(async move { log.append(outgoing(P0, "room", &number.to_string())).await })
    };
    let mut waiting: Vec<_> = (0..QUEUE).map(append).collect();
    for one in &mut waiting {
        assert!(poll!(one).is_pending(), "it waits for Kafka");
    }
    let over = poll!(append(QUEUE));
    assert!(
        matches!(over, Poll::Ready(Err(Error::Unavailable(_)))),
        "a full queue refuses at once: {over:?}"
    );
    let gave_up = in_time("an append", quick.append(outgoing(P0, "room", "quick"))).await;
    assert!(
        matches!(gave_up, Err(Error::Unknown(_))),
        "it may yet land: {gave_up:?}"
    );
    for one in &mut waiting {
        assert!(poll!(one).is_pending(), "the short patience ended before the long one");
    }
    in_time("closing without a broker", quick.close()).await;

    kafka.start().await;
    for one in waiting {
        let answer = in_time("an append", one).await;
        answer.expect("what waited is appended when Kafka is back in time");
    }
    in_time("closing", slow.close()).await;
}
