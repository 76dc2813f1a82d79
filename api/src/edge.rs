//! The edge: any session, any room, no state but what the log gives back.
//!
//! A command's path: `rooms` holds the room, `commands` authorises early and appends, `tail` folds what comes back
//! and gives the verdict, `hub` and `outbox` push. What must hold: everything on the tail's thread is sync and
//! never blocks; the verdict is the fold's alone; no lock is held over an await.

pub mod around;
mod asked;
mod catch_up;
pub mod clock;
mod closed;
mod commands;
pub mod config;
mod core;
mod delivery;
mod erasure;
mod held;
mod hub;
mod journal;
mod listener;
mod listings;
pub mod lists;
mod mentions;
mod metrics;
mod notices;
pub mod outbox;
mod presence;
pub(crate) mod push;
mod pushes;
mod queries;
mod reads;
mod refusal;
pub mod replay;
mod resume;
mod ring;
mod rooms;
pub mod session;
mod start;
mod tail;
pub(crate) mod traces;
pub mod travel;
mod turns;
pub mod view;
pub mod wire;

use self::core::Core;
use crate::command::{Ack, Caller, Write};
use crate::error::Error;
use crate::limits::Limiter;
pub use config::Config;
use engine::domain::{Epoch, Member, Message, RoomId, Seq, UserId};
use engine::history::{self, Page};
use engine::live;
use engine::log::{self, Log};
use engine::people::People;
use listener::Listener;
pub use notices::{Hears, Notice};
use outbox::{Outbox, Sink};
use parking_lot::Mutex;
pub use session::{Joining, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use view::{Listed, PageView, PresenceView, RoomView};

/// What an edge is made of.
#[derive(Clone)]
pub struct Parts {
    /// The truth.
    pub log: Arc<dyn Log>,
    /// The journal and its rows.
    pub history: Arc<dyn history::Reader>,
    /// Room state kept hot.
    pub live: Arc<dyn live::Reader>,
    /// Who is erased.
    pub people: Arc<dyn People>,
    /// Who hears what became of accounts.
    pub accounts: Arc<dyn Hears>,
    /// What time it is.
    pub clock: Arc<dyn clock::Clock>,
    /// How often a room may be written.
    pub rooms: Arc<Limiter<RoomId>>,
    /// How far back in time one may go.
    pub travel: engine::travel::Config,
    /// How events are written.
    pub wire: wire::Wire,
}

/// One edge of a process.
pub struct Edge {
    core: Arc<Core>,
    tails: Mutex<Vec<Box<dyn log::Tail>>>,
    sessions: AtomicU64,
}

/// Why an edge does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log can't be read.
    #[error("the edge can't read the log: {0}")]
    Log(#[from] engine::log::Error),
    /// The system gives no thread.
    #[error("the edge can't start its threads: {0}")]
    Threads(#[from] std::io::Error),
}

impl Edge {
    /// Starts tailing, sees to it that `general` exists, and is ready for sessions. Cancelling `shutdown` makes it
    /// refuse new commands; [`Edge::stop`] ends it.
    ///
    /// # Errors
    /// [`StartError`] when the log is away or misconfigured.
    pub async fn start(config: Config, parts: Parts, shutdown: CancellationToken) -> Result<Arc<Self>, StartError> {
        start::start(config, parts, shutdown).await
    }

    /// Tells what is not told yet (read markers, that nobody is present here any more) and ends every task and the
    /// tail. Sessions should have ended before.
    pub async fn stop(&self) {
        start::stop(self).await;
    }

    /// Whether the tail reads every partition; false once the log was cut or made anew under it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.core.lost.load(Ordering::Relaxed)
    }

    /// Shows what it holds and what waits in it, as metrics.
    pub fn show(&self) {
        self.core.show();
    }

    /// Its limits.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// The log's life.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.core.epoch()
    }

    /// An outbox as this edge's sessions have it.
    #[must_use]
    pub fn outbox(&self, sink: Arc<dyn Sink>) -> Arc<Outbox> {
        let config = &self.core.config;
        Arc::new(Outbox::new(config.outbox_bytes, config.outbox_reserve_bytes).with_sink(sink))
    }

    /// Begins a session of a person.
    #[must_use]
    pub fn session(&self, user_id: UserId, outbox: Arc<Outbox>) -> Session {
        let id = self.sessions.fetch_add(1, Ordering::Relaxed);
        Session::new(self.core.clone(), Listener::new(id, user_id, outbox))
    }

    /// Authorises a command early, appends it and answers with the fold's verdict.
    ///
    /// # Errors
    /// Every error of the table but those of the doors; `outcome` says whether it may yet land.
    pub async fn write(&self, caller: &Caller, write: Write) -> Result<Ack, Error> {
        commands::write(&self.core, caller, &write).await
    }

    /// Something became of an account: it is heard here at once, and by every other edge through the log.
    pub fn tell(&self, notice: &Notice) {
        notices::tell(&self.core, notice);
    }

    /// An admin deleted a room, as people's store has it by now: it ends here at once and, through the log, on every
    /// other edge.
    pub fn close_room(&self, room: RoomId) {
        closed::close(&self.core, room);
    }

    /// Whether an admin deleted the room.
    #[must_use]
    pub fn is_closed(&self, room: RoomId) -> bool {
        self.core.closed.has(room)
    }

    /// Whether the person is erased.
    #[must_use]
    pub fn is_erased(&self, user: UserId) -> bool {
        erasure::is_erased(&self.core.erasures.list(), user)
    }

    /// A room as it stands, whoever asks: for admins.
    ///
    /// # Errors
    /// `not_found`, `unavailable`, `overloaded`, `unsupported_rules`.
    pub async fn any_room(&self, viewer: UserId, room: RoomId) -> Result<RoomView, Error> {
        queries::any_room(&self.core, viewer, room).await
    }

    /// A room as the person may see it (the invited see it too, with `may_read` false).
    ///
    /// # Errors
    /// `not_found`, `banned`, `room_deleted`, `unavailable`, `overloaded`, `unsupported_rules`.
    pub async fn room(&self, caller: &Caller, room: RoomId) -> Result<RoomView, Error> {
        queries::room(&self.core, caller.user_id, room).await
    }

    /// Up to `limit` members in order of id after `after`; in an open room those with a role.
    ///
    /// # Errors
    /// As [`Edge::room`], and `not_a_member` for the invited.
    pub async fn members(
        &self,
        caller: &Caller,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Listed<Member, UserId>, Error> {
        queries::members(&self.core, caller.user_id, room, after, limit).await
    }

    /// The latest messages as they stand at the room's head, oldest first; at most 100.
    ///
    /// # Errors
    /// As [`Edge::members`].
    pub async fn recent(&self, caller: &Caller, room: RoomId, limit: usize) -> Result<Vec<Message>, Error> {
        queries::recent(&self.core, caller.user_id, room, limit).await
    }

    /// A window of the room's messages, from history.
    ///
    /// # Errors
    /// As [`Edge::members`]; `unavailable` while history is away.
    pub async fn page(&self, caller: &Caller, room: RoomId, page: Page, limit: usize) -> Result<PageView, Error> {
        queries::page(&self.core, caller.user_id, room, page, limit).await
    }

    /// Waits until history (and so [`Edge::page`]) and the held room show at least `seq`.
    ///
    /// # Errors
    /// `behind` when they do not in time.
    pub async fn reached(&self, room: RoomId, seq: Seq) -> Result<(), Error> {
        queries::reached(&self.core, room, seq).await
    }

    /// Moves the person's read marker forwards and says where it is now; all their sessions hear of it.
    ///
    /// # Errors
    /// `bad_request` for a seq above the head; as [`Edge::members`].
    pub async fn read(&self, caller: &Caller, room: RoomId, seq: Seq) -> Result<Seq, Error> {
        let (now, moved) = queries::read(&self.core, caller.user_id, room, seq, Uuid::nil()).await?;
        if moved {
            session::push_read(&self.core, caller.user_id, room, now, None);
        }
        Ok(now)
    }

    /// The person's read marker.
    ///
    /// # Errors
    /// As [`Edge::members`]; `unavailable` while history is away and the marker is not known here.
    pub async fn read_marker(&self, caller: &Caller, room: RoomId) -> Result<Seq, Error> {
        let hold = queries::readable(&self.core, caller.user_id, room).await?;
        queries::marker(&self.core, &hold, caller.user_id).await
    }

    /// Tells the others in the room that the person is typing; more often than configured it is passed over.
    ///
    /// # Errors
    /// As [`Edge::members`], and `muted`, `not_a_member` for who may not speak there.
    pub async fn typing(&self, caller: &Caller, room: RoomId) -> Result<(), Error> {
        queries::typing(&self.core, caller, room).await
    }

    /// Who is in the room now.
    ///
    /// # Errors
    /// As [`Edge::members`].
    pub async fn presence(&self, caller: &Caller, room: RoomId) -> Result<PresenceView, Error> {
        queries::presence(&self.core, caller.user_id, room).await
    }
}
