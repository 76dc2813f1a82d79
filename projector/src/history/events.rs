//! The events of one partition, from its checkpoint on.

use super::batch::{Folded, fold};
use crate::feed::{Feed, Next};
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::rooms::Rooms;
use crate::share::Projection;
use crate::{Error, dead_letters};
use async_trait::async_trait;
use engine::codec;
use engine::domain::{Offset, Room, RoomId};
use engine::history::{self, Owner, Reader, Rows, Writer};
use engine::log::{Record, Topic};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for records before looking again: there is nothing to look at.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Events {
    pub(super) reader: Arc<dyn Reader>,
    pub(super) writer: Arc<dyn Writer>,
}

#[async_trait]
impl Projection for Events {
    fn name(&self) -> &'static str {
        "history"
    }

    fn topic(&self) -> Topic {
        Topic::Events
    }

    async fn project(&self, feed: &mut Feed) -> Result<(), Halt> {
        let (owner, next) = self.writer.claim(feed.common.log.epoch(), feed.partition).await?;
        feed.check(next).await?;
        feed.well();
        feed.start(next).await;
        let mut partition = Partition {
            store: self,
            owner,
            next,
            told: next,
            rooms: Rooms::new(feed.common.config.rooms_held),
        };
        loop {
            if let Next::Batch(batch) = feed.next(PATIENCE).await? {
                partition.project(&batch.records, feed).await?;
            }
        }
    }
}

/// A partition that this projector has claimed.
struct Partition<'a> {
    store: &'a Events,
    owner: Owner,
    /// The checkpoint, as this owner has moved it.
    next: Offset,
    /// The dead letters of records before it were appended.
    told: Offset,
    /// Rooms as they stand at the checkpoint.
    rooms: Rooms<Room>,
}

impl Partition<'_> {
    /// Writes the records in one batch. What the store refuses is halved until the one event stands alone that it
    /// refuses, and that one is written without what it says.
    async fn project(&mut self, records: &[Record], feed: &mut Feed) -> Result<(), Halt> {
        let mut parts = vec![records];
        while let Some(part) = parts.pop() {
            let refused = match self.write(part, Rows::All, feed).await {
                Err(Stop::Rejected(why)) => why,
                Err(Stop::Halt(halt)) => return Err(halt),
                Ok(()) => continue,
            };
            if let [record] = part {
                self.write_refused(record, refused, feed).await?;
            } else {
                let (before, after) = part.split_at(part.len() / 2);
                parts.extend([after, before]);
            }
        }
        self.rooms.trim();
        Ok(())
    }

    async fn write(&mut self, records: &[Record], rows: Rows, feed: &mut Feed) -> Result<(), Stop> {
        let Some(last) = records.last() else { return Ok(()) };
        let began = Instant::now();
        let partitions = feed.common.log.partitions();
        let read = records
            .iter()
            .map(|record| codec::decode(record.borrowed(), partitions));
        let read: Vec<_> = read.collect();
        let events = read.iter().filter_map(|read| read.as_ref().ok());
        self.load(events.map(|decoded| decoded.event.room_id).collect(), feed)
            .await?;
        let folded = fold(&mut self.rooms, records, read, rows, feed.common.config.snapshot_events);
        self.tell(&folded, feed).await?;
        let (events, snapshots) = (folded.events, folded.snapshots);
        let batch = history::Batch {
            epoch: feed.common.log.epoch(),
            partition: feed.partition,
            owner: self.owner,
            from: self.next,
            to: last.position.offset.next(),
            rooms: folded.rooms,
        };
        match self.store.writer.write(&batch).await {
            Ok(()) => {}
            Err(history::Error::Rejected(why)) => {
                // The rooms went on, the store did not.
                self.rooms.clear();
                return Err(Stop::Rejected(why));
            }
            Err(error) => return Err(Halt::from(error).into()),
        }
        drop(folded.spans);
        metrics::snapshots(snapshots);
        self.next = batch.to;
        let written = Written {
            records: records.len(),
            events,
            took: began.elapsed(),
            last_appended_at: last.position.appended_at,
        };
        feed.written(self.next, written);
        Ok(())
    }

    /// The one event that the store refuses: it keeps its seq and its journal row.
    async fn write_refused(&mut self, record: &Record, why: String, feed: &mut Feed) -> Result<(), Halt> {
        tracing::error!(
            partition = %record.position.partition,
            offset = %record.position.offset,
            why,
            "history refuses an event: it gets its journal row alone"
        );
        metrics::rejected();
        let letter = [(record, dead_letters::REJECTED)];
        dead_letters::write(&*feed.common.log, Topic::Events, &letter).await?;
        match self.write(std::slice::from_ref(record), Rows::Journal, feed).await {
            Ok(()) => Ok(()),
            Err(Stop::Halt(halt)) => Err(halt),
            // A journal row says nothing that a sound store in UTF-8 could refuse.
            Err(Stop::Rejected(why)) => Err(Halt::Fatal(Error::History(history::Error::Rejected(format!(
                "{why} (the journal row of offset {} of partition {}: the store is damaged or not in UTF-8, rebuild it)",
                record.position.offset, record.position.partition
            ))))),
        }
    }

    /// Loads the rooms that are met for the first time.
    async fn load(&mut self, ids: BTreeSet<RoomId>, feed: &Feed) -> Result<(), Halt> {
        let at_once = feed.common.config.loads_at_once;
        let ask = |id| self.store.reader.room(id, feed.partition);
        for (id, loaded) in self.rooms.missing(ids, at_once, ask).await {
            let (room, next) = match loaded? {
                Ok(stored) => {
                    let next = stored.next;
                    let room = Room::restore(id, stored.header, stored.changes, stored.window);
                    (room.map_err(|torn| torn_room(id, &torn))?, next)
                }
                Err(next) => (Room::new(id), next),
            };
            if next != self.next {
                return Err(Halt::Fenced);
            }
            self.rooms.put(id, room);
        }
        Ok(())
    }

    /// Appends the dead letters of a batch, once.
    async fn tell(&mut self, folded: &Folded<'_>, feed: &Feed) -> Result<(), Halt> {
        let bad = folded
            .bad
            .iter()
            .filter(|(record, _)| record.position.offset >= self.told);
        let letters: Vec<_> = bad.copied().collect();
        if let Some((last, _)) = letters.last() {
            dead_letters::write(&*feed.common.log, Topic::Events, &letters).await?;
            self.told = last.position.offset.next();
        }
        Ok(())
    }
}

pub(crate) fn torn_room(id: RoomId, torn: &engine::domain::TornWindow) -> Halt {
    Halt::Fatal(Error::History(history::Error::Corrupt(format!(
        "room {id}: {torn}; rebuild history"
    ))))
}

/// Why a batch was not written.
enum Stop {
    Halt(Halt),
    Rejected(String),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}
