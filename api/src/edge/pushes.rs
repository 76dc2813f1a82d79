//! A held room's latest events as they were pushed, for resumes: encoded once, shared by everyone.
//!
//! What must hold: they are consecutive and end at the room's head; each room keeps at most its share of what all
//! rooms may keep together.

use bytes::Bytes;
use engine::domain::{Digest, Seq, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an entry costs beyond its bytes.
const OVERHEAD: usize = size_of::<Push>() + 32;

/// One event as it was pushed, and what a duplicate's ack needs of it.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) frame: Bytes,
    pub(super) at: Timestamp,
    pub(super) digest: Digest,
}

/// What all rooms keep together.
#[derive(Debug, Default)]
pub(super) struct Budget {
    used: AtomicUsize,
}

/// One room's.
#[derive(Debug)]
pub(super) struct Pushes {
    budget: Arc<Budget>,
    head: Seq,
    entries: VecDeque<Push>,
    bytes: usize,
}

/// Bounds of one room's share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Budget {
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Pushes {
    /// None yet of a room at `head`.
    pub(super) fn new(head: Seq, budget: Arc<Budget>) -> Self {
        Self {
            budget,
            head,
            entries: VecDeque::new(),
            bytes: 0,
        }
    }

    /// The next event.
    pub(super) fn push(&mut self, push: Push, share: Share) {
        self.head = self.head.next();
        self.count(push.frame.len() + OVERHEAD);
        self.entries.push_back(push);
        self.trim(share);
    }

    /// Gives back what is beyond the share; the latest one stays.
    pub(super) fn trim(&mut self, share: Share) {
        while self.entries.len() > 1 && (self.entries.len() > share.events || self.bytes > share.bytes) {
            self.drop_oldest();
        }
    }

    /// Forgets everything: what was encoded may not be shown as it was any more.
    pub(super) fn clear(&mut self) {
        while !self.entries.is_empty() {
            self.drop_oldest();
        }
        self.entries = VecDeque::new();
    }

    /// The first seq that is kept; one after the head when none is.
    pub(super) fn first(&self) -> Seq {
        Seq::new(self.head.get() + 1 - self.entries.len() as u64)
    }

    /// The events after `after`, oldest first; `None` when some of them are not kept any more.
    pub(super) fn after(&self, after: Seq) -> Option<impl Iterator<Item = &Push>> {
        let skip = (after.get() + 1).checked_sub(self.first().get())?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.entries.len());
        Some(self.entries.range(skip..))
    }

    /// The event of `seq`, if it is kept.
    pub(super) fn get(&self, seq: Seq) -> Option<&Push> {
        let place = seq.get().checked_sub(self.first().get())?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            let cost = oldest.frame.len() + OVERHEAD;
            self.bytes -= cost;
            self.budget.used.fetch_sub(cost, Ordering::Relaxed);
        }
    }

    fn count(&mut self, cost: usize) {
        self.bytes += cost;
        self.budget.used.fetch_add(cost, Ordering::Relaxed);
    }
}

impl Drop for Pushes {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::domain::RoomId;

    fn filled(head: u64, count: u64, events: usize) -> Pushes {
        let mut pushes = Pushes::new(Seq::new(head - count), Arc::default());
        for seq in head - count + 1..=head {
            let push = Push {
                frame: Bytes::from(seq.to_string()),
                at: Timestamp::from_millis(0),
                digest: Digest::of_room(RoomId::general()),
            };
            let bytes = usize::MAX;
            pushes.push(push, Share { events, bytes });
        }
        pushes
    }

    fn after(pushes: &Pushes, seq: u64) -> Option<Vec<&str>> {
        let entries = pushes.after(Seq::new(seq))?;
        Some(
            entries
                .map(|push| std::str::from_utf8(&push.frame).expect("digits"))
                .collect(),
        )
    }

    #[test]
    fn what_is_kept_can_be_had_from_any_seq_on() {
        let pushes = filled(10, 4, 100);
        assert_eq!(pushes.first(), Seq::new(7));
        assert_eq!(after(&pushes, 8), Some(vec!["9", "10"]));
        assert_eq!(after(&pushes, 6).map(|all| all.len()), Some(4));
        assert_eq!(after(&pushes, 10), Some(vec![]));
        assert_eq!(after(&pushes, 5), None, "seq 6 is not kept");
        assert_eq!(pushes.get(Seq::new(7)).map(|push| &push.frame[..]), Some(&b"7"[..]));
        assert!(pushes.get(Seq::new(11)).is_none());
    }

    #[test]
    fn a_share_is_kept_and_given_back() {
        let mut pushes = filled(10, 8, 3);
        assert_eq!(pushes.first(), Seq::new(8));
        let budget = pushes.budget.clone();
        assert!(budget.used() > 0);
        pushes.clear();
        assert_eq!((budget.used(), pushes.first()), (0, Seq::new(11)));
        assert_eq!(after(&pushes, 10), Some(vec![]));
    }
}
