//! Who may do what to whom: one table, read by the fold and printed as `docs/permissions.md`.
//!
//! What must hold: every right in the code is a row here. What depends on the room's state (already a member, no such
//! message, …) is not a right, and is judged by the fold after it.

use super::{Kind, Reason, Role};

/// Everything that can be asked of a room that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Change its name or topic.
    Update,
    /// Raise its rules and nothing else: an edge's doing, on behalf of whoever needs them.
    RaiseRules,
    /// End it.
    DeleteRoom,
    /// Become a member.
    Join,
    /// Stop being one.
    Leave,
    /// Give somebody the right to join.
    Invite,
    /// End somebody's membership or invitation.
    Kick,
    /// End it, and keep them out.
    Ban,
    /// Lift a ban.
    Unban,
    /// Silence somebody.
    Mute,
    /// Let them speak again.
    Unmute,
    /// Give somebody a role; the owner's own hands the room over.
    SetRole,
    /// Say something.
    Send,
    /// Change one's own message.
    EditOwn,
    /// Change another's message.
    EditOthers,
    /// Take one's own message back.
    DeleteOwn,
    /// Take another's message away.
    DeleteOthers,
    /// React to a message.
    React,
    /// Take one's own reaction back.
    Unreact,
}

/// Who may, in rooms of one kind. In an open room everyone counts as a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anyone who may know of the room: in a private one these are its members and the invited.
    Anyone,
    /// Members, whatever their role.
    Members,
    /// Moderators and the owner.
    Moderators,
    /// The owner.
    Owner,
    /// No one: `forbidden`.
    Nobody,
    /// Rooms of this kind have no such thing: `conflict`.
    NoSuchThing,
}

/// Whether it is done to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// To the room or a message.
    Nobody,
    /// To a person, whoever they are.
    Anyone,
    /// Only to those of a lower role than one's own: never to oneself, never to the owner.
    Lower,
}

/// What a mute means for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhileMuted {
    /// Still allowed.
    Allowed,
    /// `muted`.
    Refused,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// What is asked.
    pub operation: Operation,
    /// Who may in an open, public, private and direct room.
    pub who: [Who; 4],
    /// To whom.
    pub towards: Towards,
    /// Also while muted?
    pub while_muted: WhileMuted,
}

/// The table.
pub const PERMISSIONS: [Permission; 19] = {
    use Operation as Op;
    use Towards::{Anyone as AnyPerson, Lower, Nobody as NoPerson};
    use WhileMuted::{Allowed, Refused};
    use Who::{Anyone, Members, Moderators, NoSuchThing, Nobody, Owner};
    #[rustfmt::skip]
    let table = [
        //                    open         public      private     direct
        row(Op::Update,       [Owner,       Owner,      Owner,      Nobody],      NoPerson,  Allowed),
        row(Op::RaiseRules,   [Members,     Members,    Members,    Members],     NoPerson,  Allowed),
        row(Op::DeleteRoom,   [Owner,       Owner,      Owner,      Nobody],      NoPerson,  Allowed),
        row(Op::Join,         [Anyone,      Anyone,     Anyone,     NoSuchThing], NoPerson,  Allowed),
        row(Op::Leave,        [Members,     Members,    Members,    NoSuchThing], NoPerson,  Allowed),
        row(Op::Invite,       [NoSuchThing, Members,    Members,    NoSuchThing], AnyPerson, Allowed),
        row(Op::Kick,         [NoSuchThing, Moderators, Moderators, NoSuchThing], Lower,     Allowed),
        row(Op::Ban,          [Moderators,  Moderators, Moderators, Nobody],      Lower,     Allowed),
        row(Op::Unban,        [Moderators,  Moderators, Moderators, Nobody],      Lower,     Allowed),
        row(Op::Mute,         [Moderators,  Moderators, Moderators, Nobody],      Lower,     Allowed),
        row(Op::Unmute,       [Moderators,  Moderators, Moderators, Nobody],      Lower,     Allowed),
        row(Op::SetRole,      [Owner,       Owner,      Owner,      Nobody],      Lower,     Allowed),
        row(Op::Send,         [Members,     Members,    Members,    Members],     NoPerson,  Refused),
        row(Op::EditOwn,      [Members,     Members,    Members,    Members],     NoPerson,  Refused),
        row(Op::EditOthers,   [Nobody,      Nobody,     Nobody,     Nobody],      NoPerson,  Refused),
        row(Op::DeleteOwn,    [Members,     Members,    Members,    Members],     NoPerson,  Allowed),
        row(Op::DeleteOthers, [Moderators,  Moderators, Moderators, Nobody],      NoPerson,  Allowed),
        row(Op::React,        [Members,     Members,    Members,    Members],     NoPerson,  Refused),
        row(Op::Unreact,      [Members,     Members,    Members,    Members],     NoPerson,  Allowed),
    ];
    table
};

const fn row(operation: Operation, who: [Who; 4], towards: Towards, while_muted: WhileMuted) -> Permission {
    Permission {
        operation,
        who,
        towards,
        while_muted,
    }
}

/// Somebody as the table sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `None`: not a member.
    pub role: Option<Role>,
    /// Muted now.
    pub muted: bool,
}

impl Permission {
    /// The row of an operation.
    #[must_use]
    pub const fn of(operation: Operation) -> &'static Self {
        &PERMISSIONS[operation as usize]
    }

    /// Who may in a room of this kind.
    #[must_use]
    pub const fn who_in(&self, kind: Kind) -> Who {
        self.who[kind as usize]
    }

    /// Whether somebody of that standing may, towards somebody of the role `target` (`None`: not a member, or it is
    /// done to nobody).
    ///
    /// # Errors
    /// `NotAMember`, `Muted`, `Conflict` or `Forbidden`, looked at in this order.
    pub fn check(&self, kind: Kind, actor: Standing, target: Option<Role>) -> Result<(), Reason> {
        let who = self.who_in(kind);
        if actor.role.is_none() && who != Who::Anyone {
            return Err(Reason::NotAMember);
        }
        if actor.muted && self.while_muted == WhileMuted::Refused {
            return Err(Reason::Muted);
        }
        let least = match who {
            Who::NoSuchThing => return Err(Reason::Conflict),
            Who::Nobody => return Err(Reason::Forbidden),
            Who::Anyone => None,
            Who::Members => Some(Role::Member),
            Who::Moderators => Some(Role::Moderator),
            Who::Owner => Some(Role::Owner),
        };
        let ranks = self.towards != Towards::Lower || target < actor.role;
        if actor.role >= least && ranks {
            Ok(())
        } else {
            Err(Reason::Forbidden)
        }
    }
}
