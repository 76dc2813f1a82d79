//! What the fold and the log say, in the words of the error table.

use crate::error::{Error, Name};
use engine::domain::Reason;
use engine::log;

/// A reason of the fold as its error.
pub(super) fn refusal(reason: Reason) -> Error {
    let (name, message) = match reason {
        Reason::NotFound => (Name::NotFound, "there is no such room, or nothing that you may know of"),
        Reason::NotAMember => (Name::NotAMember, "you are not in this room"),
        Reason::Banned => (Name::Banned, "you are banned from this room"),
        Reason::Muted => (Name::Muted, "you are muted in this room"),
        Reason::RoomDeleted => (Name::RoomDeleted, "the room is deleted"),
        Reason::Forbidden => (Name::Forbidden, "your role does not allow it"),
        Reason::Conflict | Reason::Duplicate(_) => (Name::Conflict, "the room's state speaks against it"),
        Reason::Expired => (
            Name::Expired,
            "the command was never accepted and is too old to be: send it anew with a new cid",
        ),
        Reason::UnsupportedRules => (Name::UnsupportedRules, "the room needs a newer Roomlog"),
        Reason::Invalid => (Name::BadRequest, "the command breaks a bound"),
    };
    Error::new(name, message)
}

/// An append that failed.
pub(super) fn unwritten(error: &log::Error) -> Error {
    match error {
        log::Error::Unknown(_) => {
            Error::new(Name::Timeout, "the log did not answer in time: retry with the same cid").outcome_unknown()
        }
        log::Error::Unavailable(_) => Error::new(Name::Unavailable, "the log is not available, nothing was written"),
        error => {
            tracing::error!(%error, "the log refused an event");
            Error::new(Name::Unavailable, error.to_string())
        }
    }
}

/// No verdict in time.
pub(super) fn out_of_time() -> Error {
    Error::new(Name::Timeout, "no verdict in time: retry with the same cid").outcome_unknown()
}
