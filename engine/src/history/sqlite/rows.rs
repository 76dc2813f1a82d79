//! Rows as SQLite gives them: each from the columns of its own names.

use crate::history::audit_rows::{AuditedEntry, AuditedMention, AuditedReaction};
use crate::history::kept::KeptRow;
use crate::history::listings::rows::{FoundRow, InvitationRow, MyRoomRow, RoomOfHit};
use crate::history::rows::{ChangeRow, HeaderRow, JournalRow, MessageRow, ReactionRow, WindowRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

pub(super) const HEADER: &str =
    "room_id, kind, name, topic, owner, deleted, head_seq, messages, rules, digest, created_at";
pub(super) const JOURNAL: &str = "seq, log_offset, appended_at, digest, fingerprint, datum";
pub(super) const MESSAGE: &str =
    "room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions";

/// Each row type from the columns of its own name.
macro_rules! from_row {
    ($row:ident { $($column:ident),+ $(,)? }) => {
        impl<'r> FromRow<'r, SqliteRow> for $row {
            fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($column: row.try_get(stringify!($column))?),+ })
            }
        }
    };
}

from_row!(HeaderRow {
    room_id,
    kind,
    name,
    topic,
    owner,
    deleted,
    head_seq,
    messages,
    rules,
    digest,
    created_at
});
from_row!(ChangeRow {
    room_id,
    user_id,
    list,
    role,
    other,
    time
});
from_row!(WindowRow {
    room_id,
    author_id,
    cid,
    seq,
    log_offset
});
from_row!(JournalRow {
    seq,
    log_offset,
    appended_at,
    digest,
    fingerprint,
    datum
});
from_row!(KeptRow {
    seq,
    log_offset,
    appended_at,
    state
});
from_row!(ReactionRow {
    room_id,
    seq,
    emoji,
    user_id,
    emoji_since
});

from_row!(AuditedEntry {
    seq,
    author_id,
    cid,
    log_offset,
    appended_at,
    digest,
    fingerprint,
    datum
});
from_row!(AuditedReaction {
    seq,
    emoji,
    user_id,
    emoji_since,
    since
});
from_row!(AuditedMention { room_id, seq, user_id });

impl<'r> FromRow<'r, SqliteRow> for MessageRow {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        const UUID: usize = 16;
        let mentions: &[u8] = row.try_get("mentions")?;
        let ids = mentions.chunks(UUID).map(Uuid::from_slice);
        Ok(Self {
            room_id: row.try_get("room_id")?,
            seq: row.try_get("seq")?,
            ordinal: row.try_get("ordinal")?,
            id: row.try_get("id")?,
            author_id: row.try_get("author_id")?,
            author_name: row.try_get("author_name")?,
            at: row.try_get("at")?,
            text: row.try_get("text")?,
            edited_at: row.try_get("edited_at")?,
            deleted: row.try_get("deleted")?,
            reply_to: row.try_get("reply_to")?,
            mentions: ids
                .collect::<Result<_, _>>()
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
        })
    }
}

from_row!(MyRoomRow {
    room_id,
    kind,
    name,
    topic,
    owner,
    deleted,
    head_seq,
    messages,
    rules,
    digest,
    created_at,
    role,
    peer,
    read_seq,
    unread,
    mentions
});
from_row!(InvitationRow {
    room_id,
    kind,
    name,
    topic,
    invited_by
});
from_row!(FoundRow {
    room_id,
    kind,
    name,
    topic,
    messages,
    folded,
    members
});

/// A message that was found, and its room.
pub(super) struct HitRow {
    pub(super) message: MessageRow,
    pub(super) room: RoomOfHit,
}

impl<'r> FromRow<'r, SqliteRow> for HitRow {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            message: MessageRow::from_row(row)?,
            room: RoomOfHit {
                kind: row.try_get("kind")?,
                name: row.try_get("name")?,
            },
        })
    }
}
