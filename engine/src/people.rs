//! People: accounts, passwords, sessions and signing keys. The one thing that is not derived from the log.
//!
//! A port ([`store`]) with two adapters, `people/postgres` (schema `people`) and `people/sqlite` (`people.db`).
//! What must hold: a password leaves here only as an argon2id hash, a refresh token only as its digest; a username is
//! never given twice, not even after its person is erased.

pub mod accounts;
pub mod act;
pub mod attempts;
mod bounded;
pub mod device;
pub mod ended;
pub mod issuers;
mod metrics;
pub mod password;
pub mod postgres;
mod rows;
pub mod sqlite;
pub mod store;
pub mod token;
mod username;

pub use accounts::{Accounts, SignedIn};
pub use act::{Act, ActFilter};
pub use device::Device;
pub use store::{Acts, Logins, People, Users};
pub use token::Caller;
pub use username::{Username, UsernamePrefix};

use crate::domain::{PersonName, Timestamp, UserId};
use std::fmt;
use uuid::Uuid;

/// What an erased person is called.
pub const ERASED_NAME: &str = "deleted user";

/// A person with an account, or a guest, or somebody whom an outside issuer vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// The name they sign in with; guests and people from outside have none.
    pub username: Option<Username>,
    /// The name others see.
    pub display_name: PersonName,
    /// May not sign in any more. So are the erased.
    pub disabled: bool,
    /// May see and do what is for admins alone.
    pub is_admin: bool,
}

/// A signed-in device: what a refresh token continues and what can be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its id, `sid` in access tokens.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
    /// BLAKE3 of the refresh token that is good now.
    pub refresh_digest: [u8; 32],
    /// That of the token before it: shown again, it was stolen, or another tab was faster.
    pub previous_digest: Option<[u8; 32]>,
    /// What tells a token of this login that was used before from one that somebody made up; `None` in logins that are
    /// older than the check, until they are refreshed.
    pub check_key: Option<CheckKey>,
    /// Where from, as they said.
    pub device: Device,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When the good token took its place: used last.
    pub rotated_at: Timestamp,
    /// Not good after that.
    pub expires_at: Timestamp,
    /// Signed out or revoked, then.
    pub ended_at: Option<Timestamp>,
}

/// A secret of the store's own; never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckKey(pub [u8; 32]);

impl fmt::Debug for CheckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckKey")
    }
}

/// A key that access tokens are signed with (Ed25519, PKCS#8).
#[derive(Clone)]
pub struct SigningKey {
    /// `kid` in tokens.
    pub id: Uuid,
    /// The private half, DER.
    pub pkcs8: Vec<u8>,
    /// When it was made: the newest signs, all verify.
    pub created_at: Timestamp,
}

/// Which people are listed, and from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Everybody, in order of id: that of their coming.
    All {
        /// Those behind this one.
        after: Option<UserId>,
    },
    /// Those whose username begins so, in its order.
    Prefix {
        /// How it begins.
        prefix: UsernamePrefix,
        /// Those behind this one.
        after: Option<Username>,
    },
}

/// What ended a while ago at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedLately {
    /// Logins that were signed out or revoked.
    pub logins: Vec<EndedLogin>,
    /// People who were disabled, and are still.
    pub disabled: Vec<UserId>,
    /// People who were erased.
    pub erased: Vec<UserId>,
}

/// A login that was signed out or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedLogin {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
}

/// What can go wrong with people.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store is away; later it may work.
    #[error("people are not available: {0}")]
    Unavailable(String),
    /// The username is in use, or was.
    #[error("the username is taken")]
    Taken,
    /// What is stored can't be read.
    #[error("people holds what can't be read: {0}")]
    Corrupt(String),
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
