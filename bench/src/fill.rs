//! A log with years in it: a million events over some hundred rooms, appended as an edge appends them, though without one,
//! for that would take as long as a million people. Always the same ones, but for ids of records and times.
//!
//! What must hold: the generator folds what it writes, so it knows what must come of it; most of it counts, and some of it
//! does not.

use anyhow::{Result, ensure};
use bytes::Bytes;
use engine::codec::{self, Wire};
use engine::domain::{
    Actor, Body, Cid, Digest, Emoji, Event, EventId, Kind, MessageText, Offset, Partition, PersonName, Position,
    Removal, Role, Room, RoomId, RoomName, RoomTopic, Seq, Target, Timestamp, UserId, Verdict,
};
use engine::log::{Log, Outgoing, Topic};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The rules that the events are written by.
const RULES: u32 = 1;
/// Appends under way at once.
const UNDER_WAY: usize = 20_000;
/// Messages that a room's people edit, delete and react to: the latest.
const AT_HAND: usize = 200;
/// People of a room, its owner among them.
const CROWD: u64 = 12;

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Records altogether.
    pub events: usize,
    /// Over so many rooms, the first of them the largest.
    pub rooms: usize,
    /// Another seed is another log.
    pub seed: u64,
}

/// What must come of a room.
#[derive(Clone, Debug)]
pub struct FilledRoom {
    /// Which. All of them are public.
    pub id: RoomId,
    /// Accepted events.
    pub head: Seq,
    /// The chain after the last of them.
    pub digest: Digest,
    /// Messages ever sent.
    pub messages: u64,
    /// Records that do not count.
    pub ignored: u64,
}

/// Writes it, and says what must come of each room.
///
/// # Errors
/// When the log does not take it.
pub async fn fill(log: &dyn Log, plan: &Plan) -> Result<Vec<FilledRoom>> {
    ensure!(plan.rooms > 0 && plan.events >= plan.rooms, "a room needs an event");
    let mut chance = Chance(plan.seed);
    let mut rooms: Vec<Story> = (0..plan.rooms).map(|number| Story::new(plan.seed, number)).collect();
    let mut under_way: FuturesUnordered<BoxFuture<'_, Result<Position, engine::log::Error>>> = FuturesUnordered::new();
    for number in 0..plan.events {
        // Each begins once; then the first are chosen more often.
        let room = if number < plan.rooms {
            number
        } else {
            chance.skewed(plan.rooms)
        };
        let event = rooms[room].next(&mut chance);
        let mut append = append(log, &event)?;
        // Polled once here, so that records are handed over in this order.
        match (&mut append).now_or_never() {
            Some(appended) => drop(appended?),
            None => under_way.push(append),
        }
        while under_way.len() >= UNDER_WAY {
            next(&mut under_way).await?;
        }
    }
    while !under_way.is_empty() {
        next(&mut under_way).await?;
    }
    Ok(rooms.into_iter().map(Story::filled).collect())
}

async fn next(under_way: &mut FuturesUnordered<BoxFuture<'_, Result<Position, engine::log::Error>>>) -> Result<()> {
    if let Some(appended) = under_way.next().await {
        appended?;
    }
    Ok(())
}

fn append<'a>(log: &'a dyn Log, event: &Event) -> Result<BoxFuture<'a, Result<Position, engine::log::Error>>> {
    let encoded = codec::encode(event, RULES).ok_or_else(|| anyhow::anyhow!("no schema for {event:?}"))?;
    let key = Bytes::from(event.room_id.to_string());
    let outgoing = Outgoing {
        topic: Topic::Events,
        partition: log.partition_of(&key),
        key: Some(key),
        // Whoever reads goes by the fingerprint; the registry's ids are for other tools.
        value: Some(Wire::Confluent { id: 1 }.wrap(&encoded)),
        headers: vec![("schema", Bytes::copy_from_slice(&encoded.fingerprint))],
    };
    Ok(log.append(outgoing))
}

/// Where the generator's numbers come from (`SplitMix64`: Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// One of so many, the first of them most often: the smaller of two.
    fn skewed(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        usize::try_from(self.below(bound).min(self.below(bound))).unwrap_or(0)
    }

    fn id(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes((u128::from(self.draw()) << 64 | u128::from(self.draw())).to_be_bytes())
            .into_uuid()
    }
}

/// One room, as it goes on.
struct Story {
    room: Room,
    people: Vec<UserId>,
    /// The latest messages that stand.
    at_hand: VecDeque<Target>,
    last: Option<Event>,
    records: u64,
    ignored: u64,
}

impl Story {
    fn new(seed: u64, number: usize) -> Self {
        let mut chance = Chance(seed ^ (number as u64 + 1).wrapping_mul(0x5851_f42d_4c95_7f2d));
        Self {
            room: Room::new(RoomId::new(chance.id())),
            people: (0..CROWD).map(|_| UserId::new(chance.id())).collect(),
            at_hand: VecDeque::new(),
            last: None,
            records: 0,
            ignored: 0,
        }
    }

    fn filled(self) -> FilledRoom {
        FilledRoom {
            id: self.room.id(),
            head: self.room.head(),
            digest: self.room.digest(),
            messages: self.room.messages(),
            ignored: self.ignored,
        }
    }

