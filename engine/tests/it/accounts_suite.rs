//! What accounts must do over every store of people. Time is a value: each call says when it is.

use crate::people_suite::{Place, at};
use engine::domain::{PersonName, Timestamp};
use engine::people::accounts::{Config, Error, SignedIn};
use engine::people::{Accounts, Caller, Device, password};
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse";
const GRACE_MS: i64 = 10_000;
pub(crate) const ACCESS_MS: i64 = 15 * 60_000;
const REFRESH_MS: i64 = 30 * 24 * 60 * 60_000;

macro_rules! accounts_suite {
    ($open:path) => {
        crate::people_suite::over!($open, accounts_suite:
            who_registers_is_signed_in,
            usernames_keep_their_rule,
            of_two_who_want_a_username_one_gets_it,
            passwords_have_bounds,
            a_login_is_one_device,
            a_wrong_password_and_an_unknown_person_look_alike,
            guests_come_in_where_they_may,
            a_refresh_token_is_good_once,
            a_stolen_refresh_token_ends_the_login_for_both,
            the_former_refresh_token_has_a_moment_of_grace,
            two_tabs_that_refresh_at_once_both_go_on,
            who_logs_out_is_out_on_that_device_alone,
            a_login_that_is_not_refreshed_ends,
            what_is_no_refresh_token_is_refused,
            who_is_disabled_gets_nothing_new,
        );
        crate::people_suite::over!($open, tokens_suite:
            an_access_token_ends_when_it_says,
            two_starters_use_one_key,
            the_newest_key_signs_and_all_verify,
            an_unknown_key_is_looked_for_seldom,
            all_who_meet_a_new_key_at_once_wait_for_it,
            forged_tokens_are_refused,
        );
        crate::people_suite::over!($open, own_suite:
            a_new_name_is_in_a_new_token_of_the_same_login,
            a_changed_password_ends_every_other_login,
            a_password_is_changed_by_who_knows_it,
            no_login_by_the_old_password_outlives_it,
            logins_are_listed_with_where_they_came_from,
            a_person_ends_their_own_logins_alone,
            one_person_has_a_bounded_number_of_logins,
            who_is_deleted_is_gone_for_ever,
            a_username_is_never_given_twice,
            a_made_up_refresh_token_harms_nobody,
            logins_older_than_the_check_go_on,
            nothing_secret_is_shown_by_debug,
        );
        crate::people_suite::over!($open, attempts_suite:
            passwords_are_tried_a_bounded_number_of_times,
            one_address_comes_in_a_bounded_number_of_times,
            an_unknown_person_costs_as_much_as_a_wrong_password,
        );
        crate::people_suite::over!($open, admin_suite:
            an_access_token_ends_with_its_login,
            a_disabled_person_is_refused_until_enabled,
            other_edges_look_for_what_has_ended,
            with_the_store_away_the_last_that_was_known_is_in_force,
            a_room_is_closed_once_with_its_act,
            every_act_of_an_admin_is_kept,
            an_admin_is_made_by_who_knows_the_password,
            people_are_listed_page_by_page,
        );
    };
}
pub(crate) use accounts_suite;

/// The defaults, with a hash that costs nothing.
pub(crate) fn config() -> Config {
    Config {
        password: password::Config {
            memory_kib: 8,
            passes: 1,
            ..password::Config::default()
        },
        ..Config::default()
    }
}

pub(crate) async fn accounts(place: &Place) -> Accounts {
    Accounts::start(place.people.clone(), config(), at(0)).await.unwrap()
}

pub(crate) async fn register(accounts: &Accounts, username: &str) -> Result<SignedIn, Error> {
    accounts.register(username, PASSWORD.into(), None, &here(), at(0)).await
}

/// Where the tests' people sign in from.
pub(crate) fn here() -> Device {
    Device::new("192.0.2.7".parse().ok(), Some("curl/8"))
}

