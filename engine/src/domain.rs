//! What a room is and what an event does to it: the part that every consumer must agree on.
//!
//! Nothing here knows async, I/O, a clock or randomness: time comes in as a value, what follows goes out
//! as data. It imports nothing but std, serde, uuid and blake3.

mod change;
mod event;
mod id;
mod message;
pub mod permissions;
mod position;
mod presence;
mod recent;
mod room;
mod text;
mod verdict;

pub use change::{Change, Header};
pub use event::{Actor, Body, Event, Removal, Target};
pub use id::{Cid, EventId, RoomId, UserId};
pub use message::{MOST_EMOJI, MOST_REACTIONS, Message, Reaction};
pub use position::{Digest, Epoch, Offset, Partition, Position, Seq, Timestamp};
pub use presence::{Claim, PRESENT, Presence, PresenceChange};
pub use recent::Recent;
pub use room::{Member, Room, STOPPED, TornWindow, WindowEntry};
pub use text::{Emoji, Invalid, MessageText, PersonName, RoomName, RoomTopic};
pub use verdict::{Applied, Original, Reason, Verdict};

use serde::{Deserialize, Serialize};

/// Who finds, reads and speaks in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Anyone signed in reads and speaks; no member list is kept.
    Open,
    /// Anyone finds, reads and joins; members speak.
    Public,
    /// Only members and the invited know it exists.
    Private,
    /// Exactly two different people, for ever.
    Direct,
}

/// What a person may do in a room, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Speaks.
    Member,
    /// Keeps order.
    Moderator,
    /// Decides about the room itself.
    Owner,
}

/// The newest rules this binary knows (see DESIGN "Rules"): a room above them is not folded.
pub const RULES: u32 = 1;

/// Sequenced events that the duplicate window remembers; part of the contract, the same everywhere.
pub const WINDOW: u64 = 1_024;

/// Messages that `recent` keeps.
pub const RECENT: usize = 100;

/// People that one message may mention.
pub const MENTIONS: usize = 100;
