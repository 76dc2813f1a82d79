//! What accounts must do over every store of people. Time is a value: each call says when it is.

use crate::people_suite::{Place, at};
use engine::domain::{PersonName, Timestamp};
use engine::people::accounts::{Config, Error, SignedIn};
use engine::people::token::{Refusal, make_key};
use engine::people::{Accounts, password};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse";
const GRACE_MS: i64 = 10_000;
const RELOAD_MS: i64 = 5_000;
const ACCESS_MS: i64 = 15 * 60_000;
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
            an_access_token_ends_when_it_says,
            who_is_disabled_gets_nothing_new,
            two_starters_use_one_key,
            the_newest_key_signs_and_all_verify,
            an_unknown_key_is_looked_for_seldom,
            all_who_meet_a_new_key_at_once_wait_for_it,
            forged_tokens_are_refused,
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

async fn accounts(place: &Place) -> Accounts {
    Accounts::start(place.people.clone(), config(), at(0)).await.unwrap()
}

async fn register(accounts: &Accounts, username: &str) -> Result<SignedIn, Error> {
    accounts.register(username, PASSWORD.into(), None, at(0)).await
}

fn refresh_token(signed_in: &SignedIn) -> &str {
    signed_in.refresh_token.as_deref().expect("a refresh token")
}

async fn ends(accounts: &Accounts, refresh_token: &str, now: Timestamp) {
    let answer = accounts.refresh(refresh_token, now).await;
    assert!(matches!(answer, Err(Error::LoginEnded)), "{answer:?}");
}

