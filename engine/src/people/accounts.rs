//! Accounts: registering, signing in, staying signed in. Who calls it brings the time; what it keeps is in [`People`].
//!
//! `own` is what people do with their accounts, `admin` what admins do with those of others, `verify` who a token speaks
//! for, `upkeep` what is done now and then. What must hold: a password is tried a bounded number of times; a refresh
//! token is good once. The one before it, shown again, was stolen by somebody: the login ends for both. Two tabs of one
//! browser may show the same token at the same instant, so for some seconds the former earns an access token, and no
//! refresh token.

mod admin;
mod config;
mod error;
mod own;
#[cfg(test)]
mod tests;
mod upkeep;
mod verify;

pub use admin::Made;
pub use config::Config;
pub use error::Error;

use super::attempts::{Attempts, Kind};
use super::bounded::Bounded;
use super::ended::Ended;
use super::issuers::Issuers;
use super::password::Hasher;
use super::token::{self, Refresh, Ring};
use super::{CheckKey, Device, Login, People, Person, Username, metrics};
use crate::domain::{PersonName, Timestamp, UserId};
use parking_lot::{Mutex, RwLock};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use verify::Met;

/// What somebody gets who signs in or stays signed in. Its `Debug` shows no token.
#[derive(Clone)]
pub struct SignedIn {
    /// Who they are.
    pub person: Person,
    /// Their login, `sid` in the token.
    pub sid: Uuid,
    /// The access token.
    pub access_token: String,
    /// It is good until then.
    pub expires_at: Timestamp,
    /// The refresh token, good once; `None` when the one they hold goes on, or was replaced an instant ago by another tab.
    pub refresh_token: Option<String>,
    /// The login ends then, if nothing refreshes it.
    pub refresh_expires_at: Timestamp,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("person", &self.person)
            .field("sid", &self.sid)
            .field("expires_at", &self.expires_at)
            .field("refreshed", &self.refresh_token.is_some())
            .field("refresh_expires_at", &self.refresh_expires_at)
            .finish_non_exhaustive()
    }
}

/// Registering, signing in, staying signed in, and who a token speaks for.
pub struct Accounts {
    people: Arc<dyn People>,
    hasher: Hasher,
    config: Config,
    attempts: Attempts,
    ended: Ended,
    /// When the store was last asked what has ended.
    looked_at: Mutex<Option<Timestamp>>,
    issuers: Issuers,
    /// People from outside who were seen lately.
    met: Mutex<Bounded<UserId, Met>>,
    keys: RwLock<Arc<Ring>>,
    /// When the keys were last read. Locked while they are: who meets the same new key meanwhile waits for it too.
    keys_read_at: tokio::sync::Mutex<Timestamp>,
}

impl Accounts {
    /// Reads the signing keys (and makes the first).
    ///
    /// # Errors
    /// [`Error::Store`] when people are away, [`Error::Internal`] when a setting or a stored key can't be used.
    pub async fn start(people: Arc<dyn People>, config: Config, now: Timestamp) -> Result<Self, Error> {
        let issuers = Issuers::new(&config.issuers, &config.outside, &config.issuer).map_err(Error::Internal)?;
        let hashing = config.password.clone();
        let hasher = tokio::task::spawn_blocking(move || Hasher::new(&hashing))
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        let ring = verify::read_keys(people.as_ref(), now).await?;
        Ok(Self {
            people,
            hasher,
            attempts: Attempts::new(&config.attempts),
            ended: Ended::new(config.ended_kept),
            looked_at: Mutex::new(None),
            issuers,
            met: Mutex::new(Bounded::new(config.outsiders_kept)),
            config,
            keys: RwLock::new(ring),
            keys_read_at: tokio::sync::Mutex::new(now),
        })
    }

    /// A new account, signed in.
    ///
    /// # Errors
    /// [`Error::NoRegistration`], [`Error::Invalid`], [`Error::Taken`], [`Error::TooOften`], [`Error::Busy`],
    /// [`Error::Store`].
    pub async fn register(
        &self,
        username: &str,
        password: String,
        display_name: Option<PersonName>,
        device: &Device,
        now: Timestamp,
    ) -> Result<SignedIn, Error> {
        if !self.config.registration {
            return Err(Error::NoRegistration);
        }
        let username = parse_username(username)?;
        self.check_password(&password)?;
        self.attempts.charge_address(Kind::Newcomer, device.address, now)?;
        let person = self.add_person(username, password, display_name, now).await?;
        self.sign_in(person, device, now).await
    }

