//! Messages as they stand, with their reactions: the latest of a room, those at given places, a page.

use super::reader::bounded;
use crate::database::Pool;
use crate::database::postgres::within;
use crate::domain::{RoomId, Seq};
use crate::history::plan::Loaded;
use crate::history::rows::{MessageRow, ReactionRow, join};
use crate::history::{Error, Page};
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, query_as};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// The latest `limit` messages of each room, newest first.
pub(super) async fn latest_messages(
    connection: &mut PgConnection,
    rooms: &[Uuid],
    limit: usize,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    query_as!(
        MessageRow,
        r#"SELECT m.room_id AS "room_id!", m.seq AS "seq!", m.ordinal AS "ordinal!", m.id AS "id!",
                  m.author_id AS "author_id!", m.author_name AS "author_name!", m.at AS "at!", m.text AS "text!",
                  m.edited_at, m.deleted AS "deleted!", m.reply_to, m.mentions AS "mentions!"
           FROM UNNEST($1::uuid[]) AS r (room_id)
           CROSS JOIN LATERAL (
               SELECT * FROM messages WHERE messages.room_id = r.room_id ORDER BY seq DESC LIMIT $2
           ) AS m
           ORDER BY m.room_id, m.seq DESC"#,
        rooms,
        bounded(limit),
    )
    .fetch_all(connection)
    .await
}

/// What was reacted with to these messages, in the order of emoji and people.
pub(super) async fn reactions(
    connection: &mut PgConnection,
    messages: &[MessageRow],
) -> Result<Vec<ReactionRow>, sqlx::Error> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let rooms: Vec<Uuid> = messages.iter().map(|row| row.room_id).collect();
    let seqs: Vec<i64> = messages.iter().map(|row| row.seq).collect();
    query_as!(
        ReactionRow,
        "SELECT r.room_id, r.seq, r.emoji, r.user_id, r.emoji_since
         FROM UNNEST($1::uuid[], $2::bigint[]) AS m (room_id, seq)
         JOIN reactions r ON r.room_id = m.room_id AND r.seq = m.seq
         ORDER BY r.room_id, r.seq, r.emoji_since, r.since",
        &rooms,
        &seqs,
    )
    .fetch_all(connection)
    .await
}

/// The messages at these places, as they stand: those that there are.
pub(super) async fn messages_at(
    connection: &mut PgConnection,
    limit: Duration,
    places: &BTreeSet<(RoomId, Seq)>,
) -> Result<Vec<Loaded>, Error> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let rooms: Vec<Uuid> = places.iter().map(|(room, _)| room.uuid()).collect();
    let seqs: Vec<i64> = places.iter().map(|(_, seq)| seq.get().cast_signed()).collect();
    let read = async {
        let messages = query_as!(
            MessageRow,
            "SELECT m.room_id, m.seq, m.ordinal, m.id, m.author_id, m.author_name, m.at, m.text, m.edited_at, m.deleted,
                    m.reply_to, m.mentions
             FROM UNNEST($1::uuid[], $2::bigint[]) AS t (room_id, seq)
             JOIN messages m ON m.room_id = t.room_id AND m.seq = t.seq",
            &rooms,
            &seqs,
        )
        .fetch_all(&mut *connection)
        .await?;
        let reactions = reactions(connection, &messages).await?;
        Ok((messages, reactions))
    };
    let (messages, reactions) = within(limit, read).await?;
    join(messages, reactions)
}

/// A message and what was reacted with to it, in one row: three lists of the same length, in the order of emoji and people.
struct WholeRow {
    room_id: Uuid,
    seq: i64,
    ordinal: i64,
    id: Uuid,
    author_id: Uuid,
    author_name: String,
    at: i64,
    text: String,
    edited_at: Option<i64>,
    deleted: bool,
    reply_to: Option<i64>,
    mentions: Vec<Uuid>,
    emoji: Option<Vec<String>>,
    people: Option<Vec<Uuid>>,
    emoji_since: Option<Vec<i64>>,
}

