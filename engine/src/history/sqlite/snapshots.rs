//! Snapshots of rooms: written at the end of a batch, looked for from a point backwards.

use super::reader::page_of;
use super::{EVENTS, failed};
use crate::domain::{Epoch, Partition, RECENT, RoomId, WINDOW};
use crate::history::kept::{KeptRow, encode, unless_torn};
use crate::history::rows::WindowRow;
use crate::history::{Error, Nearest, Page, RoomBatch, Upto};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

/// Keeps the snapshots that are due, of rooms as their rows stand in this transaction.
pub(super) async fn write(connection: &mut SqliteConnection, rooms: &[RoomBatch]) -> Result<(), Error> {
    for room in rooms {
        let (Some(changes), Some(last)) = (&room.snapshot, room.entries.last()) else {
            continue;
        };
        let read = page_of(connection, room.room_id, Page::Latest, RECENT).await;
        let Some(recent) = unless_torn(room.room_id, read)? else {
            continue;
        };
        let recent = recent.into_iter().map(|loaded| loaded.message).collect();
        let Some(state) = encode(&room.header, changes, recent) else {
            continue;
        };
        query("INSERT INTO snapshots (room_id, seq, log_offset, appended_at, state) VALUES (?, ?, ?, ?, ?)")
            .bind(room.room_id.uuid())
            .bind(last.entry.seq.get().cast_signed())
            .bind(last.entry.offset.get().cast_signed())
            .bind(last.entry.appended_at.as_millis())
            .bind(state)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// The last one at or before `upto` that can be read.
pub(super) async fn nearest(
    connection: &mut SqliteConnection,
    room: RoomId,
    partition: Partition,
    upto: Upto,
) -> Result<Nearest, Error> {
    let epoch: Option<Uuid> = query_scalar("SELECT epoch FROM checkpoints WHERE projection = ? AND partition = ?")
        .bind(EVENTS)
        .bind(partition.get())
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let rules: Option<i64> = query_scalar("SELECT rules FROM rooms WHERE room_id = ?")
        .bind(room.uuid())
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let mut nearest = Nearest {
        kept: None,
        unreadable: 0,
        rules: rules.map(|rules| u32::try_from(rules).unwrap_or(u32::MAX)),
        epoch: epoch.map(Epoch::new),
    };
    let mut upto = upto;
    while let Some(row) = row_at(connection, room, upto).await? {
        upto = row.before();
        let window = window(connection, room, row.seq).await?;
        nearest.kept = row.read(room, window);
        if nearest.kept.is_some() {
            break;
        }
        nearest.unreadable += 1;
    }
    Ok(nearest)
}

async fn row_at(connection: &mut SqliteConnection, room: RoomId, upto: Upto) -> Result<Option<KeptRow>, Error> {
    let (place, number) = match upto {
        Upto::Seq(seq) => ("seq <= ? ORDER BY seq", seq.get()),
        Upto::Before(offset) => ("log_offset < ? ORDER BY log_offset", offset.get()),
    };
    let text =
        format!("SELECT seq, log_offset, appended_at, state FROM snapshots WHERE room_id = ? AND {place} DESC LIMIT 1");
    query_as(&text)
        .bind(room.uuid())
        .bind(number.cast_signed())
        .fetch_optional(connection)
        .await
        .map_err(failed)
}

/// The window at `seq`, newest first.
async fn window(connection: &mut SqliteConnection, room: RoomId, seq: i64) -> Result<Vec<WindowRow>, Error> {
    query_as(
        "SELECT room_id, author_id, cid, seq, log_offset FROM journal WHERE room_id = ? AND seq <= ?
         ORDER BY seq DESC LIMIT ?",
    )
    .bind(room.uuid())
    .bind(seq)
    .bind(WINDOW.cast_signed())
    .fetch_all(connection)
    .await
    .map_err(failed)
}
