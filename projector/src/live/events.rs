//! The events of one partition, from its watermark on; without one, from a refill.

use super::batch::{Kept, fold};
use crate::Config;
use crate::feed::{Batch, Feed, Next};
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::rooms::Rooms;
use crate::share::Projection;
use async_trait::async_trait;
use engine::codec;
use engine::domain::{Offset, Recent, Room, RoomId};
use engine::history;
use engine::live::{self, Error, Reader, Writer};
use engine::log::Topic;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

pub(super) struct Events {
    pub(super) history: Arc<dyn history::Reader>,
    reader: Arc<dyn Reader>,
    pub(super) writer: Arc<dyn Writer>,
    /// Refills at once.
    pub(super) refills: Semaphore,
    /// Refills that wait or are under way.
    pub(super) filling: AtomicUsize,
}

impl Events {
    pub(super) fn new(
        config: &Config,
        history: Arc<dyn history::Reader>,
        reader: Arc<dyn Reader>,
        writer: Arc<dyn Writer>,
    ) -> Self {
        Self {
            history,
            reader,
            writer,
            refills: Semaphore::new(config.refills_at_once.clamp(1, Semaphore::MAX_PERMITS)),
            filling: AtomicUsize::new(0),
        }
    }
}

/// Where a partition is to be taken up again.
enum Again {
    /// Somebody else has moved the watermark: from there.
    From(Offset),
    /// The store lost what it held, or a part of it.
    Refill(String),
}

#[async_trait]
impl Projection for Events {
    fn name(&self) -> &'static str {
        "live"
    }

    fn topic(&self) -> Topic {
        Topic::Events
    }

    async fn project(&self, feed: &mut Feed) -> Result<(), Halt> {
        let epoch = feed.common.log.epoch();
        let mut again = match self.writer.watermark(epoch, feed.partition).await? {
            Some(next) => Again::From(next),
            None => Again::Refill("it holds nothing of this partition".to_owned()),
        };
        loop {
            let next = match again {
                Again::From(next) => next,
                Again::Refill(why) => {
                    feed.stop();
                    self.refill(feed, &why).await?
                }
            };
            feed.check(next).await?;
            feed.common.status.back(self.name(), Some(feed.partition));
            feed.start(next).await;
            let mut partition = Partition {
                store: self,
                next,
                rooms: Rooms::new(feed.common.config.rooms_held),
            };
            again = partition.fold_on(feed).await?;
            // Whatever made it begin anew may do so again at once.
            if !feed.backoff.wait(&feed.over).await {
                return Err(Halt::Over);
            }
        }
    }
}

/// A partition at its watermark.
struct Partition<'a> {
    store: &'a Events,
    next: Offset,
    /// Rooms as they stand at the watermark.
    rooms: Rooms<Kept>,
}

impl Partition<'_> {
    async fn fold_on(&mut self, feed: &mut Feed) -> Result<Again, Halt> {
        let patience = Duration::from_millis(feed.common.config.watermark_check_ms);
        loop {
            let again = match feed.next(patience).await? {
                Next::Batch(batch) => self.write(&batch, feed).await?,
                Next::Idle => self.look(feed).await?,
            };
            if let Some(again) = again {
                return Ok(again);
            }
        }
    }

    /// Whether the store still stands where it was left.
    async fn look(&self, feed: &mut Feed) -> Result<Option<Again>, Halt> {
        let epoch = feed.common.log.epoch();
        Ok(match self.store.writer.watermark(epoch, feed.partition).await? {
            Some(next) if next == self.next => {
                feed.well();
                None
            }
            Some(next) => Some(Again::From(next)),
            None => Some(Again::Refill("it was flushed".to_owned())),
        })
    }

    async fn write(&mut self, batch: &Batch, feed: &mut Feed) -> Result<Option<Again>, Halt> {
        let Some(last) = batch.records.last() else {
            return Ok(None);
        };
        let began = Instant::now();
        let mut events = Vec::with_capacity(batch.records.len());
        let partitions = feed.common.log.partitions();
        for record in &batch.records {
            match codec::decode(record.borrowed(), partitions) {
                Ok(decoded) => events.push((record, decoded)),
                // The history projector copies what is damaged.
                Err(unread) => metrics::unread("live", unread),
            }
        }
        let ids = events.iter().map(|(_, decoded)| decoded.event.room_id).collect();
        if let Some(again) = self.load(ids, feed).await? {
            return Ok(Some(again));
        }
        let folded = fold(&mut self.rooms, events.into_iter());
        let to = last.position.offset.next();
        let written = live::Batch {
            epoch: feed.common.log.epoch(),
            partition: feed.partition,
            from: self.next,
            to,
            rooms: folded.rooms,
        };
        match self.store.writer.write(&written).await {
            Ok(()) => {}
            Err(Error::Watermark { found: Some(next), .. }) => return Ok(Some(Again::From(next))),
            Err(error @ (Error::Watermark { found: None, .. } | Error::Corrupt(_))) => {
                return Ok(Some(Again::Refill(error.to_string())));
            }
            Err(error) => return Err(error.into()),
        }
        drop(folded.spans);
        self.next = to;
        let written = Written {
            records: batch.records.len(),
            events: folded.events,
            took: began.elapsed(),
            last_appended_at: last.position.appended_at,
        };
        feed.written(to, written);
        self.rooms.trim();
        Ok(None)
    }

    /// Loads the rooms that are met for the first time.
    async fn load(&mut self, ids: BTreeSet<RoomId>, feed: &Feed) -> Result<Option<Again>, Halt> {
        let at_once = feed.common.config.loads_at_once;
        let ask = |id| self.store.reader.room(id, feed.partition);
        for (id, loaded) in self.rooms.missing(ids, at_once, ask).await {
            let stored = match loaded {
                Ok(stored) => stored,
                Err(Error::Corrupt(why)) => return Ok(Some(Again::Refill(why))),
                Err(error) => return Err(error.into()),
            };
            let kept = match stored {
                // The store is filled: what it does not hold was not on the log before the watermark. That it still
                // is filled, and stands here, is what the write asks.
                None => Kept {
                    room: Room::new(id),
                    recent: Recent::default(),
                },
                Some(stored) if stored.next != self.next => return Ok(Some(Again::From(stored.next))),
                Some(stored) => match Room::restore(id, stored.header, stored.changes, stored.window) {
                    Ok(room) => Kept {
                        room,
                        recent: Recent::restore(stored.recent),
                    },
                    Err(torn) => return Ok(Some(Again::Refill(format!("room {id}: {torn}")))),
                },
            };
            self.rooms.put(id, kept);
        }
        Ok(None)
    }
}
