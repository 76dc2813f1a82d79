//! What is done once, before anything runs: tables, topics, keys and schemas.

use super::waiting::Patience;
use super::{Error, welcome};
use crate::config::{Config, Mode};
use crate::edge::clock::{Clock as _, SystemClock};
use engine::codec::lock::{self, Lock};
use engine::codec::registry::Registry;
use engine::log::Log as _;
use engine::people::postgres::SchemaId;
use engine::{history, log, people};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// `roomlog migrate`.
pub(super) async fn migrate(config: &Config) -> Result<(), Error> {
    if config.mode() == Mode::Embedded {
        return welcome::say("embedded mode: nothing to do, `roomlog serve` makes what it needs");
    }
    let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
    let tables = async || history::postgres::migrate(&config.postgres).await;
    patience.ask("PostgreSQL", &never, tables).await?;
    let accounts = async || people::postgres::migrate(&config.postgres, SystemClock.now()).await;
    patience.ask("PostgreSQL", &never, accounts).await?;
    let topics = async || log::kafka::Log::open(config.kafka.log.clone(), true).await;
    let log = patience.ask("Kafka", &never, topics).await?;
    log.close().await;
    welcome::say(&format!(
        "the tables are up to date, the topics {}.* are there; the log's epoch is {}",
        config.kafka.log.prefix,
        log.epoch()
    ))
}

/// `roomlog schemas register`.
pub(super) async fn register(config: &Config) -> Result<(), Error> {
    let registry = registry(config)?;
    let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
    let register = async || registry.register(Lock::embedded(), &config.kafka.log.prefix).await;
    let registered = patience.ask("the schema registry", &never, register).await?;
    let ids: Vec<SchemaId> = registered
        .into_iter()
        .map(|schema| {
            let id = i32::try_from(schema.id);
            let id = id.map_err(|_| Error::Impossible(format!("the registry's id {} is out of range", schema.id)))?;
            Ok(SchemaId {
                fingerprint: schema.fingerprint,
                subject: schema.subject,
                id,
            })
        })
        .collect::<Result<_, Error>>()?;
    let people = people::postgres::Postgres::connect(&config.postgres)?;
    let keep = async || people.keep_schema_ids(&ids).await;
    let kept = patience.ask("PostgreSQL", &never, keep).await;
    people.close().await;
    kept?;
    welcome::say(&format!(
        "{} schemas are registered, their ids kept in the database",
        ids.len()
    ))
}

/// `roomlog schemas check`: registry, lock and files agree.
pub(super) async fn check(config: &Config) -> Result<(), Error> {
    // The files are those of this binary: that they are what the lock says is checked whenever it is read.
    lock::generate().map_err(Error::Impossible)?;
    let registry = registry(config)?;
    let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
    let ask = async || registry.check(Lock::embedded(), &config.kafka.log.prefix).await;
    let differences = patience.ask("the schema registry", &never, ask).await?;
    if differences.is_empty() {
        return welcome::say("registry, lock and schemas agree");
    }
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    Err(Error::Impossible(lines.join("\n")))
}

/// `roomlog schemas lock`: the lock of the schemas that this binary was built from.
pub(super) fn lock(write: Option<&Path>) -> Result<(), Error> {
    let text = lock::generate().map_err(Error::Impossible)?;
    match write {
        None => welcome::say(text.trim_end()),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Error::Impossible(format!("cannot write {}: {error}", path.display()))),
    }
}

fn registry(config: &Config) -> Result<Registry, Error> {
    if config.kafka.schema_registry.is_empty() {
        return Err(Error::Impossible(
            "ROOMLOG_KAFKA__SCHEMA_REGISTRY names no schema registry".into(),
        ));
    }
    Ok(Registry::new(&config.kafka.schema_registry)?)
}
