//! What is replayed is exactly what the log accepted.

use crate::scene::Scene;
use crate::support::Wire;
use crate::support::chain::check_chain;
use bench::fill::FilledRoom;
use serde_json::{Value, json};

/// Rooms that are replayed by every door: the largest, the smallest, and some between.
const EVERY_DOOR: [usize; 5] = [0, 1, 50, 120, 199];

pub(crate) async fn every_room_over_http(scene: &Scene) {
    let mut accepted = 0;
    for room in &scene.rooms {
        // Without the bytes: of what was deleted they are not for everybody, so the chain is computed elsewhere.
        let path = format!("/v1/rooms/{}/events", room.id);
        let text = scene.edges[0]
            .get(&path, Some(&scene.somebody.token))
            .await
            .text()
            .await
            .expect("a text");
        let mut lines = text.lines();
        let done: Value = serde_json::from_str(lines.next_back().expect("a last line")).expect("JSON");
        assert!(done["done"].is_object(), "{done}");
        let (mut head, mut ignored) = (0, 0);
        let mut digest = Value::Null;
        for line in lines {
            let event: Value = serde_json::from_str(line).expect("JSON");
            if event["verdict"] == "accepted" {
                head += 1;
                assert_eq!(event["seq"], head, "{event}");
                digest = event["digest"].clone();
            } else {
                ignored += 1;
            }
        }
        assert_eq!((head, ignored), (room.head.get(), room.ignored), "{}", room.id);
        assert_eq!(digest, room.digest.to_string());
        accepted += head;
    }
    assert_eq!(accepted, scene.rooms.iter().map(|room| room.head.get()).sum::<u64>());
}

pub(crate) async fn some_over_every_door(scene: &Scene) {
    for number in EVERY_DOOR {
        let room = &scene.rooms[number];
        let over_http = http(scene, room).await;
        assert_eq!(socket(scene, room).await, over_http);
        assert_eq!(command_line(scene, room, true), over_http);
        // At the broker nobody is kept from anything: the whole chain can be computed again.
        let straight = command_line(scene, room, false);
        let (head, digest) = check_chain(&room.id.to_string(), &straight);
        let ignored = straight.iter().filter(|event| event["verdict"] != "accepted").count() as u64;
        assert_eq!(
            (head, digest, ignored),
            (room.head.get(), room.digest, room.ignored),
            "{}",
            room.id
        );
        let digests = |events: &[Value]| events.iter().map(|event| event["digest"].clone()).collect::<Vec<_>>();
        assert_eq!(digests(&straight), digests(&over_http));
    }
}

async fn http(scene: &Scene, room: &FilledRoom) -> Vec<Value> {
    let path = format!("/v1/rooms/{}/events?datum=true&from_seq=1", room.id);
    let text = scene.edges[0]
        .get(&path, Some(&scene.somebody.token))
        .await
        .text()
        .await
        .expect("a text");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let mut lines: Vec<Value> = lines.collect();
    assert!(lines.pop().expect("a last line")["done"].is_object());
    lines
}

async fn socket(scene: &Scene, room: &FilledRoom) -> Vec<Value> {
    const WINDOW: usize = 2_000;
    let mut wire = Wire::open(&scene.edges[1], &scene.somebody).await;
    let command = json!({ "room": room.id, "from": { "seq": 1 }, "window": WINDOW, "datum": true });
    let begun = wire.ask("replay", command).await.expect("begun");
    let mut events = Vec::new();
    loop {
        let mut push = wire.push("replay").await;
        if push["done"].is_object() {
            return events;
        }
        assert!(push["event"].is_object(), "{push}");
        events.push(push["event"].take());
        if events.len() % (WINDOW / 2) == 0 {
            wire.give("more", json!({ "replay": begun["replay"], "window": WINDOW / 2 }))
                .await;
        }
    }
}

/// `roomlog replay`, through a server or straight at the broker.
fn command_line(scene: &Scene, room: &FilledRoom, through_server: bool) -> Vec<Value> {
    let id = room.id.to_string();
    let mut words = vec![
        "replay",
        "--room",
        &id,
        "--from-seq",
        "1",
        "--datum",
        "--format",
        "ndjson",
    ];
    let token = ("ROOMLOG_TOKEN", scene.somebody.token.as_str());
    if through_server {
        words.extend(["--server", &scene.edges[1].url]);
    }
    let mut settings = scene.cluster.settings();
    settings.push(token);
    let ended = crate::support::server::run_to_end(&words, &settings);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    lines.collect()
}
