//! A held room: its state at the tail, and who here listens to it.
//!
//! What must hold, under the room's one lock: every record of the room at `next` and after it is folded here once, in
//! order; what listeners get is exactly the accepted events after the seq at which they joined.

mod flow;

use super::core::Core;
use super::erasure;
use super::listener::Listener;
use super::push::{self, Gone};
use super::pushes::{Push, Pushes, Share};
use super::traces;
use super::turns::Turns;
use super::view::{PresenceView, RoomView};
use crate::error::Error;
use bytes::Bytes;
use engine::codec::{self, Decoded};
use engine::domain::{
    Body, Event, EventId, Message, Offset, Partition, Position, RECENT, Recent, Removal, Room, RoomId, Seq, UserId,
    Verdict,
};
use engine::log::RecordRef;
pub(super) use flow::Shown;
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tracing::Span;

/// A room that this edge folds, or is about to.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: RoomId,
    /// The key of its records.
    pub(super) key: Bytes,
    pub(super) partition: Partition,
    /// Told whenever the head moves.
    pub(super) advanced: Notify,
    /// Holds and subscriptions: while there is one, the room is not let go.
    pins: AtomicUsize,
    made_at: Instant,
    /// Milliseconds after `made_at`.
    last_used: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Who waits for it to be opened.
    Opening(Vec<oneshot::Sender<Result<(), Error>>>),
    Open(Box<Open>),
    Failed(Error),
}

/// The verdict on a command, and where it was reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) verdict: Verdict,
    pub(super) position: Position,
}

/// An open room.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) room: Room,
    pub(super) recent: Recent,
    /// Everything of the partition before it is folded.
    pub(super) next: Offset,
    pub(super) pushes: Pushes,
    pub(super) turns: Turns,
    pending: FxHashMap<EventId, oneshot::Sender<Settled>>,
    /// Sessions that hear every event.
    live: FxHashMap<u64, Arc<Listener>>,
    /// Sessions that do not, yet or any more, by the ticket of their subscription.
    waiting: FxHashMap<u64, (u64, Arc<Listener>)>,
    tickets: u64,
    /// How many sessions each person has here.
    users: FxHashMap<UserId, u32>,
    /// Presence as it was pushed last.
    shown: Shown,
    /// Who types, since it was pushed last.
    typing: Vec<UserId>,
}

impl Held {
    pub(super) fn new(id: RoomId, partition: Partition) -> Self {
        Self {
            id,
            key: Bytes::from(id.to_string()),
            partition,
            advanced: Notify::new(),
            pins: AtomicUsize::new(0),
            made_at: Instant::now(),
            last_used: AtomicU64::new(0),
            state: Mutex::new(State::Opening(Vec::new())),
        }
    }

    pub(super) fn pin(&self) {
        self.pins.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unpin(&self) {
        let now = u64::try_from(self.made_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_used.store(now, Ordering::Relaxed);
        self.pins.fetch_sub(1, Ordering::Release);
    }

    pub(super) fn pinned(&self) -> bool {
        self.pins.load(Ordering::Acquire) > 0
    }

    /// How long nobody has needed it.
    pub(super) fn idle_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_used.load(Ordering::Relaxed));
        self.made_at.elapsed().saturating_sub(last)
    }

    /// Waits until it is open.
    pub(super) async fn opened(&self) -> Result<(), Error> {
        let waiter = match &mut *self.state.lock() {
            State::Open(_) => return Ok(()),
            State::Failed(error) => return Err(error.clone()),
            State::Opening(waiters) => {
                let (tell, told) = oneshot::channel();
                waiters.push(tell);
                told
            }
        };
        waiter
            .await
            .unwrap_or_else(|_| Err(super::rooms::not_opened("the edge is being stopped")))
    }

    /// Waits until the head is at `seq`, but no longer than `patience`.
    pub(super) async fn reach(&self, seq: Seq, patience: Duration) {
        if self.open().room.head() >= seq {
            return;
        }
        let reached = async {
            loop {
                let advanced = self.advanced.notified();
                tokio::pin!(advanced);
                advanced.as_mut().enable();
                if self.open().room.head() >= seq {
                    return;
                }
                advanced.await;
            }
        };
        // Not reached in time is the caller's to see.
        let _ = tokio::time::timeout(patience, reached).await;
    }

