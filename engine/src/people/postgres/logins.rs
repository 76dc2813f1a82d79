//! Logins, in PostgreSQL.

use super::Postgres;
use crate::domain::{Timestamp, UserId};
use crate::people::rows::{LoginRow, limit_of};
use crate::people::{EndedLately, EndedLogin, Error, Login, Logins};
use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

#[async_trait]
impl Logins for Postgres {
    async fn add_login(&self, login: &Login, most: usize) -> Result<(), Error> {
        let beside = limit_of(most.saturating_sub(1));
        let insert = query!(
            "WITH ended AS (
                 UPDATE logins SET revoked = true, ended_at = $7 WHERE login_id IN (
                     SELECT login_id FROM logins WHERE user_id = $2 AND NOT revoked
                     ORDER BY rotated_at DESC, login_id OFFSET $13)
             )
             INSERT INTO logins (login_id, user_id, refresh_digest, previous_digest, check_key, created_at, rotated_at,
                                 expires_at, revoked, ended_at, user_agent, address)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            login.id,
            login.user_id.uuid(),
            &login.refresh_digest[..],
            login.previous_digest.as_ref().map(|digest| &digest[..]),
            login.check_key.as_ref().map(|key| &key.0[..]),
            login.created_at.as_millis(),
            login.rotated_at.as_millis(),
            login.expires_at.as_millis(),
            login.ended_at.is_some(),
            login.ended_at.map(Timestamp::as_millis),
            login.device.user_agent(),
            login.device.address.map(|address| address.to_string()),
            beside,
        );
        self.within(insert.execute(&self.pool)).await?;
        Ok(())
    }

    async fn login(&self, id: Uuid) -> Result<Option<Login>, Error> {
        let select = query_as!(
            LoginRow,
            "SELECT login_id, user_id, refresh_digest, previous_digest, check_key, created_at, rotated_at, expires_at,
                    revoked, ended_at, user_agent, address
             FROM logins WHERE login_id = $1",
            id,
        );
        let row = self.within(select.fetch_optional(&self.pool)).await?;
        row.map(Login::try_from).transpose()
    }

    async fn logins_of(&self, user: UserId, now: Timestamp, limit: usize) -> Result<Vec<Login>, Error> {
        let select = query_as!(
            LoginRow,
            "SELECT login_id, user_id, refresh_digest, previous_digest, check_key, created_at, rotated_at, expires_at,
                    revoked, ended_at, user_agent, address
             FROM logins WHERE user_id = $1 AND NOT revoked AND expires_at > $2
             ORDER BY rotated_at DESC, login_id LIMIT $3",
            user.uuid(),
            now.as_millis(),
            limit_of(limit),
        );
        let rows = self.within(select.fetch_all(&self.pool)).await?;
        rows.into_iter().map(Login::try_from).collect()
    }

    async fn rotate(&self, from: [u8; 32], next: &Login) -> Result<bool, Error> {
        let update = query!(
            "UPDATE logins SET refresh_digest = $3, previous_digest = refresh_digest, expires_at = $4, rotated_at = $5,
                               check_key = COALESCE(check_key, $6)
             WHERE login_id = $1 AND refresh_digest = $2 AND NOT revoked",
            next.id,
            &from[..],
            &next.refresh_digest[..],
            next.expires_at.as_millis(),
            next.rotated_at.as_millis(),
            next.check_key.as_ref().map(|key| &key.0[..]),
        );
        Ok(self.within(update.execute(&self.pool)).await?.rows_affected() == 1)
    }

    async fn end_login(&self, id: Uuid, user: Option<UserId>, at: Timestamp) -> Result<bool, Error> {
        let update = query!(
            "UPDATE logins SET revoked = true, ended_at = $3
             WHERE login_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND NOT revoked",
            id,
            user.map(UserId::uuid),
            at.as_millis(),
        );
        Ok(self.within(update.execute(&self.pool)).await?.rows_affected() == 1)
    }

    async fn end_logins(&self, user: UserId, keep: Option<Uuid>, at: Timestamp) -> Result<Vec<Uuid>, Error> {
        let update = query_scalar!(
            "UPDATE logins SET revoked = true, ended_at = $3
             WHERE user_id = $1 AND NOT revoked AND login_id IS DISTINCT FROM $2 RETURNING login_id",
            user.uuid(),
            keep,
            at.as_millis(),
        );
        self.within(update.fetch_all(&self.pool)).await
    }

    async fn sweep_logins(&self, before: Timestamp, most: usize) -> Result<u64, Error> {
        // Two edges may sweep at once: what one has in hand, the other passes over.
        let delete = query!(
            "DELETE FROM logins WHERE login_id IN (
                 SELECT login_id FROM logins WHERE COALESCE(ended_at, expires_at) < $1
                 ORDER BY COALESCE(ended_at, expires_at) LIMIT $2 FOR UPDATE SKIP LOCKED)",
            before.as_millis(),
            limit_of(most),
        );
        Ok(self.within(delete.execute(&self.pool)).await?.rows_affected())
    }

    async fn ended(&self, logins_since: Timestamp, people_since: Timestamp, most: usize) -> Result<EndedLately, Error> {
        let (since, most) = (people_since.as_millis(), limit_of(most));
        let logins = query!(
            "SELECT login_id, user_id FROM logins WHERE revoked AND ended_at > $1 ORDER BY ended_at DESC LIMIT $2",
            logins_since.as_millis(),
            most,
        );
        let logins = self.within(logins.fetch_all(&self.pool)).await?;
        let disabled = query_scalar!(
            "SELECT user_id FROM users WHERE disabled AND disabled_at > $1
                 AND NOT EXISTS (SELECT FROM erased WHERE erased.user_id = users.user_id)
             ORDER BY disabled_at DESC LIMIT $2",
            since,
            most,
        );
        let disabled = self.within(disabled.fetch_all(&self.pool)).await?;
        let erased = query_scalar!(
            "SELECT user_id FROM erased WHERE erased_at > $1 ORDER BY erased_at DESC LIMIT $2",
            since,
            most,
        );
        let erased = self.within(erased.fetch_all(&self.pool)).await?;
        let login = |id, user| EndedLogin {
            id,
            user_id: UserId::new(user),
        };
        Ok(EndedLately {
            logins: logins.into_iter().map(|row| login(row.login_id, row.user_id)).collect(),
            disabled: disabled.into_iter().map(UserId::new).collect(),
            erased: erased.into_iter().map(UserId::new).collect(),
        })
    }
}
