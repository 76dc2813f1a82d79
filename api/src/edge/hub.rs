//! Which rooms are held here, and which sessions a person has: two maps in shards, so that the tail, sessions and
//! commands seldom meet at the same lock. No lock of a room is taken under a lock of a shard.

use super::held::Held;
use super::listener::Listener;
use engine::domain::{RoomId, UserId};
use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shards of each map.
const SHARDS: usize = 64;

#[derive(Debug)]
struct Sharded<K, V> {
    shards: Box<[Mutex<FxHashMap<K, V>>]>,
}

impl<K: Hash + Eq, V> Sharded<K, V> {
    fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    fn of(&self, key: &K) -> &Mutex<FxHashMap<K, V>> {
        // The map itself uses the hash's low bits.
        let hash = FxBuildHasher.hash_one(key) >> 48;
        &self.shards[usize::try_from(hash).unwrap_or(0) % SHARDS]
    }
}

/// Rooms held here and sessions of people.
#[derive(Debug)]
pub(super) struct Hub {
    rooms: Sharded<RoomId, Arc<Held>>,
    count: AtomicUsize,
    sessions: Sharded<UserId, Vec<Arc<Listener>>>,
}

/// A hold on a room: it is not let go while there is one.
#[derive(Debug)]
pub(super) struct Hold {
    held: Arc<Held>,
}

impl Hold {
    fn new(held: Arc<Held>) -> Self {
        held.pin();
        Self { held }
    }
}

impl Clone for Hold {
    fn clone(&self) -> Self {
        Self::new(self.held.clone())
    }
}

impl std::ops::Deref for Hold {
    type Target = Held;

    fn deref(&self) -> &Held {
        &self.held
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.unpin();
    }
}

impl Hub {
    pub(super) fn new() -> Self {
        Self {
            rooms: Sharded::new(),
            count: AtomicUsize::new(0),
            sessions: Sharded::new(),
        }
    }

    /// The room, if it is held here.
    pub(super) fn room(&self, room: RoomId) -> Option<Arc<Held>> {
        self.rooms.of(&room).lock().get(&room).cloned()
    }

    /// A hold on the room, if it is held here.
    pub(super) fn hold(&self, room: RoomId) -> Option<Hold> {
        self.rooms.of(&room).lock().get(&room).cloned().map(Hold::new)
    }

    /// A hold on the room; made by `make` when it is not held here, and then true.
    pub(super) fn hold_or_insert(&self, room: RoomId, make: impl FnOnce() -> Held) -> (Hold, bool) {
        let mut shard = self.rooms.of(&room).lock();
        if let Some(held) = shard.get(&room) {
            return (Hold::new(held.clone()), false);
        }
        let held = Arc::new(make());
        shard.insert(room, held.clone());
        self.count.fetch_add(1, Ordering::Relaxed);
        (Hold::new(held), true)
    }

    /// Lets a room go that nobody has a hold on, if `idle` agrees.
    pub(super) fn release(&self, room: RoomId, idle: impl FnOnce(&Held) -> bool) -> bool {
        let mut shard = self.rooms.of(&room).lock();
        let free = shard.get(&room).is_some_and(|held| !held.pinned() && idle(held));
        if free {
            shard.remove(&room);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        free
    }

    /// Takes out exactly this room, whoever has a hold on it: it could not be opened.
    pub(super) fn discard(&self, held: &Held) {
        let mut shard = self.rooms.of(&held.id).lock();
        if shard
            .get(&held.id)
            .is_some_and(|there| std::ptr::eq(Arc::as_ptr(there), held))
        {
            shard.remove(&held.id);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How many rooms are held.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Every held room, shard by shard.
    pub(super) fn rooms(&self) -> impl Iterator<Item = Arc<Held>> + '_ {
        let shards = self.rooms.shards.iter();
        shards.flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>())
    }

    /// Notes a person's session.
    pub(super) fn enter(&self, listener: &Arc<Listener>) {
        let mut shard = self.sessions.of(&listener.user_id).lock();
        shard
            .entry(listener.user_id)
            .or_insert_with(|| Vec::with_capacity(1))
            .push(listener.clone());
    }

    /// Forgets it.
    pub(super) fn leave(&self, listener: &Listener) {
        let mut shard = self.sessions.of(&listener.user_id).lock();
        if let Some(sessions) = shard.get_mut(&listener.user_id) {
            sessions.retain(|session| session.id != listener.id);
            if sessions.is_empty() {
                shard.remove(&listener.user_id);
            }
        }
    }

    /// Bytes that wait for all sessions, and for the one for which most wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let (mut all, mut most) = (0, 0);
        for shard in &self.sessions.shards {
            for session in shard.lock().values().flatten() {
                let (replies, pushes) = session.outbox.waiting();
                all += replies + pushes;
                most = most.max(replies + pushes);
            }
        }
        (all, most)
    }

    /// A person's sessions here.
    pub(super) fn sessions_of(&self, user: UserId) -> Vec<Arc<Listener>> {
        self.sessions.of(&user).lock().get(&user).cloned().unwrap_or_default()
    }
}
