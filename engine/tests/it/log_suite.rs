//! What every log must do, whatever it is made of.

use bytes::Bytes;
use engine::domain::{Offset, Partition, Position, Timestamp};
use engine::log::{Error, Extent, Group, Handler, Log, Outgoing, RangeLimits, Record, RecordRef, Topic, Turn};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a test waits for what must come: only a failing test takes it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const P0: Partition = Partition::new(0);
pub(crate) const PARTITIONS: u16 = 4;
const ALL: RangeLimits = RangeLimits {
    max_records: 100_000,
    max_bytes: usize::MAX,
};

/// A log of a test's own, and whatever must live as long.
pub(crate) struct Place {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) _keep: Box<dyn std::any::Any + Send>,
}

pub(crate) fn outgoing(partition: Partition, key: &str, value: &str) -> Outgoing {
    Outgoing {
        topic: Topic::Events,
        partition,
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: vec![("schema", Bytes::from_static(b"12345678"))],
    }
}

pub(crate) async fn append_texts(
    log: &dyn Log,
    partition: Partition,
    texts: impl Iterator<Item = usize>,
) -> Vec<Position> {
    let mut positions = Vec::new();
    for i in texts {
        let position = log.append(outgoing(partition, "room", &i.to_string())).await;
        positions.push(position.expect("appended"));
    }
    positions
}

/// What a tail told.
#[derive(Debug)]
pub(crate) enum Told {
    Record(Topic, Record),
    End(Topic, Partition, Offset),
    #[allow(dead_code, reason = "shown when a test fails")]
    Lost(Partition, Error),
}

pub(crate) struct Teller(pub(crate) mpsc::UnboundedSender<Told>);

impl Handler for Teller {
    fn on_record(&mut self, topic: Topic, record: RecordRef<'_>) {
        let _ = self.0.send(Told::Record(topic, record.to_record()));
    }

    fn on_end(&mut self, topic: Topic, partition: Partition, next: Offset) {
        let _ = self.0.send(Told::End(topic, partition, next));
    }

    fn on_lost(&mut self, _topic: Topic, partition: Partition, error: &Error) {
        let _ = self.0.send(Told::Lost(partition, error.clone()));
    }
}

pub(crate) struct Heard(pub(crate) mpsc::UnboundedReceiver<Told>);

impl Heard {
    pub(crate) async fn next(&mut self) -> Told {
        let told = tokio::time::timeout(PATIENCE, self.0.recv()).await;
        told.expect("the tail tells something in time").expect("the tail runs")
    }

    pub(crate) async fn records(&mut self, count: usize) -> Vec<Record> {
        let mut records = Vec::new();
        while records.len() < count {
            if let Told::Record(_, record) = self.next().await {
                records.push(record);
            }
        }
        records
    }
}

pub(crate) fn listen() -> (Box<Teller>, Heard) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Box::new(Teller(sender)), Heard(receiver))
}

pub(crate) fn text(record: &Record) -> String {
    String::from_utf8(record.value.clone().expect("a value").to_vec()).expect("text")
}

pub(crate) async fn extent(log: &dyn Log, topic: Topic, partition: Partition) -> Extent {
    let extents = log.extents(topic).await.expect("extents");
    assert_eq!(extents.len(), usize::from(log.partitions()));
    *extents
        .iter()
        .find(|extent| extent.partition == partition)
        .expect("each")
}

/// The tests of this suite, over what `$open` opens.
macro_rules! log_suite {
    ($open:path: $($name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let place = $open().await;
            crate::log_suite::$name(&place.log).await;
            place.log.close().await;
        })*
    };
    ($open:path) => {
        log_suite!($open:
            a_tail_hears_what_was_acked_where_the_ack_said,
            a_record_comes_back_as_it_was,
            a_tombstone_has_no_value,
            a_record_without_a_key_has_none,
            appenders_at_once_lose_nothing,
            a_tail_begins_in_the_middle,
            a_tail_of_two_topics_tells_them_apart,
            the_end_is_told,
            a_stopped_tail_drops_its_handler,
            two_members_share_the_partitions,
            a_member_that_leaves_hands_over,
            a_member_goes_back,
            a_range_has_bounds,
            a_range_outside_the_log_is_an_error,
            an_offset_is_found_by_time,
            extents_grow,
            a_closed_log_refuses,
            it_answers_a_ping,
        );
    };
}
pub(crate) use log_suite;

