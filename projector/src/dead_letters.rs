//! Copies of records that can't be projected. A letter is appended before the checkpoint passes its record: a kill may
//! repeat one and lose none.

use crate::halt::Halt;
use crate::metrics;
use bytes::Bytes;
use engine::log::{self, Log, Outgoing, Record, Topic};
use futures_util::future::join_all;

/// The reason of an accepted event whose rows the store refuses; those of damaged records are [`engine::codec::Bad`]'s.
pub(crate) const REJECTED: &str = "rejected";
/// Letters on their way at once.
const AT_ONCE: usize = 64;

/// A record and what is wrong with it.
pub(crate) type Letter<'a> = (&'a Record, &'static str);

/// Appends all of them.
pub(crate) async fn write(log: &dyn Log, origin: Topic, letters: &[Letter<'_>]) -> Result<(), Halt> {
    for some in letters.chunks(AT_ONCE) {
        let appends = some.iter().map(|letter| append(log, origin, *letter));
        for appended in join_all(appends).await {
            appended?;
        }
    }
    Ok(())
}

async fn append(log: &dyn Log, origin: Topic, (record, reason): Letter<'_>) -> Result<(), log::Error> {
    let whole = letter(log.topic_name(origin), record, reason);
    let cut = Outgoing {
        value: None,
        ..whole.clone()
    };
    let position = match log.append(whole).await {
        // The record is as large as one may be, and its headers make the letter larger: they say where it is.
        Err(log::Error::Refused(_)) if record.value.is_some() => log.append(cut).await?,
        appended => appended?,
    };
    tracing::warn!(
        topic = log.topic_name(origin),
        partition = %record.position.partition,
        offset = %record.position.offset,
        reason,
        dead_letter = %position.offset,
        "a record was copied to the dead letters"
    );
    metrics::dead_letter(reason);
    Ok(())
}

fn letter(origin: String, record: &Record, reason: &'static str) -> Outgoing {
    Outgoing {
        topic: Topic::DeadLetters,
        partition: record.position.partition,
        key: record.key.clone(),
        value: record.value.clone(),
        headers: vec![
            (log::Letter::TOPIC, origin.into()),
            (log::Letter::PARTITION, record.position.partition.to_string().into()),
            (log::Letter::OFFSET, record.position.offset.to_string().into()),
            (log::Letter::REASON, Bytes::from_static(reason.as_bytes())),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::letter;
    use bytes::Bytes;
    use engine::domain::{Offset, Partition, Position, Timestamp};
    use engine::log::{Record, Topic};

    #[test]
    fn a_letter_says_where_its_record_stands_and_why_it_is_dead() {
        let record = Record {
            position: Position {
                partition: Partition::new(3),
                offset: Offset::new(41),
                appended_at: Timestamp::from_millis(1),
            },
            key: Some(Bytes::from_static(b"key")),
            value: Some(Bytes::from_static(b"value")),
            schema_count: 0,
            schema: None,
            traceparent: None,
            tracestate: None,
            letter: None,
        };
        let letter = letter("roomlog.events".to_owned(), &record, "datum");
        assert_eq!(
            (letter.topic, letter.partition),
            (Topic::DeadLetters, Partition::new(3))
        );
        assert_eq!((letter.key, letter.value), (record.key, record.value));
        let headers: Vec<_> = letter.headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        let expected: [(&str, &[u8]); 4] = [
            ("origin_topic", b"roomlog.events"),
            ("origin_partition", b"3"),
            ("origin_offset", b"41"),
            ("reason", b"datum"),
        ];
        assert_eq!(headers, expected);
    }
}
