//! A second history beside the first, in the schema `history_next`: made, filled through the usual adapter, compared, swapped.
//!
//! What must hold: the advisory lock of one connection, the guard's, says that nobody else does the same, and the swap is
//! made on that connection, so whoever has lost the lock can't swap. Everything else is in the schema itself: what was begun,
//! by which version, and which indexes are still to be made, in a table `rebuild` that goes with the swap.
//! The names of schemas vary and tables are read from the catalog, so these statements are not checked at build time.

mod compare;
mod swap;

pub use compare::{COMPARED, NOT_COMPARED};

use super::{EVENTS, MIGRATIONS, Postgres, READS, SCHEMA};
use crate::beside::{Beside, Difference, Differs, Error, Limits, Old, Stand};
use crate::database::Failure;
use crate::database::postgres::{self, Config, Durability, failure};
use crate::domain::{Epoch, Offset, Partition, RoomId};
use crate::log::Topic;
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, Row};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// Where the new one grows, and where the old one stays.
pub const NEXT: &str = "history_next";
/// See [`NEXT`].
pub const OLD: &str = "history_old";
/// What a rebuild notes in the new schema.
const NOTES: &str = "rebuild";
/// How long the server may take to notice that a killed rebuild is gone.
const ENDING: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug)]
pub struct PostgresBeside {
    guard: PgConnection,
    limits: Limits,
    epoch: Epoch,
    next: Postgres,
    /// A transaction is open that holds the old history.
    held: bool,
}

impl PostgresBeside {
    /// Begins a second history, or goes on with one that was begun. `anew` throws away what was begun.
    ///
    /// # Errors
    /// [`Error::Busy`] when another rebuild runs, [`Error::Impossible`] when something stands in the way.
    pub async fn open(config: &Config, epoch: Epoch, limits: Limits, anew: bool) -> Result<Self, Error> {
        let mut guard = guard(config, &limits).await?;
        if !exists(&mut guard, SCHEMA).await? {
            return Err(Error::Impossible(format!(
                "there is no schema {SCHEMA}: run `roomlog migrate`"
            )));
        }
        if anew {
            drop_schema(&mut guard, NEXT).await?;
        }
        if !is_begun(&mut guard, epoch).await? {
            // What a rebuild left that was killed before it had filled anything.
            drop_schema(&mut guard, NEXT).await?;
            postgres::migrate(config, NEXT, &MIGRATIONS).await?;
            begin(&mut guard, epoch).await?;
        }
        let filling = Config {
            max_connections: limits.connections,
            statement_ms: limits.statement_ms,
            operation_ms: limits.statement_ms,
            // Nobody else writes there; a rebuild that waits for itself would be a defect.
            lock_ms: config.lock_ms,
            ..config.clone()
        };
        let next = Postgres {
            pool: postgres::connect(&filling, NEXT, Durability::Derived)?,
            limit: Duration::from_millis(limits.statement_ms),
        };
        Ok(Self {
            guard,
            limits,
            epoch,
            next,
            held: false,
        })
    }

    /// The new history, to be read and written.
    #[must_use]
    pub fn store(&self) -> Postgres {
        self.next.clone()
    }
}

/// Throws away the old history that a swap kept; says whether there was one.
///
/// # Errors
/// [`Error::Busy`] while a rebuild runs.
pub async fn drop_old(config: &Config, limits: &Limits) -> Result<bool, Error> {
    let mut guard = guard(config, limits).await?;
    let there = exists(&mut guard, OLD).await?;
    drop_schema(&mut guard, OLD).await?;
    close(guard).await;
    Ok(there)
}

/// Puts the kept history back into its place, and keeps the one that was there.
///
/// # Errors
/// [`Error::Impossible`] when none is kept, [`Error::Away`] when its users do not let go of it.
pub async fn swap_back(config: &Config, limits: &Limits) -> Result<(), Error> {
    let mut guard = guard(config, limits).await?;
    if !exists(&mut guard, OLD).await? {
        return Err(Error::Impossible(format!(
            "there is no schema {OLD}: no history was swapped, or it was dropped"
        )));
    }
    // It may have been kept over an update.
    postgres::migrate(config, OLD, &MIGRATIONS).await?;
    swap::back(&mut guard, limits).await?;
    close(guard).await;
    Ok(())
}

