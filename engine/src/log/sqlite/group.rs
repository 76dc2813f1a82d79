//! Groups, all within this process: who joins or leaves moves as few partitions as fairness needs, and whoever
//! reads a partition is told first. What must hold is what the port says of [`Turn`].

use super::Shared;
use crate::domain::{Offset, Partition};
use crate::log::{Error, Group, RangeLimits, Topic, Turn, metrics};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Most bytes of values in one turn, give or take one record.
const TURN_BYTES: usize = 4 * 1024 * 1024;

type Name = (Topic, String);

/// Every group of this log.
pub(super) struct Groups {
    shared: Arc<Shared>,
    members: Mutex<HashMap<Name, Vec<Arc<Seat>>>>,
}

/// A member as its group sees it.
#[derive(Default)]
struct Seat {
    inner: Mutex<Inner>,
    told: Notify,
}

#[derive(Default)]
struct Inner {
    /// What the reader must hear before any record.
    turns: VecDeque<Turn>,
    /// What is ours, and the next offset once the reader has said where to begin.
    held: BTreeMap<Partition, Option<Offset>>,
    /// Who was served last, so that each has its turn.
    last: Option<Partition>,
}

impl Groups {
    pub(super) fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self {
            shared,
            members: Mutex::new(HashMap::new()),
        })
    }

    pub(super) fn join(self: &Arc<Self>, topic: Topic, name: &str) -> Member {
        let seat = Arc::new(Seat::default());
        let name = (topic, name.to_owned());
        let mut groups = self.members.lock();
        let seats = groups.entry(name.clone()).or_default();
        seats.push(seat.clone());
        share_out(&name, seats, self.shared.config.partitions);
        Member {
            commits: self.shared.heads.commits.subscribe(),
            groups: self.clone(),
            name,
            seat,
        }
    }

    fn leave(&self, name: &Name, seat: &Arc<Seat>) {
        let mut groups = self.members.lock();
        let Some(seats) = groups.get_mut(name) else { return };
        seats.retain(|other| !Arc::ptr_eq(other, seat));
        if seats.is_empty() {
            groups.remove(name);
        } else {
            share_out(name, seats, self.shared.config.partitions);
        }
    }
}

/// Gives each member its share: who has too many gives up the last of them, who has too few takes what is free.
fn share_out(name: &Name, seats: &[Arc<Seat>], partitions: u16) {
    let count = seats.len();
    let share = |i: usize| usize::from(partitions) / count + usize::from(i < usize::from(partitions) % count);
    let mut free: Vec<Partition> = (0..partitions).map(Partition::new).collect();
    for (i, seat) in seats.iter().enumerate() {
        let mut inner = seat.inner.lock();
        let over: Vec<Partition> = inner.held.keys().copied().skip(share(i)).collect();
        inner.held.retain(|partition, _| !over.contains(partition));
        free.retain(|partition| !inner.held.contains_key(partition));
        if !over.is_empty() {
            inner.turns.push_back(Turn::Revoked(over));
        }
    }
    for (i, seat) in seats.iter().enumerate() {
        let mut inner = seat.inner.lock();
        let more = share(i).saturating_sub(inner.held.len());
        let given: Vec<Partition> = free.drain(..more.min(free.len())).collect();
        if !given.is_empty() {
            inner.held.extend(given.iter().map(|partition| (*partition, None)));
            inner.turns.push_back(Turn::Assigned(given));
        }
        metrics::rebalanced(name.0, &name.1, inner.held.len());
        drop(inner);
        seat.told.notify_one();
    }
}

pub(super) struct Member {
    groups: Arc<Groups>,
    name: Name,
    seat: Arc<Seat>,
    commits: watch::Receiver<u64>,
}

#[async_trait]
impl Group for Member {
    async fn next(&mut self, max_records: usize, max_wait_ms: u64) -> Result<Turn, Error> {
        let wait = tokio::time::sleep(Duration::from_millis(max_wait_ms));
        tokio::pin!(wait);
        loop {
            self.commits.borrow_and_update();
            let turn = self.seat.inner.lock().turns.pop_front();
            if let Some(turn) = turn {
                return Ok(turn);
            }
            if let Some((partition, next)) = self.readable() {
                if let Some(turn) = self.read(partition, next, max_records.max(1)).await? {
                    return Ok(turn);
                }
                continue;
            }
            tokio::select! {
                () = self.seat.told.notified() => {}
                changed = self.commits.changed() => if changed.is_err() {
                    return Err(Error::Unavailable("it is closed".into()));
                },
                () = &mut wait => return Ok(Turn::Idle),
            }
        }
    }

    async fn start_at(&mut self, partition: Partition, next: Offset) -> Result<(), Error> {
        // Not ours any more: its `Revoked` is on its way to the reader.
        if let Some(held) = self.seat.inner.lock().held.get_mut(&partition) {
            *held = Some(next);
        }
        Ok(())
    }

    async fn leave(self: Box<Self>) {}
}

impl Drop for Member {
    fn drop(&mut self) {
        self.groups.leave(&self.name, &self.seat);
    }
}

impl Member {
    /// The next partition, in turns, that is not read to its end (or was given a start beyond it).
    fn readable(&self) -> Option<(Partition, Offset)> {
        let mut inner = self.seat.inner.lock();
        let waiting = |(partition, next): (&Partition, &Option<Offset>)| {
            let next = (*next)?;
            (next != self.groups.shared.heads.end(self.name.0, *partition)).then_some((*partition, next))
        };
        let after = inner
            .last
            .and_then(|last| inner.held.range((Excluded(last), Unbounded)).find_map(waiting));
        let found = after.or_else(|| inner.held.iter().find_map(waiting))?;
        inner.last = Some(found.0);
        Some(found)
    }

    async fn read(&self, partition: Partition, from: Offset, max_records: usize) -> Result<Option<Turn>, Error> {
        let limits = RangeLimits {
            max_records,
            max_bytes: TURN_BYTES,
        };
        let to = Offset::new(u64::MAX);
        let read = self
            .groups
            .shared
            .range(self.name.0, partition, from, to, limits, None)
            .await;
        let mut inner = self.seat.inner.lock();
        // Taken away while it was read: its `Revoked` comes first.
        let Some(held) = inner.held.get_mut(&partition).filter(|held| **held == Some(from)) else {
            return Ok(None);
        };
        match read {
            Ok(range) => {
                *held = Some(range.next);
                let records = range.records;
                Ok((!records.is_empty()).then_some(Turn::Records { partition, records }))
            }
            // A start that the log does not hold: nothing comes until the reader has said another.
            Err(error @ Error::OutOfRange { .. }) => {
                *held = None;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}
