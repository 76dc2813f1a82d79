//! The pushes that many sessions hear, encoded once. One function for each, whether live or resumed, so that they
//! are byte-identical on every edge.

use super::erasure::{self, List};
use bytes::Bytes;
use engine::domain::{
    Body, Cid, Emoji, Epoch, Event, EventId, Kind, Offset, Partition, Position, Removal, Role, RoomId, RoomName,
    RoomTopic, Seq, Timestamp, UserId,
};
use serde::Serialize;

/// Bytes that an event usually takes.
const USUAL: usize = 512;

#[derive(Serialize)]
struct EventPush<'a> {
    room: RoomId,
    seq: Seq,
    pos: Pos,
    event_id: EventId,
    #[serde(rename = "type")]
    kind: &'static str,
    from: From<'a>,
    cid: Cid,
    at: Timestamp,
    body: Shown<'a>,
}

#[derive(Serialize)]
pub(super) struct Pos {
    pub(super) epoch: Epoch,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
}

#[derive(Serialize)]
pub(super) struct From<'a> {
    pub(super) id: UserId,
    pub(super) name: &'a str,
}

/// A body as clients see it; its fields are the event's.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Shown<'a> {
    Nothing {},
    Created {
        kind: Kind,
        name: &'a RoomName,
        topic: &'a RoomTopic,
        rules: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<UserId>,
    },
    Updated {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a RoomName>,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<&'a RoomTopic>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rules: Option<u32>,
    },
    Person {
        user: UserId,
    },
    Removed {
        user: UserId,
        removal: &'static str,
        until: Option<Timestamp>,
    },
    Muted {
        user: UserId,
        until: Option<Timestamp>,
    },
    Role {
        user: UserId,
        role: Role,
    },
    Sent {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
        mentions: &'a [UserId],
    },
    Edited {
        seq: Seq,
        text: &'a str,
        #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
        mentions: &'a [UserId],
    },
    Message {
        seq: Seq,
    },
    Reaction {
        seq: Seq,
        emoji: &'a Emoji,
    },
}

impl<'a> Shown<'a> {
    pub(super) fn of(body: &'a Body, textless: bool) -> Self {
        let shown = |text: &'a engine::domain::MessageText| if textless { "" } else { text.as_str() };
        match body {
            Body::RoomDeleted | Body::MemberJoined | Body::MemberLeft => Self::Nothing {},
            Body::RoomCreated {
                kind,
                name,
                topic,
                rules,
                peer,
            } => Self::Created {
                kind: *kind,
                name,
                topic,
                rules: *rules,
                peer: *peer,
            },
            Body::RoomUpdated { name, topic, rules } => Self::Updated {
                name: name.as_ref(),
                topic: topic.as_ref(),
                rules: *rules,
            },
            Body::MemberInvited { user_id } | Body::MemberUnbanned { user_id } | Body::MemberUnmuted { user_id } => {
                Self::Person { user: *user_id }
            }
            Body::MemberRemoved { user_id, removal } => Self::Removed {
                user: *user_id,
                removal: match removal {
                    Removal::Kick => "kick",
                    Removal::Ban { .. } => "ban",
                },
                until: match removal {
                    Removal::Kick => None,
                    Removal::Ban { until } => *until,
                },
            },
            Body::MemberMuted { user_id, until } => Self::Muted {
                user: *user_id,
                until: *until,
            },
            Body::RoleChanged { user_id, role } => Self::Role {
                user: *user_id,
                role: *role,
            },
            Body::MessageSent {
                text,
                reply_to,
                mentions,
            } => Self::Sent {
                text: shown(text),
                reply_to: *reply_to,
                mentions,
            },
            Body::MessageEdited { target, text, mentions } => Self::Edited {
                seq: target.seq,
                text: shown(text),
                mentions,
            },
            Body::MessageDeleted { target } => Self::Message { seq: target.seq },
            Body::ReactionAdded { target, emoji } | Body::ReactionRemoved { target, emoji } => {
                Self::Reaction { seq: target.seq, emoji }
            }
        }
    }
}

/// A body alone, as clients see it: for whoever reads the log by hand.
pub(crate) fn shown_body(body: &Body) -> serde_json::Value {
    serde_json::to_value(Shown::of(body, false)).expect("these types always encode")
}

/// The push `event`.
pub(super) fn event(epoch: Epoch, event: &Event, seq: Seq, at: Position, erased: &List) -> Bytes {
    #[derive(Serialize)]
    struct Push<'a> {
        event: EventPush<'a>,
    }
    encode(
        &Push {
            event: EventPush {
                room: event.room_id,
                seq,
                pos: Pos {
                    epoch,
                    partition: at.partition,
                    offset: at.offset,
                },
                event_id: event.event_id,
                kind: event.body.type_name(),
                from: From {
                    id: event.actor.id,
                    name: erasure::name(erased, &event.actor),
                },
                cid: event.cid,
                at: at.appended_at,
                body: Shown::of(&event.body, erasure::without_text(erased, event.actor.id)),
            },
        },
        USUAL,
    )
}

#[derive(Serialize)]
struct Place {
    room: RoomId,
    seq: Seq,
}

/// The push `caught_up`.
pub(super) fn caught_up(room: RoomId, seq: Seq) -> Bytes {
    #[derive(Serialize)]
    struct Push {
        caught_up: Place,
    }
    let caught_up = Place { room, seq };
    encode(&Push { caught_up }, 96)
}

/// The push `lagged`: `seq` is the last one delivered.
pub(super) fn lagged(room: RoomId, seq: Seq) -> Bytes {
    #[derive(Serialize)]
    struct Push {
        lagged: Place,
    }
    let lagged = Place { room, seq };
    encode(&Push { lagged }, 96)
}

/// The push `read`.
pub(super) fn read(room: RoomId, seq: Seq) -> Bytes {
    #[derive(Serialize)]
    struct Push {
        read: Place,
    }
    let read = Place { room, seq };
    encode(&Push { read }, 96)
}

/// Why a subscription has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Gone {
    /// The person was kicked.
    Kicked,
    /// The person was banned.
    Banned,
    /// The person left.
    Left,
    /// The room was deleted.
    RoomDeleted,
}

/// The push `gone`.
pub(super) fn gone(room: RoomId, reason: Gone) -> Bytes {
    #[derive(Serialize)]
    struct Push {
        gone: Body,
    }
    #[derive(Serialize)]
    struct Body {
        room: RoomId,
        reason: Gone,
    }
    let gone = Body { room, reason };
    encode(&Push { gone }, 96)
}

/// The push `presence`.
pub(super) fn presence(room: RoomId, count: u64, joined: &[UserId], left: &[UserId]) -> Bytes {
    #[derive(Serialize)]
    struct Push<'a> {
        presence: Body<'a>,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        room: RoomId,
        count: u64,
        joined: &'a [UserId],
        left: &'a [UserId],
    }
    let presence = Body {
        room,
        count,
        joined,
        left,
    };
    encode(&Push { presence }, 128)
}

/// The push `typing`.
pub(super) fn typing(room: RoomId, users: &[UserId]) -> Bytes {
    #[derive(Serialize)]
    struct Push<'a> {
        typing: Body<'a>,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        room: RoomId,
        users: &'a [UserId],
    }
    let typing = Body { room, users };
    encode(&Push { typing }, 128)
}

fn encode<T: Serialize>(push: &T, usual: usize) -> Bytes {
    let mut frame = Vec::with_capacity(usual);
    serde_json::to_writer(&mut frame, push).expect("these types always encode");
    frame.into()
}
