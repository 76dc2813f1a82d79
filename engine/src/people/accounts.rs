//! Accounts: registering, signing in, staying signed in. Who calls it brings the time; what it keeps is in [`People`].
//!
//! A refresh token is good once. The one before it, shown again, was stolen by somebody: the login ends for both. Two
//! tabs of one browser may show the same token at the same instant, so for some seconds the former earns an access
//! token, and no refresh token.

mod error;

pub use error::Error;

use super::password::{self, Hasher};
use super::token::{self, Caller, Refresh, Refusal, Ring};
use super::{Login, People, Person, Username};
use crate::domain::{PersonName, Timestamp, UserId};
use parking_lot::RwLock;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// How accounts behave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `iss` and `aud` of access tokens.
    pub issuer: String,
    /// How long an access token is good.
    pub access_ttl_ms: u64,
    /// How long a login lives without being refreshed.
    pub refresh_ttl_ms: u64,
    /// How long the former refresh token still earns an access token.
    pub refresh_grace_ms: u64,
    /// Whether people may come in without an account.
    pub guests: bool,
    /// Least code points of a password.
    pub password_least: usize,
    /// Most bytes of a password.
    pub password_most: usize,
    /// Signing keys are read again for a token of an unknown key, at most this often.
    pub keys_reload_ms: u64,
    /// How passwords are hashed.
    pub password: password::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: "roomlog".to_owned(),
            access_ttl_ms: 15 * 60 * 1_000,
            refresh_ttl_ms: 30 * 24 * 60 * 60 * 1_000,
            refresh_grace_ms: 10_000,
            guests: true,
            password_least: 8,
            password_most: 256,
            keys_reload_ms: 5_000,
            password: password::Config::default(),
        }
    }
}

/// What somebody gets who signs in or stays signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who they are.
    pub person: Person,
    /// Their login, `sid` in the token.
    pub sid: Uuid,
    /// The access token.
    pub access_token: String,
    /// It is good until then.
    pub expires_at: Timestamp,
    /// The refresh token, good once; `None` when the one they hold was replaced an instant ago by another tab.
    pub refresh_token: Option<String>,
    /// The login ends then, if nothing refreshes it.
    pub refresh_expires_at: Timestamp,
}

