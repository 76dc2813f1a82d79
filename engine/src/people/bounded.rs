//! A map that never grows past its bound: when it is full, the half that matters least is forgotten.

use rustc_hash::FxHashMap;
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    map: FxHashMap<K, V>,
    most: usize,
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    /// A map of at most `most` entries, two at least.
    pub(super) fn new(most: usize) -> Self {
        Self {
            map: FxHashMap::default(),
            most: most.max(2),
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.map.remove(key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&K, &mut V) -> bool) {
        self.map.retain(keep);
    }

    /// Puts an entry in; where there is no room, those of the lowest `worth` make it. The cost of that is spread over
    /// the many that come before the next time.
    pub(super) fn insert(&mut self, key: K, value: V, worth: impl Fn(&V) -> i64) {
        if self.map.len() >= self.most && !self.map.contains_key(&key) {
            let mut ranked: Vec<(i64, K)> = self.map.iter().map(|(key, value)| (worth(value), *key)).collect();
            let half = ranked.len() / 2;
            ranked.select_nth_unstable_by_key(half, |(worth, _)| *worth);
            for (_, key) in &ranked[..half] {
                self.map.remove(key);
            }
        }
        self.map.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn what_matters_least_makes_room() {
        let mut map = Bounded::new(8);
        for number in 0..1_000_i64 {
            map.insert(number % 100, number, |value| *value);
            assert!(map.len() <= 8);
            assert_eq!(map.get(&(number % 100)), Some(&number), "what came last is there");
        }
        assert!((996..1_000).all(|number| map.get(&(number % 100)) == Some(&number)));
    }
}
