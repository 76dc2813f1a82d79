//! Reading a partition on and on.

use super::{Common, Error};
use engine::codec::room_of_key;
use engine::domain::{Offset, Partition, RoomId};
use engine::log::{RangeLimits, Reader, Record, Topic};

/// A walk through one partition of a topic.
pub(super) struct Walk {
    reader: Box<dyn Reader>,
    limits: RangeLimits,
}

impl Walk {
    pub(super) fn begin(common: &Common<'_>, topic: Topic, partition: Partition, from: Offset) -> Self {
        Self {
            reader: common.parts.log.reader(topic, partition, from),
            limits: RangeLimits {
                max_records: common.config.batch_records.max(1),
                max_bytes: common.config.batch_bytes.max(1),
            },
        }
    }

    /// Where it stands.
    pub(super) fn at(&self) -> Offset {
        self.reader.next_offset()
    }

    /// Reads on to `end`, which the log must have reached.
    pub(super) async fn to(
        &mut self,
        end: Offset,
        common: &Common<'_>,
        mut take: impl FnMut(&Record),
    ) -> Result<(), Error> {
        while self.at() < end {
            let before = self.at();
            let range = self.reader.next(end, self.limits).await?;
            range.records.iter().for_each(&mut take);
            common.progress.advanced(range.next.get() - before.get());
        }
        Ok(())
    }
}

/// The room of an event's key.
pub(super) fn event_room(record: &Record) -> Option<RoomId> {
    record.key.as_deref().and_then(room_of_key)
}

/// The room of a read marker's key, `room:person`.
pub(super) fn read_room(record: &Record) -> Option<RoomId> {
    let key = record.key.as_deref()?;
    let colon = key.iter().position(|byte| *byte == b':')?;
    room_of_key(&key[..colon])
}
