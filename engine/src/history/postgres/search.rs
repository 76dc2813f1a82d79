//! Full-text search: `websearch_to_tsquery` over the words that each message's row keeps.
//!
//! What must hold: no word is slow because of how often it comes. The newest messages are looked through first, which is
//! enough for common words; for seldom ones all messages are found by the index of words. (The server's own choice between
//! the two walks through everything for a word that is rarer than its statistics know.) Statements are planned for what is
//! asked, and the server ends one that takes longer than it may.

use super::Postgres;
use super::messages::reactions;
use super::reader::bounded;
use crate::domain::{RULES, RoomId, Timestamp, UserId};
use crate::history::Error;
use crate::history::listings::rows::{self, RoomOfHit};
use crate::history::listings::{Hit, Search};
use crate::history::rows::MessageRow;
use sqlx::postgres::PgConnection;
use sqlx::{query, query_as};
use uuid::Uuid;

/// Messages that are looked through by time before the index of words is asked: some milliseconds, and enough for a page
/// of words that come once in some hundred messages.
const LOOKED_THROUGH: i64 = 10_000;

/// A message and its room, as they come.
struct HitRow {
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
    kind: String,
    name: String,
}

impl HitRow {
    fn split(self) -> (MessageRow, RoomOfHit) {
        let message = MessageRow {
            room_id: self.room_id,
            seq: self.seq,
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
        };
        let room = RoomOfHit {
            kind: self.kind,
            name: self.name,
        };
        (message, room)
    }
}

pub(super) async fn search(store: &Postgres, asked: &Search) -> Result<Vec<Hit>, Error> {
    let read = async {
        let mut snapshot = store.snapshot().await?;
        query!(
            r#"SELECT set_config('plan_cache_mode', 'force_custom_plan', true) AS "plan!",
                      set_config('statement_timeout', $1, true) AS "limit!""#,
            format!("{}ms", asked.patience.as_millis()),
        )
        .fetch_one(&mut *snapshot)
        .await?;
        let mut found = newest(&mut snapshot, asked).await?;
        if found.len() < asked.limit {
            found = every(&mut snapshot, asked).await?;
        }
        let (messages, rooms): (Vec<MessageRow>, Vec<RoomOfHit>) = found.into_iter().map(HitRow::split).unzip();
        let reactions = reactions(&mut snapshot, &messages).await?;
        snapshot.commit().await?;
        Ok((messages, rooms, reactions))
    };
    let (messages, rooms, reactions) = store.within(read).await?;
    rows::hits(messages, rooms, reactions)
}

