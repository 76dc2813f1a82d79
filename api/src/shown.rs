//! What the edge answers, as JSON: the same by both doors.

use crate::edge::replay::Replaying;
use crate::edge::view::{PresenceView, RoomView, Subscribed};
use crate::protocol::reply::Pos;
use crate::rest::schema;
use engine::domain::{Digest, Emoji, Epoch, EventId, Kind, Message, PersonName, Role, RoomId, RoomName, RoomTopic};
use engine::domain::{Offset, Partition, Seq, Timestamp, UserId};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A person beside what they wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = From)]
struct From<'a> {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    #[schema(value_type = schema::DisplayName)]
    name: &'a PersonName,
}

/// A message as it stands, as `viewer` sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct ShownMessage<'a> {
    #[schema(value_type = schema::Seq)]
    seq: Seq,
    #[schema(value_type = schema::EventId)]
    id: EventId,
    from: From<'a>,
    /// When the log took it.
    #[schema(value_type = schema::Time)]
    at: Timestamp,
    /// Empty once it is deleted, or its author erased with their texts.
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Time, required = false)]
    edited_at: Option<Timestamp>,
    /// A tombstone.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Seq, required = false)]
    reply_to: Option<Seq>,
    #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
    #[schema(value_type = schema::Mentions, required = false)]
    mentions: &'a [UserId],
    reactions: Vec<ShownReaction<'a>>,
}

/// One emoji under a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reactions)]
struct ShownReaction<'a> {
    #[schema(value_type = schema::Reaction)]
    emoji: &'a Emoji,
    #[schema(value_type = schema::Count)]
    count: usize,
    /// Whether you are among them.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    mine: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
pub(crate) const fn is_false(value: &bool) -> bool {
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Room)]
pub struct ShownRoom<'a> {
    #[schema(value_type = schema::RoomId)]
    id: RoomId,
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    #[schema(value_type = schema::Name)]
    name: &'a RoomName,
    #[schema(value_type = schema::Topic)]
    topic: &'a RoomTopic,
    /// `general` and direct rooms have none.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    owner: Option<UserId>,
    /// Yours; null where you are no member.
    #[schema(value_type = Option<schema::Role>, required = true)]
    role: Option<Role>,
    /// How many; of open rooms nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Count, required = false)]
    members: Option<usize>,
    #[schema(value_type = schema::Time)]
    created_at: Timestamp,
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    deleted: bool,
    /// The rules in force.
    #[schema(minimum = 1)]
    rules: u32,
    head: Head,
}

/// The room's last event.
#[derive(Debug, Serialize, ToSchema)]
struct Head {
    #[schema(value_type = schema::Seq)]
    seq: Seq,
    #[schema(value_type = schema::Digest)]
    digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Pos, required = false)]
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Presence)]
pub struct ShownPresence<'a> {
    #[schema(value_type = schema::Count)]
    count: u64,
    /// At most 100 of them.
    #[schema(value_type = Vec<schema::UserId>, max_items = 100)]
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

/// The `ok` of `replay`.
#[derive(Debug, Serialize)]
pub struct ShownReplay {
    replay: u64,
    epoch: Epoch,
    partition: Partition,
    from: Offset,
    to: Offset,
}

impl ShownReplay {
    /// A replay as its session sees it.
    #[must_use]
    pub const fn of(replaying: &Replaying) -> Self {
        let span = replaying.span;
        Self {
            replay: replaying.number,
            epoch: span.epoch,
            partition: span.partition,
            from: span.from,
            to: span.to,
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
