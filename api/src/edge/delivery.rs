//! Writing what a room's listeners are told: by a few tasks of the edge's own, many sessions in a row, instead of by
//! each session's task, which would have to be woken for it.
//!
//! What must hold: nothing here waits for a socket (a full one is its session's); a session's frames keep their order,
//! whoever writes them, because they are taken from its outbox under the socket's lock; what is handed over is
//! written or its session woken. A session is in at most one batch at a time, which bounds them all.

use super::core::Core;
use super::outbox::Due;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// So few sessions are not worth a second task.
const LEAST: usize = 64;
/// After so many sessions others have their turn.
const TURN: usize = 64;

/// The tasks' queues.
pub(super) struct Deliveries {
    lanes: Box<[Lane]>,
    next: AtomicUsize,
}

#[derive(Default)]
struct Lane {
    queue: Mutex<Queue>,
    more: Notify,
}

#[derive(Default)]
struct Queue {
    due: Vec<Due>,
    closed: bool,
}

impl Deliveries {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lanes: (0..lanes.max(1)).map(|_| Lane::default()).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Has everything written, soon.
    pub(super) fn hand_over(&self, mut due: Vec<Due>) {
        let share = due.len().div_ceil(self.lanes.len()).max(LEAST);
        while !due.is_empty() {
            let lane = self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len();
            self.lanes[lane].push(due.drain(due.len().saturating_sub(share)..));
        }
    }

    pub(super) const fn lanes(&self) -> usize {
        self.lanes.len()
    }
}

impl Lane {
    fn push(&self, due: impl Iterator<Item = Due>) {
        let mut queue = self.queue.lock();
        if queue.closed {
            drop(queue);
            return due.for_each(Due::wake);
        }
        queue.due.extend(due);
        drop(queue);
        self.more.notify_one();
    }

    fn close(&self) -> Vec<Due> {
        let mut queue = self.queue.lock();
        queue.closed = true;
        std::mem::take(&mut queue.due)
    }
}

/// Serves one lane as long as the edge lives.
pub(super) async fn serve(core: Arc<Core>, lane: usize) {
    let lane = &core.deliveries.lanes[lane];
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            () = lane.more.notified() => {}
            () = core.stopping.cancelled() => break,
        }
        std::mem::swap(&mut batch, &mut lane.queue.lock().due);
        for (i, due) in (1..).zip(batch.drain(..)) {
            due.write();
            if i % TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
    lane.close().into_iter().for_each(Due::wake);
}
