//! A PostgreSQL database of a test's own, gone when the test is.

use engine::database::postgres::Config;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// The database; dropped with this value, whoever is still connected.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let server = std::env::var("ROOMLOG_TEST_POSTGRES")
            .expect("ROOMLOG_TEST_POSTGRES is missing: run `make test`, or scripts/services up");
        Self::on(server).await
    }

    pub(crate) async fn on(server: String) -> Self {
        let name = format!("roomlog_test_{}", Uuid::new_v4().simple());
        let database = Self { server, name };
        database.order("CREATE DATABASE").await;
        database
    }

    /// Bounds short enough for a test to meet them.
    pub(crate) fn config(&self) -> Config {
        let (server, _) = self.server.rsplit_once('/').expect("a URL with a database");
        Config {
            max_connections: 8,
            ..Config::at(format!("{server}/{}", self.name))
        }
    }

    /// A connection beside the adapter's, for looking and for getting in its way.
    pub(crate) async fn beside(&self) -> PgConnection {
        PgConnection::connect(&self.config().url)
            .await
            .expect("PostgreSQL answers")
    }

    async fn order(&self, what: &str) {
        let mut connection = PgConnection::connect(&self.server).await.expect("PostgreSQL answers");
        let order = format!("{what} {}", self.name);
        sqlx::query(&order)
            .execute(&mut connection)
            .await
            .expect("a superuser may");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A thread of its own: this runs inside a runtime, where nothing may block on another.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async {
                    if let Ok(mut connection) = PgConnection::connect(&self.server).await {
                        let order = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
                        let _ = sqlx::query(&order).execute(&mut connection).await;
                    }
                });
            });
        });
    }
}
