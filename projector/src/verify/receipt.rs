//! One ack's receipt against the log: whether what somebody was told is so.
//!
//! What must hold: nothing is asked but the log itself; everything that the receipt says is checked, and what it does not say
//! is not.

use super::walk::{Walk, event_room};
use super::{Common, Error, Parts, Progress};
use crate::Config;
use engine::codec;
use engine::domain::{Cid, Digest, Epoch, Offset, Partition, Room, RoomId, Seq, Timestamp, Verdict};
use engine::log::{Extent, Record, Topic};
use serde::Serialize;

/// What an ack told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Where, if it says so.
    pub room: Option<RoomId>,
    /// The command.
    pub cid: Cid,
    /// The seq that it got.
    pub seq: Seq,
    /// Of which life of the log.
    pub epoch: Epoch,
    /// The room's partition.
    pub partition: Partition,
    /// Where it stands there.
    pub offset: Offset,
    /// When the log took it; `None` where history was away.
    pub at: Option<Timestamp>,
    /// The room's chain after it; `None` as `at`.
    pub digest: Option<Digest>,
}

/// What the log says of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Whether everything it says is so.
    pub well: bool,
    /// Of which room it is, as far as that is known.
    pub room: Option<RoomId>,
    /// What is not so.
    pub differences: Vec<Wrong>,
}

/// One thing that is not so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// A field of the receipt.
    pub field: &'static str,
    /// What the log says.
    pub expected: String,
    /// What the receipt says.
    pub found: String,
}

impl Judged {
    fn of(room: Option<RoomId>, differences: Vec<Wrong>) -> Self {
        Self {
            well: differences.is_empty(),
            room,
            differences,
        }
    }
}

fn wrong(field: &'static str, expected: impl ToString, found: impl ToString) -> Wrong {
    Wrong {
        field,
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

/// Checks a receipt.
///
/// # Errors
/// [`Error::Log`]: the log can't be read.
pub async fn check(
    config: &Config,
    parts: &Parts,
    receipt: &Receipt,
    progress: &dyn Progress,
) -> Result<Judged, Error> {
    let epoch = parts.log.epoch();
    if receipt.epoch != epoch {
        // Nothing else that it says is about this log.
        return Ok(Judged::of(receipt.room, vec![wrong("pos.epoch", epoch, receipt.epoch)]));
    }
    let extents = parts.log.extents(Topic::Events).await?;
    let Some(extent) = extents.iter().find(|extent| extent.partition == receipt.partition) else {
        let expected = format!("below {}", parts.log.partitions());
        return Ok(Judged::of(
            receipt.room,
            vec![wrong("pos.partition", expected, receipt.partition)],
        ));
    };
    if receipt.offset < extent.low || receipt.offset >= extent.high {
        let expected = format!("{} to below {}", extent.low, extent.high);
        return Ok(Judged::of(
            receipt.room,
            vec![wrong("pos.offset", expected, receipt.offset)],
        ));
    }
    let common = Common {
        config,
        parts,
        progress,
        room: receipt.room,
    };
    against(&common, *extent, receipt).await
}

/// Folds the room of the record that the receipt names, up to and with it.
async fn against(common: &Common<'_>, extent: Extent, receipt: &Receipt) -> Result<Judged, Error> {
    let record = at(common, receipt).await?;
    let Some(record) = record.filter(|record| record.position.offset == receipt.offset) else {
        let differences = vec![wrong("pos.offset", "a record", "none")];
        return Ok(Judged::of(receipt.room, differences));
    };
    let Some(id) = event_room(&record) else {
        let differences = vec![wrong("pos.offset", "an event", "a record without a room's key")];
        return Ok(Judged::of(receipt.room, differences));
    };
    let mut differences = Vec::new();
    if let Some(room) = receipt.room.filter(|room| *room != id) {
        differences.push(wrong("room", id, room));
    }
    let at = record.position.appended_at;
    if let Some(told) = receipt.at.filter(|told| *told != at) {
        differences.push(wrong("at", at.as_millis(), told.as_millis()));
    }
    let partitions = common.parts.log.partitions();
    match codec::decode(record.borrowed(), partitions) {
        Ok(decoded) if decoded.event.cid != receipt.cid => {
            differences.push(wrong("cid", decoded.event.cid, receipt.cid));
        }
        Ok(_) => {}
        Err(_) => differences.push(wrong("pos.offset", "an event", "a record that is none")),
    }
    let verdict = verdict(common, extent, id, receipt.offset).await?;
    match verdict {
        Some(Verdict::Accepted { seq, digest }) => {
            if seq != receipt.seq {
                differences.push(wrong("seq", seq, receipt.seq));
            }
            if let Some(told) = receipt.digest.filter(|told| *told != digest) {
                differences.push(wrong("digest", digest, told));
            }
        }
        Some(Verdict::Ignored { reason }) => {
            let expected = format!("none: the event is ignored ({})", reason.name());
            differences.push(wrong("seq", expected, receipt.seq));
        }
        None => {}
    }
    Ok(Judged::of(Some(id), differences))
}

async fn at(common: &Common<'_>, receipt: &Receipt) -> Result<Option<Record>, Error> {
    let mut walk = Walk::begin(common, Topic::Events, receipt.partition, receipt.offset);
    let mut found = None;
    walk.to(receipt.offset.next(), common, |record| found = Some(record.clone()))
        .await?;
    Ok(found)
}

/// What the fold says of the event at an offset; `None` where there is no event.
async fn verdict(common: &Common<'_>, extent: Extent, id: RoomId, offset: Offset) -> Result<Option<Verdict>, Error> {
    let what = format!("room {id}");
    common.progress.begins(&what, offset.next().get() - extent.low.get());
    let partitions = common.parts.log.partitions();
    let mut room = Room::new(id);
    let mut verdict = None;
    let mut walk = Walk::begin(common, Topic::Events, extent.partition, extent.low);
    let take = |record: &Record| {
        if event_room(record) != Some(id) {
            return;
        }
        if let Ok(decoded) = codec::decode(record.borrowed(), partitions) {
            let applied = room.fold(&decoded.event, decoded.rules, decoded.datum, record.position);
            verdict = (record.position.offset == offset).then_some(applied.verdict);
        }
    };
    walk.to(offset.next(), common, take).await?;
    Ok(verdict)
}
