//! What admins do, and what becomes of tokens of those who have ended, over every store.

use crate::accounts_suite::{ACCESS_MS, PASSWORD, accounts, caller, config, here, refresh_token, register};
use crate::people_suite::{Place, at};
use engine::domain::{RoomId, UserId};
use engine::people::accounts::{Error, Made};
use engine::people::ended::{News, Why};
use engine::people::{Accounts, Act, ActFilter, Listing, Username, UsernamePrefix};
use serde_json::json;
use uuid::Uuid;

async fn other_edge(place: &Place) -> Accounts {
    Accounts::start(place.again.clone(), config(), at(0)).await.unwrap()
}

pub(crate) async fn an_access_token_ends_with_its_login(place: Place) {
    let (accounts, other) = (accounts(&place).await, other_edge(&place).await);
    let ann = register(&accounts, "ann").await.unwrap();
    let second = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
    accounts
        .logout(&caller(&accounts, &ann, at(2)).await, at(2))
        .await
        .unwrap();
    let refused = accounts.verify(&ann.access_token, at(3)).await.unwrap_err();
    assert!(matches!(refused, Error::LoginEnded), "{refused}");
    accounts.verify(&second.access_token, at(3)).await.unwrap();
    other
        .verify(&ann.access_token, at(3))
        .await
        .expect("it was not told yet");
    other.logins_ended(&[ann.sid], at(4));
    assert!(other.verify(&ann.access_token, at(5)).await.is_err());
    other.verify(&second.access_token, at(5)).await.unwrap();
}

pub(crate) async fn a_disabled_person_is_refused_until_enabled(place: Place) {
    let (accounts, other) = (accounts(&place).await, other_edge(&place).await);
    let ann = register(&accounts, "ann").await.unwrap();
    let admin = UserId::new(Uuid::from_u128(1));
    accounts.disable(admin, ann.person.id, at(1)).await.unwrap();
    accounts
        .disable(admin, ann.person.id, at(1))
        .await
        .expect("so it is already");
    let refused = accounts.verify(&ann.access_token, at(2)).await.unwrap_err();
    assert!(matches!(refused, Error::Disabled), "{refused}");
    let refused = accounts.refresh(refresh_token(&ann), at(2)).await.unwrap_err();
    assert!(matches!(refused, Error::Disabled), "{refused}");
    let login = accounts
        .login("ann", PASSWORD.into(), &here(), at(2))
        .await
        .unwrap_err();
    assert!(matches!(login, Error::Disabled), "{login}");
    other.person_stands(ann.person.id, Some(Why::Disabled), at(1), at(2));
    assert!(other.verify(&ann.access_token, at(2)).await.is_err());

    accounts.enable(admin, ann.person.id, at(3)).await.unwrap();
    other.person_stands(ann.person.id, None, at(3), at(4));
    accounts.person_stands(ann.person.id, Some(Why::Disabled), at(1), at(4));
    for edge in [&accounts, &other] {
        edge.verify(&ann.access_token, at(4)).await.unwrap();
    }
    accounts.refresh(refresh_token(&ann), at(4)).await.unwrap();
    let nobody = accounts
        .disable(admin, UserId::new(Uuid::from_u128(2)), at(5))
        .await
        .unwrap_err();
    assert!(matches!(nobody, Error::Nobody), "{nobody}");
    let oneself = accounts.disable(ann.person.id, ann.person.id, at(5)).await.unwrap_err();
    assert!(matches!(oneself, Error::Conflict(_)), "{oneself}");
    let whose = caller(&accounts, &ann, at(5)).await;
    accounts
        .delete(&whose, Some(PASSWORD.into()), false, at(6))
        .await
        .unwrap();
    let deleted = accounts.enable(admin, ann.person.id, at(7)).await.unwrap_err();
    assert!(matches!(deleted, Error::Conflict(_)), "{deleted}");
}

