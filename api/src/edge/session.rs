//! One session as the edge sees it: an outbox, a person, the rooms it listens to.

use super::Edge;
use super::outbox::Outbox;
use super::view::{Resume, Subscribed};
use crate::command::Caller;
use crate::error::{Error, Name};
use engine::domain::{RoomId, Seq, UserId};
use std::sync::Arc;

/// A session's hold on the edge. Clones are the same session; with the last of them it leaves every room.
#[derive(Clone)]
pub struct Session {
    edge: Arc<Edge>,
    user_id: UserId,
    outbox: Arc<Outbox>,
}

impl Session {
    pub(super) fn new(edge: Arc<Edge>, user_id: UserId, outbox: Arc<Outbox>) -> Self {
        Self { edge, user_id, outbox }
    }

    /// Whose it is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Its queue.
    #[must_use]
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
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
        let _ = (&self.edge, room, resume, recent);
        Err(Error::new(Name::Unavailable, "not yet"))
    }

    /// Ends a subscription. Nothing of the room is queued after it.
    pub fn unsubscribe(&self, room: RoomId) {
        let _ = room;
    }

    /// Moves the person's read marker forwards and says where it is now. Their other sessions hear of it.
    ///
    /// # Errors
    /// `bad_request` for a seq above the head; as [`Edge::room`].
    pub async fn read(&self, caller: &Caller, room: RoomId, seq: Seq) -> Result<Seq, Error> {
        self.edge.read(caller, room, seq).await
    }
}

/// A subscription whose events wait until its reply is queued. Dropped without [`Joining::go`], it ends.
#[must_use = "queue the reply, then let the room's events come"]
pub struct Joining {}

impl Joining {
    /// Lets the room's events come: first those missed (then `caught_up`), then live.
    pub fn go(self) {}
}
