//! PostgreSQL: one pool per schema, every wait bounded on both sides of the wire.

use super::{Failure, Pool};
use serde::Deserialize;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Postgres};
use std::future::Future;
use std::time::Duration;

/// Where PostgreSQL is and how long anybody waits for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user:password@host:port/database`.
    pub url: String,
    /// Most connections of one pool.
    pub max_connections: u32,
    /// How long to wait for a free connection, or a new one.
    pub acquire_ms: u64,
    /// The server ends a statement after this.
    pub statement_ms: u64,
    /// The server gives up waiting for a lock after this.
    pub lock_ms: u64,
    /// The server ends a transaction that is left standing for this long, as by a projector that froze.
    pub idle_in_transaction_ms: u64,
    /// A read or a batch as a whole; also catches a server that is no longer reachable.
    pub operation_ms: u64,
    /// Whether a batch waits for the disk. History need not: rows and checkpoint are lost together, and come again
    /// from the log. People always wait.
    pub synchronous_history: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "postgres://localhost/roomlog".to_owned(),
            max_connections: 16,
            acquire_ms: 2_000,
            statement_ms: 10_000,
            lock_ms: 5_000,
            idle_in_transaction_ms: 10_000,
            operation_ms: 15_000,
            synchronous_history: false,
        }
    }
}

impl Config {
    /// The defaults, at `url`.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }

    /// Whether history waits for the disk.
    pub(crate) const fn history_durability(&self) -> Durability {
        if self.synchronous_history {
            Durability::Synchronous
        } else {
            Durability::Derived
        }
    }

    fn options(&self, schema: &str) -> Result<PgConnectOptions, Failure> {
        let options: PgConnectOptions = self.url.parse().map_err(|error: sqlx::Error| failure(&error))?;
        Ok(options.application_name("roomlog").options([("search_path", schema)]))
    }
}

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The disk.
    Synchronous,
    /// Nothing: what a crash of the server takes away is built again. Never more is lost than the last commits, whole.
    Derived,
}

impl Durability {
    const fn setting(self) -> &'static str {
        match self {
            Self::Synchronous => "on",
            Self::Derived => "off",
        }
    }
}

/// A pool whose unqualified names are those of `schema`, which is its own name too. It connects when first asked: a server that is away stops no start.
pub(crate) fn connect(
    config: &Config,
    schema: &'static str,
    durability: Durability,
) -> Result<Pool<Postgres>, Failure> {
    let milliseconds = |wait: u64| format!("{wait}ms");
    let options = config.options(schema)?.options([
        ("statement_timeout", milliseconds(config.statement_ms)),
        ("lock_timeout", milliseconds(config.lock_ms)),
        (
            "idle_in_transaction_session_timeout",
            milliseconds(config.idle_in_transaction_ms),
        ),
        ("synchronous_commit", durability.setting().to_owned()),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_millis(config.acquire_ms))
        .connect_lazy_with(options);
    Ok(Pool::new(pool, schema))
}

/// One connection beside the pools, for work that may take `statement_ms` and that nobody waits behind. The server notices
/// within a second when its owner is gone, also in the middle of a statement, and gives back what it held.
pub(crate) async fn alone(config: &Config, schema: &str, statement_ms: u64) -> Result<PgConnection, Failure> {
    let options = config.options(schema)?.options([
        ("statement_timeout", format!("{statement_ms}ms")),
        ("lock_timeout", format!("{}ms", config.lock_ms)),
        ("client_connection_check_interval", "1s".to_owned()),
    ]);
    let connecting = tokio::time::timeout(Duration::from_millis(config.acquire_ms), options.connect());
    match connecting.await {
        Ok(connected) => connected.map_err(|error| failure(&error)),
        Err(_) => Err(Failure::Away(format!("no connection within {} ms", config.acquire_ms))),
    }
}

/// Brings `schema` up to date, on a connection without time limits; several at once wait for each other.
pub(crate) async fn migrate(config: &Config, schema: &str, migrator: &Migrator) -> Result<(), Failure> {
    let mut connection = config
        .options(schema)?
        .connect()
        .await
        .map_err(|error| failure(&error))?;
    let outcome = async {
        // CREATE SCHEMA IF NOT EXISTS fails when two run it at once.
        sqlx::query("SELECT pg_advisory_lock(hashtext('roomlog.migrate'))")
            .execute(&mut connection)
            .await?;
        sqlx::query(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""))
            .execute(&mut connection)
            .await?;
        migrator.run(&mut connection).await
    }
    .await;
    // Closing gives the lock back.
    let closed = connection.close().await;
    outcome.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failure(&error),
        other => Failure::Corrupt(format!("schema {schema}: {other}")),
    })?;
    closed.map_err(|error| failure(&error))
}

/// What a failure means, by its SQLSTATE where the server spoke.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    let sqlx::Error::Database(said) = error else {
        return Failure::of(error);
    };
    let code = said.code().unwrap_or_default();
    let text = format!("{said} (SQLSTATE {code})");
    match code.get(..2) {
        // Data exceptions, constraints, limits of the program (a row or key too large).
        Some("22" | "23" | "54") => Failure::Refused(text),
        Some("XX") if code != "XX000" => Failure::Corrupt(text),
        Some("42") if code == "42P01" || code == "42703" => Failure::Away(format!("{text}: run `roomlog migrate`")),
        _ => Failure::Away(text),
    }
}

/// Waits for `work`, but not for ever: a server that is cut off sends no error.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done.map_err(|error| failure(&error)),
        Err(_) => Err(Failure::Away(format!("no answer within {} ms", limit.as_millis()))),
    }
}
