//! A projection made anew beside the old one: equal to it, swapped under those who use it, and what differs is said.

mod embedded;
mod history;
mod live;

use crate::model::Model;
use crate::place::{FORGET_AFTER_MS, History, Kept, Place, config, eventually};
use engine::beside::{self, Beside, Difference};
use engine::database::postgres;
use engine::domain::{Epoch, Room};
use engine::history::postgres::beside::PostgresBeside;
use engine::live::RedisConfig;
use engine::live::redis::beside::RedisBeside;
use projector::rebuild::{self, Error, Finish, Outcome, Parts, Progress, Store};
use sqlx::{Executor, PgConnection, Row};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Small bounds, so that a short log meets them.
pub(crate) fn bounds() -> rebuild::Config {
    rebuild::Config {
        batch_records: 20,
        rest_records: 200,
        partitions_at_once: 2,
        lock_pause_ms: 20,
        lock_tries: 500,
        ..rebuild::Config::default()
    }
}

pub(crate) fn postgres_of(history: &History) -> postgres::Config {
    match &history.kept {
        Kept::Postgres(database, _) => database.config(),
        Kept::Sqlite(..) => panic!("this is about PostgreSQL"),
    }
}

pub(crate) async fn beside_history(place: &Place, anew: bool) -> Result<PostgresBeside, beside::Error> {
    let config = postgres_of(&place.history);
    PostgresBeside::open(&config, place.log.epoch(), bounds().limits(), anew).await
}

/// Makes it anew, to its end.
pub(crate) async fn make(
    place: &Place,
    store: Store,
    beside: Box<dyn Beside>,
    finish: Finish,
) -> Result<Outcome, Error> {
    let parts = Parts {
        log: place.log.clone(),
        store,
        beside,
    };
    let (progress, never) = (Progress::default(), CancellationToken::new());
    let made = rebuild::run((&bounds(), &config()), parts, finish, &progress, &never).await;
    if let Ok(outcome) = &made {
        assert!(progress.done() >= outcome.records);
        assert!(progress.total() >= progress.done() || !outcome.notes.is_empty());
    }
    made
}

pub(crate) async fn rebuild_history(place: &Place, finish: Finish) -> Result<Outcome, Error> {
    let beside = beside_history(place, false).await?;
    let store = Arc::new(beside.store());
    let store = Store::History {
        reader: store.clone(),
        writer: store,
    };
    make(place, store, Box::new(beside), finish).await
}

pub(crate) fn redis_of(place: &Place) -> RedisConfig {
    RedisConfig {
        presence_forget_after_ms: FORGET_AFTER_MS,
        ..place.live.config()
    }
}

pub(crate) async fn rebuild_live(place: &Place, finish: Finish) -> Result<Outcome, Error> {
    let config = redis_of(place);
    let (epoch, partitions) = (place.log.epoch(), place.log.partitions());
    let beside = RedisBeside::open(&config, epoch, partitions, bounds().limits(), false).await?;
    let store = Store::Live {
        reader: beside.store(),
        writer: beside.store(),
    };
    make(place, store, Box::new(beside), finish).await
}

/// Every row of every table of a schema, as text, but where the projection stands.
pub(crate) async fn rows(connection: &mut PgConnection, schema: &str) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for table in tables(connection, schema).await {
        if table == "checkpoints" || table == "_sqlx_migrations" {
            continue;
        }
        let text = format!("SELECT to_jsonb(t)::text FROM {schema}.{table} t ORDER BY 1");
        let rows = connection.fetch_all(text.as_str()).await.unwrap();
        all.push((table, rows.iter().map(|row| row.get(0)).collect()));
    }
    all
}

pub(crate) async fn tables(connection: &mut PgConnection, schema: &str) -> Vec<String> {
    let tables = format!("SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1");
    let rows = connection.fetch_all(tables.as_str()).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

pub(crate) async fn schemas(connection: &mut PgConnection) -> Vec<String> {
    let names = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'history%' ORDER BY 1";
    let rows = connection.fetch_all(names).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

pub(crate) async fn look(place: &Place) -> PgConnection {
    match &place.history.kept {
        Kept::Postgres(database, _) => database.beside().await,
        Kept::Sqlite(..) => panic!("this is about PostgreSQL"),
    }
}

/// Those who read every room all the time, through connections that they keep; each answer must be of one history.
pub(crate) struct Readers {
    over: CancellationToken,
    tasks: Vec<JoinHandle<u64>>,
}

impl Readers {
    pub(crate) fn begin(place: &Place, model: &Model, count: usize) -> Self {
        let over = CancellationToken::new();
        let rooms: Vec<_> = model.rooms.iter().map(|(id, at)| (*id, at.partition)).collect();
        let read = |reader: Arc<dyn engine::history::Reader>, over: CancellationToken, rooms: Vec<_>| async move {
            let mut answers = 0;
            while !over.is_cancelled() {
                for (id, partition) in &rooms {
                    let stored = reader.room(*id, *partition).await.unwrap();
                    if let Ok(stored) = stored {
                        // The window ends at the head, or the room was put together of two.
                        Room::restore(*id, stored.header, stored.changes, stored.window).unwrap();
                    }
                    answers += 1;
                }
            }
            answers
        };
        let tasks = (0..count)
            .map(|_| tokio::spawn(read(place.history.reader.clone(), over.clone(), rooms.clone())))
            .collect();
        Self { over, tasks }
    }

    /// How much they were answered; not one failure.
    pub(crate) async fn stop(self) -> u64 {
        self.over.cancel();
        let mut answers = 0;
        for task in self.tasks {
            answers += task.await.unwrap();
        }
        answers
    }
}

/// The one difference that is told, and its one row.
pub(crate) fn only(outcome: &Outcome) -> (&Difference, String) {
    assert_eq!((outcome.differing, outcome.differences.len()), (1, 1), "{outcome:?}");
    let difference = &outcome.differences[0];
    assert_eq!((difference.differing, difference.rows.len()), (1, 1), "{outcome:?}");
    (difference, difference.rows[0].key.clone())
}

/// Waits until history stands at the end of the log.
pub(crate) async fn is_at_end(place: &Place) {
    let model = Model::of(&*place.log).await;
    eventually("history comes to the end", async || {
        let stands = place.history.reader.checkpoints().await.ok()?;
        let there = |at: &engine::history::Checkpoint| model.ends.get(&at.partition) == Some(&at.next);
        (stands.len() == model.ends.len() && stands.iter().all(there)).then_some(())
    })
    .await;
}

pub(crate) fn another_epoch() -> Epoch {
    Epoch::new(uuid::Uuid::new_v4())
}
