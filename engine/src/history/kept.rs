//! Snapshots of rooms that history keeps at a spacing, so that a room as it once stood is folded from the nearest of
//! them, not from its beginning.
//!
//! What must hold: a snapshot says what the fold says at its seq. It holds the header, the lists of people and the recent
//! messages as they stood; the duplicate window is not in it, for the journal's rows up to its seq are the window. It
//! is a shortcut: one that can't be read is passed over, and the one before it, or the beginning, takes its place.

use super::Error;
use super::packed::PackedMessage;
use super::rows::WindowRow;
use crate::domain::{Change, Epoch, Header, Message, Offset, RECENT, RULES, Recent, Room, RoomId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

/// The version of the bytes: JSON follows it.
const VERSION: u8 = 1;

/// Most bytes of a snapshot: some 300,000 people. A room that takes more has none from then on, and is folded from the
/// last one it has.
pub const MOST_SNAPSHOT_BYTES: usize = 32 << 20;

/// Where a snapshot is looked for: the last one at or before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upto {
    /// At this seq or before it.
    Seq(Seq),
    /// Its last event stands before this offset of the room's partition.
    Before(Offset),
}

/// A room as a snapshot has it, ready to be folded on.
#[derive(Clone, Debug)]
pub struct Kept {
    /// With its window.
    pub room: Room,
    /// The latest messages as they stood.
    pub recent: Recent,
    /// Of the event at its head.
    pub offset: Offset,
    /// The append time of that event.
    pub appended_at: Timestamp,
}

/// What history says of a room's past, all from one snapshot of the store.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// The last snapshot there that can be read.
    pub kept: Option<Kept>,
    /// Snapshots after it that can't be.
    pub unreadable: u64,
    /// The rules of the room as it stands now; `None` where history knows no such room.
    pub rules: Option<u32>,
    /// Of which life of the log history is; `None` before the partition's first claim.
    pub epoch: Option<Epoch>,
}

#[derive(Serialize, Deserialize)]
struct State {
    header: Header,
    changes: Vec<Change>,
    recent: Vec<PackedMessage>,
}

/// The bytes of a snapshot; `None` when there would be more than [`MOST_SNAPSHOT_BYTES`].
pub(super) fn encode(header: &Header, changes: &[Change], recent: Vec<Message>) -> Option<Vec<u8>> {
    let state = State {
        header: header.clone(),
        changes: changes.to_vec(),
        recent: recent.into_iter().map(PackedMessage::from).collect(),
    };
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, &state).expect("a snapshot is JSON, and a vector takes every byte");
    (bytes.len() <= MOST_SNAPSHOT_BYTES).then_some(bytes)
}

fn decode(bytes: &[u8]) -> Option<State> {
    match bytes.split_first() {
        Some((&VERSION, json)) if json.len() < MOST_SNAPSHOT_BYTES => serde_json::from_slice(json).ok(),
        _ => None,
    }
}

/// A snapshot is not worth a projector that stands still: what can't be read is told, and there is none.
pub(super) fn unless_torn<T>(room: RoomId, read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ Error::Corrupt(_)) => {
            tracing::warn!(%room, %error, "no snapshot is kept of this room");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A row of `snapshots`.
pub(super) struct KeptRow {
    pub(super) seq: i64,
    pub(super) log_offset: i64,
    pub(super) appended_at: i64,
    pub(super) state: Vec<u8>,
}

impl KeptRow {
    /// Where to look for the one before it.
    pub(super) const fn before(&self) -> Upto {
        Upto::Before(self.offset())
    }

    const fn offset(&self) -> Offset {
        Offset::new(self.log_offset.cast_unsigned())
    }

    /// Reads it, with the journal's rows up to its seq, newest first; `None` if it can't be read.
    pub(super) fn read(self, id: RoomId, window: Vec<WindowRow>) -> Option<Kept> {
        let offset = self.offset();
        let State {
            header,
            changes,
            recent,
        } = decode(&self.state)?;
        let sound = header.head.get() == self.seq.cast_unsigned() && header.rules <= RULES && recent.len() <= RECENT;
        let recent: Vec<Message> = recent.into_iter().map(Message::from).collect();
        let in_order = recent.is_sorted_by(|one, next| one.seq < next.seq);
        let latest = recent.last().map_or(0, |last| last.ordinal) == header.messages;
        if !(sound && in_order && latest) {
            return None;
        }
        let window = window.into_iter().rev().map(Into::into);
        Some(Kept {
            room: Room::restore(id, header, changes, window).ok()?,
            recent: Recent::restore(recent),
            offset,
            appended_at: Timestamp::from_millis(self.appended_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, KeptRow, Room, RoomId, decode, encode};
    use crate::domain::{Digest, Kind, RoomName, RoomTopic, Seq, Timestamp};

    fn header(head: u64) -> Header {
        Header {
            kind: Kind::Open,
            name: RoomName::new("A room").expect("a name"),
            topic: RoomTopic::new("").expect("a topic"),
            owner: None,
            deleted: false,
            head: Seq::new(head),
            messages: 0,
            rules: 1,
            digest: Digest::of_room(RoomId::general()),
            created_at: Timestamp::from_millis(1),
        }
    }

    fn row(state: Vec<u8>) -> KeptRow {
        KeptRow {
            seq: 0,
            log_offset: 5,
            appended_at: 1,
            state,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let state = encode(&header(0), &[], Vec::new()).expect("it is small");
        let kept = row(state).read(RoomId::general(), Vec::new()).expect("it is whole");
        let room = Room::restore(RoomId::general(), header(0), [], []).expect("an empty window");
        assert_eq!(kept.room, room);
        assert!(kept.recent.is_empty());
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        let state = encode(&header(0), &[], Vec::new()).expect("it is small");
        assert!(decode(&[]).is_none(), "nothing");
        assert!(decode(&state[1..]).is_none(), "no version");
        assert!(decode(&state[..state.len() - 1]).is_none(), "an end that is missing");
        let mut other = state.clone();
        other[0] += 1;
        assert!(decode(&other).is_none(), "another version");
        let mut more = state;
        more.push(b'}');
        assert!(decode(&more).is_none(), "bytes that are left over");
        let read = |header: &Header| {
            let state = encode(header, &[], Vec::new()).expect("it is small");
            row(state).read(RoomId::general(), Vec::new())
        };
        assert!(read(&header(1)).is_none(), "another seq than its row's");
        let rules = 2;
        assert!(read(&Header { rules, ..header(0) }).is_none(), "newer rules");
        let messages = 1;
        assert!(
            read(&Header { messages, ..header(0) }).is_none(),
            "a message that is missing"
        );
    }
}
