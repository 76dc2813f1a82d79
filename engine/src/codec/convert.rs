//! From an event of the domain to its record and back.

use super::lock::EventType;
use super::records::{self, Int, Long, Text, Texts};
use super::schema::Schema;
use crate::domain::{Actor, Body, Event, Removal, Seq, Target};
use std::borrow::Cow;

/// Which record an event is.
pub(super) const fn type_of(body: &Body) -> EventType {
    match body {
        Body::RoomCreated { .. } => EventType::RoomCreated,
        Body::RoomUpdated { .. } => EventType::RoomUpdated,
        Body::RoomDeleted => EventType::RoomDeleted,
        Body::MemberJoined => EventType::MemberJoined,
        Body::MemberLeft => EventType::MemberLeft,
        Body::MemberInvited { .. } => EventType::MemberInvited,
        Body::MemberRemoved { .. } => EventType::MemberRemoved,
        Body::MemberUnbanned { .. } => EventType::MemberUnbanned,
        Body::MemberMuted { .. } => EventType::MemberMuted,
        Body::MemberUnmuted { .. } => EventType::MemberUnmuted,
        Body::RoleChanged { .. } => EventType::RoleChanged,
        Body::MessageSent { .. } => EventType::MessageSent,
        Body::MessageEdited { .. } => EventType::MessageEdited,
        Body::MessageDeleted { .. } => EventType::MessageDeleted,
        Body::ReactionAdded { .. } => EventType::ReactionAdded,
        Body::ReactionRemoved { .. } => EventType::ReactionRemoved,
    }
}

macro_rules! record {
    ($event:ident, $schema:ident, $name:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        $schema.write(
            &records::$name {
                event_id: Text($event.event_id),
                room_id: Text($event.room_id),
                actor_id: Text($event.actor.id),
                actor_name: Cow::Borrowed(&$event.actor.name),
                cid: Text($event.cid),
                since: $event.since.map(Long::from),
                sent_at: $event.sent_at,
                $($field $(: $value)?,)*
            },
        )
    };
}

/// An event as Avro bytes of this schema; `None` if a number is beyond its type.
#[allow(clippy::too_many_lines, reason = "one arm a record")]
pub(super) fn write(event: &Event, schema: &Schema) -> Option<Vec<u8>> {
    match &event.body {
        Body::RoomCreated {
            kind,
            name,
            topic,
            rules,
            peer,
        } => record!(
            event,
            schema,
            RoomCreated {
                kind: *kind,
                name: Cow::Borrowed(name),
                topic: Cow::Borrowed(topic),
                rules: Int(*rules),
                peer_id: peer.map(Text),
            }
        ),
        Body::RoomUpdated { name, topic, rules } => record!(
            event,
            schema,
            RoomUpdated {
                name: name.as_ref().map(Cow::Borrowed),
                topic: topic.as_ref().map(Cow::Borrowed),
                rules: rules.map(Int),
            }
        ),
        Body::RoomDeleted => record!(event, schema, RoomDeleted {}),
        Body::MemberJoined => record!(event, schema, MemberJoined {}),
        Body::MemberLeft => record!(event, schema, MemberLeft {}),
        Body::MemberInvited { user_id } => record!(
            event,
            schema,
            MemberInvited {
                user_id: Text(*user_id)
            }
        ),
        Body::MemberRemoved { user_id, removal } => {
            let (removal, until) = match removal {
                Removal::Kick => (records::Removal::Kick, None),
                Removal::Ban { until } => (records::Removal::Ban, *until),
            };
            record!(
                event,
                schema,
                MemberRemoved {
                    user_id: Text(*user_id),
                    removal,
                    until
                }
            )
        }
        Body::MemberUnbanned { user_id } => record!(
            event,
            schema,
            MemberUnbanned {
                user_id: Text(*user_id)
            }
        ),
        Body::MemberMuted { user_id, until } => {
            record!(
                event,
                schema,
                MemberMuted {
                    user_id: Text(*user_id),
                    until: *until
                }
            )
        }
        Body::MemberUnmuted { user_id } => record!(
            event,
            schema,
            MemberUnmuted {
                user_id: Text(*user_id)
            }
        ),
        Body::RoleChanged { user_id, role } => {
            record!(
                event,
                schema,
                RoleChanged {
                    user_id: Text(*user_id),
                    role: *role
                }
            )
        }
        Body::MessageSent {
            text,
            reply_to,
            mentions,
        } => record!(
            event,
            schema,
            MessageSent {
                text: Cow::Borrowed(text),
                reply_to: reply_to.map(Long::from),
                mentions: Texts(Cow::Borrowed(mentions)),
            }
        ),
        Body::MessageEdited { target, text, mentions } => record!(
            event,
            schema,
            MessageEdited {
                target_seq: target.seq.into(),
                target_author_id: Text(target.author_id),
                text: Cow::Borrowed(text),
                mentions: Texts(Cow::Borrowed(mentions)),
            }
        ),
        Body::MessageDeleted { target } => record!(
            event,
            schema,
            MessageDeleted {
                target_seq: target.seq.into(),
                target_author_id: Text(target.author_id),
            }
        ),
        Body::ReactionAdded { target, emoji } => record!(
            event,
            schema,
            ReactionAdded {
                target_seq: target.seq.into(),
                target_author_id: Text(target.author_id),
                emoji: Cow::Borrowed(emoji),
            }
        ),
        Body::ReactionRemoved { target, emoji } => record!(
            event,
            schema,
            ReactionRemoved {
                target_seq: target.seq.into(),
                target_author_id: Text(target.author_id),
                emoji: Cow::Borrowed(emoji),
            }
        ),
    }
}

