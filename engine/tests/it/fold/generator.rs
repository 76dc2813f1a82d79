//! Logs that nobody wrote by hand: sensible, odd and malicious events over a handful of people.

use super::words::{derived, moment, user};
use engine::domain::{
    Actor, Body, Cid, Emoji, Event, EventId, Kind, MENTIONS, MessageText, Offset, Partition, PersonName, Position,
    Removal, Role, Room, RoomId, RoomName, RoomTopic, Seq, Target, Timestamp,
};

/// Names of the people; the first is whoever begins rooms.
const PEOPLE: [&str; 6] = ["ann", "bob", "eve", "max", "mia", "tim"];

/// The `since` of a client that states a head it cannot have seen: it gives up the promise that retries are safe.
pub(super) const LIE: Seq = Seq::new(u64::MAX);

/// A record of a partition, as a consumer reads it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) event: Event,
    pub(super) datum: Vec<u8>,
    pub(super) at: Position,
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed everywhere and for ever.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// How a log is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) records: u64,
    /// Of how many messages one is something else.
    pub(super) chatter: u64,
    /// Room deletions and newer rules, after which nothing more happens.
    pub(super) endings: bool,
}

/// Makes one log after the other.
struct Maker {
    random: Random,
    /// As an edge would see it: clients know its head.
    room: Room,
    shape: Shape,
    /// Sent before: clients send some of them again, with the `since` of the first time.
    sent: Vec<Event>,
}

pub(super) fn room_of(kind: Kind) -> RoomId {
    match kind {
        Kind::Direct => RoomId::direct(user(PEOPLE[0]), user(PEOPLE[1])),
        _ => RoomId::new(derived("room", "made")),
    }
}

/// The log of a seed. Append times never go back; what people state of times does as it likes.
pub(super) fn log(seed: u64, shape: Shape) -> Vec<Record> {
    let mut maker = Maker {
        random: Random::of(seed),
        room: Room::new(room_of(shape.kind)),
        shape,
        sent: Vec::new(),
    };
    let (mut offset, mut now) = (0, 0);
    (0..shape.records)
        .map(|number| {
            offset += 1 + maker.random.below(3);
            now += i64::try_from(maker.random.below(4)).unwrap();
            let event = maker.event(number, now);
            let at = Position {
                partition: Partition::new(5),
                offset: Offset::new(offset),
                appended_at: moment(now),
            };
            let datum = event.event_id.to_string().into_bytes();
            maker.room.apply(&event, &datum, at);
            maker.sent.push(event.clone());
            Record { event, datum, at }
        })
        .collect()
}

impl Maker {
    fn event(&mut self, number: u64, now: i64) -> Event {
        if number > 0 && self.random.once_in(6) {
            return self.again(number);
        }
        let name = self.random.pick(&PEOPLE);
        let first = number == 0;
        let name = if first { PEOPLE[0] } else { name };
        Event {
            event_id: EventId::new(derived("made", &number.to_string())),
            room_id: self.room.id(),
            actor: Actor {
                id: user(name),
                name: PersonName::new(name).unwrap(),
            },
            cid: Cid::new(derived("made cid", &number.to_string())),
            since: Some(self.since()),
            sent_at: moment(0),
            body: if first {
                self.creation(false)
            } else {
                self.body(name, now)
            },
        }
    }

    /// A retry, maybe very late, maybe with another content: by another edge, so with another id.
    fn again(&mut self, number: u64) -> Event {
        let reach = if self.random.once_in(3) { u64::MAX } else { 40 };
        let far = self.random.below(reach.min(self.sent.len() as u64));
        let event = self.sent[self.sent.len() - 1 - usize::try_from(far).unwrap()].clone();
        Event {
            event_id: EventId::new(derived("made", &number.to_string())),
            ..event
        }
    }

    /// The head as the client saw it: maybe long ago, and some say what they like.
    fn since(&mut self) -> Seq {
        let head = self.room.head();
        match self.random.below(8) {
            0 => LIE,
            1 => Seq::new(self.random.below(head.get() + 1)),
            _ => head,
        }
    }

