//! A log and its stores, of a test's own, and projectors that run over them.

use crate::databases::Database;
use engine::database::postgres;
use engine::domain::{Epoch, Partition, RoomId};
use engine::history::{self, postgres::Postgres, sqlite::Sqlite};
use engine::live::{self, MemoryLive, RedisConfig, RedisLive};
use engine::log::{self, Log};
use projector::{Config, Error, Status};
use redis::AsyncCommands as _;
use sqlx::{Connection, Executor, SqliteConnection};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a test waits for what must come: only a failing test takes it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const PARTITIONS: u16 = 4;
/// Presence is forgotten after this, milliseconds of the signals' own time.
pub(crate) const FORGET_AFTER_MS: i64 = 1_000;

/// Waits until `ask` answers.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
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

/// Bounds that make a short log meet every one of them.
pub(crate) fn config() -> Config {
    Config {
        batch_records: 7,
        batch_wait_ms: 2,
        waiting_bytes: 16 << 10,
        rooms_held: 2,
        refill_rooms: 2,
        watermark_check_ms: 50,
        store_check_ms: 50,
        backoff_first_ms: 10,
        backoff_most_ms: 200,
        fenced_wait_ms: 50,
        measure_ms: 20,
        ..Config::default()
    }
}

/// Where everything is.
pub(crate) struct Place {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) wire: engine::codec::Wire,
    pub(crate) history: History,
    pub(crate) live: Live,
    _folder: tempfile::TempDir,
}

/// A history store.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) reader: Arc<dyn history::Reader>,
    pub(crate) writer: Arc<dyn history::Writer>,
    pub(crate) kept: Kept,
}

/// What it is kept in.
#[derive(Clone)]
pub(crate) enum Kept {
    Postgres(Arc<Database>, Postgres),
    Sqlite(PathBuf, Sqlite),
}

/// A store of live views.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) reader: Arc<dyn live::Reader>,
    pub(crate) writer: Arc<dyn live::Writer>,
    flush: Flush,
}

#[derive(Clone)]
enum Flush {
    Memory(Arc<MemoryLive>),
    Redis(Box<redis::Client>, Box<RedisConfig>),
}

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is missing: run `make test`, or scripts/services up"))
}

