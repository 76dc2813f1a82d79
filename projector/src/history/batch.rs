//! Records of one partition, folded into what history writes.

use crate::dead_letters::Letter;
use crate::metrics;
use crate::rooms::Rooms;
use crate::traces::Spans;
use engine::codec::{Decoded, Unread};
use engine::domain::{Body, Reason, Room, RoomId, Seq, Verdict};
use engine::history::{JournalEntry, NewEntry, RoomBatch, Rows};
use engine::log::Record;
use std::collections::BTreeMap;

/// What became of some records.
pub(super) struct Folded<'a> {
    /// Of each room that something happened in.
    pub(super) rooms: Vec<RoomBatch>,
    /// Damaged records.
    pub(super) bad: Vec<Letter<'a>>,
    /// Accepted events.
    pub(super) events: usize,
    /// Rooms of which a snapshot is due.
    pub(super) snapshots: usize,
    /// Of the batch and of each event that is traced: they end when it is written.
    pub(super) spans: Spans,
}

/// Folds the records; `rooms` holds every room that they are about.
pub(super) fn fold<'a>(
    name: &'static str,
    rooms: &mut Rooms<Room>,
    records: &'a [Record],
    read: Vec<Result<Decoded<'a>, Unread>>,
    rows: Rows,
    spacing: u64,
    spans: Spans,
) -> Folded<'a> {
    let mut batches = BTreeMap::new();
    let mut folded = Folded {
        rooms: Vec::new(),
        bad: Vec::new(),
        events: 0,
        snapshots: 0,
        spans,
    };
    for (record, read) in records.iter().zip(read) {
        match read {
            Ok(decoded) => {
                let room = rooms
                    .get(decoded.event.room_id)
                    .expect("the rooms of a batch were loaded");
                if take(name, &mut batches, room, record, decoded, rows) {
                    folded.events += 1;
                    folded.spans.event(record, room.id());
                }
            }
            Err(unread) => {
                metrics::unread(name, unread);
                if let Unread::Bad(bad) = unread {
                    folded.bad.push((record, bad.name()));
                }
            }
        }
    }
    folded.rooms = batches.into_values().collect();
    for batch in &mut folded.rooms {
        let room = rooms.get(batch.room_id).expect("the rooms of a batch were loaded");
        let first = batch.entries.first().map(|new| new.entry.seq);
        if first.is_some_and(|first| is_due(spacing, room, first)) {
            batch.snapshot = Some(room.changes().collect());
            folded.snapshots += 1;
        }
    }
    folded
}

/// Whether a snapshot is due of a room whose batch began with the event `first`.
///
/// One is due where the head has passed a multiple of `spacing` (0: never). A room with more people than that has its
/// snapshots doubly apart, as often as it takes until its events outnumber its people: so one costs every event about the
/// same, however large the room, and where they stand follows from the log and the batches alone.
fn is_due(spacing: u64, room: &Room, first: Seq) -> bool {
    let listed = room.listed() as u64;
    let step = spacing.saturating_mul(listed.div_ceil(spacing.max(1)).next_power_of_two());
    let passed = step > 0 && (first.get() - 1) / step != room.head().get() / step;
    passed && !room.unsupported()
}

/// Folds one event; says whether it was accepted.
fn take(
    name: &'static str,
    batches: &mut BTreeMap<RoomId, RoomBatch>,
    room: &mut Room,
    record: &Record,
    decoded: Decoded<'_>,
    rows: Rows,
) -> bool {
    let Decoded {
        event,
        datum,
        fingerprint,
        rules,
    } = decoded;
    let before = room.rules();
    let applied = room.fold(&event, rules, datum, record.position);
    let (seq, digest) = match applied.verdict {
        Verdict::Accepted { seq, digest } => (seq, digest),
        Verdict::Ignored { reason } => {
            metrics::ignored(name, reason);
            if reason == Reason::UnsupportedRules && room.rules() != before {
                // That the room stands still must outlive this process.
                batch_of(batches, room);
            }
            return false;
        }
    };
    let sent = matches!(event.body, Body::MessageSent { .. });
    let ordinal = sent.then_some(room.messages());
    let value = record.value.as_ref().expect("what was decoded has a value");
    let batch = batch_of(batches, room);
    batch.changes.extend(applied.changes);
    batch.entries.push(NewEntry {
        entry: JournalEntry {
            seq,
            offset: record.position.offset,
            appended_at: record.position.appended_at,
            digest,
            fingerprint,
            datum: value.slice_ref(datum),
        },
        event,
        ordinal,
        rows,
    });
    true
}

/// The room's part of the batch, with its header as it stands now.
fn batch_of<'a>(batches: &'a mut BTreeMap<RoomId, RoomBatch>, room: &Room) -> &'a mut RoomBatch {
    let header = room.header().expect("an event was accepted, or stopped it").clone();
    let batch = batches.entry(room.id()).or_insert_with(|| RoomBatch {
        room_id: room.id(),
        header: header.clone(),
        changes: Vec::new(),
        entries: Vec::new(),
        snapshot: None,
    });
    batch.header = header;
    batch
}

#[cfg(test)]
mod tests {
    use super::is_due;
    use engine::domain::{
        Change, Cid, Digest, Header, Kind, Offset, Role, Room, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId,
        WINDOW, WindowEntry,
    };
    use uuid::Uuid;

    /// A room at `head` with so many members.
    fn room(head: u64, people: u64) -> Room {
        let id = RoomId::general();
        let header = Header {
            kind: Kind::Public,
            name: RoomName::new("A room").expect("a name"),
            topic: RoomTopic::new("").expect("a topic"),
            owner: None,
            deleted: false,
            head: Seq::new(head),
            messages: 0,
            rules: 1,
            digest: Digest::of_room(id),
            created_at: Timestamp::from_millis(1),
        };
        let members = (0..people).map(|number| Change::Member {
            user_id: UserId::new(Uuid::from_u128(number.into())),
            role: Role::Member,
            joined_at: Timestamp::from_millis(1),
        });
        let window = (head.saturating_sub(WINDOW)..head).map(|seq| WindowEntry {
            author_id: UserId::new(Uuid::nil()),
            cid: Cid::new(Uuid::from_u128(seq.into())),
            seq: Seq::new(seq + 1),
            offset: Offset::new(seq),
        });
        Room::restore(id, header, members, window).expect("its window is whole")
    }

    /// Snapshots of a room with so many people, in so many events by batches of `batch`.
    fn kept(spacing: u64, people: u64, events: u64, batch: u64) -> u64 {
        let ends = (1..=events / batch).map(|number| number * batch);
        let due = ends.filter(|&head| is_due(spacing, &room(head, people), Seq::new(head - batch + 1)));
        due.count() as u64
    }

    #[test]
    fn snapshots_are_as_far_apart_as_said() {
        assert_eq!(kept(10, 3, 500, 1), 50);
        assert_eq!(kept(10, 3, 700, 7), 70, "each behind its place, none left out");
        assert_eq!(kept(10, 3, 500, 25), 20, "one a batch at most");
        assert_eq!(kept(0, 3, 500, 1), 0);
        assert_eq!(kept(u64::MAX, 3, 500, 1), 0);
    }

    #[test]
    fn an_event_costs_the_same_in_a_large_room() {
        for people in [9, 10, 11, 40, 41, 300] {
            let kept = kept(10, people, 2_000, 4);
            assert!(kept > 0, "{people} people");
            assert!(kept * people <= 2_000, "{people} people: {kept} snapshots");
        }
    }
}
