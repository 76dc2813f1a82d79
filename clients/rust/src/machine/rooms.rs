//! Subscriptions: where each stands, and what is due next.

use super::{Effect, Start, Update, Violation};
use crate::protocol::{Event, Subscribed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug)]
struct Room {
    /// The last event handed on, and the life of the log it is of.
    stands: Option<(Option<Uuid>, u64)>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Asked(u64),
    PutOff,
    Live,
}

/// Every room somebody wants to hear.
#[derive(Debug, Default)]
pub(super) struct Rooms(BTreeMap<Uuid, Room>);

/// An event came out of order: the connection can't be trusted any more.
#[derive(Debug)]
pub(super) struct OutOfOrder;

impl Rooms {
    pub(super) fn want(&mut self, room: Uuid, start: Start) {
        let stands = match start {
            Start::Now => None,
            Start::After(seq) => Some((None, seq)),
        };
        self.0.entry(room).or_insert(Room {
            stands,
            phase: Phase::Idle,
        });
    }

    pub(super) fn forget(&mut self, room: Uuid) -> bool {
        self.0.remove(&room).is_some()
    }

    pub(super) fn wanted(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    pub(super) fn head(&self, room: Uuid) -> Option<u64> {
        let room = self.0.get(&room)?;
        room.stands.filter(|_| room.phase == Phase::Live).map(|(_, seq)| seq)
    }

    /// The frame that asks for a room, from where it stands.
    pub(super) fn ask(&mut self, id: Uuid, frame: u64, epoch: Option<Uuid>) -> Option<String> {
        let room = self.0.get_mut(&id)?;
        room.phase = Phase::Asked(frame);
        let mut body = json!({ "room": id });
        if let Some((of, seq)) = room.stands
            && let Some(epoch) = of.or(epoch)
        {
            body["resume"] = json!({ "epoch": epoch, "seq": seq });
        }
        Some(json!({ "id": frame, "subscribe": body }).to_string())
    }

    pub(super) fn asked(&self, frame: u64) -> Option<Uuid> {
        self.0
            .iter()
            .find(|(_, room)| room.phase == Phase::Asked(frame))
            .map(|(id, _)| *id)
    }

    pub(super) fn put_off(&mut self, id: Uuid) {
        if let Some(room) = self.0.get_mut(&id) {
            room.phase = Phase::PutOff;
        }
    }

    pub(super) fn put_off_rooms(&self) -> Vec<Uuid> {
        self.0
            .iter()
            .filter(|(_, room)| room.phase == Phase::PutOff)
            .map(|(id, _)| *id)
            .collect()
    }

    pub(super) fn subscribed(&mut self, id: Uuid, ok: Value, effects: &mut Vec<Effect>) {
        let Some(room) = self.0.get_mut(&id) else { return };
        let Ok(subscribed) = serde_json::from_value::<Subscribed>(ok) else {
            effects.push(Effect::Note(Violation::Unreadable));
            effects.push(Effect::Drop);
            return;
        };
        room.phase = Phase::Live;
        if subscribed.recovered == Some(true) {
            // What was missed follows by ordinary events, from where we stand.
            let seq = room.stands.map_or(0, |(_, seq)| seq);
            room.stands = Some((Some(subscribed.epoch), seq));
        } else {
            room.stands = Some((Some(subscribed.epoch), subscribed.seq));
            effects.push(Effect::Tell(id, Update::Snapshot(Box::new(subscribed))));
        }
    }

    pub(super) fn event(&mut self, event: Event, effects: &mut Vec<Effect>) -> Result<(), OutOfOrder> {
        let Some(room) = self.0.get_mut(&event.room) else {
            return Ok(());
        };
        // What is still on its way from before a `lagged` or a new subscription is of no interest.
        if room.phase != Phase::Live {
            return Ok(());
        }
        let due = room.stands.map_or(1, |(_, seq)| seq + 1);
        let (id, seq) = (event.room, event.seq);
        if seq == due {
            room.stands = Some((Some(event.pos.epoch), seq));
            effects.push(Effect::Tell(id, Update::Event(Box::new(event))));
            return Ok(());
        }
        let broken = if seq < due {
            Violation::Repeat { room: id, seq, due }
        } else {
            Violation::Gap { room: id, seq, due }
        };
        effects.push(Effect::Note(broken));
        Err(OutOfOrder)
    }

    pub(super) fn ended(&mut self, id: Uuid, reason: &str, effects: &mut Vec<Effect>) {
        if self.forget(id) {
            effects.push(Effect::Tell(id, Update::Ended(reason.to_owned())));
        }
    }

    pub(super) fn end_all(&mut self, reason: &str, effects: &mut Vec<Effect>) {
        for id in self.wanted() {
            self.ended(id, reason, effects);
        }
    }

    pub(super) fn disconnected(&mut self) {
        for room in self.0.values_mut() {
            room.phase = Phase::Idle;
        }
    }
}
