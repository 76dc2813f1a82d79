//! People in SQLite: the shared suites, and what is its own.

use crate::accounts_suite::{PASSWORD, accounts_suite, config, here};
use crate::disk::Disk;
use crate::issuers_suite::issuers_suite;
use crate::people_suite::{Place, Rows, at, people_suite};
use engine::people::accounts::{Config, Error};
use engine::people::sqlite::Sqlite;
use engine::people::{Accounts, attempts, password};
use std::sync::Arc;
use std::sync::mpsc;
use tokio::task::JoinSet;

async fn open() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    Place {
        people: Arc::new(Sqlite::open(&path).await.unwrap()),
        again: Arc::new(Sqlite::open(&path).await.unwrap()),
        rows: Rows::Sqlite(folder),
    }
}

people_suite!(open);
accounts_suite!(open);
issuers_suite!(open);

#[tokio::test]
async fn people_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    let people = Arc::new(Sqlite::open(&path).await.unwrap());
    let accounts = Accounts::start(people.clone(), config(), at(0)).await.unwrap();
    let ann = accounts
        .register("ann", PASSWORD.into(), None, &here(), at(0))
        .await
        .unwrap();
    people.close().await;

    let people = Arc::new(Sqlite::open(&path).await.unwrap());
    let accounts = Accounts::start(people, config(), at(1)).await.unwrap();
    assert!(accounts.verify(&ann.access_token, at(1)).await.is_ok(), "the same key");
    let again = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await.unwrap();
    assert_eq!(again.person, ann.person);
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    std::fs::write(&path, vec![b'x'; 8_192]).unwrap();
    let error = Sqlite::open(&path).await.unwrap_err();
    assert!(matches!(error, engine::people::Error::Corrupt(_)), "{error}");
    assert!(error.to_string().contains("people.db"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_lets_nobody_new_in_until_there_is_room() {
    let Some(disk) = Disk::of_its_own("people_sqlite::a_full_disk_lets_nobody_new_in_until_there_is_room") else {
        return;
    };
    let people = Arc::new(Sqlite::open(&disk.path().join("people.db")).await.unwrap());
    let accounts = Accounts::start(people, config(), at(0)).await.unwrap();
    let ann = accounts
        .register("ann", PASSWORD.into(), None, &here(), at(0))
        .await
        .unwrap();
    disk.fill();
    let error = loop {
        if let Err(error) = accounts.login("ann", PASSWORD.into(), &here(), at(1)).await {
            break error;
        }
    };
    assert!(
        error.retryable() && error.to_string().contains("no space left"),
        "{error}"
    );
    accounts
        .verify(&ann.access_token, at(1))
        .await
        .expect("who is in stays in");
    disk.make_room();
    let again = accounts.login("ann", PASSWORD.into(), &here(), at(2)).await.unwrap();
    assert_eq!(again.person, ann.person);
    accounts.refresh(&ann.refresh_token.unwrap(), at(2)).await.unwrap();
}

/// Runs `test` where hashes have one thread, and nobody gets it before the given channel is dropped. So what is seen
/// before then was refused without a hash, and what is seen after it had one.
fn while_nothing_is_hashed<F: Future<Output = ()>>(
    hashing: password::Config,
    test: impl FnOnce(Arc<Accounts>, mpsc::Sender<()>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let place = open().await;
        let settings = Config {
            password: hashing,
            attempts: attempts::Config {
                account_interval_ms: 0,
                ..attempts::Config::default()
            },
            ..config()
        };
        let accounts = Accounts::start(place.people.clone(), settings, at(0)).await.unwrap();
        accounts
            .register("ann", PASSWORD.into(), None, &here(), at(0))
            .await
            .unwrap();
        let (free, freed) = mpsc::channel();
        let thread = tokio::task::spawn_blocking(move || freed.recv());
        test(Arc::new(accounts), free).await;
        thread.await.unwrap().unwrap_err();
    });
}

fn logins(accounts: &Arc<Accounts>, people: &[(&'static str, &'static str)]) -> JoinSet<Result<(), Error>> {
    let mut logins = JoinSet::new();
    for &(username, password) in people {
        let accounts = accounts.clone();
        logins.spawn(async move {
            accounts
                .login(username, password.into(), &here(), at(0))
                .await
                .map(drop)
        });
    }
    logins
}

#[test]
fn whoever_signs_in_costs_a_hash_known_or_not() {
    let one = password::Config {
        at_once: 1,
        waiting: 0,
        ..config().password
    };
    while_nothing_is_hashed(one, async |accounts, free| {
        let mut logins = logins(
            &accounts,
            &[
                ("ann", "not the password"),
                ("nobody", PASSWORD),
                ("No Username", PASSWORD),
            ],
        );
        // One has the only place; the others wanted it as well.
        for _ in 0..2 {
            let answer = logins.join_next().await.unwrap().unwrap();
            assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
            assert!(answer.unwrap_err().retryable());
        }
        drop(free);
        let answer = logins.join_next().await.unwrap().unwrap();
        assert!(matches!(answer, Err(Error::Credentials)), "{answer:?}");
    });
}

#[test]
fn hashes_wait_their_turn_up_to_a_bound() {
    let bounded = password::Config {
        at_once: 2,
        waiting: 3,
        ..config().password
    };
    while_nothing_is_hashed(bounded, async |accounts, free| {
        let mut logins = logins(&accounts, &[("ann", PASSWORD); 9]);
        for _ in 0..4 {
            let answer = logins.join_next().await.unwrap().unwrap();
            assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
        }
        drop(free);
        for _ in 0..5 {
            logins.join_next().await.unwrap().unwrap().unwrap();
        }
        // The places are free again.
        accounts.login("ann", PASSWORD.into(), &here(), at(0)).await.unwrap();
    });
}

#[test]
fn who_waits_no_more_gives_the_place_back() {
    let one = password::Config {
        at_once: 1,
        waiting: 1,
        ..config().password
    };
    while_nothing_is_hashed(one, async |accounts, free| {
        let mut first = logins(&accounts, &[("ann", PASSWORD); 3]);
        let answer = first.join_next().await.unwrap().unwrap();
        assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
        // Two are in: one computes (or would), one waits. Both go; only the one who waited frees a place.
        first.shutdown().await;
        let mut second = logins(&accounts, &[("ann", PASSWORD); 2]);
        let answer = second.join_next().await.unwrap().unwrap();
        assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
        drop(free);
        second.join_next().await.unwrap().unwrap().unwrap();
    });
}
