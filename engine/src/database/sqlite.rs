//! SQLite: one writing connection and some reading ones on a file in WAL mode.

use super::{Failure, Pool};
use sqlx::Sqlite;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;
use std::time::Duration;

/// How long one connection waits for another's lock.
const BUSY: Duration = Duration::from_secs(5);
/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long a connection may take to come back into a pool that is closed, and how often that is looked at.
const CLOSING: Duration = Duration::from_millis(10);
const CLOSINGS: u32 = 200;
/// Readers at once: they never wait for the writer (WAL), only for a turn.
const READERS: u32 = 4;

/// SQLite opens a file that may only be read without a word, and so it would be found out by the first write, or by every
/// one. This writes nothing.
const TRY_TO_WRITE: &str = "BEGIN IMMEDIATE; CREATE TABLE may_be_written (yes INTEGER); ROLLBACK";

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The disk.
    Synchronous,
    /// Nothing: the file is derived. A crash of the machine takes the last commits, whole.
    Derived,
}

/// An open file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The one connection that writes.
    pub(crate) writer: Pool<Sqlite>,
    /// Those that read, each transaction one snapshot.
    pub(crate) readers: Pool<Sqlite>,
}

impl File {
    /// Opens or makes the file, and brings it up to date. Metrics call its pools by `names`: writer, readers.
    pub(crate) async fn open(
        path: &Path,
        names: [&'static str; 2],
        durability: Durability,
        migrator: &Migrator,
    ) -> Result<Self, Failure> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::Synchronous => SqliteSynchronous::Full,
                Durability::Derived => SqliteSynchronous::Normal,
            })
            .busy_timeout(BUSY)
            .foreign_keys(true);
        let named = |failure: Failure| failure.on(path.display());
        let pool = |most: u32| {
            SqlitePoolOptions::new()
                .max_connections(most)
                .acquire_timeout(ACQUIRE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(|error| named(failure(&error)))?;
        migrator.run(&writer).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => named(failure(&error)),
            other => Failure::Corrupt(other.to_string()).on(path.display()),
        })?;
        sqlx::raw_sql(TRY_TO_WRITE)
            .execute(&writer)
            .await
            .map_err(|error| named(failure(&error)))?;
        let readers = pool(READERS).connect_lazy_with(options);
        let [writing, reading] = names;
        Ok(Self {
            writer: Pool::new(writer, writing),
            readers: Pool::new(readers, reading),
        })
    }

    /// Shows how many connections there are now.
    pub(crate) fn show(&self) {
        self.writer.show();
        self.readers.show();
    }

    /// Closes every connection; what is in the WAL moves into the file.
    pub(crate) async fn close(&self) {
        for pool in [&self.readers, &self.writer] {
            pool.close().await;
            // One that was on its way back into the pool meanwhile may have come there after sqlx 0.8 looked last.
            for _ in 0..CLOSINGS {
                if pool.size() == 0 {
                    break;
                }
                tokio::time::sleep(CLOSING).await;
                pool.close().await;
            }
        }
    }
}

/// What a failure means, by SQLite's result code (its lowest byte is the primary one).
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    const READ_ONLY: u32 = 8;
    const FULL: u32 = 13;
    const TOO_BIG: u32 = 18;
    const CONSTRAINT: u32 = 19;
    const MISMATCH: u32 = 20;
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    let sqlx::Error::Database(said) = error else {
        return Failure::of(error);
    };
    let primary = said
        .code()
        .and_then(|code| code.parse::<u32>().ok())
        .map_or(0, |code| code & 0xff);
    let text = said.to_string();
    match primary {
        CONSTRAINT | TOO_BIG | MISMATCH => Failure::Refused(text),
        CORRUPT | NOT_A_DATABASE => Failure::Corrupt(text),
        READ_ONLY => Failure::Away(format!("{text}: let this user write to it")),
        FULL => Failure::Away(format!("{text}: no space left for it")),
        _ => Failure::Away(text),
    }
}
