//! The log in a file, `log.db`: for one process and its own threads, durable without any service.
//!
//! One task writes, many appends to a commit; whoever reads is woken by commits and reads the file. What must hold:
//! an append is answered after its commit is on disk (`synchronous=FULL`); offsets have no gap; a second process
//! is kept out by a lock.

mod file;
mod group;
mod import;
mod reader;
mod tail;
mod writer;

use super::{Error, Extent, Group, Handler, Outgoing, Range, RangeLimits, Tail, Topic};
use crate::domain::{Epoch, Offset, Partition, Position, Timestamp};
use async_trait::async_trait;
use file::{File, Lock};
use group::Groups;
use parking_lot::Mutex;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use writer::Append;

/// Settings of the embedded log.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Partitions of each topic, fixed when the file is made (1 to 1,024).
    pub partitions: u16,
    /// Most appends that wait for a commit; past that an append is refused at once as unavailable.
    pub queue_max_records: usize,
    /// Most appends in one commit.
    pub commit_max_records: usize,
    /// How long presence and typing are kept, in minutes (at least 5).
    pub signals_retention_minutes: u32,
    /// How large the file may grow, in MiB; 0: as the disk allows.
    pub max_megabytes: u32,
    /// Most bounded reads under way at once.
    pub readers: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            partitions: 16,
            queue_max_records: 10_000,
            commit_max_records: 512,
            signals_retention_minutes: 10,
            max_megabytes: 0,
            readers: 4,
        }
    }
}

/// What the file is called in its folder.
pub const FILE: &str = "log.db";

/// The largest value of a record, as Kafka has it by default.
const MAX_VALUE_BYTES: usize = 1_000_000;
/// The most partitions a log may have.
const MAX_PARTITIONS: u16 = 1_024;

/// A log in a file, open.
pub struct Log {
    shared: Arc<Shared>,
    groups: Arc<Groups>,
    /// `None` once closed.
    appends: Mutex<Option<mpsc::Sender<Append>>>,
    writer: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    /// Held as long as the log is open.
    _lock: Lock,
}

/// What its readers share with the writer.
struct Shared {
    config: Config,
    file: File,
    heads: Heads,
}

/// The next offset of each partition of each topic, as committed.
struct Heads {
    partitions: u16,
    next: Vec<AtomicU64>,
    /// Counts commits; its receivers are woken by each.
    commits: watch::Sender<u64>,
}

impl Heads {
    fn new(partitions: u16, next: impl IntoIterator<Item = Offset>) -> Self {
        Self {
            partitions,
            next: next.into_iter().map(|offset| AtomicU64::new(offset.get())).collect(),
            commits: watch::Sender::new(0),
        }
    }

    fn index(&self, topic: Topic, partition: Partition) -> usize {
        topic as usize * usize::from(self.partitions) + usize::from(partition.get())
    }

    /// The end of a partition; nothing for one that this log does not have.
    fn end(&self, topic: Topic, partition: Partition) -> Offset {
        if partition.get() >= self.partitions {
            return Offset::ZERO;
        }
        Offset::new(self.next[self.index(topic, partition)].load(Ordering::Acquire))
    }
}

impl Log {
    /// Opens the log in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when another process has it open or the file has another partition count;
    /// [`Error::Refused`] when the folder can't be written.
    pub async fn open(folder: &Path, config: Config) -> Result<Self, Error> {
        if !(1..=MAX_PARTITIONS).contains(&config.partitions) || config.readers == 0 || config.commit_max_records == 0 {
            return Err(Error::Misconfigured(
                "the embedded log needs 1 to 1024 partitions, and at least 1 reader and 1 record to a commit".into(),
            ));
        }
        let lock = Lock::take(folder)?;
        let (file, mut connection) = File::open(folder, &config).await?;
        let ends = writer::Ends::load(&mut connection, config.partitions).await?;
        let heads = Heads::new(config.partitions, ends.offsets());
        let shared = Arc::new(Shared { config, file, heads });
        let (appends, queue) = mpsc::channel(shared.config.queue_max_records.max(1));
        let writer = tokio::spawn(writer::run(shared.clone(), connection, ends, queue));
        Ok(Self {
            groups: Groups::new(shared.clone()),
            shared,
            appends: Mutex::new(Some(appends)),
            writer: tokio::sync::Mutex::new(Some(writer)),
            _lock: lock,
        })
    }

