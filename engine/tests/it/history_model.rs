//! What history must hold: rooms, messages and journal folded in memory by the domain alone, and seeded random events.

use engine::codec;
use engine::domain::{
    Actor, Body, Cid, Emoji, Epoch, Event, EventId, Kind, Message, MessageText, Offset, Partition, PersonName,
    Position, Recent, Removal, Role, Room, RoomId, RoomName, RoomTopic, Seq, Target, Timestamp, UserId, Verdict,
};
use engine::history::{Batch, JournalEntry, NewEntry, Owner, RoomBatch, Rows};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) const PARTITION: Partition = Partition::new(3);
/// When the log of every test begins, and the time from one event to the next.
const BEGIN: i64 = 1_700_000_000_000;
const STEP: i64 = 100;

pub(crate) fn epoch() -> Epoch {
    Epoch::new(Uuid::from_u128(0xe90c))
}

pub(crate) fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(0x1000 + number))
}

pub(crate) fn room(number: u128) -> RoomId {
    RoomId::new(Uuid::from_u128(0x2000 + number))
}

pub(crate) fn created(kind: Kind) -> Body {
    Body::RoomCreated {
        kind,
        name: RoomName::new("A room").unwrap(),
        topic: RoomTopic::new("").unwrap(),
        rules: 1,
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

pub(crate) fn emoji(name: &str) -> Emoji {
    Emoji::new(name).unwrap()
}

/// One room as it must stand.
pub(crate) struct Expected {
    pub(crate) room: Room,
    pub(crate) recent: Recent,
    pub(crate) messages: BTreeMap<Seq, Message>,
    pub(crate) journal: Vec<NewEntry>,
}

/// A partition folded in memory, and what of it is not yet in a batch.
pub(crate) struct Model {
    pub(crate) rooms: BTreeMap<RoomId, Expected>,
    pub(crate) next: Offset,
    batched: Offset,
    pending: BTreeMap<RoomId, RoomBatch>,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            rooms: BTreeMap::new(),
            next: Offset::ZERO,
            batched: Offset::ZERO,
            pending: BTreeMap::new(),
        }
    }

    /// Appends an event and folds it.
    pub(crate) fn happens(&mut self, room_id: RoomId, actor: UserId, body: Body) -> Verdict {
        let number = u128::from(self.next.get());
        let appended_at = Timestamp::from_millis(BEGIN + STEP * i64::try_from(number).unwrap());
        let event = Event {
            event_id: EventId::new(Uuid::from_u128(0x3000_0000 + number)),
            room_id,
            actor: Actor {
                id: actor,
                name: PersonName::new(format!("person {}", actor.uuid().as_u128() - 0x1000)).unwrap(),
            },
            cid: Cid::new(Uuid::from_u128(0x4000_0000 + number)),
            since: None,
            sent_at: appended_at,
            body,
        };
        let position = Position {
            partition: PARTITION,
            offset: self.next,
            appended_at,
        };
        self.next = self.next.next();
        self.fold(event, position)
    }

    fn fold(&mut self, event: Event, position: Position) -> Verdict {
        let encoded = codec::encode(&event, 1).expect("the lock knows every type");
        let expected = self.rooms.entry(event.room_id).or_insert_with(|| Expected {
            room: Room::new(event.room_id),
            recent: Recent::default(),
            messages: BTreeMap::new(),
            journal: Vec::new(),
        });
        let applied = expected.room.apply(&event, &encoded.datum, position);
        let Verdict::Accepted { seq, digest } = applied.verdict else {
            return applied.verdict;
        };
        let (ordinal, at) = (expected.room.messages(), position.appended_at);
        expected.recent.apply(&event, seq, ordinal, at);
        let sent = Message::sent(&event, seq, ordinal, at);
        let sends = sent.is_some();
        if let Some(message) = sent {
            expected.messages.insert(seq, message);
        } else if let Some(target) = event.body.target()
            && let Some(message) = expected.messages.get_mut(&target.seq)
        {
            message.apply(&event, at);
        }
        let new = NewEntry {
            entry: JournalEntry {
                seq,
                offset: position.offset,
                appended_at: at,
                digest,
                fingerprint: encoded.fingerprint,
                datum: encoded.datum,
            },
            event,
            ordinal: sends.then_some(ordinal),
            rows: Rows::All,
        };
        expected.journal.push(new.clone());
        let header = expected.room.header().expect("it accepted something").clone();
        let batch = self.pending.entry(new.event.room_id).or_insert_with(|| RoomBatch {
            room_id: new.event.room_id,
            header: header.clone(),
            changes: Vec::new(),
            entries: Vec::new(),
            snapshot: None,
        });
        batch.header = header;
        batch.changes.extend(applied.changes);
        batch.entries.push(new);
        applied.verdict
    }

    /// Everything that happened since the last batch.
    pub(crate) fn batch(&mut self, owner: Owner) -> Batch {
        let from = std::mem::replace(&mut self.batched, self.next);
        Batch {
            epoch: epoch(),
            partition: PARTITION,
            owner,
            from,
            to: self.next,
            rooms: std::mem::take(&mut self.pending).into_values().collect(),
        }
    }
}

