//! Live views in this process's memory: for the embedded mode and for tests. They begin empty at every start and
//! are filled as a flushed Redis is. One lock, never held across an await.

use super::presence::{self, Claim, Clock, FORGET_AFTER_MS};
use super::slot::{self, Effect, List};
use super::{Batch, Error, Filling, PresenceClaim, PresenceView, Reader, RoomDelta, Writer};
use crate::domain::{Change, Epoch, Header, Message, Offset, Partition, RECENT, RoomId, Seq, UserId, WINDOW};
use crate::history::{StoredRoom, WindowEntry};
use async_trait::async_trait;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Live views in memory.
#[derive(Debug)]
pub struct MemoryLive {
    state: Mutex<State>,
    presence_forget_after_ms: i64,
}

#[derive(Debug, Default)]
struct State {
    partitions: FxHashMap<Partition, Filled>,
    presence: FxHashMap<RoomId, FxHashMap<Uuid, Claim>>,
    clock: Clock,
}

#[derive(Debug)]
struct Filled {
    epoch: Epoch,
    next: Offset,
    /// A refill was begun and is not finished.
    filling: Option<Filling>,
    rooms: FxHashMap<RoomId, Room>,
}

#[derive(Debug)]
struct Room {
    header: Header,
    lists: BTreeMap<(List, UserId), Change>,
    window: VecDeque<WindowEntry>,
    recent: BTreeMap<u64, Message>,
}

impl MemoryLive {
    /// Empty. A presence claim that is not repeated for `presence_forget_after_ms` of the signals' own time is
    /// forgotten; the default is [`FORGET_AFTER_MS`].
    #[must_use]
    pub fn new(presence_forget_after_ms: i64) -> Self {
        Self {
            state: Mutex::default(),
            presence_forget_after_ms,
        }
    }

    /// Forgets everything, as a flushed Redis does.
    pub fn flush(&self) {
        *self.state.lock() = State::default();
    }
}

impl Default for MemoryLive {
    fn default() -> Self {
        Self::new(FORGET_AFTER_MS)
    }
}

impl State {
    /// The partition, if it is filled and stands at `at` in this epoch.
    fn at(&mut self, epoch: Epoch, partition: Partition, at: Offset) -> Result<&mut Filled, Error> {
        let refused = |found| Error::Watermark {
            partition,
            expected: at,
            found,
        };
        match self.partitions.get_mut(&partition) {
            Some(filled) if filled.epoch != epoch || filled.filling.is_some() => Err(refused(None)),
            Some(filled) if filled.next == at => Ok(filled),
            Some(filled) => Err(refused(Some(filled.next))),
            None => Err(refused(None)),
        }
    }

    /// The partition, if this refill is under way.
    fn filling(&mut self, filling: &Filling) -> Result<&mut Filled, Error> {
        let found = self.partitions.get_mut(&filling.partition);
        found
            .filter(|filled| filled.filling == Some(*filling))
            .ok_or(filling.over())
    }
}

impl Room {
    fn new(header: Header) -> Self {
        Self {
            header,
            lists: BTreeMap::new(),
            window: VecDeque::new(),
            recent: BTreeMap::new(),
        }
    }

    fn apply(&mut self, header: Header, changes: &[Change], window: &[WindowEntry], recent: &[Message]) {
        self.header = header;
        for change in changes {
            match slot::of(change) {
                (list, user, Effect::Fill) => self.lists.insert((list, user), *change),
                (list, user, Effect::Empty) => self.lists.remove(&(list, user)),
            };
        }
        self.window.extend(window);
        let surplus = self
            .window
            .len()
            .saturating_sub(usize::try_from(WINDOW).unwrap_or(usize::MAX));
        self.window.drain(..surplus);
        for message in recent {
            self.recent.insert(message.ordinal, message.clone());
        }
        let oldest = (self.header.messages + 1).saturating_sub(RECENT as u64);
        self.recent = self.recent.split_off(&oldest);
    }

    fn stored(&self, next: Offset) -> StoredRoom {
        StoredRoom {
            header: self.header.clone(),
            changes: self.lists.values().copied().collect(),
            window: self.window.iter().copied().collect(),
            recent: self.recent.values().cloned().collect(),
            next,
        }
    }
}