    /// What happens next, folded.
    fn next(&mut self, chance: &mut Chance) -> Event {
        let (actor, body) = self.happens(chance);
        let mut event = Event {
            event_id: EventId::new(Uuid::now_v7()),
            room_id: self.room.id(),
            actor: Actor {
                id: actor,
                name: PersonName::new(format!("person {}", &actor.to_string()[..4])).expect("a name within bounds"),
            },
            cid: Cid::new(chance.id()),
            since: Some(self.room.head()),
            sent_at: now(),
            body,
        };
        // Now and then an answer is lost, and the command comes again.
        if let Some(last) = self.last.take().filter(|_| chance.below(200) == 0) {
            event = Event {
                event_id: event.event_id,
                ..last
            };
        }
        self.fold(&event);
        self.last = Some(event.clone());
        event
    }

    fn happens(&self, chance: &mut Chance) -> (UserId, Body) {
        let owner = self.people[0];
        if !self.room.exists() {
            return (owner, creation(self.room.id()));
        }
        let somebody = self.people[usize::try_from(chance.below(CROWD)).unwrap_or(0)];
        if !self.room.is_member(somebody) {
            // Most come in; some speak from outside, which nobody hears.
            return match chance.below(4) {
                0 => (somebody, said(chance)),
                _ if self.room.is_banned(somebody, now()) => (owner, Body::MemberUnbanned { user_id: somebody }),
                _ => (somebody, Body::MemberJoined),
            };
        }
        if self.room.is_muted(somebody, now()) && chance.below(3) > 0 {
            return (owner, Body::MemberUnmuted { user_id: somebody });
        }
        let target = self
            .at_hand
            .get(usize::try_from(chance.below(AT_HAND as u64)).unwrap_or(0));
        match (chance.below(1_000), target) {
            (0..40, Some(target)) => (target.author_id, edited(*target, chance)),
            (40..60, Some(target)) => (target.author_id, Body::MessageDeleted { target: *target }),
            (60..110, Some(target)) => (
                somebody,
                Body::ReactionAdded {
                    target: *target,
                    emoji: emoji(chance),
                },
            ),
            (110..120, Some(target)) => (
                somebody,
                Body::ReactionRemoved {
                    target: *target,
                    emoji: emoji(chance),
                },
            ),
            (120..125, _) if somebody != owner => (owner, moderation(somebody, chance)),
            (125..130, _) if somebody != owner => (somebody, Body::MemberLeft),
            _ => (somebody, said(chance)),
        }
    }

    fn fold(&mut self, event: &Event) {
        let encoded = codec::encode(event, RULES).expect("what was generated can be written");
        // Verdicts do not hang on where it will stand.
        let position = Position {
            partition: Partition::new(0),
            offset: Offset::new(self.records),
            appended_at: event.sent_at,
        };
        self.records += 1;
        match self.room.fold(event, RULES, &encoded.datum, position).verdict {
            Verdict::Ignored { .. } => self.ignored += 1,
            Verdict::Accepted { seq, .. } => match &event.body {
                Body::MessageSent { .. } => {
                    self.at_hand.push_front(Target {
                        seq,
                        author_id: event.actor.id,
                    });
                    self.at_hand.truncate(AT_HAND);
                }
                Body::MessageDeleted { target } => self.at_hand.retain(|there| there.seq != target.seq),
                _ => {}
            },
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn creation(room: RoomId) -> Body {
    Body::RoomCreated {
        kind: Kind::Public,
        name: RoomName::new(format!("room {}", &room.to_string()[..8])).expect("a name within bounds"),
        topic: RoomTopic::new("filled").expect("a topic within bounds"),
        rules: RULES,
        peer: None,
    }
}

fn said(chance: &mut Chance) -> Body {
    Body::MessageSent {
        text: sentence(chance),
        reply_to: None,
        mentions: Vec::new(),
    }
}

fn edited(target: Target, chance: &mut Chance) -> Body {
    Body::MessageEdited {
        target,
        text: sentence(chance),
        mentions: Vec::new(),
    }
}

fn moderation(user_id: UserId, chance: &mut Chance) -> Body {
    match chance.below(4) {
        0 => Body::MemberRemoved {
            user_id,
            removal: Removal::Kick,
        },
        1 => Body::MemberRemoved {
            user_id,
            removal: Removal::Ban { until: None },
        },
        2 => Body::MemberMuted { user_id, until: None },
        _ => Body::RoleChanged {
            user_id,
            role: if chance.below(2) == 0 {
                Role::Moderator
            } else {
                Role::Member
            },
        },
    }
}

fn emoji(chance: &mut Chance) -> Emoji {
    let emoji = ["👍", "🎉", "❤️", "🚀"][usize::try_from(chance.below(4)).unwrap_or(0)];
    Emoji::new(emoji).expect("an emoji within bounds")
}

/// A few words, some of them everywhere.
fn sentence(chance: &mut Chance) -> MessageText {
    let words = 3 + chance.below(8);
    let text: Vec<String> = (0..words)
        .map(|_| format!("w{}", chance.below(400).min(chance.below(400))))
        .collect();
    MessageText::new(text.join(" ")).expect("a text within bounds")
}
