//! What is appended comes back as it was, in the order of the acks.

use super::{ALL, P0, PARTITIONS, append_texts, extent, listen, outgoing, text};
use bytes::Bytes;
use engine::domain::{Offset, Partition};
use engine::log::{Error, Log, Outgoing, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
