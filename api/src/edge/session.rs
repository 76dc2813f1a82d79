//! One session as the edge sees it: an outbox, a person, the rooms it listens to.

use super::core::Core;
use super::hub::Hold;
use super::listener::Listener;
use super::outbox::Outbox;
use super::refusal::refusal;
use super::replay::Running;
use super::resume::{self, Cursor, Journal};
use super::view::{NotRecovered, Recovery, Resume, Subscribed};
use super::{metrics, push, queries, rooms};
use crate::command::Caller;
use crate::error::{Error, Name};
use engine::domain::{RECENT, RoomId, Seq, UserId};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is asked whether the journal reaches what the room has stopped keeping meanwhile.
const TRIES: usize = 3;

/// A session's hold on the edge. Clones are the same session; with the last of them it leaves every room.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    core: Arc<Core>,
    listener: Arc<Listener>,
    /// Once it had one.
    replays: OnceLock<Arc<Running>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(replays) = self.replays.get() {
            replays.end();
        }
        for room in self.listener.take_rooms() {
            if let Some(held) = self.core.hub.room(room) {
                held.unsubscribe(&self.core, self.listener.id);
            }
        }
        self.core.hub.leave(&self.listener);
        self.listener.outbox.abandon();
    }
}

impl Session {
    pub(super) fn new(core: Arc<Core>, listener: Listener) -> Self {
        let listener = Arc::new(listener);
        core.hub.enter(&listener);
        Self {
            inner: Arc::new(Inner {
                core,
                listener,
                replays: OnceLock::new(),
            }),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.inner.listener.user_id
    }

    /// Its queue.
    #[must_use]
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.inner.listener.outbox
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.inner.core
    }

    pub(super) fn replays(&self) -> &Arc<Running> {
        self.inner.replays.get_or_init(Arc::default)
    }

    /// Subscribes to a room; a subscription that is there already is replaced. Nothing of the room is pushed before
    /// [`Joining::go`]: queue the reply first.
    ///
    /// # Errors
    /// `not_found`, `banned`, `room_deleted`, `not_a_member`, `overloaded` (too many rooms), `unavailable`,
    /// `unsupported_rules`.
    pub async fn subscribe(
        &self,
        room: RoomId,
        resume: Option<Resume>,
        recent: usize,
    ) -> Result<(Subscribed, Joining), Error> {
        let core = &self.inner.core;
        let hold = queries::readable(core, self.user_id(), room).await?;
        let read_seq = queries::marker(core, &hold, self.user_id()).await.unwrap_or(Seq::ZERO);
        if let Some(resume) = resume.filter(|resume| resume.epoch == core.epoch()) {
            // What the client has seen elsewhere, this edge may be about to see.
            hold.reach(resume.seq, core.lookup_timeout()).await;
        }
        let mut reached = Seq::ZERO;
        let deadline = Instant::now() + Duration::from_millis(core.config.command_timeout_ms / 2);
        for _ in 0..TRIES {
            match self.join(&hold, resume, reached, recent, read_seq)? {
                Ok(joined) => return Ok(joined),
                Err(upto) => match resume::await_journal(core, &hold, upto, deadline).await {
                    Journal::Reaches => reached = upto,
                    Journal::Behind => break,
                    // Chatting goes on without history: the session is told what it missed it can't be shown now.
                    Journal::Away => {
                        let joined = self.join(&hold, resume, Seq::new(u64::MAX), recent, read_seq)?;
                        return joined.map_err(|_| rooms::not_opened("its events can't be had"));
                    }
                },
            }
        }
        Err(rooms::not_opened(
            "history is behind what this session missed, ask again",
        ))
    }

