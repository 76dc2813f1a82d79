//! Records of one partition, folded into what live views take: deltas alone, never a whole room.

use crate::metrics;
use crate::rooms::Rooms;
use crate::traces::Spans;
use engine::codec::Decoded;
use engine::domain::{Reason, Recent, Room, RoomId, Seq, Verdict, WindowEntry};
use engine::live::RoomDelta;
use engine::log::Record;
use std::collections::{BTreeMap, BTreeSet};

/// A room as it stands at the watermark.
pub(super) struct Kept {
    pub(super) room: Room,
    pub(super) recent: Recent,
}

/// What became of some records.
pub(super) struct Folded {
    /// Of each room that something happened in.
    pub(super) rooms: Vec<RoomDelta>,
    /// Accepted events.
    pub(super) events: usize,
    /// Of the batch and of each event that is traced: they end when it is written.
    pub(super) spans: Spans,
}

/// A delta on its way: which messages stand differently is known at once, how only at the end.
struct Delta {
    delta: RoomDelta,
    touched: BTreeSet<Seq>,
}

/// Folds the events; `rooms` holds every room that they are about.
pub(super) fn fold<'a>(
    name: &'static str,
    rooms: &mut Rooms<Kept>,
    events: impl ExactSizeIterator<Item = (&'a Record, Decoded<'a>)>,
    mut spans: Spans,
) -> Folded {
    let mut deltas = BTreeMap::new();
    let mut accepted = 0;
    for (record, decoded) in events {
        let kept = rooms
            .get(decoded.event.room_id)
            .expect("the rooms of a batch were loaded");
        if take(name, &mut deltas, kept, record, &decoded) {
            accepted += 1;
            spans.event(record, kept.room.id());
        }
    }
    let finished = deltas.into_iter().map(|(id, Delta { mut delta, touched })| {
        let recent = &rooms.get(id).expect("it was folded a moment ago").recent;
        // One that has left the recent ones since is no longer anybody's.
        delta.recent = touched.into_iter().filter_map(|seq| recent.get(seq).cloned()).collect();
        delta
    });
    Folded {
        rooms: finished.collect(),
        events: accepted,
        spans,
    }
}

/// Folds one event; says whether it was accepted.
fn take(
    name: &'static str,
    deltas: &mut BTreeMap<RoomId, Delta>,
    kept: &mut Kept,
    record: &Record,
    decoded: &Decoded<'_>,
) -> bool {
    let Decoded {
        event, datum, rules, ..
    } = decoded;
    let Kept { room, recent } = kept;
    let before = room.rules();
    let at = record.position;
    let applied = room.fold(event, *rules, datum, at);
    let seq = match applied.verdict {
        Verdict::Accepted { seq, .. } => seq,
        Verdict::Ignored { reason } => {
            metrics::ignored(name, reason);
            if reason == Reason::UnsupportedRules && room.rules() != before {
                // That the room stands still must outlive this process.
                delta_of(deltas, room);
            }
            return false;
        }
    };
    let touched = recent.apply(event, seq, room.messages(), at.appended_at);
    let delta = delta_of(deltas, room);
    delta.touched.extend(touched);
    delta.delta.changes.extend(applied.changes);
    delta.delta.window.push(WindowEntry {
        author_id: event.actor.id,
        cid: event.cid,
        seq,
        offset: at.offset,
    });
    true
}

/// The room's part of the batch, with its header as it stands now.
fn delta_of<'a>(deltas: &'a mut BTreeMap<RoomId, Delta>, room: &Room) -> &'a mut Delta {
    let header = room.header().expect("an event was accepted, or stopped it").clone();
    let delta = deltas.entry(room.id()).or_insert_with(|| Delta {
        delta: RoomDelta {
            room_id: room.id(),
            header: header.clone(),
            changes: Vec::new(),
            window: Vec::new(),
            recent: Vec::new(),
        },
        touched: BTreeSet::new(),
    });
    delta.delta.header = header;
    delta
}
