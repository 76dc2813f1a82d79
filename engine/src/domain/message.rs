//! A message as it stands: what `recent`, pages and search show.

use super::{Actor, Emoji, EventId, Seq, Timestamp, UserId};

/// A message with its edits, its deletion and its reactions so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its seq.
    pub seq: Seq,
    /// Its number among the room's messages, from 1.
    pub ordinal: u64,
    /// The event that sent it.
    pub id: EventId,
    /// Who wrote it.
    pub from: Actor,
    /// When the log took it.
    pub at: Timestamp,
    /// What it says; empty once deleted.
    pub text: String,
    /// The append time of the last edit.
    pub edited_at: Option<Timestamp>,
    /// A tombstone.
    pub deleted: bool,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// Who is named in it.
    pub mentions: Vec<UserId>,
    /// In the order in which each emoji first came.
    pub reactions: Vec<Reaction>,
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub emoji: Emoji,
    /// Who, in the order they came; never empty.
    pub users: Vec<UserId>,
}
