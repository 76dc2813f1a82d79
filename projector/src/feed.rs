//! What a partition's task reads from: batches of records, bounded by records, bytes and time.
//!
//! What must hold: after [`Feed::start`] nothing of an older start comes any more; a batch holds its part of
//! `waiting_bytes` until it is dropped.

use crate::backoff::Backoff;
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::{Config, Error, Status};
use engine::domain::{Offset, Partition, Timestamp};
use engine::log::{Extent, Log, Record, Topic};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

/// Portions that wait for a partition's task beside the one it works on.
const PORTIONS: usize = 2;
/// What a record takes beside key and value, about.
const OVERHEAD: usize = 256;

/// Records as the group gave them.
pub(crate) struct Portion {
    pub(crate) records: Vec<Record>,
    /// Their part of `waiting_bytes`.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// What comes through: records, or that the log does not hold what comes next.
pub(crate) type Fed = Result<Portion, engine::log::Error>;

/// A task's word on where its partition is to be read from.
pub(crate) struct Start {
    pub(crate) partition: Partition,
    /// Which task says so: an older one of the same partition has no say any more.
    pub(crate) task: u64,
    pub(crate) next: Offset,
    pub(crate) to: mpsc::Sender<Fed>,
}

/// What every task of a projection shares.
pub(crate) struct Common {
    pub(crate) projection: &'static str,
    pub(crate) topic: Topic,
    pub(crate) config: Arc<Config>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) status: Status,
    /// Where this process's partitions stand.
    pub(crate) stands: Mutex<BTreeMap<Partition, Stand>>,
}

/// Where a partition stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    /// The next offset to write.
    pub(crate) next: Offset,
    /// Since when it stands there.
    pub(crate) moved: Instant,
    /// When the record at `next` was appended, once that is known: a batch begins with it, or the log was asked.
    pub(crate) waiting: Option<Timestamp>,
    /// When the last record was appended that was written.
    pub(crate) written: Option<Timestamp>,
    /// Since when, from the last start on, the log is known to hold more.
    pub(crate) behind: Option<Instant>,
}

/// See the module.
pub(crate) struct Feed {
    pub(crate) common: Arc<Common>,
    pub(crate) partition: Partition,
    /// Cancelled when the partition is taken away, or the projector stopped.
    pub(crate) over: CancellationToken,
    pub(crate) backoff: Backoff,
    task: u64,
    starts: mpsc::Sender<Start>,
    fed: Option<mpsc::Receiver<Fed>>,
    rest: Option<(std::vec::IntoIter<Record>, OwnedSemaphorePermit)>,
}

/// Some records of the partition, in order; never empty.
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    _permits: Vec<OwnedSemaphorePermit>,
}

/// What came.
pub(crate) enum Next {
    Batch(Batch),
    /// Nothing in the time given.
    Idle,
}

impl Common {
    /// Notes what was found of a partition, if it still stands at `next`, where it was looked at.
    pub(crate) fn found(&self, partition: Partition, next: Offset, note: impl FnOnce(&mut Stand)) {
        let mut stands = self.stands.lock();
        if let Some(stand) = stands.get_mut(&partition).filter(|stand| stand.next == next) {
            note(stand);
        }
    }
}

impl Feed {
    pub(crate) fn new(
        common: Arc<Common>,
        partition: Partition,
        task: u64,
        over: CancellationToken,
        starts: mpsc::Sender<Start>,
    ) -> Self {
        let backoff = Backoff::new(&common.config);
        Self {
            common,
            partition,
            over,
            backoff,
            task,
            starts,
            fed: None,
            rest: None,
        }
    }

    pub(crate) fn over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Throws away what has come and not been written.
    pub(crate) fn stop(&mut self) {
        self.fed = None;
        self.rest = None;
    }

    /// Reads on from `next`, and notes that the partition stands there.
    pub(crate) async fn start(&mut self, next: Offset) {
        self.stop();
        let (to, fed) = mpsc::channel(PORTIONS);
        let start = Start {
            partition: self.partition,
            task: self.task,
            next,
            to,
        };
        // It fails only when everything is over.
        let _ = self.starts.send(start).await;
        self.fed = Some(fed);
        self.stands(next, None);
        tracing::debug!(
            projection = self.common.projection,
            partition = %self.partition,
            %next,
            "a partition is read"
        );
    }

