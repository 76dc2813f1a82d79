//! What every store of people must do with what people and admins change.

use crate::people_suite::{MOST, Place, at, login_of, person, signed_in};
use engine::domain::{PersonName, UserId};
use engine::people::{Act, ActFilter, Device, EndedLogin, Error, Login, Person, Username};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

fn username(text: &str) -> Username {
    Username::new(text).unwrap()
}

fn nobody() -> UserId {
    UserId::new(Uuid::from_u128(1))
}

fn act(action: &str) -> Act {
    Act::new(nobody(), action, None, at(3))
}

pub(crate) async fn many_are_found_at_once(place: Place) {
    let people = &place.people;
    let (ann, bob, guest) = (person(Some("ann")), person(Some("bob")), person(None));
    for who in [&ann, &bob, &guest] {
        people.add(who, Some("a hash"), at(0)).await.unwrap();
    }
    let mut found = people.people(&[guest.id, nobody(), ann.id, ann.id]).await.unwrap();
    found.sort_by_key(|who| who.id);
    let mut wanted = vec![ann.clone(), guest];
    wanted.sort_by_key(|who| who.id);
    assert_eq!(found, wanted);
    let mut named = people.named(&["bob", "zoe", "ann", "bob"].map(username)).await.unwrap();
    named.sort();
    assert_eq!(named, [(username("ann"), ann.id), (username("bob"), bob.id)]);
    assert_eq!(people.people(&[]).await.unwrap(), []);
    assert_eq!(people.named(&[]).await.unwrap(), []);
    assert!(people.rename(ann.id, &name("Anna")).await.unwrap());
    assert_eq!(people.people(&[ann.id]).await.unwrap()[0].display_name, name("Anna"));
    assert!(!people.rename(nobody(), &name("Nobody")).await.unwrap());
}

pub(crate) async fn people_from_outside_are_met_again(place: Place) {
    let people = &place.people;
    let ann = Person {
        id: UserId::outside("https://issuer", "ann"),
        ..person(None)
    };
    let (one, other) = tokio::join!(people.meet(&ann, at(0)), place.again.meet(&ann, at(0)));
    assert_eq!((one.unwrap(), other.unwrap()), (ann.clone(), ann.clone()));
    let renamed = Person {
        display_name: name("Anna"),
        ..ann.clone()
    };
    assert_eq!(people.meet(&renamed, at(1)).await.unwrap(), renamed);
    assert_eq!(place.again.person(ann.id).await.unwrap(), Some(renamed));
    people.erase(ann.id, false, at(2)).await.unwrap();
    let met = people.meet(&ann, at(3)).await.unwrap();
    assert!(met.disabled && met.display_name == name("deleted user"), "{met:?}");
}

pub(crate) async fn the_erased_leave_nothing_but_their_id(place: Place) {
    let people = &place.people;
    let ann = person(Some("ann"));
    people.add(&ann, Some("a hash"), at(0)).await.unwrap();
    assert!(people.make_admin(ann.id, &act("admin.create")).await.unwrap());
    let login = login_of(ann.id);
    people.add_login(&login, MOST).await.unwrap();
    assert!(people.erase(ann.id, false, at(5)).await.unwrap());
    let blank = Person {
        id: ann.id,
        username: None,
        display_name: name("deleted user"),
        disabled: true,
        is_admin: false,
    };
    assert_eq!(place.again.person(ann.id).await.unwrap(), Some(blank.clone()));
    assert_eq!(people.by_username(&username("ann")).await.unwrap(), None);
    assert_eq!(people.named(&[username("ann")]).await.unwrap(), []);
    assert_eq!(people.password(ann.id).await.unwrap(), None);
    let login = people.login(login.id).await.unwrap().unwrap();
    assert_eq!((login.ended_at, login.device), (Some(at(5)), Device::default()));
    assert_eq!(people.erased().await.unwrap(), [(ann.id, false)]);
    // Nothing brings them back; once their texts are empty, they stay empty.
    assert!(!people.set_disabled(ann.id, false, &act("user.enable")).await.unwrap());
    assert!(!people.make_admin(ann.id, &act("admin.create")).await.unwrap());
    assert!(!people.rename(ann.id, &name("Ann")).await.unwrap());
    for texts in [true, false] {
        assert!(people.erase(ann.id, texts, at(6)).await.unwrap());
        assert_eq!(people.erased().await.unwrap(), [(ann.id, true)]);
    }
    assert_eq!(people.person(ann.id).await.unwrap(), Some(blank));
    assert!(!people.erase(nobody(), false, at(7)).await.unwrap());
    assert_eq!(people.erased().await.unwrap().len(), 1);
}