/// What is found among the [`LOOKED_THROUGH`] newest of all messages, or of the room's. A full page of it is the page.
async fn newest(connection: &mut PgConnection, asked: &Search) -> Result<Vec<HitRow>, sqlx::Error> {
    let before = asked.before;
    let hidden: Vec<Uuid> = asked.hidden.iter().map(|user| user.uuid()).collect();
    query_as!(
        HitRow,
        r#"SELECT m.room_id AS "room_id!", m.seq AS "seq!", m.ordinal AS "ordinal!", m.id AS "id!",
                  m.author_id AS "author_id!", m.author_name AS "author_name!", m.at AS "at!", m.text AS "text!",
                  m.edited_at, m.deleted AS "deleted!", m.reply_to, m.mentions AS "mentions!", r.kind, r.name
           FROM ((SELECT * FROM messages
                  WHERE $5::uuid IS NULL
                      AND ($7::bigint IS NULL OR at >= $7)
                      AND ($8::bigint IS NULL OR at < $8)
                      AND ($9::bigint IS NULL OR (at, room_id, seq) < ($9, $10, $11))
                  ORDER BY at DESC, room_id DESC, seq DESC LIMIT $14)
                 UNION ALL
                 (SELECT * FROM messages
                  WHERE room_id = $5
                      AND ($7::bigint IS NULL OR at >= $7)
                      AND ($8::bigint IS NULL OR at < $8)
                      AND ($9::bigint IS NULL OR (at, room_id, seq) < ($9, $10, $11))
                  ORDER BY seq DESC LIMIT $14)) AS m
           JOIN rooms r ON r.room_id = m.room_id
           WHERE m.words @@ websearch_to_tsquery('simple', $1)
               AND ($6::uuid IS NULL OR m.author_id = $6)
               AND m.author_id <> ALL ($12::uuid[])
               AND NOT r.deleted AND r.rules <= $3
               AND (r.kind IN ('open', 'public')
                    OR EXISTS (SELECT FROM members p WHERE p.room_id = r.room_id AND p.user_id = $2))
               AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.room_id AND b.user_id = $2
                                                    AND (b.until IS NULL OR b.until > $4))
           ORDER BY m.at DESC, m.room_id DESC, m.seq DESC LIMIT $13"#,
        asked.query.websearch(),
        asked.user_id.uuid(),
        i64::from(RULES),
        asked.now.as_millis(),
        asked.room.map(RoomId::uuid),
        asked.author.map(UserId::uuid),
        asked.from.map(Timestamp::as_millis),
        asked.to.map(Timestamp::as_millis),
        before.map(|place| place.at.as_millis()),
        before.map(|place| place.room_id.uuid()),
        before.map(|place| place.seq.get().cast_signed()),
        &hidden,
        bounded(asked.limit),
        LOOKED_THROUGH,
    )
    .fetch_all(connection)
    .await
}

/// What is found among all messages.
async fn every(connection: &mut PgConnection, asked: &Search) -> Result<Vec<HitRow>, sqlx::Error> {
    let before = asked.before;
    let hidden: Vec<Uuid> = asked.hidden.iter().map(|user| user.uuid()).collect();
    query_as!(
        HitRow,
        r#"WITH found AS MATERIALIZED (
               SELECT room_id, seq, at FROM messages
               WHERE words @@ websearch_to_tsquery('simple', $1)
                   AND ($5::uuid IS NULL OR room_id = $5)
                   AND ($6::uuid IS NULL OR author_id = $6)
                   AND ($7::bigint IS NULL OR at >= $7)
                   AND ($8::bigint IS NULL OR at < $8)
                   AND ($9::bigint IS NULL OR (at, room_id, seq) < ($9, $10, $11))
                   AND author_id <> ALL ($12::uuid[])
           )
           SELECT m.room_id, m.seq, m.ordinal, m.id, m.author_id, m.author_name, m.at, m.text, m.edited_at, m.deleted,
                  m.reply_to, m.mentions, f.kind AS "kind!", f.name AS "name!"
           FROM (SELECT found.room_id, found.seq, r.kind, r.name
                 FROM found JOIN rooms r ON r.room_id = found.room_id
                 WHERE NOT r.deleted AND r.rules <= $3
                     AND (r.kind IN ('open', 'public')
                          OR EXISTS (SELECT FROM members p WHERE p.room_id = r.room_id AND p.user_id = $2))
                     AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.room_id AND b.user_id = $2
                                                          AND (b.until IS NULL OR b.until > $4))
                 ORDER BY found.at DESC, found.room_id DESC, found.seq DESC LIMIT $13) AS f
           JOIN messages m ON m.room_id = f.room_id AND m.seq = f.seq
           ORDER BY m.at DESC, m.room_id DESC, m.seq DESC"#,
        asked.query.websearch(),
        asked.user_id.uuid(),
        i64::from(RULES),
        asked.now.as_millis(),
        asked.room.map(RoomId::uuid),
        asked.author.map(UserId::uuid),
        asked.from.map(Timestamp::as_millis),
        asked.to.map(Timestamp::as_millis),
        before.map(|place| place.at.as_millis()),
        before.map(|place| place.room_id.uuid()),
        before.map(|place| place.seq.get().cast_signed()),
        &hidden,
        bounded(asked.limit),
    )
    .fetch_all(connection)
    .await
}
