//! The duplicate window: who sent which command in the last [`WINDOW`] accepted events.
//!
//! What must hold: it holds exactly the last `min(head, WINDOW)` of them, gap-free, so that with `since` (see
//! `judge`) a retry is either found here or known to be too old. Memory grows as it fills and stays there:
//! 40 bytes an entry, and 4 to 8 more for the index.

use crate::domain::{Cid, Offset, Original, Seq, UserId, WINDOW};
use std::fmt;

/// One entry of the duplicate window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowEntry {
    /// Who.
    pub author_id: UserId,
    /// Their command.
    pub cid: Cid,
    /// Its seq.
    pub seq: Seq,
    /// Its offset.
    pub offset: Offset,
}

/// A stored window that is not the last `min(head, WINDOW)` events of its room: folding on would miss duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornWindow {
    /// The room's head, where the window must end.
    pub head: Seq,
    /// Entries that were given, up to the first that is out of place.
    pub kept: usize,
}

impl fmt::Display for TornWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, kept } = self;
        let most = head.get().min(WINDOW);
        write!(
            f,
            "the duplicate window must hold the last {most} events up to seq {head}, in order; it is torn after {kept}"
        )
    }
}

impl std::error::Error for TornWindow {}

/// What is kept of an event: its seq follows from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    author_id: UserId,
    cid: Cid,
    offset: Offset,
}

/// A ring of slots, the event of seq `s` at `(s - 1) % WINDOW`, and an index over them: an open-addressing table
/// of slot numbers, at most half full. Cids are chosen by clients, so they may choose them to collide; a look-up
/// then costs at most `WINDOW` comparisons, which is why the hash needs no secret.
#[derive(Clone, Default)]
pub(super) struct Window {
    ring: Vec<Slot>,
    head: Seq,
    index: Vec<u16>,
}

/// An unused place of the index.
const EMPTY: u16 = u16::MAX;

/// Places that the index begins with.
const LEAST_PLACES: usize = 8;

/// `WINDOW` as a length.
#[allow(clippy::cast_possible_truncation, reason = "1,024 fits everywhere")]
const LENGTH: usize = WINDOW as usize;

impl Window {
    /// The window of a room whose head is `head`, as a store kept it: oldest first.
    pub(super) fn restore(head: Seq, entries: impl IntoIterator<Item = WindowEntry>) -> Result<Self, TornWindow> {
        let oldest = Seq::new(head.get().saturating_sub(WINDOW)).next();
        let mut expected = oldest;
        let mut ring = Vec::new();
        for entry in entries {
            if entry.seq != expected || expected > head {
                let kept = ring.len();
                return Err(TornWindow { head, kept });
            }
            ring.push(Slot {
                author_id: entry.author_id,
                cid: entry.cid,
                offset: entry.offset,
            });
            expected = expected.next();
        }
        if expected != head.next() {
            let kept = ring.len();
            return Err(TornWindow { head, kept });
        }
        ring.rotate_right(place_of(oldest));
        let index = Vec::new();
        let mut window = Self { ring, head, index };
        window.reindex();
        Ok(window)
    }

    /// The event of this author and cid, if it is among the last ones.
    pub(super) fn find(&self, author_id: UserId, cid: Cid) -> Option<Original> {
        if self.index.is_empty() {
            return None;
        }
        let mask = self.index.len() - 1;
        let mut place = hash(author_id, cid) & mask;
        loop {
            let number = self.index[place];
            if number == EMPTY {
                return None;
            }
            let slot = &self.ring[usize::from(number)];
            if slot.cid == cid && slot.author_id == author_id {
                return Some(Original {
                    seq: self.seq_of(usize::from(number)),
                    offset: slot.offset,
                });
            }
            place = (place + 1) & mask;
        }
    }

    /// Takes the next event, and forgets the oldest if it is full.
    pub(super) fn push(&mut self, author_id: UserId, cid: Cid, offset: Offset) {
        self.head = self.head.next();
        let number = place_of(self.head);
        let slot = Slot { author_id, cid, offset };
        if number < self.ring.len() {
            self.unindex(number);
            self.ring[number] = slot;
        } else {
            self.ring.push(slot);
            if self.ring.len() * 2 > self.index.len() {
                self.reindex();
                return;
            }
        }
        self.enter(number);
    }

    /// What it holds, oldest first.
    pub(super) fn entries(&self) -> impl ExactSizeIterator<Item = WindowEntry> + '_ {
        let length = self.ring.len();
        let oldest = if length == LENGTH {
            place_of(self.head.next())
        } else {
            0
        };
        (0..length).map(move |i| {
            let number = (oldest + i) % LENGTH;
            let slot = &self.ring[number];
            WindowEntry {
                author_id: slot.author_id,
                cid: slot.cid,
                seq: self.seq_of(number),
                offset: slot.offset,
            }
        })
    }

    /// The seq of a slot: the newest seq that belongs there.
    fn seq_of(&self, number: usize) -> Seq {
        let behind = (place_of(self.head) + LENGTH - number) % LENGTH;
        Seq::new(self.head.get() - behind as u64)
    }

    fn reindex(&mut self) {
        let places = (self.ring.len() * 2).next_power_of_two().max(LEAST_PLACES);
        self.index.clear();
        if self.ring.is_empty() {
            return;
        }
        self.index.resize(places, EMPTY);
        for number in 0..self.ring.len() {
            self.enter(number);
        }
    }

    fn enter(&mut self, number: usize) {
        let mask = self.index.len() - 1;
        let mut place = self.home_of(number);
        while self.index[place] != EMPTY {
            place = (place + 1) & mask;
        }
        self.index[place] = u16::try_from(number).expect("a slot number is below WINDOW");
    }

    /// Takes a slot out of the index, and moves those behind it up so that no look-up stops too early
    /// (Knuth, TAOCP 3, 6.4, algorithm R).
    fn unindex(&mut self, number: usize) {
        let mask = self.index.len() - 1;
        let mut hole = self.home_of(number);
        while usize::from(self.index[hole]) != number {
            hole = (hole + 1) & mask;
        }
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let moved = self.index[next];
            if moved == EMPTY {
                break;
            }
            let home = self.home_of(usize::from(moved));
            // It may fill the hole if its home is not between the hole and where it is now.
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.index[hole] = moved;
                hole = next;
            }
        }
        self.index[hole] = EMPTY;
    }

    fn home_of(&self, number: usize) -> usize {
        let slot = &self.ring[number];
        hash(slot.author_id, slot.cid) & (self.index.len() - 1)
    }
}

/// Two windows are equal when they hold the same, however the index came to lie.
impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head && self.ring == other.ring
    }
}

impl Eq for Window {}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

/// Where the event of `seq` (from 1) belongs.
fn place_of(seq: Seq) -> usize {
    usize::try_from(seq.get().wrapping_sub(1) % WINDOW).expect("below WINDOW")
}

/// Sixteen well-mixed bits (Fibonacci hashing): more than the index ever has places.
fn hash(author_id: UserId, cid: Cid) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let (a, b) = author_id.uuid().as_u64_pair();
    let (c, d) = cid.uuid().as_u64_pair();
    let mixed = (a ^ b.rotate_left(17)).wrapping_mul(GOLDEN) ^ c ^ d.rotate_left(31);
    let [high, low, ..] = mixed.wrapping_mul(GOLDEN).to_be_bytes();
    usize::from(u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests;