/// Seeded random events: most are accepted, some are not.
pub(crate) struct Chaos {
    random: StdRng,
}

const PEOPLE: u128 = 6;
const ROOMS: u128 = 3;
const EMOJI: [&str; 4] = ["👍", "🎉", "eyes", "🇪🇺"];

impl Chaos {
    pub(crate) fn new(seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { random }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    fn someone(&mut self) -> UserId {
        user(self.random.random_range(0..PEOPLE))
    }

    fn until(&mut self, model: &Model) -> Option<Timestamp> {
        let now = BEGIN + STEP * i64::try_from(model.next.get()).unwrap();
        let ahead = self.random.random_range(1..50);
        (ahead > 10).then(|| Timestamp::from_millis(now + STEP * ahead))
    }

    /// Three rooms of different kinds with everybody in them.
    pub(crate) fn begin(&mut self, model: &mut Model) {
        for (number, kind) in [Kind::Public, Kind::Open, Kind::Private].into_iter().enumerate() {
            let id = room(number as u128);
            model.happens(id, user(0), created(kind));
            for member in 1..PEOPLE {
                if kind == Kind::Private {
                    model.happens(id, user(0), Body::MemberInvited { user_id: user(member) });
                }
                model.happens(id, user(member), Body::MemberJoined);
            }
        }
    }

    /// One more event.
    pub(crate) fn step(&mut self, model: &mut Model) {
        let id = room(self.random.random_range(0..ROOMS));
        let actor = self.someone();
        let body = self.body(model, id);
        model.happens(id, actor, body);
    }

    fn target(&mut self, model: &Model, id: RoomId) -> Option<Target> {
        let messages = &model.rooms.get(&id)?.messages;
        // Mostly a recent message, so that several of a batch meet on it.
        let back = self.random.random_range(0..messages.len().clamp(1, 12));
        let message = messages.values().rev().nth(back)?;
        Some(Target {
            seq: message.seq,
            author_id: message.from.id,
        })
    }

    fn body(&mut self, model: &Model, id: RoomId) -> Body {
        let user_id = self.someone();
        let emoji = emoji(EMOJI[self.random.random_range(0..EMOJI.len())]);
        let reply_to = self.target(model, id).map(|target| target.seq);
        let target = self.target(model, id).unwrap_or(Target {
            seq: Seq::new(1),
            author_id: user_id,
        });
        let text = MessageText::new(format!("text {} \"\\\t\n🦀", self.random.random::<u32>())).unwrap();
        let mentions = vec![user_id; self.random.random_range(0..3)];
        match self.random.random_range(0..100) {
            0..35 => Body::MessageSent {
                text,
                reply_to: reply_to.filter(|_| self.random.random()),
                mentions,
            },
            35..45 => Body::MessageEdited { target, text, mentions },
            45..50 => Body::MessageDeleted { target },
            50..68 => Body::ReactionAdded { target, emoji },
            68..78 => Body::ReactionRemoved { target, emoji },
            78..82 => Body::MemberJoined,
            82..84 => Body::MemberLeft,
            84..87 => Body::MemberInvited { user_id },
            87..89 => Body::MemberRemoved {
                user_id,
                removal: match self.random.random() {
                    true => Removal::Kick,
                    false => Removal::Ban {
                        until: self.until(model),
                    },
                },
            },
            89..91 => Body::MemberUnbanned { user_id },
            91..93 => Body::MemberMuted {
                user_id,
                until: self.until(model),
            },
            93..95 => Body::MemberUnmuted { user_id },
            95..98 => Body::RoleChanged {
                user_id,
                role: [Role::Member, Role::Moderator, Role::Owner][self.random.random_range(0..3)],
            },
            _ => Body::RoomUpdated {
                name: RoomName::new(format!("Name {}", self.random.random::<u16>())).ok(),
                topic: RoomTopic::new("a topic").ok().filter(|_| self.random.random()),
                rules: None,
            },
        }
    }
}
