//! What comes, by both doors, and how it is paced.

use super::{ask, check_chain, events, metric, pushed, say};
use crate::support::both::{Site, both};
use crate::support::contract::validator;
use crate::support::{Person, Server, Wire, eventually, so};

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

both!(
    both_doors_show_the_same_and_the_chain_holds,
    any_place_can_be_the_first_and_the_last,
    credit_paces_a_socket,
    server_sent_events_go_on_where_they_ended,
    whoever_goes_leaves_nothing_behind,
);

/// A room where something of everything has happened; its owner and a member.
async fn eventful(site: &Site) -> (Person, Person, String) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    let at = |tail: &str| format!("/v1/rooms/{room}/{tail}");
    server.done(&ben, &at("join"), json!({})).await;
    let receipts = say(server, &ben, &room, (0..20).map(|number| format!("text {number}"))).await;
    server
        .done(
            &ann,
            &at(&format!("messages/{}/react", receipts[0]["seq"])),
            json!({ "emoji": "👍" }),
        )
        .await;
    server.done(&ann, &at("mute"), json!({ "user": ben.id })).await;
    server.done(&ann, &at("unmute"), json!({ "user": ben.id })).await;
    let edit = format!("{}{}", server.url, at(&format!("messages/{}", receipts[3]["seq"])));
    let edit = server
        .http
        .patch(edit)
        .bearer_auth(&ben.token)
        .json(&json!({ "text": "otherwise" }));
    assert!(edit.send().await.expect("an answer").status().is_success());
    (ann, ben, room)
}

async fn both_doors_show_the_same_and_the_chain_holds(site: Site) {
    let (ann, _, room) = eventful(&site).await;
    for server in [site.edge(), site.other()] {
        let over_http = events(server, &ann, &room, "from_seq=0&datum=true").await;
        let (head, digest) = check_chain(&room, &over_http);
        let shown = server.told(&ann, &format!("/v1/rooms/{room}")).await;
        assert_eq!(shown["head"]["seq"], head);
        assert_eq!(shown["head"]["digest"], digest.to_string());
        assert_eq!(over_http.len() as u64, head, "everything counted here: {over_http:?}");
        let types: Vec<&str> = over_http.iter().filter_map(|event| event["type"].as_str()).collect();
        for kind in [
            "room_created",
            "member_joined",
            "message_sent",
            "reaction_added",
            "member_muted",
            "message_edited",
        ] {
            assert!(types.contains(&kind), "{kind} is not in {types:?}");
        }
        let mut wire = Wire::open(server, &ann).await;
        let from = json!({ "seq": 1 });
        let over_socket = pushed(
            &mut wire,
            json!({ "room": room, "from": from, "datum": true, "window": 7 }),
        )
        .await;
        assert_eq!(over_socket, over_http);

        // As it was pushed when it happened.
        let resume = json!({ "epoch": shown["head"]["pos"]["epoch"], "seq": 0 });
        wire.ask("subscribe", json!({ "room": room, "resume": resume }))
            .await
            .expect("subscribed");
        for event in &over_http {
            let live = wire.push("event").await;
            for (field, value) in live.as_object().expect("an event") {
                assert_eq!(&event[field], value, "{field}");
            }
        }
        let plain = events(server, &ann, &room, "").await;
        assert!(
            plain.iter().all(|event| event.get("datum").is_none()),
            "it was not asked for"
        );
        described(server, &over_http).await;
    }
}

/// Each line is as the document has it.
async fn described(server: &Server, events: &[Value]) {
    let document: Value = server.get("/v1/openapi.json", None).await.json().await.expect("JSON");
    let validator = validator(
        &document["components"],
        &document["components"]["schemas"]["ReplayedEvent"],
    );
    for event in events {
        if let Err(error) = validator.validate(event) {
            panic!("{error} at {}: {event}", error.instance_path());
        }
    }
}

async fn any_place_can_be_the_first_and_the_last(site: Site) {
    let (ann, _, room) = eventful(&site).await;
    let server = site.other();
    let all = events(server, &ann, &room, "from_offset=0").await;
    let (fifth, ninth) = (&all[4], &all[8]);
    let offset = |event: &Value| event["pos"]["offset"].as_u64().expect("an offset");
    let queries = [
        "from_seq=5&to_seq=9".to_owned(),
        format!("from_offset={}&to_offset={}", offset(fifth), offset(ninth) + 1),
        format!("from_seq=5&to_offset={}", offset(ninth) + 1),
        format!("from_offset={}&to_seq=9", offset(fifth)),
        format!(
            "from_offset={}&to_seq=9&epoch={}&partition={}",
            offset(fifth),
            fifth["pos"]["epoch"].as_str().expect("an epoch"),
            fifth["pos"]["partition"]
        ),
    ];
    for query in queries {
        assert_eq!(events(server, &ann, &room, &query).await, all[4..=8], "{query}");
    }
    // Times are not unique: all that was appended then is there.
    let (from, to) = (
        fifth["at"].as_i64().expect("a time"),
        ninth["at"].as_i64().expect("a time"),
    );
    let timed = events(server, &ann, &room, &format!("from_time={from}&to_time={to}")).await;
    let expected: Vec<&Value> = all
        .iter()
        .filter(|event| (from..=to).contains(&event["at"].as_i64().expect("a time")))
        .collect();
    assert_eq!(timed.iter().collect::<Vec<_>>(), expected);
    let head = all.len() as u64;
    for nothing in [
        format!("from_seq={}", head + 1),
        "from_seq=5&to_seq=4".to_owned(),
        format!("from_time={}", all[all.len() - 1]["at"].as_i64().expect("a time") + 1),
        "from_time=0&to_time=0".to_owned(),
    ] {
        assert_eq!(
            events(server, &ann, &room, &nothing).await,
            Vec::<Value>::new(),
            "{nothing}"
        );
    }
}

