//! What both adapters read alike: rows back into words, refusing what no row of ours can hold.

use super::{CheckKey, Device, Error, Login, Person, SigningKey, Username};
use crate::database::Failure;
use crate::domain::{PersonName, Timestamp, UserId};
use std::net::IpAddr;
use uuid::Uuid;

/// A limit as SQL wants it.
pub(super) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) => Self::Unavailable(why),
            // What is sent here was checked before: a refusal means rows that do not fit their tables.
            Failure::Refused(why) | Failure::Corrupt(why) => Self::Corrupt(why),
        }
    }
}

/// A row of `users`.
pub(super) struct PersonRow {
    pub(super) user_id: Uuid,
    pub(super) username: Option<String>,
    pub(super) display_name: String,
    pub(super) disabled: bool,
    pub(super) is_admin: bool,
}

impl TryFrom<PersonRow> for Person {
    type Error = Error;

    fn try_from(row: PersonRow) -> Result<Self, Error> {
        let corrupt = |what: &str| Error::Corrupt(format!("{what} of person {}", row.user_id));
        let username = match row.username {
            Some(name) => Some(Username::new(&name).ok_or_else(|| corrupt("username"))?),
            None => None,
        };
        Ok(Self {
            id: UserId::new(row.user_id),
            username,
            display_name: PersonName::new(row.display_name).map_err(|_| corrupt("display_name"))?,
            disabled: row.disabled,
            is_admin: row.is_admin,
        })
    }
}

/// A row of `logins`.
pub(super) struct LoginRow {
    pub(super) login_id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) refresh_digest: Vec<u8>,
    pub(super) previous_digest: Option<Vec<u8>>,
    pub(super) check_key: Option<Vec<u8>>,
    pub(super) created_at: i64,
    pub(super) rotated_at: i64,
    pub(super) expires_at: i64,
    pub(super) revoked: bool,
    pub(super) ended_at: Option<i64>,
    pub(super) user_agent: Option<String>,
    pub(super) address: Option<String>,
}

impl TryFrom<LoginRow> for Login {
    type Error = Error;

    fn try_from(row: LoginRow) -> Result<Self, Error> {
        let corrupt = |what: &str| Error::Corrupt(format!("{what} of login {}", row.login_id));
        let digest = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| corrupt("digest"));
        let address = |text: String| text.parse::<IpAddr>().map_err(|_| corrupt("address"));
        // An older binary that revokes does not say when: then it is kept until it would have expired.
        let ended_at = row.revoked.then(|| row.ended_at.unwrap_or(row.expires_at));
        Ok(Self {
            id: row.login_id,
            user_id: UserId::new(row.user_id),
            refresh_digest: digest(row.refresh_digest)?,
            previous_digest: row.previous_digest.map(digest).transpose()?,
            check_key: row.check_key.map(digest).transpose()?.map(CheckKey),
            device: Device::new(row.address.map(address).transpose()?, row.user_agent.as_deref()),
            created_at: Timestamp::from_millis(row.created_at),
            rotated_at: Timestamp::from_millis(row.rotated_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            ended_at: ended_at.map(Timestamp::from_millis),
        })
    }
}

/// A row of `signing_keys`.
pub(super) struct KeyRow {
    pub(super) key_id: Uuid,
    pub(super) pkcs8: Vec<u8>,
    pub(super) created_at: i64,
}

impl From<KeyRow> for SigningKey {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.key_id,
            pkcs8: row.pkcs8,
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}