/// Whoever wants a name in the instant in which its person is erased waits for it, and does not get it.
pub(crate) async fn a_retired_username_stays_taken_whoever_races(place: Place) {
    for round in 0..20 {
        let wanted = format!("ann{round}");
        let (ann, next) = (person(Some(&wanted)), person(Some(&wanted)));
        place.people.add(&ann, Some("a hash"), at(0)).await.unwrap();
        let (erased, added) = tokio::join!(
            place.people.erase(ann.id, false, at(1)),
            place.again.add(&next, Some("another hash"), at(1)),
        );
        assert!(erased.unwrap());
        assert!(matches!(added, Err(Error::Taken)), "{added:?}");
        assert_eq!(place.people.person(next.id).await.unwrap(), None);
    }
}

pub(crate) async fn a_password_is_replaced_if_it_is_still_the_old_one(place: Place) {
    let people = &place.people;
    let ann = person(Some("ann"));
    people.add(&ann, Some("one"), at(0)).await.unwrap();
    let (kept, other) = (login_of(ann.id), login_of(ann.id));
    for login in [&kept, &other] {
        people.add_login(login, MOST).await.unwrap();
    }
    let (first, second) = tokio::join!(
        people.replace_password(ann.id, "one", "two", Some(kept.id), at(5)),
        place
            .again
            .replace_password(ann.id, "one", "three", Some(kept.id), at(5)),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first.is_some() != second.is_some(), "one of two: {first:?}, {second:?}");
    let wanted = if first.is_some() { "two" } else { "three" };
    assert_eq!(first.or(second), Some(vec![other.id]));
    assert_eq!(people.password(ann.id).await.unwrap().as_deref(), Some(wanted));
    assert_eq!(people.login(kept.id).await.unwrap(), Some(kept));
    assert_eq!(people.login(other.id).await.unwrap().unwrap().ended_at, Some(at(5)));
    people.set_disabled(ann.id, true, &act("user.disable")).await.unwrap();
    let refused = people
        .replace_password(ann.id, wanted, "four", None, at(6))
        .await
        .unwrap();
    assert_eq!(refused, None);
}

pub(crate) async fn logins_end_all_but_one(place: Place) {
    let people = &place.people;
    let first = signed_in(people.as_ref()).await;
    let stranger = signed_in(people.as_ref()).await;
    let mut all = vec![first.clone()];
    for number in 1..4 {
        let login = Login {
            rotated_at: at(number),
            ..login_of(first.user_id)
        };
        people.add_login(&login, MOST).await.unwrap();
        all.push(login);
    }
    all.reverse();
    assert_eq!(
        people.logins_of(first.user_id, at(10), MOST).await.unwrap(),
        all,
        "used last first"
    );
    assert_eq!(people.logins_of(first.user_id, at(10), 2).await.unwrap(), all[..2]);
    assert_eq!(
        people.logins_of(first.user_id, at(1_000), MOST).await.unwrap(),
        [],
        "expired"
    );
    // Another's is not theirs to end.
    assert!(
        !people
            .end_login(stranger.id, Some(first.user_id), at(20))
            .await
            .unwrap()
    );
    assert!(people.end_login(all[0].id, Some(first.user_id), at(20)).await.unwrap());
    let ended = people.end_logins(first.user_id, Some(first.id), at(21)).await.unwrap();
    let wanted = BTreeSet::from([all[1].id, all[2].id]);
    assert_eq!(BTreeSet::from_iter(ended), wanted);
    let again = people.end_logins(first.user_id, Some(first.id), at(22)).await.unwrap();
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(people.logins_of(first.user_id, at(30), MOST).await.unwrap(), [first]);
    assert_eq!(
        people.logins_of(stranger.user_id, at(30), MOST).await.unwrap(),
        [stranger]
    );
}

pub(crate) async fn logins_that_are_long_over_are_removed(place: Place) {
    let people = &place.people;
    let (revoked, expired, alive) = (
        signed_in(people.as_ref()).await,
        signed_in(people.as_ref()).await,
        signed_in(people.as_ref()).await,
    );
    people.end_login(revoked.id, None, at(10)).await.unwrap();
    let later = Login {
        expires_at: at(9_000),
        ..alive.clone()
    };
    assert!(people.rotate(alive.refresh_digest, &later).await.unwrap());
    assert_eq!(people.sweep_logins(at(10), MOST).await.unwrap(), 0);
    assert_eq!(people.sweep_logins(at(11), MOST).await.unwrap(), 1);
    assert_eq!(people.login(revoked.id).await.unwrap(), None);
    let other = signed_in(people.as_ref()).await;
    // Both have expired at 1,000: one a time, whoever else sweeps.
    let (one, two) = tokio::join!(
        people.sweep_logins(at(1_001), 1),
        place.again.sweep_logins(at(1_001), 1)
    );
    assert!((1..=2).contains(&(one.unwrap() + two.unwrap())));
    people.sweep_logins(at(1_001), 2).await.unwrap();
    for gone in [expired.id, other.id] {
        assert_eq!(people.login(gone).await.unwrap(), None);
    }
    assert!(people.login(alive.id).await.unwrap().is_some());
}

