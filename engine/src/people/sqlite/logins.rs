//! Logins, in SQLite.

use super::{Sqlite, failed};
use crate::database::Transaction;
use crate::domain::{Timestamp, UserId};
use crate::people::rows::{LoginRow, limit_of};
use crate::people::{EndedLately, EndedLogin, Error, Login, Logins};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use uuid::Uuid;

const LOGIN: &str = "SELECT login_id, user_id, refresh_digest, previous_digest, check_key, created_at, rotated_at,
                            expires_at, revoked, ended_at, user_agent, address FROM logins";

fn login_of(row: &SqliteRow) -> Result<Login, Error> {
    LoginRow {
        login_id: row.try_get("login_id").map_err(failed)?,
        user_id: row.try_get("user_id").map_err(failed)?,
        refresh_digest: row.try_get("refresh_digest").map_err(failed)?,
        previous_digest: row.try_get("previous_digest").map_err(failed)?,
        check_key: row.try_get("check_key").map_err(failed)?,
        created_at: row.try_get("created_at").map_err(failed)?,
        rotated_at: row.try_get("rotated_at").map_err(failed)?,
        expires_at: row.try_get("expires_at").map_err(failed)?,
        revoked: row.try_get("revoked").map_err(failed)?,
        ended_at: row.try_get("ended_at").map_err(failed)?,
        user_agent: row.try_get("user_agent").map_err(failed)?,
        address: row.try_get("address").map_err(failed)?,
    }
    .try_into()
}

/// Ends every login of a person but `keep`, in a transaction; answers which.
pub(super) async fn end_all(
    transaction: &mut Transaction<sqlx::Sqlite>,
    user: UserId,
    keep: Option<Uuid>,
    at: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let rows = query(
        "UPDATE logins SET revoked = TRUE, ended_at = ? WHERE user_id = ? AND NOT revoked AND login_id IS NOT ?
         RETURNING login_id",
    )
    .bind(at.as_millis())
    .bind(user.uuid())
    .bind(keep)
    .fetch_all(&mut **transaction)
    .await?;
    rows.iter().map(|row| row.try_get("login_id")).collect()
}