async fn refused(accounts: &Accounts, access_token: &str, now: Timestamp) -> Refusal {
    match accounts.verify(access_token, now).await {
        Err(Error::Token(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) async fn who_registers_is_signed_in(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    assert_eq!(ann.person.username.as_ref().unwrap().as_str(), "ann");
    assert_eq!(ann.person.display_name.as_str(), "ann");
    let caller = accounts.verify(&ann.access_token, at(0)).await.unwrap();
    assert_eq!(
        (caller.user_id, caller.name.as_str(), caller.sid, caller.expires_at),
        (ann.person.id, "ann", ann.sid, ann.expires_at),
        "the token says what its bearer was told"
    );
    assert_eq!(accounts.person(ann.person.id).await.unwrap(), Some(ann.person));
    let name = PersonName::new("Bob Ö.").unwrap();
    // Not on a whole second, the finest that a token can tell.
    let bob = accounts
        .register("bob", PASSWORD.into(), Some(name.clone()), at(999))
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
    let ann = accounts.login("ann", PASSWORD.into(), at(0)).await.unwrap();
    assert_eq!(ann.person, winner.unwrap().person);
}

pub(crate) async fn passwords_have_bounds(place: Place) {
    let accounts = accounts(&place).await;
    let (longest, too_long) = ("x".repeat(256), "x".repeat(257));
    let eight = "ö🦀öööööö";
    for (username, good) in [("short", eight), ("long", &longest)] {
        accounts.register(username, good.into(), None, at(0)).await.unwrap();
        accounts.login(username, good.into(), at(0)).await.unwrap();
    }
    for bad in ["", "ööööööö", &too_long] {
        let error = accounts.register("ann", bad.into(), None, at(0)).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { field: "password", .. }), "{error}");
        assert!(
            bad.is_empty() || !error.to_string().contains(bad),
            "never told: {error}"
        );
    }
    let error = accounts.login("long", too_long, at(0)).await.unwrap_err();
    assert!(matches!(error, Error::Credentials), "{error}");
}

pub(crate) async fn a_login_is_one_device(place: Place) {
    let accounts = accounts(&place).await;
    let first = register(&accounts, "ann").await.unwrap();
    let second = accounts.login("ann", PASSWORD.into(), at(10)).await.unwrap();
    assert_eq!(second.person, first.person);
    assert_ne!(second.sid, first.sid);
    accounts.refresh(refresh_token(&first), at(20)).await.unwrap();
    accounts.refresh(refresh_token(&second), at(20)).await.unwrap();
}

pub(crate) async fn a_wrong_password_and_an_unknown_person_look_alike(place: Place) {
    let accounts = accounts(&place).await;
    register(&accounts, "ann").await.unwrap();
    let guest = accounts.guest(PersonName::new("guest").unwrap(), at(0)).await.unwrap();
    assert_eq!(guest.person.username, None);
    let mut said = Vec::new();
    for (username, password) in [
        ("ann", "correct house"),
        ("ann", ""),
        ("nobody", PASSWORD),
        ("guest", PASSWORD),
        ("No Username", PASSWORD),
    ] {
        let error = accounts.login(username, password.into(), at(0)).await.unwrap_err();
        said.push(format!("{error:?} {error} {}", error.retryable()));
    }
    assert!(said.iter().all(|words| *words == said[0]), "{said:?}");
    assert!(said[0].starts_with("Credentials"), "{said:?}");
}

pub(crate) async fn guests_come_in_where_they_may(place: Place) {
    let name = || PersonName::new("Guest").unwrap();
    let open = accounts(&place).await;
    let guest = open.guest(name(), at(0)).await.unwrap();
    let caller = open.verify(&guest.access_token, at(0)).await.unwrap();
    assert_eq!((caller.user_id, caller.name), (guest.person.id, name()));
    open.guest(name(), at(0)).await.expect("names of guests may repeat");

    let settings = Config {
        guests: false,
        ..config()
    };
    let closed = Accounts::start(place.people.clone(), settings, at(0)).await.unwrap();
    let error = closed.guest(name(), at(0)).await.unwrap_err();
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
    let oldest = accounts.login("ann", PASSWORD.into(), at(0)).await.unwrap();
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
    let here = register(&accounts, "ann").await.unwrap();
    let there = accounts.login("ann", PASSWORD.into(), at(0)).await.unwrap();
    let rotated = accounts.refresh(refresh_token(&here), at(100)).await.unwrap();
    accounts.logout(here.sid).await.unwrap();
    accounts.logout(here.sid).await.unwrap();
    accounts.logout(Uuid::new_v4()).await.unwrap();
    ends(&accounts, refresh_token(&rotated), at(101)).await;
    ends(&accounts, refresh_token(&here), at(101)).await;
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

pub(crate) async fn an_access_token_ends_when_it_says(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    assert_eq!(ann.expires_at, at(ACCESS_MS));
    accounts.verify(&ann.access_token, at(ACCESS_MS - 1)).await.unwrap();
    assert_eq!(
        refused(&accounts, &ann.access_token, at(ACCESS_MS)).await,
        Refusal::Expired
    );
}

pub(crate) async fn who_is_disabled_gets_nothing_new(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    place.rows.disable(ann.person.id).await;
    let answer = accounts.refresh(refresh_token(&ann), at(1)).await;
    assert!(matches!(answer, Err(Error::Disabled)), "{answer:?}");
    let answer = accounts.login("ann", PASSWORD.into(), at(1)).await;
    assert!(matches!(answer, Err(Error::Disabled)), "{answer:?}");
    let answer = accounts.login("ann", "a wrong one".into(), at(1)).await;
    assert!(
        matches!(answer, Err(Error::Credentials)),
        "told only to who knows the password: {answer:?}"
    );
}

pub(crate) async fn two_starters_use_one_key(place: Place) {
    let (one, other) = tokio::join!(
        Accounts::start(place.people.clone(), config(), at(0)),
        Accounts::start(place.again.clone(), config(), at(0)),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    let ann = register(&one, "ann").await.unwrap();
    let bob = register(&other, "bob").await.unwrap();
    // At the instant of the start, when no keys are read again.
    other.verify(&ann.access_token, at(0)).await.unwrap();
    one.verify(&bob.access_token, at(0)).await.unwrap();
}

/// The header of a token, as JSON.
fn header(token: &str) -> Header {
    jsonwebtoken::decode_header(token).unwrap()
}

pub(crate) async fn the_newest_key_signs_and_all_verify(place: Place) {
    let before = accounts(&place).await;
    let old = register(&before, "ann").await.unwrap();
    let (newest, middle) = (make_key(at(20)), make_key(at(10)));
    for key in [&newest, &middle] {
        place.rows.add_key(key).await;
    }
    let after = accounts(&place).await;
    let new = after.login("ann", PASSWORD.into(), at(30)).await.unwrap();
    assert_eq!(header(&new.access_token).kid, Some(newest.id.to_string()));
    after.verify(&old.access_token, at(30)).await.unwrap();
    after.verify(&new.access_token, at(30)).await.unwrap();
}

pub(crate) async fn an_unknown_key_is_looked_for_seldom(place: Place) {
    let accounts = accounts(&place).await;
    let known = register(&accounts, "ann").await.unwrap();
    place.rows.add_key(&make_key(at(1))).await;
    let newer = Accounts::start(place.people.clone(), config(), at(1)).await.unwrap();
    let unknown = newer.login("ann", PASSWORD.into(), at(1)).await.unwrap();
    let early = at(RELOAD_MS - 1);
    assert_eq!(
        refused(&accounts, &unknown.access_token, early).await,
        Refusal::UnknownKey
    );
    accounts.verify(&unknown.access_token, at(RELOAD_MS)).await.unwrap();
    // It counts from there.
    place.rows.add_key(&make_key(at(2))).await;
    let newest = Accounts::start(place.people.clone(), config(), at(2)).await.unwrap();
    let unknown = newest.login("ann", PASSWORD.into(), at(2)).await.unwrap();
    let early = at(2 * RELOAD_MS - 1);
    assert_eq!(
        refused(&accounts, &unknown.access_token, early).await,
        Refusal::UnknownKey
    );
    accounts.verify(&known.access_token, early).await.unwrap();
    accounts.verify(&unknown.access_token, at(2 * RELOAD_MS)).await.unwrap();
}

pub(crate) async fn all_who_meet_a_new_key_at_once_wait_for_it(place: Place) {
    let accounts = accounts(&place).await;
    register(&accounts, "ann").await.unwrap();
    place.rows.add_key(&make_key(at(1))).await;
    let newer = Accounts::start(place.people.clone(), config(), at(1)).await.unwrap();
    let ann = newer.login("ann", PASSWORD.into(), at(1)).await.unwrap();
    let now = at(RELOAD_MS);
    let (one, two, three) = tokio::join!(
        accounts.verify(&ann.access_token, now),
        accounts.verify(&ann.access_token, now),
        accounts.verify(&ann.access_token, now),
    );
    for caller in [one, two, three] {
        assert_eq!(caller.unwrap().user_id, ann.person.id);
    }
}

/// RFC 4648 §5, without padding.
fn base64_url(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bytes = [0, 1, 2].map(|index| u32::from(chunk.get(index).copied().unwrap_or(0)));
        let bits = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
        for index in 0..=chunk.len() {
            let letter = bits >> (18 - 6 * index) & 63;
            encoded.push(char::from(LETTERS[usize::try_from(letter).unwrap()]));
        }
    }
    encoded
}

/// What a token of ours says, but for what `change` makes of it, signed with `key` under `kid`.
fn signed(key: &EncodingKey, algorithm: Algorithm, kid: Option<String>, claims: &Value) -> String {
    let header = Header {
        kid,
        ..Header::new(algorithm)
    };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

pub(crate) async fn forged_tokens_are_refused(place: Place) {
    let accounts = accounts(&place).await;
    let key = make_key(at(1));
    place.rows.add_key(&key).await;
    let accounts = {
        drop(accounts);
        Accounts::start(place.people.clone(), config(), at(1)).await.unwrap()
    };
    let ann = register(&accounts, "ann").await.unwrap();
    let (kid, ours) = (Some(key.id.to_string()), EncodingKey::from_ed_der(&key.pkcs8));
    let seconds = at(0).as_millis() / 1_000;
    let claims = json!({
        "sub": ann.person.id, "name": "ann", "sid": ann.sid, "iss": "roomlog", "aud": "roomlog",
        "iat": seconds, "exp": seconds + 60,
    });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(&ours, Algorithm::EdDSA, kid.clone(), &claims)
    };
    let honest = signed(&ours, Algorithm::EdDSA, kid.clone(), &claims);
    accounts
        .verify(&honest, at(1))
        .await
        .expect("so the others are refused for what was changed");

    let (_, rest) = honest.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let head = honest.split('.').next().unwrap();
    let none = base64_url(&json!({ "alg": "none", "typ": "JWT", "kid": kid }).to_string());
    let hmac = base64_url(&json!({ "alg": "HS256", "typ": "JWT", "kid": kid }).to_string());
    let mut other_claims = claims.clone();
    other_claims["sub"] = json!(Uuid::new_v4());
    let other_body = base64_url(&other_claims.to_string());
    let stranger = EncodingKey::from_ed_der(&make_key(at(1)).pkcs8);
    let secret = EncodingKey::from_secret(&key.pkcs8);
    for (what, token) in [
        ("empty", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("two parts", format!("{head}.{body}")),
        ("no signature", format!("{head}.{body}.")),
        ("alg none", format!("{none}.{body}.")),
        ("alg none, signed", format!("{none}.{body}.{signature}")),
        ("alg HS256, our signature", format!("{hmac}.{body}.{signature}")),
        (
            "alg HS256, our key as its secret",
            signed(&secret, Algorithm::HS256, kid.clone(), &claims),
        ),
        (
            "another's words under our signature",
            format!("{head}.{other_body}.{signature}"),
        ),
        (
            "a stranger's key under our kid",
            signed(&stranger, Algorithm::EdDSA, kid.clone(), &claims),
        ),
        ("no kid", signed(&ours, Algorithm::EdDSA, None, &claims)),
        (
            "a kid that is none",
            signed(&ours, Algorithm::EdDSA, Some("../key".into()), &claims),
        ),
        ("another issuer", with("iss", json!("elsewhere"))),
        ("another audience", with("aud", json!("elsewhere"))),
        ("no person", with("sub", json!("nobody"))),
        ("no end", with("exp", Value::Null)),
        ("an end beyond all time", with("exp", json!(i64::MAX))),
        ("a name out of bounds", with("name", json!(""))),
    ] {
        assert_eq!(refused(&accounts, &token, at(1)).await, Refusal::Invalid, "{what}");
    }
    let foreign = signed(&stranger, Algorithm::EdDSA, Some(Uuid::new_v4().to_string()), &claims);
    let refusal = refused(&accounts, &foreign, at(1 + RELOAD_MS)).await;
    assert_eq!(refusal, Refusal::UnknownKey, "also after looking for it");
    let expired = refused(&accounts, &with("exp", json!(seconds - 1)), at(1)).await;
    assert_eq!(expired, Refusal::Expired);
}
