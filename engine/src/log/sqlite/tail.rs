//! The live end: a thread of its own, woken by commits, that reads the file on and hands borrowed records over.

use super::Shared;
use super::file::read;
use crate::clock;
use crate::domain::{Offset, Partition, Timestamp};
use crate::log::{Error, Handler, RangeLimits, Tail, Topic, metrics};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Most records read before others have their turn.
const PAGE: RangeLimits = RangeLimits {
    max_records: 1_000,
    max_bytes: 4 * 1024 * 1024,
};
/// How long a tail that can't read waits before it tries again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Handle {
    stop: DropGuard,
    ended: oneshot::Receiver<()>,
}

#[async_trait]
impl Tail for Handle {
    async fn stop(self: Box<Self>) {
        let Self { stop, ended } = *self;
        drop(stop);
        // An error says that the thread is gone: as good.
        let _ = ended.await;
    }
}

pub(super) fn start(
    shared: Arc<Shared>,
    starts: Vec<(Topic, Partition, Offset)>,
    handler: Box<dyn Handler>,
) -> Result<Handle, Error> {
    let no_thread = |error| Error::Unavailable(format!("no thread for a tail: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(no_thread)?;
    let stop = CancellationToken::new();
    let (sender, ended) = oneshot::channel::<()>();
    let mut commits = shared.heads.commits.subscribe();
    commits.mark_changed();
    let places = starts.into_iter().map(|(topic, partition, next)| Place {
        topic,
        partition,
        next,
        read: None,
        told: None,
        lost: false,
    });
    let mut reader = Reader {
        shared,
        places: places.collect(),
        handler,
        commits,
    };
    let stopped = stop.clone();
    std::thread::Builder::new()
        .name("log-tail".into())
        .spawn(move || {
            runtime.block_on(stopped.run_until_cancelled(reader.run()));
            drop((reader, sender));
        })
        .map_err(no_thread)?;
    Ok(Handle {
        stop: stop.drop_guard(),
        ended,
    })
}

struct Reader {
    shared: Arc<Shared>,
    places: Vec<Place>,
    handler: Box<dyn Handler>,
    commits: watch::Receiver<u64>,
}

/// A partition that is read.
struct Place {
    topic: Topic,
    partition: Partition,
    next: Offset,
    /// When the record before it was appended, once there was one.
    read: Option<Timestamp>,
    /// The end as it was told last.
    told: Option<Offset>,
    lost: bool,
}

impl Reader {
    async fn run(&mut self) {
        loop {
            match self.shared.file.connect().await {
                Ok(mut connection) => {
                    let Err(error) = self.follow(&mut connection).await else {
                        return;
                    };
                    tracing::warn!(%error, "reading the log's end fails for now");
                }
                Err(error) => tracing::warn!(%error, "the log's end can't be read for now"),
            }
            metrics::read_failed();
            tokio::time::sleep(TRY_AGAIN).await;
            self.commits.mark_changed();
        }
    }

    /// Until the log is gone.
    async fn follow(&mut self, connection: &mut SqliteConnection) -> Result<(), Error> {
        while self.commits.changed().await.is_ok() {
            let mut behind = true;
            while behind {
                behind = false;
                for place in &mut self.places {
                    behind |= place.read_on(&self.shared, connection, &mut *self.handler).await?;
                }
                self.measure();
            }
        }
        Ok(())
    }

    fn measure(&self) {
        let now = clock::now();
        for topic in Topic::ALL {
            let places = self.places.iter().filter(|place| place.topic == topic);
            let lag = places.fold(None, |lag: Option<metrics::Lag>, place| {
                let end = self.shared.heads.end(topic, place.partition);
                let mut lag = lag.unwrap_or_default();
                lag.add(end.get().saturating_sub(place.next.get()), place.read, now);
                Some(lag)
            });
            if let Some(lag) = lag {
                metrics::tail_lag(topic, lag);
            }
        }
    }
}

impl Place {
    /// Reads a page; answers whether there is more.
    async fn read_on(
        &mut self,
        shared: &Shared,
        connection: &mut SqliteConnection,
        handler: &mut dyn Handler,
    ) -> Result<bool, Error> {
        let (topic, partition, end) = (self.topic, self.partition, shared.heads.end(self.topic, self.partition));
        if self.lost || self.told == Some(end) {
            return Ok(false);
        }
        if self.next > end {
            self.lost = true;
            let error = Error::OutOfRange {
                partition,
                offset: self.next,
                low: Offset::ZERO,
                high: end,
            };
            tracing::error!(?topic, %error, "the log does not hold what comes next: its tail stops here");
            metrics::tail_lost();
            handler.on_lost(topic, partition, &error);
            return Ok(false);
        }
        let (mut handed, mut appended_at) = (self.next, self.read);
        let next = read(connection, (topic, partition), self.next, end, PAGE, |record| {
            handed = record.position.offset.next();
            appended_at = Some(record.position.appended_at);
            handler.on_record(topic, record);
        })
        .await;
        // What was handed over before a failure must not come again.
        self.next = *next.as_ref().unwrap_or(&handed);
        self.read = appended_at;
        if next? < end {
            return Ok(true);
        }
        self.told = Some(end);
        handler.on_end(topic, partition, end);
        Ok(false)
    }
}
