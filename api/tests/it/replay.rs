//! A room's events as they happened, read from the log by both doors.

mod doors;
mod ends;
mod hidden;
mod judged;

pub(crate) use crate::support::chain::check_chain;
use crate::support::{Person, Server, Wire};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

/// What HTTP replays, to its end; `done` is taken out.
pub(crate) async fn events(server: &Server, who: &Person, room: &str, query: &str) -> Vec<Value> {
    let answer = ask(server, who, room, query).await;
    assert_eq!(answer.status(), StatusCode::OK, "{query}");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/x-ndjson");
    let mut lines = lines(&answer.text().await.expect("a text"));
    let last = lines.pop().expect("a last line");
    assert!(last["done"]["to"].is_u64(), "{last}");
    lines
}

pub(crate) async fn ask(server: &Server, who: &Person, room: &str, query: &str) -> Response {
    let path = format!("/v1/rooms/{room}/events?{query}");
    server.get(&path, Some(&who.token)).await
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What a socket replays, to its end, with credit whenever there is none left.
pub(crate) async fn pushed(wire: &mut Wire, command: Value) -> Vec<Value> {
    let window = command["window"].as_u64().unwrap_or(256);
    let begun = wire.ask("replay", command).await.expect("begun");
    let mut events = Vec::new();
    loop {
        let mut push = wire.push("replay").await;
        assert_eq!(push["replay"], begun["replay"]);
        if push["done"].is_object() {
            assert_eq!(push["done"]["to"], begun["to"]);
            return events;
        }
        events.push(push["event"].take());
        if (events.len() as u64).is_multiple_of(window) {
            let more = json!({ "replay": begun["replay"], "window": window });
            // It may have ended meanwhile.
            let _ = wire.ask("more", more).await;
        }
    }
}

/// Says so much, by REST; the receipts.
pub(crate) async fn say(
    server: &Server,
    who: &Person,
    room: &str,
    texts: impl IntoIterator<Item = String>,
) -> Vec<Value> {
    let path = format!("/v1/rooms/{room}/messages");
    let mut receipts = Vec::new();
    for text in texts {
        receipts.push(server.done(who, &path, json!({ "text": text })).await);
    }
    receipts
}

/// A gauge or counter of /metrics; 0 where it is not there.
pub(crate) async fn metric(server: &Server, name: &str) -> f64 {
    let metrics = server.get("/metrics", None).await.text().await.expect("a text");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}