#[async_trait]
impl Logins for Sqlite {
    async fn add_login(&self, login: &Login, most: usize) -> Result<(), Error> {
        let added = async {
            let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE").await?;
            query(
                "UPDATE logins SET revoked = TRUE, ended_at = ?1 WHERE login_id IN (
                     SELECT login_id FROM logins WHERE user_id = ?2 AND NOT revoked
                     ORDER BY rotated_at DESC, login_id LIMIT -1 OFFSET ?3)",
            )
            .bind(login.rotated_at.as_millis())
            .bind(login.user_id.uuid())
            .bind(limit_of(most.saturating_sub(1)))
            .execute(&mut *transaction)
            .await?;
            query(
                "INSERT INTO logins (login_id, user_id, refresh_digest, previous_digest, check_key, created_at, rotated_at,
                                     expires_at, revoked, ended_at, user_agent, address)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(login.id)
            .bind(login.user_id.uuid())
            .bind(&login.refresh_digest[..])
            .bind(login.previous_digest.as_ref().map(|digest| &digest[..]))
            .bind(login.check_key.as_ref().map(|key| &key.0[..]))
            .bind(login.created_at.as_millis())
            .bind(login.rotated_at.as_millis())
            .bind(login.expires_at.as_millis())
            .bind(login.ended_at.is_some())
            .bind(login.ended_at.map(Timestamp::as_millis))
            .bind(login.device.user_agent())
            .bind(login.device.address.map(|address| address.to_string()))
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await
        };
        added.await.map_err(failed)
    }

    async fn login(&self, id: Uuid) -> Result<Option<Login>, Error> {
        let row = query(&format!("{LOGIN} WHERE login_id = ?"))
            .bind(id)
            .fetch_optional(&self.file.readers)
            .await
            .map_err(failed)?;
        row.as_ref().map(login_of).transpose()
    }

    async fn logins_of(&self, user: UserId, now: Timestamp, limit: usize) -> Result<Vec<Login>, Error> {
        let statement = format!(
            "{LOGIN} WHERE user_id = ? AND NOT revoked AND expires_at > ? ORDER BY rotated_at DESC, login_id LIMIT ?"
        );
        let rows = query(&statement)
            .bind(user.uuid())
            .bind(now.as_millis())
            .bind(limit_of(limit))
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(login_of).collect()
    }

    async fn rotate(&self, from: [u8; 32], next: &Login) -> Result<bool, Error> {
        let rotated = query(
            "UPDATE logins SET refresh_digest = ?3, previous_digest = refresh_digest, expires_at = ?4, rotated_at = ?5,
                               check_key = COALESCE(check_key, ?6)
             WHERE login_id = ?1 AND refresh_digest = ?2 AND NOT revoked",
        )
        .bind(next.id)
        .bind(&from[..])
        .bind(&next.refresh_digest[..])
        .bind(next.expires_at.as_millis())
        .bind(next.rotated_at.as_millis())
        .bind(next.check_key.as_ref().map(|key| &key.0[..]))
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        Ok(rotated.rows_affected() == 1)
    }

    async fn end_login(&self, id: Uuid, user: Option<UserId>, at: Timestamp) -> Result<bool, Error> {
        let ended = query(
            "UPDATE logins SET revoked = TRUE, ended_at = ?3
             WHERE login_id = ?1 AND (?2 IS NULL OR user_id = ?2) AND NOT revoked",
        )
        .bind(id)
        .bind(user.map(UserId::uuid))
        .bind(at.as_millis())
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        Ok(ended.rows_affected() == 1)
    }

    async fn end_logins(&self, user: UserId, keep: Option<Uuid>, at: Timestamp) -> Result<Vec<Uuid>, Error> {
        let ended = async {
            let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE").await?;
            let ended = end_all(&mut transaction, user, keep, at).await?;
            transaction.commit().await?;
            Ok(ended)
        };
        ended.await.map_err(failed)
    }

    async fn sweep_logins(&self, before: Timestamp, most: usize) -> Result<u64, Error> {
        let swept = query(
            "DELETE FROM logins WHERE login_id IN (
                 SELECT login_id FROM logins WHERE COALESCE(ended_at, expires_at) < ?
                 ORDER BY COALESCE(ended_at, expires_at) LIMIT ?)",
        )
        .bind(before.as_millis())
        .bind(limit_of(most))
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        Ok(swept.rows_affected())
    }

    async fn ended(&self, logins_since: Timestamp, people_since: Timestamp, most: usize) -> Result<EndedLately, Error> {
        let select = async |statement: &'static str, since: Timestamp| {
            let select = query(statement).bind(since.as_millis()).bind(limit_of(most));
            select.fetch_all(&self.file.readers).await
        };
        let read = async {
            let logins = select(
                "SELECT login_id, user_id FROM logins WHERE revoked AND ended_at > ? ORDER BY ended_at DESC LIMIT ?",
                logins_since,
            );
            let login = |row: &SqliteRow| {
                Ok(EndedLogin {
                    id: row.try_get("login_id")?,
                    user_id: UserId::new(row.try_get("user_id")?),
                })
            };
            let person = |row: &SqliteRow| Ok(UserId::new(row.try_get("user_id")?));
            let logins = logins.await?.iter().map(login).collect::<Result<_, sqlx::Error>>()?;
            let disabled = select(
                "SELECT user_id FROM users WHERE disabled AND disabled_at > ?
                     AND NOT EXISTS (SELECT 1 FROM erased WHERE erased.user_id = users.user_id)
                 ORDER BY disabled_at DESC LIMIT ?",
                people_since,
            );
            let disabled = disabled.await?.iter().map(person).collect::<Result<_, sqlx::Error>>()?;
            let erased = select(
                "SELECT user_id FROM erased WHERE erased_at > ? ORDER BY erased_at DESC LIMIT ?",
                people_since,
            );
            let erased = erased.await?.iter().map(person).collect::<Result<_, sqlx::Error>>()?;
            Ok(EndedLately {
                logins,
                disabled,
                erased,
            })
        };
        read.await.map_err(failed)
    }
}
