//! What the edge answers, as JSON: the same by both doors.

use crate::edge::view::{PresenceView, RoomView, Subscribed};
use crate::protocol::reply::Pos;
use engine::domain::{Digest, Emoji, Epoch, EventId, Kind, Message, PersonName, Role, RoomId, RoomName, RoomTopic};
use engine::domain::{Seq, Timestamp, UserId};
use serde::{Serialize, Serializer};

/// A person beside what they wrote.
#[derive(Debug, Serialize)]
struct From<'a> {
    id: UserId,
    name: &'a PersonName,
}

/// A message as it stands, as `viewer` sees it.
#[derive(Debug, Serialize)]
pub struct ShownMessage<'a> {
    seq: Seq,
    id: EventId,
    from: From<'a>,
    at: Timestamp,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_false")]
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
    mentions: &'a [UserId],
    reactions: Vec<ShownReaction<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownReaction<'a> {
    emoji: &'a Emoji,
    count: usize,
    #[serde(skip_serializing_if = "is_false")]
    mine: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl<'a> ShownMessage<'a> {
    /// A message as somebody sees it.
    #[must_use]
    pub fn of(message: &'a Message, viewer: UserId) -> Self {
        let reactions = message.reactions.iter().map(|reaction| ShownReaction {
            emoji: &reaction.emoji,
            count: reaction.users.len(),
            mine: reaction.users.contains(&viewer),
        });
        Self {
            seq: message.seq,
            id: message.id,
            from: From {
                id: message.from.id,
                name: &message.from.name,
            },
            at: message.at,
            text: &message.text,
            edited_at: message.edited_at,
            deleted: message.deleted,
            reply_to: message.reply_to,
            mentions: &message.mentions,
            reactions: reactions.collect(),
        }
    }

    /// Messages as somebody sees them.
    #[must_use]
    pub fn all(messages: &'a [Message], viewer: UserId) -> Vec<Self> {
        messages.iter().map(|message| Self::of(message, viewer)).collect()
    }
}

/// A room as one person may see it.
#[derive(Debug, Serialize)]
pub struct ShownRoom<'a> {
    id: RoomId,
    kind: Kind,
    name: &'a RoomName,
    topic: &'a RoomTopic,
    owner: Option<UserId>,
    role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<usize>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "is_false")]
    deleted: bool,
    rules: u32,
    head: Head,
}

#[derive(Debug, Serialize)]
struct Head {
    seq: Seq,
    digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    pos: Option<Pos>,
}

impl<'a> ShownRoom<'a> {
    /// A room as it may be shown.
    #[must_use]
    pub fn of(view: &'a RoomView) -> Self {
        let header = &view.header;
        let pos = |offset| Pos {
            epoch: view.epoch,
            partition: view.partition,
            offset,
        };
        Self {
            id: view.id,
            kind: header.kind,
            name: &header.name,
            topic: &header.topic,
            owner: header.owner,
            role: view.role,
            members: view.members,
            created_at: header.created_at,
            deleted: header.deleted,
            rules: header.rules,
            head: Head {
                seq: header.head,
                digest: header.digest,
                pos: view.head_offset.map(pos),
            },
        }
    }
}

/// Who is in a room.
#[derive(Debug, Serialize)]
pub struct ShownPresence<'a> {
    count: u64,
    users: &'a [UserId],
}

impl<'a> ShownPresence<'a> {
    /// Presence as it may be shown.
    #[must_use]
    pub fn of(view: &'a PresenceView) -> Self {
        Self {
            count: view.count,
            users: &view.users,
        }
    }
}

/// The `ok` of `subscribe`.
#[derive(Debug, Serialize)]
pub struct ShownSubscription<'a> {
    room: ShownRoom<'a>,
    epoch: Epoch,
    seq: Seq,
    digest: Digest,
    recovered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(serialize_with = "messages")]
    recent: (&'a [Message], UserId),
    presence: ShownPresence<'a>,
    read_seq: Seq,
    role: Option<Role>,
}

fn messages<S: Serializer>((list, viewer): &(&[Message], UserId), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(|message| ShownMessage::of(message, *viewer)))
}

impl<'a> ShownSubscription<'a> {
    /// A subscription as its session sees it.
    #[must_use]
    pub fn of(subscribed: &'a Subscribed, viewer: UserId) -> Self {
        Self {
            room: ShownRoom::of(&subscribed.room),
            epoch: subscribed.room.epoch,
            seq: subscribed.room.header.head,
            digest: subscribed.room.header.digest,
            recovered: subscribed.recovery.recovered(),
            reason: subscribed.recovery.reason(),
            recent: (&subscribed.recent, viewer),
            presence: ShownPresence::of(&subscribed.presence),
            read_seq: subscribed.read_seq,
            role: subscribed.room.role,
        }
    }
}
