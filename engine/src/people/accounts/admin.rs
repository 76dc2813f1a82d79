//! What admins do. That somebody is one is looked up at each use: a token does not say it, so none can go on saying it.

use super::{Accounts, Error, parse_username};
use crate::domain::{RoomId, Timestamp, UserId};
use crate::people::ended::Why;
use crate::people::{Act, ActFilter, Listing, Person, Username, act};
use serde_json::json;
use uuid::Uuid;

/// What became of `roomlog admin create`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// A new account.
    New(Username),
    /// An account that was there before.
    Promoted(Username),
    /// An admin already.
    Already(Username),
}

impl Accounts {
    /// Whether a person is an admin now.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn is_admin(&self, id: UserId) -> Result<bool, Error> {
        let person = self.people.person(id).await?;
        Ok(person.is_some_and(|person| person.is_admin && !person.disabled))
    }

    /// People, up to `limit`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn list(&self, listing: &Listing, limit: usize) -> Result<Vec<Person>, Error> {
        Ok(self.people.list(listing, limit).await?)
    }

    /// Disables a person until they are enabled again: nothing of theirs is good meanwhile.
    ///
    /// # Errors
    /// [`Error::Nobody`]; [`Error::Conflict`] for oneself, who could not undo it; [`Error::Store`].
    pub async fn disable(&self, admin: UserId, id: UserId, now: Timestamp) -> Result<(), Error> {
        if admin == id {
            return Err(Error::Conflict("nobody disables themselves: another admin can"));
        }
        self.set_disabled(&Act::new(admin, act::USER_DISABLE, Some(id.uuid()), now), id, true)
            .await?;
        self.stands_otherwise(id, Some(Why::Disabled), now);
        Ok(())
    }

    /// Enables a person again.
    ///
    /// # Errors
    /// [`Error::Nobody`], [`Error::Conflict`] for who is deleted, [`Error::Store`].
    pub async fn enable(&self, admin: UserId, id: UserId, now: Timestamp) -> Result<(), Error> {
        self.set_disabled(&Act::new(admin, act::USER_ENABLE, Some(id.uuid()), now), id, false)
            .await?;
        self.stands_otherwise(id, None, now);
        Ok(())
    }

    async fn set_disabled(&self, act: &Act, id: UserId, disabled: bool) -> Result<(), Error> {
        if self.people.set_disabled(id, disabled, act).await? {
            return Ok(());
        }
        match self.people.person(id).await? {
            None => Err(Error::Nobody),
            Some(person) if person.disabled == disabled => Ok(()),
            Some(_) => Err(Error::Conflict("a deleted account stays deleted")),
        }
    }

    /// Keeps what an admin did.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit(&self, act: &Act) -> Result<(), Error> {
        Ok(self.people.audit(act).await?)
    }

    /// Notes that an admin deletes a room; false when it was deleted so before.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn close_room(&self, admin: UserId, room: RoomId, now: Timestamp) -> Result<bool, Error> {
        let act = Act::new(admin, act::ROOM_DELETE, Some(room.uuid()), now);
        Ok(self.people.close_room(room, &act).await?)
    }

    /// What admins did, as far as a filter takes it, the latest first, before `before` if it is given.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn acts(&self, filter: &ActFilter, before: Option<Uuid>, limit: usize) -> Result<Vec<Act>, Error> {
        Ok(self.people.acts(filter, before, limit).await?)
    }

    /// Makes somebody an admin: a new person, or one who is there already and has this password. (Whoever runs this may
    /// do anything; the password keeps them from promoting a stranger who was first to take the name.)
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Credentials`] when the account has another password, [`Error::Disabled`],
    /// [`Error::Taken`] when it was somebody's who is deleted, [`Error::Store`].
    pub async fn create_admin(&self, username: &str, password: String, now: Timestamp) -> Result<Made, Error> {
        let username = parse_username(username)?;
        let known = self.people.by_username(&username).await?;
        let is_new = known.is_none();
        let person = match known {
            None => {
                self.check_password(&password)?;
                self.add_person(username.clone(), password, None, now).await?
            }
            Some((person, _)) => {
                self.identify(Some(username.clone()), password).await?;
                person
            }
        };
        if person.disabled {
            return Err(Error::Disabled);
        }
        let act = Act::new(Act::OPERATOR, act::ADMIN_CREATE, Some(person.id.uuid()), now);
        let act = act.with(json!({ "username": username.as_str(), "new": is_new }));
        Ok(match (self.people.make_admin(person.id, &act).await?, is_new) {
            (true, true) => Made::New(username),
            (true, false) => Made::Promoted(username),
            (false, _) => Made::Already(username),
        })
    }
}