    /// The next batch; nothing in `patience` is [`Next::Idle`].
    pub(crate) async fn next(&mut self, patience: Duration) -> Result<Next, Halt> {
        let mut gathered = Gathered::default();
        let mut deadline = tokio::time::Instant::now() + patience;
        loop {
            if self.over() {
                return Err(Halt::Over);
            }
            if let Some((records, permit)) = self.rest.take() {
                self.rest = gathered.take(records, permit, &self.common.config);
                if self.rest.is_some() {
                    return Ok(self.batch(gathered));
                }
                if gathered.portions == 1 {
                    deadline = tokio::time::Instant::now() + Duration::from_millis(self.common.config.batch_wait_ms);
                }
            }
            let fed = self.fed.as_mut().ok_or(Halt::Over)?;
            let came = tokio::select! {
                biased;
                () = self.over.cancelled() => return Err(Halt::Over),
                came = fed.recv() => came,
                () = tokio::time::sleep_until(deadline) => {
                    if gathered.records.is_empty() {
                        self.ask_again().await;
                        return Ok(Next::Idle);
                    }
                    return Ok(self.batch(gathered));
                }
            };
            match came {
                Some(Ok(portion)) => self.rest = Some((portion.records.into_iter(), portion.permit)),
                Some(Err(error)) => return Err(self.lost(error)),
                None => return Err(Halt::Over),
            }
        }
    }

    /// Begins to read anew where nothing comes although the log holds more: whatever reads for us has lost the thread.
    async fn ask_again(&mut self) {
        let patience = Duration::from_millis(self.common.config.stalled_ms);
        let stand = self.common.stands.lock().get(&self.partition).copied();
        let Some(stand) = stand.filter(|stand| stand.behind.is_some_and(|since| since.elapsed() >= patience)) else {
            return;
        };
        let (projection, partition, next) = (self.common.projection, self.partition, stand.next);
        tracing::warn!(projection, %partition, %next, "nothing comes although the log holds more: it is read anew");
        metrics::retried(projection);
        self.start(next).await;
    }

    fn batch(&self, gathered: Gathered) -> Next {
        if let Some(first) = gathered.records.first()
            && let Some(stand) = self.common.stands.lock().get_mut(&self.partition)
        {
            stand.waiting = Some(first.position.appended_at);
        }
        Next::Batch(Batch {
            records: gathered.records,
            _permits: gathered.permits,
        })
    }

    fn lost(&self, error: engine::log::Error) -> Halt {
        let engine::log::Error::OutOfRange {
            partition,
            offset,
            low,
            high,
        } = error
        else {
            return error.into();
        };
        Halt::Fatal(Error::NotOnTheLog {
            projection: self.common.projection,
            partition,
            next: offset,
            low,
            high,
        })
    }

    /// What the log holds of this partition.
    pub(crate) async fn extent(&self) -> Result<Extent, Halt> {
        let extents = self.common.log.extents(self.common.topic).await?;
        let found = extents.into_iter().find(|extent| extent.partition == self.partition);
        found.ok_or_else(|| Halt::Away(format!("the log does not say what partition {} holds", self.partition)))
    }

    /// Refuses a checkpoint that the log does not hold.
    pub(crate) async fn check(&self, next: Offset) -> Result<(), Halt> {
        let Extent { low, high, .. } = self.extent().await?;
        if next >= low && next <= high {
            return Ok(());
        }
        Err(Halt::Fatal(Error::NotOnTheLog {
            projection: self.common.projection,
            partition: self.partition,
            next,
            low,
            high,
        }))
    }

    /// A batch was written: the partition stands at `next`.
    pub(crate) fn written(&mut self, next: Offset, batch: Written<'_>) {
        self.well();
        self.stands(next, batch.records.last().map(|last| last.position.appended_at));
        metrics::written(self.common.projection, batch);
    }

    /// Nothing is away.
    pub(crate) fn well(&mut self) {
        self.backoff.reset();
        self.common.status.back(self.common.projection, Some(self.partition));
    }