/// The head of a room as a delta expects to find it.
fn base(delta: &RoomDelta) -> Seq {
    let first = delta.window.first().map_or(delta.header.head.next(), |entry| entry.seq);
    Seq::new(first.get().saturating_sub(1))
}

#[async_trait]
impl Reader for MemoryLive {
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Option<StoredRoom>, Error> {
        let state = self.state.lock();
        let found = state.partitions.get(&partition).and_then(|filled| {
            let room = filled.rooms.get(&room)?;
            Some(room.stored(filled.next))
        });
        Ok(found)
    }

    async fn presence(&self, room: RoomId, users: usize) -> Result<PresenceView, Error> {
        let state = self.state.lock();
        let Some(claims) = state.presence.get(&room) else {
            return Ok(PresenceView::default());
        };
        Ok(presence::view(
            claims.values(),
            state.clock.now,
            self.presence_forget_after_ms,
            users,
        ))
    }

    async fn ping(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait]
impl Writer for MemoryLive {
    async fn watermark(&self, epoch: Epoch, partition: Partition) -> Result<Option<Offset>, Error> {
        let state = self.state.lock();
        let filled = state.partitions.get(&partition);
        Ok(filled
            .filter(|filled| filled.epoch == epoch && filled.filling.is_none())
            .map(|filled| filled.next))
    }

    async fn reset(&self, epoch: Epoch, partition: Partition, next: Offset) -> Result<Filling, Error> {
        let filling = Filling {
            epoch,
            partition,
            at: next,
            generation: rand::random(),
        };
        let empty = Filled {
            epoch,
            next,
            filling: Some(filling),
            rooms: FxHashMap::default(),
        };
        self.state.lock().partitions.insert(partition, empty);
        Ok(filling)
    }

    async fn put_rooms(&self, filling: &Filling, rooms: &[(RoomId, StoredRoom)]) -> Result<(), Error> {
        let mut state = self.state.lock();
        let filled = state.filling(filling)?;
        for (id, stored) in rooms {
            let mut room = Room::new(stored.header.clone());
            room.apply(stored.header.clone(), &stored.changes, &stored.window, &stored.recent);
            filled.rooms.insert(*id, room);
        }
        Ok(())
    }

    async fn refilled(&self, filling: &Filling) -> Result<(), Error> {
        self.state.lock().filling(filling)?.filling = None;
        Ok(())
    }

    async fn write(&self, batch: &Batch) -> Result<(), Error> {
        let mut state = self.state.lock();
        let filled = state.at(batch.epoch, batch.partition, batch.from)?;
        let stands = |delta: &RoomDelta| {
            filled
                .rooms
                .get(&delta.room_id)
                .map_or(Seq::ZERO, |room| room.header.head)
        };
        if batch.rooms.iter().any(|delta| stands(delta) != base(delta)) {
            return Err(Error::Watermark {
                partition: batch.partition,
                expected: batch.from,
                found: None,
            });
        }
        for delta in &batch.rooms {
            filled
                .rooms
                .entry(delta.room_id)
                .or_insert_with(|| Room::new(delta.header.clone()))
                .apply(delta.header.clone(), &delta.changes, &delta.window, &delta.recent);
        }
        filled.next = batch.to;
        Ok(())
    }

    async fn write_presence(&self, claims: &[PresenceClaim]) -> Result<(), Error> {
        let forget_after_ms = self.presence_forget_after_ms;
        let mut state = self.state.lock();
        for claim in claims {
            let at = state.clock.tick(claim.at.as_millis(), forget_after_ms);
            let now = state.clock.now;
            let room = state.presence.entry(claim.room_id).or_default();
            if room.get(&claim.edge).is_some_and(|known| known.at > at) {
                continue;
            }
            if claim.count == 0 {
                room.remove(&claim.edge);
            } else {
                let kept = Claim {
                    at,
                    count: claim.count,
                    users: claim.users.clone(),
                };
                room.insert(claim.edge, kept);
            }
            room.retain(|_, claim| now - claim.at < forget_after_ms);
            if room.is_empty() {
                state.presence.remove(&claim.room_id);
            }
        }
        Ok(())
    }
}
