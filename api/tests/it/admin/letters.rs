//! What admins are told of dead letters. A cluster's alone: an embedded log has no other writer who could damage it.

use super::admin;
use crate::support::both::Site;
use crate::support::contract::Contract;
use crate::support::{Person, Server, eventually, so};
use bytes::Bytes;
use engine::codec::lock::Lock;
use engine::log::{Log as _, Outgoing, Topic, kafka};
use reqwest::Method;
use serde_json::{Value, json};

struct Scene {
    site: Site,
    contract: Contract,
    root: Person,
    log: kafka::Log,
}

impl Scene {
    async fn letters(&self, edge: &Server, query: &str) -> Vec<Value> {
        let path = format!("/v1/admin/log/dead-letters{query}");
        let answer = self
            .contract
            .ask(edge, Method::GET, &path, Some(&self.root.token), None)
            .await;
        answer.body["letters"].as_array().expect("a list").clone()
    }

    /// Appends a record, and waits until a letter more is told; the latest letter, and where the record stands.
    async fn append(&self, outgoing: Outgoing, known: usize) -> (Value, Value) {
        let position = self.log.append(outgoing).await.expect("appended");
        let letter = eventually("a letter more is told", async || {
            let letters = self.letters(self.site.edge(), "").await;
            so(letters.len() == known + 1, letters.len()).map(|()| letters[0].clone())
        })
        .await;
        (
            letter,
            json!({ "partition": position.partition, "offset": position.offset }),
        )
    }
}

fn record(topic: Topic, log: &kafka::Log, key: Option<&str>, value: Option<&'static [u8]>) -> Outgoing {
    Outgoing {
        topic,
        partition: log.partition_of(key.unwrap_or_default().as_bytes()),
        key: key.map(|key| key.to_owned().into()),
        value: value.map(Bytes::from_static),
        headers: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_told_newest_first_with_where_they_came_from() {
    let mut site = Site::cluster(&[]).await;
    let root = admin(&mut site, "root").await;
    let (log, contract) = (site.log().await, Contract::of(site.edge()).await);
    let ann = site.edge().register("ann").await;
    let room = site.edge().room(&ann, "public").await;
    let topic = format!("{}.events", site.setting("ROOMLOG_KAFKA__PREFIX").expect("a cluster's"));
    let scene = Scene {
        site,
        contract,
        root,
        log,
    };

    let fingerprint = Lock::embedded().entries()[0].fingerprint;
    let mut other = record(Topic::Events, &scene.log, Some(&room), Some(b"\x09nothing"));
    other.headers.push(("schema", Bytes::copy_from_slice(&fingerprint)));
    let damaged = [
        (
            record(Topic::Events, &scene.log, Some(&room), Some(b"no event")),
            json!({ "reason": "header", "room": room, "key_bytes": 36, "value_bytes": 8 }),
        ),
        (
            other,
            json!({ "reason": "magic", "room": room, "key_bytes": 36, "value_bytes": 8 }),
        ),
        (
            record(Topic::Events, &scene.log, Some("no room"), Some(b"")),
            json!({ "reason": "header", "room": null, "key_bytes": 7, "value_bytes": 0 }),
        ),
        (
            record(Topic::Events, &scene.log, None, None),
            json!({ "reason": "header", "room": null, "key_bytes": 0, "value_bytes": 0 }),
        ),
    ];
    let mut told = Vec::new();
    for (outgoing, expected) in damaged {
        let (letter, place) = scene.append(outgoing, told.len()).await;
        for (field, value) in expected.as_object().expect("fields") {
            assert_eq!(&letter[field], value, "{field}: {letter}");
        }
        let origin = json!({ "topic": topic, "partition": place["partition"], "offset": place["offset"] });
        assert_eq!(letter["origin"], origin);
        told.insert(0, letter);
    }
    others_letters_are_told_without_origin(&scene, &mut told).await;

    for edge in [scene.site.edge(), scene.site.other()] {
        assert_eq!(scene.letters(edge, "").await, told, "newest first");
        for limit in [1, 3, 100] {
            let latest = scene.letters(edge, &format!("?limit={limit}")).await;
            assert_eq!(latest, told[..limit.min(told.len())], "limit {limit}");
        }
    }
    for limit in ["0", "101", "x"] {
        let path = format!("/v1/admin/log/dead-letters?limit={limit}");
        let token = Some(scene.root.token.as_str());
        let answer = scene
            .contract
            .ask(scene.site.edge(), Method::GET, &path, token, None)
            .await;
        let said = (answer.name(), answer.body["field"].as_str());
        assert_eq!(said, ("bad_request", Some("limit")), "{limit}");
    }
    scene.log.close().await;
}

/// What somebody else has written to the topic says nothing that could be believed, and stops nobody.
async fn others_letters_are_told_without_origin(scene: &Scene, told: &mut Vec<Value>) {
    let header = |name: &'static str, value: &'static str| (name, Bytes::from_static(value.as_bytes()));
    let bare = Vec::new();
    let half = vec![header("reason", "a whim")];
    let wrong = vec![
        header("origin_topic", "somewhere"),
        header("origin_partition", "0"),
        header("origin_offset", "-1"),
        header("reason", "a whim"),
    ];
    for headers in [bare, half, wrong] {
        let letter = record(Topic::DeadLetters, &scene.log, Some("a key"), Some(b"a value"));
        let (letter, place) = scene.append(Outgoing { headers, ..letter }, told.len()).await;
        assert_eq!(
            (&letter["reason"], &letter["origin"]),
            (&Value::Null, &Value::Null),
            "{letter}"
        );
        assert_eq!(
            (&letter["partition"], &letter["offset"], &letter["value_bytes"]),
            (&place["partition"], &place["offset"], &json!(7))
        );
        told.insert(0, letter);
    }
}
