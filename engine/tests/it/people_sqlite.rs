//! People in SQLite: the shared suites, and what is its own.

use crate::accounts_suite::{PASSWORD, accounts_suite, config, here};
use crate::disk::Disk;
use crate::issuers_suite::issuers_suite;
use crate::people_suite::{Place, Rows, at, people_suite};
use engine::people::Accounts;
use engine::people::sqlite::Sqlite;
use std::sync::Arc;

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
