//! What can go wrong with accounts, and whether trying again helps.

use crate::people::token::Refusal;
use crate::people::{self as store, password};

/// What can go wrong with accounts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A field breaks its rule.
    #[error("{field} {rule}")]
    Invalid {
        /// Which field of the request.
        field: &'static str,
        /// What it must be.
        rule: String,
    },
    /// The username is in use.
    #[error("the username is taken")]
    Taken,
    /// Username or password is wrong: never said which.
    #[error("username or password is wrong")]
    Credentials,
    /// The account may not sign in any more.
    #[error("the account is disabled")]
    Disabled,
    /// Guests are not let in here.
    #[error("guests are not allowed here")]
    NoGuests,
    /// The access token is not good.
    #[error(transparent)]
    Token(Refusal),
    /// The refresh token is not good: signed out, revoked, expired, used before, or none at all.
    #[error("the login has ended: sign in again")]
    LoginEnded,
    /// Too many are signing in at once.
    #[error("too many people are signing in, try again soon")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(store::Error),
    /// Our own fault.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Store(error) => error.retryable(),
            _ => false,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Taken => Self::Taken,
            other => Self::Store(other),
        }
    }
}

impl From<password::Error> for Error {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Busy => Self::Busy,
            password::Error::Broken(why) => Self::Internal(why),
        }
    }
}
