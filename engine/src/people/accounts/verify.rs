//! Who an access token speaks for: our own tokens by our keys, those of outside issuers by theirs.
//!
//! The store is asked only about what is not known here: a new key, somebody from outside who was not seen lately.

use super::{Accounts, Error, after};
use crate::domain::{PersonName, Timestamp, UserId};
use crate::people::ended::Why;
use crate::people::issuers::{NotTaken, Outsider};
use crate::people::token::{self, Caller, Refusal, Ring};
use crate::people::{People, Person};
use std::sync::Arc;
use uuid::Uuid;

/// When the store is asked again about somebody from outside, after it could not say.
const RETRY_MS: i64 = 1_000;

/// Somebody from outside, as the store had them.
#[derive(Debug)]
pub(super) struct Met {
    name: PersonName,
    disabled: bool,
    /// Good until then.
    until: i64,
}

impl Accounts {
    /// Who an access token speaks for.
    ///
    /// # Errors
    /// [`Error::Token`] says why it is not good; [`Error::LoginEnded`], [`Error::Disabled`] and [`Error::Erased`] that it
    /// is no longer; [`Error::IssuerAway`] and [`Error::Store`] that it can't be known now.
    pub async fn verify(&self, access_token: &str, now: Timestamp) -> Result<Caller, Error> {
        let caller = match self.issuers.of(access_token) {
            Some(number) => self.outsider(number, access_token, now).await?,
            None => self.insider(access_token, now).await?,
        };
        self.still_good(caller.user_id, caller.sid)?;
        Ok(caller)
    }

    /// Whether a person, and a login where there is one, is still good, as far as is known here.
    ///
    /// # Errors
    /// [`Error::LoginEnded`], [`Error::Disabled`], [`Error::Erased`].
    pub fn still_good(&self, user_id: UserId, sid: Option<Uuid>) -> Result<(), Error> {
        self.ended.judge(user_id, sid)
    }

    async fn insider(&self, access_token: &str, now: Timestamp) -> Result<Caller, Error> {
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

    async fn outsider(&self, number: usize, access_token: &str, now: Timestamp) -> Result<Caller, Error> {
        let outsider = self.issuers.verify(number, access_token, now).await;
        let outsider = outsider.map_err(|not_taken| match not_taken {
            NotTaken::Refused(refusal) => Error::Token(refusal),
            NotTaken::Away => Error::IssuerAway,
        })?;
        if self.meet(&outsider, now).await? {
            return Err(Error::Disabled);
        }
        Ok(Caller {
            user_id: outsider.user_id,
            name: outsider.name,
            sid: None,
            expires_at: outsider.expires_at,
        })
    }

    /// Sees to it that the store knows them by their name; whether they are disabled. With the store away, the last that
    /// was known is in force.
    async fn meet(&self, outsider: &Outsider, now: Timestamp) -> Result<bool, Error> {
        let known = self.met.lock().get(&outsider.user_id).and_then(|met| {
            let fresh = met.name == outsider.name && now.as_millis() < met.until;
            fresh.then_some(met.disabled)
        });
        if let Some(disabled) = known {
            return Ok(disabled);
        }
        let person = Person {
            id: outsider.user_id,
            username: None,
            display_name: outsider.name.clone(),
            disabled: false,
            is_admin: false,
        };
        match self.people.meet(&person, now).await {
            Ok(person) => {
                self.remember(outsider, person.disabled, after(now, self.config.outsiders_recheck_ms));
                Ok(person.disabled)
            }
            Err(error) if error.retryable() => {
                let last = self.met.lock().get(&outsider.user_id).map(|met| met.disabled);
                let disabled = last.ok_or(error)?;
                self.remember(outsider, disabled, Timestamp::from_millis(now.as_millis() + RETRY_MS));
                Ok(disabled)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn remember(&self, outsider: &Outsider, disabled: bool, until: Timestamp) {
        let met = Met {
            name: outsider.name.clone(),
            disabled,
            until: until.as_millis(),
        };
        self.met.lock().insert(outsider.user_id, met, |met| met.until);
    }

    /// Somebody was disabled, enabled or erased here.
    pub(super) fn stands_otherwise(&self, user_id: UserId, why: Option<Why>, now: Timestamp) {
        self.ended.person(user_id, why, now);
        self.ask_anew(user_id);
    }

    /// What the store says of somebody from outside may be otherwise now.
    pub(super) fn ask_anew(&self, user_id: UserId) {
        self.met.lock().remove(&user_id);
    }
}

pub(super) async fn read_keys(people: &dyn People, now: Timestamp) -> Result<Arc<Ring>, Error> {
    let keys = people.signing_keys(&|| token::make_key(now)).await?;
    let ring = Ring::new(&keys).ok_or_else(|| Error::Internal("a signing key can't be used".to_owned()))?;
    Ok(Arc::new(ring))
}
