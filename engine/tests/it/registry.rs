//! A real registry: what `roomlog schemas register` and `check` promise.

use engine::codec::lock::{FILES, Lock};
use engine::codec::registry::{COMPATIBILITY, Difference, Error, Registry};
use engine::codec::schema::fingerprint;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn url() -> String {
    std::env::var("ROOMLOG_TEST_REGISTRY").expect("run `make test`, or scripts/services up")
}

fn registry() -> Registry {
    Registry::new(&url()).unwrap()
}

/// Topics of this test alone.
fn prefix() -> String {
    format!("t{}", uuid::Uuid::new_v4().simple())
}

/// A lock of one schema: that of messages, edited.
fn lock_of(edit: impl FnOnce(&mut Vec<Value>)) -> Lock {
    let (file, text) = FILES.iter().find(|(file, _)| *file == "MessageSent.avsc").unwrap();
    let mut schema: Value = serde_json::from_str(text).unwrap();
    edit(schema["fields"].as_array_mut().unwrap());
    let text = schema.to_string();
    let fingerprint = u64::from_be_bytes(fingerprint(&text).unwrap());
    let fingerprint = format!("{fingerprint:016x}");
    let line = json!([{"type": "MessageSent", "file": file, "fingerprint": fingerprint, "rules": 1}]);
    Lock::parse(&line.to_string(), &[(file, &text)]).unwrap()
}

#[tokio::test]
async fn registering_twice_gives_the_same_ids_and_a_clean_check() {
    let (registry, lock, prefix) = (registry(), Lock::embedded(), prefix());
    let missing = registry.check(lock, &prefix).await.unwrap();
    let count = |of: fn(&Difference) -> bool| missing.iter().filter(|difference| of(difference)).count();
    assert_eq!(
        count(|one| matches!(one, Difference::Missing { .. })),
        lock.entries().len()
    );

    let first = registry.register(lock, &prefix).await.unwrap();
    assert_eq!(registry.register(lock, &prefix).await.unwrap(), first);
    assert_eq!(registry.check(lock, &prefix).await.unwrap(), []);

    let fingerprints: BTreeSet<_> = first.iter().map(|one| one.fingerprint).collect();
    assert_eq!(fingerprints.len(), lock.entries().len(), "one each");
    let sent = format!("{prefix}.events-roomlog.v1.MessageSent");
    assert!(first.iter().any(|one| one.subject == sent), "{first:?}");
    let marked = format!("{prefix}.reads-roomlog.v1.ReadMarked");
    assert!(first.iter().any(|one| one.subject == marked), "{first:?}");
}

#[tokio::test]
async fn an_incompatible_schema_is_refused_and_its_field_named() {
    let (registry, prefix) = (registry(), prefix());
    registry.register(&lock_of(|_| ()), &prefix).await.unwrap();
    let edited = lock_of(|fields| fields.push(json!({"name": "mood", "type": "string"})));
    let error = registry.register(&edited, &prefix).await.unwrap_err();
    let Error::Incompatible { field, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(field.as_deref(), Some("mood"));
    let text = error.to_string();
    assert!(
        text.contains("roomlog.v1.MessageSent") && text.contains("mood"),
        "{text}"
    );
    assert!(!error.retryable());
}

#[tokio::test]
async fn a_second_version_stands_beside_the_first() {
    let (registry, prefix) = (registry(), prefix());
    let old = lock_of(|_| ());
    let new = lock_of(|fields| fields.push(json!({"name": "mood", "type": ["null", "string"], "default": null})));
    let first = registry.register(&old, &prefix).await.unwrap();
    let second = registry.register(&new, &prefix).await.unwrap();
    assert_eq!(first[0].subject, second[0].subject);
    assert_ne!(first[0].id, second[0].id);
    // Each binary is told of what the other one wrote.
    let unknown = registry.check(&old, &prefix).await.unwrap();
    assert!(
        matches!(unknown[..], [Difference::Unknown { version: 2, .. }]),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn a_loosened_subject_is_told() {
    let (registry, prefix, lock) = (registry(), prefix(), lock_of(|_| ()));
    let subject = registry.register(&lock, &prefix).await.unwrap().remove(0).subject;
    let http = reqwest::Client::new();
    let loosened = http
        .put(format!("{}/config/{subject}", url()))
        .json(&json!({"compatibility": "NONE"}));
    assert!(loosened.send().await.unwrap().status().is_success());
    let differences = registry.check(&lock, &prefix).await.unwrap();
    let found = Some("NONE".to_owned());
    assert_eq!(differences, [Difference::Compatibility { subject, found }]);
    assert!(differences[0].to_string().contains(COMPATIBILITY));
    registry.register(&lock, &prefix).await.unwrap();
    assert_eq!(registry.check(&lock, &prefix).await.unwrap(), []);
}

#[tokio::test]
async fn a_registry_that_is_down_is_told_as_that() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let down = Registry::new(&format!("http://ann:secret@127.0.0.1:{port}/apis/ccompat/v7")).unwrap();
    for error in [
        down.register(Lock::embedded(), "roomlog").await.unwrap_err(),
        down.check(Lock::embedded(), "roomlog").await.unwrap_err(),
    ] {
        assert!(error.retryable(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(&format!("127.0.0.1:{port}")) && !text.contains("secret"),
            "{text}"
        );
    }
}