/// A connection that has the lock of rebuilds.
async fn guard(config: &Config, limits: &Limits) -> Result<PgConnection, Error> {
    let mut guard = postgres::alone(config, SCHEMA, limits.statement_ms).await?;
    let asked = tokio::time::Instant::now();
    loop {
        let lock = "SELECT pg_try_advisory_lock(hashtext('roomlog.rebuild.history'))";
        let locked: bool = guard.fetch_one(lock).await.map_err(failed)?.get(0);
        if locked {
            return Ok(guard);
        }
        if asked.elapsed() > ENDING {
            return Err(Error::Busy(
                "another rebuild of history runs in this database: wait for its end, or stop it".into(),
            ));
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

async fn exists(guard: &mut PgConnection, schema: &str) -> Result<bool, Error> {
    let there = sqlx::query("SELECT to_regnamespace($1) IS NOT NULL").bind(schema);
    Ok(there.fetch_one(guard).await.map_err(failed)?.get(0))
}

async fn drop_schema(guard: &mut PgConnection, schema: &str) -> Result<(), Error> {
    run(guard, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await
}

/// Which tables a schema has.
async fn tables(guard: &mut PgConnection, schema: &str) -> Result<Vec<String>, Error> {
    let tables = sqlx::query(
        "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p') ORDER BY 1",
    );
    let rows = tables.bind(schema).fetch_all(guard).await.map_err(failed)?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What a rebuild that goes on must have in common with the one that began.
fn version() -> String {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
    format!("{} with migration {}", env!("CARGO_PKG_VERSION"), newest.unwrap_or(0))
}

/// Whether a rebuild was begun that this one can go on with.
async fn is_begun(guard: &mut PgConnection, epoch: Epoch) -> Result<bool, Error> {
    let found = tables(guard, NEXT).await?;
    if !found.iter().any(|table| table == NOTES) {
        let filled = found.iter().any(|table| table == "checkpoints")
            && guard
                .fetch_one(format!("SELECT EXISTS (SELECT FROM {NEXT}.checkpoints)").as_str())
                .await
                .map_err(failed)?
                .get(0);
        return if filled {
            Err(Error::Impossible(format!(
                "the schema {NEXT} is not a rebuild's: look what it is, or throw it away with --anew"
            )))
        } else {
            Ok(false)
        };
    }
    for (name, mine) in [("epoch", epoch.to_string()), ("version", version())] {
        let begun = format!("SELECT value FROM {NEXT}.{NOTES} WHERE kind = 'begun' AND name = $1");
        let begun = sqlx::query(&begun).bind(name).fetch_optional(&mut *guard).await;
        let begun: Option<String> = begun.map_err(failed)?.map(|row| row.get(0));
        if begun.as_ref() != Some(&mine) {
            return Err(Error::Impossible(format!(
                "a rebuild was begun in {NEXT} from another {name} ({}, this one is {mine}): --anew throws it away",
                begun.as_deref().unwrap_or("unknown")
            )));
        }
    }
    Ok(true)
}

/// Notes what is begun, and takes the indexes away that the fold does not need: filling each row by row costs several
/// times what making them at the end does. They come from the catalog, so that none of a later migration is forgotten.
async fn begin(guard: &mut PgConnection, epoch: Epoch) -> Result<(), Error> {
    let indexes = sqlx::query(
        "SELECT c.relname::text, pg_get_indexdef(i.indexrelid)
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = to_regnamespace($1) AND NOT i.indisunique ORDER BY 1",
    );
    let indexes = indexes.bind(NEXT).fetch_all(&mut *guard).await.map_err(failed)?;
    run(guard, "BEGIN").await?;
    run(
        guard,
        &format!("CREATE TABLE {NEXT}.{NOTES} (kind text, name text, value text NOT NULL, PRIMARY KEY (kind, name))"),
    )
    .await?;
    note(guard, "begun", "epoch", &epoch.to_string()).await?;
    note(guard, "begun", "version", &version()).await?;
    for index in indexes {
        let (name, definition): (String, String) = (index.get(0), index.get(1));
        note(guard, "index", &name, &definition).await?;
        run(guard, &format!("DROP INDEX {NEXT}.\"{name}\"")).await?;
    }
    run(guard, "COMMIT").await
}

async fn note(guard: &mut PgConnection, kind: &str, name: &str, value: &str) -> Result<(), Error> {
    let insert = format!("INSERT INTO {NEXT}.{NOTES} (kind, name, value) VALUES ($1, $2, $3)");
    let noted = sqlx::query(&insert).bind(kind).bind(name).bind(value).execute(guard);
    noted.await.map_err(failed)?;
    Ok(())
}

async fn run(guard: &mut PgConnection, order: &str) -> Result<(), Error> {
    guard.execute(order).await.map_err(failed)?;
    Ok(())
}

async fn close(guard: PgConnection) {
    // The server lets the lock go with the connection, however that ends.
    let _ = guard.close().await;
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) => Self::Away(why),
            Failure::Refused(why) | Failure::Corrupt(why) => Self::Impossible(why),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: sqlx::Error) -> Error {
    failure(&error).into()
}

#[async_trait]
impl Beside for PostgresBeside {
    async fn keeps_old(&mut self) -> Result<bool, Error> {
        exists(&mut self.guard, OLD).await
    }

    async fn old(&mut self) -> Result<Old, Error> {
        let stands = format!("SELECT projection, partition, epoch, next_offset FROM {SCHEMA}.checkpoints");
        let rows = self.guard.fetch_all(stands.as_str()).await.map_err(failed)?;
        let mut stands = Vec::with_capacity(rows.len());
        for row in rows {
            let (projection, partition, epoch, next): (String, i16, Uuid, i64) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let topic = match projection.as_str() {
                EVENTS => Topic::Events,
                READS => Topic::Reads,
                _ => continue,
            };
            if epoch != self.epoch.uuid() {
                return Ok(Old::OtherEpoch(Epoch::new(epoch)));
            }
            stands.push(Stand {
                topic,
                partition: Partition::new(partition.cast_unsigned()),
                next: Offset::new(next.cast_unsigned()),
            });
        }
        Ok(Old::Stands(stands))
    }

    async fn complete(&mut self) -> Result<(), Error> {
        let left = format!("SELECT name, value FROM {NEXT}.{NOTES} WHERE kind = 'index' ORDER BY name");
        let left = self.guard.fetch_all(left.as_str()).await.map_err(failed)?;
        for index in &left {
            let (name, definition): (String, String) = (index.get(0), index.get(1));
            tracing::info!(index = name, "an index of the new history is made");
            run(&mut self.guard, "BEGIN").await?;
            run(&mut self.guard, &definition).await?;
            let made = format!("DELETE FROM {NEXT}.{NOTES} WHERE kind = 'index' AND name = $1");
            let made = sqlx::query(&made).bind(&name).execute(&mut self.guard).await;
            made.map_err(failed)?;
            run(&mut self.guard, "COMMIT").await?;
        }
        // Without it the first queries after the swap would be planned for empty tables.
        for table in tables(&mut self.guard, NEXT).await? {
            run(&mut self.guard, &format!("ANALYZE {NEXT}.{table}")).await?;
        }
        Ok(())
    }

    async fn compare(&mut self, rooms: Option<&BTreeSet<RoomId>>) -> Result<Vec<Differs>, Error> {
        compare::compare(&mut self.guard, rooms, self.held).await
    }

    async fn explain(&mut self, at: &Differs, rows: usize) -> Result<Difference, Error> {
        compare::explain(&mut self.guard, at, rows).await
    }

    async fn hold(&mut self) -> Result<(), Error> {
        swap::hold(&mut self.guard, &self.limits).await?;
        self.held = true;
        Ok(())
    }

    async fn release(&mut self) -> Result<(), Error> {
        self.held = false;
        run(&mut self.guard, "ROLLBACK").await
    }

    async fn swap(&mut self) -> Result<(), Error> {
        if exists(&mut self.guard, OLD).await? {
            return Err(Error::Impossible(format!(
                "an old history is kept in {OLD}: `roomlog rebuild history --drop-old` throws it away"
            )));
        }
        self.held = false;
        let swapped = swap::swap(&mut self.guard, &self.limits).await;
        if swapped.is_err() {
            // Of what was asked for last the first error is the one to tell.
            let _ = run(&mut self.guard, "ROLLBACK").await;
        }
        swapped?;
        // They would look for a schema that is not there any more.
        self.next.close().await;
        Ok(())
    }

    async fn discard(&mut self) -> Result<(), Error> {
        self.next.close().await;
        drop_schema(&mut self.guard, NEXT).await
    }

    async fn close(self: Box<Self>) {
        self.next.close().await;
        close(self.guard).await;
    }
}
