//! History in one SQLite file, `history.db`: derived, so it may be deleted, and comes back from the log.

mod audit;
pub mod beside;
mod listings;
mod reader;
mod rows;
mod search;
mod snapshots;
mod writer;

use super::Error;
use crate::database::Transaction;
use crate::database::sqlite::{Durability, File, failure};
use crate::domain::{Offset, Partition};
use sqlx::Sqlite as Db;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnection;
use std::path::Path;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite/history");

/// The checkpoints of the events topic.
const EVENTS: &str = "events";
/// The checkpoints of the reads topic.
const READS: &str = "reads";

/// As metrics call those who write and those who read.
const POOLS: [&str; 2] = ["history-writer", "history-readers"];

/// History in SQLite, for reading and writing.
#[derive(Clone, Debug)]
pub struct Sqlite {
    file: File,
}

impl Sqlite {
    /// Opens or makes the file and brings it up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] names the file and what is wrong with it; [`Error::Corrupt`]: delete it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path, POOLS, Durability::Derived, &MIGRATIONS).await?;
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

    /// Every statement in it sees the same rows.
    async fn snapshot(&self) -> Result<Transaction<Db>, Error> {
        Transaction::begin(&self.file.readers, "BEGIN").await.map_err(failed)
    }

    /// Takes the lock for writing at once: what is read before the first write is then no older than it.
    async fn writing(&self) -> Result<Transaction<Db>, Error> {
        Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE")
            .await
            .map_err(failed)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: sqlx::Error) -> Error {
    failure(&error).into()
}

/// How far a partition of the events topic is in history: offset 0 before its first claim.
async fn next_offset(connection: &mut SqliteConnection, partition: Partition) -> Result<Offset, Error> {
    let next: Option<i64> =
        sqlx::query_scalar("SELECT next_offset FROM checkpoints WHERE projection = ? AND partition = ?")
            .bind(EVENTS)
            .bind(partition.get())
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    Ok(next.map_or(Offset::ZERO, |next| Offset::new(next.cast_unsigned())))
}
