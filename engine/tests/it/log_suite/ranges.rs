//! Bounded reads, offsets by time, and what the log holds.

use super::{ALL, P0, append_texts, extent};
use bytes::Bytes;
use engine::domain::{Offset, Partition, Timestamp};
use engine::log::{Error, Extent, Log, RangeLimits, Topic};
use std::sync::Arc;
use std::time::Duration;

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

pub(crate) async fn a_reader_walks_on_and_on(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..100).await;
    let limits = |max_records| RangeLimits {
        max_records,
        max_bytes: 1000,
    };
    let mut reader = log.reader(Topic::Events, P0, Offset::new(10));
    let mut offsets = Vec::new();
    while reader.next_offset() < Offset::new(95) {
        let range = reader.next(Offset::new(95), limits(7)).await.expect("a range");
        assert_eq!(range.next, reader.next_offset());
        assert!(range.records.len() <= 7);
        offsets.extend(range.records.iter().map(|record| record.position.offset.get()));
    }
    assert_eq!(offsets, (10..95).collect::<Vec<_>>());
    let over = reader.next(Offset::new(95), limits(7)).await.expect("nothing");
    assert_eq!((over.records.len(), over.next.get()), (0, 95));
    let rest = reader.next(Offset::new(100), limits(100)).await.expect("the rest");
    assert_eq!(rest.records.len(), 5);
    append_texts(&**log, P0, 100..101).await;
    let news = reader
        .next(Offset::new(101), limits(100))
        .await
        .expect("what came since");
    assert_eq!(super::text(&news.records[0]), "100");
}

pub(crate) async fn a_reader_passes_over_other_keys(log: &Arc<dyn Log>) {
    for number in 0..60 {
        let key = format!("room {}", number % 3);
        log.append(super::outgoing(P0, &key, &number.to_string()))
            .await
            .expect("appended");
    }
    let keys = |keys: &[&str]| {
        Some(Arc::new(
            keys.iter().map(|key| Bytes::from((*key).to_owned())).collect(),
        ))
    };
    let mut reader = log.reader(Topic::Events, P0, Offset::ZERO);
    let one = reader
        .next_of(keys(&["room 1"]), Offset::new(30), ALL)
        .await
        .expect("a range");
    let texts: Vec<String> = one.records.iter().map(super::text).collect();
    assert_eq!(
        texts,
        (0..30)
            .filter(|number| number % 3 == 1)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
    assert_eq!((one.next.get(), one.bytes), (30, 10 + 2 * 20), "all of them were read");
    let two = reader
        .next_of(keys(&["room 0", "room 2"]), Offset::new(60), ALL)
        .await
        .expect("a range");
    assert_eq!((two.records.len(), two.next.get()), (20, 60));
    let mut reader = log.reader(Topic::Events, P0, Offset::ZERO);
    let none = reader
        .next_of(keys(&["no room"]), Offset::new(60), ALL)
        .await
        .expect("a range");
    assert_eq!((none.records.len(), none.next.get()), (0, 60));
}

pub(crate) async fn readers_are_given_up_in_the_middle(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..10).await;
    // Nothing will come beyond the end: a read that waits there is left alone.
    for _ in 0..20 {
        let mut reader = log.reader(Topic::Events, P0, Offset::new(3));
        let waits = reader.next(Offset::new(11), ALL);
        let _ = tokio::time::timeout(Duration::from_millis(5), waits).await;
    }
    let mut reader = log.reader(Topic::Events, P0, Offset::new(3));
    let range = reader.next(Offset::new(10), ALL).await.expect("a reader of one's own");
    assert_eq!(range.records.len(), 7);
}

pub(crate) async fn a_reader_outside_the_log_is_told(log: &Arc<dyn Log>) {
    append_texts(&**log, P0, 0..3).await;
    let mut reader = log.reader(Topic::Events, P0, Offset::new(4));
    let error = reader.next(Offset::new(9), ALL).await.expect_err("beyond the end");
    assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
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
