//! One partition of one topic on its way into the new projection.
//!
//! What must hold: it stands where its store says; whatever interrupts it, it asks the store again.

use super::{Config, Progress, Store};
use crate::course::Course;
use crate::dead_letters::Letter;
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::{Config as Projector, Error, history, live};
use async_trait::async_trait;
use engine::domain::{Offset, Partition, RoomId};
use engine::log::{Extent, Log, Range, RangeLimits, Record, Topic};
use std::collections::BTreeSet;
use std::sync::Arc;

const HISTORY: &str = "rebuild-history";
const READS: &str = "rebuild-history-reads";
const LIVE: &str = "rebuild-live";
/// A room's id as text: what the keys of events are, and those of read markers begin with.
const ROOM_ID_BYTES: usize = 36;

/// What every lane of a rebuild shares.
pub(super) struct Common {
    pub(super) log: Arc<dyn Log>,
    pub(super) store: Store,
    pub(super) config: Config,
    pub(super) projector: Projector,
    pub(super) progress: Progress,
}

/// The projector's own fold of a partition, at its checkpoint.
enum Fold {
    Events(Box<history::Partition>),
    Reads(history::Marks),
    Live(Box<live::Partition>),
}

/// See the module.
pub(super) struct Lane {
    common: Arc<Common>,
    pub(super) topic: Topic,
    pub(super) partition: Partition,
    /// Where the new projection stands.
    pub(super) next: Offset,
    /// Rooms of the records since this was last emptied.
    pub(super) touched: BTreeSet<RoomId>,
    /// `None` until the checkpoint is claimed, and after whatever interrupted it.
    fold: Option<Fold>,
}

impl Lane {
    pub(super) fn new(common: Arc<Common>, topic: Topic, partition: Partition) -> Self {
        Self {
            common,
            topic,
            partition,
            next: Offset::ZERO,
            touched: BTreeSet::new(),
            fold: None,
        }
    }

    /// It was interrupted: what it holds is not to be relied on.
    pub(super) fn forget(&mut self) {
        self.fold = None;
    }

    /// Asks the store where it stands.
    pub(super) async fn claim(&mut self) -> Result<(), Halt> {
        let Common {
            log, store, projector, ..
        } = &*self.common;
        let fold = match (store, self.topic) {
            (Store::History { writer, .. }, Topic::Reads) => {
                let marks = history::Marks::claim(READS, writer.clone(), log.epoch(), self.partition).await?;
                self.next = marks.next();
                Fold::Reads(marks)
            }
            (Store::History { reader, writer }, _) => {
                let (reader, writer) = (reader.clone(), writer.clone());
                let store = history::Store { reader, writer };
                let partition = history::Partition::claim(HISTORY, &store, &**log, projector, self.partition).await?;
                self.next = partition.next();
                Fold::Events(Box::new(partition))
            }
            (Store::Live { reader, writer }, _) => {
                let next = match writer.watermark(log.epoch(), self.partition).await? {
                    Some(next) => next,
                    None => {
                        let filling = writer.reset(log.epoch(), self.partition, Offset::ZERO).await?;
                        writer.refilled(&filling).await?;
                        Offset::ZERO
                    }
                };
                let (reader, writer) = (reader.clone(), writer.clone());
                let store = live::Store { reader, writer };
                self.next = next;
                Fold::Live(Box::new(live::Partition::at(
                    LIVE,
                    &store,
                    &**log,
                    projector,
                    self.partition,
                    next,
                )))
            }
        };
        self.fold = Some(fold);
        Ok(())
    }

