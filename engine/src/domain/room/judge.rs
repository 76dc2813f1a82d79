//! Whether an event counts: every rule of the fold, in the order in which it is asked.
//!
//! What must hold: a rule for events already written never changes; a new one gets a new rules number. Nothing
//! here changes the room. Edges ask the same questions early, with their own clock; only the answer at the
//! record's append time counts.

use super::Room;
use crate::domain::permissions::{Operation, Permission, Standing};
use crate::domain::{
    Body, Event, Header, Kind, MENTIONS, RULES, Reason, Removal, RoomId, Seq, Target, Timestamp, UserId, WINDOW,
};

impl Room {
    /// Whether `event` would count if it were appended at `at`.
    ///
    /// The order: a retry of an accepted command; a retry too old to tell; rooms of newer rules; rooms that do not
    /// exist; bounds; deleted rooms, bans and rooms that are none of the actor's business; rights (membership,
    /// mute, role, rank: [`crate::domain::permissions`]); the room's state.
    ///
    /// # Errors
    /// The reason why not. [`Reason::UnsupportedRules`] means that this binary cannot know.
    pub fn judge(&self, event: &Event, at: Timestamp) -> Result<(), Reason> {
        self.judge_retry(event)?;
        if self.unsupported() {
            return Err(Reason::UnsupportedRules);
        }
        let Some(header) = &self.header else {
            return judge_creation(self.id, event);
        };
        if matches!(event.body, Body::RoomCreated { .. }) {
            return Err(Reason::Conflict);
        }
        if event.room_id != self.id {
            return Err(Reason::Invalid);
        }
        judge_bounds(&event.body)?;
        self.judge_knowledge(event.actor.id, at)?;
        self.judge_rights(header, event, at)?;
        self.judge_state(header, event, at)
    }

    /// Whether the person may read what is said here, at `at`.
    ///
    /// # Errors
    /// `NotFound`, `RoomDeleted`, `Banned`, or `NotAMember` for the invited, who may see name and topic alone.
    pub fn judge_read(&self, user_id: UserId, at: Timestamp) -> Result<(), Reason> {
        if self.unsupported() {
            return Err(Reason::UnsupportedRules);
        }
        self.judge_knowledge(user_id, at)?;
        match self.kind() {
            Some(Kind::Open | Kind::Public) => Ok(()),
            _ if self.is_member(user_id) => Ok(()),
            _ => Err(Reason::NotAMember),
        }
    }

    fn judge_retry(&self, event: &Event) -> Result<(), Reason> {
        if let Some(original) = self.window.find(event.actor.id, event.cid) {
            return Err(Reason::Duplicate(original));
        }
        let head = self.head().get();
        let since = event.since.map_or(head, Seq::get);
        if head - since.min(head) >= WINDOW {
            return Err(Reason::Expired);
        }
        Ok(())
    }

    /// What the actor may know of: of a private or direct room that is not theirs, and of a private one that
    /// they are banned from, nothing at all, not even that it was deleted.
    fn judge_knowledge(&self, actor: UserId, at: Timestamp) -> Result<(), Reason> {
        if !self.may_know(actor, at) {
            Err(Reason::NotFound)
        } else if self.deleted() {
            Err(Reason::RoomDeleted)
        } else if self.is_banned(actor, at) {
            Err(Reason::Banned)
        } else {
            Ok(())
        }
    }

    fn judge_rights(&self, header: &Header, event: &Event, at: Timestamp) -> Result<(), Reason> {
        let actor = Standing {
            role: self.role_of(event.actor.id),
            muted: self.is_muted(event.actor.id, at),
        };
        let target = event.body.towards().and_then(|user_id| self.role_of(user_id));
        Permission::of(event.operation()).check(header.kind, actor, target)
    }

    /// What the room's state speaks against.
    fn judge_state(&self, header: &Header, event: &Event, at: Timestamp) -> Result<(), Reason> {
        let listed = |user_id| self.people.role_of(user_id).is_some();
        match event.body {
            Body::RoomUpdated { rules: Some(rules), .. } => judge_raise(header, rules),
            Body::MemberJoined => free(header.kind == Kind::Open || !listed(event.actor.id)),
            Body::MemberLeft => free(header.owner != Some(event.actor.id)),
            Body::MemberInvited { user_id } => {
                free(!listed(user_id) && !self.is_invited(user_id) && !self.is_banned(user_id, at))
            }
            Body::MemberRemoved {
                user_id,
                removal: Removal::Kick,
            } => free(listed(user_id) || self.is_invited(user_id)),
            Body::MemberUnbanned { user_id } => free(self.is_banned(user_id, at)),
            Body::MemberUnmuted { user_id } => free(self.is_muted(user_id, at)),
            Body::RoleChanged { user_id, role } => {
                free(self.is_member(user_id) && !self.is_banned(user_id, at) && self.role_of(user_id) != Some(role))
            }
            Body::MessageSent {
                reply_to: Some(seq), ..
            } => self.judge_seq(seq),
            Body::MessageEdited { target, .. }
            | Body::MessageDeleted { target }
            | Body::ReactionAdded { target, .. }
            | Body::ReactionRemoved { target, .. } => self.judge_seq(target.seq),
            _ => Ok(()),
        }
    }