/// Whom the access token speaks for.
pub(crate) async fn caller(accounts: &Accounts, signed_in: &SignedIn, now: Timestamp) -> Caller {
    accounts.verify(&signed_in.access_token, now).await.unwrap()
}

pub(crate) fn refresh_token(signed_in: &SignedIn) -> &str {
    signed_in.refresh_token.as_deref().expect("a refresh token")
}

pub(crate) async fn ends(accounts: &Accounts, refresh_token: &str, now: Timestamp) {
    let answer = accounts.refresh(refresh_token, now).await;
    assert!(
        matches!(answer, Err(Error::LoginEnded | Error::Reused { .. })),
        "{answer:?}"
    );
}

pub(crate) async fn who_registers_is_signed_in(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    assert_eq!(ann.person.username.as_ref().unwrap().as_str(), "ann");
    assert_eq!(ann.person.display_name.as_str(), "ann");
    let caller = accounts.verify(&ann.access_token, at(0)).await.unwrap();
    assert_eq!(
        (caller.user_id, caller.name.as_str(), caller.sid, caller.expires_at),
        (ann.person.id, "ann", Some(ann.sid), ann.expires_at),
        "the token says what its bearer was told"
    );
    assert_eq!(accounts.person(ann.person.id).await.unwrap(), Some(ann.person));
    let name = PersonName::new("Bob Ö.").unwrap();
    // Not on a whole second, the finest that a token can tell.
    let bob = accounts
        .register("bob", PASSWORD.into(), Some(name.clone()), &here(), at(999))
        .await
        .unwrap();
    let caller = accounts.verify(&bob.access_token, at(999)).await.unwrap();
    assert_eq!((&caller.name, caller.expires_at), (&name, bob.expires_at));
    accounts.ping().await.unwrap();
}

pub(crate) async fn usernames_keep_their_rule(place: Place) {
    let accounts = accounts(&place).await;
    let longest = "a".repeat(32);
    for good in ["abc", "a_b.c-9", "...", &longest] {
        register(&accounts, good).await.unwrap();
    }
    let too_long = "a".repeat(33);
    for bad in ["", "ab", "Ann", "an n", "änn", "ann\n", "ann@home", &too_long] {
        let error = register(&accounts, bad).await.unwrap_err();
        assert!(
            matches!(error, Error::Invalid { field: "username", .. }),
            "{bad}: {error}"
        );
        assert!(!error.retryable());
    }
}

pub(crate) async fn of_two_who_want_a_username_one_gets_it(place: Place) {
    let accounts = accounts(&place).await;
    let (one, other) = tokio::join!(register(&accounts, "ann"), register(&accounts, "ann"));
    let (winner, refused) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(matches!(refused, Err(Error::Taken)), "{refused:?}");
    let ann = accounts.login("ann", PASSWORD.into(), &here(), at(0)).await.unwrap();
    assert_eq!(ann.person, winner.unwrap().person);
}

pub(crate) async fn passwords_have_bounds(place: Place) {
    let accounts = accounts(&place).await;
    let (longest, too_long) = ("x".repeat(256), "x".repeat(257));
    let eight = "ö🦀öööööö";
    for (username, good) in [("short", eight), ("long", &longest)] {
        accounts
            .register(username, good.into(), None, &here(), at(0))
            .await
            .unwrap();
        accounts.login(username, good.into(), &here(), at(0)).await.unwrap();
    }
    for bad in ["", "ööööööö", &too_long] {
        let error = accounts
            .register("ann", bad.into(), None, &here(), at(0))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Invalid { field: "password", .. }), "{error}");
        assert!(
            bad.is_empty() || !error.to_string().contains(bad),
            "never told: {error}"
        );
    }
    let error = accounts.login("long", too_long, &here(), at(0)).await.unwrap_err();
    assert!(matches!(error, Error::Credentials), "{error}");
}

