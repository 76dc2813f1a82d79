//! Who stands how in a room: members, invitations, bans and mutes, and the one way each of them changes.
//!
//! What must hold: [`People::apply`] is the only writer, so a room that was folded and a room that was loaded from
//! its deltas cannot differ. It knows no kinds and no rules.

use crate::domain::{Change, Role, Timestamp, UserId};
use std::collections::BTreeMap;

/// A member of a room, or in an open room a person with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// The append time of the joining; in an open room that of the role.
    pub joined_at: Timestamp,
}

/// Ordered maps: pages come in order of id, and a snapshot is the same for everyone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct People {
    members: BTreeMap<UserId, (Role, Timestamp)>,
    invitations: BTreeMap<UserId, UserId>,
    bans: BTreeMap<UserId, Option<Timestamp>>,
    mutes: BTreeMap<UserId, Option<Timestamp>>,
}

impl People {
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Member {
                user_id,
                role,
                joined_at,
            } => drop(self.members.insert(user_id, (role, joined_at))),
            Change::NoMember { user_id } => drop(self.members.remove(&user_id)),
            Change::Invitation { user_id, by } => drop(self.invitations.insert(user_id, by)),
            Change::NoInvitation { user_id } => drop(self.invitations.remove(&user_id)),
            Change::Ban { user_id, until } => drop(self.bans.insert(user_id, until)),
            Change::NoBan { user_id } => drop(self.bans.remove(&user_id)),
            Change::Mute { user_id, until } => drop(self.mutes.insert(user_id, until)),
            Change::NoMute { user_id } => drop(self.mutes.remove(&user_id)),
        }
    }

    /// The deltas that make the same people again.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let members = self
            .members
            .iter()
            .map(|(&user_id, &(role, joined_at))| Change::Member {
                user_id,
                role,
                joined_at,
            });
        let invitations = self.invitations.iter();
        let bans = self.bans.iter();
        let mutes = self.mutes.iter();
        members
            .chain(invitations.map(|(&user_id, &by)| Change::Invitation { user_id, by }))
            .chain(bans.map(|(&user_id, &until)| Change::Ban { user_id, until }))
            .chain(mutes.map(|(&user_id, &until)| Change::Mute { user_id, until }))
    }

    pub(super) fn role_of(&self, user_id: UserId) -> Option<Role> {
        self.members.get(&user_id).map(|&(role, _)| role)
    }

    pub(super) fn joined_at(&self, user_id: UserId) -> Option<Timestamp> {
        self.members.get(&user_id).map(|&(_, joined_at)| joined_at)
    }

    pub(super) fn is_invited(&self, user_id: UserId) -> bool {
        self.invitations.contains_key(&user_id)
    }

    /// Banned at `at`.
    pub(super) fn is_banned(&self, user_id: UserId, at: Timestamp) -> bool {
        in_force(self.bans.get(&user_id), at)
    }

    /// Whether a ban is noted, be it over or not.
    pub(super) fn has_ban(&self, user_id: UserId) -> bool {
        self.bans.contains_key(&user_id)
    }

    /// Muted at `at`.
    pub(super) fn is_muted(&self, user_id: UserId, at: Timestamp) -> bool {
        in_force(self.mutes.get(&user_id), at)
    }

    /// Whether a mute is noted, be it over or not.
    pub(super) fn has_mute(&self, user_id: UserId) -> bool {
        self.mutes.contains_key(&user_id)
    }

    pub(super) fn members(&self, after: Option<UserId>) -> impl Iterator<Item = Member> + '_ {
        behind(&self.members, after).map(|(user_id, (role, joined_at))| Member {
            user_id,
            role,
            joined_at,
        })
    }

    pub(super) fn invitations(&self, after: Option<UserId>) -> impl Iterator<Item = (UserId, UserId)> + '_ {
        behind(&self.invitations, after)
    }

    /// Those in force at `at`.
    pub(super) fn bans(
        &self,
        after: Option<UserId>,
        at: Timestamp,
    ) -> impl Iterator<Item = (UserId, Option<Timestamp>)> + '_ {
        behind(&self.bans, after).filter(move |(_, until)| in_force(Some(until), at))
    }

    /// Those in force at `at`.
    pub(super) fn mutes(
        &self,
        after: Option<UserId>,
        at: Timestamp,
    ) -> impl Iterator<Item = (UserId, Option<Timestamp>)> + '_ {
        behind(&self.mutes, after).filter(move |(_, until)| in_force(Some(until), at))
    }

    pub(super) fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Entries of all four lists.
    pub(super) fn listed(&self) -> usize {
        self.members.len() + self.invitations.len() + self.bans.len() + self.mutes.len()
    }
}

/// A list in order of person, from behind one of them.
fn behind<T: Copy>(list: &BTreeMap<UserId, T>, after: Option<UserId>) -> impl Iterator<Item = (UserId, T)> + '_ {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = after.map_or(Unbounded, Excluded);
    list.range((from, Unbounded)).map(|(&user_id, &entry)| (user_id, entry))
}

/// `until` is the first instant at which it is over; `None` never comes.
fn in_force(entry: Option<&Option<Timestamp>>, at: Timestamp) -> bool {
    entry.is_some_and(|until| until.is_none_or(|until| at < until))
}