macro_rules! event {
    ($schema:ident, $datum:ident, $name:ident, |$record:ident| $body:expr) => {{
        let $record: records::$name<'static> = $schema.read($datum)?;
        Event {
            event_id: $record.event_id.0,
            room_id: $record.room_id.0,
            actor: Actor {
                id: $record.actor_id.0,
                name: $record.actor_name.into_owned(),
            },
            cid: $record.cid.0,
            since: $record.since.map(Seq::from),
            sent_at: $record.sent_at,
            body: $body,
        }
    }};
}

macro_rules! target {
    ($record:ident) => {
        Target {
            seq: $record.target_seq.into(),
            author_id: $record.target_author_id.0,
        }
    };
}

#[allow(clippy::too_many_lines, reason = "one arm a record")]
/// An event from Avro bytes; `None` if they are not the schema's, break a bound, or something is left over.
pub(super) fn read(kind: EventType, schema: &Schema, datum: &[u8]) -> Option<Event> {
    Some(match kind {
        EventType::RoomCreated => event!(schema, datum, RoomCreated, |r| Body::RoomCreated {
            kind: r.kind,
            name: r.name.into_owned(),
            topic: r.topic.into_owned(),
            rules: r.rules.0,
            peer: r.peer_id.map(|peer| peer.0),
        }),
        EventType::RoomUpdated => event!(schema, datum, RoomUpdated, |r| Body::RoomUpdated {
            name: r.name.map(Cow::into_owned),
            topic: r.topic.map(Cow::into_owned),
            rules: r.rules.map(|rules| rules.0),
        }),
        EventType::RoomDeleted => event!(schema, datum, RoomDeleted, |r| Body::RoomDeleted),
        EventType::MemberJoined => event!(schema, datum, MemberJoined, |r| Body::MemberJoined),
        EventType::MemberLeft => event!(schema, datum, MemberLeft, |r| Body::MemberLeft),
        EventType::MemberInvited => {
            event!(schema, datum, MemberInvited, |r| Body::MemberInvited {
                user_id: r.user_id.0
            })
        }
        EventType::MemberRemoved => event!(schema, datum, MemberRemoved, |r| Body::MemberRemoved {
            user_id: r.user_id.0,
            removal: match r.removal {
                records::Removal::Kick => Removal::Kick,
                records::Removal::Ban => Removal::Ban { until: r.until },
            },
        }),
        EventType::MemberUnbanned => {
            event!(schema, datum, MemberUnbanned, |r| Body::MemberUnbanned {
                user_id: r.user_id.0
            })
        }
        EventType::MemberMuted => {
            event!(schema, datum, MemberMuted, |r| Body::MemberMuted {
                user_id: r.user_id.0,
                until: r.until
            })
        }
        EventType::MemberUnmuted => {
            event!(schema, datum, MemberUnmuted, |r| Body::MemberUnmuted {
                user_id: r.user_id.0
            })
        }
        EventType::RoleChanged => {
            event!(schema, datum, RoleChanged, |r| Body::RoleChanged {
                user_id: r.user_id.0,
                role: r.role
            })
        }
        EventType::MessageSent => event!(schema, datum, MessageSent, |r| Body::MessageSent {
            text: r.text.into_owned(),
            reply_to: r.reply_to.map(Seq::from),
            mentions: r.mentions.0.into_owned(),
        }),
        EventType::MessageEdited => event!(schema, datum, MessageEdited, |r| Body::MessageEdited {
            target: target!(r),
            text: r.text.into_owned(),
            mentions: r.mentions.0.into_owned(),
        }),
        EventType::MessageDeleted => {
            event!(schema, datum, MessageDeleted, |r| Body::MessageDeleted {
                target: target!(r)
            })
        }
        EventType::ReactionAdded => event!(schema, datum, ReactionAdded, |r| Body::ReactionAdded {
            target: target!(r),
            emoji: r.emoji.into_owned(),
        }),
        EventType::ReactionRemoved => event!(schema, datum, ReactionRemoved, |r| Body::ReactionRemoved {
            target: target!(r),
            emoji: r.emoji.into_owned(),
        }),
    })
}