    /// The open room; `None` while it is being opened.
    pub(super) fn try_open(&self) -> Option<MappedMutexGuard<'_, Open>> {
        MutexGuard::try_map(self.state.lock(), |state| match state {
            State::Open(open) => Some(&mut **open),
            State::Opening(_) | State::Failed(_) => None,
        })
        .ok()
    }

    /// The open room, for whoever has waited for [`Held::opened`]: it never closes again.
    pub(super) fn open(&self) -> MappedMutexGuard<'_, Open> {
        self.try_open()
            .expect("a hold is handed out only once the room is open")
    }

    /// Opens it, if `last_fold` succeeds: it runs under the room's lock, while the tail waits for it.
    pub(super) fn join_tail<E>(
        &self,
        mut open: Box<Open>,
        last_fold: impl FnOnce(&mut Open) -> Result<(), E>,
    ) -> Result<(), (Box<Open>, E)> {
        let mut state = self.state.lock();
        if let Err(error) = last_fold(&mut open) {
            return Err((open, error));
        }
        if let State::Opening(waiters) = std::mem::replace(&mut *state, State::Open(open)) {
            drop(state);
            for waiter in waiters {
                // Whoever waited may have given up.
                let _ = waiter.send(Ok(()));
            }
        }
        Ok(())
    }

    /// Tells everyone who waits that it can't be opened.
    pub(super) fn fail(&self, error: &Error) {
        let failed = State::Failed(error.clone());
        if let State::Opening(waiters) = std::mem::replace(&mut *self.state.lock(), failed) {
            for waiter in waiters {
                let _ = waiter.send(Err(error.clone()));
            }
        }
    }

    /// A record of this room, from the tail.
    pub(super) fn on_record(&self, core: &Core, record: RecordRef<'_>) {
        let Some(mut open) = self.try_open() else {
            // Whoever opens it finds the record in the ring.
            return;
        };
        if record.position.partition != self.partition {
            // Not the room's own: offsets of another partition mean nothing here.
            if let Err(unread) = codec::decode(record, core.parts.log.partitions()) {
                super::metrics::unread(&unread);
            }
            return;
        }
        if record.position.offset < open.next {
            return;
        }
        let before = open.room.head();
        open.fold(core, self, record, &traces::tail(core, self, record));
        if open.room.head() != before {
            self.advanced.notify_waiters();
        }
    }
}

impl Open {
    pub(super) fn new(room: Room, recent: Recent, next: Offset, core: &Core) -> Self {
        Self {
            pushes: Pushes::new(room.head(), core.budget.clone()),
            room,
            recent,
            next,
            turns: Turns::default(),
            pending: FxHashMap::default(),
            live: FxHashMap::default(),
            waiting: FxHashMap::default(),
            tickets: 0,
            users: FxHashMap::default(),
            shown: Shown::default(),
            typing: Vec::new(),
        }
    }

    /// Folds the next record of the room, pushes what was accepted and tells whoever waits for the verdict. `tail` is
    /// the span of its coming, if it comes now.
    pub(super) fn fold(&mut self, core: &Core, held: &Held, record: RecordRef<'_>, tail: &Span) {
        let position = record.position;
        self.next = position.offset.next();
        let span = traces::fold(tail);
        let decoded = match codec::decode(record, core.parts.log.partitions()) {
            Ok(decoded) => decoded,
            Err(unread) => {
                super::metrics::unread(&unread);
                return;
            }
        };
        let verdict = self.judge_and_take(&decoded, position);
        traces::verdict(&span, &verdict);
        drop(span);
        match verdict {
            Verdict::Accepted { seq, digest } => {
                let erased = core.erasures.list();
                let frame = push::event(core.epoch(), &decoded.event, seq, position, &erased);
                let at = position.appended_at;
                super::metrics::accepted();
                let push = traces::push(tail, seq, self.live.len());
                self.broadcast(core, held.id, (seq, at), &frame, &push);
                let share = core.share();
                self.pushes.push(Push { frame, at, digest }, share);
                self.end_where_over(core, held, &decoded.event, position);
            }
            Verdict::Ignored { reason } => super::metrics::ignored(reason),
        }
        if let Some(waiter) = self.pending.remove(&decoded.event.event_id) {
            let _ = waiter.send(Settled { verdict, position });
        }
    }

