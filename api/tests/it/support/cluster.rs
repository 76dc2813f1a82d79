//! A cluster of one's own on the shared services: a database, topics and keys that nobody else uses.

use super::server::{Ended, Server, run_to_end};
use engine::log::kafka;

/// Few: the shared Kafka makes them anew for every cluster.
const PARTITIONS: &str = "4";

/// Where the parts of one cluster find each other.
pub(crate) struct Cluster {
    settings: Vec<(String, String)>,
}

fn service(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `make test`, or scripts/services up"))
}

impl Cluster {
    /// A database, a topic prefix and a key prefix of its own, migrated and with registered schemas.
    pub(crate) async fn new() -> Self {
        let cluster = Self::migrated().await;
        cluster.run(&["schemas", "register"]);
        cluster
    }

    /// The same without schemas.
    pub(crate) async fn migrated() -> Self {
        let cluster = Self::unmade().await;
        cluster.run(&["migrate"]);
        cluster
    }

    /// The same with an empty database and no topics.
    pub(crate) async fn unmade() -> Self {
        let name = format!("it_{}", uuid::Uuid::new_v4().simple());
        let postgres = service("ROOMLOG_TEST_POSTGRES");
        make_database(&postgres, &name).await;
        let (server, _) = postgres.rsplit_once('/').expect("a URL with a database");
        let setting = |name: &str, value: String| (name.to_owned(), value);
        Self {
            settings: vec![
                setting("ROOMLOG_KAFKA__BROKERS", service("ROOMLOG_TEST_KAFKA")),
                setting("ROOMLOG_KAFKA__SCHEMA_REGISTRY", service("ROOMLOG_TEST_REGISTRY")),
                setting("ROOMLOG_KAFKA__PREFIX", name.clone()),
                setting("ROOMLOG_KAFKA__PARTITIONS", PARTITIONS.to_owned()),
                setting("ROOMLOG_POSTGRES__URL", format!("{server}/{name}")),
                setting("ROOMLOG_REDIS__URL", service("ROOMLOG_TEST_REDIS")),
                setting("ROOMLOG_REDIS__PREFIX", name),
            ],
        }
    }

    /// The same cluster as somebody sees it who has this setting otherwise.
    #[must_use]
    pub(crate) fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut settings = self.settings.clone();
        settings.retain(|(known, _)| known != name);
        settings.push((name.to_owned(), value.into()));
        Self { settings }
    }

    /// What every part is told.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        self.settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// One of them.
    pub(crate) fn setting(&self, name: &str) -> &str {
        let known = self.settings.iter().rev().find(|(known, _)| known == name);
        known.map_or_else(|| panic!("{name} is not set"), |(_, value)| value)
    }

    /// Its log, for those who write what no edge writes.
    pub(crate) async fn log(&self) -> kafka::Log {
        let config = kafka::Config {
            brokers: self.setting("ROOMLOG_KAFKA__BROKERS").to_owned(),
            prefix: self.setting("ROOMLOG_KAFKA__PREFIX").to_owned(),
            partitions: self.setting("ROOMLOG_KAFKA__PARTITIONS").parse().expect("a number"),
            ..kafka::Config::default()
        };
        kafka::Log::open(config, false).await.expect("the log opens")
    }

    /// `roomlog edge`, ready.
    pub(crate) async fn edge(&self) -> Server {
        Server::start(&["edge"], &self.settings()).await
    }

    /// `roomlog projector history`, ready.
    pub(crate) async fn history(&self) -> Server {
        Server::start(&["projector", "history"], &self.settings()).await
    }

    /// `roomlog projector live`, ready.
    pub(crate) async fn live(&self) -> Server {
        Server::start(&["projector", "live"], &self.settings()).await
    }

    /// Any part of Roomlog, not waited for.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Server {
        Server::spawn(arguments, &self.settings())
    }

    /// Runs `roomlog` to its end, which must be good; what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let ended = self.try_run(arguments);
        assert_eq!(ended.code, Some(0), "roomlog {}: {}", arguments.join(" "), ended.stderr);
        ended.stdout
    }

    /// Runs `roomlog` to its end.
    pub(crate) fn try_run(&self, arguments: &[&str]) -> Ended {
        run_to_end(arguments, &self.settings())
    }
}

async fn make_database(postgres: &str, name: &str) {
    use sqlx::{Connection as _, Executor as _};
    let mut connection = sqlx::PgConnection::connect(postgres).await.expect("PostgreSQL answers");
    connection
        .execute(format!("CREATE DATABASE {name}").as_str())
        .await
        .expect("a database");
}