pub(crate) async fn a_tail_hears_what_was_acked_where_the_ack_said(log: &Arc<dyn Log>) {
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::ZERO)], teller)
        .expect("a tail");
    let acked = append_texts(&**log, P0, 0..50).await;
    let records = heard.records(50).await;
    assert_eq!(records.iter().map(|r| r.position).collect::<Vec<_>>(), acked);
    assert_eq!(
        records.iter().map(text).collect::<Vec<_>>(),
        (0..50).map(|i| i.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(acked[0].offset, Offset::ZERO);
    assert!(acked.windows(2).all(|w| w[1].offset == w[0].offset.next()));
    assert!(acked.windows(2).all(|w| w[1].appended_at >= w[0].appended_at));
    tail.stop().await;
}

pub(crate) async fn a_record_comes_back_as_it_was(log: &Arc<dyn Log>) {
    let sent = Outgoing {
        topic: Topic::DeadLetters,
        partition: P0,
        key: Some(Bytes::from_static(b"\x00\xffkey")),
        value: Some(Bytes::from_static(b"")),
        headers: vec![
            ("schema", Bytes::from_static(b"first\x00\xff.")),
            ("traceparent", Bytes::from_static(b"00-trace")),
            ("reason", Bytes::from_static(b"odd")),
            ("schema", Bytes::from_static(b"second")),
            ("tracestate", Bytes::from_static(b"")),
        ],
    };
    let position = log.append(sent.clone()).await.expect("appended");
    let range = log.range(sent.topic, P0, Offset::ZERO, Offset::new(1), ALL).await;
    let record = range.expect("a range").records.remove(0);
    assert_eq!(record.position, position);
    assert_eq!(record.key, sent.key);
    assert_eq!(
        record.value.as_deref(),
        Some(&b""[..]),
        "an empty value is not a tombstone"
    );
    assert_eq!(record.schema_count, 2);
    assert_eq!(record.schema.as_deref(), Some(&b"first\x00\xff."[..]));
    assert_eq!(record.traceparent.as_deref(), Some(&b"00-trace"[..]));
    assert_eq!(record.tracestate.as_deref(), Some(&b""[..]));
}

pub(crate) async fn a_tombstone_has_no_value(log: &Arc<dyn Log>) {
    let sent = Outgoing {
        topic: Topic::Reads,
        value: None,
        headers: vec![],
        ..outgoing(P0, "room:person", "")
    };
    log.append(sent).await.expect("appended");
    let range = log.range(Topic::Reads, P0, Offset::ZERO, Offset::new(1), ALL).await;
    let record = range.expect("a range").records.remove(0);
    assert_eq!((record.value, record.schema_count, record.schema), (None, 0, None));
}

pub(crate) async fn a_record_without_a_key_has_none(log: &Arc<dyn Log>) {
    for key in [None, Some(Bytes::new())] {
        let sent = Outgoing {
            topic: Topic::DeadLetters,
            key: key.clone(),
            ..outgoing(P0, "", "value")
        };
        let at = log.append(sent).await.expect("appended").offset;
        let range = log.range(Topic::DeadLetters, P0, at, at.next(), ALL).await;
        let record = range.expect("a range").records.remove(0);
        assert_eq!((text(&record).as_str(), record.key), ("value", key));
    }
}

pub(crate) async fn appenders_at_once_lose_nothing(log: &Arc<dyn Log>) {
    const EACH: usize = 500;
    let (teller, mut heard) = listen();
    let starts = (0..PARTITIONS).map(|p| (Topic::Events, Partition::new(p), Offset::ZERO));
    let tail = log.tail(starts.collect(), teller).expect("a tail");
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..20 {
        let log = log.clone();
        appenders.spawn(async move {
            let appends = (0..EACH).map(|i| {
                let partition = Partition::new(u16::try_from(i).expect("small") % PARTITIONS);
                log.append(outgoing(partition, "room", &format!("{appender}.{i}")))
            });
            futures_util::future::join_all(appends).await
        });
    }
    let mut acked = BTreeMap::new();
    for (appender, answers) in appenders.join_all().await.into_iter().enumerate() {
        assert_eq!(answers.len(), EACH, "appender {appender}");
        for answer in answers {
            let position = answer.expect("appended");
            assert_eq!(acked.insert((position.partition, position.offset), position), None);
        }
    }
    let mut next = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for record in heard.records(20 * EACH).await {
        let expected = next.entry(record.position.partition).or_insert(Offset::ZERO);
        assert_eq!(record.position.offset, *expected, "in order, without a gap");
        *expected = expected.next();
        assert_eq!(
            acked.get(&(record.position.partition, record.position.offset)),
            Some(&record.position)
        );
        assert!(texts.insert(text(&record)), "once");
    }
    tail.stop().await;
}

pub(crate) async fn a_tail_begins_in_the_middle(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..10).await;
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::new(7))], teller)
        .expect("a tail");
    assert_eq!(
        heard.records(3).await.iter().map(text).collect::<Vec<_>>(),
        ["7", "8", "9"]
    );
    append_texts(&**log, P0, 10..11).await;
    assert_eq!(text(&heard.records(1).await[0]), "10");
    tail.stop().await;
}