    /// Projects what lies before `to`.
    pub(super) async fn walk(&mut self, to: Offset) -> Result<(), Halt> {
        if self.fold.is_none() {
            self.claim().await?;
        }
        if self.next >= to {
            return Ok(());
        }
        let from = self.start().await?;
        let common = self.common.clone();
        let mut source = Source::open(&common, self.topic, self.partition, from, to);
        let mut came = source.next(&common).await?;
        loop {
            // The next records come while these are written.
            let more = came.next < to;
            let reading = async {
                if more {
                    source.next(&common).await.map(Some)
                } else {
                    Ok(None)
                }
            };
            let (read, written) = tokio::join!(reading, project(self, &came.records));
            written?;
            match read? {
                Some(range) => came = range,
                None => break,
            }
        }
        // What was compacted away at the end is behind us too.
        if let Some(Fold::Reads(marks)) = &mut self.fold
            && marks.next() < to
        {
            marks.pass(to).await?;
        }
        self.next = to;
        Ok(())
    }

    /// Where reading begins: read markers may have been compacted away, events never.
    async fn start(&self) -> Result<Offset, Halt> {
        let extents = self.common.log.extents(self.topic).await?;
        let found = extents.into_iter().find(|extent| extent.partition == self.partition);
        let Extent { low, high, .. } = found.ok_or_else(|| Halt::Away("the log does not say what it holds".into()))?;
        if self.topic == Topic::Reads || self.next >= low {
            return Ok(self.next.max(low));
        }
        Err(Halt::Fatal(Error::NotOnTheLog {
            projection: HISTORY,
            partition: self.partition,
            next: self.next,
            low,
            high,
        }))
    }
}

async fn project(lane: &mut Lane, records: &[Record]) -> Result<(), Halt> {
    lane.touched.extend(records.iter().filter_map(room));
    let mut course = Walk {
        progress: &lane.common.progress,
    };
    let Some(fold) = &mut lane.fold else {
        return Err(Halt::Away("it was interrupted".into()));
    };
    lane.next = match fold {
        Fold::Events(partition) => {
            partition.project(records, &mut course).await?;
            partition.next()
        }
        Fold::Reads(marks) => {
            marks.project(records, &mut course).await?;
            marks.next()
        }
        Fold::Live(partition) => match partition.project(records, &mut course).await? {
            None => partition.next(),
            Some(live::Again::From(_)) => return Err(Halt::Fenced),
            Some(live::Again::Refill(why)) => return Err(Halt::Away(why)),
        },
    };
    Ok(())
}

/// Which room a record is about, by its key.
fn room(record: &Record) -> Option<RoomId> {
    let key = record.key.as_ref()?.get(..ROOM_ID_BYTES)?;
    std::str::from_utf8(key).ok()?.parse().ok()
}

/// Where records come from: a reader of its own for a long walk, a bounded read for a short one.
enum Source {
    Walk(Box<dyn engine::log::Reader>, Offset),
    Rest(Topic, Partition, Offset, Offset),
}

impl Source {
    fn open(common: &Common, topic: Topic, partition: Partition, from: Offset, to: Offset) -> Self {
        let records = to.get().saturating_sub(from.get());
        if records > common.config.batch_records as u64 {
            Self::Walk(common.log.reader(topic, partition, from), to)
        } else {
            Self::Rest(topic, partition, from, to)
        }
    }

    async fn next(&mut self, common: &Common) -> Result<Range, engine::log::Error> {
        let limits = RangeLimits {
            max_records: common.config.batch_records.max(1),
            max_bytes: common.config.batch_bytes.max(1),
        };
        match self {
            Self::Walk(reader, to) => reader.next(*to, limits).await,
            Self::Rest(topic, partition, from, to) => {
                let range = common.log.range(*topic, *partition, *from, *to, limits).await?;
                *from = range.next;
                Ok(range)
            }
        }
    }
}

/// A rebuild writes nothing to the log: the projector has told of what is damaged when it was there.
struct Walk<'a> {
    progress: &'a Progress,
}

#[async_trait]
impl Course for Walk<'_> {
    async fn tell(&mut self, _topic: Topic, _letters: &[Letter<'_>]) -> Result<(), Halt> {
        Ok(())
    }

    fn written(&mut self, _next: Offset, batch: Written<'_>) {
        metrics::rebuilt(batch);
        self.progress.walked(batch.records.len() as u64);
    }

    fn is_traced(&self) -> bool {
        false
    }
}
