//! Subscriptions: where each stands, and what is due next.

use super::{Effect, Start, Update, Violation};
use crate::protocol::{Event, Subscribed};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use uuid::Uuid;

/// Subscriptions asked for at once: with [`super::commands::MOST_SENT`] below what a server lets wait.
const MOST_ASKED: usize = 16;

#[derive(Debug)]
struct Room {
    /// The last event handed on, and the life of the log it is of.
    stands: Option<(Option<Uuid>, u64)>,
    phase: Phase,
    /// Events that were missed are still coming.
    catching_up: bool,
    /// It was asked for again because of a gap, and nothing came in order since.
    mending: bool,
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
pub(super) struct Rooms {
    all: BTreeMap<Uuid, Room>,
    /// Still to be asked for, in this order; one that is not idle any more is passed over.
    due: VecDeque<Uuid>,
    /// The frames that await an answer.
    asked: HashMap<u64, Uuid>,
}

/// An event came out of order, again: the connection can't be trusted any more.
#[derive(Debug)]
pub(super) struct OutOfOrder;

impl Rooms {
    pub(super) fn want(&mut self, id: Uuid, start: Start) {
        let stands = match start {
            Start::Now => None,
            Start::After(seq) => Some((None, seq)),
        };
        self.all.entry(id).or_insert(Room {
            stands,
            phase: Phase::Idle,
            catching_up: false,
            mending: false,
        });
        self.again(id);
    }

    /// To be asked for (again), from where it stands. What comes of it until then is of no interest.
    pub(super) fn again(&mut self, id: Uuid) {
        if let Some(room) = self.all.get_mut(&id) {
            room.phase = Phase::Idle;
            self.due.push_back(id);
        }
    }

    pub(super) fn forget(&mut self, id: Uuid) -> bool {
        self.all.remove(&id).is_some()
    }

    /// The head of a room, where it is seen as it stands now: who is still catching up would give one that is long past.
    pub(super) fn head(&self, room: Uuid) -> Option<u64> {
        let room = self.all.get(&room)?;
        let sees_it = room.phase == Phase::Live && !room.catching_up;
        room.stands.filter(|_| sees_it).map(|(_, seq)| seq)
    }

    /// The frame that asks for the next room that is due, from where it stands.
    pub(super) fn ask(&mut self, frame: u64, epoch: Option<Uuid>) -> Option<String> {
        while self.asked.len() < MOST_ASKED {
            let id = self.due.pop_front()?;
            let Some(room) = self.all.get_mut(&id).filter(|room| room.phase == Phase::Idle) else {
                continue;
            };
            room.phase = Phase::Asked(frame);
            self.asked.insert(frame, id);
            let mut body = json!({ "room": id });
            if let Some((of, seq)) = room.stands
                && let Some(epoch) = of.or(epoch)
            {
                body["resume"] = json!({ "epoch": epoch, "seq": seq });
            }
            return Some(json!({ "id": frame, "subscribe": body }).to_string());
        }
        None
    }

    /// Which room a reply is about, and whether that is still what was asked last.
    pub(super) fn answered(&mut self, frame: u64) -> Option<(Uuid, bool)> {
        let id = self.asked.remove(&frame)?;
        let current = self.all.get(&id).is_some_and(|room| room.phase == Phase::Asked(frame));
        Some((id, current))
    }

    /// The oldest frame that awaits an answer.
    pub(super) fn oldest_asked(&self) -> Option<u64> {
        self.asked.keys().min().copied()
    }

    pub(super) fn put_off(&mut self, id: Uuid) {
        if let Some(room) = self.all.get_mut(&id) {
            room.phase = Phase::PutOff;
        }
    }

    pub(super) fn retry(&mut self) {
        let put_off = self.all.iter_mut().filter(|(_, room)| room.phase == Phase::PutOff);
        for (id, room) in put_off {
            room.phase = Phase::Idle;
            self.due.push_back(*id);
        }
    }

    pub(super) fn subscribed(&mut self, id: Uuid, ok: Value, effects: &mut Vec<Effect>) {
        let Some(room) = self.all.get_mut(&id) else { return };
        let Ok(subscribed) = serde_json::from_value::<Subscribed>(ok) else {
            effects.push(Effect::Note(Violation::Unreadable));
            effects.push(Effect::Drop);
            return;
        };
        room.phase = Phase::Live;
        room.catching_up = subscribed.recovered == Some(true);
        if room.catching_up {
            // What was missed follows by ordinary events, from where we stand.
            let seq = room.stands.map_or(0, |(_, seq)| seq);
            room.stands = Some((Some(subscribed.epoch), seq));
        } else {
            room.stands = Some((Some(subscribed.epoch), subscribed.seq));
            effects.push(Effect::Tell(id, Update::Snapshot(Box::new(subscribed))));
        }
    }

    pub(super) fn event(&mut self, event: Event, effects: &mut Vec<Effect>) -> Result<(), OutOfOrder> {
        let Some(room) = self.all.get_mut(&event.room) else {
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
            room.mending = false;
            effects.push(Effect::Tell(id, Update::Event(Box::new(event))));
            return Ok(());
        }
        if seq < due {
            effects.push(Effect::Note(Violation::Repeat { room: id, seq, due }));
            return Ok(());
        }
        effects.push(Effect::Note(Violation::Gap { room: id, seq, due }));
        if std::mem::replace(&mut room.mending, true) {
            return Err(OutOfOrder);
        }
        self.again(id);
        Ok(())
    }

    /// All that a resume brings has come.
    pub(super) fn caught_up(&mut self, id: Uuid, seq: u64, effects: &mut Vec<Effect>) {
        let live = |room: &&mut Room| room.phase == Phase::Live;
        if let Some(room) = self.all.get_mut(&id).filter(live) {
            room.catching_up = false;
            effects.push(Effect::Tell(id, Update::CaughtUp(seq)));
        }
    }

    pub(super) fn ended(&mut self, id: Uuid, reason: &str, effects: &mut Vec<Effect>) {
        if self.forget(id) {
            effects.push(Effect::Tell(id, Update::Ended(reason.to_owned())));
        }
    }

    pub(super) fn end_all(&mut self, reason: &str, effects: &mut Vec<Effect>) {
        for id in self.all.keys().copied().collect::<Vec<_>>() {
            self.ended(id, reason, effects);
        }
    }

    pub(super) fn disconnected(&mut self) {
        self.asked.clear();
        self.due = self.all.keys().copied().collect();
        for room in self.all.values_mut() {
            (room.phase, room.catching_up, room.mending) = (Phase::Idle, false, false);
        }
    }
}
