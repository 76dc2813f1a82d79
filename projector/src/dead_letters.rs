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
    let whole = letter(log, origin, (record, reason));
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

fn letter(log: &dyn Log, origin: Topic, (record, reason): Letter<'_>) -> Outgoing {
    let text = |number: String| Bytes::from(number);
    Outgoing {
        topic: Topic::DeadLetters,
        partition: record.position.partition,
        key: record.key.clone().unwrap_or_default(),
        value: record.value.clone(),
        headers: vec![
            ("origin_topic", text(log.topic_name(origin))),
            ("origin_partition", text(record.position.partition.to_string())),
            ("origin_offset", text(record.position.offset.to_string())),
            ("reason", Bytes::from_static(reason.as_bytes())),
        ],
    }
}