    fn stands(&self, next: Offset, written: Option<Timestamp>) {
        let stand = Stand {
            next,
            moved: Instant::now(),
            waiting: None,
            written,
            behind: None,
        };
        let mut stands = self.common.stands.lock();
        match stands.get_mut(&self.partition) {
            // A start anew has its time.
            Some(old) if old.next == next => old.behind = None,
            Some(old) => *old = stand,
            // Whoever has it now says where it stands.
            None if self.over() => {}
            None => drop(stands.insert(self.partition, stand)),
        }
    }
}

#[derive(Default)]
struct Gathered {
    records: Vec<Record>,
    permits: Vec<OwnedSemaphorePermit>,
    bytes: usize,
    portions: usize,
}

impl Gathered {
    /// Takes of a portion what has room; gives back the rest of it.
    fn take(
        &mut self,
        mut records: std::vec::IntoIter<Record>,
        permit: OwnedSemaphorePermit,
        config: &Config,
    ) -> Option<(std::vec::IntoIter<Record>, OwnedSemaphorePermit)> {
        self.portions += 1;
        while self.records.len() < config.batch_records.max(1) && self.bytes < config.batch_bytes.max(1) {
            let Some(record) = records.next() else {
                self.permits.push(permit);
                return None;
            };
            self.bytes += size(&record);
            self.records.push(record);
        }
        Some((records, permit))
    }
}

/// About what a record takes.
pub(crate) fn size(record: &Record) -> usize {
    let length = |bytes: &Option<bytes::Bytes>| bytes.as_ref().map_or(0, bytes::Bytes::len);
    OVERHEAD + length(&record.key) + length(&record.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::log::sqlite;

    /// Partition 0 of an empty log, begun at offset 7, and what is asked of its group; nobody ever gives it anything.
    struct Begun {
        feed: Feed,
        told: mpsc::Receiver<Start>,
        first: Start,
        _folder: tempfile::TempDir,
    }

    impl Begun {
        async fn with(stalled_ms: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let log = sqlite::Log::open(folder.path(), sqlite::Config::default())
                .await
                .unwrap();
            let config = Config {
                stalled_ms,
                ..Config::default()
            };
            let common = Common {
                projection: "history",
                topic: Topic::Events,
                config: Arc::new(config),
                log: Arc::new(log),
                status: Status::default(),
                stands: Mutex::default(),
            };
            let (tell, mut told) = mpsc::channel(4);
            let mut feed = Feed::new(Arc::new(common), Partition::new(0), 1, CancellationToken::new(), tell);
            feed.start(Offset::new(7)).await;
            Self {
                feed,
                first: told.try_recv().unwrap(),
                told,
                _folder: folder,
            }
        }

        fn found_behind(&self, next: u64) {
            self.feed.common.found(self.feed.partition, Offset::new(next), |stand| {
                stand.behind.get_or_insert_with(Instant::now);
            });
        }

        /// What is asked of the group when nothing comes.
        async fn asked_when_idle(&mut self) -> Option<Start> {
            assert!(matches!(self.feed.next(Duration::from_millis(1)).await, Ok(Next::Idle)));
            self.told.try_recv().ok()
        }
    }

    #[tokio::test]
    async fn where_nothing_comes_although_there_is_more_it_is_asked_for_again() {
        let mut begun = Begun::with(0).await;
        assert!(
            begun.asked_when_idle().await.is_none(),
            "nothing more is known to be there"
        );
        begun.found_behind(6);
        assert!(begun.asked_when_idle().await.is_none(), "it has moved on since");
        begun.found_behind(7);
        let again = begun.asked_when_idle().await.unwrap();
        assert_eq!((again.task, again.next), (begun.first.task, begun.first.next));
        assert!(
            begun.first.to.is_closed(),
            "what still comes of the first start is nobody's"
        );
        assert!(begun.asked_when_idle().await.is_none(), "a start anew has its time");
    }

    #[tokio::test]
    async fn it_is_not_asked_for_again_before_its_time() {
        let mut begun = Begun::with(3_600_000).await;
        begun.found_behind(7);
        assert!(begun.asked_when_idle().await.is_none());
    }
}
