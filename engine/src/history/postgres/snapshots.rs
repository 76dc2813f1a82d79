//! Snapshots of rooms: written at the end of a batch, looked for from a point backwards.

use super::messages::{latest_messages, reactions};
use super::{EVENTS, number};
use crate::database::postgres::within;
use crate::domain::{Epoch, Message, Partition, RECENT, RoomId, WINDOW};
use crate::history::kept::{KeptRow, encode, unless_torn};
use crate::history::rows::{WindowRow, join};
use crate::history::{Error, Nearest, RoomBatch, Upto};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_as, query_scalar};
use std::time::Duration;

/// Keeps the snapshots that are due, of rooms as their rows stand in this transaction.
pub(super) async fn write(connection: &mut PgConnection, limit: Duration, rooms: &[RoomBatch]) -> Result<(), Error> {
    for room in rooms {
        let (Some(changes), Some(last)) = (&room.snapshot, room.entries.last()) else {
            continue;
        };
        let read = async {
            let messages = latest_messages(connection, &[room.room_id.uuid()], RECENT).await?;
            let reactions = reactions(connection, &messages).await?;
            Ok((messages, reactions))
        };
        let (messages, reactions) = within(limit, read).await?;
        let Some(recent) = unless_torn(room.room_id, join(messages, reactions))? else {
            continue;
        };
        let recent = recent.into_iter().rev().map(|loaded| loaded.message);
        let Some(state) = encode(&room.header, changes, recent.collect::<Vec<Message>>()) else {
            continue;
        };
        let insert = query!(
            "INSERT INTO snapshots (room_id, seq, log_offset, appended_at, state) VALUES ($1, $2, $3, $4, $5)",
            room.room_id.uuid(),
            last.entry.seq.get().cast_signed(),
            last.entry.offset.get().cast_signed(),
            last.entry.appended_at.as_millis(),
            state,
        );
        within(limit, insert.execute(&mut *connection)).await?;
    }
    Ok(())
}

/// The last one at or before `upto` that can be read.
pub(super) async fn nearest(
    connection: &mut PgConnection,
    room: RoomId,
    partition: Partition,
    upto: Upto,
) -> Result<Nearest, sqlx::Error> {
    let epoch = query_scalar!(
        "SELECT epoch FROM checkpoints WHERE projection = $1 AND partition = $2",
        EVENTS,
        number(partition),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let rules = query_scalar!("SELECT rules FROM rooms WHERE room_id = $1", room.uuid())
        .fetch_optional(&mut *connection)
        .await?;
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

async fn row_at(connection: &mut PgConnection, room: RoomId, upto: Upto) -> Result<Option<KeptRow>, sqlx::Error> {
    match upto {
        Upto::Seq(seq) => {
            query_as!(
                KeptRow,
                "SELECT seq, log_offset, appended_at, state FROM snapshots
                 WHERE room_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
                room.uuid(),
                seq.get().cast_signed(),
            )
            .fetch_optional(connection)
            .await
        }
        Upto::Before(offset) => {
            query_as!(
                KeptRow,
                "SELECT seq, log_offset, appended_at, state FROM snapshots
                 WHERE room_id = $1 AND log_offset < $2 ORDER BY log_offset DESC LIMIT 1",
                room.uuid(),
                offset.get().cast_signed(),
            )
            .fetch_optional(connection)
            .await
        }
    }
}

/// The window at `seq`, newest first.
async fn window(connection: &mut PgConnection, room: RoomId, seq: i64) -> Result<Vec<WindowRow>, sqlx::Error> {
    query_as!(
        WindowRow,
        "SELECT room_id, author_id, cid, seq, log_offset FROM journal
         WHERE room_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3",
        room.uuid(),
        seq,
        WINDOW.cast_signed(),
    )
    .fetch_all(connection)
    .await
}
