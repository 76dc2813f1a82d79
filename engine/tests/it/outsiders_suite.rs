//! People from outside and the store of people; and which issuers can't be used at all.

use crate::issuer::Issuer;
use crate::issuers_suite::{scene, settings, token, with};
use crate::people_suite::{Place, at};
use engine::domain::UserId;
use engine::people::accounts::Error;
use engine::people::{Accounts, issuers};
use serde_json::json;
use uuid::Uuid;

pub(crate) async fn who_is_disabled_or_erased_is_refused_from_outside_too(place: Place) {
    let (issuer, key, accounts) = scene(&place).await;
    let (ann, admin) = (UserId::outside(&issuer.name, "ann"), UserId::new(Uuid::from_u128(1)));
    let token = token(&issuer, &key, at(0));
    let caller = accounts.verify(&token, at(0)).await.unwrap();
    for error in [
        accounts.logout(&caller, at(0)).await.map(drop).unwrap_err(),
        accounts
            .rename(&caller, &caller.name, at(0))
            .await
            .map(drop)
            .unwrap_err(),
        accounts
            .change_password(&caller, String::new(), "long enough".into(), at(0))
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::NotHere(_)), "{error}");
    }
    assert_eq!(accounts.logins(&caller, at(0)).await.unwrap(), []);
    accounts.disable(admin, ann, at(1)).await.unwrap();
    assert!(matches!(accounts.verify(&token, at(2)).await, Err(Error::Disabled)));
    // An edge that begins now knows it from the store.
    let other = with(&place, &issuer.configured(&["EdDSA"])).await;
    assert!(matches!(other.verify(&token, at(2)).await, Err(Error::Disabled)));
    accounts.enable(admin, ann, at(3)).await.unwrap();
    accounts.verify(&token, at(4)).await.unwrap();
    accounts.delete(&caller, None, true, at(5)).await.unwrap();
    assert!(accounts.verify(&token, at(6)).await.is_err());
    let fresh = key.sign(&issuer.claims("ann", at(7_200_000).as_millis()));
    let other = with(&place, &issuer.configured(&["EdDSA"])).await;
    assert!(
        matches!(other.verify(&fresh, at(7_200_000)).await, Err(Error::Disabled)),
        "for ever"
    );
    assert_eq!(
        place.people.person(ann).await.unwrap().unwrap().display_name.as_str(),
        "deleted user"
    );
}

pub(crate) async fn with_the_store_away_who_was_seen_lately_goes_on(place: Place) {
    let (issuer, key, accounts) = scene(&place).await;
    accounts.verify(&token(&issuer, &key, at(0)), at(0)).await.unwrap();
    place.rows.run("ALTER TABLE users RENAME TO gone").await;
    accounts
        .verify(&token(&issuer, &key, at(0)), at(1_000))
        .await
        .expect("no question is asked");
    let later = at(2 * 60_000);
    accounts
        .verify(&token(&issuer, &key, later), later)
        .await
        .expect("the last that was known is in force");
    let stranger = key.sign(&issuer.claims("bob", at(0).as_millis()));
    let error = accounts.verify(&stranger, at(0)).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error}");
}

pub(crate) async fn issuers_that_can_not_be_used_are_named(place: Place) {
    let issuer = Issuer::start("https://issuer.example").await;
    let good = issuer.configured(&["EdDSA"]);
    let change = |change: fn(&mut issuers::Issuer)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    for bad in [
        change(|issuer| issuer.jwks_url = "http://issuer.example/keys".into()),
        change(|issuer| issuer.jwks_url = "file:///etc/passwd".into()),
        change(|issuer| issuer.jwks_url = "nonsense".into()),
        change(|issuer| issuer.algorithms.clear()),
        change(|issuer| issuer.audience.clear()),
        change(|issuer| issuer.issuer = "roomlog".into()),
        change(|issuer| issuer.issuer = "two\nlines".into()),
    ] {
        let answer = Accounts::start(place.people.clone(), settings(&bad), at(0)).await;
        let error = answer.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("people.issuers"), "{bad:?}: {error}");
    }
    issuers::check(std::slice::from_ref(&good), "roomlog").unwrap();
    assert!(
        issuers::check(&[good.clone(), good], "roomlog").is_err(),
        "twice the same"
    );
    let shared = serde_json::from_value::<issuers::Algorithm>(json!("HS256"));
    assert!(shared.is_err(), "there is no such value");
}
