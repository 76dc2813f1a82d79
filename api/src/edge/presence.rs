//! Who is here and elsewhere: what this edge tells of its own sessions, and what all edges tell of theirs.
//!
//! What must hold: an edge's claims are heard through the log by everyone, itself included, so all edges show the
//! same; a change is told at once (gathered for a moment), everything again and again, spread over the time.

use super::core::Core;
use super::held::Shown;
use super::view::PresenceView;
use bytes::Bytes;
use engine::codec::signal::{RoomPresence, Signal};
use engine::domain::{Claim, Partition, Position, Presence, PresenceChange, RoomId};
use engine::log::Topic;
use futures_util::future::join_all;
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Rooms in one record.
const ROOMS: usize = 200;
/// People in one record, give or take one room.
const PEOPLE: usize = 5_000;
/// When to tell again what could not be told.
const RETRY: Duration = Duration::from_secs(1);

/// Presence by partition.
#[derive(Debug)]
pub(super) struct Board {
    parts: Box<[Mutex<Part>]>,
    /// This edge has something to tell.
    to_tell: Notify,
}

#[derive(Debug)]
struct Part {
    presence: Presence,
    /// Rooms whose people on this edge changed since they were told last.
    here: FxHashSet<RoomId>,
    /// Rooms in which listeners are to hear something soft.
    soft: FxHashSet<RoomId>,
}

impl Board {
    pub(super) fn new(partitions: u16, expiry_ms: u64) -> Self {
        let expiry = i64::try_from(expiry_ms).unwrap_or(i64::MAX);
        let part = |_| {
            Mutex::new(Part {
                presence: Presence::new(expiry),
                here: FxHashSet::default(),
                soft: FxHashSet::default(),
            })
        };
        Self {
            parts: (0..partitions).map(part).collect(),
            to_tell: Notify::new(),
        }
    }

    fn part(&self, partition: Partition) -> &Mutex<Part> {
        &self.parts[usize::from(partition.get())]
    }

    /// Presence of a room as it stands.
    pub(super) fn now(&self, partition: Partition, room: RoomId) -> Shown {
        let (count, users) = self.part(partition).lock().presence.room(room, PresenceView::USERS);
        Shown::new(count, users)
    }

    /// A person's first session on this edge came, or the last one went.
    pub(super) fn changed_here(&self, partition: Partition, room: RoomId) {
        self.part(partition).lock().here.insert(room);
        self.to_tell.notify_one();
    }

    /// An edge told.
    pub(super) fn said(&self, at: Position, edge: Uuid, claims: impl IntoIterator<Item = Claim>) {
        let mut part = self.part(at.partition).lock();
        let changes = part.presence.signal(edge, claims, at.appended_at);
        part.note(&changes);
    }

    /// Another signal of the partition was appended.
    pub(super) fn time_passed(&self, at: Position) {
        let mut part = self.part(at.partition).lock();
        let changes = part.presence.expire(at.appended_at);
        part.note(&changes);
    }

    /// Listeners of the room are to hear something soft.
    pub(super) fn soft(&self, partition: Partition, room: RoomId) {
        self.part(partition).lock().soft.insert(room);
    }

    fn take_here(&self, partition: Partition) -> Vec<RoomId> {
        std::mem::take(&mut self.part(partition).lock().here)
            .into_iter()
            .collect()
    }

    fn put_back(&self, partition: Partition, rooms: impl IntoIterator<Item = RoomId>) {
        self.part(partition).lock().here.extend(rooms);
    }
}

impl Part {
    fn note(&mut self, changes: &[PresenceChange]) {
        self.soft.extend(changes.iter().map(|change| change.room_id));
    }
}

/// Tells what changed here, as soon as it did.
pub(super) async fn tell(core: Arc<Core>) {
    loop {
        tokio::select! {
            () = core.presence.to_tell.notified() => {}
            () = core.stopping.cancelled() => return,
        }
        if !core.pause(Duration::from_millis(core.config.presence_gather_ms)).await {
            return;
        }
        if !tell_now(&core).await {
            core.presence.to_tell.notify_one();
            if !core.pause(RETRY).await {
                return;
            }
        }
    }
}

/// Tells what changed here; false when some of it could not be told.
pub(super) async fn tell_now(core: &Core) -> bool {
    let partitions = (0..core.parts.log.partitions()).map(Partition::new);
    let told = join_all(partitions.map(|partition| tell_partition(core, partition))).await;
    told.into_iter().all(|told| told)
}

async fn tell_partition(core: &Core, partition: Partition) -> bool {
    let mut rooms = core.presence.take_here(partition);
    while !rooms.is_empty() {
        let mut batch = Vec::new();
        let mut people = 0;
        while batch.len() < ROOMS && people < PEOPLE {
            let Some(room_id) = rooms.pop() else { break };
            let (count, users) = core
                .hub
                .room(room_id)
                .map_or((0, Vec::new()), |held| held.people_here());
            people += users.len();
            batch.push(RoomPresence { room_id, count, users });
        }
        let signal = Signal::Presence {
            edge_id: core.id,
            rooms: batch.clone(),
        };
        let key = Bytes::from(core.id.to_string());
        if !append(core, partition, key, &signal).await {
            let batch = batch.into_iter().map(|room| room.room_id);
            core.presence.put_back(partition, batch.chain(rooms));
            return false;
        }
    }
    true
}

/// Appends a signal; it is soft, so a failure is only told.
pub(super) async fn append(core: &Core, partition: Partition, key: Bytes, signal: &Signal) -> bool {
    let log = &core.parts.log;
    let outgoing = match core.parts.wire.signal(Topic::Signals, partition, key, signal) {
        Ok(outgoing) => outgoing,
        Err(error) => {
            tracing::warn!(%error, "a signal can't be written");
            return false;
        }
    };
    match log.append(outgoing).await {
        Ok(_) => true,
        Err(error) => {
            tracing::debug!(%error, "a signal was not appended");
            false
        }
    }
}

/// Repeats everything, one partition after the other, so that all of it is told once in the time configured.
pub(super) async fn repeat(core: Arc<Core>) {
    let partitions = core.parts.log.partitions();
    let step = Duration::from_millis(core.config.presence_repeat_ms) / u32::from(partitions.max(1));
    loop {
        for partition in (0..partitions).map(Partition::new) {
            if !core.pause(step).await {
                return;
            }
            let rooms = core.hub.rooms().filter(|held| held.partition == partition);
            let peopled: Vec<RoomId> = rooms
                .filter(|held| held.people_here().0 > 0)
                .map(|held| held.id)
                .collect();
            if !peopled.is_empty() {
                core.presence.put_back(partition, peopled);
                core.presence.to_tell.notify_one();
            }
        }
    }
}

/// Pushes presence and typing to those who listen, batched.
pub(super) async fn push(core: Arc<Core>) {
    let every = Duration::from_millis(core.config.presence_push_ms);
    while core.pause(every).await {
        for part in &core.presence.parts {
            let rooms = std::mem::take(&mut part.lock().soft);
            for held in rooms.into_iter().filter_map(|room| core.hub.room(room)) {
                held.push_soft(&core);
            }
        }
    }
}
