//! People in PostgreSQL: the shared suites, and what is its own.

use crate::accounts_suite::accounts_suite;
use crate::databases::Database;
use crate::issuers_suite::issuers_suite;
use crate::people_suite::{Place, Rows, at, people_suite};
use engine::people::postgres::{Postgres, SchemaId, migrate};
use engine::people::{Error, People, Users as _};
use std::sync::Arc;

/// Without the first key, which `migrate` makes: the suites see it made.
async fn open() -> Place {
    let database = Database::new().await;
    let config = database.config();
    migrate(&config, at(0)).await.unwrap();
    let rows = Rows::Postgres(database);
    rows.run("DELETE FROM signing_keys").await;
    Place {
        people: Arc::new(Postgres::connect(&config).unwrap()),
        again: Arc::new(Postgres::connect(&config).unwrap()),
        rows,
    }
}

people_suite!(open);
accounts_suite!(open);
issuers_suite!(open);

#[tokio::test]
async fn migrations_at_once_make_one_signing_key() {
    let database = Database::new().await;
    let config = database.config();
    let (one, two, three) = tokio::join!(
        migrate(&config, at(0)),
        migrate(&config, at(0)),
        migrate(&config, at(0))
    );
    one.and(two).and(three).unwrap();
    migrate(&config, at(1)).await.unwrap();
    let people = Postgres::connect(&config).unwrap();
    let never = || panic!("migrate made it");
    assert_eq!(people.signing_keys(&never).await.unwrap().len(), 1);
}

#[tokio::test]
async fn registered_schema_ids_are_kept() {
    let database = Database::new().await;
    migrate(&database.config(), at(0)).await.unwrap();
    let people = Postgres::connect(&database.config()).unwrap();
    assert_eq!(people.schema_ids().await.unwrap(), []);
    let id = |fingerprint, subject: &str, id| SchemaId {
        fingerprint: [fingerprint; 8],
        subject: subject.to_owned(),
        id,
    };
    let first = [id(1, "events-one", 7), id(2, "events-two", 8)];
    people.keep_schema_ids(&first).await.unwrap();
    assert_eq!(people.schema_ids().await.unwrap(), first);
    // Another registry gave other ids.
    people.keep_schema_ids(&[id(2, "events-two", 1)]).await.unwrap();
    people.keep_schema_ids(&[]).await.unwrap();
    assert_eq!(
        people.schema_ids().await.unwrap(),
        [id(1, "events-one", 7), id(2, "events-two", 1)]
    );
}

#[tokio::test]
async fn a_schema_that_is_not_there_says_what_to_do() {
    let database = Database::new().await;
    let people = Postgres::connect(&database.config()).unwrap();
    let error = people.erased().await.unwrap_err();
    assert!(error.retryable());
    assert!(
        matches!(&error, Error::Unavailable(why) if why.contains("roomlog migrate")),
        "{error}"
    );
}
