//! A cluster of one's own on the shared services: a database, topics and keys that nobody else uses.

use super::server::Server;
use std::process::Command;

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
        let name = format!("it_{}", uuid::Uuid::new_v4().simple());
        let postgres = service("ROOMLOG_TEST_POSTGRES");
        make_database(&postgres, &name).await;
        let (server, _) = postgres.rsplit_once('/').expect("a URL with a database");
        let setting = |name: &str, value: String| (name.to_owned(), value);
        let cluster = Self {
            settings: vec![
                setting("ROOMLOG_KAFKA__BROKERS", service("ROOMLOG_TEST_KAFKA")),
                setting("ROOMLOG_KAFKA__SCHEMA_REGISTRY", service("ROOMLOG_TEST_REGISTRY")),
                setting("ROOMLOG_KAFKA__PREFIX", name.clone()),
                setting("ROOMLOG_POSTGRES__URL", format!("{server}/{name}")),
                setting("ROOMLOG_REDIS__URL", service("ROOMLOG_TEST_REDIS")),
                setting("ROOMLOG_REDIS__PREFIX", name),
            ],
        };
        cluster.run(&["migrate"]);
        cluster.run(&["schemas", "register"]);
        cluster
    }

    /// Settings beside its own for every part.
    #[must_use]
    pub(crate) fn with(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self
    }

    /// What every part is told.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        self.settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
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

    /// Runs `roomlog` to its end, which must be good.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_roomlog"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROOMLOG_")) {
            command.env_remove(name);
        }
        let output = command
            .args(arguments)
            .envs(self.settings())
            .output()
            .expect("roomlog runs");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "roomlog {}: {said}", arguments.join(" "));
        said
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
