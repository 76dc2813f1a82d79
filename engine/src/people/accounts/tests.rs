//! What accounts do while every thread that hashes is busy: what is seen meanwhile was refused without a hash, and what
//! is seen after it had one.

use super::{Accounts, Config, Error};
use crate::domain::Timestamp;
use crate::people::sqlite::Sqlite;
use crate::people::{Device, attempts, password};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinSet;

const PASSWORD: &str = "correct horse";
const DEADLINE: Duration = Duration::from_secs(60);

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

/// Accounts in which ann has one, with so many threads and places to wait.
async fn accounts(at_once: usize, waiting: usize) -> (Arc<Accounts>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let people = Sqlite::open(&folder.path().join("people.db")).await.expect("a file");
    let config = Config {
        password: password::Config {
            memory_kib: 8,
            passes: 1,
            at_once,
            waiting,
            ..password::Config::default()
        },
        attempts: attempts::Config {
            account_interval_ms: 0,
            ..attempts::Config::default()
        },
        ..Config::default()
    };
    let accounts = Accounts::start(Arc::new(people), config, now()).await.expect("started");
    let device = Device::default();
    let ann = accounts.register("ann", PASSWORD.into(), None, &device, now()).await;
    ann.expect("registered");
    (Arc::new(accounts), folder)
}

fn logins(accounts: &Arc<Accounts>, people: &[(&'static str, &'static str)]) -> JoinSet<Result<(), Error>> {
    let mut logins = JoinSet::new();
    for &(username, password) in people {
        let accounts = accounts.clone();
        logins.spawn(async move {
            let device = Device::default();
            accounts
                .login(username, password.into(), &device, now())
                .await
                .map(drop)
        });
    }
    logins
}

async fn next(logins: &mut JoinSet<Result<(), Error>>) -> Result<(), Error> {
    logins.join_next().await.expect("one is left").expect("no panic")
}

#[tokio::test]
async fn whoever_signs_in_costs_a_hash_known_or_not() {
    let (accounts, _folder) = accounts(1, 0).await;
    let held = accounts.hasher.hold(1);
    let tries = [
        ("ann", "not the password"),
        ("nobody", PASSWORD),
        ("No Username", PASSWORD),
    ];
    let mut logins = logins(&accounts, &tries);
    // One has the only place; the others wanted it as well.
    for _ in 0..2 {
        let answer = next(&mut logins).await;
        assert!(
            matches!(&answer, Err(error @ Error::Busy) if error.retryable()),
            "{answer:?}"
        );
    }
    drop(held);
    let answer = next(&mut logins).await;
    assert!(matches!(answer, Err(Error::Credentials)), "{answer:?}");
}

#[tokio::test]
async fn hashes_wait_their_turn_up_to_a_bound() {
    let (accounts, _folder) = accounts(2, 3).await;
    let held = accounts.hasher.hold(2);
    let mut storm = logins(&accounts, &[("ann", PASSWORD); 9]);
    for _ in 0..4 {
        let answer = next(&mut storm).await;
        assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
    }
    drop(held);
    for _ in 0..5 {
        next(&mut storm).await.expect("they waited");
    }
    let mut after = logins(&accounts, &[("ann", PASSWORD)]);
    next(&mut after).await.expect("the places are free again");
}

#[tokio::test]
async fn who_waits_no_more_gives_the_place_back() {
    let (accounts, _folder) = accounts(1, 1).await;
    let held = accounts.hasher.hold(1);
    let mut first = logins(&accounts, &[("ann", PASSWORD); 3]);
    let answer = next(&mut first).await;
    assert!(matches!(answer, Err(Error::Busy)), "two have the places: {answer:?}");
    first.shutdown().await;
    drop(held);
    let begun = Instant::now();
    loop {
        let mut second = logins(&accounts, &[("ann", PASSWORD)]);
        match next(&mut second).await {
            // The thread has not come to those who went yet.
            Err(Error::Busy) if begun.elapsed() < DEADLINE => tokio::task::yield_now().await,
            answer => return answer.expect("the places are free again"),
        }
    }
}
