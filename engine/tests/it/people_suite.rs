//! What every store of people must do, whatever it is made of.

use crate::databases::Database;
use crate::given_up::given_up_after;
use engine::domain::{PersonName, Timestamp, UserId};
use engine::people::{CheckKey, Device, Error, Login, People, Person, SigningKey, Username, token};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor as _};
use std::fmt::Write as _;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

/// A store of a test's own.
pub(crate) struct Place {
    pub(crate) people: Arc<dyn People>,
    /// The same rows, opened a second time, as by another process.
    pub(crate) again: Arc<dyn People>,
    pub(crate) rows: Rows,
}

/// The rows beside the adapter: for what no call of the port does yet.
pub(crate) enum Rows {
    Postgres(Database),
    Sqlite(TempDir),
}

impl Rows {
    pub(crate) async fn run(&self, statement: &str) {
        match self {
            Self::Postgres(database) => {
                let mut connection = database.beside().await;
                connection.execute("SET search_path = people").await.unwrap();
                connection.execute(statement).await.unwrap();
            }
            Self::Sqlite(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.path().join("people.db"));
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                connection.execute(statement).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    fn id(&self, id: Uuid) -> String {
        match self {
            Self::Postgres(_) => format!("'{id}'"),
            Self::Sqlite(_) => self.bytes(id.as_bytes()),
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let mut hex = String::new();
        for byte in bytes {
            write!(hex, "{byte:02x}").unwrap();
        }
        match self {
            Self::Postgres(_) => format!(r"'\x{hex}'"),
            Self::Sqlite(_) => format!("X'{hex}'"),
        }
    }

    pub(crate) async fn erase(&self, user: UserId, texts: bool) {
        let id = self.id(user.uuid());
        self.run(&format!("INSERT INTO erased VALUES ({id}, {texts}, 0)")).await;
    }

    pub(crate) async fn disable(&self, user: UserId) {
        let id = self.id(user.uuid());
        self.run(&format!("UPDATE users SET disabled = true WHERE user_id = {id}"))
            .await;
    }

    pub(crate) async fn add_key(&self, key: &SigningKey) {
        let (id, pkcs8, at) = (self.id(key.id), self.bytes(&key.pkcs8), key.created_at.as_millis());
        self.run(&format!("INSERT INTO signing_keys VALUES ({id}, {pkcs8}, {at})"))
            .await;
    }
}

/// One test per behaviour of the module `suite`, over the place that `open` opens.
macro_rules! over {
    ($open:path, $suite:ident: $($name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            crate::$suite::$name($open().await).await;
        })*
    };
}
pub(crate) use over;

macro_rules! people_suite {
    ($open:path) => {
        crate::people_suite::over!($open, people_suite:
            a_person_is_found_again,
            a_username_is_taken_once,
            guests_have_no_username_and_no_password,
            a_login_is_kept_as_it_is,
            a_refresh_token_is_replaced_once,
            a_revoked_login_is_not_refreshed,
            many_starters_make_one_signing_key,
            keys_come_newest_first,
            the_erased_are_listed,
            calls_that_are_given_up_harm_nobody,
        );
        crate::people_suite::over!($open, users_suite:
            many_are_found_at_once,
            people_from_outside_are_met_again,
            the_erased_leave_nothing_but_their_id,
            a_retired_username_stays_taken_whoever_races,
            a_password_is_replaced_if_it_is_still_the_old_one,
            logins_end_all_but_one,
            logins_that_are_long_over_are_removed,
            what_ended_lately_is_told,
            acts_are_listed_latest_first,
            acts_are_found_by_who_what_and_when,
        );
    };
}
pub(crate) use people_suite;

/// Logins of one person at once: more than these tests start.
pub(crate) const MOST: usize = 100;

/// A moment of the tests' own clock.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

pub(crate) fn person(username: Option<&str>) -> Person {
    Person {
        id: UserId::new(Uuid::now_v7()),
        username: username.map(|name| Username::new(name).unwrap()),
        display_name: PersonName::new("Änn 🦀").unwrap(),
        disabled: false,
        is_admin: false,
    }
}

pub(crate) fn login_of(user_id: UserId) -> Login {
    Login {
        id: Uuid::new_v4(),
        user_id,
        refresh_digest: [1; 32],
        previous_digest: None,
        check_key: Some(CheckKey([7; 32])),
        device: Device::new("2001:db8::1".parse().ok(), Some("a browser 🦀")),
        created_at: at(0),
        rotated_at: at(0),
        expires_at: at(1_000),
        ended_at: None,
    }
}

pub(crate) async fn signed_in(people: &dyn People) -> Login {
    let person = person(None);
    people.add(&person, None, at(0)).await.unwrap();
    let login = login_of(person.id);
    people.add_login(&login, MOST).await.unwrap();
    login
}

pub(crate) async fn a_person_is_found_again(place: Place) {
    let people = place.people;
    let ann = person(Some("ann"));
    let disabled = Person {
        disabled: true,
        ..person(Some("bob"))
    };
    people.add(&ann, Some("a hash"), at(0)).await.unwrap();
    people.add(&disabled, Some("another hash"), at(1)).await.unwrap();
    for who in [&ann, &disabled] {
        assert_eq!(people.person(who.id).await.unwrap().as_ref(), Some(who));
    }
    let username = Username::new("ann").unwrap();
    let found = place.again.by_username(&username).await.unwrap();
    assert_eq!(found, Some((ann, "a hash".to_owned())));
    let nobody = Username::new("nobody").unwrap();
    assert_eq!(people.by_username(&nobody).await.unwrap(), None);
    assert_eq!(people.person(UserId::new(Uuid::new_v4())).await.unwrap(), None);
    people.ping().await.unwrap();
}

pub(crate) async fn a_username_is_taken_once(place: Place) {
    let (one, other) = (person(Some("ann")), person(Some("ann")));
    let (first, second) = tokio::join!(
        place.people.add(&one, Some("one"), at(0)),
        place.again.add(&other, Some("other"), at(0)),
    );
    let (winner, refused) = if first.is_ok() { (one, second) } else { (other, first) };
    assert!(matches!(refused, Err(Error::Taken)), "{refused:?}");
    let username = Username::new("ann").unwrap();
    let (found, _) = place.people.by_username(&username).await.unwrap().unwrap();
    assert_eq!(found, winner);
}

pub(crate) async fn guests_have_no_username_and_no_password(place: Place) {
    let people = place.people;
    let (one, other) = (person(None), person(None));
    people.add(&one, None, at(0)).await.unwrap();
    people.add(&other, None, at(0)).await.unwrap();
    assert_eq!(people.person(one.id).await.unwrap(), Some(one));
    let nameless = person(Some("without-password"));
    people.add(&nameless, None, at(0)).await.unwrap();
    let username = Username::new("without-password").unwrap();
    assert_eq!(people.by_username(&username).await.unwrap(), None, "can't sign in");
}

pub(crate) async fn a_login_is_kept_as_it_is(place: Place) {
    let people = place.people;
    let login = signed_in(people.as_ref()).await;
    assert_eq!(people.login(login.id).await.unwrap().as_ref(), Some(&login));
    let other = Login {
        id: Uuid::new_v4(),
        previous_digest: Some([9; 32]),
        check_key: None,
        device: Device::default(),
        ended_at: Some(at(7)),
        ..login
    };
    people.add_login(&other, MOST).await.unwrap();
    assert_eq!(people.login(other.id).await.unwrap(), Some(other));
    assert_eq!(people.login(Uuid::new_v4()).await.unwrap(), None);
}

/// The same login with the next refresh token, and another check key, which it does not take: it has one.
fn next(login: &Login, digest: u8) -> Login {
    Login {
        refresh_digest: [digest; 32],
        check_key: Some(CheckKey([digest; 32])),
        rotated_at: at(100),
        expires_at: at(5_000),
        ..login.clone()
    }
}

pub(crate) async fn a_refresh_token_is_replaced_once(place: Place) {
    let people = place.people;
    let login = signed_in(people.as_ref()).await;
    let (two, three) = (next(&login, 2), next(&login, 3));
    let (first, second) = tokio::join!(people.rotate([1; 32], &two), place.again.rotate([1; 32], &three),);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first != second, "one of two: {first}, {second}");
    let expected = Login {
        refresh_digest: if first { [2; 32] } else { [3; 32] },
        previous_digest: Some([1; 32]),
        rotated_at: at(100),
        expires_at: at(5_000),
        ..login.clone()
    };
    assert_eq!(people.login(login.id).await.unwrap(), Some(expected));
    let nobody = Login {
        id: Uuid::new_v4(),
        ..next(&login_of(UserId::new(Uuid::nil())), 4)
    };
    assert!(!people.rotate([1; 32], &nobody).await.unwrap());
}

pub(crate) async fn a_revoked_login_is_not_refreshed(place: Place) {
    let people = place.people;
    let login = signed_in(people.as_ref()).await;
    let other = login_of(login.user_id);
    people.add_login(&other, MOST).await.unwrap();
    for (id, ends) in [(login.id, true), (login.id, false), (Uuid::new_v4(), false)] {
        assert_eq!(people.end_login(id, None, at(50)).await.unwrap(), ends);
    }
    let rotated = people.rotate([1; 32], &next(&login, 2)).await;
    assert!(!rotated.unwrap());
    let revoked = Login {
        ended_at: Some(at(50)),
        ..login
    };
    assert_eq!(place.again.login(revoked.id).await.unwrap(), Some(revoked));
    assert_eq!(people.login(other.id).await.unwrap(), Some(other), "another device");
}

pub(crate) async fn many_starters_make_one_signing_key(place: Place) {
    const STARTERS: usize = 8;
    let mut starting = tokio::task::JoinSet::new();
    for number in 0..STARTERS {
        let people = if number % 2 == 0 { &place.people } else { &place.again }.clone();
        starting.spawn(async move { people.signing_keys(&|| token::make_key(at(0))).await });
    }
    let keys: Vec<Uuid> = starting
        .join_all()
        .await
        .into_iter()
        .flat_map(|keys| keys.unwrap().into_iter().map(|key| key.id))
        .collect();
    assert_eq!(keys.len(), STARTERS, "one key each");
    assert!(keys.iter().all(|key| *key == keys[0]), "the same: {keys:?}");
}

pub(crate) async fn keys_come_newest_first(place: Place) {
    let people = place.people;
    let never = || -> SigningKey { panic!("there is one already") };
    let keys = [at(5), at(9), at(7)].map(token::make_key);
    for key in &keys {
        place.rows.add_key(key).await;
    }
    let stored = people.signing_keys(&never).await.unwrap();
    let stored: Vec<_> = stored.iter().map(|key| (key.id, &key.pkcs8, key.created_at)).collect();
    let wanted = [&keys[1], &keys[2], &keys[0]].map(|key| (key.id, &key.pkcs8, key.created_at));
    assert_eq!(stored, wanted);
}

pub(crate) async fn the_erased_are_listed(place: Place) {
    assert_eq!(place.people.erased().await.unwrap(), []);
    let [one, other] = [1, 2].map(|number| UserId::new(Uuid::from_u128(number)));
    place.rows.erase(other, true).await;
    place.rows.erase(one, false).await;
    assert_eq!(place.people.erased().await.unwrap(), [(one, false), (other, true)]);
}

/// A client that goes away in the middle of a call leaves no connection behind on which the next call fails, or is
/// answered and not kept.
pub(crate) async fn calls_that_are_given_up_harm_nobody(place: Place) {
    let people = &place.people;
    let never = || token::make_key(at(0));
    let mut polls = 0;
    let mut login = signed_in(people.as_ref()).await;
    loop {
        polls += 1;
        let keys = given_up_after(polls, people.signing_keys(&never)).await;
        let added = given_up_after(polls, people.add(&person(None), None, at(0))).await;
        let found = given_up_after(polls, people.login(login.id)).await;
        people.end_login(login.id, None, at(1)).await.unwrap();
        let kept = place.again.login(login.id).await.unwrap().unwrap();
        assert!(kept.ended_at.is_some(), "answered, so it is there: after {polls} polls");
        login = signed_in(people.as_ref()).await;
        assert!(
            place.again.login(login.id).await.unwrap().is_some(),
            "after {polls} polls"
        );
        if keys && added && found {
            break;
        }
    }
    assert_eq!(people.signing_keys(&never).await.unwrap().len(), 1);
}