    /// Joins, if the resume can be judged; else the seq up to which the journal must reach. `reached` is how far it is
    /// known to reach; the greatest of all means that it does not.
    fn join(
        &self,
        hold: &Hold,
        resume: Option<Resume>,
        reached: Seq,
        recent: usize,
        read_seq: Seq,
    ) -> Result<Result<(Subscribed, Joining), Seq>, Error> {
        let Inner { core, listener, .. } = &*self.inner;
        let mut guard = hold.open();
        let open = &mut *guard;
        let now = core.parts.clock.now();
        let judged = open.room.judge_read(listener.user_id, now);
        core.closed.over(hold.id, judged).map_err(refusal)?;
        let recovery = match resume::judge(core, open, resume) {
            Ok(recovery) => recovery,
            Err(_) if reached == Seq::new(u64::MAX) => Recovery::Refused(NotRecovered::TooFar),
            Err(upto) if upto <= reached => Recovery::Recovered,
            Err(upto) => return Ok(Err(upto)),
        };
        let joined = hold
            .subscribe(core, open, listener)
            .map_err(|_| Error::new(Name::Overloaded, "this session is in as many rooms as it may be"))?;
        let view = open
            .view(core, hold, listener.user_id)
            .ok_or_else(|| refusal(engine::domain::Reason::NotFound))?;
        let resumed = recovery == Recovery::Recovered;
        let from = match resume {
            Some(resume) if resumed => resume.seq,
            _ => open.room.head(),
        };
        let recent = if resumed { 0 } else { recent.min(RECENT) };
        let subscribed = Subscribed {
            room: view,
            recovery,
            recent: open.latest(core, recent),
            presence: open.presence(),
            read_seq,
        };
        if resume.is_some() {
            metrics::resumed(recovery.reason().unwrap_or("recovered"));
        }
        let cursor = Cursor {
            hold: hold.clone(),
            ticket: joined.ticket,
            seq: from,
            resumed,
        };
        let joining = Joining {
            session: self.clone(),
            cursor: Some(cursor),
        };
        Ok(Ok((subscribed, joining)))
    }

    /// Ends a subscription. Nothing of the room is queued after it.
    pub fn unsubscribe(&self, room: RoomId) {
        let Inner { core, listener, .. } = &*self.inner;
        if let Some(held) = core.hub.room(room) {
            held.unsubscribe(core, listener.id);
        }
    }

    /// Moves the person's read marker forwards and says where it is now. Their other sessions hear of it.
    ///
    /// # Errors
    /// `bad_request` for a seq above the head; as [`super::Edge::members`].
    pub async fn read(&self, caller: &Caller, room: RoomId, seq: Seq) -> Result<Seq, Error> {
        let Inner { core, listener, .. } = &*self.inner;
        let (now, moved) = queries::read(core, caller.user_id, room, seq, listener.uuid).await?;
        if moved {
            push_read(core, caller.user_id, room, now, Some(listener.id));
        }
        Ok(now)
    }
}

/// Tells a person's sessions here, but for the one that moved it, where their marker is.
pub(super) fn push_read(core: &Core, user: UserId, room: RoomId, seq: Seq, but: Option<u64>) {
    let frame = push::read(room, seq);
    let sessions = core.hub.sessions_of(user);
    for session in sessions.iter().filter(|session| Some(session.id) != but) {
        session.outbox.ephemeral(frame.clone());
    }
}

/// A subscription whose events wait until its reply is queued. Dropped without [`Joining::go`], it ends.
#[must_use = "queue the reply, then let the room's events come"]
pub struct Joining {
    session: Session,
    cursor: Option<Cursor>,
}

impl Joining {
    /// Lets the room's events come: first those missed (then `caught_up`), then live.
    pub fn go(mut self) {
        let Inner { core, listener, .. } = &*self.session.inner;
        if let Some(cursor) = self.cursor.take() {
            resume::go(core, listener, cursor);
        }
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        let Some(cursor) = self.cursor.take() else { return };
        let Inner { core, listener, .. } = &*self.session.inner;
        let is_ours = cursor.hold.open().waits(listener.id, cursor.ticket);
        if is_ours {
            cursor.hold.unsubscribe(core, listener.id);
        }
    }
}
