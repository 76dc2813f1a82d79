//! What people look for: their rooms, rooms to join, a message, a thread, messages by their words.
//!
//! What must hold: nothing leaves that the person may not read. History judges by what it knows; where a room is held
//! here, what this edge knows later than that goes before it. Every text passes the list of the erased.

use super::core::Core;
use super::view::{Findings, Listed, Sought, ThreadView};
use super::{Edge, erasure, metrics, queries};
use crate::command::Caller;
use crate::error::{Error, Name};
use engine::domain::{Header, Kind, Message, RECENT, Room, RoomId, Seq};
use engine::history::listings::{
    Discover, Found, Hit, Invitation, Invitations, MOST_COUNTED, MyRoom, MyRooms, NamePlace, Search,
};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// When to come back when too many searches are under way.
const BUSY_RETRY_MS: u64 = 1_000;

impl Edge {
    /// Up to `limit` rooms that the person has (they are a member; or it is open, and they have a role or a read marker
    /// there), in order of id after `after`, with what they have not read.
    ///
    /// # Errors
    /// `unavailable` while history is away.
    pub async fn my_rooms(
        &self,
        caller: &Caller,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Listed<MyRoom, RoomId>, Error> {
        let core = &self.core;
        let (user_id, now) = (caller.user_id, core.parts.clock.now());
        let asked = MyRooms {
            user_id,
            now,
            after,
            limit: limit + 1,
            known: &|room| core.reads.known(room, user_id),
        };
        let found = queries::asked_of_history(core, core.parts.history.my_rooms(&asked)).await?;
        let mut listed = Listed::cut(found, limit, |room| room.room_id);
        let has = |room: &Room| room.is_member(user_id) && room.may_read(user_id, now);
        listed.items.retain(|one| not_known_otherwise(core, one.room_id, has));
        let erased = core.erasures.list();
        for room in &mut listed.items {
            room.last = room.last.take().map(|last| erasure::message(&erased, Cow::Owned(last)));
        }
        Ok(listed)
    }

    /// Up to `limit` invitations of the person, in order of their rooms' ids after `after`.
    ///
    /// # Errors
    /// As [`Edge::my_rooms`].
    pub async fn invitations(
        &self,
        caller: &Caller,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Listed<Invitation, RoomId>, Error> {
        let core = &self.core;
        let (user_id, now) = (caller.user_id, core.parts.clock.now());
        let asked = Invitations {
            user_id,
            now,
            after,
            limit: limit + 1,
        };
        let found = queries::asked_of_history(core, core.parts.history.invitations(&asked)).await?;
        let mut listed = Listed::cut(found, limit, |invitation| invitation.room_id);
        let is_invited = |room: &Room| room.is_invited(user_id) && !room.deleted();
        listed
            .items
            .retain(|one| not_known_otherwise(core, one.room_id, is_invited));
        Ok(listed)
    }

    /// Up to `limit` open and public rooms whose name begins with `prefix`, but those that the person has.
    ///
    /// # Errors
    /// As [`Edge::my_rooms`].
    pub async fn discover(
        &self,
        caller: &Caller,
        prefix: String,
        after: Option<NamePlace>,
        limit: usize,
    ) -> Result<Listed<Found, NamePlace>, Error> {
        let core = &self.core;
        let (user_id, now) = (caller.user_id, core.parts.clock.now());
        let asked = Discover {
            user_id,
            now,
            prefix,
            after,
            limit: limit + 1,
        };
        let found = queries::asked_of_history(core, core.parts.history.discover(&asked)).await?;
        let mut listed = Listed::cut(found, limit, |room| room.place.clone());
        let is_to_be_found = |room: &Room| {
            let joined = room.kind() != Some(Kind::Open) && room.is_member(user_id);
            !joined && room.may_read(user_id, now)
        };
        listed
            .items
            .retain(|one| not_known_otherwise(core, one.place.room_id, is_to_be_found));
        Ok(listed)
    }

    /// Up to `limit` rooms of whatever kind, deleted ones too, in order of id after `after`: for admins.
    ///
    /// # Errors
    /// As [`Edge::my_rooms`].
    pub async fn every_room(
        &self,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Listed<(RoomId, Header), RoomId>, Error> {
        let every = self.core.parts.history.every_room(after, limit + 1);
        let found = queries::asked_of_history(&self.core, every).await?;
        Ok(Listed::cut(found, limit, |(id, _)| *id))
    }

    /// The message at `seq` as it stands.
    ///
    /// # Errors
    /// As [`Edge::members`]; `not_found` where no message is; `unavailable` while history is away, if it is further
    /// back than `recent`.
    pub async fn message(&self, caller: &Caller, room: RoomId, seq: Seq) -> Result<Message, Error> {
        let core = &self.core;
        let message = match recent_of(core, caller, room, seq).await? {
            Some(recent) => recent.message,
            None => queries::asked_of_history(core, core.parts.history.message(room, seq))
                .await?
                .ok_or_else(no_message)?,
        };
        Ok(erasure::message(&core.erasures.list(), Cow::Owned(message)))
    }

    /// The message at `seq` and up to `limit` of its replies after `after`.
    ///
    /// # Errors
    /// As [`Edge::message`].
    pub async fn thread(
        &self,
        caller: &Caller,
        room: RoomId,
        seq: Seq,
        after: Seq,
        limit: usize,
    ) -> Result<ThreadView, Error> {
        let core = &self.core;
        let (message, replies, count) = match recent_of(core, caller, room, seq).await? {
            Some(recent) => {
                let count = (recent.replies.len() as u64).min(MOST_COUNTED);
                let after = recent.replies.into_iter().filter(|reply| reply.seq > after);
                (recent.message, after.take(limit + 1).collect(), count)
            }
            None => {
                let thread = core.parts.history.thread(room, seq, after, limit + 1);
                let thread = queries::asked_of_history(core, thread).await?.ok_or_else(no_message)?;
                (thread.message, thread.replies, thread.count)
            }
        };
        let replies = Listed::cut(replies, limit, |last| last.seq);
        let erased = core.erasures.list();
        let shown = |message| erasure::message(&erased, Cow::Owned(message));
        Ok(ThreadView {
            message: shown(message),
            after: replies.after,
            replies: replies.items.into_iter().map(shown).collect(),
            count,
        })
    }

    /// Messages by their words, in what the person may read, newest first.
    ///
    /// # Errors
    /// `overloaded` where too many search; `unavailable` while history is away, or when it takes too long; for a room
    /// that is named as [`Edge::members`].
    pub async fn search(&self, caller: &Caller, sought: Sought) -> Result<Findings, Error> {
        let begun = Instant::now();
        let found = self.find(caller, sought).await;
        metrics::searched(begun.elapsed(), found.as_ref().err().map(|error| error.name));
        found
    }

    async fn find(&self, caller: &Caller, sought: Sought) -> Result<Findings, Error> {
        let core = &self.core;
        if let Some(room) = sought.room {
            queries::readable(core, caller.user_id, room).await?;
        }
        let patience = Duration::from_millis(core.config.search_timeout_ms);
        let Ok(Ok(_turn)) = timeout(patience, core.searches.acquire()).await else {
            let busy = Error::new(Name::Overloaded, "too many searches are under way");
            return Err(busy.retry_after_ms(BUSY_RETRY_MS));
        };
        let erased = core.erasures.list();
        let hidden = erased.iter().filter(|(_, texts)| **texts).map(|(user, _)| *user);
        let asked = Search {
            user_id: caller.user_id,
            now: core.parts.clock.now(),
            query: sought.query,
            room: sought.room,
            author: sought.author,
            from: sought.from,
            to: sought.to,
            before: sought.before,
            limit: sought.limit + 1,
            hidden: hidden.collect(),
            patience,
        };
        let found = queries::asked_of_history(core, core.parts.history.search(&asked)).await?;
        let found = Listed::cut(found, sought.limit, Hit::place);
        // Whoever was erased meanwhile is on the list that is in force now.
        let erased = core.erasures.list();
        let now = core.parts.clock.now();
        let may_read = |room: &Room| room.may_read(caller.user_id, now);
        let readable = found.items.into_iter().filter(|hit| {
            let has_text = !erasure::without_text(&erased, hit.message.from.id);
            has_text && not_known_otherwise(core, hit.room_id, may_read)
        });
        let hits = readable.map(|hit| Hit {
            message: erasure::message(&erased, Cow::Owned(hit.message)),
            ..hit
        });
        Ok(Findings {
            hits: hits.collect(),
            before: found.after,
        })
    }
}

/// A message that is among the recent ones, and so is everything that was said to it.
struct InRecent {
    message: Message,
    replies: Vec<Message>,
}

/// The message at `seq` of a room that the person may read, if it is among the recent ones; `None`: history knows.
async fn recent_of(core: &Arc<Core>, caller: &Caller, room: RoomId, seq: Seq) -> Result<Option<InRecent>, Error> {
    let hold = queries::readable(core, caller.user_id, room).await?;
    let open = hold.open();
    if seq == Seq::ZERO || seq > open.room.head() {
        return Err(no_message());
    }
    if !open.is_in_recent(seq) {
        return Ok(None);
    }
    let message = open.recent.get(seq).ok_or_else(no_message)?;
    let replies = open.recent.latest(RECENT).filter(|reply| reply.reply_to == Some(seq));
    Ok(Some(InRecent {
        message: message.clone(),
        replies: replies.cloned().collect(),
    }))
}

/// Whether the room is so by what is known here; what is not held here, history has judged. One that an admin deleted is
/// nothing any more.
fn not_known_otherwise(core: &Core, room: RoomId, is_so: impl FnOnce(&Room) -> bool) -> bool {
    if core.closed.has(room) {
        return false;
    }
    let held = core.hub.room(room);
    let judged = held
        .as_ref()
        .and_then(|held| held.try_open())
        .map(|open| is_so(&open.room));
    judged.unwrap_or(true)
}

fn no_message() -> Error {
    Error::new(Name::NotFound, "there is no message at that seq")
}
