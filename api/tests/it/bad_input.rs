//! What is wrong with a frame gets its documented answer, and harms nobody else.

use crate::support::wire::{request, request_with};
use crate::support::{Person, Server, Wire, cid};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// A server, somebody in a room of theirs, and a neighbour who is there too and must not notice anything.
struct Scene {
    server: Server,
    ann: Person,
    room: String,
    wire: Wire,
    neighbour: Wire,
}

async fn scene() -> Scene {
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let ben = server.register("ben").await;
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let mut neighbour = Wire::open(&server, &ben).await;
    neighbour
        .ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let wire = Wire::open(&server, &ann).await;
    Scene {
        server,
        ann,
        room,
        wire,
        neighbour,
    }
}

impl Scene {
    /// Whoever was in the room before still hears and speaks.
    async fn nobody_else_is_harmed(mut self) {
        let sent = json!({ "room": self.room, "cid": cid(), "text": "still here" });
        self.neighbour.ask("send", sent).await.expect("sent");
        let event = self.neighbour.push("event").await;
        assert_eq!(event["body"]["text"], "still here");
        let mut again = Wire::open(&self.server, &self.ann).await;
        again.ask("ping", json!({})).await.expect("a pong");
    }

    fn send(&self, text: &str) -> Value {
        json!({ "room": self.room, "cid": cid(), "text": text })
    }
}

async fn is_a_bad_frame(message: Message) {
    let mut scene = scene().await;
    scene.wire.message(message).await;
    let bye = scene.wire.bye().await;
    assert_eq!((&bye["code"], &bye["resume"]), (&json!(4001), &json!(false)));
    scene.nobody_else_is_harmed().await;
}

fn is_refused(answer: Result<Value, Value>, name: &str, code: u64, field: Option<&str>) {
    let error = answer.expect_err("refused");
    assert_eq!(error["name"], name, "{error}");
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error.get("field").and_then(Value::as_str), field, "{error}");
    assert_eq!(error["outcome"], "none", "{error}");
    assert_eq!(error["trace_id"].as_str().map(str::len), Some(32), "{error}");
}

#[tokio::test]
async fn not_json_is_a_bad_frame() {
    is_a_bad_frame(Message::text("hello")).await;
}

