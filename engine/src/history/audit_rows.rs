//! Rows as both adapters give them to an audit, and what becomes of them.

use super::audit::{JournalLine, List, MentionLine, MessageLine, PersonLine, ReactionKey, ReactionLine, RoomLine};
use super::rows::{ChangeRow, HeaderRow, MessageRow};
use crate::domain::{Cid, EventId, Offset, RoomId, Seq, Timestamp, UserId};
use std::collections::HashMap;
use uuid::Uuid;

/// A row of `journal`, whole but for its room.
pub(super) struct AuditedEntry {
    pub(super) seq: i64,
    pub(super) author_id: Uuid,
    pub(super) cid: Uuid,
    pub(super) log_offset: i64,
    pub(super) appended_at: i64,
    pub(super) digest: Vec<u8>,
    pub(super) fingerprint: Vec<u8>,
    pub(super) datum: Vec<u8>,
}

impl From<AuditedEntry> for JournalLine {
    fn from(row: AuditedEntry) -> Self {
        Self {
            seq: Seq::new(row.seq.cast_unsigned()),
            author_id: UserId::new(row.author_id),
            cid: Cid::new(row.cid),
            offset: Offset::new(row.log_offset.cast_unsigned()),
            appended_at: Timestamp::from_millis(row.appended_at),
            digest: row.digest.into(),
            fingerprint: row.fingerprint.into(),
            datum: row.datum.into(),
        }
    }
}

impl From<MessageRow> for MessageLine {
    fn from(row: MessageRow) -> Self {
        Self {
            seq: Seq::new(row.seq.cast_unsigned()),
            ordinal: row.ordinal.cast_unsigned(),
            id: EventId::new(row.id),
            author_id: UserId::new(row.author_id),
            author_name: row.author_name,
            at: Timestamp::from_millis(row.at),
            text: row.text,
            edited_at: row.edited_at.map(Timestamp::from_millis),
            deleted: row.deleted,
            reply_to: row.reply_to.map(|seq| Seq::new(seq.cast_unsigned())),
            mentions: row.mentions.into_iter().map(UserId::new).collect(),
        }
    }
}

/// A row of `reactions`, whole but for its room.
pub(super) struct AuditedReaction {
    pub(super) seq: i64,
    pub(super) emoji: String,
    pub(super) user_id: Uuid,
    pub(super) emoji_since: i64,
    pub(super) since: i64,
}

impl From<AuditedReaction> for ReactionLine {
    fn from(row: AuditedReaction) -> Self {
        Self {
            key: ReactionKey {
                seq: Seq::new(row.seq.cast_unsigned()),
                emoji: row.emoji,
                user_id: UserId::new(row.user_id),
            },
            emoji_since: Seq::new(row.emoji_since.cast_unsigned()),
            since: Seq::new(row.since.cast_unsigned()),
        }
    }
}

/// A row of `mentions`.
pub(super) struct AuditedMention {
    pub(super) room_id: Uuid,
    pub(super) seq: i64,
    pub(super) user_id: Uuid,
}

impl From<AuditedMention> for MentionLine {
    fn from(row: AuditedMention) -> Self {
        Self {
            room_id: RoomId::new(row.room_id),
            seq: Seq::new(row.seq.cast_unsigned()),
            user_id: UserId::new(row.user_id),
        }
    }
}

impl From<HeaderRow> for RoomLine {
    fn from(row: HeaderRow) -> Self {
        Self {
            kind: row.kind,
            name: row.name,
            topic: row.topic,
            owner: row.owner.map(UserId::new),
            deleted: row.deleted,
            head: Seq::new(row.head_seq.cast_unsigned()),
            messages: row.messages.cast_unsigned(),
            rules: row.rules,
            digest: row.digest.into(),
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

/// Rooms (in order of their headers) with their people.
pub(super) fn by_room(headers: Vec<HeaderRow>, people: Vec<ChangeRow>) -> Vec<(RoomId, RoomLine, Vec<PersonLine>)> {
    let mut lists: HashMap<Uuid, Vec<PersonLine>> = HashMap::new();
    for row in people {
        // The statements name four lists, and nothing else comes.
        let Some(list) = List::named(&row.list) else { continue };
        lists.entry(row.room_id).or_default().push(PersonLine {
            list,
            user_id: UserId::new(row.user_id),
            role: row.role,
            by: row.other.map(UserId::new),
            time: row.time.map(Timestamp::from_millis),
        });
    }
    let room = |header: HeaderRow| {
        let people = lists.remove(&header.room_id).unwrap_or_default();
        (RoomId::new(header.room_id), header.into(), people)
    };
    headers.into_iter().map(room).collect()
}