    async fn add_person(
        &self,
        username: Username,
        password: String,
        display_name: Option<PersonName>,
        now: Timestamp,
    ) -> Result<Person, Error> {
        let person = Person {
            id: UserId::new(Uuid::now_v7()),
            display_name: display_name.map_or_else(|| named_like(&username), Ok)?,
            username: Some(username),
            disabled: false,
            is_admin: false,
        };
        let hash = self.hasher.hash(password).await?;
        self.people.add(&person, Some(&hash), now).await?;
        Ok(person)
    }

    /// Signs in with a password. Takes as long, and says the same, whether the username or the password is wrong.
    ///
    /// # Errors
    /// [`Error::Credentials`], [`Error::Disabled`], [`Error::TooOften`], [`Error::Busy`], [`Error::Store`].
    pub async fn login(
        &self,
        username: &str,
        password: String,
        device: &Device,
        now: Timestamp,
    ) -> Result<SignedIn, Error> {
        self.attempts.charge_address(Kind::Address, device.address, now)?;
        let name = Username::new(username);
        let tried = name.as_ref().map_or(username, Username::as_str);
        let charged = self.attempts.charge(Kind::Account, tried.as_bytes(), now)?;
        let answer = self.identify(name, password).await;
        if !matches!(answer, Err(Error::Credentials)) {
            self.attempts.refund(&charged);
        }
        let (person, stored) = answer?;
        if person.disabled {
            return Err(Error::Disabled);
        }
        let signed_in = self.sign_in(person, device, now).await?;
        // A password that was changed since it was looked up ended the logins of then: this one is ended here. One that is
        // changed from now on finds it.
        if !self.people.password_is(signed_in.person.id, &stored).await? {
            self.people.end_login(signed_in.sid, None, now).await?;
            return Err(Error::Credentials);
        }
        Ok(signed_in)
    }

    /// Whose username and password these are, with the password's hash; after the time of one hash, known or not.
    async fn identify(&self, username: Option<Username>, password: String) -> Result<(Person, String), Error> {
        let known = match username {
            Some(username) => self.people.by_username(&username).await?,
            None => None,
        };
        let stored = known.as_ref().map(|(_, stored)| stored.clone());
        if password.len() > self.config.password_most || !self.hasher.verify(password, stored).await? {
            return Err(Error::Credentials);
        }
        known.ok_or(Error::Credentials)
    }

    /// Somebody without an account, signed in.
    ///
    /// # Errors
    /// [`Error::NoGuests`], [`Error::TooOften`], [`Error::Store`].
    pub async fn guest(&self, display_name: PersonName, device: &Device, now: Timestamp) -> Result<SignedIn, Error> {
        if !self.config.guests {
            return Err(Error::NoGuests);
        }
        self.attempts.charge_address(Kind::Newcomer, device.address, now)?;
        let person = Person {
            id: UserId::new(Uuid::now_v7()),
            username: None,
            display_name,
            disabled: false,
            is_admin: false,
        };
        self.people.add(&person, None, now).await?;
        self.sign_in(person, device, now).await
    }

    /// Stays signed in: the refresh token is used up, another takes its place.
    ///
    /// # Errors
    /// [`Error::LoginEnded`], [`Error::Disabled`], [`Error::Store`].
    pub async fn refresh(&self, refresh_token: &str, now: Timestamp) -> Result<SignedIn, Error> {
        let shown = Refresh::parse(refresh_token).ok_or(Error::LoginEnded)?;
        let login = self.people.login(shown.login).await?.ok_or(Error::LoginEnded)?;
        let standing = Standing::of(&shown, &login);
        if standing == Standing::MadeUp || login.ended_at.is_some() || now >= login.expires_at {
            return Err(Error::LoginEnded);
        }
        let person = self.people.person(login.user_id).await?.ok_or(Error::LoginEnded)?;
        if person.disabled {
            return Err(Error::Disabled);
        }
        if standing != Standing::Good {
            return self.former(standing, login, person, now).await;
        }
        let check_key = login.check_key.unwrap_or_else(new_check_key);
        let token = Refresh::new(login.id, &check_key);
        let next = Login {
            refresh_digest: token.digest(),
            check_key: Some(check_key),
            rotated_at: now,
            expires_at: after(now, self.config.refresh_ttl_ms),
            ..login
        };
        if !self.people.rotate(login.refresh_digest, &next).await? {
            // Another tab was faster, or the login was ended meanwhile; what that left decides.
            let login = self.people.login(next.id).await?;
            let login = login
                .filter(|login| login.ended_at.is_none())
                .ok_or(Error::LoginEnded)?;
            return self.former(Standing::of(&shown, &login), login, person, now).await;
        }
        self.signed_in(person, next.id, Some(&token), next.expires_at, now)
    }

