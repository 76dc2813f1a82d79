//! What can go wrong with accounts, and whether trying again helps.

use crate::domain::UserId;
use crate::people::attempts::TooOften;
use crate::people::token::Refusal;
use crate::people::{self as store, password};
use uuid::Uuid;

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
    /// The account is deleted.
    #[error("the account is deleted")]
    Erased,
    /// The password is not the account's: said to somebody who is signed in already.
    #[error("the password is wrong")]
    Password,
    /// People from outside have their name, password and logins at their issuer, guests have no password: there is
    /// nothing here to change.
    #[error("{0}")]
    NotHere(&'static str),
    /// There is nobody, or no login, of that id.
    #[error("there is none of that id")]
    Nobody,
    /// It is so already, or can't be so.
    #[error("{0}")]
    Conflict(&'static str),
    /// Too many tries.
    #[error("too many tries, the next in {retry_after_ms} ms")]
    TooOften {
        /// When there is one more.
        retry_after_ms: u64,
    },
    /// Nobody makes an account for themselves here.
    #[error("nobody makes an account for themselves here")]
    NoRegistration,
    /// Guests are not let in here.
    #[error("guests are not allowed here")]
    NoGuests,
    /// The access token is not good.
    #[error(transparent)]
    Token(Refusal),
    /// The refresh token is not good: signed out, revoked, expired, used before, or none at all.
    #[error("the login has ended: sign in again")]
    LoginEnded,
    /// The outside issuer's keys can't be had now.
    #[error("the token's issuer can't be asked for its keys now")]
    IssuerAway,
    /// The refresh token was used before, so somebody has stolen it: the login has been ended, for whoever holds it.
    #[error("the login has ended: sign in again")]
    Reused {
        /// Whose login.
        user_id: UserId,
        /// Which.
        login: Uuid,
    },
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
            Self::Busy | Self::IssuerAway | Self::TooOften { .. } => true,
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

impl From<TooOften> for Error {
    fn from(too_often: TooOften) -> Self {
        Self::TooOften {
            retry_after_ms: too_often.retry_after_ms,
        }
    }
}