pub(crate) async fn a_tail_of_two_topics_tells_them_apart(log: &Arc<dyn Log>) {
    let (teller, mut heard) = listen();
    let starts = vec![(Topic::Events, P0, Offset::ZERO), (Topic::Signals, P0, Offset::ZERO)];
    let tail = log.tail(starts, teller).expect("a tail");
    append_texts(&**log, P0, 0..3).await;
    let signal = Outgoing {
        topic: Topic::Signals,
        ..outgoing(P0, "edge", "typing")
    };
    log.append(signal).await.expect("appended");
    let (mut records, mut ends) = (BTreeMap::new(), BTreeMap::new());
    while ends.get(&"events") != Some(&3) || ends.get(&"signals") != Some(&1) {
        match heard.next().await {
            Told::Record(topic, record) => records
                .entry(topic.suffix())
                .or_insert_with(Vec::new)
                .push(text(&record)),
            Told::End(topic, _, next) => drop(ends.insert(topic.suffix(), next.get())),
            Told::Lost(_, error) => panic!("{error}"),
        }
    }
    assert_eq!(records["events"], ["0", "1", "2"]);
    assert_eq!(records["signals"], ["typing"]);
    tail.stop().await;
}

pub(crate) async fn the_end_is_told(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..5).await;
    let (teller, mut heard) = listen();
    let starts = vec![
        (Topic::Events, P0, Offset::ZERO),
        (Topic::Events, Partition::new(1), Offset::ZERO),
    ];
    let tail = log.tail(starts, teller).expect("a tail");
    let (mut before, mut ends) = (0, BTreeMap::new());
    while ends.len() < 2 {
        match heard.next().await {
            Told::Record(..) => before += 1,
            Told::End(_, partition, next) => {
                assert!(partition != P0 || before == 5, "the end comes after the records");
                ends.insert(partition.get(), next.get());
            }
            Told::Lost(_, error) => panic!("{error}"),
        }
    }
    assert_eq!(ends, BTreeMap::from([(0, 5), (1, 0)]));
    tail.stop().await;
}

pub(crate) async fn a_stopped_tail_drops_its_handler(log: &Arc<dyn Log>) {
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::ZERO)], teller)
        .expect("a tail");
    append_texts(&**log, P0, 0..1).await;
    heard.records(1).await;
    tail.stop().await;
    while let Ok(told) = heard.0.try_recv() {
        assert!(matches!(told, Told::End(..)));
    }
    assert!(
        heard.0.is_closed() && heard.0.recv().await.is_none(),
        "stop waits until the handler is dropped"
    );

    let (teller, mut heard) = listen();
    drop(
        log.tail(vec![(Topic::Events, P0, Offset::ZERO)], teller)
            .expect("a tail"),
    );
    let ended = tokio::time::timeout(PATIENCE, async { while heard.0.recv().await.is_some() {} });
    ended.await.expect("a dropped tail ends by itself");
}

/// A member of a group, and what it holds.
struct Reader {
    group: Box<dyn Group>,
    held: BTreeSet<u16>,
    read: Vec<Record>,
}

impl Reader {
    async fn join(log: &Arc<dyn Log>, name: &str) -> Self {
        let group = log.join(Topic::Events, name).await.expect("joined");
        Self {
            group,
            held: BTreeSet::new(),
            read: Vec::new(),
        }
    }

