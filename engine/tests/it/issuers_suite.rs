//! Tokens of outside issuers, over every store of people: who is let in, and who is not.

use crate::accounts_suite::config;
use crate::issuer::{Answer, Issuer, Key, keys};
use crate::people_suite::{Place, at};
use engine::domain::{Timestamp, UserId};
use engine::people::accounts::{Config, Error};
use engine::people::token::Refusal;
use engine::people::{Accounts, Caller, issuers};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use uuid::Uuid;

const RETRY_MS: i64 = 5_000;
const REFRESH_MS: i64 = 100_000;
const EXPIRE_MS: i64 = 1_000_000;

macro_rules! issuers_suite {
    ($open:path) => {
        crate::people_suite::over!($open, issuers_suite:
            people_from_outside_come_in,
            what_is_not_theirs_is_refused,
            an_unknown_key_is_asked_for_seldom,
            keys_that_are_no_longer_published_are_forgotten,
            an_issuer_that_is_away_is_relied_on_for_a_time,
            an_issuer_may_not_answer_anything,
            a_shared_secret_is_no_key,
        );
        crate::people_suite::over!($open, outsiders_suite:
            who_is_disabled_or_erased_is_refused_from_outside_too,
            with_the_store_away_who_was_seen_lately_goes_on,
            issuers_that_can_not_be_used_are_named,
        );
    };
}
pub(crate) use issuers_suite;

pub(crate) fn settings(issuer: &issuers::Issuer) -> Config {
    Config {
        issuers: vec![issuer.clone()],
        outside: issuers::Config {
            timeout_ms: 1_000,
            max_bytes: 10_000,
            max_keys: 4,
            retry_ms: RETRY_MS.unsigned_abs(),
            refresh_ms: REFRESH_MS.unsigned_abs(),
            expire_ms: EXPIRE_MS.unsigned_abs(),
            leeway_ms: 30_000,
        },
        ..config()
    }
}

pub(crate) async fn with(place: &Place, issuer: &issuers::Issuer) -> Accounts {
    Accounts::start(place.people.clone(), settings(issuer), at(0))
        .await
        .unwrap()
}

/// An issuer with one Ed25519 key, and accounts that rely on it.
pub(crate) async fn scene(place: &Place) -> (Issuer, Key, Accounts) {
    let issuer = Issuer::start("https://issuer.example").await;
    let key = Key::new("first", Algorithm::EdDSA, keys::ed25519());
    issuer.publishes(&[&key]);
    let accounts = with(place, &issuer.configured(&["EdDSA"])).await;
    (issuer, key, accounts)
}

pub(crate) fn token(issuer: &Issuer, key: &Key, now: Timestamp) -> String {
    key.sign(&issuer.claims("ann", now.as_millis()))
}

