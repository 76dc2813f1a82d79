//! Short words for events: `sent("ann", "hello")`, `banned("owner", "bob").until(90)`.

use engine::domain::{
    Actor, Body, Cid, Emoji, Event, EventId, Kind, MessageText, PersonName, Removal, Role, RoomId, RoomName, RoomTopic,
    Seq, Target, Timestamp, UserId,
};
use uuid::Uuid;

/// An event before it is appended. What nobody says gets a value of its own: a cid never used before, no `since`,
/// one second after the event before.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) actor: &'static str,
    pub(crate) body: Body,
    pub(crate) cid: Option<&'static str>,
    pub(crate) since: Option<u64>,
    /// Append time, seconds after the test began.
    pub(crate) at: Option<i64>,
    /// For another room than the test's.
    pub(crate) room: Option<RoomId>,
}

impl Step {
    pub(crate) fn cid(self, cid: &'static str) -> Self {
        Self { cid: Some(cid), ..self }
    }

    pub(crate) fn since(self, seq: u64) -> Self {
        Self {
            since: Some(seq),
            ..self
        }
    }

    pub(crate) fn at(self, seconds: i64) -> Self {
        Self {
            at: Some(seconds),
            ..self
        }
    }

    pub(crate) fn in_room(self, room: RoomId) -> Self {
        Self {
            room: Some(room),
            ..self
        }
    }

    /// Of a ban or a mute: seconds after the test began.
    pub(crate) fn until(mut self, seconds: i64) -> Self {
        match &mut self.body {
            Body::MemberRemoved {
                removal: Removal::Ban { until },
                ..
            }
            | Body::MemberMuted { until, .. } => *until = Some(moment(seconds)),
            other => panic!("{} has no until", other.type_name()),
        }
        self
    }

    pub(crate) fn rules(mut self, number: u32) -> Self {
        match &mut self.body {
            Body::RoomCreated { rules, .. } => *rules = number,
            Body::RoomUpdated { rules, .. } => *rules = Some(number),
            other => panic!("{} states no rules", other.type_name()),
        }
        self
    }

    pub(crate) fn mentioning(mut self, people: usize) -> Self {
        match &mut self.body {
            Body::MessageSent { mentions, .. } | Body::MessageEdited { mentions, .. } => {
                *mentions = (0..people).map(|_| user("ann")).collect();
            }
            other => panic!("{} mentions nobody", other.type_name()),
        }
        self
    }

    /// The event as appended: the `n`-th in its log.
    pub(crate) fn event(&self, room: RoomId, n: u64) -> Event {
        let own = format!("{n}");
        Event {
            event_id: EventId::new(derived("event", &own)),
            room_id: self.room.unwrap_or(room),
            actor: Actor {
                id: user(self.actor),
                name: PersonName::new(self.actor).unwrap(),
            },
            cid: Cid::new(derived("cid", self.cid.unwrap_or(&own))),
            since: self.since.map(Seq::new),
            sent_at: moment(0),
            body: self.body.clone(),
        }
    }
}

pub(crate) fn derived(what: &str, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what} {name}").as_bytes())
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(derived("user", name))
}

pub(crate) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_750_000_000_000 + seconds * 1_000)
}

/// The room of tests that speak of one only.
pub(crate) fn some_room() -> RoomId {
    RoomId::new(derived("room", "some"))
}

pub(crate) fn step(actor: &'static str, body: Body) -> Step {
    Step {
        actor,
        body,
        cid: None,
        since: None,
        at: None,
        room: None,
    }
}

fn creation(kind: Kind, actor: &'static str, peer: Option<UserId>) -> Step {
    let body = Body::RoomCreated {
        kind,
        name: RoomName::new("a room").unwrap(),
        topic: RoomTopic::new("what it is about").unwrap(),
        rules: 1,
        peer,
    };
    step(actor, body)
}

pub(crate) fn created(kind: Kind, actor: &'static str) -> Step {
    creation(kind, actor, None).in_room(some_room())
}

pub(crate) fn created_general(actor: &'static str) -> Step {
    creation(Kind::Open, actor, None).in_room(RoomId::general())
}

