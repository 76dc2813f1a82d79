//! Full-text search by FTS5, which keeps an index of the words of messages.
//!
//! What must hold: a statement that takes longer than it may is interrupted, and nothing of that outlives it.

use super::reader::{bounded, reactions};
use super::rows::{HitRow, MESSAGE};
use super::{Sqlite, failed};
use crate::domain::{RULES, RoomId, Timestamp, UserId};
use crate::history::Error;
use crate::history::listings::rows::{self, RoomOfHit};
use crate::history::listings::{Hit, Search};
use crate::history::rows::MessageRow;
use sqlx::query_as;
use sqlx::sqlite::SqliteConnection;
use std::time::Instant;

/// Instructions of SQLite's machine between two looks at the clock.
const INSTRUCTIONS: i32 = 10_000;

pub(super) async fn search(store: &Sqlite, asked: &Search) -> Result<Vec<Hit>, Error> {
    let deadline = Instant::now() + asked.patience;
    // Whatever ends this but the commit ends the connection, and the deadline with it.
    let mut snapshot = store.snapshot().await?;
    {
        let mut handle = snapshot.lock_handle().await.map_err(failed)?;
        handle.set_progress_handler(INSTRUCTIONS, move || Instant::now() < deadline);
    }
    let found = found(&mut snapshot, asked).await?;
    let (messages, rooms): (Vec<MessageRow>, Vec<RoomOfHit>) =
        found.into_iter().map(|hit| (hit.message, hit.room)).unzip();
    let reactions = reactions(&mut snapshot, &messages).await?;
    snapshot.lock_handle().await.map_err(failed)?.remove_progress_handler();
    snapshot.commit().await.map_err(failed)?;
    rows::hits(messages, rooms, reactions)
}

async fn found(connection: &mut SqliteConnection, asked: &Search) -> Result<Vec<HitRow>, Error> {
    let columns: Vec<String> = MESSAGE.split(", ").map(|column| format!("m.{column}")).collect();
    let text = format!(
        "SELECT {}, r.kind, r.name
         FROM words JOIN messages m ON m.number = words.rowid JOIN rooms r ON r.room_id = m.room_id
         WHERE words MATCH ?1
             AND NOT r.deleted AND r.rules <= ?3
             AND (r.kind IN ('open', 'public')
                  OR EXISTS (SELECT 1 FROM members p WHERE p.room_id = m.room_id AND p.user_id = ?2))
             AND NOT EXISTS (SELECT 1 FROM bans b WHERE b.room_id = m.room_id AND b.user_id = ?2
                                                    AND (b.until IS NULL OR b.until > ?4))
             AND (?5 IS NULL OR m.room_id = ?5)
             AND (?6 IS NULL OR m.author_id = ?6)
             AND (?7 IS NULL OR m.at >= ?7)
             AND (?8 IS NULL OR m.at < ?8)
             AND (?9 IS NULL OR (m.at, m.room_id, m.seq) < (?9, ?10, ?11))
             AND m.author_id NOT IN (SELECT unhex(value) FROM json_each(?12))
         ORDER BY m.at DESC, m.room_id DESC, m.seq DESC LIMIT ?13",
        columns.join(", ")
    );
    let before = asked.before;
    let hidden: Vec<String> = asked
        .hidden
        .iter()
        .map(|user| user.uuid().simple().to_string())
        .collect();
    query_as(&text)
        .bind(asked.query.fts5())
        .bind(asked.user_id.uuid())
        .bind(RULES)
        .bind(asked.now.as_millis())
        .bind(asked.room.map(RoomId::uuid))
        .bind(asked.author.map(UserId::uuid))
        .bind(asked.from.map(Timestamp::as_millis))
        .bind(asked.to.map(Timestamp::as_millis))
        .bind(before.map(|place| place.at.as_millis()))
        .bind(before.map(|place| place.room_id.uuid()))
        .bind(before.map(|place| place.seq.get().cast_signed()))
        .bind(serde_json::to_string(&hidden).expect("ids are JSON"))
        .bind(bounded(asked.limit))
        .fetch_all(connection)
        .await
        .map_err(failed)
}
