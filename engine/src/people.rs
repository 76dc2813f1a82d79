//! People: accounts, passwords, sessions and signing keys. The one thing that is not derived from the log.
//!
//! A port with two adapters, `people/postgres` (schema `people`) and `people/sqlite` (`people.db`).
//! What must hold: a password leaves here only as an argon2id hash, a refresh token only as its digest.

pub mod accounts;
pub mod password;
pub mod postgres;
mod rows;
pub mod sqlite;
pub mod token;

pub use accounts::{Accounts, SignedIn};
pub use token::Caller;

use crate::domain::{PersonName, Timestamp, UserId};
use async_trait::async_trait;
use uuid::Uuid;

/// A person with an account, or a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// The name they sign in with; guests have none.
    pub username: Option<Username>,
    /// The name others see.
    pub display_name: PersonName,
    /// May not sign in any more.
    pub disabled: bool,
}

/// 3 to 32 of lower-case letters, digits, `_`, `.` and `-`; unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(Box<str>);

impl Username {
    /// Keeps `name` if it keeps the rule.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
        ((3..=32).contains(&name.len()) && name.chars().all(allowed)).then(|| Self(name.into()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    /// When the good one took its place.
    pub rotated_at: Timestamp,
    /// Not good after that.
    pub expires_at: Timestamp,
    /// Signed out or revoked.
    pub revoked: bool,
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

/// What the edge asks of the store of people.
#[async_trait]
pub trait People: Send + Sync + 'static {
    /// Adds a person; `password` is an argon2id hash in PHC form, `None` for guests.
    ///
    /// # Errors
    /// [`Error::Taken`] when the username is in use.
    async fn add(&self, person: &Person, password: Option<&str>, at: Timestamp) -> Result<(), Error>;

    /// A person by id.
    async fn person(&self, id: UserId) -> Result<Option<Person>, Error>;

    /// A person by username, with their password's hash.
    async fn by_username(&self, username: &Username) -> Result<Option<(Person, String)>, Error>;

    /// Starts a login.
    async fn add_login(&self, login: &Login, at: Timestamp) -> Result<(), Error>;

    /// A login by id.
    async fn login(&self, id: Uuid) -> Result<Option<Login>, Error>;

    /// Puts the digest of a new refresh token in the place of `from`, if that is the good one still and the login
    /// is not revoked; says whether it did.
    async fn rotate(
        &self,
        login: Uuid,
        from: [u8; 32],
        to: [u8; 32],
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// Ends a login.
    async fn revoke(&self, id: Uuid) -> Result<(), Error>;

    /// Signing keys, newest first; makes the first one if there is none.
    async fn signing_keys(&self, make: &(dyn Fn() -> SigningKey + Send + Sync)) -> Result<Vec<SigningKey>, Error>;

    /// Who is erased, and whether their texts are to be empty too.
    async fn erased(&self) -> Result<Vec<(UserId, bool)>, Error>;

    /// Whether the store answers now.
    async fn ping(&self) -> Result<(), Error>;
}

/// What can go wrong with people.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store is away; later it may work.
    #[error("people are not available: {0}")]
    Unavailable(String),
    /// The username is in use.
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