pub(crate) async fn a_login_is_one_device(place: Place) {
    let accounts = accounts(&place).await;
    let first = register(&accounts, "ann").await.unwrap();
    let second = accounts.login("ann", PASSWORD.into(), &here(), at(10)).await.unwrap();
    assert_eq!(second.person, first.person);
    assert_ne!(second.sid, first.sid);
    accounts.refresh(refresh_token(&first), at(20)).await.unwrap();
    accounts.refresh(refresh_token(&second), at(20)).await.unwrap();
}

pub(crate) async fn a_wrong_password_and_an_unknown_person_look_alike(place: Place) {
    let accounts = accounts(&place).await;
    register(&accounts, "ann").await.unwrap();
    let guest = accounts
        .guest(PersonName::new("guest").unwrap(), &here(), at(0))
        .await
        .unwrap();
    assert_eq!(guest.person.username, None);
    let mut said = Vec::new();
    for (username, password) in [
        ("ann", "correct house"),
        ("ann", ""),
        ("nobody", PASSWORD),
        ("guest", PASSWORD),
        ("No Username", PASSWORD),
    ] {
        let error = accounts
            .login(username, password.into(), &here(), at(0))
            .await
            .unwrap_err();
        said.push(format!("{error:?} {error} {}", error.retryable()));
    }
    assert!(said.iter().all(|words| *words == said[0]), "{said:?}");
    assert!(said[0].starts_with("Credentials"), "{said:?}");
}

pub(crate) async fn guests_come_in_where_they_may(place: Place) {
    let name = || PersonName::new("Guest").unwrap();
    let open = accounts(&place).await;
    let guest = open.guest(name(), &here(), at(0)).await.unwrap();
    let caller = open.verify(&guest.access_token, at(0)).await.unwrap();
    assert_eq!((caller.user_id, caller.name), (guest.person.id, name()));
    open.guest(name(), &here(), at(0))
        .await
        .expect("names of guests may repeat");

    let settings = Config {
        guests: false,
        ..config()
    };
    let closed = Accounts::start(place.people.clone(), settings, at(0)).await.unwrap();
    let error = closed.guest(name(), &here(), at(0)).await.unwrap_err();
    assert!(matches!(error, Error::NoGuests), "{error}");
    closed
        .refresh(refresh_token(&guest), at(10))
        .await
        .expect("who is in stays in");
}

pub(crate) async fn a_refresh_token_is_good_once(place: Place) {
    let accounts = accounts(&place).await;
    let mut now = at(0);
    let first = register(&accounts, "ann").await.unwrap();
    let mut held = first.clone();
    for _ in 0..4 {
        now = Timestamp::from_millis(now.as_millis() + ACCESS_MS);
        let next = accounts.refresh(refresh_token(&held), now).await.unwrap();
        assert_eq!((&next.person, next.sid), (&first.person, first.sid));
        assert_ne!(next.refresh_token, held.refresh_token);
        assert_eq!(next.refresh_expires_at.as_millis(), now.as_millis() + REFRESH_MS);
        accounts.verify(&next.access_token, now).await.unwrap();
        held = next;
    }
    ends(&accounts, refresh_token(&first), now).await;
}

pub(crate) async fn a_stolen_refresh_token_ends_the_login_for_both(place: Place) {
    let accounts = accounts(&place).await;
    let stolen = register(&accounts, "ann").await.unwrap();
    let held = accounts.refresh(refresh_token(&stolen), at(100)).await.unwrap();
    ends(&accounts, refresh_token(&stolen), at(100 + GRACE_MS)).await;
    ends(&accounts, refresh_token(&held), at(100 + GRACE_MS)).await;

    // One that is older still has no moment of grace at all.
    let oldest = accounts.login("ann", PASSWORD.into(), &here(), at(0)).await.unwrap();
    let older = accounts.refresh(refresh_token(&oldest), at(100)).await.unwrap();
    let held = accounts.refresh(refresh_token(&older), at(200)).await.unwrap();
    ends(&accounts, refresh_token(&oldest), at(201)).await;
    ends(&accounts, refresh_token(&held), at(202)).await;
}