pub(crate) async fn other_edges_look_for_what_has_ended(place: Place) {
    let (accounts, other) = (accounts(&place).await, other_edge(&place).await);
    let ann = register(&accounts, "ann").await.unwrap();
    let bob = register(&accounts, "bob").await.unwrap();
    let carl = register(&accounts, "carl").await.unwrap();
    assert_eq!(other.look_for_ended(at(1)).await.unwrap(), []);
    accounts
        .logout(&caller(&accounts, &ann, at(2)).await, at(2))
        .await
        .unwrap();
    accounts
        .disable(UserId::new(Uuid::from_u128(1)), bob.person.id, at(2))
        .await
        .unwrap();
    let whose = caller(&accounts, &carl, at(2)).await;
    accounts
        .delete(&whose, Some(PASSWORD.into()), false, at(2))
        .await
        .unwrap();
    let news = other.look_for_ended(at(3)).await.unwrap();
    for told in [
        News::Logins {
            user_id: ann.person.id,
            logins: vec![ann.sid],
        },
        News::Person {
            user_id: bob.person.id,
            why: Why::Disabled,
        },
        News::Person {
            user_id: carl.person.id,
            why: Why::Erased,
        },
    ] {
        assert!(news.contains(&told), "{told:?} is not in {news:?}");
    }
    for ended in [&ann, &bob, &carl] {
        assert!(other.verify(&ended.access_token, at(4)).await.is_err());
    }
    let again = other.look_for_ended(at(5)).await.unwrap();
    assert_eq!(again, [], "told once");
    // A login that was over when the last of its tokens expired is forgotten.
    assert_eq!(other.look_for_ended(at(2 * ACCESS_MS)).await.unwrap(), []);
    assert!(!other.sweep(at(2)).await.unwrap());
    assert!(place.people.login(ann.sid).await.unwrap().is_some());
    other.sweep(at(2 * 24 * 60 * 60_000)).await.unwrap();
    assert_eq!(place.people.login(ann.sid).await.unwrap(), None, "swept");
    assert!(place.people.login(bob.sid).await.unwrap().is_some(), "it goes on");
}

pub(crate) async fn with_the_store_away_the_last_that_was_known_is_in_force(place: Place) {
    let (accounts, other) = (accounts(&place).await, other_edge(&place).await);
    let ann = register(&accounts, "ann").await.unwrap();
    let second = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
    accounts
        .logout(&caller(&accounts, &ann, at(2)).await, at(2))
        .await
        .unwrap();
    other.look_for_ended(at(3)).await.unwrap();
    place.rows.run("ALTER TABLE logins RENAME TO gone").await;
    assert!(other.look_for_ended(at(4)).await.is_err());
    assert!(other.verify(&ann.access_token, at(5)).await.is_err());
    other.verify(&second.access_token, at(5)).await.unwrap();
}

pub(crate) async fn a_room_is_closed_once_with_its_act(place: Place) {
    let accounts = accounts(&place).await;
    let (admin, room, other) = (
        UserId::new(Uuid::from_u128(1)),
        RoomId::general(),
        RoomId::new(Uuid::from_u128(2)),
    );
    assert_eq!(place.people.closed_rooms().await.unwrap(), []);
    assert!(accounts.close_room(admin, room, at(1)).await.unwrap());
    assert!(
        !accounts.close_room(admin, room, at(2)).await.unwrap(),
        "so it is already"
    );
    assert!(accounts.close_room(admin, other, at(3)).await.unwrap());
    let mut closed = place.again.closed_rooms().await.unwrap();
    closed.sort_unstable();
    assert_eq!(closed, [other, room]);
    let acts = accounts.acts(&ActFilter::default(), None, 10).await.unwrap();
    let kept: Vec<_> = acts
        .iter()
        .map(|act| (act.action.as_str(), act.actor_id, act.target_id, act.at))
        .collect();
    let act = |room: RoomId, millis| ("room.delete", admin, Some(room.uuid()), at(millis));
    assert_eq!(kept, [act(other, 3), act(room, 1)]);
}

