//! What people do with their own accounts, over every store.

use crate::accounts_suite::{PASSWORD, accounts, caller, config, ends, here, refresh_token, register};
use crate::people_suite::{Place, at};
use engine::domain::PersonName;
use engine::people::accounts::{Config, Error};
use engine::people::{Accounts, Device};
use uuid::Uuid;

pub(crate) const OTHER: &str = "battery staple";

pub(crate) async fn started(place: &Place, settings: Config) -> Accounts {
    Accounts::start(place.people.clone(), settings, at(0)).await.unwrap()
}

pub(crate) async fn a_new_name_is_in_a_new_token_of_the_same_login(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let name = PersonName::new("Änn").unwrap();
    let whose = caller(&accounts, &ann, at(1)).await;
    let renamed = accounts.rename(&whose, &name, at(1)).await.unwrap();
    assert_eq!((renamed.sid, &renamed.person.display_name), (ann.sid, &name));
    assert_eq!(renamed.refresh_token, None, "the one they hold goes on");
    assert_eq!(renamed.refresh_expires_at, ann.refresh_expires_at);
    assert_eq!(caller(&accounts, &renamed, at(1)).await.name, name);
    let refreshed = accounts.refresh(refresh_token(&ann), at(2)).await.unwrap();
    assert_eq!(refreshed.person.display_name, name);
    accounts.logout(&whose, at(3)).await.unwrap();
    let error = accounts.rename(&whose, &name, at(4)).await.unwrap_err();
    assert!(matches!(error, Error::LoginEnded), "{error}");
}

pub(crate) async fn a_changed_password_ends_every_other_login(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let elsewhere = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
    let whose = caller(&accounts, &ann, at(2)).await;
    let ended = accounts
        .change_password(&whose, PASSWORD.into(), OTHER.into(), at(2))
        .await
        .unwrap();
    assert_eq!(ended, [elsewhere.sid]);
    ends(&accounts, refresh_token(&elsewhere), at(3)).await;
    let refused = accounts.verify(&elsewhere.access_token, at(3)).await.unwrap_err();
    assert!(matches!(refused, Error::LoginEnded), "{refused}");
    accounts.verify(&ann.access_token, at(3)).await.unwrap();
    accounts.refresh(refresh_token(&ann), at(3)).await.unwrap();
    let old = accounts
        .login("ann", PASSWORD.into(), &here(), at(4))
        .await
        .unwrap_err();
    assert!(matches!(old, Error::Credentials), "{old}");
    accounts.login("ann", OTHER.into(), &here(), at(4)).await.unwrap();
}

/// Whoever signs in with the old password in the instant in which it is changed is out afterwards, too.
pub(crate) async fn no_login_by_the_old_password_outlives_it(place: Place) {
    let (accounts, other) = (accounts(&place).await, started(&place, config()).await);
    for round in 0..20 {
        let username = format!("ann{round}");
        let ann = register(&accounts, &username).await.unwrap();
        let whose = caller(&accounts, &ann, at(1)).await;
        let device = here();
        let (changed, signed_in, again) = tokio::join!(
            accounts.change_password(&whose, PASSWORD.into(), OTHER.into(), at(2)),
            other.login(&username, PASSWORD.into(), &device, at(2)),
            accounts.login(&username, PASSWORD.into(), &device, at(2)),
        );
        changed.unwrap();
        for answer in [signed_in, again] {
            assert!(matches!(answer, Ok(_) | Err(Error::Credentials)), "{answer:?}");
        }
        let left = accounts.logins(&whose, at(3)).await.unwrap();
        let left: Vec<Uuid> = left.iter().map(|login| login.id).collect();
        assert_eq!(left, [ann.sid], "round {round}");
    }
}

