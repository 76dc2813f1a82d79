//! Who is where, from what the edges say on the signals topic. Soft state: what is not repeated is forgotten.
//!
//! What must hold: the only clock is the append time of the partition's own signals, and a silence longer than any
//! living edge would keep is the log's own and does not count: a log that was away empties no room. The changes
//! handed out, applied in order, lead to what [`Presence::room`] says.

use super::{RoomId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// People of a room who are known by id; above it only the sum of the edges' counts is kept.
pub const PRESENT: usize = 500;

/// What one edge says of one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which room.
    pub room_id: RoomId,
    /// How many people are there on that edge; 0 takes the claim back.
    pub count: u64,
    /// Who, at most [`PRESENT`] of them.
    pub users: Vec<UserId>,
}

/// What changed in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    /// Which room.
    pub room_id: RoomId,
    /// People there now.
    pub count: u64,
    /// Who came, in order of id; empty where they are not known by id, before or after.
    pub joined: Vec<UserId>,
    /// Who went, likewise.
    pub left: Vec<UserId>,
}

/// The presence of one partition's rooms: one of these for each partition, for its clock is that partition's.
#[derive(Clone, Debug)]
pub struct Presence {
    forget_after_ms: i64,
    rooms: HashMap<RoomId, Room>,
    /// Append time of the last signal.
    last: Option<Timestamp>,
    /// Milliseconds of append time that counted so far.
    clock: i64,
    /// No claim is older than this: nothing to look for before it is `forget_after_ms` ago.
    oldest: i64,
}

#[derive(Clone, Debug, Default)]
struct Room {
    claims: BTreeMap<Uuid, Held>,
    /// On how many edges each person is.
    users: BTreeMap<UserId, u32>,
}

#[derive(Clone, Debug)]
struct Held {
    count: u64,
    users: BTreeSet<UserId>,
    /// By [`Presence::clock`].
    at: i64,
}

impl Held {
    /// Whether everyone counted is named.
    fn is_whole(&self) -> bool {
        self.users.len() as u64 >= self.count
    }
}

impl Presence {
    /// Nobody anywhere. `forget_after_ms`: how old a claim may become; edges repeat theirs well within half of it.
    #[must_use]
    pub fn new(forget_after_ms: i64) -> Self {
        Self {
            forget_after_ms,
            rooms: HashMap::new(),
            last: None,
            clock: 0,
            oldest: i64::MAX,
        }
    }

    /// Takes what `edge` said in a signal appended at `at`: each claim replaces that edge's last one of the room.
    /// Then forgets what is too old by now.
    pub fn signal(
        &mut self,
        edge: Uuid,
        claims: impl IntoIterator<Item = Claim>,
        at: Timestamp,
    ) -> Vec<PresenceChange> {
        self.tick(at);
        let mut changes: Vec<_> = claims.into_iter().filter_map(|claim| self.claim(edge, claim)).collect();
        changes.extend(self.forget());
        changes
    }

    /// Forgets what is too old by `now`, the append time of another record of the partition's signals.
    pub fn expire(&mut self, now: Timestamp) -> Vec<PresenceChange> {
        self.tick(now);
        self.forget()
    }

    /// Moves the clock on. After more than half of the time to forget without any signal either the log was away or
    /// nobody was there: neither makes a claim older.
    fn tick(&mut self, now: Timestamp) {
        let last = self.last.unwrap_or(now);
        let passed = now.as_millis().saturating_sub(last.as_millis());
        if (0..=self.forget_after_ms / 2).contains(&passed) {
            self.clock += passed;
        }
        self.last = Some(last.max(now));
    }

    fn forget(&mut self) -> Vec<PresenceChange> {
        let (clock, forget_after_ms) = (self.clock, self.forget_after_ms);
        let too_old = |at: i64| clock.saturating_sub(at) >= forget_after_ms;
        if !too_old(self.oldest) {
            return Vec::new();
        }
        let mut changes = Vec::new();
        for (&room_id, room) in &mut self.rooms {
            if room.claims.values().any(|held| too_old(held.at)) {
                changes.extend(room.change(room_id, |room| {
                    let (old, fresh): (BTreeMap<_, Held>, _) = std::mem::take(&mut room.claims)
                        .into_iter()
                        .partition(|(_, held)| too_old(held.at));
                    room.claims = fresh;
                    old.values().for_each(|held| room.discount(&held.users));
                }));
            }
        }
        self.rooms.retain(|_, room| !room.claims.is_empty());
        let times = self.rooms.values().flat_map(|room| room.claims.values());
        self.oldest = times.map(|held| held.at).min().unwrap_or(i64::MAX);
        changes.sort_unstable_by_key(|change| change.room_id);
        changes
    }

    /// How many people are in a room, and up to `limit` of them in order of id; none where they are not known by id.
    #[must_use]
    pub fn room(&self, room_id: RoomId, limit: usize) -> (u64, Vec<UserId>) {
        self.rooms.get(&room_id).map_or((0, Vec::new()), |room| {
            let users = if room.is_exact() { limit } else { 0 };
            (room.count(), room.users.keys().take(users).copied().collect())
        })
    }

    fn claim(&mut self, edge: Uuid, claim: Claim) -> Option<PresenceChange> {
        let Claim { room_id, count, users } = claim;
        let at = self.clock;
        let room = self.rooms.entry(room_id).or_default();
        let change = room.change(room_id, |room| {
            if let Some(before) = room.claims.remove(&edge) {
                room.discount(&before.users);
            }
            if count > 0 {
                let users: BTreeSet<UserId> = users.into_iter().take(PRESENT).collect();
                users.iter().for_each(|&user| *room.users.entry(user).or_default() += 1);
                room.claims.insert(edge, Held { count, users, at });
            }
        });
        if room.claims.is_empty() {
            self.rooms.remove(&room_id);
        } else {
            self.oldest = self.oldest.min(at);
        }
        change
    }
}

impl Room {
    /// Does something to the claims and says what it changed.
    fn change(&mut self, room_id: RoomId, act: impl FnOnce(&mut Self)) -> Option<PresenceChange> {
        let (count, exact) = (self.count(), self.is_exact());
        let before: BTreeSet<UserId> = self.users.keys().copied().collect();
        act(self);
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        if exact && self.is_exact() {
            joined.extend(self.users.keys().filter(|user| !before.contains(user)));
            left.extend(before.iter().filter(|user| !self.users.contains_key(user)));
        }
        let same = count == self.count() && exact == self.is_exact() && joined.is_empty() && left.is_empty();
        (!same).then(|| PresenceChange {
            room_id,
            count: self.count(),
            joined,
            left,
        })
    }

    fn discount(&mut self, users: &BTreeSet<UserId>) {
        for user in users {
            if let Some(edges) = self.users.get_mut(user) {
                *edges -= 1;
                if *edges == 0 {
                    self.users.remove(user);
                }
            }
        }
    }

    fn total(&self) -> u64 {
        self.claims.values().fold(0, |sum, held| sum.saturating_add(held.count))
    }

    /// Everyone is known by id.
    fn is_exact(&self) -> bool {
        self.total() <= PRESENT as u64 && self.claims.values().all(Held::is_whole)
    }

    fn count(&self) -> u64 {
        if self.is_exact() {
            self.users.len() as u64
        } else {
            self.total()
        }
    }
}

#[cfg(test)]
mod tests;
