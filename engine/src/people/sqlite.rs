//! People in one SQLite file, `people.db`: not derived, so every commit waits for the disk.

use super::rows::{KeyRow, LoginRow, PersonRow};
use super::{Error, Login, People, Person, SigningKey, Username};
use crate::database::sqlite::{Durability, File, failure};
use crate::domain::{Timestamp, UserId};
use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use std::path::Path;
use uuid::Uuid;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite/people");

/// People in SQLite.
#[derive(Clone, Debug)]
pub struct Sqlite {
    file: File,
}

impl Sqlite {
    /// Opens or makes the file and brings it up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] names the file and what is wrong with it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path, Durability::Synchronous, &MIGRATIONS).await?;
        Ok(Self { file })
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.file.close().await;
    }

    async fn stored_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let rows = query("SELECT key_id, pkcs8, created_at FROM signing_keys ORDER BY created_at DESC, key_id")
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        let key = |row: &SqliteRow| {
            Ok(KeyRow {
                key_id: row.try_get("key_id")?,
                pkcs8: row.try_get("pkcs8")?,
                created_at: row.try_get("created_at")?,
            })
        };
        rows.iter()
            .map(|row| key(row).map(SigningKey::from).map_err(failed))
            .collect()
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: sqlx::Error) -> Error {
    failure(&error).into()
}

fn person_of(row: &SqliteRow) -> Result<Person, Error> {
    PersonRow {
        user_id: row.try_get("user_id").map_err(failed)?,
        username: row.try_get("username").map_err(failed)?,
        display_name: row.try_get("display_name").map_err(failed)?,
        disabled: row.try_get("disabled").map_err(failed)?,
    }
    .try_into()
}

#[async_trait]
impl People for Sqlite {
    async fn add(&self, person: &Person, password: Option<&str>, at: Timestamp) -> Result<(), Error> {
        let added = query(
            "INSERT INTO users (user_id, username, display_name, password, disabled, created_at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING",
        )
        .bind(person.id.uuid())
        .bind(person.username.as_ref().map(Username::as_str))
        .bind(person.display_name.as_str())
        .bind(password)
        .bind(person.disabled)
        .bind(at.as_millis())
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        if added.rows_affected() == 0 {
            Err(Error::Taken)
        } else {
            Ok(())
        }
    }

    async fn person(&self, id: UserId) -> Result<Option<Person>, Error> {
        let row = query("SELECT user_id, username, display_name, disabled FROM users WHERE user_id = ?")
            .bind(id.uuid())
            .fetch_optional(&self.file.readers)
            .await
            .map_err(failed)?;
        row.as_ref().map(person_of).transpose()
    }

    async fn by_username(&self, username: &Username) -> Result<Option<(Person, String)>, Error> {
        let row = query(
            "SELECT user_id, username, display_name, disabled, password FROM users
             WHERE username = ? AND password IS NOT NULL",
        )
        .bind(username.as_str())
        .fetch_optional(&self.file.readers)
        .await
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((person_of(&row)?, row.try_get("password").map_err(failed)?)))
    }

    async fn add_login(&self, login: &Login, at: Timestamp) -> Result<(), Error> {
        query(
            "INSERT INTO logins (login_id, user_id, refresh_digest, previous_digest, created_at, rotated_at, expires_at,
                                 revoked)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(login.id)
        .bind(login.user_id.uuid())
        .bind(&login.refresh_digest[..])
        .bind(login.previous_digest.as_ref().map(|digest| &digest[..]))
        .bind(at.as_millis())
        .bind(login.rotated_at.as_millis())
        .bind(login.expires_at.as_millis())
        .bind(login.revoked)
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn login(&self, id: Uuid) -> Result<Option<Login>, Error> {
        let row = query(
            "SELECT login_id, user_id, refresh_digest, previous_digest, rotated_at, expires_at, revoked
             FROM logins WHERE login_id = ?",
        )
        .bind(id)
        .fetch_optional(&self.file.readers)
        .await
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let row = LoginRow {
            login_id: row.try_get("login_id").map_err(failed)?,
            user_id: row.try_get("user_id").map_err(failed)?,
            refresh_digest: row.try_get("refresh_digest").map_err(failed)?,
            previous_digest: row.try_get("previous_digest").map_err(failed)?,
            rotated_at: row.try_get("rotated_at").map_err(failed)?,
            expires_at: row.try_get("expires_at").map_err(failed)?,
            revoked: row.try_get("revoked").map_err(failed)?,
        };
        row.try_into().map(Some)
    }

    async fn rotate(
        &self,
        login: Uuid,
        from: [u8; 32],
        to: [u8; 32],
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let rotated = query(
            "UPDATE logins SET refresh_digest = ?3, previous_digest = refresh_digest, expires_at = ?4, rotated_at = ?5
             WHERE login_id = ?1 AND refresh_digest = ?2 AND NOT revoked",
        )
        .bind(login)
        .bind(&from[..])
        .bind(&to[..])
        .bind(expires_at.as_millis())
        .bind(at.as_millis())
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        Ok(rotated.rows_affected() == 1)
    }

    async fn revoke(&self, id: Uuid) -> Result<(), Error> {
        query("UPDATE logins SET revoked = TRUE WHERE login_id = ?")
            .bind(id)
            .execute(&self.file.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn signing_keys(&self, make: &(dyn Fn() -> SigningKey + Send + Sync)) -> Result<Vec<SigningKey>, Error> {
        let mut keys = self.stored_keys().await?;
        if keys.is_empty() {
            let key = make();
            // One statement: of several that start at once, one makes the key.
            query(
                "INSERT INTO signing_keys (key_id, pkcs8, created_at)
                 SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM signing_keys)",
            )
            .bind(key.id)
            .bind(&key.pkcs8)
            .bind(key.created_at.as_millis())
            .execute(&self.file.writer)
            .await
            .map_err(failed)?;
            keys = self.stored_keys().await?;
        }
        Ok(keys)
    }

    async fn erased(&self) -> Result<Vec<(UserId, bool)>, Error> {
        let rows = query("SELECT user_id, texts FROM erased ORDER BY user_id")
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        let erased = |row: &SqliteRow| Ok((UserId::new(row.try_get("user_id")?), row.try_get("texts")?));
        rows.iter().map(|row| erased(row).map_err(failed)).collect()
    }

    async fn ping(&self) -> Result<(), Error> {
        query("SELECT 1").execute(&self.file.readers).await.map_err(failed)?;
        Ok(())
    }
}
