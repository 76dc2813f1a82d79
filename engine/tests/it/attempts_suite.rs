//! How often somebody may try, and what a try costs, over every store.

use crate::accounts_suite::{PASSWORD, caller, config, here, register};
use crate::own_suite::{OTHER, started};
use crate::people_suite::{Place, at};
use engine::domain::PersonName;
use engine::people::accounts::{Config, Error};
use engine::people::{Device, attempts, password};
use std::time::{Duration, Instant};

fn strict() -> Config {
    Config {
        attempts: attempts::Config {
            account_burst: 3,
            account_interval_ms: 1_000,
            address_burst: 20,
            address_interval_ms: 1_000,
            newcomer_burst: 2,
            newcomer_interval_ms: 1_000,
            ..attempts::Config::default()
        },
        ..config()
    }
}

fn too_often(error: &Error, wanted_ms: u64) {
    let is = matches!(error, Error::TooOften { retry_after_ms } if *retry_after_ms == wanted_ms);
    assert!(is && error.retryable(), "{error:?}");
}

pub(crate) async fn passwords_are_tried_a_bounded_number_of_times(place: Place) {
    let accounts = started(&place, strict()).await;
    let ann = register(&accounts, "ann").await.unwrap();
    let login = async |username: &str, password: &str, now| {
        accounts
            .login(username, password.into(), &Device::default(), at(now))
            .await
    };
    for _ in 0..10 {
        login("ann", PASSWORD, 0)
            .await
            .expect("who knows it may come as often as they like");
    }
    for username in ["ann", "nobody", "No Username"] {
        for _ in 0..3 {
            let error = login(username, OTHER, 0).await.unwrap_err();
            assert!(matches!(error, Error::Credentials), "{error}");
        }
        too_often(&login(username, PASSWORD, 0).await.unwrap_err(), 1_000);
        too_often(&login(username, PASSWORD, 999).await.unwrap_err(), 1);
    }
    // In another guise it is the same name.
    too_often(&login("\u{ff41}nn", PASSWORD, 0).await.unwrap_err(), 1_000);
    login("ann", PASSWORD, 1_000).await.unwrap();

    let whose = caller(&accounts, &ann, at(0)).await;
    let guess = async || {
        accounts
            .change_password(&whose, OTHER.into(), OTHER.into(), at(0))
            .await
            .unwrap_err()
    };
    for _ in 0..3 {
        assert!(matches!(guess().await, Error::Password));
    }
    too_often(&guess().await, 1_000);
    too_often(
        &accounts
            .delete(&whose, Some(PASSWORD.into()), false, at(0))
            .await
            .unwrap_err(),
        1_000,
    );
}

pub(crate) async fn one_address_comes_in_a_bounded_number_of_times(place: Place) {
    let accounts = started(&place, strict()).await;
    let name = || PersonName::new("Guest").unwrap();
    accounts.guest(name(), &here(), at(0)).await.unwrap();
    register(&accounts, "ann").await.unwrap();
    too_often(&register(&accounts, "bob").await.unwrap_err(), 1_000);
    too_often(&accounts.guest(name(), &here(), at(500)).await.unwrap_err(), 500);
    let elsewhere = Device::new("192.0.2.8".parse().ok(), None);
    accounts.guest(name(), &elsewhere, at(500)).await.unwrap();
    accounts.guest(name(), &here(), at(1_000)).await.unwrap();
    for number in 0..20 {
        let error = accounts
            .login(&format!("user{number}"), OTHER.into(), &here(), at(0))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Credentials), "{error}");
    }
    too_often(
        &accounts
            .login("ann", PASSWORD.into(), &here(), at(0))
            .await
            .unwrap_err(),
        1_000,
    );
    accounts.login("ann", PASSWORD.into(), &elsewhere, at(0)).await.unwrap();
}

/// In turns and by the median, so that what else the machine does meets both alike; the bound is wide, for what must not
/// be is an answer without a hash, and a hash is nearly all of the time.
pub(crate) async fn an_unknown_person_costs_as_much_as_a_wrong_password(place: Place) {
    const ROUNDS: usize = 15;
    let settings = Config {
        password: password::Config {
            memory_kib: 19_456,
            ..password::Config::default()
        },
        attempts: attempts::Config {
            account_interval_ms: 0,
            ..attempts::Config::default()
        },
        ..config()
    };
    let accounts = started(&place, settings).await;
    register(&accounts, "ann").await.unwrap();
    let mut took = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (username, took) in ["ann", "nobody", "No Username"].into_iter().zip(&mut took) {
            let begun = Instant::now();
            let answer = accounts.login(username, OTHER.into(), &Device::default(), at(0)).await;
            took.push(begun.elapsed());
            assert!(matches!(answer, Err(Error::Credentials)), "{answer:?}");
        }
    }
    let [known, unknown, unnamed] = took.map(|mut took| {
        took.sort();
        took[ROUNDS / 2]
    });
    for other in [unknown, unnamed] {
        let ratio = other.as_secs_f64() / known.as_secs_f64().max(Duration::from_micros(1).as_secs_f64());
        assert!((0.5..2.0).contains(&ratio), "{known:?} and {other:?}");
    }
}