/// Registering, signing in, staying signed in, and who a token speaks for.
pub struct Accounts {
    people: Arc<dyn People>,
    hasher: Hasher,
    config: Config,
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
        let hashing = config.password.clone();
        let hasher = tokio::task::spawn_blocking(move || Hasher::new(&hashing))
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        let ring = read_keys(people.as_ref(), now).await?;
        Ok(Self {
            people,
            hasher,
            config,
            keys: RwLock::new(ring),
            keys_read_at: tokio::sync::Mutex::new(now),
        })
    }

    /// A new account, signed in.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::Busy`], [`Error::Store`].
    pub async fn register(
        &self,
        username: &str,
        password: String,
        display_name: Option<PersonName>,
        now: Timestamp,
    ) -> Result<SignedIn, Error> {
        let username = Username::new(username).ok_or_else(|| Error::Invalid {
            field: "username",
            rule: "must be 3 to 32 of a to z, 0 to 9, '_', '.' and '-'".to_owned(),
        })?;
        self.check_password(&password)?;
        let person = Person {
            id: UserId::new(Uuid::now_v7()),
            display_name: display_name.map_or_else(|| named_like(&username), Ok)?,
            username: Some(username),
            disabled: false,
        };
        let hash = self.hasher.hash(password).await?;
        self.people.add(&person, Some(&hash), now).await?;
        self.sign_in(person, now).await
    }

    /// Signs in with a password. Takes as long, and says the same, whether the username or the password is wrong.
    ///
    /// # Errors
    /// [`Error::Credentials`], [`Error::Disabled`], [`Error::Busy`], [`Error::Store`].
    pub async fn login(&self, username: &str, password: String, now: Timestamp) -> Result<SignedIn, Error> {
        let known = match Username::new(username) {
            Some(username) => self.people.by_username(&username).await?,
            None => None,
        };
        let (person, stored) = known.unzip();
        if password.len() > self.config.password_most || !self.hasher.verify(password, stored).await? {
            return Err(Error::Credentials);
        }
        let person = person.ok_or(Error::Credentials)?;
        if person.disabled {
            return Err(Error::Disabled);
        }
        self.sign_in(person, now).await
    }

    /// Somebody without an account, signed in.
    ///
    /// # Errors
    /// [`Error::NoGuests`], [`Error::Store`].
    pub async fn guest(&self, display_name: PersonName, now: Timestamp) -> Result<SignedIn, Error> {
        if !self.config.guests {
            return Err(Error::NoGuests);
        }
        let person = Person {
            id: UserId::new(Uuid::now_v7()),
            username: None,
            display_name,
            disabled: false,
        };
        self.people.add(&person, None, now).await?;
        self.sign_in(person, now).await
    }

    /// Stays signed in: the refresh token is used up, another takes its place.
    ///
    /// # Errors
    /// [`Error::LoginEnded`], [`Error::Disabled`], [`Error::Store`].
    pub async fn refresh(&self, refresh_token: &str, now: Timestamp) -> Result<SignedIn, Error> {
        let shown = Refresh::parse(refresh_token).ok_or(Error::LoginEnded)?;
        let login = self.people.login(shown.login).await?.ok_or(Error::LoginEnded)?;
        if login.revoked || now >= login.expires_at {
            return Err(Error::LoginEnded);
        }
        let person = self.people.person(login.user_id).await?.ok_or(Error::LoginEnded)?;
        if person.disabled {
            return Err(Error::Disabled);
        }
        if shown.digest() != login.refresh_digest {
            return self.former(&shown, login, person, now).await;
        }
        let next = Refresh::new(login.id);
        let expires_at = after(now, self.config.refresh_ttl_ms);
        let rotated = self
            .people
            .rotate(login.id, login.refresh_digest, next.digest(), expires_at, now)
            .await?;
        if !rotated {
            // Another tab was faster, or the login was ended meanwhile; what that left decides.
            let login = self.people.login(login.id).await?;
            let login = login.filter(|login| !login.revoked).ok_or(Error::LoginEnded)?;
            return self.former(&shown, login, person, now).await;
        }
        self.signed_in(person, login.id, Some(&next), expires_at, now)
    }

    /// A refresh token of a login that goes on, but not the one that is good now.
    async fn former(&self, shown: &Refresh, login: Login, person: Person, now: Timestamp) -> Result<SignedIn, Error> {
        let grace_ends = after(login.rotated_at, self.config.refresh_grace_ms);
        if login.previous_digest == Some(shown.digest()) && now < grace_ends {
            return self.signed_in(person, login.id, None, login.expires_at, now);
        }
        tracing::warn!(user_id = %login.user_id, sid = %login.id, "a refresh token was used again: login revoked");
        self.people.revoke(login.id).await?;
        Err(Error::LoginEnded)
    }

    /// Ends a login. Its access token stays good until it expires.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn logout(&self, sid: Uuid) -> Result<(), Error> {
        Ok(self.people.revoke(sid).await?)
    }

    /// A person by id.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn person(&self, id: UserId) -> Result<Option<Person>, Error> {
        Ok(self.people.person(id).await?)
    }

    /// Who an access token speaks for. Asks the store only about a key it does not know, and then seldom.
    ///
    /// # Errors
    /// [`Error::Token`] says why it is not good.
    pub async fn verify(&self, access_token: &str, now: Timestamp) -> Result<Caller, Error> {
        match self.verify_by_known_keys(access_token, now) {
            Err(Refusal::UnknownKey) => {
                self.reload_keys(now).await?;
                self.verify_by_known_keys(access_token, now).map_err(Error::Token)
            }
            answer => answer.map_err(Error::Token),
        }
    }

    fn verify_by_known_keys(&self, access_token: &str, now: Timestamp) -> Result<Caller, Refusal> {
        let ring = self.keys.read().clone();
        ring.verify(access_token, &self.config.issuer, now)
    }

    /// Reads the keys again, unless that was done or tried a moment ago.
    async fn reload_keys(&self, now: Timestamp) -> Result<(), Error> {
        let mut read_at = self.keys_read_at.lock().await;
        if now >= after(*read_at, self.config.keys_reload_ms) {
            *read_at = now;
            let ring = read_keys(self.people.as_ref(), now).await?;
            *self.keys.write() = ring;
        }
        Ok(())
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

    async fn sign_in(&self, person: Person, now: Timestamp) -> Result<SignedIn, Error> {
        let refresh = Refresh::new(Uuid::new_v4());
        let login = Login {
            id: refresh.login,
            user_id: person.id,
            refresh_digest: refresh.digest(),
            previous_digest: None,
            rotated_at: now,
            expires_at: after(now, self.config.refresh_ttl_ms),
            revoked: false,
        };
        self.people.add_login(&login, now).await?;
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
        let caller = Caller {
            user_id: person.id,
            name: person.display_name.clone(),
            sid,
            expires_at: token::whole_second(after(now, self.config.access_ttl_ms)),
        };
        let ring = self.keys.read().clone();
        let access_token = ring
            .sign(&caller, &self.config.issuer, now)
            .ok_or_else(|| Error::Internal("an access token can't be signed".to_owned()))?;
        Ok(SignedIn {
            person,
            sid,
            access_token,
            expires_at: caller.expires_at,
            refresh_token: refresh.map(Refresh::text),
            refresh_expires_at,
        })
    }
}

async fn read_keys(people: &dyn People, now: Timestamp) -> Result<Arc<Ring>, Error> {
    let keys = people.signing_keys(&|| token::make_key(now)).await?;
    let ring = Ring::new(&keys).ok_or_else(|| Error::Internal("a signing key can't be used".to_owned()))?;
    Ok(Arc::new(ring))
}

fn named_like(username: &Username) -> Result<PersonName, Error> {
    PersonName::new(username.as_str()).map_err(|invalid| Error::Internal(invalid.to_string()))
}

fn after(time: Timestamp, millis: u64) -> Timestamp {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millis(time.as_millis().saturating_add(millis))
}
