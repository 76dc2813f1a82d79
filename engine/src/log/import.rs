//! Filling an empty log with records that were on another one, at the times at which that one took them.
//!
//! What must hold: it begins in a log that holds no event, so nothing is ever mixed; append times are those given, and never go
//! back within a partition; a log that was filled only by half says so at every later start, and nobody serves it.

use super::{Error, Extent, Outgoing};
use crate::domain::{Position, Timestamp};
use async_trait::async_trait;

/// An import under way. Dropping it leaves the log as one that was filled by half.
#[async_trait]
pub trait Import: Send {
    /// Hands over the next record, which the log shall have taken at `appended_at`: not before the partition's last. Where it
    /// will stand is known at once; that it does, when [`Import::finish`] has answered.
    ///
    /// # Errors
    /// Whatever became of this record or of an earlier one that was under way: the import is over.
    async fn append(&mut self, outgoing: Outgoing, appended_at: Timestamp) -> Result<Position, Error>;

    /// Waits until everything is on the log, and makes it one like any other.
    async fn finish(self: Box<Self>) -> Result<(), Error>;

    /// Gives up. A log into which nothing was written yet is as it was before.
    async fn abandon(self: Box<Self>) -> Result<(), Error>;
}

/// Whether there is room for an import.
///
/// # Errors
/// [`Error::Misconfigured`] says what is there, and what to do.
pub(super) fn must_be_empty(name: &str, extents: &[Extent]) -> Result<(), Error> {
    let records: u64 = extents.iter().map(|extent| extent.high.get()).sum();
    if records == 0 {
        return Ok(());
    }
    Err(Error::Misconfigured(format!(
        "{name} holds {records} records or held them once, and an import needs an empty log: give it another one, or delete \
         this one and make it anew"
    )))
}

/// What is said of a log that was filled by half.
pub(super) fn half(name: &str, how_to_delete: &str) -> Error {
    Error::Misconfigured(format!(
        "{name} holds half an import, which was cut short: {how_to_delete}, and import again"
    ))
}
