//! A history that was filled before a migration holds the same after it as one that was filled after it.

use crate::databases::Database;
use crate::history_model::{Chaos, Model};
use crate::history_suite::{Store, claim};
use engine::history::postgres::{Postgres, migrate};
use engine::history::sqlite::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, Row};

const TABLES: [&str; 7] = [
    "rooms",
    "members",
    "invitations",
    "bans",
    "journal",
    "messages",
    "reactions",
];

macro_rules! migration {
    ($kind:literal, $name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../migrations/",
            $kind,
            "/history/",
            $name,
            ".sql"
        ))
    };
}

/// A workload with edits, deletions and mentions.
async fn fill(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let mut chaos = Chaos::new(21);
    chaos.begin(&mut model);
    for _ in 0..6 {
        for _ in 0..60 {
            chaos.step(&mut model);
        }
        store.write(&model.batch(owner)).await.unwrap();
    }
    let mentioned = model.rooms.values().flat_map(|room| room.messages.values());
    assert!(mentioned.filter(|message| message.mentions.len() > 1).count() > 5);
}

#[tokio::test]
async fn rows_of_before_are_found_in_postgres() {
    let database = Database::new().await;
    migrate(&database.config()).await.unwrap();
    fill(&Postgres::connect(&database.config()).unwrap()).await;
    let mut connection = database.beside().await;
    connection
        .execute("CREATE SCHEMA old; SET search_path = old")
        .await
        .unwrap();
    connection
        .execute(migration!("postgres", "0001_history"))
        .await
        .unwrap();
    for table in TABLES {
        let columns = format!(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
             WHERE table_schema = 'old' AND table_name = '{table}'"
        );
        let columns: String = connection.fetch_one(columns.as_str()).await.unwrap().get(0);
        let copy = format!("INSERT INTO old.{table} ({columns}) SELECT {columns} FROM history.{table}");
        connection.execute(copy.as_str()).await.unwrap();
    }
    connection
        .execute(migration!("postgres", "0002_listings_and_search"))
        .await
        .unwrap();
    for table in TABLES.into_iter().chain(["mentions"]) {
        let rows = format!("SELECT count(*) FROM old.{table}");
        let rows: i64 = connection.fetch_one(rows.as_str()).await.unwrap().get(0);
        assert!(rows > 0 || table == "bans", "{table} has no rows");
        let differing = format!(
            "SELECT count(*) FROM
                 ((TABLE old.{table} EXCEPT ALL TABLE history.{table})
                  UNION ALL (TABLE history.{table} EXCEPT ALL TABLE old.{table})) AS differing"
        );
        let differing: i64 = connection.fetch_one(differing.as_str()).await.unwrap().get(0);
        assert_eq!(differing, 0, "{table}");
    }
}

#[tokio::test]
async fn rows_of_before_are_found_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("old.db"))
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    connection.execute(migration!("sqlite", "0001_history")).await.unwrap();
    let attach = format!("ATTACH '{}' AS new", path.display());
    connection.execute(attach.as_str()).await.unwrap();
    for table in TABLES {
        let columns = format!("SELECT group_concat(name, ', ') FROM pragma_table_info('{table}', 'main')");
        let columns: String = connection.fetch_one(columns.as_str()).await.unwrap().get(0);
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        connection.execute(copy.as_str()).await.unwrap();
    }
    connection
        .execute(migration!("sqlite", "0002_listings_and_search"))
        .await
        .unwrap();
    connection
        .execute(
            "CREATE VIRTUAL TABLE temp.old_words USING fts5vocab (main, words, instance);
             CREATE VIRTUAL TABLE temp.new_words USING fts5vocab (new, words, instance)",
        )
        .await
        .unwrap();
    let tables = TABLES.into_iter().chain(["mentions"]);
    let pairs = tables.map(|table| (format!("main.{table}"), format!("new.{table}")));
    for (old, new) in pairs.chain([("temp.old_words".to_owned(), "temp.new_words".to_owned())]) {
        let rows = format!("SELECT count(*) FROM {old}");
        let rows: i64 = connection.fetch_one(rows.as_str()).await.unwrap().get(0);
        assert!(rows > 0 || old == "main.bans", "{old} has no rows");
        let differing = format!(
            "SELECT count(*) FROM
                 (SELECT * FROM (SELECT * FROM {old} EXCEPT SELECT * FROM {new})
                  UNION ALL SELECT * FROM (SELECT * FROM {new} EXCEPT SELECT * FROM {old}))"
        );
        let differing: i64 = connection.fetch_one(differing.as_str()).await.unwrap().get(0);
        assert_eq!(differing, 0, "{old}");
    }
}
