//! Varied logs: what people say and do in a few rooms, most of it accepted, some not, and records that are damaged or
//! of the future.

use crate::place::Place;
use bytes::Bytes;
use engine::codec::{self, Encoded, Wire};
use engine::domain::{
    Actor, Body, Cid, Digest, Emoji, Event, EventId, Kind, MessageText, Partition, PersonName, Position, Removal, Role,
    Room, RoomId, RoomName, RoomTopic, Seq, Target, Timestamp, UserId, Verdict,
};
use engine::log::{Log, Outgoing, Topic};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const PEOPLE: u128 = 6;
/// Kinds of damage, see [`Speech::damaged_as`].
pub(crate) const DAMAGES: usize = 8;
const EMOJI: [&str; 3] = ["👍", "🎉", "eyes"];

pub(crate) fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(0x1000 + number))
}

/// Appends events as edges do, and folds along, so that what it says makes sense.
pub(crate) struct Speech {
    log: Arc<dyn Log>,
    wire: Wire,
    random: StdRng,
    rooms: BTreeMap<RoomId, (Room, Vec<Target>)>,
    sent: Vec<Event>,
    /// Records of each kind that are not events.
    pub(crate) bad: BTreeMap<&'static str, u64>,
    pub(crate) future: u64,
}

impl Speech {
    pub(crate) fn new(place: &Place, seed: u64) -> Self {
        Self {
            log: place.log.clone(),
            wire: place.wire,
            random: StdRng::seed_from_u64(seed),
            rooms: BTreeMap::new(),
            sent: Vec::new(),
            bad: BTreeMap::new(),
            future: 0,
        }
    }

    /// Six rooms of different kinds, with people in them, and one of rules that nobody knows yet.
    pub(crate) async fn begin(&mut self) -> &mut Self {
        for (number, kind) in [Kind::Public, Kind::Open, Kind::Private]
            .into_iter()
            .cycle()
            .take(6)
            .enumerate()
        {
            let id = RoomId::new(Uuid::from_u128(self.random.random()));
            self.says(id, user(0), created(kind, 1)).await;
            for member in 1..PEOPLE {
                if kind == Kind::Private {
                    self.says(id, user(0), Body::MemberInvited { user_id: user(member) })
                        .await;
                }
                if number < 3 {
                    self.says(id, user(member), Body::MemberJoined).await;
                }
            }
        }
        let id = RoomId::new(Uuid::from_u128(self.random.random()));
        self.says(id, user(0), created(Kind::Open, 2)).await;
        self.says(id, user(0), said("into the void")).await;
        self
    }

    /// One that [`user`] 0 owns and speaks in.
    pub(crate) fn room(&self) -> RoomId {
        let folded = self.rooms.iter().find(|(_, (room, _))| !room.unsupported());
        *folded.unwrap().0
    }

    fn any_room(&mut self) -> RoomId {
        let number = self.random.random_range(0..self.rooms.len());
        *self.rooms.keys().nth(number).unwrap()
    }

    /// `count` more records.
    pub(crate) async fn go_on(&mut self, count: usize) {
        for _ in 0..count {
            match self.random.random_range(0..100) {
                0..4 => self.damaged().await,
                4..6 => self.of_the_future().await,
                6..14 if !self.sent.is_empty() => {
                    let again = self.random.random_range(0..self.sent.len());
                    let event = self.sent[again].clone();
                    self.append(event).await;
                }
                _ => {
                    let id = self.any_room();
                    let body = self.body(id);
                    let actor = user(self.random.random_range(0..PEOPLE));
                    self.says(id, actor, body).await;
                }
            }
        }
    }

    /// Appends what somebody asks.
    pub(crate) async fn says(&mut self, room_id: RoomId, actor: UserId, body: Body) -> Position {
        let event = self.event(room_id, actor, body);
        self.append(event).await
    }

    fn event(&mut self, room_id: RoomId, actor: UserId, body: Body) -> Event {
        let since = self.rooms.get(&room_id).map(|(room, _)| room.head());
        Event {
            event_id: EventId::new(Uuid::from_u128(self.random.random())),
            room_id,
            actor: Actor {
                id: actor,
                name: PersonName::new(format!("person {}", actor.uuid().as_u128())).unwrap(),
            },
            cid: Cid::new(Uuid::from_u128(self.random.random())),
            since: since.filter(|_| self.random.random()),
            sent_at: Timestamp::from_millis(1),
            body,
        }
    }

    async fn append(&mut self, event: Event) -> Position {
        let encoded = codec::encode(&event, 1).unwrap();
        let position = self.log.append(self.record(&event, &encoded)).await.unwrap();
        let (room, messages) = self
            .rooms
            .entry(event.room_id)
            .or_insert_with(|| (Room::new(event.room_id), Vec::new()));
        let verdict = room.fold(&event, 1, &encoded.datum, position).verdict;
        if let (Verdict::Accepted { seq, .. }, Body::MessageSent { .. }) = (verdict, &event.body) {
            messages.push(Target {
                seq,
                author_id: event.actor.id,
            });
        }
        self.sent.push(event);
        position
    }

