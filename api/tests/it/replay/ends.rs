//! What can't be replayed, and why: each reason is its own.

use super::{ask, events, say};
use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use crate::support::{Person, Server, Wire, eventually, so};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(with [
    ("ROOMLOG_EDGE__REPLAYS_PER_PERSON", "2"),
    ("ROOMLOG_EDGE__REPLAYS", "3"),
] =>
    what_is_not_there_is_told_apart,
    who_may_not_read_may_not_replay,
    there_are_only_so_many,
    a_replay_ends_with_the_right_to_read,
);

async fn what_is_not_there_is_told_apart(site: Site) {
    let server = site.other();
    let contract = Contract::of(server).await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    say(server, &ann, &room, ["one".to_owned()]).await;
    let all = events(server, &ann, &room, "").await;
    let position = &all[0]["pos"];
    let other_partition = u64::from(position["partition"] == 0);
    let far = 9_007_199_254_740_991_u64;
    let cases = [
        (format!("from_offset={far}"), 416, "out_of_range", "above the log's end"),
        (
            format!("from_offset=0&to_offset={far}"),
            416,
            "out_of_range",
            "above the log's end",
        ),
        (
            format!("from_offset=0&epoch={}", uuid::Uuid::new_v4()),
            416,
            "out_of_range",
            "another log's life",
        ),
        (format!("from_time={far}"), 416, "out_of_range", "in the future"),
        (format!("to_time={far}"), 416, "out_of_range", "in the future"),
        (
            "from_seq=4".to_owned(),
            416,
            "out_of_range",
            "beyond the room's head, 2",
        ),
        ("to_seq=3".to_owned(), 416, "out_of_range", "beyond the room's head, 2"),
        (
            format!("from_offset=0&partition={other_partition}"),
            400,
            "bad_request",
            "the room is in partition",
        ),
        ("from_seq=2&to_offset=0".to_owned(), 400, "bad_request", "before from"),
        (
            "from_seq=1&from_offset=0".to_owned(),
            400,
            "bad_request",
            "one of offset, time and seq",
        ),
        (format!("from_offset={}", far + 1), 400, "bad_request", "at most"),
        ("from_offset=-1".to_owned(), 400, "bad_request", "from_offset"),
        ("from_time=yesterday".to_owned(), 400, "bad_request", "from_time"),
    ];
    for (query, status, name, says) in cases {
        let path = format!("/v1/rooms/{room}/events?{query}");
        let answer = contract.ask(server, Method::GET, &path, Some(&ann.token), None).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["name"]),
            (status, &json!(name)),
            "{query}"
        );
        let detail = answer.body.to_string();
        assert!(detail.contains(says), "{query}: {detail}");
    }
    refused_on_a_socket(site.edge(), &ann, &room, other_partition).await;
}

async fn refused_on_a_socket(server: &Server, ann: &Person, room: &str, other_partition: u64) {
    let far = 9_007_199_254_740_991_u64;
    let mut wire = Wire::open(server, ann).await;
    for (from, to, name, field) in [
        (json!({ "offset": far }), Value::Null, "out_of_range", "from"),
        (json!({ "time": far }), Value::Null, "out_of_range", "from"),
        (json!({ "seq": 4 }), Value::Null, "out_of_range", "from"),
        (json!({ "seq": 1 }), json!({ "seq": 9 }), "out_of_range", "to"),
        (
            json!({ "seq": 1, "epoch": uuid::Uuid::new_v4() }),
            Value::Null,
            "out_of_range",
            "epoch",
        ),
        (
            json!({ "seq": 1, "partition": other_partition }),
            Value::Null,
            "bad_request",
            "partition",
        ),
        (json!({ "seq": 1, "offset": 0 }), Value::Null, "bad_request", "from"),
        (json!({}), Value::Null, "bad_request", "from"),
        (json!(7), Value::Null, "bad_request", "from"),
        (Value::Null, Value::Null, "bad_request", "from"),
    ] {
        let command = json!({ "room": room, "from": from, "to": to });
        let error = wire.ask("replay", command.clone()).await.expect_err("refused");
        assert_eq!(
            (&error["name"], &error["field"]),
            (&json!(name), &json!(field)),
            "{command}: {error}"
        );
    }
    for window in [json!(0), json!(10_001), json!("many")] {
        let command = json!({ "room": room, "from": { "seq": 0 }, "window": window });
        let error = wire.ask("replay", command).await.expect_err("refused");
        assert_eq!(
            (&error["name"], &error["field"]),
            (&json!("bad_request"), &json!("window"))
        );
    }
}

