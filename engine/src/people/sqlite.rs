//! People in one SQLite file, `people.db`: not derived, so every commit waits for the disk.
//!
//! Here: the file and the keys; the rest by what it is about.

mod acts;
mod logins;
mod users;

use super::rows::KeyRow;
use super::{Error, People, SigningKey};
use crate::database::sqlite::{Durability, File, failure};
use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use std::path::Path;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite/people");

/// As metrics call those who write and those who read.
const POOLS: [&str; 2] = ["people-writer", "people-readers"];

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
        let file = File::open(path, POOLS, Durability::Synchronous, &MIGRATIONS).await?;
        Ok(Self { file })
    }

    /// Shows what its pools are like now.
    pub fn show(&self) {
        self.file.show();
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

#[async_trait]
impl People for Sqlite {
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

    async fn ping(&self) -> Result<(), Error> {
        query("SELECT 1").execute(&self.file.readers).await.map_err(failed)?;
        Ok(())
    }
}
