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
                    return Ok(if gathered.records.is_empty() { Next::Idle } else { self.batch(gathered) });
                }
            };
            match came {
                Some(Ok(portion)) => self.rest = Some((portion.records.into_iter(), portion.permit)),
                Some(Err(error)) => return Err(self.lost(error)),
                None => return Err(Halt::Over),
            }
        }
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
        };
        let mut stands = self.common.stands.lock();
        match stands.get_mut(&self.partition) {
            Some(old) if old.next == next => {}
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