async fn who_may_not_read_may_not_replay(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "private").await;
    let status = async |who, room: &str| ask(server, who, room, "").await.status();
    assert_eq!(status(&ben, &room).await, StatusCode::NOT_FOUND);
    assert_eq!(
        status(&ben, &uuid::Uuid::new_v4().to_string()).await,
        StatusCode::NOT_FOUND
    );
    server
        .done(&ann, &format!("/v1/rooms/{room}/invite"), json!({ "user": ben.id }))
        .await;
    assert_eq!(
        status(&ben, &room).await,
        StatusCode::FORBIDDEN,
        "the invited see its name alone"
    );
    let mut wire = Wire::open(server, &ben).await;
    let command = json!({ "room": room, "from": { "seq": 0 } });
    let error = wire.ask("replay", command.clone()).await.expect_err("refused");
    assert_eq!(error["name"], "not_a_member");
    let open = server.room(&ann, "open").await;
    server
        .done(&ann, &format!("/v1/rooms/{open}/ban"), json!({ "user": ben.id }))
        .await;
    assert_eq!(status(&ben, &open).await, StatusCode::FORBIDDEN);
    let delete = server.http.delete(format!("{}/v1/rooms/{room}", server.url));
    let deleted = delete.bearer_auth(&ann.token).send().await.expect("an answer");
    assert!(deleted.status().is_success());
    assert_eq!(status(&ann, &room).await, StatusCode::GONE);
}

async fn there_are_only_so_many(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "open").await;
    say(server, &ann, &room, (0..9).map(|number| number.to_string())).await;
    let (mut first, mut second) = (Wire::open(server, &ann).await, Wire::open(server, &ben).await);
    let command = json!({ "room": room, "from": { "seq": 0 }, "window": 1 });
    for _ in 0..2 {
        first.ask("replay", command.clone()).await.expect("begun");
    }
    let error = first.ask("replay", command.clone()).await.expect_err("a third");
    assert_eq!(
        (&error["name"], &error["retryable"]),
        (&json!("rate_limited"), &json!(true)),
        "{error}"
    );
    let answer = ask(server, &ann, &room, "").await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers().contains_key("retry-after"));
    second.ask("replay", command.clone()).await.expect("others may");
    let error = second
        .ask("replay", command.clone())
        .await
        .expect_err("a fourth on this edge");
    assert_eq!(error["name"], "overloaded", "{error}");
    drop(first);
    eventually("their places are free", async || {
        let status = ask(server, &ann, &room, "").await.status();
        so(status.is_success(), status)
    })
    .await;
}

mod idle {
    use super::super::{ask, metric, say};
    use crate::support::both::{Site, both};
    use crate::support::{Wire, eventually, so};
    use serde_json::json;

    both!(with [("ROOMLOG_EDGE__REPLAY_IDLE_MS", "300")] => what_nobody_takes_is_ended);

    async fn what_nobody_takes_is_ended(site: Site) {
        let server = site.edge();
        let ann = server.register("ann").await;
        let room = server.room(&ann, "open").await;
        // More than what sockets and buffers between take in.
        say(server, &ann, &room, (0..600).map(|_| "x".repeat(4_000))).await;
        let mut wire = Wire::open(server, &ann).await;
        let command = json!({ "room": room, "from": { "seq": 0 }, "window": 1 });
        wire.ask("replay", command).await.expect("begun");
        assert!(wire.push("replay").await["event"].is_object());
        let end = wire.push("replay").await;
        assert_eq!(end["error"]["name"], "timeout", "{end}");
        let unread = ask(server, &ann, &room, "datum=true").await;
        eventually("both are ended", async || {
            let ended = metric(server, "roomlog_edge_replays_idle_total").await;
            let left = metric(server, "roomlog_edge_replays").await;
            so((ended, left) == (2.0, 0.0), (ended, left))
        })
        .await;
        let text = unread.text().await.expect("what was sent");
        assert!(!text.contains("\"done\""), "it was cut off");
    }
}

async fn a_replay_ends_with_the_right_to_read(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "private").await;
    let at = |tail: &str| format!("/v1/rooms/{room}/{tail}");
    server.done(&ann, &at("invite"), json!({ "user": ben.id })).await;
    server.done(&ben, &at("join"), json!({})).await;
    say(server, &ann, &room, (0..9).map(|number| number.to_string())).await;
    let mut wire = Wire::open(server, &ben).await;
    let command = json!({ "room": room, "from": { "seq": 0 }, "window": 2 });
    let begun = wire.ask("replay", command).await.expect("begun");
    wire.push("replay").await;
    wire.push("replay").await;
    server.done(&ann, &at("kick"), json!({ "user": ben.id })).await;
    let more = json!({ "replay": begun["replay"], "window": 5 });
    wire.ask("more", more).await.expect("credit");
    let push = wire.push("replay").await;
    assert_eq!(push["error"]["name"], "not_found", "{push}");
    assert!(
        push["error"]["trace_id"].as_str().is_some_and(|id| id.len() == 32),
        "{push}"
    );
    let cancel = json!({ "replay": begun["replay"] });
    assert_eq!(wire.ask("cancel", cancel).await.expect_err("over")["name"], "not_found");
}