async fn credit_paces_a_socket(site: Site) {
    let (ann, _, room) = eventful(&site).await;
    let mut wire = Wire::open(site.edge(), &ann).await;
    let command = json!({ "room": room, "from": { "seq": 0 }, "window": 3 });
    let begun = wire.ask("replay", command).await.expect("begun");
    for seq in 1..=3 {
        assert_eq!(wire.push("replay").await["event"]["seq"], seq);
    }
    // What is answered now was asked after whatever the replay would have pushed on its own.
    for _ in 0..20 {
        wire.ask("ping", json!({})).await.expect("a time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!wire.has("replay"), "more came than was asked for");
    let more = json!({ "replay": begun["replay"], "window": 2 });
    assert_eq!(wire.ask("more", more).await.expect("credit"), json!({}));
    assert_eq!(wire.push("replay").await["event"]["seq"], 4);
    assert_eq!(wire.push("replay").await["event"]["seq"], 5);
    let cancel = json!({ "replay": begun["replay"] });
    assert_eq!(wire.ask("cancel", cancel.clone()).await.expect("ended"), json!({}));
    for (command, body) in [
        ("cancel", cancel),
        ("more", json!({ "replay": begun["replay"], "window": 9 })),
    ] {
        let error = wire.ask(command, body).await.expect_err("it is over");
        assert_eq!(error["name"], "not_found");
    }
    // The next one has a number of its own, and nothing of the first comes any more.
    let again = json!({ "room": room, "from": { "seq": 2 }, "to": { "seq": 2 } });
    let second = wire.ask("replay", again).await.expect("begun");
    assert_ne!(second["replay"], begun["replay"]);
    let push = wire.push("replay").await;
    assert_eq!((&push["replay"], &push["event"]["seq"]), (&second["replay"], &json!(2)));
    assert!(wire.push("replay").await["done"].is_object());
}

async fn server_sent_events_go_on_where_they_ended(site: Site) {
    let (ann, _, room) = eventful(&site).await;
    let server = site.other();
    let all = events(server, &ann, &room, "").await;
    let get = |last: Option<String>| {
        let mut request = server
            .http
            .get(format!("{}/v1/rooms/{room}/events?from_seq=2", server.url))
            .bearer_auth(&ann.token)
            .header(header::ACCEPT, "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        async move { request.send().await.expect("an answer") }
    };
    let answer = get(None).await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let sent = answer.text().await.expect("a text");
    let blocks: Vec<&str> = sent.trim_end().split("\n\n").collect();
    assert_eq!(blocks.len(), all.len(), "all but the first, and the end");
    let mut ids = Vec::new();
    for (block, event) in blocks.iter().zip(&all[1..]) {
        let fields: Vec<&str> = block.lines().collect();
        assert_eq!(fields[1], "event: event");
        let data = fields[2].strip_prefix("data: ").expect("data");
        assert_eq!(&serde_json::from_str::<Value>(data).expect("JSON"), event);
        ids.push(fields[0].strip_prefix("id: ").expect("an id").to_owned());
    }
    assert!(blocks[blocks.len() - 1].starts_with("event: done\ndata: {\"to\":"));
    let rest = get(Some(ids[4].clone())).await.text().await.expect("a text");
    assert_eq!(rest, sent[sent.find(&ids[5]).expect("it is there") - "id: ".len()..]);
    let over = get(ids.last().cloned()).await;
    assert_eq!(
        over.status(),
        StatusCode::NO_CONTENT,
        "there is no more: a browser stops asking"
    );
    let elsewhere = ids[4].replacen(&ids[4][..36], &uuid::Uuid::new_v4().to_string(), 1);
    assert_eq!(get(Some(elsewhere)).await.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(get(Some("5".into())).await.status(), StatusCode::BAD_REQUEST);
}

async fn whoever_goes_leaves_nothing_behind(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    // More than what sockets and buffers between take in.
    say(server, &ann, &room, (0..600).map(|_| "x".repeat(4_000))).await;
    let mut wires = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::open(server, &ann).await;
        let command = json!({ "room": room, "from": { "seq": 0 }, "window": 5 });
        wire.ask("replay", command).await.expect("begun");
        wire.push("replay").await;
        wires.push(wire);
    }
    let mut stream = ask(server, &ann, &room, "datum=true").await;
    stream.chunk().await.expect("a part").expect("a part");
    assert!(metric(server, "roomlog_edge_replays").await >= 2.0);
    drop((wires, stream));
    eventually("nothing is left of them", async || {
        let (replays, readers) = (
            metric(server, "roomlog_edge_replays").await,
            metric(server, "roomlog_edge_replay_readers").await,
        );
        so((replays, readers) == (0.0, 0.0), (replays, readers))
    })
    .await;
}