    fn creation(&mut self, odd: bool) -> Body {
        let kind = if odd {
            self.random
                .pick(&[Kind::Open, Kind::Public, Kind::Private, Kind::Direct])
        } else {
            self.shape.kind
        };
        Body::RoomCreated {
            kind,
            name: RoomName::new("made").unwrap(),
            topic: RoomTopic::new("").unwrap(),
            rules: 1,
            peer: (kind == Kind::Direct).then(|| user(PEOPLE[1])),
        }
    }

    fn body(&mut self, actor: &str, now: i64) -> Body {
        if !self.random.once_in(self.shape.chatter) {
            return self.message();
        }
        let user_id = user(self.random.pick(&PEOPLE));
        match self.random.below(19) {
            0 => self.creation(true),
            1 => self.update(),
            2 if self.shape.endings && self.random.once_in(20) => Body::RoomDeleted,
            3..=5 => Body::MemberJoined,
            6 if self.random.once_in(3) => Body::MemberLeft,
            7 | 8 => Body::MemberInvited { user_id },
            9 => {
                let removal = Removal::Kick;
                Body::MemberRemoved { user_id, removal }
            }
            10 => {
                let until = self.until(now);
                let removal = Removal::Ban { until };
                Body::MemberRemoved { user_id, removal }
            }
            11 => Body::MemberUnbanned { user_id },
            12 => {
                let until = self.until(now);
                Body::MemberMuted { user_id, until }
            }
            13 => Body::MemberUnmuted { user_id },
            14 => {
                let role = self
                    .random
                    .pick(&[Role::Member, Role::Moderator, Role::Moderator, Role::Owner]);
                Body::RoleChanged { user_id, role }
            }
            _ => self.change_of_a_message(actor),
        }
    }

    fn until(&mut self, now: i64) -> Option<Timestamp> {
        match self.random.below(8) {
            0 => None,
            1 => Some(Timestamp::from_millis(i64::MIN)),
            2 => Some(Timestamp::from_millis(i64::MAX)),
            _ => Some(moment(now + i64::try_from(self.random.below(40)).unwrap() - 5)),
        }
    }

    fn update(&mut self) -> Body {
        let raise = self.shape.endings && self.random.once_in(20);
        Body::RoomUpdated {
            name: self.random.once_in(2).then(|| RoomName::new("new").unwrap()),
            topic: self.random.once_in(2).then(|| RoomTopic::new("new").unwrap()),
            rules: if raise {
                Some(2)
            } else {
                self.random.once_in(3).then_some(1)
            },
        }
    }

    fn message(&mut self) -> Body {
        let mentions = if self.random.once_in(50) { MENTIONS + 1 } else { 1 };
        Body::MessageSent {
            text: MessageText::new("hello").unwrap(),
            reply_to: self.random.once_in(4).then(|| self.seq()),
            mentions: vec![user(PEOPLE[2]); mentions],
        }
    }

    fn seq(&mut self) -> Seq {
        let most = self.sent.len() as u64;
        Seq::new(match self.random.below(12) {
            0 => 0,
            1 => u64::MAX,
            2 => self.random.below(most + 1),
            _ => most.saturating_sub(self.random.below(30)),
        })
    }

    fn change_of_a_message(&mut self, actor: &str) -> Body {
        let author = if self.random.once_in(2) {
            actor
        } else {
            self.random.pick(&PEOPLE)
        };
        let target = Target {
            seq: self.seq(),
            author_id: user(author),
        };
        let emoji = Emoji::new(self.random.pick(&["+1", "heart", "eyes"])).unwrap();
        match self.random.below(5) {
            0 => Body::MessageDeleted { target },
            1 => Body::MessageEdited {
                target,
                text: MessageText::new("better").unwrap(),
                mentions: Vec::new(),
            },
            2 => Body::ReactionRemoved { target, emoji },
            _ => Body::ReactionAdded { target, emoji },
        }
    }
}