#[tokio::test]
async fn no_usable_id_is_a_bad_frame() {
    is_a_bad_frame(Message::text(r#"{"id":"7","ping":{}}"#)).await;
}

#[tokio::test]
async fn a_binary_frame_is_a_bad_frame() {
    is_a_bad_frame(Message::binary(br#"{"id":7,"ping":{}}"#.to_vec())).await;
}

#[tokio::test]
async fn one_byte_over_64_kib_is_a_bad_frame_and_64_kib_are_not() {
    let mut scene = scene().await;
    let filled = |bytes: usize| {
        let empty = json!({ "id": 7, "ping": { "x": "" } }).to_string();
        json!({ "id": 7, "ping": { "x": "x".repeat(bytes - empty.len()) } }).to_string()
    };
    scene.wire.say(filled(64 * 1024)).await;
    scene.wire.reply(7).await.expect("a message of 64 KiB is read");
    scene.wire.say(filled(64 * 1024 + 1)).await;
    assert_eq!(scene.wire.bye().await["code"], 4001);
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn what_waits_before_a_bad_frame_is_still_answered() {
    let mut scene = scene().await;
    scene
        .wire
        .say("{\"id\":5,\"ping\":{}}\n\n{\"id\":6,\"ping\":{}}\nnonsense\n{\"id\":7,\"ping\":{}}")
        .await;
    scene.wire.reply(5).await.expect("a pong");
    scene.wire.reply(6).await.expect("a pong");
    assert_eq!(scene.wire.bye().await["code"], 4001);
}

#[tokio::test]
async fn an_unknown_command_is_answered_and_the_session_goes_on() {
    let mut scene = scene().await;
    for unknown in ["teleport", "undo", "dance"] {
        is_refused(scene.wire.ask(unknown, json!({})).await, "unknown_command", 101, None);
    }
    scene.wire.say(r#"{"id":1000,"ping":{},"typing":{}}"#).await;
    is_refused(scene.wire.reply(1000).await, "bad_request", 100, None);
    scene.wire.ask("ping", json!({})).await.expect("a pong");
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn a_missing_or_mistyped_field_is_named() {
    let mut scene = scene().await;
    let room = scene.room.clone();
    for (body, field) in [
        (json!({ "room": room, "cid": cid() }), "text"),
        (json!({ "room": room, "text": "a" }), "cid"),
        (json!({ "cid": cid(), "text": "a" }), "room"),
        (json!({ "room": 7, "cid": cid(), "text": "a" }), "room"),
        (json!({ "room": "general", "cid": cid(), "text": "a" }), "room"),
        (json!({ "room": room, "cid": "first", "text": "a" }), "cid"),
        (json!({ "room": room, "cid": cid(), "text": ["a"] }), "text"),
        (
            json!({ "room": room, "cid": cid(), "text": "a", "reply_to": -1 }),
            "reply_to",
        ),
        (
            json!({ "room": room, "cid": cid(), "text": "a", "since": "7" }),
            "since",
        ),
        (json!(7), "send"),
    ] {
        is_refused(scene.wire.ask("send", body).await, "bad_request", 100, Some(field));
    }
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn a_text_has_1_to_4096_characters_and_no_control_characters() {
    let mut scene = scene().await;
    for text in [
        "",
        " \n\t ",
        &"é".repeat(4_097),
        "bell\u{7}",
        "delete\u{7f}",
        "c1\u{85}",
    ] {
        let command = scene.send(text);
        is_refused(scene.wire.ask("send", command).await, "bad_request", 100, Some("text"));
    }
    for text in ["x", &"é".repeat(4_096), "two\nlines\tand a tab"] {
        let command = scene.send(text);
        scene.wire.ask("send", command).await.expect("within bounds");
    }
    scene.neighbour.push("event").await;
    scene.neighbour.push("event").await;
    scene.neighbour.push("event").await;
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn an_unknown_room_and_a_private_one_of_others_are_told_alike() {
    let mut scene = scene().await;
    let carl = scene.server.register("carl").await;
    let private = scene.server.room(&carl, "private").await;
    for room in [cid(), private] {
        let about = json!({ "room": room });
        for command in ["subscribe", "recent", "presence", "typing"] {
            is_refused(scene.wire.ask(command, about.clone()).await, "not_found", 200, None);
        }
        let sent = json!({ "room": room, "cid": cid(), "text": "hello?" });
        is_refused(scene.wire.ask("send", sent).await, "not_found", 200, None);
        is_refused(
            scene.wire.ask("join", json!({ "room": room, "cid": cid() })).await,
            "not_found",
            200,
            None,
        );
    }
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn the_sixty_fifth_waiting_command_is_overloaded() {
    let mut scene = scene().await;
    // One message, so that all are read before any can have its verdict.
    let frames: Vec<String> = (1..=65)
        .map(|id| json!({ "id": id, "send": scene.send(&format!("number {id}")) }).to_string())
        .collect();
    scene.wire.say(frames.join("\n")).await;
    let mut seqs = Vec::new();
    for id in 1..=64 {
        let ack = scene.wire.reply(id).await.expect("sent");
        seqs.push(ack["seq"].as_u64().expect("a number"));
    }
    assert!(seqs.is_sorted(), "in the order of their frames: {seqs:?}");
    let error = scene.wire.reply(65).await.expect_err("refused");
    assert_eq!(
        (&error["name"], &error["retryable"]),
        (&json!("overloaded"), &json!(true))
    );
    let command = scene.send("room again");
    scene.wire.ask("send", command).await.expect("sent");
    for _ in 0..65 {
        scene.neighbour.push("event").await;
    }
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn before_it_is_known_who_asks_only_auth_is_answered() {
    let scene = scene().await;
    let mut wire = Wire::connect(&scene.server, request(&scene.server))
        .await
        .expect("connected");
    is_refused(wire.ask("ping", json!({})).await, "unauthenticated", 110, None);
    assert_eq!(wire.bye().await["code"], 4002);

    let mut wire = Wire::connect(&scene.server, request(&scene.server))
        .await
        .expect("connected");
    is_refused(
        wire.ask("auth", json!({ "token": "nonsense" })).await,
        "unauthenticated",
        110,
        None,
    );
    assert_eq!(wire.bye().await["code"], 4002);

    let mut wire = Wire::connect(&scene.server, request(&scene.server))
        .await
        .expect("connected");
    wire.say(format!(
        "{}\n{}",
        json!({ "id": 1, "auth": { "token": scene.ann.token } }),
        json!({ "id": 2, "subscribe": { "room": scene.room } })
    ))
    .await;
    let hello = wire.frame().await.expect("a frame");
    assert_eq!(
        hello["hello"]["user"]["id"],
        scene.ann.id.as_str(),
        "hello comes first: {hello}"
    );
    wire.reply(1).await.expect("known");
    wire.reply(2).await.expect("subscribed");
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn a_bad_token_in_the_header_ends_with_4002() {
    let scene = scene().await;
    let wire = Wire::connect(
        &scene.server,
        request_with(&scene.server, "authorization", "Bearer nonsense"),
    )
    .await;
    assert_eq!(wire.expect("connected").bye().await["code"], 4002);
    scene.nobody_else_is_harmed().await;
}

#[tokio::test]
async fn who_says_nothing_is_sent_away() {
    let server = Server::embedded_with(&[("ROOMLOG_SESSION__AUTH_TIMEOUT_MS", "300")]).await;
    let mut wire = Wire::connect(&server, request(&server)).await.expect("connected");
    assert_eq!(wire.bye().await["code"], 4004);
}

#[tokio::test]
async fn an_expired_token_ends_with_4204() {
    let server = Server::embedded_with(&[
        ("ROOMLOG_PEOPLE__ACCESS_TTL_MS", "3000"),
        ("ROOMLOG_SESSION__PING_INTERVAL_MS", "300"),
        ("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "250"),
    ])
    .await;
    let ann = server.register("ann").await;
    let mut wire = Wire::open(&server, &ann).await;
    let bye = wire.bye().await;
    assert_eq!((&bye["code"], &bye["resume"]), (&json!(4204), &json!(true)));

    let bearer = format!("Bearer {}", ann.token);
    let mut late = Wire::connect(&server, request_with(&server, "authorization", &bearer))
        .await
        .expect("connected");
    assert_eq!(late.bye().await["code"], 4204);
    let answer = server.get("/v1/me", Some(&ann.token)).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn a_fresh_token_keeps_a_session_alive() {
    let server = Server::embedded_with(&[
        ("ROOMLOG_PEOPLE__ACCESS_TTL_MS", "3000"),
        ("ROOMLOG_SESSION__PING_INTERVAL_MS", "300"),
        ("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "250"),
    ])
    .await;
    let ann = server.register("ann").await;
    let mut wire = Wire::open(&server, &ann).await;
    let mut refresh_token = ann.refresh_token.clone();
    // Until the first token has run out, and then until the session was looked at again.
    while server.get("/v1/me", Some(&ann.token)).await.status() == 200 {
        let body = json!({ "refresh_token": refresh_token });
        let answer = server.post("/v1/auth/refresh", None, body).await;
        let fresh: Value = answer.json().await.expect("JSON");
        refresh_token = fresh["refresh_token"].as_str().expect("a token").to_owned();
        let token = json!({ "token": fresh["access_token"] });
        wire.ask("auth", token).await.expect("taken");
        wire.pinged(1).await;
    }
    wire.pinged(2).await;
    let ben = server.register("ben").await;
    is_refused(
        wire.ask("auth", json!({ "token": ben.token })).await,
        "bad_request",
        100,
        Some("token"),
    );
}

#[tokio::test]
async fn no_pong_ends_with_4103() {
    let server = Server::embedded_with(&[
        ("ROOMLOG_SESSION__PING_INTERVAL_MS", "2500"),
        ("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "2000"),
    ])
    .await;
    let ann = server.register("ann").await;
    let mut wire = Wire::open(&server, &ann).await;
    // Whoever answers pings stays.
    wire.pinged(3).await;
    wire.polite = false;
    assert_eq!(wire.bye().await["code"], 4103);
}

#[tokio::test]
async fn another_version_ends_with_4005() {
    let scene = scene().await;
    let mut other = request(&scene.server);
    other.headers_mut().remove("sec-websocket-protocol");
    let mut wire = Wire::connect(&scene.server, other).await.expect("connected");
    assert_eq!(wire.bye().await["code"], 4005);
    scene.nobody_else_is_harmed().await;
}
