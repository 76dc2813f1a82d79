//! The edge: any session, any room, no state but what the log gives back.
//!
//! A command's path: `rooms` holds the room, `commands` authorises early and appends, `tail` folds what comes back
//! and gives the verdict, `hub` and `outbox` push. What must hold: everything on the tail's thread is sync and
//! never blocks; the verdict is the fold's alone; no lock is held over an await.

pub mod clock;
pub mod config;
pub mod outbox;
pub mod session;
pub mod view;
pub mod wire;

use crate::command::{Ack, Caller, Write};
use crate::error::{Error, Name};
pub use config::Config;
use engine::domain::{Epoch, Member, Message, RoomId, Seq, UserId};
use engine::history::{self, Page};
use engine::live;
use engine::log::Log;
use engine::people::People;
use outbox::Outbox;
pub use session::{Joining, Session};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use view::{PresenceView, RoomView};

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
    /// What time it is.
    pub clock: Arc<dyn clock::Clock>,
    /// How events are written.
    pub wire: wire::Wire,
}

/// One edge of a process.
pub struct Edge {
    config: Config,
    parts: Parts,
}

/// Why an edge does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log can't be read.
    #[error("the edge can't read the log: {0}")]
    Log(#[from] engine::log::Error),
}

impl Edge {
    /// Starts tailing, sees to it that `general` exists, and is ready for sessions. Cancelling `shutdown` makes it
    /// refuse new commands; [`Edge::stop`] ends it.
    ///
    /// # Errors
    /// [`StartError`] when the log is away or misconfigured.
    pub async fn start(config: Config, parts: Parts, shutdown: CancellationToken) -> Result<Arc<Self>, StartError> {
        let _ = shutdown;
        Ok(Arc::new(Self { config, parts }))
    }

    /// Tells what is not told yet (read markers, that nobody is present here any more) and ends every task and the
    /// tail. Sessions should have ended before.
    pub async fn stop(&self) {}

    /// Its limits.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The log's life.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.parts.log.epoch()
    }

    /// An outbox as this edge's sessions have it.
    #[must_use]
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::new(Outbox::new(self.config.outbox_bytes, self.config.outbox_reserve_bytes))
    }

    /// Begins a session of a person.
    #[must_use]
    pub fn session(self: &Arc<Self>, user_id: UserId, outbox: Arc<Outbox>) -> Session {
        Session::new(self.clone(), user_id, outbox)
    }

    /// Authorises a command early, appends it and answers with the fold's verdict.
    ///
    /// # Errors
    /// Every error of the table but those of the doors; `outcome` says whether it may yet land.
    pub async fn write(&self, caller: &Caller, write: Write) -> Result<Ack, Error> {
        let _ = (caller, write);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// A room as the person may see it (the invited see it too, with `may_read` false).
    ///
    /// # Errors
    /// `not_found`, `banned`, `room_deleted`, `unavailable`, `overloaded`, `unsupported_rules`.
    pub async fn room(&self, caller: &Caller, room: RoomId) -> Result<RoomView, Error> {
        let _ = (caller, room);
        Err(Error::new(Name::Unavailable, "not yet"))
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
    ) -> Result<Vec<Member>, Error> {
        let _ = (caller, room, after, limit);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// The latest messages as they stand at the room's head, oldest first; at most 100.
    ///
    /// # Errors
    /// As [`Edge::members`].
    pub async fn recent(&self, caller: &Caller, room: RoomId, limit: usize) -> Result<Vec<Message>, Error> {
        let _ = (caller, room, limit);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// A window of the room's messages, from history.
    ///
    /// # Errors
    /// As [`Edge::members`]; `unavailable` while history is away.
    pub async fn page(&self, caller: &Caller, room: RoomId, page: Page, limit: usize) -> Result<Vec<Message>, Error> {
        let _ = (caller, room, page, limit);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// Waits until history (and so [`Edge::page`]) and the held room show at least `seq`.
    ///
    /// # Errors
    /// `behind` when they do not in time.
    pub async fn reached(&self, room: RoomId, seq: Seq) -> Result<(), Error> {
        let _ = (room, seq);
        Err(Error::new(Name::Behind, "not yet"))
    }

    /// Moves the person's read marker forwards and says where it is now; all their sessions hear of it.
    ///
    /// # Errors
    /// `bad_request` for a seq above the head; as [`Edge::members`].
    pub async fn read(&self, caller: &Caller, room: RoomId, seq: Seq) -> Result<Seq, Error> {
        let _ = (caller, room, seq);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// The person's read marker.
    ///
    /// # Errors
    /// As [`Edge::members`]; `unavailable` while history is away and the marker is not known here.
    pub async fn read_marker(&self, caller: &Caller, room: RoomId) -> Result<Seq, Error> {
        let _ = (caller, room);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// Tells the others in the room that the person is typing; more often than configured it is passed over.
    ///
    /// # Errors
    /// As [`Edge::members`], and `muted`, `not_a_member` for who may not speak there.
    pub async fn typing(&self, caller: &Caller, room: RoomId) -> Result<(), Error> {
        let _ = (caller, room);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// Who is in the room now.
    ///
    /// # Errors
    /// As [`Edge::members`].
    pub async fn presence(&self, caller: &Caller, room: RoomId) -> Result<PresenceView, Error> {
        let _ = (caller, room);
        Err(Error::new(Name::Unavailable, "not yet"))
    }
}