impl Place {
    /// SQLite and memory.
    pub(crate) async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = log::sqlite::Config {
            partitions: PARTITIONS,
            ..log::sqlite::Config::default()
        };
        Self {
            log: Arc::new(
                log::sqlite::Log::open(&folder.path().join("log"), config)
                    .await
                    .unwrap(),
            ),
            wire: engine::codec::Wire::SingleObject,
            history: History::sqlite(folder.path().join("history.db")).await,
            live: Live::memory(),
            _folder: folder,
        }
    }

    /// Kafka, PostgreSQL and Redis.
    pub(crate) async fn cluster() -> Self {
        Self::cluster_at(&variable("ROOMLOG_TEST_KAFKA")).await
    }

    /// The same, on another Kafka.
    pub(crate) async fn cluster_at(brokers: &str) -> Self {
        let config = log::kafka::Config {
            brokers: brokers.to_owned(),
            prefix: format!("test-{}", Uuid::new_v4().simple()),
            partitions: PARTITIONS,
            ..log::kafka::Config::default()
        };
        // As `roomlog migrate` does: topics that were made a moment ago may be without a leader yet.
        let log = loop {
            match log::kafka::Log::open(config.clone(), true).await {
                Ok(log) => break log,
                Err(error) => assert!(error.retryable(), "{error}"),
            }
        };
        let database = Database::new().await;
        Self {
            live: Live::redis(&variable("ROOMLOG_TEST_REDIS"), log.epoch()),
            log: Arc::new(log),
            wire: engine::codec::Wire::Confluent { id: 7 },
            history: History::postgres(database).await,
            _folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Another history of the same kind, with nothing in it.
    pub(crate) async fn empty_history(&self) -> History {
        match &self.history.kept {
            Kept::Postgres(..) => History::postgres(Database::new().await).await,
            Kept::Sqlite(path, _) => History::sqlite(path.with_file_name(format!("{}.db", Uuid::new_v4()))).await,
        }
    }

    pub(crate) fn history_parts(&self) -> projector::history::Parts {
        projector::history::Parts {
            log: self.log.clone(),
            reader: self.history.reader.clone(),
            writer: self.history.writer.clone(),
        }
    }

    pub(crate) fn live_parts(&self) -> projector::live::Parts {
        projector::live::Parts {
            log: self.log.clone(),
            history: self.history.reader.clone(),
            reader: self.live.reader.clone(),
            writer: self.live.writer.clone(),
        }
    }

    pub(crate) fn project_history(&self) -> Projector {
        Projector::history(config(), self.history_parts())
    }

    pub(crate) fn project_live(&self) -> Projector {
        Projector::live(config(), self.live_parts())
    }
}

impl History {
    pub(crate) async fn postgres(database: Database) -> Self {
        let url = database.config().url;
        Self::postgres_at(url, database).await
    }

    /// The same, by way of a proxy before the server.
    pub(crate) async fn postgres_through(proxy: SocketAddr, database: Database) -> Self {
        let url = database.config().url;
        let (head, rest) = url.rsplit_once('@').expect("a URL with a user");
        let (_, name) = rest.rsplit_once('/').expect("a URL with a database");
        Self::postgres_at(format!("{head}@{proxy}/{name}"), database).await
    }

    async fn postgres_at(url: String, database: Database) -> Self {
        let config = postgres::Config {
            url,
            operation_ms: 2_000,
            acquire_ms: 1_000,
            ..database.config()
        };
        history::postgres::migrate(&config).await.unwrap();
        let store = Postgres::connect(&config).unwrap();
        Self {
            reader: Arc::new(store.clone()),
            writer: Arc::new(store.clone()),
            kept: Kept::Postgres(Arc::new(database), store),
        }
    }

    pub(crate) async fn sqlite(path: PathBuf) -> Self {
        let store = Sqlite::open(&path).await.unwrap();
        Self {
            reader: Arc::new(store.clone()),
            writer: Arc::new(store.clone()),
            kept: Kept::Sqlite(path, store),
        }
    }

    /// Every later call finds it away.
    pub(crate) async fn close(&self) {
        match &self.kept {
            Kept::Postgres(_, store) => store.close().await,
            Kept::Sqlite(_, store) => store.close().await,
        }
    }

    /// Gives an order past the adapter.
    pub(crate) async fn order(&self, postgres: &str, sqlite: &str) {
        match &self.kept {
            Kept::Postgres(database, _) => {
                let mut connection = database.beside().await;
                connection.execute("SET search_path = history").await.unwrap();
                connection.execute(postgres).await.unwrap();
            }
            Kept::Sqlite(path, _) => {
                let url = format!("sqlite://{}", path.display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                connection.execute(sqlite).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

impl Live {
    pub(crate) fn memory() -> Self {
        let store = Arc::new(MemoryLive::new(FORGET_AFTER_MS));
        Self {
            reader: store.clone(),
            writer: store.clone(),
            flush: Flush::Memory(store),
        }
    }

    pub(crate) fn redis(url: &str, epoch: Epoch) -> Self {
        let config = RedisConfig {
            url: url.to_owned(),
            prefix: format!("test-{}:", Uuid::new_v4()),
            presence_forget_after_ms: FORGET_AFTER_MS,
            ..RedisConfig::default()
        };
        let store = Arc::new(RedisLive::new(&config, epoch).unwrap());
        Self {
            reader: store.clone(),
            writer: store,
            flush: Flush::Redis(Box::new(redis::Client::open(url).unwrap()), Box::new(config)),
        }
    }

    /// Everything is gone at once, as after FLUSHALL (of this test's keys alone).
    pub(crate) async fn flush(&self) {
        match &self.flush {
            Flush::Memory(store) => store.flush(),
            Flush::Redis(..) => self.forget("").await,
        }
    }

    /// A connection beside the adapter's, and what its keys begin with. Of Redis alone.
    pub(crate) async fn beside(&self) -> (redis::aio::MultiplexedConnection, String) {
        let Flush::Redis(client, config) = &self.flush else {
            panic!("memory loses all or nothing");
        };
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        (connection, config.prefix.clone())
    }

    /// How Redis is reached.
    pub(crate) fn config(&self) -> RedisConfig {
        match &self.flush {
            Flush::Redis(_, config) => (**config).clone(),
            Flush::Memory(_) => panic!("memory is nowhere else"),
        }
    }

    /// Every key, sorted.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let (mut connection, prefix) = self.beside().await;
        let mut keys: Vec<String> = connection.keys(format!("{prefix}*")).await.unwrap();
        keys.sort();
        keys
    }

    /// An entry of a room's window, counted from its oldest, gets another offset.
    pub(crate) async fn damage_window(&self, room: RoomId, partition: Partition, entry: isize) {
        const OFFSET: usize = 15;
        let (mut connection, prefix) = self.beside().await;
        let key = format!("{prefix}{{p:{partition}}}:room:{room}:window");
        let mut bytes: Vec<u8> = connection.lindex(&key, entry).await.unwrap();
        bytes[OFFSET] ^= 1;
        let () = connection.lset(&key, entry, bytes).await.unwrap();
    }

    /// Throws the keys away that go on so after the prefix. Redis alone can lose a part.
    pub(crate) async fn forget(&self, keys: &str) {
        let (mut connection, prefix) = self.beside().await;
        let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end";
        let pattern = format!("{prefix}{keys}*");
        let () = redis::Script::new(script)
            .arg(pattern)
            .invoke_async(&mut connection)
            .await
            .unwrap();
    }
}

/// A projector that runs.
pub(crate) struct Projector {
    pub(crate) status: Status,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

impl Projector {
    pub(crate) fn history(config: Config, parts: projector::history::Parts) -> Self {
        let (status, shutdown) = (Status::default(), CancellationToken::new());
        let task = tokio::spawn(projector::history::run(config, parts, status.clone(), shutdown.clone()));
        Self { status, shutdown, task }
    }

    pub(crate) fn live(config: Config, parts: projector::live::Parts) -> Self {
        let (status, shutdown) = (Status::default(), CancellationToken::new());
        let task = tokio::spawn(projector::live::run(config, parts, status.clone(), shutdown.clone()));
        Self { status, shutdown, task }
    }

    /// Shuts it down; it must end well.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("it ends in time").unwrap().unwrap();
    }

    /// Why it ended by itself.
    pub(crate) async fn error(self) -> Error {
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("it ends in time").unwrap().unwrap_err()
    }
}

/// Each test over both kinds of place.
macro_rules! over_both {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::place::Place::embedded().await).await;
            })+
        }

        mod cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::place::Place::cluster().await).await;
            })+
        }
    };
}
pub(crate) use over_both;
