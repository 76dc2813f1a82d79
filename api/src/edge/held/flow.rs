//! Who hears a room: joining, leaving, and what is pushed to those who stay.

use super::super::core::Core;
use super::super::listener::{Listener, TooManyRooms};
use super::super::outbox::Full;
use super::super::push::{self, Gone};
use super::super::traces::Delivery;
use super::super::view::PresenceView;
use super::{Held, Open};
use bytes::Bytes;
use engine::domain::{PRESENT, RoomId, Seq, Timestamp, UserId};
use std::sync::Arc;
use tracing::Span;

/// Most people named in one typing push.
const TYPING: usize = 20;

/// Presence as listeners know it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Shown {
    count: u64,
    /// In order of id; empty where there are more than are named.
    users: Vec<UserId>,
}

impl Shown {
    pub(in super::super) fn new(count: u64, mut users: Vec<UserId>) -> Self {
        if count > PresenceView::USERS as u64 {
            users.clear();
        }
        Self { count, users }
    }

    pub(in super::super) fn view(&self) -> PresenceView {
        PresenceView {
            count: self.count,
            users: self.users.clone(),
        }
    }

    /// Those of `self` who are not in `other`.
    fn without(&self, other: &Self) -> Vec<UserId> {
        let missing = self
            .users
            .iter()
            .filter(|user| other.users.binary_search(user).is_err());
        missing.copied().collect()
    }
}

/// A subscription that nothing is pushed for yet.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Joined {
    pub(in super::super) ticket: u64,
}

impl Held {
    /// Joins: from now on nothing is missed, and nothing is pushed before the subscription goes live. One that the
    /// session has already is replaced.
    pub(in super::super) fn subscribe(
        &self,
        core: &Core,
        open: &mut Open,
        listener: &Arc<Listener>,
    ) -> Result<Joined, TooManyRooms> {
        listener.enter(self.id, core.config.session_rooms)?;
        let is_new = open.detach(listener.id).is_none();
        open.tickets += 1;
        let ticket = open.tickets;
        open.waiting.insert(listener.id, (ticket, listener.clone()));
        if is_new {
            self.pin();
            if open.live.is_empty() && open.waiting.len() == 1 {
                open.shown = core.presence.now(self.partition, self.id);
            }
            let sessions = open.users.entry(listener.user_id).or_insert(0);
            *sessions += 1;
            if *sessions == 1 {
                core.presence.changed_here(self.partition, self.id);
            }
        }
        Ok(Joined { ticket })
    }

    /// Leaves. Nothing is pushed to the session after it.
    pub(in super::super) fn unsubscribe(&self, core: &Core, listener: u64) {
        let Some(mut open) = self.try_open() else { return };
        if let Some(listener) = open.detach(listener) {
            open.left(core, self, &listener);
        }
    }

    /// Pushes what changed in presence and typing since the last time.
    pub(in super::super) fn push_soft(&self, core: &Core) {
        let Some(mut open) = self.try_open() else { return };
        if open.live.is_empty() && open.waiting.is_empty() {
            open.typing = Vec::new();
            return;
        }
        let now = core.presence.now(self.partition, self.id);
        if now != open.shown {
            let named = now.count <= PresenceView::USERS as u64 && open.shown.count <= PresenceView::USERS as u64;
            let (joined, left) = if named {
                (now.without(&open.shown), open.shown.without(&now))
            } else {
                (Vec::new(), Vec::new())
            };
            let frame = push::presence(self.id, now.count, &joined, &left);
            open.shown = now;
            let posted = open
                .live
                .values()
                .map(|listener| listener.outbox.post_ephemeral(frame.clone()));
            core.deliveries.hand_over(posted.flatten().collect());
        }
        let typing = std::mem::take(&mut open.typing);
        if !typing.is_empty() {
            let frame = push::typing(self.id, &typing);
            let alone = (typing.len() == 1).then(|| typing[0]);
            let hearers = open.live.values().filter(|listener| Some(listener.user_id) != alone);
            let posted = hearers.map(|listener| listener.outbox.post_ephemeral(frame.clone()));
            core.deliveries.hand_over(posted.flatten().collect());
        }
    }

    /// Somebody types; it is pushed with the next [`Held::push_soft`]. False when nobody here hears it.
    pub(in super::super) fn types(&self, user: UserId) -> bool {
        let Some(mut open) = self.try_open() else {
            return false;
        };
        if open.live.is_empty() {
            return false;
        }
        if open.typing.len() < TYPING && !open.typing.contains(&user) {
            open.typing.push(user);
        }
        true
    }

