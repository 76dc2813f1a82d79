//! A projection made anew beside the old one, as a port: what a rebuild asks of a store besides reading and writing.
//!
//! What must hold in every adapter: the new projection is out of everybody's sight until it is swapped, and everything of it
//! outlives its process; the swap is one step, after which whoever wrote to the old one is refused; the old one is
//! kept as it was. A comparison says what differs and judges nothing. It must not know how either came to be.

use crate::domain::{Epoch, Offset, Partition, RoomId};
use crate::log::Topic;
use async_trait::async_trait;
use serde::Serialize;
use std::collections::BTreeSet;

/// Bounds of a rebuild in a store. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long others may have to wait behind a lock that is asked for and not given yet. Below a second: PostgreSQL looks
    /// for deadlocks then, and might end a reader instead of us.
    pub lock_ms: u64,
    /// How often a lock is asked for before it is given up.
    pub lock_tries: u32,
    /// How long to let others pass between two tries.
    pub lock_pause_ms: u64,
    /// How long projectors may be held.
    pub hold_ms: u64,
    /// How long one statement may take that nobody waits behind: an index, a comparison.
    pub statement_ms: u64,
    /// Connections to fill the new projection by.
    pub connections: u32,
}

/// Where a projection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// In which topic.
    pub topic: Topic,
    /// In which partition.
    pub partition: Partition,
    /// The next offset to read.
    pub next: Offset,
}

/// What the old projection says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Old {
    /// It belongs to this log, and stands there; nothing of what it never claimed.
    Stands(Vec<Stand>),
    /// It belongs to another life of the log: nothing in it can be compared.
    OtherEpoch(Epoch),
    /// It can't be read at all.
    Unreadable(String),
}

/// A part of a room (a table, a list) that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Differs {
    /// Which room; `None`: the part itself is not the same (a table that one of them lacks).
    pub room: Option<RoomId>,
    /// Which table or list.
    pub part: String,
}

/// The same, looked at row by row. It holds no text that anybody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which.
    #[serde(flatten)]
    pub at: Differs,
    /// What is different about the part itself, where `room` is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How many rows differ.
    pub differing: u64,
    /// The first of them.
    pub rows: Vec<Row>,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// By what it is found in its room.
    pub key: String,
    /// How it differs.
    #[serde(flatten)]
    pub how: How,
}

/// How a row differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is not in the new projection: the log says nothing of it.
    OldAlone,
    /// It is not in the old one.
    NewAlone,
    /// These fields are not the same.
    Fields(Vec<String>),
}

/// What can go wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Another rebuild has the store.
    #[error("{0}")]
    Busy(String),
    /// The store is away, or who has it does not let go; later it may work.
    #[error("the rebuild can't go on now: {0}")]
    Away(String),
    /// Somebody has to do something first; says what.
    #[error("{0}")]
    Impossible(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

/// A projection that is being made beside the old one. Whoever has it is the only one.
#[async_trait]
pub trait Beside: Send {
    /// Whether an old one is kept that an earlier swap replaced.
    async fn keeps_old(&mut self) -> Result<bool, Error>;

    /// Where the old one stands.
    async fn old(&mut self) -> Result<Old, Error>;

    /// Makes what was left out to fill the new one faster. May be called again.
    async fn complete(&mut self) -> Result<(), Error>;

    /// Which parts of these rooms (`None`: of all) differ, all seen at one instant. While the old one goes on, it is ahead:
    /// a room that something happened in meanwhile may differ for that alone.
    async fn compare(&mut self, rooms: Option<&BTreeSet<RoomId>>) -> Result<Vec<Differs>, Error>;

    /// Looks closer: at most so many rows of it.
    async fn explain(&mut self, at: &Differs, rows: usize) -> Result<Difference, Error>;

    /// Keeps the old one from moving until [`Beside::release`] or the swap, or until it has lasted too long. It is
    /// read all the same.
    ///
    /// # Errors
    /// [`Error::Away`] when those who use it do not let go in time: nobody is held then.
    async fn hold(&mut self) -> Result<(), Error>;

    /// Lets the old one move again.
    async fn release(&mut self) -> Result<(), Error>;

    /// Puts the new one in the old one's place, in one step, and keeps the old one. It must be held.
    ///
    /// # Errors
    /// [`Error::Away`]: nothing was swapped, nobody is held.
    async fn swap(&mut self) -> Result<(), Error>;

    /// Throws the new one away.
    async fn discard(&mut self) -> Result<(), Error>;

    /// Lets the store go; what was filled stays.
    async fn close(self: Box<Self>);
}
