//! A partition of live views at its watermark: records become deltas, one batch a write.

use super::batch::{Kept, fold};
use crate::Config;
use crate::course::Course;
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::rooms::Rooms;
use crate::traces::{self, Spans};
use engine::codec;
use engine::domain::{Epoch, Offset, Recent, Room, RoomId};
use engine::live::{self, Error, Reader, Writer};
use engine::log::{Log, Record};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// The two halves of a store.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) writer: Arc<dyn Writer>,
}

/// Where a partition is to be taken up again.
pub(crate) enum Again {
    /// Somebody else has moved the watermark: from there.
    From(Offset),
    /// The store lost what it held, or a part of it.
    Refill(String),
}

/// See the module.
pub(crate) struct Partition {
    /// As metrics call whoever projects.
    name: &'static str,
    store: Store,
    epoch: Epoch,
    /// Of the log.
    partitions: u16,
    partition: engine::domain::Partition,
    loads_at_once: usize,
    next: Offset,
    /// Rooms as they stand at the watermark.
    rooms: Rooms<Kept>,
}

impl Partition {
    /// A partition whose watermark is `next`.
    pub(crate) fn at(
        name: &'static str,
        store: &Store,
        log: &dyn Log,
        config: &Config,
        partition: engine::domain::Partition,
        next: Offset,
    ) -> Self {
        Self {
            name,
            store: store.clone(),
            epoch: log.epoch(),
            partitions: log.partitions(),
            partition,
            loads_at_once: config.loads_at_once,
            next,
            rooms: Rooms::new(config.rooms_held),
        }
    }

    pub(crate) const fn next(&self) -> Offset {
        self.next
    }

    /// Whether the store still stands where it was left; where to begin anew otherwise.
    pub(crate) async fn look(&self) -> Result<Option<Again>, Halt> {
        Ok(match self.store.writer.watermark(self.epoch, self.partition).await? {
            Some(next) if next == self.next => None,
            Some(next) => Some(Again::From(next)),
            None => Some(Again::Refill("it was flushed".to_owned())),
        })
    }

    /// Writes the records in one batch; says where to begin anew when the store is not where it was left.
    pub(crate) async fn project(&mut self, records: &[Record], course: &mut dyn Course) -> Result<Option<Again>, Halt> {
        let Some(last) = records.last() else {
            return Ok(None);
        };
        let began = Instant::now();
        let mut events = Vec::with_capacity(records.len());
        for record in records {
            match codec::decode(record.borrowed(), self.partitions) {
                Ok(decoded) => events.push((record, decoded)),
                // The history projector copies what is damaged.
                Err(unread) => metrics::unread(self.name, unread),
            }
        }
        let ids = events.iter().map(|(_, decoded)| decoded.event.room_id).collect();
        if let Some(again) = self.load(ids).await? {
            return Ok(Some(again));
        }
        let spans = Spans::begin(traces::Store::Live, records, course.is_traced());
        let folded = fold(self.name, &mut self.rooms, events.into_iter(), spans);
        let to = last.position.offset.next();
        let written = live::Batch {
            epoch: self.epoch,
            partition: self.partition,
            from: self.next,
            to,
            rooms: folded.rooms,
        };
        let answer = self.store.writer.write(&written).await;
        if answer.is_err() {
            folded.spans.failed("not_written");
        }
        match answer {
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
            records,
            events: folded.events,
            took: began.elapsed(),
        };
        course.written(to, written);
        self.rooms.trim();
        Ok(None)
    }

    /// Loads the rooms that are met for the first time.
    async fn load(&mut self, ids: BTreeSet<RoomId>) -> Result<Option<Again>, Halt> {
        let ask = |id| self.store.reader.room(id, self.partition);
        for (id, loaded) in self.rooms.missing(ids, self.loads_at_once, ask).await {
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
