//! What access tokens and their keys must do over every store of people.

use crate::accounts_suite::{ACCESS_MS, PASSWORD, accounts, config, here, register};
use crate::people_suite::{Place, at};
use engine::domain::Timestamp;
use engine::people::Accounts;
use engine::people::accounts::Error;
use engine::people::token::{Refusal, make_key};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

const RELOAD_MS: i64 = 5_000;

async fn refused(accounts: &Accounts, access_token: &str, now: Timestamp) -> Refusal {
    match accounts.verify(access_token, now).await {
        Err(Error::Token(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
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
    let new = after.login("ann", PASSWORD.into(), &here(), at(30)).await.unwrap();
    assert_eq!(header(&new.access_token).kid, Some(newest.id.to_string()));
    after.verify(&old.access_token, at(30)).await.unwrap();
    after.verify(&new.access_token, at(30)).await.unwrap();
}

pub(crate) async fn an_unknown_key_is_looked_for_seldom(place: Place) {
    let accounts = accounts(&place).await;
    let known = register(&accounts, "ann").await.unwrap();
    place.rows.add_key(&make_key(at(1))).await;
    let newer = Accounts::start(place.people.clone(), config(), at(1)).await.unwrap();
    let unknown = newer.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
    let early = at(RELOAD_MS - 1);
    assert_eq!(
        refused(&accounts, &unknown.access_token, early).await,
        Refusal::UnknownKey
    );
    accounts.verify(&unknown.access_token, at(RELOAD_MS)).await.unwrap();
    // It counts from there.
    place.rows.add_key(&make_key(at(2))).await;
    let newest = Accounts::start(place.people.clone(), config(), at(2)).await.unwrap();
    let unknown = newest.login("ann", PASSWORD.into(), &here(), at(2)).await.unwrap();
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
    let ann = newer.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
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
