//! The one task that writes: all appends that wait go into one transaction, and are answered after its commit.

use super::Shared;
use super::file::{failed, id, pack};
use crate::clock;
use crate::domain::{Offset, Partition, Position, Timestamp};
use crate::log::metrics::InFlight;
use crate::log::{Error, Outgoing, Topic, metrics};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _, QueryBuilder, Sqlite};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Most rows of one INSERT: far below `SQLite`'s limit of parameters, and few enough statements to keep prepared.
const ROWS: usize = 32;
/// How long a writer that can't read where the log ends waits before it tries again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How often old signals are taken out.
const TRIM_EVERY: Duration = Duration::from_secs(60);

type Answer = Result<Position, Error>;

/// An append that waits for its commit.
pub(super) struct Append {
    outgoing: Outgoing,
    /// Of a record that is imported: when its own log took it.
    appended_at: Option<Timestamp>,
    since: Instant,
    _in_flight: InFlight,
    answer: oneshot::Sender<Answer>,
}

impl Append {
    pub(super) fn new(outgoing: Outgoing) -> (Self, oneshot::Receiver<Answer>) {
        Self::with(outgoing, None)
    }

    /// One that was taken at a time of its own.
    pub(super) fn at(outgoing: Outgoing, appended_at: Timestamp) -> (Self, oneshot::Receiver<Answer>) {
        Self::with(outgoing, Some(appended_at))
    }

    fn with(outgoing: Outgoing, appended_at: Option<Timestamp>) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let since = Instant::now();
        (
            Self {
                outgoing,
                appended_at,
                since,
                _in_flight: InFlight::begin(),
                answer,
            },
            answered,
        )
    }

    fn answer(self, answer: Answer) {
        metrics::appended(&answer, self.since.elapsed());
        // Whoever asked may have gone; the record is on the log all the same.
        let _ = self.answer.send(answer);
    }
}

/// Where each partition of each topic ends: its next offset, and the last append time.
pub(super) struct Ends {
    partitions: u16,
    ends: Vec<(Offset, Timestamp)>,
}

impl Ends {
    pub(super) async fn load(connection: &mut SqliteConnection, partitions: u16) -> Result<Self, Error> {
        let mut ends = Vec::with_capacity(Topic::ALL.len() * usize::from(partitions));
        for topic in Topic::ALL {
            for partition in (0..partitions).map(Partition::new) {
                let last: Option<(i64, i64)> = sqlx::query_as(
                    "SELECT \"offset\", appended_at FROM records WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1",
                )
                .bind(id(topic, partition, Offset::ZERO))
                .bind(id(topic, partition, Offset::new(u64::MAX)))
                .fetch_optional(&mut *connection)
                .await
                .map_err(|e| failed(&e))?;
                ends.push(last.map_or_else(Default::default, |(offset, at)| {
                    (Offset::new(offset.cast_unsigned()).next(), Timestamp::from_millis(at))
                }));
            }
        }
        Ok(Self { partitions, ends })
    }

    pub(super) fn offsets(&self) -> impl Iterator<Item = Offset> {
        self.ends.iter().map(|(next, _)| *next)
    }

    /// The position of the next record of a partition. Times never go back, even if the clock does.
    fn take(&mut self, topic: Topic, partition: Partition, now: Timestamp) -> Position {
        let end = &mut self.ends[topic as usize * usize::from(self.partitions) + usize::from(partition.get())];
        let position = Position {
            partition,
            offset: end.0,
            appended_at: end.1.max(now),
        };
        *end = (position.offset.next(), position.appended_at);
        position
    }
}

