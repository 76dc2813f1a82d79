//! What an accepted event changes in a room's state, as data: the fold applies it to memory, stores write it as
//! rows or fields, and loading a room is applying what was written.

use super::{Digest, Kind, Role, RoomName, RoomTopic, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// The part of a room that is one row: small, and written whole whenever anything was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// For ever.
    pub kind: Kind,
    /// What it is called.
    pub name: RoomName,
    /// What it is about.
    pub topic: RoomTopic,
    /// `general` and direct rooms have none.
    pub owner: Option<UserId>,
    /// Nothing is accepted after that.
    pub deleted: bool,
    /// The last accepted event.
    pub head: Seq,
    /// Messages ever sent here: the ordinal of the last one.
    pub messages: u64,
    /// The rules in force.
    pub rules: u32,
    /// The chain at `head`.
    pub digest: Digest,
    /// When it began.
    pub created_at: Timestamp,
}

/// One delta, keyed by person: the last one for a person and list wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A member, or (in open rooms) an exception with a role; `joined_at` is kept for members.
    Member {
        /// Who.
        user_id: UserId,
        /// As what.
        role: Role,
        /// The append time of the joining.
        joined_at: Timestamp,
    },
    /// No member any more.
    NoMember {
        /// Who.
        user_id: UserId,
    },
    /// May join a private room.
    Invitation {
        /// Who.
        user_id: UserId,
        /// By whom.
        by: UserId,
    },
    /// The invitation is used up.
    NoInvitation {
        /// Whose.
        user_id: UserId,
    },
    /// Banned until (`None`: for ever).
    Ban {
        /// Who.
        user_id: UserId,
        /// Judged by append times.
        until: Option<Timestamp>,
    },
    /// Not banned any more.
    NoBan {
        /// Who.
        user_id: UserId,
    },
    /// Muted until (`None`: for ever).
    Mute {
        /// Who.
        user_id: UserId,
        /// Judged by append times.
        until: Option<Timestamp>,
    },
    /// Not muted any more.
    NoMute {
        /// Who.
        user_id: UserId,
    },
}
