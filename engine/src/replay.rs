//! A room's events as they happened: the records of its partition from some offset on, each with the fold's word on it.
//!
//! What must hold: the verdict is the fold's own, from the room as it stood before the first record on; a record of
//! another room costs a look at its key and is not decoded. It reads nothing: whoever walks brings the records.

use crate::codec::{self, Decoded, Unread};
use crate::domain::{Offset, Position, Room, RoomId, Verdict};
use crate::log::RecordRef;
use crate::telemetry::TraceId;
use bytes::Bytes;

/// A walk through one room's records.
#[derive(Clone, Debug)]
pub struct Walk {
    room: Room,
    key: Bytes,
    partitions: u16,
    next: Offset,
}

/// An event of the room, and what the fold says of it.
#[derive(Debug)]
pub struct Said<'r> {
    /// What was read.
    pub decoded: Decoded<'r>,
    /// Whether it counts.
    pub verdict: Verdict,
}

/// A record of the room, judged.
#[derive(Debug)]
pub struct Judged<'r> {
    /// Where it stands.
    pub position: Position,
    /// The trace of the command that it comes from, recorded or not.
    pub trace: Option<TraceId>,
    /// What it says; or it is no event, for everyone.
    pub said: Result<Said<'r>, Unread>,
}

impl Walk {
    /// Begins where the room stands as `room` says: with everything before `next` folded. The log has so many
    /// `partitions`.
    #[must_use]
    pub fn new(room: Room, next: Offset, partitions: u16) -> Self {
        Self {
            key: Bytes::from(room.id().to_string()),
            room,
            partitions,
            next,
        }
    }

    /// Whose.
    #[must_use]
    pub const fn room_id(&self) -> RoomId {
        self.room.id()
    }

    /// The room as it stands before [`Walk::next`].
    #[must_use]
    pub const fn room(&self) -> &Room {
        &self.room
    }

    /// Everything before this offset was judged or passed over.
    #[must_use]
    pub const fn next(&self) -> Offset {
        self.next
    }

    /// Nothing stands between here and `next` any more: the log itself took it out.
    pub fn pass_to(&mut self, next: Offset) {
        self.next = self.next.max(next);
    }

    /// The next record of the partition; `None` for what is another room's, or was judged before.
    pub fn judge<'r>(&mut self, record: RecordRef<'r>) -> Option<Judged<'r>> {
        let position = record.position;
        if position.offset < self.next {
            return None;
        }
        self.next = position.offset.next();
        if record.key != Some(&self.key[..]) {
            return None;
        }
        let said = codec::decode(record, self.partitions).map(|decoded| {
            let applied = self.room.fold(&decoded.event, decoded.rules, decoded.datum, position);
            Said {
                decoded,
                verdict: applied.verdict,
            }
        });
        Some(Judged {
            trace: TraceId::of_record(record.headers.traceparent),
            position,
            said,
        })
    }
}
