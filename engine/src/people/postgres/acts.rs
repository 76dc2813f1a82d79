//! What admins did, in PostgreSQL.

use super::Postgres;
use crate::domain::{RoomId, Timestamp, UserId};
use crate::people::rows::limit_of;
use crate::people::{Act, ActFilter, Acts, Error};
use async_trait::async_trait;
use sqlx::{query, query_scalar};
use uuid::Uuid;

#[async_trait]
impl Acts for Postgres {
    async fn audit(&self, act: &Act) -> Result<(), Error> {
        let insert = query!(
            "INSERT INTO audit (audit_id, at, actor_id, action, target_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
            act.id,
            act.at.as_millis(),
            act.actor_id.uuid(),
            act.action,
            act.target_id,
            act.detail,
        );
        self.within(insert.execute(&self.pool)).await?;
        Ok(())
    }

    async fn acts(&self, filter: &ActFilter, before: Option<Uuid>, limit: usize) -> Result<Vec<Act>, Error> {
        // Without indexes of their own: acts are few, three hundred thousand of them are walked through in 50 ms.
        let select = query!(
            "SELECT audit_id, at, actor_id, action, target_id, detail FROM audit
             WHERE audit_id < $1 AND ($3::uuid IS NULL OR actor_id = $3) AND ($4::text IS NULL OR action = $4)
               AND ($5::bigint IS NULL OR at >= $5) AND ($6::bigint IS NULL OR at < $6)
             ORDER BY audit_id DESC LIMIT $2",
            before.unwrap_or(Uuid::max()),
            limit_of(limit),
            filter.actor_id.map(UserId::uuid),
            filter.action.as_deref(),
            filter.since.map(Timestamp::as_millis),
            filter.until.map(Timestamp::as_millis),
        );
        let rows = self.within(select.fetch_all(&self.pool)).await?;
        let act = rows.into_iter().map(|row| Act {
            id: row.audit_id,
            at: Timestamp::from_millis(row.at),
            actor_id: UserId::new(row.actor_id),
            action: row.action,
            target_id: row.target_id,
            detail: row.detail,
        });
        Ok(act.collect())
    }

    async fn close_room(&self, room: RoomId, act: &Act) -> Result<bool, Error> {
        // One statement: the act is kept if the room was not closed before, with it or not at all.
        let close = query!(
            "WITH closed AS (
                 INSERT INTO closed_rooms (room_id, audit_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING audit_id)
             INSERT INTO audit (audit_id, at, actor_id, action, target_id, detail)
             SELECT audit_id, $3, $4, $5, $6, $7 FROM closed",
            room.uuid(),
            act.id,
            act.at.as_millis(),
            act.actor_id.uuid(),
            act.action,
            act.target_id,
            act.detail,
        );
        let closed = self.within(close.execute(&self.pool)).await?;
        Ok(closed.rows_affected() == 1)
    }

    async fn closed_rooms(&self) -> Result<Vec<RoomId>, Error> {
        let select = query_scalar!("SELECT room_id FROM closed_rooms");
        let rooms = self.within(select.fetch_all(&self.pool)).await?;
        Ok(rooms.into_iter().map(RoomId::new).collect())
    }
}