pub(crate) async fn the_former_refresh_token_has_a_moment_of_grace(place: Place) {
    let accounts = accounts(&place).await;
    let former = register(&accounts, "ann").await.unwrap();
    let held = accounts.refresh(refresh_token(&former), at(100)).await.unwrap();
    for now in [at(100), at(100 + GRACE_MS - 1)] {
        let graced = accounts.refresh(refresh_token(&former), now).await.unwrap();
        assert_eq!((graced.sid, graced.refresh_token), (held.sid, None));
        assert_eq!(graced.refresh_expires_at, held.refresh_expires_at);
        accounts.verify(&graced.access_token, now).await.unwrap();
    }
    accounts.refresh(refresh_token(&held), at(200)).await.unwrap();
}

pub(crate) async fn two_tabs_that_refresh_at_once_both_go_on(place: Place) {
    let accounts = accounts(&place).await;
    let other_edge = Accounts::start(place.again.clone(), config(), at(0)).await.unwrap();
    let mut held = register(&accounts, "ann").await.unwrap();
    for round in 1..20 {
        let now = at(round * 60_000);
        let shown = refresh_token(&held).to_owned();
        let (one, other) = tokio::join!(accounts.refresh(&shown, now), other_edge.refresh(&shown, now));
        let mut both = [one.unwrap(), other.unwrap()];
        both.sort_by_key(|tab| tab.refresh_token.is_none());
        let [winner, loser] = both;
        assert_eq!(loser.refresh_token, None, "one of the two");
        accounts.verify(&loser.access_token, now).await.unwrap();
        held = winner;
    }
}

pub(crate) async fn who_logs_out_is_out_on_that_device_alone(place: Place) {
    let accounts = accounts(&place).await;
    let one = register(&accounts, "ann").await.unwrap();
    let there = accounts.login("ann", PASSWORD.into(), &here(), at(0)).await.unwrap();
    let rotated = accounts.refresh(refresh_token(&one), at(100)).await.unwrap();
    let whose = caller(&accounts, &one, at(100)).await;
    accounts.logout(&whose, at(100)).await.unwrap();
    accounts.logout(&whose, at(100)).await.unwrap();
    ends(&accounts, refresh_token(&rotated), at(101)).await;
    ends(&accounts, refresh_token(&one), at(101)).await;
    accounts.refresh(refresh_token(&there), at(101)).await.unwrap();
}

pub(crate) async fn a_login_that_is_not_refreshed_ends(place: Place) {
    let accounts = accounts(&place).await;
    let idle = register(&accounts, "ann").await.unwrap();
    ends(&accounts, refresh_token(&idle), at(REFRESH_MS)).await;
    let refreshed = accounts
        .refresh(refresh_token(&idle), at(REFRESH_MS - 1))
        .await
        .unwrap();
    accounts
        .refresh(refresh_token(&refreshed), at(2 * REFRESH_MS - 2))
        .await
        .unwrap();
}

pub(crate) async fn what_is_no_refresh_token_is_refused(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let token = refresh_token(&ann);
    let unknown = format!("{}.{}", Uuid::new_v4(), "0".repeat(64));
    for bad in [
        "",
        ".",
        "a.b",
        &token[1..],
        &token[..token.len() - 1],
        &unknown,
        &ann.access_token,
    ] {
        ends(&accounts, bad, at(1)).await;
    }
    accounts.refresh(token, at(2)).await.expect("still good");
}

pub(crate) async fn who_is_disabled_gets_nothing_new(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    place.rows.disable(ann.person.id).await;
    let answer = accounts.refresh(refresh_token(&ann), at(1)).await;
    assert!(matches!(answer, Err(Error::Disabled)), "{answer:?}");
    let answer = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await;
    assert!(matches!(answer, Err(Error::Disabled)), "{answer:?}");
    let answer = accounts.login("ann", "a wrong one".into(), &here(), at(1)).await;
    assert!(
        matches!(answer, Err(Error::Credentials)),
        "told only to who knows the password: {answer:?}"
    );
}
