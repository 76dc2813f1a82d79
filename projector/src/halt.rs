//! Why a partition's task stops where it is. Whatever it is, its state is thrown away.

use crate::Error;
use engine::{history, live, log};

/// Why, and with it what comes next.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The partition was taken away, or the projector is being stopped.
    Over,
    /// Something is away: again after a wait.
    Away(String),
    /// Another projector has written: wait for the group's word, then claim again.
    Fenced,
    /// Nothing will mend it.
    Fatal(Error),
}

impl From<log::Error> for Halt {
    fn from(error: log::Error) -> Self {
        match error {
            // Refused: the disk is full, or the folder read-only. Somebody will mend it.
            log::Error::Unavailable(_) | log::Error::Unknown(_) | log::Error::Refused(_) => {
                Self::Away(error.to_string())
            }
            log::Error::OutOfRange { .. } | log::Error::Misconfigured(_) => Self::Fatal(Error::Log(error)),
        }
    }
}

impl From<history::Error> for Halt {
    fn from(error: history::Error) -> Self {
        match error {
            history::Error::Unavailable(_) => Self::Away(error.to_string()),
            history::Error::Fenced { .. } => Self::Fenced,
            history::Error::OtherEpoch { stored, found } => Self::Fatal(Error::OtherEpoch {
                projection: "history",
                stored,
                found,
            }),
            history::Error::Rejected(_) | history::Error::Corrupt(_) => Self::Fatal(Error::History(error)),
        }
    }
}

impl From<live::Error> for Halt {
    fn from(error: live::Error) -> Self {
        match error {
            // A watermark that moved is no failure, but nothing to hurry for either.
            live::Error::Unavailable(_) | live::Error::Watermark { .. } => Self::Away(error.to_string()),
            live::Error::Corrupt(_) => Self::Fatal(Error::Live(error)),
        }
    }
}