    /// A refresh token of a login that goes on, but not the one that is good now.
    async fn former(
        &self,
        standing: Standing,
        login: Login,
        person: Person,
        now: Timestamp,
    ) -> Result<SignedIn, Error> {
        let grace_ends = after(login.rotated_at, self.config.refresh_grace_ms);
        if standing == Standing::Previous && now < grace_ends {
            return self.signed_in(person, login.id, None, login.expires_at, now);
        }
        tracing::warn!(user_id = %login.user_id, sid = %login.id, "a refresh token was used again: login revoked");
        if self.people.end_login(login.id, None, now).await? {
            metrics::logins_ended("reused", 1);
        }
        self.ended.logins(&[login.id], now);
        Err(Error::Reused {
            user_id: login.user_id,
            login: login.id,
        })
    }

    /// A person by id.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn person(&self, id: UserId) -> Result<Option<Person>, Error> {
        Ok(self.people.person(id).await?)
    }

    /// Whether people's store answers now.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.people.ping().await?)
    }

    fn check_password(&self, password: &str) -> Result<(), Error> {
        let (least, most) = (self.config.password_least, self.config.password_most);
        if password.chars().count() < least || password.len() > most {
            return Err(Error::Invalid {
                field: "password",
                rule: format!("must have at least {least} characters and at most {most} bytes"),
            });
        }
        Ok(())
    }

    async fn sign_in(&self, person: Person, device: &Device, now: Timestamp) -> Result<SignedIn, Error> {
        let (id, check_key) = (Uuid::new_v4(), new_check_key());
        let refresh = Refresh::new(id, &check_key);
        let login = Login {
            id,
            user_id: person.id,
            refresh_digest: refresh.digest(),
            previous_digest: None,
            check_key: Some(check_key),
            device: device.clone(),
            created_at: now,
            rotated_at: now,
            expires_at: after(now, self.config.refresh_ttl_ms),
            ended_at: None,
        };
        self.people.add_login(&login, self.config.logins_most).await?;
        self.signed_in(person, login.id, Some(&refresh), login.expires_at, now)
    }

    fn signed_in(
        &self,
        person: Person,
        sid: Uuid,
        refresh: Option<&Refresh>,
        refresh_expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<SignedIn, Error> {
        let expires_at = token::whole_second(after(now, self.config.access_ttl_ms));
        let ring = self.keys.read().clone();
        let access_token = ring
            .sign(&person, sid, &self.config.issuer, now, expires_at)
            .ok_or_else(|| Error::Internal("an access token can't be signed".to_owned()))?;
        Ok(SignedIn {
            person,
            sid,
            access_token,
            expires_at,
            refresh_token: refresh.map(Refresh::text),
            refresh_expires_at,
        })
    }
}

/// What a refresh token is to its login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The one that is good now.
    Good,
    /// The one before it.
    Previous,
    /// One that was made here, longer ago.
    Older,
    /// One that was never made here: who shows it knows the login's id, and that is no secret.
    MadeUp,
}

impl Standing {
    fn of(shown: &Refresh, login: &Login) -> Self {
        let digest = shown.digest();
        if digest == login.refresh_digest {
            Self::Good
        } else if login.previous_digest == Some(digest) {
            Self::Previous
        } else if login.check_key.is_some_and(|key| shown.was_made_with(&key)) {
            Self::Older
        } else {
            Self::MadeUp
        }
    }
}

fn new_check_key() -> CheckKey {
    CheckKey(rand::random())
}

fn parse_username(username: &str) -> Result<Username, Error> {
    Username::new(username).ok_or_else(|| Error::Invalid {
        field: "username",
        rule: "must be 3 to 32 of a to z, 0 to 9, '_', '.' and '-'".to_owned(),
    })
}

fn named_like(username: &Username) -> Result<PersonName, Error> {
    PersonName::new(username.as_str()).map_err(|invalid| Error::Internal(invalid.to_string()))
}

fn after(time: Timestamp, millis: u64) -> Timestamp {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millis(time.as_millis().saturating_add(millis))
}
