//! What the fold says of an event.

use super::{Change, Digest, Offset, Seq};

/// The fold's word on one event: the same for every consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, and takes the room's next seq.
    Accepted {
        /// Gap-free per room.
        seq: Seq,
        /// The room's chain after it.
        digest: Digest,
    },
    /// Everyone passes over it.
    Ignored {
        /// Why.
        reason: Reason,
    },
}

/// A verdict and what it changed in the room, as the deltas that stores write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The word itself.
    pub verdict: Verdict,
    /// Empty for ignored events and for messages; the header (head, digest, …) changes with every accepted event.
    pub changes: Vec<Change>,
}

/// Where the first of several equal commands stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its seq.
    pub seq: Seq,
    /// Its offset in the room's partition.
    pub offset: Offset,
}

/// Why an event does not count. Each has one error name at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no such room, or it may not be known to the actor; or nothing is at the seq it speaks of.
    NotFound,
    /// The actor is not in the room.
    NotAMember,
    /// The actor is banned.
    Banned,
    /// The actor is muted.
    Muted,
    /// The room is deleted.
    RoomDeleted,
    /// The actor's role lacks it.
    Forbidden,
    /// The room's state speaks against it: it exists already, they are in it already, the owner may not leave, …
    Conflict,
    /// The same command was accepted before.
    Duplicate(Original),
    /// Too old for the window to know whether it is a duplicate.
    Expired,
    /// The room, or the event, is of newer rules than this binary's.
    UnsupportedRules,
    /// The event breaks a bound that an edge would not have let through.
    Invalid,
}

impl Reason {
    /// Its name: the error table's, where it has one there, and the label of metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotAMember => "not_a_member",
            Self::Banned => "banned",
            Self::Muted => "muted",
            Self::RoomDeleted => "room_deleted",
            Self::Forbidden => "forbidden",
            Self::Conflict => "conflict",
            Self::Duplicate(_) => "duplicate",
            Self::Expired => "expired",
            Self::UnsupportedRules => "unsupported_rules",
            Self::Invalid => "invalid",
        }
    }
}