    /// Something stands at `seq`. That it is a message, and whose, the edge has checked: it never changes.
    fn judge_seq(&self, seq: Seq) -> Result<(), Reason> {
        if seq > Seq::ZERO && seq <= self.head() {
            Ok(())
        } else {
            Err(Reason::NotFound)
        }
    }
}

/// The state speaks for it, or there is a conflict.
fn free(speaks_for: bool) -> Result<(), Reason> {
    if speaks_for { Ok(()) } else { Err(Reason::Conflict) }
}

fn judge_raise(header: &Header, rules: u32) -> Result<(), Reason> {
    if rules <= header.rules {
        Err(Reason::Conflict)
    } else if rules > RULES {
        Err(Reason::UnsupportedRules)
    } else {
        Ok(())
    }
}

/// The first event of a room. The ids of `general` and of direct rooms are for those alone; that no other room takes
/// the id of a direct one is the edge's to see to, which makes ids itself: nobody can tell from the id.
fn judge_creation(id: RoomId, event: &Event) -> Result<(), Reason> {
    let Body::RoomCreated { kind, rules, peer, .. } = event.body else {
        return Err(Reason::NotFound);
    };
    if rules > RULES {
        return Err(Reason::UnsupportedRules);
    }
    let right = match (kind, peer) {
        (Kind::Direct, Some(peer)) => peer != event.actor.id && id == RoomId::direct(event.actor.id, peer),
        (Kind::Direct, None) | (_, Some(_)) => false,
        (Kind::Open, None) => true,
        (Kind::Public | Kind::Private, None) => id != RoomId::general(),
    };
    if rules > 0 && right && event.room_id == id {
        Ok(())
    } else {
        Err(Reason::Invalid)
    }
}

/// Bounds that the types of [`Body`] do not keep.
fn judge_bounds(body: &Body) -> Result<(), Reason> {
    let within = match body {
        Body::MessageSent { mentions, .. } | Body::MessageEdited { mentions, .. } => mentions.len() <= MENTIONS,
        Body::RoomUpdated { name, topic, rules } => name.is_some() || topic.is_some() || rules.is_some(),
        _ => true,
    };
    if within { Ok(()) } else { Err(Reason::Invalid) }
}

impl Event {
    /// What is asked, as the table of permissions calls it.
    #[must_use]
    pub fn operation(&self) -> Operation {
        let by_author = |target: &Target| target.author_id == self.actor.id;
        match &self.body {
            // The creation of a room that exists is refused before any right is asked for; of all rights
            // the owner's to change it comes nearest.
            Body::RoomCreated { .. } => Operation::Update,
            Body::RoomUpdated {
                name: None,
                topic: None,
                ..
            } => Operation::RaiseRules,
            Body::RoomUpdated { .. } => Operation::Update,
            Body::RoomDeleted => Operation::DeleteRoom,
            Body::MemberJoined => Operation::Join,
            Body::MemberLeft => Operation::Leave,
            Body::MemberInvited { .. } => Operation::Invite,
            Body::MemberRemoved { removal, .. } => match removal {
                Removal::Kick => Operation::Kick,
                Removal::Ban { .. } => Operation::Ban,
            },
            Body::MemberUnbanned { .. } => Operation::Unban,
            Body::MemberMuted { .. } => Operation::Mute,
            Body::MemberUnmuted { .. } => Operation::Unmute,
            Body::RoleChanged { .. } => Operation::SetRole,
            Body::MessageSent { .. } => Operation::Send,
            Body::MessageEdited { target, .. } if by_author(target) => Operation::EditOwn,
            Body::MessageEdited { .. } => Operation::EditOthers,
            Body::MessageDeleted { target } if by_author(target) => Operation::DeleteOwn,
            Body::MessageDeleted { .. } => Operation::DeleteOthers,
            Body::ReactionAdded { .. } => Operation::React,
            Body::ReactionRemoved { .. } => Operation::Unreact,
        }
    }
}

impl Body {
    /// The person it is done to, if it is done to one.
    #[must_use]
    pub const fn towards(&self) -> Option<UserId> {
        match self {
            Self::MemberInvited { user_id }
            | Self::MemberRemoved { user_id, .. }
            | Self::MemberUnbanned { user_id }
            | Self::MemberMuted { user_id, .. }
            | Self::MemberUnmuted { user_id }
            | Self::RoleChanged { user_id, .. } => Some(*user_id),
            _ => None,
        }
    }
}
