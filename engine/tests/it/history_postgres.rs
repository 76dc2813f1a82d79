//! History in PostgreSQL: the shared suite, and what only a server can do to it.

use crate::databases::Database;
use crate::history_model::{Chaos, Model, PARTITION, epoch};
use crate::history_suite::{Place, claim, history_suite, stands_as_folded};
use engine::history::postgres::{Config, Postgres, migrate};
use engine::history::{Error, Reader, Writer};
use sqlx::{Column, Executor, Row, Statement, TypeInfo};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How long a test waits for what must come: only a failing test takes it.
const PATIENCE: Duration = Duration::from_secs(60);

async fn history(config: &Config) -> Postgres {
    migrate(config).await.unwrap();
    Postgres::connect(config).unwrap()
}

async fn open() -> Place {
    let database = Database::new().await;
    Place {
        store: Arc::new(history(&database.config()).await),
        _keep: Box::new(database),
    }
}

history_suite!(open);

async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("never happened: {what}"))
}

#[tokio::test]
async fn a_backend_killed_before_the_commit_leaves_nothing() {
    let database = Database::new().await;
    let store = history(&database.config()).await;
    let owner = claim(&store).await;
    let mut model = Model::new();
    Chaos::new(1).begin(&mut model);
    let batch = model.batch(owner);
    // The last table a batch writes to is locked: the batch stands in the middle of its transaction.
    let mut lock = database.beside().await;
    lock.execute("BEGIN").await.unwrap();
    lock.execute("LOCK TABLE history.invitations IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let mut beside = database.beside().await;
    let writing = tokio::spawn({
        let (store, batch) = (store.clone(), batch.clone());
        async move { store.write(&batch).await }
    });
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%invitations%'";
    eventually("the batch waits for the lock", async || {
        let killed = sqlx::query(kill).fetch_all(&mut beside).await.unwrap();
        (!killed.is_empty()).then_some(())
    })
    .await;
    let error = writing.await.unwrap().unwrap_err();
    assert!(error.retryable(), "{error}");
    lock.execute("ROLLBACK").await.unwrap();
    for table in ["journal", "messages", "rooms", "members", "invitations"] {
        let count = format!("SELECT count(*) FROM history.{table}");
        let count: i64 = sqlx::query(&count).fetch_one(&mut beside).await.unwrap().get(0);
        assert_eq!(count, 0, "{table}");
    }
    store.write(&batch).await.unwrap();
    for id in model.rooms.keys() {
        stands_as_folded(&store, &model, *id).await;
    }
}

#[tokio::test]
async fn a_lock_that_does_not_come_is_told_as_unavailable() {
    let database = Database::new().await;
    let store = history(&Config {
        lock_ms: 100,
        ..database.config()
    })
    .await;
    let owner = claim(&store).await;
    let mut model = Model::new();
    Chaos::new(1).begin(&mut model);
    let batch = model.batch(owner);
    let mut lock = database.beside().await;
    lock.execute("BEGIN").await.unwrap();
    lock.execute("LOCK TABLE history.journal IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let error = store.write(&batch).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    lock.execute("ROLLBACK").await.unwrap();
    store.write(&batch).await.unwrap();
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let database = Database::new().await;
    let store = history(&Config {
        operation_ms: 300,
        ..database.config()
    })
    .await;
    let mut lock = database.beside().await;
    lock.execute("BEGIN").await.unwrap();
    lock.execute("LOCK TABLE history.checkpoints IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let error = store.claim(epoch(), PARTITION).await.unwrap_err();
    assert!(
        matches!(&error, Error::Unavailable(why) if why.contains("300 ms")),
        "{error}"
    );
    lock.execute("ROLLBACK").await.unwrap();
    claim(&store).await;
}

fn services(verb: &[&str], folder: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services");
    let run = Command::new(script).args(verb).arg(folder).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// A PostgreSQL of this test's own, gone when the test is.
struct Server(tempfile::TempDir);

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services"))
            .arg("up")
            .arg(folder.path().join("services"))
            .arg("postgres")
            .status()
            .unwrap();
        assert!(status.success());
        Self(folder)
    }

    fn run(&self, verb: &[&str]) -> String {
        services(verb, &self.0.path().join("services"))
    }

    fn url(&self) -> String {
        let variables = self.run(&["env"]);
        let line = variables
            .lines()
            .find_map(|line| line.strip_prefix("export ROOMLOG_TEST_POSTGRES="));
        line.unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run(&["wipe"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_unavailable_until_it_is_back() {
    let server = Server::start();
    let database = Database::on(server.url()).await;
    let store = history(&database.config()).await;
    let owner = claim(&store).await;
    let mut model = Model::new();
    let mut chaos = Chaos::new(1);
    chaos.begin(&mut model);
    store.write(&model.batch(owner)).await.unwrap();
    for _ in 0..50 {
        chaos.step(&mut model);
    }
    let batch = model.batch(owner);
    server.run(&["stop", "postgres"]);
    for error in [
        store.write(&batch).await.unwrap_err(),
        store.ping().await.unwrap_err(),
        store.checkpoints().await.unwrap_err(),
        store.claim(epoch(), PARTITION).await.unwrap_err(),
    ] {
        assert!(error.retryable(), "{error}");
    }
    server.run(&["start", "postgres"]);
    store.write(&batch).await.unwrap();
    for id in model.rooms.keys() {
        stands_as_folded(&store, &model, *id).await;
    }
}

#[tokio::test]
async fn migrations_run_at_once_and_again() {
    let database = Database::new().await;
    let config = database.config();
    let (one, two, three) = tokio::join!(migrate(&config), migrate(&config), migrate(&config));
    one.and(two).and(three).unwrap();
    migrate(&config).await.unwrap();
}

#[tokio::test]
async fn a_schema_that_is_not_there_says_what_to_do() {
    let database = Database::new().await;
    let store = Postgres::connect(&database.config()).unwrap();
    let error = store.checkpoints().await.unwrap_err();
    assert!(
        matches!(&error, Error::Unavailable(why) if why.contains("roomlog migrate")),
        "{error}"
    );
}

/// What .sqlx/ says of each query is what the migrated database says.
#[tokio::test]
async fn the_checked_queries_match_the_migrations() {
    let database = Database::new().await;
    migrate(&database.config()).await.unwrap();
    let now = engine::domain::Timestamp::from_millis(1);
    engine::people::postgres::migrate(&database.config(), now)
        .await
        .unwrap();
    let mut connection = database.beside().await;
    connection.execute("SET search_path = history, people").await.unwrap();
    let mut checked = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.sqlx")).unwrap() {
        let path = file.unwrap().path();
        let said: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let query = said["query"].as_str().unwrap();
        let found = (&mut connection).prepare(query).await;
        let found = found.unwrap_or_else(|error| panic!("{error}: run scripts/sqlx-prepare: {query}"));
        let columns: Vec<(String, String)> = found
            .columns()
            .iter()
            .map(|it| (it.name().to_owned(), plain(it.type_info().name())))
            .collect();
        let wanted: Vec<(String, String)> = said["describe"]["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (
                    it["name"].as_str().unwrap().to_owned(),
                    plain(it["type_info"].as_str().unwrap()),
                )
            })
            .collect();
        assert_eq!(columns, wanted, "run scripts/sqlx-prepare: {query}");
        checked += 1;
    }
    assert!(checked > 0);
}

/// The two spellings that sqlx has for a type.
fn plain(name: &str) -> String {
    name.to_lowercase().replace("[]", "array")
}
