//! A room's people by how they stand there: invited, banned, muted, and how far each has read.
//!
//! What must hold: members may see who is invited and who has read; whom somebody may let in or let speak again, they
//! may see kept out or muted, and nobody else may but admins. Nobody is in any list who was erased.

use super::core::Core;
use super::hub::Hold;
use super::queries::{self, asked_of_history};
use super::refusal::refusal;
use super::rooms;
use super::view::{Barred, Listed};
use super::{Edge, erasure};
use crate::command::Caller;
use crate::error::Error;
use engine::domain::permissions::{Operation, Permission, Standing};
use engine::domain::{Member, Reason, RoomId, Seq, Timestamp, UserId};
use std::sync::Arc;

/// Who asks for a list of those who are barred.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// Somebody in the room.
    Person(&'a Caller),
    /// An admin, who sees every room's.
    Admin,
}

/// What somebody is barred from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The room: they are banned.
    Reading,
    /// Saying anything: they are muted.
    Speaking,
}

impl From {
    /// What undoes it.
    const fn undone_by(self) -> Operation {
        match self {
            Self::Reading => Operation::Unban,
            Self::Speaking => Operation::Unmute,
        }
    }
}

impl Edge {
    /// Up to `limit` of those who are barred now, in order of id after `after`.
    ///
    /// # Errors
    /// As [`Edge::members`]; `forbidden` for who could not undo it.
    pub async fn barred(
        &self,
        asker: Asker<'_>,
        room: RoomId,
        from: From,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Listed<Barred, UserId>, Error> {
        let core = &self.core;
        let now = core.parts.clock.now();
        let hold = match asker {
            Asker::Person(caller) => {
                let hold = queries::readable(core, caller.user_id, room).await?;
                may_undo(&hold, caller.user_id, from, now)?;
                hold
            }
            Asker::Admin => known(core, room).await?,
        };
        let open = hold.open();
        let barred = match from {
            From::Reading => cut(open.room.bans(after, now), limit),
            From::Speaking => cut(open.room.mutes(after, now), limit),
        };
        Ok(without_erased(
            core,
            barred.map(|(user_id, until)| Barred { user_id, until }),
        ))
    }

    /// Up to `limit` of those who are invited, and by whom, in order of id after `after`.
    ///
    /// # Errors
    /// As [`Edge::members`].
    pub async fn invited(
        &self,
        caller: &Caller,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Listed<(UserId, UserId), UserId>, Error> {
        let hold = members_only(&self.core, caller, room).await?;
        let open = hold.open();
        let invited = cut(open.room.invitations(after), limit);
        Ok(without_erased(&self.core, invited))
    }

    /// Up to `limit` members of any room, as [`Edge::members`]: for admins.
    ///
    /// # Errors
    /// As [`Edge::any_room`].
    pub async fn any_members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Listed<Member, UserId>, Error> {
        let hold = known(&self.core, room).await?;
        let open = hold.open();
        let members = open.room.members(after).take(limit + 1).collect();
        Ok(Listed::cut(members, limit, |member: &Member| member.user_id))
    }

    /// Up to `limit` of those in the room who have read it up to `from` or further, and how far, in order of id after
    /// `after`. History is asked; what this edge knows later of them goes before it.
    ///
    /// # Errors
    /// As [`Edge::members`]; `not_a_member` for who only looks on; `unavailable` while history is away.
    pub async fn readers(
        &self,
        caller: &Caller,
        room: RoomId,
        from: Seq,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Listed<(UserId, Seq), UserId>, Error> {
        let core = &self.core;
        let hold = members_only(core, caller, room).await?;
        let markers = core.parts.history.read_markers(room, from, after, limit + 1);
        let found = asked_of_history(core, markers).await?;
        let mut readers = Listed::cut(found, limit, |(user, _)| *user);
        let now = core.parts.clock.now();
        let open = hold.open();
        // A marker outlives its membership.
        readers
            .items
            .retain(|(user, _)| open.room.is_member(*user) && open.room.may_read(*user, now));
        for (user, seq) in &mut readers.items {
            *seq = core.reads.known(room, *user).map_or(*seq, |known| known.max(*seq));
        }
        Ok(without_erased(core, readers))
    }
}

/// A room that there is, whoever asks.
async fn known(core: &Arc<Core>, room: RoomId) -> Result<Hold, Error> {
    let hold = rooms::hold(core, room).await?;
    let exists = hold.open().room.exists();
    exists.then_some(hold).ok_or_else(|| refusal(Reason::NotFound))
}

/// A room that the person is in.
async fn members_only(core: &Arc<Core>, caller: &Caller, room: RoomId) -> Result<Hold, Error> {
    let hold = queries::readable(core, caller.user_id, room).await?;
    let is_member = hold.open().room.is_member(caller.user_id);
    is_member.then_some(hold).ok_or_else(|| refusal(Reason::NotAMember))
}

fn may_undo(hold: &Hold, user: UserId, from: From, now: Timestamp) -> Result<(), Error> {
    let open = hold.open();
    let standing = Standing {
        role: open.room.role_of(user),
        muted: open.room.is_muted(user, now),
    };
    let kind = open.room.kind().ok_or_else(|| refusal(Reason::NotFound))?;
    let right = Permission::of(from.undone_by());
    right.check(kind, standing, None).map_err(refusal)
}

fn cut<T>(list: impl Iterator<Item = (UserId, T)>, limit: usize) -> Listed<(UserId, T), UserId> {
    Listed::cut(list.take(limit + 1).collect(), limit, |(user, _)| *user)
}

/// A list's entry is somebody's.
trait Whose {
    fn whose(&self) -> UserId;
}

impl<T> Whose for (UserId, T) {
    fn whose(&self) -> UserId {
        self.0
    }
}

impl Whose for Barred {
    fn whose(&self) -> UserId {
        self.user_id
    }
}

fn without_erased<T: Whose>(core: &Core, mut listed: Listed<T, UserId>) -> Listed<T, UserId> {
    let erased = core.erasures.list();
    listed.items.retain(|entry| !erasure::is_erased(&erased, entry.whose()));
    listed
}
