//! The latest dead letters, by what they say of themselves: neither key nor value is shown, for nobody could read them.

use crate::rest::schema;
use engine::codec::room_of_key;
use engine::domain::{Offset, Partition, RoomId, Timestamp};
use engine::log::{self, Extent, Log, RangeLimits, Record, Topic};
use serde::Serialize;
use std::cmp::Reverse;
use utoipa::ToSchema;

/// What one read may bring: a letter may be as large as a record.
const READ: RangeLimits = RangeLimits {
    max_records: 100,
    max_bytes: 1 << 20,
};

/// A record that could not be read, or that a store refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub(crate) struct Dead {
    /// Where the letter stands, in the topic of dead letters.
    #[schema(value_type = schema::Partition)]
    partition: Partition,
    #[schema(value_type = schema::Offset)]
    offset: Offset,
    /// When it was written.
    #[schema(value_type = schema::Time)]
    at: Timestamp,
    /// What is wrong with the record: one word; null where the letter was not written by Roomlog.
    #[schema(required = true)]
    reason: Option<String>,
    /// The record itself; null as above.
    #[schema(required = true)]
    origin: Option<Origin>,
    /// The room that its key names, if it names one.
    #[schema(value_type = Option<schema::RoomId>, required = true)]
    room: Option<RoomId>,
    key_bytes: usize,
    value_bytes: usize,
}

/// Where a record stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LetterOrigin)]
struct Origin {
    topic: String,
    #[schema(value_type = schema::Partition)]
    partition: u16,
    #[schema(value_type = schema::Offset)]
    offset: u64,
}

impl Dead {
    fn of(record: &Record) -> Self {
        let letter = record.letter.as_deref();
        let bytes = |part: &Option<bytes::Bytes>| part.as_ref().map_or(0, bytes::Bytes::len);
        Self {
            partition: record.position.partition,
            offset: record.position.offset,
            at: record.position.appended_at,
            reason: letter.map(|letter| letter.reason.clone()),
            origin: letter.map(|letter| Origin {
                topic: letter.topic.clone(),
                partition: letter.partition,
                offset: letter.offset,
            }),
            room: record.key.as_deref().and_then(room_of_key),
            key_bytes: bytes(&record.key),
            value_bytes: bytes(&record.value),
        }
    }
}

/// At most `most` of them, newest first.
pub(super) async fn latest(log: &dyn Log, most: usize) -> Result<Vec<Dead>, log::Error> {
    let mut letters = Vec::new();
    for extent in log.extents(Topic::DeadLetters).await? {
        letters.extend(of_partition(log, extent, most).await?);
        letters.sort_unstable_by_key(|letter: &Dead| Reverse((letter.at, letter.partition, letter.offset)));
        letters.truncate(most);
    }
    Ok(letters)
}

/// The last of a partition.
async fn of_partition(log: &dyn Log, extent: Extent, most: usize) -> Result<Vec<Dead>, log::Error> {
    let first = extent.high.get().saturating_sub(most as u64).max(extent.low.get());
    let mut next = Offset::new(first);
    let mut letters = Vec::new();
    while next < extent.high {
        let range = log
            .range(Topic::DeadLetters, extent.partition, next, extent.high, READ)
            .await?;
        letters.extend(range.records.iter().map(Dead::of));
        next = range.next;
    }
    Ok(letters)
}
