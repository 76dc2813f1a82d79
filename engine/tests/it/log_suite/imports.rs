//! An import fills an empty log, at the times of another.

use super::{ALL, P0, PARTITIONS, append_texts, extent, outgoing, text};
use bytes::Bytes;
use engine::domain::{Offset, Partition, Timestamp};
use engine::log::{Error, Log, Outgoing, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Long ago, in 2001.
pub(crate) const LONG_AGO: i64 = 1_000_000_000_000;

pub(crate) async fn an_import_keeps_times_and_order(log: &Arc<dyn Log>) {
    const RECORDS: i64 = 3_000;
    let mut import = log.import().await.expect("an empty log");
    let mut promised = BTreeMap::new();
    for number in 0..RECORDS {
        let partition = Partition::new(u16::try_from(number % i64::from(PARTITIONS)).expect("small"));
        // Several at one time, as a busy log has them.
        let at = Timestamp::from_millis(LONG_AGO + number / 10);
        let position = import
            .append(outgoing(partition, "room", &number.to_string()), at)
            .await
            .expect("handed over");
        assert_eq!((position.partition, position.appended_at), (partition, at));
        promised.insert((partition, position.offset), (number.to_string(), at));
    }
    import.finish().await.expect("all is written");
    for partition in (0..PARTITIONS).map(Partition::new) {
        let high = extent(&**log, Topic::Events, partition).await.high;
        assert_eq!(high.get(), 3_000 / u64::from(PARTITIONS));
        let mut reader = log.reader(Topic::Events, partition, Offset::ZERO);
        while reader.next_offset() < high {
            for record in reader.next(high, ALL).await.expect("records").records {
                let (said, at) = promised.remove(&(partition, record.position.offset)).expect("once");
                assert_eq!((text(&record), record.position.appended_at), (said, at));
                assert_eq!(record.key, Some(Bytes::from_static(b"room")));
                assert_eq!(record.schema.as_deref(), Some(&b"12345678"[..]));
            }
        }
    }
    assert!(promised.is_empty(), "nothing is missing");
    // Found by those times, and from here on the log takes its own.
    let middle = Timestamp::from_millis(LONG_AGO + 150);
    let found = log.offset_at(Topic::Events, P0, middle).await.expect("an answer");
    assert_eq!(found, Some(Offset::new(375)));
    let later = append_texts(&**log, P0, 0..1).await[0];
    assert_eq!(later.offset, Offset::new(750));
    assert!(
        later.appended_at.as_millis() > LONG_AGO + RECORDS * 1_000,
        "the log's own time"
    );
}

pub(crate) async fn an_import_needs_an_empty_log(log: &Arc<dyn Log>) {
    append_texts(&**log, Partition::new(2), 0..1).await;
    let refused = log.import().await.err().expect("refused");
    assert!(
        matches!(&refused, Error::Misconfigured(why) if why.contains("needs an empty log")),
        "{refused}"
    );
    append_texts(&**log, P0, 0..1).await;
}

pub(crate) async fn an_import_that_wrote_nothing_leaves_nothing(log: &Arc<dyn Log>) {
    let import = log.import().await.expect("an empty log");
    import.abandon().await.expect("given up");
    let position = append_texts(&**log, P0, 0..1).await[0];
    assert_eq!(position.offset, Offset::ZERO);
    assert!(
        position.appended_at.as_millis() > LONG_AGO * 3 / 2,
        "the log's own time"
    );
}

/// Begins an import and leaves it in the middle.
pub(crate) async fn import_half(log: &dyn Log) {
    let mut import = log.import().await.expect("an empty log");
    let record = Outgoing {
        topic: Topic::Events,
        ..outgoing(P0, "room", "half")
    };
    let at = Timestamp::from_millis(LONG_AGO);
    import.append(record, at).await.expect("handed over");
    import.abandon().await.expect("given up");
}