    fn record(&self, event: &Event, encoded: &Encoded) -> Outgoing {
        let key = Bytes::from(event.room_id.to_string());
        Outgoing {
            topic: Topic::Events,
            partition: self.log.partition_of(&key),
            key: Some(key),
            value: Some(self.wire.wrap(encoded)),
            headers: vec![("schema", Bytes::copy_from_slice(&encoded.fingerprint))],
        }
    }

    /// A record of one of the kinds of damage.
    async fn damaged(&mut self) {
        let kind = self.random.random_range(0..DAMAGES);
        self.damaged_as(kind).await;
    }

    /// Kinds of damage of every reason, by number from 0 to below [`DAMAGES`].
    pub(crate) async fn damaged_as(&mut self, kind: usize) {
        let id = self.any_room();
        let event = self.event(id, user(1), said("damaged"));
        let encoded = codec::encode(&event, 1).unwrap();
        let mut record = self.record(&event, &encoded);
        let value = record.value.clone().unwrap();
        let reason = match kind {
            0 => {
                record.headers.clear();
                "header"
            }
            1 => {
                record.headers[0].1 = Bytes::from_static(b"short");
                "header"
            }
            2 => {
                record.value = None;
                "magic"
            }
            3 => {
                record.value = Some(Bytes::from_static(b"\x09no wire format"));
                "magic"
            }
            4 => {
                record.key = Some(id.to_string().to_uppercase().into());
                "key"
            }
            5 => {
                // Beside its own, in the next; a log of one partition has no other.
                let next = (record.partition.get() + 1) % self.log.partitions();
                assert_ne!(next, record.partition.get(), "the log has several partitions");
                record.partition = Partition::new(next);
                "partition"
            }
            6 => {
                record.value = Some(value.slice(..value.len() - 1));
                "datum"
            }
            _ => {
                record.value = Some([&value[..], b"left over"].concat().into());
                "datum"
            }
        };
        self.log.append(record).await.unwrap();
        *self.bad.entry(reason).or_default() += 1;
    }

    /// A record of a schema that nobody here knows.
    pub(crate) async fn of_the_future(&mut self) {
        let id = self.room();
        let key = Bytes::from(id.to_string());
        let record = Outgoing {
            topic: Topic::Events,
            partition: self.log.partition_of(&key),
            key: Some(key),
            value: Some(Bytes::from_static(b"\x00\x00\x00\x00\x09whatever")),
            headers: vec![("schema", Bytes::from_static(b"notknown"))],
        };
        self.log.append(record).await.unwrap();
        self.future += 1;
    }

    fn body(&mut self, id: RoomId) -> Body {
        let random = &mut self.random;
        let user_id = user(random.random_range(0..PEOPLE));
        let messages = &self.rooms[&id].1;
        let back = random.random_range(0..messages.len().clamp(1, 120));
        let target = messages.iter().rev().nth(back).copied();
        let emoji = Emoji::new(EMOJI[random.random_range(0..EMOJI.len())]).unwrap();
        let text = MessageText::new(format!("said {} \"\\\t\n🦀", random.random::<u32>())).unwrap();
        let until = random.random::<bool>().then(|| Timestamp::from_millis(i64::MAX / 2));
        match (random.random_range(0..100), target) {
            (0..8, Some(target)) => Body::MessageEdited {
                target,
                text,
                mentions: vec![user_id],
            },
            (8..11, Some(target)) => Body::MessageDeleted { target },
            (11..26, Some(target)) => Body::ReactionAdded { target, emoji },
            (26..32, Some(target)) => Body::ReactionRemoved { target, emoji },
            (32..38, _) => Body::MemberJoined,
            (38, _) => Body::MemberLeft,
            (39..41, _) => Body::MemberInvited { user_id },
            (41, _) => Body::MemberRemoved {
                user_id,
                removal: Removal::Ban { until },
            },
            (42..45, _) => Body::MemberUnbanned { user_id },
            (45, _) => Body::MemberMuted { user_id, until },
            (46..48, _) => Body::MemberUnmuted { user_id },
            (48, _) => Body::RoleChanged {
                user_id,
                role: Role::Moderator,
            },
            (49, _) => Body::RoomUpdated {
                name: RoomName::new(format!("Name {}", random.random::<u16>())).ok(),
                topic: RoomTopic::new("a topic").ok(),
                rules: None,
            },
            (50, _) => created(Kind::Open, 1),
            _ => Body::MessageSent {
                text,
                reply_to: target.map(|target| target.seq).filter(|_| random.random()),
                mentions: Vec::new(),
            },
        }
    }

    pub(crate) fn digest(&self, id: RoomId) -> Digest {
        self.rooms[&id].0.digest()
    }

    /// Of the last event that was appended.
    pub(crate) fn last_cid(&self) -> Cid {
        self.sent.last().unwrap().cid
    }

    pub(crate) fn head(&self, id: RoomId) -> Seq {
        self.rooms[&id].0.head()
    }
}

pub(crate) fn created(kind: Kind, rules: u32) -> Body {
    Body::RoomCreated {
        kind,
        name: RoomName::new("A room").unwrap(),
        topic: RoomTopic::new("").unwrap(),
        rules,
        peer: None,
    }
}

pub(crate) fn said(text: &str) -> Body {
    Body::MessageSent {
        text: MessageText::new(text).unwrap(),
        reply_to: None,
        mentions: Vec::new(),
    }
}