    /// The room is gone: nobody hears it any more.
    pub(in super::super) fn close(&self, core: &Core) {
        if let Some(mut open) = self.try_open() {
            open.end_all(core, self, Gone::RoomDeleted);
        }
    }

    /// People here, for this edge's own signal.
    pub(in super::super) fn people_here(&self) -> (u64, Vec<UserId>) {
        self.try_open().map_or((0, Vec::new()), |open| open.people(PRESENT))
    }
}

impl Open {
    /// Whether the subscription is still the one of the ticket, and waits.
    pub(in super::super) fn waits(&self, listener: u64, ticket: u64) -> bool {
        self.waiting
            .get(&listener)
            .is_some_and(|(current, _)| *current == ticket)
    }

    /// From now on the session hears every event.
    pub(in super::super) fn go_live(&mut self, listener: u64) {
        if let Some((_, session)) = self.waiting.remove(&listener) {
            self.live.insert(listener, session);
        }
    }

    /// Sends an event to everyone who hears the room; those whose outbox is full are paused. The first of them have
    /// spans of their own below `push`.
    pub(super) fn broadcast(
        &mut self,
        core: &Core,
        room: RoomId,
        (seq, at): (Seq, Timestamp),
        frame: &Bytes,
        push: &Span,
    ) {
        core.stir();
        let mut traced = if push.is_disabled() {
            0
        } else {
            core.config.traced_recipients
        };
        let (mut full, mut due) = (Vec::new(), Vec::new());
        for (id, listener) in &self.live {
            let delivery = (traced > 0).then(|| Box::new(Delivery::begin(push, listener.id)));
            traced = traced.saturating_sub(1);
            match listener.outbox.post_event(frame.clone(), delivery) {
                Ok(posted) => due.extend(posted),
                Err(Full) => full.push(*id),
            }
        }
        core.deliveries.hand_over(due);
        super::super::metrics::pushed(self.live.len() - full.len(), at);
        push.record("roomlog.paused", full.len());
        for id in full {
            if let Some(listener) = self.live.remove(&id) {
                let delivered = Seq::new(seq.get() - 1);
                self.pause(room, delivered, &listener);
            }
        }
    }

    /// The session was too slow: it hears nothing of the room until it subscribes again.
    pub(in super::super) fn pause(&mut self, room: RoomId, delivered: Seq, listener: &Arc<Listener>) {
        super::super::metrics::lagged();
        listener.outbox.control(push::lagged(room, delivered));
        self.tickets += 1;
        self.waiting.insert(listener.id, (self.tickets, listener.clone()));
    }

    /// Ends the subscriptions of a person.
    pub(super) fn end(&mut self, core: &Core, held: &Held, user: UserId, reason: Gone) {
        let live = self.live.values();
        let waiting = self.waiting.values().map(|(_, listener)| listener);
        let theirs = live.chain(waiting).filter(|listener| listener.user_id == user);
        let sessions: Vec<u64> = theirs.map(|listener| listener.id).collect();
        self.end_sessions(core, held, &sessions, reason);
    }

    /// Ends every subscription.
    pub(super) fn end_all(&mut self, core: &Core, held: &Held, reason: Gone) {
        let sessions: Vec<u64> = self.live.keys().chain(self.waiting.keys()).copied().collect();
        self.end_sessions(core, held, &sessions, reason);
    }

    fn end_sessions(&mut self, core: &Core, held: &Held, sessions: &[u64], reason: Gone) {
        if sessions.is_empty() {
            return;
        }
        let frame = push::gone(held.id, reason);
        for id in sessions {
            if let Some(listener) = self.detach(*id) {
                listener.outbox.control(frame.clone());
                self.left(core, held, &listener);
            }
        }
    }

    /// Takes a session out of those who listen.
    fn detach(&mut self, listener: u64) -> Option<Arc<Listener>> {
        let waiting = self.waiting.remove(&listener).map(|(_, session)| session);
        self.live.remove(&listener).or(waiting)
    }

    /// After [`Open::detach`]: the session is not in the room any more.
    fn left(&mut self, core: &Core, held: &Held, listener: &Listener) {
        listener.forget(held.id);
        if let Some(sessions) = self.users.get_mut(&listener.user_id) {
            *sessions -= 1;
            if *sessions == 0 {
                self.users.remove(&listener.user_id);
                core.presence.changed_here(held.partition, held.id);
            }
        }
        held.unpin();
    }
}
