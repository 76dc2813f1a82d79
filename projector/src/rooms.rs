//! Rooms of one partition that are kept between batches. What must hold: they stand at the partition's checkpoint, or
//! the whole cache is thrown away; nothing leaves it while a batch is under way.

use engine::domain::RoomId;
use futures_util::{StreamExt as _, stream};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A bounded cache; the least recently used go.
pub(crate) struct Rooms<T> {
    most: usize,
    uses: u64,
    rooms: FxHashMap<RoomId, (u64, T)>,
}

impl<T> Rooms<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            uses: 0,
            rooms: FxHashMap::default(),
        }
    }

    /// Asks, at most `at_once` at a time, for those of the rooms that it does not hold.
    pub(crate) async fn missing<A: Future>(
        &self,
        ids: BTreeSet<RoomId>,
        at_once: usize,
        ask: impl Fn(RoomId) -> A,
    ) -> Vec<(RoomId, A::Output)> {
        let missing: Vec<RoomId> = ids.into_iter().filter(|id| !self.holds(*id)).collect();
        let asking = missing.into_iter().map(|id| {
            let asked = ask(id);
            async move { (id, asked.await) }
        });
        // All of them to their end, whatever becomes of one: a question that is dropped costs its connection.
        stream::iter(asking).buffer_unordered(at_once.max(1)).collect().await
    }

    pub(crate) fn holds(&self, id: RoomId) -> bool {
        self.rooms.contains_key(&id)
    }

    pub(crate) fn put(&mut self, id: RoomId, room: T) {
        self.uses += 1;
        self.rooms.insert(id, (self.uses, room));
    }

    pub(crate) fn get(&mut self, id: RoomId) -> Option<&mut T> {
        self.uses += 1;
        let (used, room) = self.rooms.get_mut(&id)?;
        *used = self.uses;
        Some(room)
    }

    pub(crate) fn clear(&mut self) {
        self.rooms.clear();
    }

    /// Lets rooms go until the bound is kept, and an eighth more, so that not every batch has to.
    pub(crate) fn trim(&mut self) {
        if self.rooms.len() <= self.most {
            return;
        }
        let surplus = self.rooms.len() - (self.most - self.most / 8);
        let mut uses: Vec<u64> = self.rooms.values().map(|(used, _)| *used).collect();
        let (_, &mut last, _) = uses.select_nth_unstable(surplus - 1);
        self.rooms.retain(|_, (used, _)| *used > last);
    }
}

#[cfg(test)]
mod tests {
    use super::Rooms;
    use engine::domain::RoomId;

    #[test]
    fn the_least_recently_used_go() {
        let id = |n: u128| RoomId::new(uuid::Uuid::from_u128(n));
        let mut rooms = Rooms::new(16);
        (0..20).for_each(|n| rooms.put(id(n), n));
        assert_eq!(rooms.get(id(0)), Some(&mut 0));
        rooms.trim();
        let held: Vec<u128> = (0..20).filter(|n| rooms.holds(id(*n))).collect();
        assert_eq!(held, [0].into_iter().chain(7..20).collect::<Vec<_>>());
        rooms.trim();
        assert!(rooms.holds(id(7)));
    }
}