impl WholeRow {
    fn split(self, reactions: &mut Vec<ReactionRow>) -> MessageRow {
        let (room_id, seq) = (self.room_id, self.seq);
        let emoji = self.emoji.unwrap_or_default().into_iter();
        let rest = self
            .people
            .unwrap_or_default()
            .into_iter()
            .zip(self.emoji_since.unwrap_or_default());
        reactions.extend(emoji.zip(rest).map(|(emoji, (user_id, emoji_since))| ReactionRow {
            room_id,
            seq,
            emoji,
            user_id,
            emoji_since,
        }));
        MessageRow {
            room_id,
            seq,
            ordinal: self.ordinal,
            id: self.id,
            author_id: self.author_id,
            author_name: self.author_name,
            at: self.at,
            text: self.text,
            edited_at: self.edited_at,
            deleted: self.deleted,
            reply_to: self.reply_to,
            mentions: self.mentions,
        }
    }
}

/// A page, in order of seq. One statement, and so one snapshot, is one way to the server and back.
pub(super) async fn page(
    pool: &Pool<Postgres>,
    room: RoomId,
    page: Page,
    limit: i64,
) -> Result<(Vec<MessageRow>, Vec<ReactionRow>), sqlx::Error> {
    let room = room.uuid();
    let rows = match page {
        Page::Latest => page_before(pool, room, i64::MAX, limit).await?,
        Page::Before(seq) => page_before(pool, room, seq.get().cast_signed(), limit).await?,
        Page::After(seq) => page_after(pool, room, seq.get().cast_signed(), limit).await?,
    };
    let mut reactions = Vec::new();
    let messages = rows.into_iter().map(|row| row.split(&mut reactions)).collect();
    Ok((messages, reactions))
}

async fn page_before(pool: &Pool<Postgres>, room: Uuid, seq: i64, limit: i64) -> Result<Vec<WholeRow>, sqlx::Error> {
    query_as!(
        WholeRow,
        r#"SELECT m.room_id AS "room_id!", m.seq AS "seq!", m.ordinal AS "ordinal!", m.id AS "id!",
                  m.author_id AS "author_id!", m.author_name AS "author_name!", m.at AS "at!", m.text AS "text!",
                  m.edited_at, m.deleted AS "deleted!", m.reply_to, m.mentions AS "mentions!",
                  r.emoji, r.people, r.emoji_since
           FROM (SELECT * FROM messages WHERE room_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3) AS m
           LEFT JOIN LATERAL
               (SELECT array_agg(emoji ORDER BY emoji_since, since) AS emoji,
                       array_agg(user_id ORDER BY emoji_since, since) AS people,
                       array_agg(emoji_since ORDER BY emoji_since, since) AS emoji_since
                FROM reactions WHERE room_id = m.room_id AND seq = m.seq) AS r ON true
           ORDER BY m.seq"#,
        room,
        seq,
        limit,
    )
    .fetch_all(pool)
    .await
}

async fn page_after(pool: &Pool<Postgres>, room: Uuid, seq: i64, limit: i64) -> Result<Vec<WholeRow>, sqlx::Error> {
    query_as!(
        WholeRow,
        r#"SELECT m.room_id AS "room_id!", m.seq AS "seq!", m.ordinal AS "ordinal!", m.id AS "id!",
                  m.author_id AS "author_id!", m.author_name AS "author_name!", m.at AS "at!", m.text AS "text!",
                  m.edited_at, m.deleted AS "deleted!", m.reply_to, m.mentions AS "mentions!",
                  r.emoji, r.people, r.emoji_since
           FROM (SELECT * FROM messages WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) AS m
           LEFT JOIN LATERAL
               (SELECT array_agg(emoji ORDER BY emoji_since, since) AS emoji,
                       array_agg(user_id ORDER BY emoji_since, since) AS people,
                       array_agg(emoji_since ORDER BY emoji_since, since) AS emoji_since
                FROM reactions WHERE room_id = m.room_id AND seq = m.seq) AS r ON true
           ORDER BY m.seq"#,
        room,
        seq,
        limit,
    )
    .fetch_all(pool)
    .await
}