/// Writes until the queue is closed and empty.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut connection: SqliteConnection,
    mut ends: Ends,
    mut queue: mpsc::Receiver<Append>,
) {
    let most = shared.config.commit_max_records;
    let mut batch = Vec::with_capacity(most);
    let mut trimmed = None;
    while queue.recv_many(&mut batch, most).await > 0 {
        let now = clock::now();
        let positions: Vec<Position> = batch
            .iter()
            .map(|append| {
                let time = append.appended_at.unwrap_or(now);
                ends.take(append.outgoing.topic, append.outgoing.partition, time)
            })
            .collect();
        match commit(&mut connection, &batch, &positions).await {
            Ok(()) => {
                metrics::committed(batch.len());
                publish(&shared, &ends);
                for (append, position) in batch.drain(..).zip(positions) {
                    append.answer(Ok(position));
                }
            }
            Err(error) => {
                tracing::error!(%error, records = batch.len(), "a commit of the log failed");
                for append in batch.drain(..) {
                    append.answer(Err(error.clone()));
                }
                match recover(&shared, &mut connection, &mut queue).await {
                    Some(found) => ends = found,
                    None => break,
                }
                publish(&shared, &ends);
            }
        }
        if trimmed.is_none_or(|at: Instant| at.elapsed() >= TRIM_EVERY) {
            trimmed = Some(Instant::now());
            if let Err(error) = trim(&shared, &mut connection, now).await {
                tracing::warn!(%error, "old signals could not be taken out of the log");
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing log.db failed");
    }
}

fn publish(shared: &Shared, ends: &Ends) {
    for (head, next) in shared.heads.next.iter().zip(ends.offsets()) {
        head.store(next.get(), Ordering::Release);
    }
    shared.heads.commits.send_modify(|commits| *commits += 1);
}

/// On an error the transaction may be open still, or ended by SQLite itself: [`recover`] sees to it. (sqlx's own
/// transactions count on its being open.)
async fn commit(connection: &mut SqliteConnection, batch: &[Append], positions: &[Position]) -> Result<(), Error> {
    connection.execute("BEGIN IMMEDIATE").await.map_err(|e| failed(&e))?;
    insert(connection, batch, positions).await.map_err(|e| failed(&e))?;
    let committed = connection.execute("COMMIT").await;
    committed.map(drop).map_err(|error| match failed(&error) {
        // Whether the disk has it is not known now.
        Error::Unavailable(text) => Error::Unknown(text),
        refused => refused,
    })
}

async fn insert(
    connection: &mut SqliteConnection,
    batch: &[Append],
    positions: &[Position],
) -> Result<(), sqlx::Error> {
    for (batch, positions) in batch.chunks(ROWS).zip(positions.chunks(ROWS)) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO records (id, appended_at, key, value, headers) ");
        insert.push_values(batch.iter().zip(positions), |mut row, (append, position)| {
            let Outgoing {
                topic,
                partition,
                key,
                value,
                headers,
            } = &append.outgoing;
            row.push_bind(id(*topic, *partition, position.offset))
                .push_bind(position.appended_at.as_millis())
                .push_bind(key.as_deref())
                .push_bind(value.as_deref())
                .push_bind(pack(headers));
        });
        insert.build().execute(&mut *connection).await?;
    }
    for (append, position) in batch.iter().zip(positions) {
        if append.outgoing.topic == Topic::Reads {
            compact(connection, &append.outgoing, position.offset).await?;
        }
    }
    Ok(())
}

/// Takes out what this record supersedes. The constants are those of the index, or it would not be used.
async fn compact(connection: &mut SqliteConnection, outgoing: &Outgoing, offset: Offset) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM records WHERE key = ? AND id >= 72057594037927936 AND id < 144115188075855872 AND id >= ? AND id < ?",
    )
    .bind(outgoing.key.as_deref())
    .bind(id(Topic::Reads, outgoing.partition, Offset::ZERO))
    .bind(id(Topic::Reads, outgoing.partition, offset))
    .execute(connection)
    .await
    .map(drop)
}

/// Takes out old signals, but the last of each partition, by which its end is known at the next start.
async fn trim(shared: &Shared, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Error> {
    let keep = i64::from(shared.config.signals_retention_minutes.max(5)) * 60_000;
    for partition in (0..shared.config.partitions).map(Partition::new) {
        let end = shared.heads.end(Topic::Signals, partition).get();
        sqlx::query("DELETE FROM records WHERE id >= ? AND id < ? AND appended_at < ?")
            .bind(id(Topic::Signals, partition, Offset::ZERO))
            .bind(id(Topic::Signals, partition, Offset::new(end.saturating_sub(1))))
            .bind(now.as_millis() - keep)
            .execute(&mut *connection)
            .await
            .map_err(|e| failed(&e))?;
    }
    Ok(())
}

/// After a commit that failed, the file alone knows where the partitions end. While it can't be read, appends are
/// answered with the reason; `None` when the log is closed meanwhile.
async fn recover(
    shared: &Shared,
    connection: &mut SqliteConnection,
    queue: &mut mpsc::Receiver<Append>,
) -> Option<Ends> {
    loop {
        let _ = connection.execute("ROLLBACK").await; // Fails where none is open: fine.
        let error = match Ends::load(connection, shared.config.partitions).await {
            Ok(ends) => return Some(ends),
            Err(error) => error,
        };
        tracing::error!(%error, "log.db can't be read: trying again");
        let refusing = async {
            while let Some(append) = queue.recv().await {
                append.answer(Err(error.clone()));
            }
        };
        if tokio::time::timeout(TRY_AGAIN, refusing).await.is_ok() {
            return None;
        }
    }
}