pub(crate) async fn every_act_of_an_admin_is_kept(place: Place) {
    let accounts = accounts(&place).await;
    let made = accounts.create_admin("root", PASSWORD.into(), at(0)).await.unwrap();
    assert_eq!(made, Made::New(Username::new("root").unwrap()));
    let root = accounts
        .login("root", PASSWORD.into(), &here(), at(1))
        .await
        .unwrap()
        .person
        .id;
    let ann = register(&accounts, "ann").await.unwrap().person.id;
    accounts.disable(root, ann, at(2)).await.unwrap();
    accounts.disable(root, ann, at(3)).await.unwrap();
    accounts.enable(root, ann, at(4)).await.unwrap();
    let room = Uuid::from_u128(9);
    let act = Act::new(root, "room.delete", Some(room), at(5)).with(json!({ "kind": "open" }));
    accounts.audit(&act).await.unwrap();
    let acts = accounts.acts(&ActFilter::default(), None, 10).await.unwrap();
    let told: Vec<_> = acts
        .iter()
        .map(|act| (act.action.as_str(), act.actor_id, act.target_id, act.at))
        .collect();
    assert_eq!(
        told,
        [
            ("room.delete", root, Some(room), at(5)),
            ("user.enable", root, Some(ann.uuid()), at(4)),
            ("user.disable", root, Some(ann.uuid()), at(2)),
            ("admin.create", Act::OPERATOR, Some(root.uuid()), at(0)),
        ],
        "once each, latest first"
    );
    assert_eq!(acts[0].detail, json!({ "kind": "open" }));
    assert!(!format!("{acts:?}").contains(PASSWORD));
    assert_eq!(
        accounts.acts(&ActFilter::default(), Some(acts[1].id), 1).await.unwrap(),
        acts[2..3]
    );
}

pub(crate) async fn an_admin_is_made_by_who_knows_the_password(place: Place) {
    let accounts = accounts(&place).await;
    let ann = register(&accounts, "ann").await.unwrap();
    assert!(!accounts.is_admin(ann.person.id).await.unwrap());
    let wrong = accounts
        .create_admin("ann", "a wrong one".into(), at(1))
        .await
        .unwrap_err();
    assert!(matches!(wrong, Error::Credentials), "{wrong}");
    assert!(!accounts.is_admin(ann.person.id).await.unwrap());
    let username = Username::new("ann").unwrap();
    let made = accounts.create_admin("ann", PASSWORD.into(), at(2)).await.unwrap();
    assert_eq!(made, Made::Promoted(username.clone()));
    let again = accounts.create_admin("ann", PASSWORD.into(), at(3)).await.unwrap();
    assert_eq!(again, Made::Already(username));
    assert!(accounts.is_admin(ann.person.id).await.unwrap());
    accounts
        .login("ann", PASSWORD.into(), &here(), at(4))
        .await
        .expect("the same password");
    let short = accounts.create_admin("bob", "short".into(), at(5)).await.unwrap_err();
    assert!(matches!(short, Error::Invalid { field: "password", .. }), "{short}");
    let other = UserId::new(Uuid::from_u128(1));
    accounts.disable(other, ann.person.id, at(6)).await.unwrap();
    assert!(
        !accounts.is_admin(ann.person.id).await.unwrap(),
        "a disabled admin is none"
    );
    assert!(!accounts.is_admin(other).await.unwrap());
}

pub(crate) async fn people_are_listed_page_by_page(place: Place) {
    let accounts = accounts(&place).await;
    let mut all = Vec::new();
    for username in ["carl", "ann", "anna", "an_", "bob", "ann-z", "annz"] {
        all.push(register(&accounts, username).await.unwrap().person);
    }
    all.sort_by_key(|person| person.id);
    let page = async |listing: Listing| {
        let page = accounts.list(&listing, 3).await.unwrap();
        assert!(page.len() <= 3);
        page
    };
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map(|person: &engine::people::Person| person.id);
        let next = page(Listing::All { after }).await;
        if next.is_empty() {
            break;
        }
        listed.extend(next);
    }
    assert_eq!(listed, all);
    let prefix = UsernamePrefix::new("ann").unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let next = page(Listing::Prefix {
            prefix: prefix.clone(),
            after,
        })
        .await;
        let Some(last) = next.last() else { break };
        after = last.username.clone();
        found.extend(next.iter().map(|person| person.username.as_ref().unwrap().to_string()));
    }
    assert_eq!(
        found,
        ["ann", "ann-z", "anna", "annz"],
        "`_` is a letter here, not any letter"
    );
}