pub(crate) async fn a_password_is_changed_by_who_knows_it(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let whose = caller(&accounts, &ann, at(1)).await;
    let change = async |old: &str, new: &str| accounts.change_password(&whose, old.into(), new.into(), at(1)).await;
    let wrong = change(OTHER, OTHER).await.unwrap_err();
    assert!(matches!(wrong, Error::Password), "{wrong}");
    let huge = change(&"x".repeat(1_000), OTHER).await.unwrap_err();
    assert!(matches!(huge, Error::Password), "{huge}");
    let short = change(PASSWORD, "short").await.unwrap_err();
    assert!(matches!(short, Error::Invalid { field: "new", .. }), "{short}");
    let guest = accounts
        .guest(PersonName::new("Guest").unwrap(), &here(), at(1))
        .await
        .unwrap();
    let guest = caller(&accounts, &guest, at(1)).await;
    let none = accounts
        .change_password(&guest, String::new(), OTHER.into(), at(1))
        .await
        .unwrap_err();
    assert!(matches!(none, Error::NotHere(_)), "{none}");
    accounts
        .login("ann", PASSWORD.into(), &here(), at(2))
        .await
        .expect("unchanged");
}

pub(crate) async fn logins_are_listed_with_where_they_came_from(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let phone = Device::new("2001:db8::1".parse().ok(), Some("a phone"));
    let second = accounts.login("ann", PASSWORD.into(), &phone, at(10)).await.unwrap();
    accounts.refresh(refresh_token(&ann), at(20)).await.unwrap();
    register(&accounts, "bob").await.unwrap();
    let logins = accounts
        .logins(&caller(&accounts, &ann, at(30)).await, at(30))
        .await
        .unwrap();
    let seen: Vec<_> = logins
        .iter()
        .map(|login| {
            (
                login.id,
                login.created_at,
                login.rotated_at,
                login.expires_at,
                &login.device,
            )
        })
        .collect();
    let month = |millis: i64| at(millis + 30 * 24 * 60 * 60_000);
    assert_eq!(
        seen,
        [
            (ann.sid, at(0), at(20), month(20), &here()),
            (second.sid, at(10), at(10), month(10), &phone),
        ],
        "used last first"
    );
}

pub(crate) async fn a_person_ends_their_own_logins_alone(place: Place) {
    let accounts = accounts(&place).await;
    let (ann, bob) = (
        register(&accounts, "ann").await.unwrap(),
        register(&accounts, "bob").await.unwrap(),
    );
    let second = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
    let third = accounts.login("ann", PASSWORD.into(), &here(), at(2)).await.unwrap();
    let whose = caller(&accounts, &ann, at(3)).await;
    for foreign in [bob.sid, Uuid::new_v4()] {
        let error = accounts.end_login(&whose, foreign, at(3)).await.unwrap_err();
        assert!(matches!(error, Error::Nobody), "{error}");
    }
    accounts.end_login(&whose, second.sid, at(3)).await.unwrap();
    let again = accounts.end_login(&whose, second.sid, at(3)).await.unwrap_err();
    assert!(matches!(again, Error::Nobody), "{again}");
    assert!(accounts.verify(&second.access_token, at(4)).await.is_err());
    assert_eq!(accounts.end_other_logins(&whose, at(4)).await.unwrap(), [third.sid]);
    assert!(accounts.verify(&third.access_token, at(5)).await.is_err());
    for on in [&ann, &bob] {
        accounts.verify(&on.access_token, at(5)).await.unwrap();
        accounts.refresh(refresh_token(on), at(5)).await.unwrap();
    }
}

pub(crate) async fn one_person_has_a_bounded_number_of_logins(place: Place) {
    let accounts = started(
        &place,
        Config {
            logins_most: 3,
            ..config()
        },
    )
    .await;
    let mut held = vec![register(&accounts, "ann").await.unwrap()];
    for number in 1..5 {
        held.push(
            accounts
                .login("ann", PASSWORD.into(), &here(), at(number))
                .await
                .unwrap(),
        );
    }
    let listed = accounts
        .logins(&caller(&accounts, &held[4], at(10)).await, at(10))
        .await
        .unwrap();
    let listed: Vec<Uuid> = listed.iter().map(|login| login.id).collect();
    assert_eq!(listed, [held[4].sid, held[3].sid, held[2].sid]);
    ends(&accounts, refresh_token(&held[0]), at(11)).await;
    ends(&accounts, refresh_token(&held[1]), at(11)).await;
    accounts.refresh(refresh_token(&held[2]), at(11)).await.unwrap();
}

