//! Where a delta is kept: one slot per person and list, so that the last delta of a slot is its state.

use crate::domain::{Change, UserId};

/// The lists of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Members,
    Invitations,
    Bans,
    Mutes,
}

/// The slot of a delta, and whether the delta fills it or empties it.
pub(super) const fn of(change: &Change) -> (List, UserId, Effect) {
    match *change {
        Change::Member { user_id, .. } => (List::Members, user_id, Effect::Fill),
        Change::NoMember { user_id } => (List::Members, user_id, Effect::Empty),
        Change::Invitation { user_id, .. } => (List::Invitations, user_id, Effect::Fill),
        Change::NoInvitation { user_id } => (List::Invitations, user_id, Effect::Empty),
        Change::Ban { user_id, .. } => (List::Bans, user_id, Effect::Fill),
        Change::NoBan { user_id } => (List::Bans, user_id, Effect::Empty),
        Change::Mute { user_id, .. } => (List::Mutes, user_id, Effect::Fill),
        Change::NoMute { user_id } => (List::Mutes, user_id, Effect::Empty),
    }
}

/// What a delta does to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Fill,
    Empty,
}
