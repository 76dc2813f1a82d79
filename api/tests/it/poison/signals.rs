//! The same of the topics beside the events: read markers and signals.

use super::{count_is, dead_letters, scene};
use crate::support::{Wire, eventually, so};
use bytes::Bytes;
use engine::codec::lock::{Lock, SignalType};
use engine::domain::{RoomId, Seq, UserId};
use engine::history::{Reader as _, postgres};
use engine::log::{Log as _, Outgoing, Topic};
use serde_json::json;
use std::collections::HashMap;

/// A wire format's header with nothing sensible behind it.
const GARBAGE: &[u8] = b"\x00\x00\x00\x00\x07\xff\xff\xff\xff";

/// Headers and value of each kind of damage, with its reason; the last is of the future.
fn damages() -> [(&'static str, Vec<Bytes>, &'static [u8]); 4] {
    let typing = Bytes::copy_from_slice(&Lock::embedded().signal(SignalType::Typing).fingerprint);
    [
        ("header", vec![], GARBAGE),
        ("magic", vec![typing.clone()], b"\x09nothing"),
        ("datum", vec![typing], GARBAGE),
        ("future", vec![Bytes::from_static(b"tomorrow")], GARBAGE),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_among_markers_and_signals_harms_nobody() {
    let mut scene = scene().await;
    let log = scene.cluster.log().await;
    scene.chat("before").await;
    let room = scene.rooms[0].clone();
    let damages = damages();
    for topic in [Topic::Reads, Topic::Signals] {
        for (_, schema, value) in &damages {
            let outgoing = Outgoing {
                topic,
                partition: log.partition_of(room.as_bytes()),
                key: Some(format!("{room}:nobody").into()),
                value: Some(Bytes::from_static(value)),
                headers: schema.iter().map(|bytes| ("schema", bytes.clone())).collect(),
            };
            log.append(outgoing).await.expect("appended");
        }
    }

    scene.chat("after").await;
    // A marker that is moved on one edge is heard on the other, and is kept.
    let seq = scene.heads[0]["seq"].as_u64().expect("a seq");
    let mut elsewhere = Wire::open(&scene.edges[1], &scene.people[0]).await;
    let about = json!({ "room": room });
    elsewhere.ask("subscribe", about.clone()).await.expect("subscribed");
    let moved = scene.wires[0].ask("read", json!({ "room": room, "seq": seq })).await;
    assert_eq!(moved.expect("moved")["read_seq"], seq);
    assert_eq!(elsewhere.push("read").await["seq"], seq);
    let config = postgres::Config::at(scene.cluster.setting("ROOMLOG_POSTGRES__URL"));
    let history = postgres::Postgres::connect(&config).expect("a URL");
    let (id, ann): (RoomId, UserId) = (room.parse().expect("an id"), scene.people[0].id.parse().expect("an id"));
    eventually("the marker is kept", async || {
        let marker = history.read_marker(id, ann).await.map_err(|error| error.to_string())?;
        so(marker == Seq::new(seq), marker)
    })
    .await;
    history.close().await;
    // Who comes is seen by everybody.
    let carl = scene.edges[1].register("carl").await;
    scene.edges[1]
        .done(&carl, &format!("/v1/rooms/{room}/join"), json!({}))
        .await;
    let mut wire = Wire::open(&scene.edges[1], &carl).await;
    wire.ask("subscribe", about).await.expect("subscribed");
    for wire in &mut scene.wires {
        while wire.push("presence").await["count"] != 3 {}
    }

    let counts = |each: u64, reasons: &[&str]| -> HashMap<String, u64> {
        reasons.iter().map(|reason| ((*reason).to_owned(), each)).collect()
    };
    let bad = counts(1, &["header", "magic", "datum"]);
    for edge in &scene.edges {
        let both = counts(2, &["header", "magic", "datum", "future"]);
        count_is(edge, "roomlog_edge_unread_total", "", &both).await;
    }
    let [reads, presence] = &scene.projectors;
    for (projector, label) in [
        (reads, "projection=\"history-reads\""),
        (presence, "projection=\"live-presence\""),
    ] {
        count_is(projector, "roomlog_projector_bad_total", label, &bad).await;
        count_is(projector, "roomlog_projector_skipped_total", label, &counts(1, &[""])).await;
    }
    // Markers are kept, so what is damaged of them is set aside; signals are over in minutes.
    count_is(reads, "roomlog_projector_dead_letters_total", "", &bad).await;
    let prefix = scene.cluster.setting("ROOMLOG_KAFKA__PREFIX");
    let (brokers, topic) = (
        scene.cluster.setting("ROOMLOG_KAFKA__BROKERS").to_owned(),
        format!("{prefix}.dead-letters"),
    );
    let letters = tokio::task::spawn_blocking(move || dead_letters(&brokers, &topic, 3)).await;
    for (_, _, headers) in letters.expect("read") {
        assert_eq!(headers["origin_topic"], format!("{prefix}.reads"));
    }
    log.close().await;
}
