//! Rooms folded from random events, and the batches that say what they went through.

use super::{P, Store};
use engine::domain::{
    Actor, Body, Change, Cid, Emoji, Epoch, Event, EventId, Kind, MessageText, Offset, PersonName, Position, RECENT,
    Recent, Removal, Role, Room, RoomId, RoomName, RoomTopic, Target, Timestamp, UserId, Verdict, WindowEntry,
};
use engine::history::StoredRoom;
use engine::live::{Batch, RoomDelta};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A partition's rooms folded, and the batches that say what they went through.
pub(super) struct Folder {
    epoch: Epoch,
    rng: StdRng,
    pub(super) rooms: BTreeMap<RoomId, (Room, Recent)>,
    people: Vec<UserId>,
    pub(super) next: Offset,
}

impl Folder {
    pub(super) fn new(epoch: Epoch, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut id = || Uuid::from_u128(rng.random());
        let rooms = (0..3).map(|_| RoomId::new(id())).collect::<Vec<_>>();
        let people = (0..6).map(|_| UserId::new(id())).collect();
        Self {
            epoch,
            rooms: rooms
                .into_iter()
                .map(|id| (id, (Room::new(id), Recent::default())))
                .collect(),
            rng,
            people,
            next: Offset::ZERO,
        }
    }

    fn person(&mut self) -> UserId {
        self.people[self.rng.random_range(0..self.people.len())]
    }

    /// Often the owner, so that much is accepted.
    fn actor(&mut self, room: RoomId) -> UserId {
        let anybody = self.person();
        let owner = self.rooms[&room].0.owner().filter(|_| self.rng.random_bool(0.6));
        owner.unwrap_or(anybody)
    }

    fn body(&mut self, room: RoomId) -> Body {
        let user_id = self.person();
        let until = self.rng.random::<bool>().then(|| Timestamp::from_millis(i64::MAX / 2));
        let (folded, recent) = &self.rooms[&room];
        if !folded.exists() {
            return Body::RoomCreated {
                kind: Kind::Public,
                name: RoomName::new("a room").unwrap(),
                topic: RoomTopic::new("").unwrap(),
                rules: 1,
                peer: None,
            };
        }
        let messages = recent.latest(RECENT).collect::<Vec<_>>();
        let picked = (!messages.is_empty()).then(|| messages[self.rng.random_range(0..messages.len())]);
        let target = picked.map(|message| Target {
            seq: message.seq,
            author_id: message.from.id,
        });
        let emoji = Emoji::new(["👍", "🎉"][self.rng.random_range(0..2)]).unwrap();
        let text = MessageText::new(format!("said {}", self.next)).unwrap();
        match (self.rng.random_range(0..40), target) {
            (0, _) => Body::MemberInvited { user_id },
            (1, _) => Body::MemberRemoved {
                user_id,
                removal: Removal::Ban { until },
            },
            (2..=3, _) => Body::MemberUnbanned { user_id },
            (4, _) => Body::MemberMuted { user_id, until },
            (5..=6, _) => Body::MemberUnmuted { user_id },
            (7, _) => Body::RoleChanged {
                user_id,
                role: Role::Moderator,
            },
            (8..=14, _) => Body::MemberJoined,
            (15, _) => Body::MemberLeft,
            (16..=18, Some(target)) => Body::MessageEdited {
                target,
                text,
                mentions: vec![user_id],
            },
            (19, Some(target)) => Body::MessageDeleted { target },
            (20..=23, Some(target)) => Body::ReactionAdded { target, emoji },
            (24, Some(target)) => Body::ReactionRemoved { target, emoji },
            _ => Body::MessageSent {
                text,
                reply_to: target.map(|target| target.seq),
                mentions: Vec::new(),
            },
        }
    }

    /// Folds `count` random events and says what changed, as the live projector does.
    pub(super) fn batch(&mut self, count: usize) -> Batch {
        let from = self.next;
        let mut deltas: BTreeMap<RoomId, RoomDelta> = BTreeMap::new();
        for _ in 0..count {
            let place = self.rng.random_range(0..self.rooms.len());
            let room_id = *self.rooms.keys().nth(place).unwrap();
            let event = Event {
                event_id: EventId::new(Uuid::from_u128(self.rng.random())),
                room_id,
                actor: Actor {
                    id: self.actor(room_id),
                    name: PersonName::new("somebody").unwrap(),
                },
                cid: Cid::new(Uuid::from_u128(self.rng.random())),
                since: None,
                sent_at: Timestamp::from_millis(0),
                body: self.body(room_id),
            };
            self.fold(&event, &mut deltas);
            self.next = self.next.next();
        }
        for delta in deltas.values_mut() {
            let recent = &self.rooms[&delta.room_id].1;
            delta.recent.sort_by_key(|message| message.seq);
            delta.recent.dedup_by_key(|message| message.seq);
            delta.recent = delta.recent.iter().filter_map(|m| recent.get(m.seq).cloned()).collect();
        }
        Batch {
            epoch: self.epoch,
            partition: P,
            from,
            to: self.next,
            rooms: deltas.into_values().collect(),
        }
    }

    fn fold(&mut self, event: &Event, deltas: &mut BTreeMap<RoomId, RoomDelta>) {
        let at = Position {
            partition: P,
            offset: self.next,
            appended_at: Timestamp::from_millis(i64::try_from(self.next.get()).unwrap()),
        };
        let (room, recent) = self.rooms.get_mut(&event.room_id).unwrap();
        let applied = room.apply(event, event.event_id.uuid().as_bytes(), at);
        let Verdict::Accepted { seq, .. } = applied.verdict else {
            return;
        };
        let touched = recent.apply(event, seq, room.messages(), at.appended_at);
        let header = room.header().unwrap().clone();
        let delta = deltas.entry(event.room_id).or_insert_with(|| RoomDelta {
            room_id: event.room_id,
            header: header.clone(),
            changes: Vec::new(),
            window: Vec::new(),
            recent: Vec::new(),
        });
        delta.header = header;
        delta.changes.extend(applied.changes);
        delta.window.push(WindowEntry {
            author_id: event.actor.id,
            cid: event.cid,
            seq,
            offset: at.offset,
        });
        delta.recent.extend(touched.and_then(|seq| recent.get(seq).cloned()));
    }

    pub(super) fn stored(&self) -> Vec<(RoomId, StoredRoom)> {
        let existing = self.rooms.iter().filter(|(_, (room, _))| room.exists());
        existing
            .map(|(id, (room, recent))| {
                let stored = StoredRoom {
                    header: room.header().unwrap().clone(),
                    changes: room.changes().collect::<Vec<Change>>(),
                    window: room.window().collect(),
                    recent: recent.latest(RECENT).cloned().collect(),
                    next: self.next,
                };
                (*id, stored)
            })
            .collect()
    }

    /// Every room that the store gives back equals the folded one, and stands where the fold stands.
    pub(super) async fn assert_equal(&self, store: &Store) {
        for (id, (room, recent)) in &self.rooms {
            let found = store.reader.room(*id, P).await.unwrap();
            if !room.exists() {
                assert!(found.is_none());
                continue;
            }
            let found = found.unwrap_or_else(|| panic!("room {id} is there"));
            assert_eq!(found.next, self.next);
            assert_eq!(&Recent::restore(found.recent), recent);
            let restored = Room::restore(*id, found.header, found.changes, found.window).unwrap();
            assert_eq!(&restored, room);
        }
    }
}
