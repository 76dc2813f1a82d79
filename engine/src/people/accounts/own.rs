//! What people do with their own accounts.

use super::{Accounts, Error};
use crate::domain::{PersonName, Timestamp, UserId};
use crate::people::attempts::Kind;
use crate::people::ended::Why;
use crate::people::token::Caller;
use crate::people::{Login, metrics};
use uuid::Uuid;

/// What somebody is told whose login is at an outside issuer.
const ELSEWHERE: &str = "the login, its password and its name are kept by the issuer of the token: change them there";

impl Accounts {
    /// Ends the caller's own login; answers which.
    ///
    /// # Errors
    /// [`Error::NotHere`] for people from outside, [`Error::Store`].
    pub async fn logout(&self, caller: &Caller, now: Timestamp) -> Result<Uuid, Error> {
        let sid = caller.sid.ok_or(Error::NotHere(ELSEWHERE))?;
        if self.people.end_login(sid, None, now).await? {
            metrics::logins_ended("left", 1);
        }
        self.ended.logins(&[sid], now);
        Ok(sid)
    }

    /// Gives the caller another name for others to see, and an access token that says so.
    ///
    /// # Errors
    /// [`Error::NotHere`] for people from outside, [`Error::LoginEnded`], [`Error::Store`].
    pub async fn rename(&self, caller: &Caller, name: &PersonName, now: Timestamp) -> Result<super::SignedIn, Error> {
        let sid = caller.sid.ok_or(Error::NotHere(ELSEWHERE))?;
        let login = self.people.login(sid).await?.filter(|login| login.ended_at.is_none());
        let login = login.ok_or(Error::LoginEnded)?;
        if !self.people.rename(caller.user_id, name).await? {
            return Err(Error::Disabled);
        }
        let person = self.people.person(caller.user_id).await?.ok_or(Error::Erased)?;
        self.signed_in(person, sid, None, login.expires_at, now)
    }

    /// Changes the caller's password; every other login of theirs ends: answers which.
    ///
    /// # Errors
    /// [`Error::Password`] when `old` is wrong, [`Error::Invalid`], [`Error::NotHere`] for those who have none,
    /// [`Error::TooOften`], [`Error::Busy`], [`Error::Store`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        old: String,
        new: String,
        now: Timestamp,
    ) -> Result<Vec<Uuid>, Error> {
        self.check_password(&new).map_err(|error| match error {
            Error::Invalid { rule, .. } => Error::Invalid { field: "new", rule },
            other => other,
        })?;
        let stored = self.people.password(caller.user_id).await?;
        let stored = stored.ok_or(Error::NotHere("there is no password to change"))?;
        self.prove(caller.user_id, old, stored.clone(), now).await?;
        let hash = self.hasher.hash(new).await?;
        let replaced = self
            .people
            .replace_password(caller.user_id, &stored, &hash, caller.sid, now)
            .await?;
        // Somebody else changed it in between: then it is not the old one any more.
        let ended = replaced.ok_or(Error::Password)?;
        self.revoked(&ended, now);
        Ok(ended)
    }

    /// The caller's logins that go on, used last first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn logins(&self, caller: &Caller, now: Timestamp) -> Result<Vec<Login>, Error> {
        Ok(self
            .people
            .logins_of(caller.user_id, now, self.config.logins_most)
            .await?)
    }

    /// Ends one of the caller's logins.
    ///
    /// # Errors
    /// [`Error::Nobody`] when it is none of theirs that goes on, [`Error::Store`].
    pub async fn end_login(&self, caller: &Caller, login: Uuid, now: Timestamp) -> Result<(), Error> {
        if !self.people.end_login(login, Some(caller.user_id), now).await? {
            return Err(Error::Nobody);
        }
        self.revoked(&[login], now);
        Ok(())
    }

    /// Ends all of the caller's logins but their own; answers which.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn end_other_logins(&self, caller: &Caller, now: Timestamp) -> Result<Vec<Uuid>, Error> {
        let ended = self.people.end_logins(caller.user_id, caller.sid, now).await?;
        self.revoked(&ended, now);
        Ok(ended)
    }

    /// Erases the caller for ever; with `texts`, what they said is to be empty too. Who has a password must know it.
    ///
    /// # Errors
    /// [`Error::Password`] when it is wrong or missing, [`Error::TooOften`], [`Error::Busy`], [`Error::Store`].
    pub async fn delete(
        &self,
        caller: &Caller,
        password: Option<String>,
        texts: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        if let Some(stored) = self.people.password(caller.user_id).await? {
            let password = password.ok_or(Error::Password)?;
            self.prove(caller.user_id, password, stored, now).await?;
        }
        if !self.people.erase(caller.user_id, texts, now).await? {
            return Err(Error::Erased);
        }
        self.stands_otherwise(caller.user_id, Some(Why::Erased), now);
        Ok(())
    }

    /// Whoever holds an access token must not find the password by trying: it is counted as sign-ins are, apart from them.
    async fn prove(&self, user_id: UserId, password: String, stored: String, now: Timestamp) -> Result<(), Error> {
        let charged = self.attempts.charge(Kind::Account, user_id.uuid().as_bytes(), now)?;
        let matches = if password.len() > self.config.password_most {
            Ok(false)
        } else {
            self.hasher.verify(password, Some(stored)).await
        };
        if !matches!(matches, Ok(false)) {
            self.attempts.refund(&charged);
        }
        if matches? { Ok(()) } else { Err(Error::Password) }
    }

    fn revoked(&self, logins: &[Uuid], now: Timestamp) {
        metrics::logins_ended("revoked", logins.len());
        self.ended.logins(logins, now);
    }
}