pub(crate) async fn what_ended_lately_is_told(place: Place) {
    let people = &place.people;
    assert_eq!(
        people.ended(at(0), at(0), MOST).await.unwrap(),
        engine::people::EndedLately::default()
    );
    let (login, second, third) = (
        signed_in(people.as_ref()).await,
        signed_in(people.as_ref()).await,
        signed_in(people.as_ref()).await,
    );
    people.end_login(login.id, None, at(10)).await.unwrap();
    people.end_login(second.id, None, at(11)).await.unwrap();
    let disable = || Act {
        at: at(12),
        ..act("user.disable")
    };
    assert!(people.set_disabled(second.user_id, true, &disable()).await.unwrap());
    assert!(people.set_disabled(third.user_id, true, &disable()).await.unwrap());
    assert!(
        !people.set_disabled(third.user_id, true, &disable()).await.unwrap(),
        "already"
    );
    people.erase(third.user_id, false, at(13)).await.unwrap();
    let ended = |login: &Login| EndedLogin {
        id: login.id,
        user_id: login.user_id,
    };
    let lately = place.again.ended(at(9), at(9), MOST).await.unwrap();
    assert_eq!(
        lately.logins,
        [ended(&third), ended(&second), ended(&login)],
        "latest first"
    );
    assert_eq!(
        (lately.disabled, lately.erased),
        (vec![second.user_id], vec![third.user_id])
    );
    assert_eq!(
        people.ended(at(9), at(9), 1).await.unwrap().logins,
        [ended(&third)],
        "bounded"
    );
    let later = people.ended(at(12), at(12), MOST).await.unwrap();
    assert_eq!((later.logins, later.disabled), (vec![ended(&third)], vec![]));
    let enable = act("user.enable");
    assert!(people.set_disabled(second.user_id, false, &enable).await.unwrap());
    assert_eq!(people.ended(at(9), at(9), MOST).await.unwrap().disabled, []);
}

pub(crate) async fn acts_are_listed_latest_first(place: Place) {
    let people = &place.people;
    let mut acts = Vec::new();
    for number in 0..5_u128 {
        let act = Act {
            id: Uuid::from_u128((7 << 76) + number),
            target_id: (number % 2 == 0).then(|| Uuid::from_u128(number)),
            ..act("room.delete").with(json!({ "number": number.to_string(), "name": "Tea 🦀" }))
        };
        people.audit(&act).await.unwrap();
        acts.insert(0, act);
    }
    let all = ActFilter::default();
    assert_eq!(place.again.acts(&all, None, 10).await.unwrap(), acts);
    assert_eq!(people.acts(&all, None, 2).await.unwrap(), acts[..2]);
    assert_eq!(people.acts(&all, Some(acts[1].id), 2).await.unwrap(), acts[2..4]);
    assert_eq!(people.acts(&all, Some(acts[4].id), 2).await.unwrap(), []);
}

pub(crate) async fn acts_are_found_by_who_what_and_when(place: Place) {
    let people = &place.people;
    let (ann, ben) = (UserId::new(Uuid::from_u128(2)), UserId::new(Uuid::from_u128(3)));
    let mut acts = Vec::new();
    for (number, (actor_id, action)) in [
        (ann, "user.disable"),
        (ben, "user.disable"),
        (ann, "room.delete"),
        (ann, "user.disable"),
    ]
    .into_iter()
    .enumerate()
    {
        let act = Act {
            id: Uuid::from_u128((7 << 76) + number as u128),
            actor_id,
            at: at(10 * number as i64),
            ..act(action)
        };
        people.audit(&act).await.unwrap();
        acts.push(act);
    }
    let by = |actor_id| ActFilter {
        actor_id: Some(actor_id),
        ..ActFilter::default()
    };
    let what = |action: &str| ActFilter {
        action: Some(action.to_owned()),
        ..ActFilter::default()
    };
    let when = |since: Option<i64>, until: Option<i64>| ActFilter {
        since: since.map(at),
        until: until.map(at),
        ..ActFilter::default()
    };
    let everything = ActFilter {
        since: Some(at(1)),
        until: Some(at(31)),
        ..what("user.disable")
    };
    let everything = ActFilter {
        actor_id: Some(ann),
        ..everything
    };
    for (filter, expected) in [
        (ActFilter::default(), &[3, 2, 1, 0][..]),
        (by(ann), &[3, 2, 0]),
        (by(nobody()), &[]),
        (what("user.disable"), &[3, 1, 0]),
        (what("user"), &[]),
        (when(Some(10), None), &[3, 2, 1]),
        (when(None, Some(20)), &[1, 0]),
        (when(Some(10), Some(10)), &[]),
        (when(Some(20), Some(30)), &[2]),
        (everything, &[3]),
    ] {
        let found = place.again.acts(&filter, None, 10).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|number: &usize| acts[*number].clone()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let first = people.acts(&by(ann), None, 2).await.unwrap();
    let second = people.acts(&by(ann), Some(first[1].id), 2).await.unwrap();
    assert_eq!(
        [first, second].concat(),
        people.acts(&by(ann), None, 9).await.unwrap(),
        "page by page"
    );
}
