//! The port: what accounts and the edge ask of a store of people.
//!
//! Three traits by what they are about, and [`People`], which is all of them. Whoever calls brings the time. What must
//! hold of every adapter stands in one suite of tests.

use super::{Act, ActFilter, EndedLately, Error, Listing, Login, Person, SigningKey, Username};
use crate::domain::{PersonName, RoomId, Timestamp, UserId};
use async_trait::async_trait;
use uuid::Uuid;

/// Most people or names in one question; who asks keeps it.
pub const LOOKUP_MOST: usize = 500;

/// The people themselves.
#[async_trait]
pub trait Users: Send + Sync + 'static {
    /// Adds a person; `password` is an argon2id hash in PHC form, `None` for guests.
    ///
    /// # Errors
    /// [`Error::Taken`] when the username is in use, or was somebody's who is erased.
    async fn add(&self, person: &Person, password: Option<&str>, at: Timestamp) -> Result<(), Error>;

    /// Somebody whom an outside issuer vouches for: adds them, or gives them the name that it calls them by now, unless
    /// they are disabled. Answers them as they stand.
    async fn meet(&self, person: &Person, at: Timestamp) -> Result<Person, Error>;

    /// A person by id.
    async fn person(&self, id: UserId) -> Result<Option<Person>, Error>;

    /// People by id, up to [`LOOKUP_MOST`], in no order; of an id that is nobody's there is none.
    async fn people(&self, ids: &[UserId]) -> Result<Vec<Person>, Error>;

    /// A person by username, with their password's hash.
    async fn by_username(&self, username: &Username) -> Result<Option<(Person, String)>, Error>;

    /// Who has these usernames, up to [`LOOKUP_MOST`], in no order; the disabled are among them, the erased are not.
    async fn named(&self, usernames: &[Username]) -> Result<Vec<(Username, UserId)>, Error>;

    /// People as admins list them, up to `limit`.
    async fn list(&self, listing: &Listing, limit: usize) -> Result<Vec<Person>, Error>;

    /// The hash of a person's password; `None` of those who have none.
    async fn password(&self, id: UserId) -> Result<Option<String>, Error>;

    /// Whether the hash of a person's password is this one, once a change that is under way is over.
    async fn password_is(&self, id: UserId, hash: &str) -> Result<bool, Error>;

    /// Gives a person another name for others to see; false when they are disabled, or nobody.
    async fn rename(&self, id: UserId, name: &PersonName) -> Result<bool, Error>;

    /// Puts the hash `to` in the place of `from`, and ends every login of the person but `keep`: answers the ended, or
    /// `None` when the password is no longer `from`.
    async fn replace_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: Option<Uuid>,
        at: Timestamp,
    ) -> Result<Option<Vec<Uuid>>, Error>;

    /// Disables or enables a person, and keeps the act that does it; false when they are that already, erased or nobody.
    async fn set_disabled(&self, id: UserId, disabled: bool, act: &Act) -> Result<bool, Error>;

    /// Makes a person an admin, and keeps the act that does it; false when they are one, disabled or nobody.
    async fn make_admin(&self, id: UserId, act: &Act) -> Result<bool, Error>;

    /// Erases a person for ever: names and password go, every login ends, the username is retired. Once texts are to be
    /// empty, they stay so. False when they are nobody.
    async fn erase(&self, id: UserId, texts: bool, at: Timestamp) -> Result<bool, Error>;

    /// Who is erased, and whether their texts are to be empty too.
    async fn erased(&self) -> Result<Vec<(UserId, bool)>, Error>;
}

/// Their logins.
#[async_trait]
pub trait Logins: Send + Sync + 'static {
    /// Starts a login; of those of the person that go on beside it, the ones that were used last stay, `most` with it,
    /// and the others end.
    async fn add_login(&self, login: &Login, most: usize) -> Result<(), Error>;

    /// A login by id.
    async fn login(&self, id: Uuid) -> Result<Option<Login>, Error>;

    /// The logins of a person that go on at `now`, used last first, up to `limit`.
    async fn logins_of(&self, user: UserId, now: Timestamp, limit: usize) -> Result<Vec<Login>, Error>;

    /// Puts the digest of `next`'s refresh token in the place of `from`, with its times and (where there is none yet) its
    /// check key, if `from` is the good one still and the login has not ended; says whether it did.
    async fn rotate(&self, from: [u8; 32], next: &Login) -> Result<bool, Error>;

    /// Ends a login, of `user` if one is given; false when it had ended, or is none, or another's.
    async fn end_login(&self, id: Uuid, user: Option<UserId>, at: Timestamp) -> Result<bool, Error>;

    /// Ends every login of a person but `keep`; answers which.
    async fn end_logins(&self, user: UserId, keep: Option<Uuid>, at: Timestamp) -> Result<Vec<Uuid>, Error>;

    /// Removes logins that were over before `before`, up to `most`; how many it were.
    async fn sweep_logins(&self, before: Timestamp, most: usize) -> Result<u64, Error>;

    /// The logins that have ended since `logins_since`, and the people who were disabled (and are still) or erased since
    /// `people_since`: of each kind the latest, up to `most`.
    async fn ended(&self, logins_since: Timestamp, people_since: Timestamp, most: usize) -> Result<EndedLately, Error>;
}

/// What admins did.
#[async_trait]
pub trait Acts: Send + Sync + 'static {
    /// Keeps an act.
    async fn audit(&self, act: &Act) -> Result<(), Error>;

    /// Acts that a filter takes, the latest first, up to `limit`; those before `before`, if one is given.
    async fn acts(&self, filter: &ActFilter, before: Option<Uuid>, limit: usize) -> Result<Vec<Act>, Error>;

    /// Notes that an admin deleted a room, and keeps the act; false, and no act, when it was deleted so before.
    async fn close_room(&self, room: RoomId, act: &Act) -> Result<bool, Error>;

    /// The rooms that admins deleted, in no order.
    async fn closed_rooms(&self) -> Result<Vec<RoomId>, Error>;
}

/// A store of people.
#[async_trait]
pub trait People: Users + Logins + Acts {
    /// Signing keys, newest first; makes the first one if there is none.
    async fn signing_keys(&self, make: &(dyn Fn() -> SigningKey + Send + Sync)) -> Result<Vec<SigningKey>, Error>;

    /// Whether the store answers now.
    async fn ping(&self) -> Result<(), Error>;
}
