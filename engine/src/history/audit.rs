//! The rows of history as they are, for whoever holds them against the log: nothing is parsed, so nothing that stands there is
//! beyond telling.
//!
//! What must hold: everything that one [`Audit`] answers is of one instant of the store, of which it says where it stands. What a
//! row should be is made of the fold's own words by the `of` beside each type, so that both sides are the same columns.

use super::rows::{kind_name, role_name};
use super::{Error, ReadMark};
use crate::domain::{Change, Cid, Digest, Emoji, EventId, Header, Message, Offset, RoomId, Seq, Timestamp, UserId};
use async_trait::async_trait;
use bytes::Bytes;

/// A row of `rooms`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct RoomLine {
    pub kind: String,
    pub name: String,
    pub topic: String,
    pub owner: Option<UserId>,
    pub deleted: bool,
    pub head: Seq,
    pub messages: u64,
    pub rules: i64,
    pub digest: Bytes,
    pub created_at: Timestamp,
}

impl RoomLine {
    /// The row that a room's header makes.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            kind: kind_name(header.kind).to_owned(),
            name: header.name.as_str().to_owned(),
            topic: header.topic.as_str().to_owned(),
            owner: header.owner,
            deleted: header.deleted,
            head: header.head,
            messages: header.messages,
            rules: header.rules.into(),
            digest: Bytes::copy_from_slice(header.digest.as_bytes()),
            created_at: header.created_at,
        }
    }
}

/// The lists of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// `members`.
    Members,
    /// `invitations`.
    Invitations,
    /// `bans`.
    Bans,
    /// `mutes`.
    Mutes,
}

impl List {
    /// The table's name.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Invitations => "invitations",
            Self::Bans => "bans",
            Self::Mutes => "mutes",
        }
    }

    /// As the readers' statements name it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "member" => Self::Members,
            "invitation" => Self::Invitations,
            "ban" => Self::Bans,
            "mute" => Self::Mutes,
            _ => return None,
        })
    }
}

/// A row of one of the lists of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLine {
    /// Which list.
    pub list: List,
    /// Who.
    pub user_id: UserId,
    /// Of members.
    pub role: Option<String>,
    /// Of invitations: by whom.
    pub by: Option<UserId>,
    /// Of members when they joined, of bans and mutes until when.
    pub time: Option<Timestamp>,
}

impl PersonLine {
    /// The row that a delta makes; `None` where it takes one away.
    #[must_use]
    pub fn of(change: &Change) -> Option<Self> {
        let line = |list, user_id, role: Option<&str>, by, time| {
            Some(Self {
                list,
                user_id,
                role: role.map(str::to_owned),
                by,
                time,
            })
        };
        match *change {
            Change::Member {
                user_id,
                role,
                joined_at,
            } => line(List::Members, user_id, Some(role_name(role)), None, Some(joined_at)),
            Change::Invitation { user_id, by } => line(List::Invitations, user_id, None, Some(by), None),
            Change::Ban { user_id, until } => line(List::Bans, user_id, None, None, until),
            Change::Mute { user_id, until } => line(List::Mutes, user_id, None, None, until),
            Change::NoMember { .. } | Change::NoInvitation { .. } | Change::NoBan { .. } | Change::NoMute { .. } => {
                None
            }
        }
    }
}

/// A row of `journal`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct JournalLine {
    pub seq: Seq,
    pub author_id: UserId,
    pub cid: Cid,
    pub offset: Offset,
    pub appended_at: Timestamp,
    pub digest: Bytes,
    pub fingerprint: Bytes,
    pub datum: Bytes,
}

impl JournalLine {
    /// The digest, if the row holds one.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest.as_ref().try_into().ok().map(Digest::from_bytes)
    }
}

/// A row of `messages`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct MessageLine {
    pub seq: Seq,
    pub ordinal: u64,
    pub id: EventId,
    pub author_id: UserId,
    pub author_name: String,
    pub at: Timestamp,
    pub text: String,
    pub edited_at: Option<Timestamp>,
    pub deleted: bool,
    pub reply_to: Option<Seq>,
    pub mentions: Vec<UserId>,
}

impl MessageLine {
    /// The row that a message makes, but for its reactions, which are rows of their own.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self {
            seq: message.seq,
            ordinal: message.ordinal,
            id: message.id,
            author_id: message.from.id,
            author_name: message.from.name.as_str().to_owned(),
            at: message.at,
            text: message.text.clone(),
            edited_at: message.edited_at,
            deleted: message.deleted,
            reply_to: message.reply_to,
            mentions: message.mentions.clone(),
        }
    }
}

/// The key of a row of `reactions` in its room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReactionKey {
    /// Of which message.
    pub seq: Seq,
    /// With what; of a sound row an [`Emoji`].
    pub emoji: String,
    /// Who.
    pub user_id: UserId,
}

impl ReactionKey {
    /// The key of a reaction.
    #[must_use]
    pub fn of(seq: Seq, emoji: &Emoji, user_id: UserId) -> Self {
        Self {
            seq,
            emoji: emoji.as_str().to_owned(),
            user_id,
        }
    }
}

/// A row of `reactions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionLine {
    /// Which.
    pub key: ReactionKey,
    /// The seq at which this emoji came to the message.
    pub emoji_since: Seq,
    /// The seq at which this person added it.
    pub since: Seq,
}

/// A row of `mentions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MentionLine {
    /// Where.
    pub room_id: RoomId,
    /// In which message.
    pub seq: Seq,
    /// Who is named.
    pub user_id: UserId,
}

/// One partition's rows, all of one instant. It holds a connection as long as it lives, and the store may end it when it is left
/// standing for seconds.
#[async_trait]
pub trait Audit: Send {
    /// Where the events' rows stand: the partition's checkpoint; offset 0 before its first claim.
    fn next(&self) -> Offset;

    /// Where the read markers stand.
    fn reads_next(&self) -> Offset;

    /// Up to `limit` rooms of the partition after `after`, in order of id, with their lists of people.
    async fn rooms(
        &mut self,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Vec<(RoomId, RoomLine, Vec<PersonLine>)>, Error>;

    /// One room, with its lists of people.
    async fn room(&mut self, room: RoomId) -> Result<Option<(RoomLine, Vec<PersonLine>)>, Error>;

    /// Up to `limit` rows of a room's journal after `after`, in order of seq.
    async fn journal(&mut self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<JournalLine>, Error>;

    /// Up to `limit` messages of a room after `after`, in order of seq.
    async fn messages(&mut self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<MessageLine>, Error>;

    /// Up to `limit` reactions of a room that come after `after`, in the store's own order of keys.
    async fn reactions(&mut self, room: RoomId, after: &ReactionKey, limit: usize) -> Result<Vec<ReactionLine>, Error>;

    /// Up to `limit` mentions in these rooms, in messages after `after` and up to `through`, in order of room, seq and
    /// person. The table is read from end to end.
    async fn mentions(
        &mut self,
        rooms: &[RoomId],
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<MentionLine>, Error>;

    /// Up to `limit` read markers of a room, those after `after` in order of person.
    async fn reads(&mut self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<ReadMark>, Error>;
}