    /// One turn; what is assigned starts at `checkpoint` (else 0).
    async fn turn(&mut self, checkpoints: &mut BTreeMap<u16, Offset>) {
        match self.group.next(100, 20).await.expect("a turn") {
            Turn::Assigned(partitions) => {
                for partition in partitions {
                    self.held.insert(partition.get());
                    let next = *checkpoints.entry(partition.get()).or_default();
                    self.group.start_at(partition, next).await.expect("started");
                }
            }
            Turn::Revoked(partitions) => self.held.retain(|held| !partitions.contains(&Partition::new(*held))),
            Turn::Records { partition, records } => {
                assert!(
                    self.held.contains(&partition.get()),
                    "records of a partition that is not ours"
                );
                assert!(!records.is_empty() && records.len() <= 100);
                let next = checkpoints.get_mut(&partition.get()).expect("started");
                for record in records {
                    assert_eq!(record.position.partition, partition);
                    assert_eq!(record.position.offset, *next, "in order, without a gap");
                    *next = next.next();
                    self.read.push(record);
                }
            }
            Turn::Idle => {}
        }
    }
}

async fn append_everywhere(log: &Arc<dyn Log>, texts: std::ops::Range<usize>) {
    for partition in 0..PARTITIONS {
        append_texts(&**log, Partition::new(partition), texts.clone()).await;
    }
}

pub(crate) async fn two_members_share_the_partitions(log: &Arc<dyn Log>) {
    append_everywhere(log, 0..20).await;
    let mut at = BTreeMap::new();
    let (mut one, mut other) = (Reader::join(log, "share").await, Reader::join(log, "share").await);
    let everything = usize::from(PARTITIONS) * 20;
    let done = tokio::time::timeout(PATIENCE, async {
        while one.read.len() + other.read.len() < everything || one.held.len() != 2 || other.held.len() != 2 {
            one.turn(&mut at).await;
            other.turn(&mut at).await;
        }
    });
    done.await.expect("both have two partitions, and all is read");
    assert!(one.held.is_disjoint(&other.held));
    assert_eq!(one.read.len() + other.read.len(), everything, "each record once");
    one.group.leave().await;
    other.group.leave().await;
}

pub(crate) async fn a_member_that_leaves_hands_over(log: &Arc<dyn Log>) {
    let mut at = BTreeMap::new();
    let (mut one, mut other) = (
        Reader::join(log, "hand-over").await,
        Reader::join(log, "hand-over").await,
    );
    let mut separate = Reader::join(log, "separate").await;
    let mut separate_at = BTreeMap::new();
    let shared = tokio::time::timeout(PATIENCE, async {
        while one.held.len() != 2 || other.held.len() != 2 || separate.held.len() != 4 {
            one.turn(&mut at).await;
            other.turn(&mut at).await;
            separate.turn(&mut separate_at).await;
        }
    });
    shared.await.expect("two share, another group has all");
    append_everywhere(log, 0..10).await;
    let read = tokio::time::timeout(PATIENCE, async {
        while one.read.len() < 20 || other.read.len() < 20 {
            one.turn(&mut at).await;
            other.turn(&mut at).await;
        }
    });
    read.await.expect("each reads its half");
    one.group.leave().await;
    append_everywhere(log, 10..20).await;
    let taken_over = tokio::time::timeout(PATIENCE, async {
        while other.held.len() != 4 || other.read.len() < 20 + 40 {
            other.turn(&mut at).await;
        }
    });
    taken_over
        .await
        .expect("the one that stays has all, from where the other stood");
    other.group.leave().await;
    separate.group.leave().await;
}

pub(crate) async fn a_member_goes_back(log: &Arc<dyn Log>) {
    append_everywhere(log, 0..30).await;
    let mut at = BTreeMap::new();
    let mut reader = Reader::join(log, "back").await;
    let everything = usize::from(PARTITIONS) * 30;
    let read = tokio::time::timeout(PATIENCE, async {
        while reader.read.len() < everything {
            reader.turn(&mut at).await;
        }
    });
    read.await.expect("all is read");
    for round in 1..=5 {
        let back = Offset::new(30 - round);
        reader.read.clear();
        at.insert(0, back);
        reader.group.start_at(P0, back).await.expect("back");
        let again = tokio::time::timeout(PATIENCE, async {
            while at[&0] < Offset::new(30) {
                reader.turn(&mut at).await;
            }
        });
        again.await.expect("read again");
        assert_eq!(reader.read.len() as u64, round, "only that partition, only from there");
    }
    reader.group.leave().await;
}