    /// The fold itself.
    fn judge_and_take(&mut self, decoded: &Decoded<'_>, at: Position) -> Verdict {
        let Decoded {
            event, datum, rules, ..
        } = decoded;
        let verdict = self.room.fold(event, *rules, datum, at).verdict;
        if let Verdict::Accepted { seq, .. } = verdict {
            self.recent.apply(event, seq, self.room.messages(), at.appended_at);
        }
        verdict
    }

    /// Ends the subscriptions of those who may not read here any more.
    fn end_where_over(&mut self, core: &Core, held: &Held, event: &Event, at: Position) {
        let (user, reason) = match &event.body {
            Body::RoomDeleted => return self.end_all(core, held, Gone::RoomDeleted),
            Body::MemberLeft => (event.actor.id, Gone::Left),
            Body::MemberRemoved { user_id, removal } => match removal {
                Removal::Kick => (*user_id, Gone::Kicked),
                Removal::Ban { .. } => (*user_id, Gone::Banned),
            },
            _ => return,
        };
        if !self.room.may_read(user, at.appended_at) {
            self.end(core, held, user, reason);
        }
    }

    /// Registers a command: its verdict will come.
    pub(super) fn expect(&mut self, event: EventId) -> oneshot::Receiver<Settled> {
        let (tell, told) = oneshot::channel();
        self.pending.insert(event, tell);
        told
    }

    /// Nobody waits for it any more.
    pub(super) fn give_up(&mut self, event: EventId) {
        self.pending.remove(&event);
    }

    /// The room as a person sees it; `None` while it does not exist.
    pub(super) fn view(&self, core: &Core, held: &Held, user: UserId) -> Option<RoomView> {
        let header = self.room.header()?.clone();
        Some(RoomView {
            id: held.id,
            header,
            epoch: core.epoch(),
            partition: held.partition,
            head_offset: self.room.window().last().map(|entry| entry.offset),
            role: self.room.role_of(user),
            members: self.room.member_count(),
            may_read: self.room.may_read(user, core.parts.clock.now()),
        })
    }

    /// Whether every message at `seq` and after it is among the recent ones.
    pub(super) fn is_in_recent(&self, seq: Seq) -> bool {
        let all = self.recent.len() as u64 == self.room.messages();
        all || self.recent.latest(RECENT).next().is_some_and(|first| first.seq <= seq)
    }

    /// The latest messages as they may be shown.
    pub(super) fn latest(&self, core: &Core, limit: usize) -> Vec<Message> {
        let erased = core.erasures.list();
        let messages = self.recent.latest(limit);
        messages
            .map(|message| erasure::message(&erased, Cow::Borrowed(message)))
            .collect()
    }

    /// Forgets what was encoded for resumes beyond `share`.
    pub(super) fn trim(&mut self, share: Share) {
        self.pushes.trim(share);
    }

    /// Whether every event after `seq` can be had from what is kept here; else the seq up to which the journal must reach.
    pub(super) fn covers(&self, seq: Seq) -> Result<(), Seq> {
        let first = self.pushes.first();
        if seq.next() >= first {
            Ok(())
        } else {
            Err(Seq::new(first.get() - 1))
        }
    }

    /// People that this edge has here: how many, and up to `most` of them.
    pub(super) fn people(&self, most: usize) -> (u64, Vec<UserId>) {
        let users = self.users.keys().take(most).copied().collect();
        (self.users.len() as u64, users)
    }

    /// Presence as it was pushed last.
    pub(super) fn presence(&self) -> PresenceView {
        self.shown.view()
    }
}
