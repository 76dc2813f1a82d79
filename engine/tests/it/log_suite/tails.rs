//! A tail begins where it is told to, says where the end is, and ends when it is dropped.

use super::{P0, PATIENCE, Told, append_texts, listen, outgoing, text};
use engine::domain::{Offset, Partition};
use engine::log::{Log, Outgoing, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;

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
