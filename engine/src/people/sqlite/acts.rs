//! What admins did, in SQLite.

use super::{Sqlite, failed};
use crate::database::Transaction;
use crate::domain::{RoomId, Timestamp, UserId};
use crate::people::rows::limit_of;
use crate::people::{Act, ActFilter, Acts, Error};
use async_trait::async_trait;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::types::Json;
use sqlx::{Row, query, query_scalar};
use uuid::Uuid;

/// The statement that keeps an act.
pub(super) fn insert(act: &Act) -> Query<'_, sqlx::Sqlite, SqliteArguments<'_>> {
    query("INSERT INTO audit (audit_id, at, actor_id, action, target_id, detail) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(act.id)
        .bind(act.at.as_millis())
        .bind(act.actor_id.uuid())
        .bind(&act.action)
        .bind(act.target_id)
        .bind(Json(&act.detail))
}

#[async_trait]
impl Acts for Sqlite {
    async fn audit(&self, act: &Act) -> Result<(), Error> {
        insert(act).execute(&self.file.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn acts(&self, filter: &ActFilter, before: Option<Uuid>, limit: usize) -> Result<Vec<Act>, Error> {
        let rows = query(
            "SELECT audit_id, at, actor_id, action, target_id, detail FROM audit
             WHERE audit_id < ?1 AND (?3 IS NULL OR actor_id = ?3) AND (?4 IS NULL OR action = ?4)
               AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6)
             ORDER BY audit_id DESC LIMIT ?2",
        )
        .bind(before.unwrap_or(Uuid::max()))
        .bind(limit_of(limit))
        .bind(filter.actor_id.map(UserId::uuid))
        .bind(filter.action.as_deref())
        .bind(filter.since.map(Timestamp::as_millis))
        .bind(filter.until.map(Timestamp::as_millis))
        .fetch_all(&self.file.readers)
        .await
        .map_err(failed)?;
        let act = |row: &SqliteRow| {
            Ok(Act {
                id: row.try_get("audit_id")?,
                at: Timestamp::from_millis(row.try_get("at")?),
                actor_id: UserId::new(row.try_get("actor_id")?),
                action: row.try_get("action")?,
                target_id: row.try_get("target_id")?,
                detail: row.try_get::<Json<_>, _>("detail")?.0,
            })
        };
        rows.iter().map(|row| act(row).map_err(failed)).collect()
    }

    async fn close_room(&self, room: RoomId, act: &Act) -> Result<bool, Error> {
        let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE")
            .await
            .map_err(failed)?;
        let closed = query("INSERT INTO closed_rooms (room_id, audit_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(room.uuid())
            .bind(act.id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if closed.rows_affected() == 0 {
            return Ok(false);
        }
        insert(act).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    async fn closed_rooms(&self) -> Result<Vec<RoomId>, Error> {
        let select = query_scalar("SELECT room_id FROM closed_rooms");
        let rooms: Vec<Uuid> = select.fetch_all(&self.file.readers).await.map_err(failed)?;
        Ok(rooms.into_iter().map(RoomId::new).collect())
    }
}
