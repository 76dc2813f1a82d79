//! Messages as they stand, with their reactions: the latest of a room, those at given places, a page.

use super::reader::bounded;
use crate::database::postgres::within;
use crate::domain::{RoomId, Seq};
use crate::history::plan::Loaded;
use crate::history::rows::{MessageRow, ReactionRow, join};
use crate::history::{Error, Page};
use sqlx::postgres::PgConnection;
use sqlx::query_as;
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

/// A page's rows, in the order in which they were cut.
pub(super) async fn page_rows(
    connection: &mut PgConnection,
    room: RoomId,
    page: Page,
    limit: i64,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    let room = room.uuid();
    match page {
        Page::Latest => page_before(connection, room, i64::MAX, limit).await,
        Page::Before(seq) => page_before(connection, room, seq.get().cast_signed(), limit).await,
        Page::After(seq) => {
            query_as!(
            MessageRow,
            "SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
                 FROM messages WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            room,
            seq.get().cast_signed(),
            limit,
        )
            .fetch_all(connection)
            .await
        }
    }
}

async fn page_before(
    connection: &mut PgConnection,
    room: Uuid,
    seq: i64,
    limit: i64,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    let mut rows = query_as!(
        MessageRow,
        "SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
         FROM messages WHERE room_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
        room,
        seq,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.reverse();
    Ok(rows)
}