async fn refused(accounts: &Accounts, token: &str, now: Timestamp) -> Refusal {
    match accounts.verify(token, now).await {
        Err(Error::Token(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) async fn people_from_outside_come_in(place: Place) {
    let issuer = Issuer::start("https://issuer.example").await;
    let all = [
        Key::new("ed", Algorithm::EdDSA, keys::ed25519()),
        Key::new("ec", Algorithm::ES256, keys::p256()),
        Key::new("rsa", Algorithm::RS256, keys::rsa()),
    ];
    issuer.publishes(&all.each_ref());
    let accounts = with(&place, &issuer.configured(&["RS256", "ES256", "EdDSA"])).await;
    let id = UserId::outside("https://issuer.example", "ann");
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:roomlog");
    assert_eq!(
        id.uuid(),
        Uuid::new_v5(&namespace, b"issuer:https://issuer.example\nann")
    );
    for key in &all {
        let caller = accounts.verify(&token(&issuer, key, at(0)), at(0)).await.unwrap();
        let wanted = Caller {
            user_id: id,
            name: engine::text::person_name("ann").unwrap(),
            sid: None,
            expires_at: at(60_000),
        };
        assert_eq!(caller, wanted);
    }
    assert_eq!(issuer.asked(), 1, "its keys are kept");
    let person = place.again.person(id).await.unwrap().unwrap();
    assert_eq!((person.username, person.display_name.as_str()), (None, "ann"));

    // The issuer calls them otherwise by now.
    let mut claims = issuer.claims("ann", at(0).as_millis());
    claims["name"] = json!(" A\u{308}nn  ");
    let caller = accounts.verify(&all[0].sign(&claims), at(0)).await.unwrap();
    assert_eq!((caller.user_id, caller.name.as_str()), (id, "Änn"));
    let person = place.people.person(id).await.unwrap().unwrap();
    assert_eq!(person.display_name.as_str(), "Änn");
    // Tokens of our own are good beside.
    let own = accounts
        .guest(person.display_name, &crate::accounts_suite::here(), at(0))
        .await
        .unwrap();
    accounts.verify(&own.access_token, at(0)).await.unwrap();
}

/// Everything is as in a good token but one thing.
pub(crate) async fn what_is_not_theirs_is_refused(place: Place) {
    let issuer = Issuer::start("https://issuer.example").await;
    let key = Key::new("first", Algorithm::EdDSA, keys::ed25519());
    let rsa = Key::new("rsa", Algorithm::RS256, keys::rsa());
    issuer.publishes(&[&key, &rsa]);
    let accounts = with(&place, &issuer.configured(&["EdDSA", "RS256"])).await;
    let claims = issuer.claims("ann", at(0).as_millis());
    let honest = key.sign(&claims);
    accounts
        .verify(&honest, at(0))
        .await
        .expect("so the others are refused for what was changed");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        key.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        key.sign(&claims)
    };
    let (head, rest) = honest.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QifQ";
    let public = key.public()["x"].as_str().unwrap().to_owned();
    let secret = Key::new("first", Algorithm::HS256, EncodingKey::from_secret(public.as_bytes()));
    let stranger = Key::new("first", Algorithm::EdDSA, keys::ed25519());
    let unpinned = Key::new("rsa", Algorithm::RS384, keys::rsa());
    let seconds = at(0).as_millis() / 1_000;
    for (what, token) in [
        ("alg none", format!("{none}.{body}.")),
        ("alg none, signed", format!("{none}.{body}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
        ("HS256, the public key as its secret", secret.sign(&claims)),
        ("a stranger's key under a known kid", stranger.sign(&claims)),
        ("an algorithm that is not configured", unpinned.sign(&claims)),
        ("no kid", key.sign_with(|header| header.kid = None, &claims)),
        (
            "a header that must be understood",
            key.sign_with(|header| header.crit = Some(vec!["b64".into()]), &claims),
        ),
        ("another issuer", with("iss", json!("https://issuer.example/"))),
        ("our own name", with("iss", json!("roomlog"))),
        ("no issuer", without("iss")),
        ("another audience", with("aud", json!("others"))),
        ("no audience", without("aud")),
        ("no end", without("exp")),
        ("an end that is no number", with("exp", json!("tomorrow"))),
        ("an end beyond all time", with("exp", json!(i64::MAX))),
        ("not yet good", with("nbf", json!(seconds + 31))),
        ("nobody", without("sub")),
        ("an empty subject", with("sub", json!(""))),
        ("a subject that is a number", with("sub", json!(7))),
        ("an endless subject", with("sub", json!("x".repeat(256)))),
        ("no name", without("name")),
        ("a name out of bounds", with("name", json!("\u{7}"))),
    ] {
        assert_eq!(refused(&accounts, &token, at(0)).await, Refusal::Invalid, "{what}");
    }
    for (what, token) in [
        (
            "a kid that nobody knows",
            key.sign_with(|header| header.kid = Some("other".into()), &claims),
        ),
        (
            "a kid of another kind of key",
            key.sign_with(|header| header.kid = Some("rsa".into()), &claims),
        ),
    ] {
        assert_eq!(refused(&accounts, &token, at(0)).await, Refusal::UnknownKey, "{what}");
    }
    for expired in [json!(seconds), json!(seconds - 1), json!(0), json!(1.5)] {
        assert_eq!(refused(&accounts, &with("exp", expired), at(0)).await, Refusal::Expired);
    }
    accounts
        .verify(&with("nbf", json!(seconds + 30)), at(0))
        .await
        .expect("clocks differ a little");
    assert_eq!(issuer.asked(), 1, "none of them made it ask again");
}

pub(crate) async fn an_unknown_key_is_asked_for_seldom(place: Place) {
    let (issuer, first, accounts) = scene(&place).await;
    accounts.verify(&token(&issuer, &first, at(0)), at(0)).await.unwrap();
    let second = Key::new("second", Algorithm::EdDSA, keys::ed25519());
    issuer.publishes(&[&first, &second]);
    let new = token(&issuer, &second, at(0));
    for _ in 0..3 {
        assert_eq!(refused(&accounts, &new, at(RETRY_MS - 1)).await, Refusal::UnknownKey);
    }
    assert_eq!(issuer.asked(), 1);
    let (one, two, three) = tokio::join!(
        accounts.verify(&new, at(RETRY_MS)),
        accounts.verify(&new, at(RETRY_MS)),
        accounts.verify(&new, at(RETRY_MS)),
    );
    for caller in [one, two, three] {
        caller.expect("all who meet it wait for it");
    }
    assert_eq!(issuer.asked(), 2);
    accounts
        .verify(&token(&issuer, &first, at(0)), at(RETRY_MS))
        .await
        .expect("both are good");
}

pub(crate) async fn keys_that_are_no_longer_published_are_forgotten(place: Place) {
    let (issuer, first, accounts) = scene(&place).await;
    accounts.verify(&token(&issuer, &first, at(0)), at(0)).await.unwrap();
    let second = Key::new("second", Algorithm::EdDSA, keys::ed25519());
    issuer.publishes(&[&second]);
    let now = at(REFRESH_MS);
    accounts
        .verify(&token(&issuer, &first, at(REFRESH_MS - 1)), at(REFRESH_MS - 1))
        .await
        .unwrap();
    assert_eq!(issuer.asked(), 1);
    // The first who comes after its time has it asked for again.
    accounts.verify(&token(&issuer, &first, now), now).await.unwrap();
    assert_eq!(issuer.asked(), 2);
    assert_eq!(
        refused(&accounts, &token(&issuer, &first, now), now).await,
        Refusal::UnknownKey
    );
    accounts.verify(&token(&issuer, &second, now), now).await.unwrap();
}

pub(crate) async fn an_issuer_that_is_away_is_relied_on_for_a_time(place: Place) {
    let (issuer, key, accounts) = scene(&place).await;
    accounts.verify(&token(&issuer, &key, at(0)), at(0)).await.unwrap();
    issuer.answers(Answer::Other("503 Service Unavailable", String::new()));
    for now in [at(REFRESH_MS), at(EXPIRE_MS - 1)] {
        accounts
            .verify(&token(&issuer, &key, now), now)
            .await
            .expect("the old keys are good");
    }
    assert_eq!(issuer.asked(), 3, "it was asked each time");
    let now = at(EXPIRE_MS);
    let error = accounts.verify(&token(&issuer, &key, now), now).await.unwrap_err();
    assert!(matches!(error, Error::IssuerAway) && error.retryable(), "{error}");
    issuer.publishes(&[&key]);
    let now = at(EXPIRE_MS + RETRY_MS);
    accounts
        .verify(&token(&issuer, &key, now), now)
        .await
        .expect("it is back");
}

pub(crate) async fn an_issuer_may_not_answer_anything(place: Place) {
    let (issuer, key, accounts) = scene(&place).await;
    let many: Vec<Value> = (0..5)
        .map(|number| Key::new(&number.to_string(), Algorithm::EdDSA, keys::ed25519()).public())
        .collect();
    let published = json!({ "keys": [key.public()] }).to_string();
    let mut now = 0;
    for answer in [
        Answer::Silence,
        Answer::Endless,
        Answer::Other("200 OK", format!("{published}{}", " ".repeat(10_000))),
        Answer::Other("200 OK", "<html>".to_owned()),
        Answer::Other("200 OK", "{}".to_owned()),
        Answer::Other("404 Not Found", published.clone()),
        Answer::Other("302 Found\r\nlocation: /keys", published.clone()),
        Answer::Keys(many),
    ] {
        now += RETRY_MS;
        issuer.answers(answer.clone());
        let answered = accounts.verify(&token(&issuer, &key, at(now)), at(now)).await;
        assert!(matches!(answered, Err(Error::IssuerAway)), "{answer:?}: {answered:?}");
    }
    issuer.answers(Answer::Other("200 OK", published));
    now += RETRY_MS;
    accounts.verify(&token(&issuer, &key, at(now)), at(now)).await.unwrap();
}

/// Keys of other kinds may be published; none of them is used for what it is not for.
pub(crate) async fn a_shared_secret_is_no_key(place: Place) {
    let (issuer, key, accounts) = scene(&place).await;
    let secret = Key::new(
        "secret",
        Algorithm::HS256,
        EncodingKey::from_secret(b"known to everybody"),
    );
    let mut for_encryption = Key::new("first", Algorithm::EdDSA, keys::ed25519()).public();
    for_encryption["use"] = json!("enc");
    let mut no_kid = key.public();
    no_kid.as_object_mut().unwrap().remove("kid");
    let future = json!({ "kty": "FUTURE", "kid": "first", "x": 1 });
    issuer.answers(Answer::Keys(vec![
        secret.public(),
        for_encryption,
        no_kid,
        future,
        key.public(),
    ]));
    let claims = issuer.claims("ann", at(0).as_millis());
    assert_eq!(refused(&accounts, &secret.sign(&claims), at(0)).await, Refusal::Invalid);
    accounts
        .verify(&key.sign(&claims), at(0))
        .await
        .expect("the others do no harm");
}
