//! What an accepted event changes, as data first.
//!
//! What must hold: nothing is judged here, and a change reaches the people of a room only as a [`Change`], the same
//! that stores keep: what was folded and what was loaded cannot differ.

use super::Room;
use crate::domain::{
    Body, Change, Digest, Event, Header, Kind, Position, Removal, Role, RoomId, Seq, Timestamp, UserId,
};

/// The rules number of a room that this binary stopped folding. It is above every number, so a binary that knows
/// the newer rules does not take the half-folded room for a whole one either: the room must be rebuilt from the log.
pub const STOPPED: u32 = i32::MAX.unsigned_abs();

impl Room {
    /// Takes an accepted event: state, head, digest and window.
    pub(super) fn evolve(&mut self, event: &Event, datum: &[u8], at: Position) -> Vec<Change> {
        let changes = self.consequences(event, at.appended_at);
        for change in &changes {
            self.people.apply(*change);
        }
        let header = self
            .header
            .get_or_insert_with(|| beginning(self.id, event, at.appended_at));
        settle(header, event);
        header.head = header.head.next();
        header.digest = header.digest.then(header.head, datum);
        self.window.push(event.actor.id, event.cid, at.offset);
        changes
    }

    /// Stops folding at an event that states rules this binary does not know, or that is for a room of such rules:
    /// it is passed over here, and may count elsewhere.
    pub(super) fn stop(&mut self, event: &Event, at: Position) {
        let header = self
            .header
            .get_or_insert_with(|| beginning(self.id, event, at.appended_at));
        header.rules = STOPPED;
    }

    /// What it changes for people.
    fn consequences(&self, event: &Event, at: Timestamp) -> Vec<Change> {
        let actor = event.actor.id;
        match event.body {
            Body::RoomCreated { kind, peer, .. } => self.first_members(actor, kind, peer, at),
            Body::MemberJoined => self.join(actor, at),
            Body::MemberLeft => self.end_of_membership(actor),
            Body::MemberInvited { user_id } => vec![Change::Invitation { user_id, by: actor }],
            Body::MemberRemoved { user_id, removal } => {
                let mut changes = self.removal(user_id);
                if let Removal::Ban { until } = removal {
                    changes.push(Change::Ban { user_id, until });
                }
                changes
            }
            Body::MemberUnbanned { user_id } => vec![Change::NoBan { user_id }],
            Body::MemberMuted { user_id, until } => vec![Change::Mute { user_id, until }],
            Body::MemberUnmuted { user_id } => vec![Change::NoMute { user_id }],
            Body::RoleChanged { user_id, role } => self.new_role(actor, user_id, role, at),
            Body::RoomUpdated { .. }
            | Body::RoomDeleted
            | Body::MessageSent { .. }
            | Body::MessageEdited { .. }
            | Body::MessageDeleted { .. }
            | Body::ReactionAdded { .. }
            | Body::ReactionRemoved { .. } => Vec::new(),
        }
    }

    /// `general` begins empty, a direct room with both people, any other with its owner.
    fn first_members(&self, actor: UserId, kind: Kind, peer: Option<UserId>, at: Timestamp) -> Vec<Change> {
        let member = |user_id, role| Change::Member {
            user_id,
            role,
            joined_at: at,
        };
        match kind {
            Kind::Direct => [actor]
                .into_iter()
                .chain(peer)
                .map(|user_id| member(user_id, Role::Member))
                .collect(),
            Kind::Open | Kind::Public | Kind::Private => owner_of(self.id, kind, actor)
                .map(|owner| member(owner, Role::Owner))
                .into_iter()
                .collect(),
        }
    }

    /// In an open room an announcement; elsewhere membership, for which the invitation is used up.
    fn join(&self, user_id: UserId, at: Timestamp) -> Vec<Change> {
        if self.kind() == Some(Kind::Open) {
            return Vec::new();
        }
        let mut changes = Vec::with_capacity(1);
        if self.people.is_invited(user_id) {
            changes.push(Change::NoInvitation { user_id });
        }
        if self.people.has_ban(user_id) {
            // It is over, or they could not have joined.
            changes.push(Change::NoBan { user_id });
        }
        changes.push(Change::Member {
            user_id,
            role: Role::Member,
            joined_at: at,
        });
        changes
    }

    /// In an open room an announcement: who has a role there keeps it. A mute outlives a membership.
    fn end_of_membership(&self, user_id: UserId) -> Vec<Change> {
        match self.kind() {
            Some(Kind::Open) => Vec::new(),
            _ => vec![Change::NoMember { user_id }],
        }
    }

    /// A kick or a ban ends a membership, a role in an open room, and an invitation.
    fn removal(&self, user_id: UserId) -> Vec<Change> {
        let mut changes = Vec::with_capacity(2);
        if self.people.role_of(user_id).is_some() {
            changes.push(Change::NoMember { user_id });
        }
        if self.people.is_invited(user_id) {
            changes.push(Change::NoInvitation { user_id });
        }
        changes
    }

    fn new_role(&self, actor: UserId, user_id: UserId, role: Role, at: Timestamp) -> Vec<Change> {
        let with = |user_id, role| Change::Member {
            user_id,
            role,
            joined_at: self.people.joined_at(user_id).unwrap_or(at),
        };
        match role {
            // The owner is untouchable, so nobody could ever lift a mute of theirs.
            Role::Owner => {
                let unmuted = self.people.has_mute(user_id).then_some(Change::NoMute { user_id });
                [with(actor, Role::Moderator), with(user_id, Role::Owner)]
                    .into_iter()
                    .chain(unmuted)
                    .collect()
            }
            Role::Member if self.kind() == Some(Kind::Open) => vec![Change::NoMember { user_id }],
            Role::Member | Role::Moderator => vec![with(user_id, role)],
        }
    }
}

/// What it changes in the header, beside head and digest.
fn settle(header: &mut Header, event: &Event) {
    match &event.body {
        Body::RoomUpdated { name, topic, rules } => {
            if let Some(name) = name {
                header.name = name.clone();
            }
            if let Some(topic) = topic {
                header.topic = topic.clone();
            }
            if let Some(rules) = rules {
                header.rules = *rules;
            }
        }
        Body::RoomDeleted => header.deleted = true,
        Body::RoleChanged {
            user_id,
            role: Role::Owner,
        } => header.owner = Some(*user_id),
        Body::MessageSent { .. } => header.messages += 1,
        _ => {}
    }
}

/// The header of a room as `event` found it: nothing has happened in it yet.
fn beginning(id: RoomId, event: &Event, at: Timestamp) -> Header {
    let Body::RoomCreated {
        kind,
        ref name,
        ref topic,
        rules,
        ..
    } = event.body
    else {
        unreachable!("nothing but a creation is accepted by, or stops, a room that does not exist")
    };
    Header {
        kind,
        name: name.clone(),
        topic: topic.clone(),
        owner: owner_of(id, kind, event.actor.id),
        deleted: false,
        head: Seq::ZERO,
        messages: 0,
        rules,
        digest: Digest::of_room(id),
        created_at: at,
    }
}

/// Whoever creates a room owns it; direct rooms and `general` have no owner.
fn owner_of(id: RoomId, kind: Kind, creator: UserId) -> Option<UserId> {
    (kind != Kind::Direct && id != RoomId::general()).then_some(creator)
}
