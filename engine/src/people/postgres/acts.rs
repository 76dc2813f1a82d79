//! What admins did, in PostgreSQL.

use super::Postgres;
use crate::domain::{Timestamp, UserId};
use crate::people::rows::limit_of;
use crate::people::{Act, Acts, Error};
use async_trait::async_trait;
use sqlx::query;
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

    async fn acts(&self, before: Option<Uuid>, limit: usize) -> Result<Vec<Act>, Error> {
        let select = query!(
            "SELECT audit_id, at, actor_id, action, target_id, detail FROM audit
             WHERE audit_id < $1 ORDER BY audit_id DESC LIMIT $2",
            before.unwrap_or(Uuid::max()),
            limit_of(limit),
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
}