    fn known(&self, partition: Partition) -> Result<(), Error> {
        if partition.get() < self.shared.config.partitions {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "there is no partition {partition}: this log has {}",
            self.shared.config.partitions
        )))
    }
}

#[async_trait]
impl super::Log for Log {
    fn epoch(&self) -> Epoch {
        self.shared.file.epoch
    }

    fn partitions(&self) -> u16 {
        self.shared.config.partitions
    }

    fn system(&self) -> &'static str {
        "sqlite"
    }

    async fn append(&self, outgoing: Outgoing) -> Result<Position, Error> {
        self.known(outgoing.partition)?;
        let bytes = outgoing.value.as_ref().map_or(0, bytes::Bytes::len);
        if bytes > MAX_VALUE_BYTES {
            return Err(Error::Refused(format!(
                "a value of {bytes} bytes, at most {MAX_VALUE_BYTES} fit"
            )));
        }
        let (append, answer) = Append::new(outgoing);
        let handed_over = match &*self.appends.lock() {
            None => Err(Error::Unavailable("it is closed".into())),
            Some(queue) => queue.try_send(append).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Error::Unavailable("too many appends wait for a commit".into()),
                mpsc::error::TrySendError::Closed(_) => Error::Unavailable("its writer has ended".into()),
            }),
        };
        if let Err(error) = handed_over {
            super::metrics::append_refused(&error);
            return Err(error);
        }
        answer
            .await
            .unwrap_or_else(|_| Err(Error::Unknown("the writer ended without an answer".into())))
    }

    fn tail(&self, starts: Vec<(Topic, Partition, Offset)>, handler: Box<dyn Handler>) -> Result<Box<dyn Tail>, Error> {
        for (_, partition, _) in &starts {
            self.known(*partition)?;
        }
        Ok(Box::new(tail::start(self.shared.clone(), starts, handler)?))
    }

    async fn range(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        to: Offset,
        limits: RangeLimits,
    ) -> Result<Range, Error> {
        self.known(partition)?;
        self.shared.range(topic, partition, from, to, limits, None).await
    }

    fn reader(&self, topic: Topic, partition: Partition, from: Offset) -> Box<dyn super::Reader> {
        Box::new(reader::Reader::new(self.shared.clone(), topic, partition, from))
    }

    async fn offset_at(&self, topic: Topic, partition: Partition, time: Timestamp) -> Result<Option<Offset>, Error> {
        self.known(partition)?;
        self.shared.offset_at(topic, partition, time).await
    }

    async fn extents(&self, topic: Topic) -> Result<Vec<Extent>, Error> {
        let mut extents = Vec::with_capacity(self.shared.config.partitions.into());
        for partition in (0..self.shared.config.partitions).map(Partition::new) {
            extents.push(self.shared.extent(topic, partition).await?);
        }
        Ok(extents)
    }

    async fn join(&self, topic: Topic, name: &str) -> Result<Box<dyn Group>, Error> {
        Ok(Box::new(self.groups.join(topic, name)))
    }

    async fn import(&self) -> Result<Box<dyn super::Import>, Error> {
        Ok(Box::new(import::Import::begin(self).await?))
    }

    async fn ping(&self) -> Result<(), Error> {
        let ended = self.writer.lock().await.as_ref().is_none_or(JoinHandle::is_finished);
        if ended {
            return Err(Error::Unavailable("its writer has ended".into()));
        }
        self.shared.extent(Topic::Events, Partition::new(0)).await.map(drop)
    }

    async fn close(&self) {
        self.appends.lock().take();
        if let Some(writer) = self.writer.lock().await.take()
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the log's writer failed");
        }
    }
}
