//! A partition of history that somebody has claimed: records become rows, one transaction a batch.

use super::batch::{Folded, fold};
use crate::course::Course;
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::rooms::Rooms;
use crate::traces::{self, Spans};
use crate::{Config, Error, dead_letters};
use engine::codec;
use engine::domain::{Epoch, Offset, Room, RoomId};
use engine::history::{self, Owner, Reader, Rows, Writer};
use engine::log::{Log, Record, Topic};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// The two halves of a store.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) writer: Arc<dyn Writer>,
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
    /// Events between two snapshots of a room.
    snapshot_events: u64,
    owner: Owner,
    /// The checkpoint, as this owner has moved it.
    next: Offset,
    /// Damaged records before it were told of.
    told: Offset,
    /// Rooms as they stand at the checkpoint.
    rooms: Rooms<Room>,
}

impl Partition {
    /// Takes the partition's checkpoint over.
    pub(crate) async fn claim(
        name: &'static str,
        store: &Store,
        log: &dyn Log,
        config: &Config,
        partition: engine::domain::Partition,
    ) -> Result<Self, Halt> {
        let (owner, next) = store.writer.claim(log.epoch(), partition).await?;
        Ok(Self {
            name,
            store: store.clone(),
            epoch: log.epoch(),
            partitions: log.partitions(),
            partition,
            loads_at_once: config.loads_at_once,
            snapshot_events: config.snapshot_events,
            owner,
            next,
            told: next,
            rooms: Rooms::new(config.rooms_held),
        })
    }

    pub(crate) const fn next(&self) -> Offset {
        self.next
    }

    /// Whether the checkpoint is still where it was left; it is no more when another history was swapped in.
    pub(crate) async fn look(&self) -> Result<(), Halt> {
        let ours = self.store.writer.owns(self.partition, self.owner).await?;
        ours.then_some(()).ok_or(Halt::Fenced)
    }

    /// Writes the records in one batch. What the store refuses is halved until the one event stands alone that it
    /// refuses, and that one is written without what it says.
    pub(crate) async fn project(&mut self, records: &[Record], course: &mut dyn Course) -> Result<(), Halt> {
        let mut parts = vec![records];
        while let Some(part) = parts.pop() {
            let refused = match self.write(part, Rows::All, course).await {
                Err(Stop::Rejected(why)) => why,
                Err(Stop::Halt(halt)) => return Err(halt),
                Ok(()) => continue,
            };
            if let [record] = part {
                self.write_refused(record, refused, course).await?;
            } else {
                let (before, after) = part.split_at(part.len() / 2);
                parts.extend([after, before]);
            }
        }
        self.rooms.trim();
        Ok(())
    }

    async fn write(&mut self, records: &[Record], rows: Rows, course: &mut dyn Course) -> Result<(), Stop> {
        let Some(last) = records.last() else { return Ok(()) };
        let began = Instant::now();
        let read = records
            .iter()
            .map(|record| codec::decode(record.borrowed(), self.partitions));
        let read: Vec<_> = read.collect();
        let events = read.iter().filter_map(|read| read.as_ref().ok());
        self.load(events.map(|decoded| decoded.event.room_id).collect()).await?;
        let spans = Spans::begin(traces::Store::History, records, course.is_traced());
        let rooms = &mut self.rooms;
        let folded = fold(self.name, rooms, records, read, rows, self.snapshot_events, spans);
        self.tell(&folded, course).await?;
        let (events, snapshots) = (folded.events, folded.snapshots);
        let batch = history::Batch {
            epoch: self.epoch,
            partition: self.partition,
            owner: self.owner,
            from: self.next,
            to: last.position.offset.next(),
            rooms: folded.rooms,
        };
        let written = self.store.writer.write(&batch).await;
        if written.is_err() {
            folded.spans.failed("not_written");
        }
        match written {
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
            records,
            events,
            took: began.elapsed(),
        };
        course.written(self.next, written);
        Ok(())
    }

    /// The one event that the store refuses: it keeps its seq and its journal row.
    async fn write_refused(&mut self, record: &Record, why: String, course: &mut dyn Course) -> Result<(), Halt> {
        tracing::error!(
            partition = %record.position.partition,
            offset = %record.position.offset,
            why,
            "history refuses an event: it gets its journal row alone"
        );
        metrics::rejected();
        let letter = [(record, dead_letters::REJECTED)];
        course.tell(Topic::Events, &letter).await?;
        match self.write(std::slice::from_ref(record), Rows::Journal, course).await {
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
    async fn load(&mut self, ids: BTreeSet<RoomId>) -> Result<(), Halt> {
        let ask = |id| self.store.reader.room(id, self.partition);
        for (id, loaded) in self.rooms.missing(ids, self.loads_at_once, ask).await {
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

    /// Tells of the damaged records of a batch, once.
    async fn tell(&mut self, folded: &Folded<'_>, course: &mut dyn Course) -> Result<(), Halt> {
        let bad = folded
            .bad
            .iter()
            .filter(|(record, _)| record.position.offset >= self.told);
        let letters: Vec<_> = bad.copied().collect();
        if let Some((last, _)) = letters.last() {
            course.tell(Topic::Events, &letters).await?;
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