pub(crate) async fn a_range_has_bounds(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..100).await;
    let read = async |from, to, max_records, max_bytes| {
        let limits = RangeLimits { max_records, max_bytes };
        let range = log
            .range(Topic::Events, P0, Offset::new(from), Offset::new(to), limits)
            .await;
        let range = range.expect("a range");
        let offsets: Vec<_> = range.records.iter().map(|r| r.position.offset.get()).collect();
        (offsets, range.next.get())
    };
    assert_eq!(read(10, 20, 100, 1000).await, ((10..20).collect(), 20));
    assert_eq!(
        read(10, 20, 4, 1000).await,
        ((10..14).collect(), 14),
        "as many records as asked for"
    );
    assert_eq!(
        read(10, 20, 100, 5).await,
        ((10..13).collect(), 13),
        "two bytes each, give or take one record"
    );
    assert_eq!(
        read(90, 1000, 100, 1000).await,
        ((90..100).collect(), 100),
        "to the log's end"
    );
    assert_eq!(read(100, 1000, 100, 1000).await, (vec![], 100), "at the log's end");
    assert_eq!(read(7, 7, 100, 1000).await, (vec![], 7), "nothing was asked for");
    let many = futures_util::future::join_all((0..50).map(|i| read(i, i + 50, 100, 1000))).await;
    for (i, (offsets, next)) in (0..).zip(many) {
        assert_eq!((offsets, next), ((i..i + 50).collect(), i + 50), "many at once");
    }
}

pub(crate) async fn a_range_outside_the_log_is_an_error(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..3).await;
    let error = log.range(Topic::Events, P0, Offset::new(4), Offset::new(9), ALL).await;
    let error = error.expect_err("beyond the end");
    let is = (P0, Offset::new(4), Offset::ZERO, Offset::new(3));
    assert!(
        matches!(error, Error::OutOfRange { partition, offset, low, high } if (partition, offset, low, high) == is),
        "{error}"
    );
    assert!(!error.retryable());
}

pub(crate) async fn an_offset_is_found_by_time(log: &Arc<dyn Log>) {
    let at = async |millis| {
        let found = log.offset_at(Topic::Events, P0, Timestamp::from_millis(millis)).await;
        found.expect("an answer")
    };
    assert_eq!(at(0).await, None, "an empty partition");
    let mut acked = append_texts(&**log, P0, 0..1).await;
    while acked.last().map(|last| last.appended_at) == acked.first().map(|first| first.appended_at) {
        acked.extend(append_texts(&**log, P0, 0..1).await);
    }
    let (first, last) = (acked[0], acked[acked.len() - 1]);
    let of_last = acked
        .iter()
        .find(|p| p.appended_at == last.appended_at)
        .expect("the last at least");
    assert_eq!(at(0).await, Some(Offset::ZERO));
    assert_eq!(at(-5).await, Some(Offset::ZERO), "before 1970 was nothing");
    assert_eq!(at(first.appended_at.as_millis()).await, Some(first.offset));
    assert_eq!(at(first.appended_at.as_millis() + 1).await, Some(of_last.offset));
    assert_eq!(at(last.appended_at.as_millis()).await, Some(of_last.offset));
    assert_eq!(at(last.appended_at.as_millis() + 1).await, None);
}

pub(crate) async fn extents_grow(log: &Arc<dyn Log>) {
    let of = |partition, high| Extent {
        partition,
        low: Offset::ZERO,
        high: Offset::new(high),
    };
    assert_eq!(extent(&**log, Topic::Events, P0).await, of(P0, 0));
    append_texts(&**log, P0, 0..7).await;
    assert_eq!(extent(&**log, Topic::Events, P0).await, of(P0, 7));
    assert_eq!(
        extent(&**log, Topic::Events, Partition::new(1)).await,
        of(Partition::new(1), 0)
    );
    assert_eq!(extent(&**log, Topic::Reads, P0).await, of(P0, 0));
}

pub(crate) async fn a_closed_log_refuses(log: &Arc<dyn Log>) {
    let appends: Vec<_> = (0..200)
        .map(|i| (log.clone(), i))
        .map(|(log, i)| tokio::spawn(async move { log.append(outgoing(P0, "room", &i.to_string())).await }))
        .collect();
    log.append(outgoing(P0, "room", "first")).await.expect("appended");
    log.close().await;
    let mut acked = 1;
    for append in appends {
        match append.await.expect("no panic") {
            Ok(_) => acked += 1,
            Err(Error::Unavailable(_)) => {}
            Err(other) => panic!("handed over before the close, it is acked: {other}"),
        }
    }
    assert_eq!(
        extent(&**log, Topic::Events, P0).await.high.get(),
        acked,
        "acked is written, refused is not"
    );
    let error = log.append(outgoing(P0, "room", "late")).await.expect_err("closed");
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    log.close().await;
}

pub(crate) async fn it_answers_a_ping(log: &Arc<dyn Log>) {
    log.ping().await.expect("an answer");
}
