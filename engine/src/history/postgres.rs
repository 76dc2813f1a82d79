//! History in PostgreSQL, schema `history`.
//!
//! New journal and message rows go in by binary COPY, the rest by UNNEST: one statement a kind, however large the batch.

mod audit;
pub mod beside;
mod copy;
mod listings;
mod lists;
mod messages;
mod reader;
mod search;
mod snapshots;
mod spoken;
mod writer;

use super::Error;
use crate::database::postgres::{self, within};
use crate::database::{Pool, Transaction};
use crate::domain::{Offset, Partition};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres as Pg, query_scalar};
use std::future::Future;
use std::time::Duration;

pub use crate::database::postgres::Config;

/// Where the tables are.
pub const SCHEMA: &str = "history";
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres/history");

/// The checkpoints of the events topic.
const EVENTS: &str = "events";
/// The checkpoints of the reads topic.
const READS: &str = "reads";

/// Brings the schema up to date.
///
/// # Errors
/// [`Error::Unavailable`] when the server is away, [`Error::Corrupt`] when the schema is not what this binary knows.
pub async fn migrate(config: &Config) -> Result<(), Error> {
    Ok(postgres::migrate(config, SCHEMA, &MIGRATIONS).await?)
}

/// History in PostgreSQL, for reading and writing.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: Pool<Pg>,
    limit: Duration,
}

impl Postgres {
    /// A pool of its own. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the URL is none.
    pub fn connect(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            pool: postgres::connect(config, SCHEMA, config.history_durability())?,
            limit: Duration::from_millis(config.operation_ms),
        })
    }

    /// Shows what its pool is like now.
    pub fn show(&self) {
        self.pool.show();
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A snapshot: every statement in it sees the same rows. It begins at the checkpoints, as every batch does: whoever has
    /// them to itself knows that nobody is in the middle of anything (`beside/swap`). The lock costs no turn of its own,
    /// and the rows are those of after it was given.
    async fn snapshot(&self) -> Result<Transaction<Pg>, sqlx::Error> {
        const BEGIN: &str =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE checkpoints IN ACCESS SHARE MODE";
        Transaction::begin(&self.pool, BEGIN).await
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>> + Send) -> Result<T, Error> {
        Ok(within(self.limit, work).await?)
    }
}

/// How far a partition of the events topic is in history: offset 0 before its first claim.
async fn next_offset(connection: &mut PgConnection, partition: Partition) -> Result<Offset, sqlx::Error> {
    let next = query_scalar!(
        "SELECT next_offset FROM checkpoints WHERE projection = $1 AND partition = $2",
        EVENTS,
        number(partition),
    )
    .fetch_optional(connection)
    .await?;
    Ok(next.map_or(Offset::ZERO, |next| Offset::new(next.cast_unsigned())))
}

/// Partitions are few: the bits of a u16 as PostgreSQL's smallint.
const fn number(partition: Partition) -> i16 {
    partition.get().cast_signed()
}