pub(crate) fn created_direct(actor: &'static str, peer: &'static str) -> Step {
    creation(Kind::Direct, actor, Some(user(peer))).in_room(RoomId::direct(user(actor), user(peer)))
}

pub(crate) fn renamed(actor: &'static str, name: &str) -> Step {
    let name = Some(RoomName::new(name).unwrap());
    let (topic, rules) = (None, None);
    step(actor, Body::RoomUpdated { name, topic, rules })
}

pub(crate) fn retopiced(actor: &'static str, topic: &str) -> Step {
    let topic = Some(RoomTopic::new(topic).unwrap());
    let (name, rules) = (None, None);
    step(actor, Body::RoomUpdated { name, topic, rules })
}

/// A `RoomUpdated` that says nothing yet.
pub(crate) fn updated(actor: &'static str) -> Step {
    let (name, topic, rules) = (None, None, None);
    step(actor, Body::RoomUpdated { name, topic, rules })
}

pub(crate) fn room_deleted(actor: &'static str) -> Step {
    step(actor, Body::RoomDeleted)
}

pub(crate) fn joined(actor: &'static str) -> Step {
    step(actor, Body::MemberJoined)
}

pub(crate) fn left(actor: &'static str) -> Step {
    step(actor, Body::MemberLeft)
}

pub(crate) fn invited(actor: &'static str, whom: &str) -> Step {
    step(actor, Body::MemberInvited { user_id: user(whom) })
}

pub(crate) fn kicked(actor: &'static str, whom: &str) -> Step {
    let removal = Removal::Kick;
    let user_id = user(whom);
    step(actor, Body::MemberRemoved { user_id, removal })
}

pub(crate) fn banned(actor: &'static str, whom: &str) -> Step {
    let removal = Removal::Ban { until: None };
    let user_id = user(whom);
    step(actor, Body::MemberRemoved { user_id, removal })
}

pub(crate) fn unbanned(actor: &'static str, whom: &str) -> Step {
    step(actor, Body::MemberUnbanned { user_id: user(whom) })
}

pub(crate) fn muted(actor: &'static str, whom: &str) -> Step {
    let until = None;
    let user_id = user(whom);
    step(actor, Body::MemberMuted { user_id, until })
}

pub(crate) fn unmuted(actor: &'static str, whom: &str) -> Step {
    step(actor, Body::MemberUnmuted { user_id: user(whom) })
}

pub(crate) fn made(actor: &'static str, whom: &str, role: Role) -> Step {
    let user_id = user(whom);
    step(actor, Body::RoleChanged { user_id, role })
}

pub(crate) fn sent(actor: &'static str, text: &str) -> Step {
    let body = Body::MessageSent {
        text: MessageText::new(text).unwrap(),
        reply_to: None,
        mentions: Vec::new(),
    };
    step(actor, body)
}

pub(crate) fn replied(actor: &'static str, seq: u64, text: &str) -> Step {
    let body = Body::MessageSent {
        text: MessageText::new(text).unwrap(),
        reply_to: Some(Seq::new(seq)),
        mentions: Vec::new(),
    };
    step(actor, body)
}

/// The message at `seq`, which `author` wrote.
pub(crate) fn message(seq: u64, author: &str) -> Target {
    Target {
        seq: Seq::new(seq),
        author_id: user(author),
    }
}

pub(crate) fn edited(actor: &'static str, target: Target, text: &str) -> Step {
    let body = Body::MessageEdited {
        target,
        text: MessageText::new(text).unwrap(),
        mentions: Vec::new(),
    };
    step(actor, body)
}

pub(crate) fn deleted(actor: &'static str, target: Target) -> Step {
    step(actor, Body::MessageDeleted { target })
}

pub(crate) fn reacted(actor: &'static str, target: Target, emoji: &str) -> Step {
    let emoji = Emoji::new(emoji).unwrap();
    step(actor, Body::ReactionAdded { target, emoji })
}

pub(crate) fn unreacted(actor: &'static str, target: Target, emoji: &str) -> Step {
    let emoji = Emoji::new(emoji).unwrap();
    step(actor, Body::ReactionRemoved { target, emoji })
}