pub(crate) async fn who_is_deleted_is_gone_for_ever(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let whose = caller(&accounts, &ann, at(1)).await;
    for wrong in [None, Some(OTHER.to_owned())] {
        let error = accounts.delete(&whose, wrong, true, at(1)).await.unwrap_err();
        assert!(matches!(error, Error::Password), "{error}");
    }
    accounts
        .delete(&whose, Some(PASSWORD.into()), true, at(2))
        .await
        .unwrap();
    let refused = accounts.verify(&ann.access_token, at(3)).await.unwrap_err();
    assert!(matches!(refused, Error::Erased), "{refused}");
    ends(&accounts, refresh_token(&ann), at(3)).await;
    let login = accounts
        .login("ann", PASSWORD.into(), &here(), at(3))
        .await
        .unwrap_err();
    assert!(matches!(login, Error::Credentials), "{login}");
    assert_eq!(place.people.erased().await.unwrap(), [(ann.person.id, true)]);

    let guest = accounts
        .guest(PersonName::new("Guest").unwrap(), &here(), at(4))
        .await
        .unwrap();
    let whose = caller(&accounts, &guest, at(4)).await;
    accounts
        .delete(&whose, None, false, at(5))
        .await
        .expect("a guest has no password");
    let shown = accounts.person(guest.person.id).await.unwrap().unwrap();
    assert_eq!(shown.display_name.as_str(), "deleted user");
}

pub(crate) async fn a_username_is_never_given_twice(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let whose = caller(&accounts, &ann, at(1)).await;
    accounts
        .delete(&whose, Some(PASSWORD.into()), false, at(1))
        .await
        .unwrap();
    // The same name in full-width letters is the same name.
    for wanted in ["ann", "\u{ff41}\u{ff4e}\u{ff4e}"] {
        let error = register(&accounts, wanted).await.unwrap_err();
        assert!(matches!(error, Error::Taken), "{error}");
    }
}

pub(crate) async fn a_made_up_refresh_token_harms_nobody(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let bob = register(&accounts, "bob").await.unwrap();
    let (_, of_bob) = refresh_token(&bob).split_once('.').unwrap();
    let genuine = refresh_token(&ann);
    let flipped = if genuine.ends_with('0') { "1" } else { "0" };
    for made_up in [
        format!("{}.{}", ann.sid, "0".repeat(64)),
        format!("{}.{of_bob}", ann.sid),
        format!("{}{flipped}", &genuine[..genuine.len() - 1]),
    ] {
        let error = accounts.refresh(&made_up, at(20_000)).await.unwrap_err();
        assert!(matches!(error, Error::LoginEnded), "{error:?}");
    }
    let held = accounts.refresh(genuine, at(20_001)).await.expect("it goes on");
    // A genuine one that was used is still told from those.
    let reused = accounts.refresh(genuine, at(40_000)).await.unwrap_err();
    let (whose, which) = (ann.person.id, ann.sid);
    assert!(
        matches!(reused, Error::Reused { user_id, login } if (user_id, login) == (whose, which)),
        "{reused:?}"
    );
    ends(&accounts, refresh_token(&held), at(40_001)).await;
}

pub(crate) async fn logins_older_than_the_check_go_on(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    place.rows.run("UPDATE logins SET check_key = NULL").await;
    let made_up = format!("{}.{}", ann.sid, "0".repeat(64));
    ends(&accounts, &made_up, at(1)).await;
    let second = accounts.refresh(refresh_token(&ann), at(20_000)).await.unwrap();
    let third = accounts.refresh(refresh_token(&second), at(40_000)).await.unwrap();
    ends(&accounts, &made_up, at(40_001)).await;
    let held = accounts.refresh(refresh_token(&third), at(60_000)).await.unwrap();
    ends(&accounts, refresh_token(&second), at(60_001)).await;
    ends(&accounts, refresh_token(&held), at(60_002)).await;
}

pub(crate) async fn nothing_secret_is_shown_by_debug(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let login = place.people.login(ann.sid).await.unwrap().unwrap();
    let key = login
        .check_key
        .expect("a key")
        .0
        .map(|byte| byte.to_string())
        .join(", ");
    let shown = format!("{ann:?} {login:?}");
    for secret in [ann.access_token.as_str(), refresh_token(&ann), key.as_str()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains(&ann.sid.to_string()));
}
