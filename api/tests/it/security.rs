//! What somebody with bad intentions tries, for every operation of the OpenAPI document: strings that mean something
//! elsewhere, sizes beyond all bounds, rooms that are none of their business, tokens where none belong.

mod requests;

use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use crate::support::server::Server;
use crate::support::wire::{Wire, request};
use crate::support::{Person, cid};
use requests::{Asked, Operations};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(
    no_string_means_anything_but_itself,
    a_private_room_that_is_not_yours_is_like_none_at_all,
    nothing_is_too_large_to_be_refused
);

/// Strings that mean something to databases, shells, terminals, templates or decoders.
const STRINGS: [&str; 12] = [
    "\u{0}",
    "a\u{0}b",
    "'; DROP TABLE users; --",
    "' OR '1'='1",
    "\" OR 1=1 --",
    "%",
    "_______",
    "\\",
    "$(reboot)`reboot`",
    "../../../../etc/passwd",
    "\u{202e}\u{feff}\u{2028}",
    "{{7*7}}<script>alert(1)</script>",
];

/// What no answer may hold: the insides of the server.
const INSIDES: [&str; 8] = [
    "sqlx",
    "SELECT ",
    "INSERT ",
    "panicked",
    ".rs:",
    "syntax error",
    "stack",
    "/home/",
];

fn keeps_to_itself(answer: &Value, what: &str) {
    let text = answer.to_string();
    for inside in INSIDES {
        assert!(!text.contains(inside), "{what} shows {inside}: {text}");
    }
}

async fn no_string_means_anything_but_itself(site: Site) {
    let server = site.edge();
    let contract = Contract::of(server).await;
    let (ann, operations) = (server.register("ann").await, Operations::of(server).await);
    let room = server.room(&ann, "public").await;
    server
        .done(
            &ann,
            &format!("/v1/rooms/{room}/messages"),
            json!({ "text": "the first" }),
        )
        .await;
    let mut asked = 0;
    for string in STRINGS {
        for case in operations.with_string(&room, string) {
            let Asked { method, path, body } = &case;
            // These end what the next cases need.
            if path.contains("/auth/logout") || (*method == Method::DELETE && !path.contains("/messages/")) {
                continue;
            }
            let answer = contract
                .ask(server, method.clone(), path, Some(&ann.token), body.as_ref())
                .await;
            let what = format!("{method} {path} {body:?}");
            assert!(
                answer.status.as_u16() < 500,
                "{what}: {} {}",
                answer.status,
                answer.body
            );
            if !answer.status.is_success() {
                keeps_to_itself(&answer.body, &what);
            }
            asked += 1;
        }
    }
    assert!(asked > 300, "only {asked} questions");
    let said = server.told(&ann, &format!("/v1/rooms/{room}/messages")).await;
    let texts: Vec<&str> = said["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|m| m["text"].as_str())
        .collect();
    assert!(
        texts.contains(&"'; DROP TABLE users; --"),
        "said as it was written: {texts:?}"
    );
    assert!(!texts.iter().any(|text| text.contains('\0')), "{texts:?}");
    let login = json!({ "username": ann.username, "password": "correct horse battery" });
    assert_eq!(
        server.post("/v1/auth/login", None, login).await.status(),
        StatusCode::OK
    );
}

async fn a_private_room_that_is_not_yours_is_like_none_at_all(site: Site) {
    let server = site.edge();
    let contract = Contract::of(server).await;
    let (ann, eve) = (server.register("ann").await, server.register("eve").await);
    let operations = Operations::of(server).await;
    let (hidden, nowhere) = (server.room(&ann, "private").await, cid());
    server
        .done(
            &ann,
            &format!("/v1/rooms/{hidden}/messages"),
            json!({ "text": "a secret" }),
        )
        .await;
    let mut asked = 0;
    let (of_hidden, of_nowhere) = (operations.of_room(&hidden), operations.of_room(&nowhere));
    for (mut one, mut other) in of_hidden.into_iter().zip(of_nowhere) {
        // One of three is needed, which the document can't say.
        if one.path.ends_with("/at") {
            one.path.push_str("?seq=2");
            other.path.push_str("?seq=2");
        }
        let found = ask(&contract, server, &eve, &one).await;
        let missing = ask(&contract, server, &eve, &other).await;
        let what = format!("{} {}", one.method, one.path);
        assert_eq!(found, missing, "{what} tells one from the other");
        assert_eq!(found.0, StatusCode::NOT_FOUND, "{what}: {}", found.1);
        asked += 1;
    }
    assert!(asked > 15, "only {asked} questions");
    let mut wire = Wire::open(server, &eve).await;
    for command in [
        "subscribe",
        "send",
        "join",
        "leave",
        "read",
        "typing",
        "recent",
        "presence",
        "edit",
        "react",
        "replay",
    ] {
        let body = |room: &str| json!({ "room": room, "cid": cid(), "text": "a", "seq": 2, "emoji": "a", "from": { "seq": 2 } });
        let mut found = wire.ask(command, body(&hidden)).await.expect_err("refused");
        let mut missing = wire.ask(command, body(&nowhere)).await.expect_err("refused");
        found["trace_id"].take();
        missing["trace_id"].take();
        assert_eq!(found, missing, "{command} tells one from the other");
        assert_eq!(found["name"], "not_found");
    }
}

/// The answer without what differs from request to request.
async fn ask(contract: &Contract, server: &Server, who: &Person, asked: &Asked) -> (StatusCode, Value) {
    let Asked { method, path, body } = asked;
    let answer = contract
        .ask(server, method.clone(), path, Some(&who.token), body.as_ref())
        .await;
    let mut body = answer.body;
    body["trace_id"].take();
    (answer.status, body)
}

async fn nothing_is_too_large_to_be_refused(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let messages = format!("/v1/rooms/{room}/messages");
    let status = async |method: Method, path: &str, body: String| {
        let request = server.http.request(method, format!("{}{path}", server.url));
        let request = request
            .bearer_auth(&ann.token)
            .header("content-type", "application/json")
            .body(body);
        request.send().await.expect("an answer").status()
    };
    let long = "a".repeat(100_000);
    assert_eq!(
        status(Method::POST, &messages, format!("{{\"text\":\"{long}\"}}")).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    for body in [
        "[".repeat(60_000),
        "{\"text\":".repeat(6_000),
        format!("{{\"text\":\"a\",\"since\":1e400,\"pad\":{}}}", "9".repeat(60_000)),
        format!("{{{}\"text\":\"\"}}", "\"a\":1,".repeat(9_000)),
        "\u{feff}{\"text\":\"a\"}".to_owned(),
    ] {
        let shown: String = body.chars().take(20).collect();
        assert_eq!(
            status(Method::POST, &messages, body).await,
            StatusCode::BAD_REQUEST,
            "{shown}…"
        );
    }
    // What does not even fit into a request's head is refused by the HTTP library, before there is anybody to ask.
    let too_long = |status: StatusCode| {
        let expected = [
            StatusCode::URI_TOO_LONG,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            StatusCode::NOT_FOUND,
        ];
        assert!(expected.contains(&status), "{status}");
    };
    too_long(status(Method::GET, &format!("/v1/rooms/{}", "a".repeat(60_000)), String::new()).await);
    let padded = server
        .http
        .get(format!("{}/v1/me", server.url))
        .header("x-padding", &long)
        .send();
    too_long(padded.await.expect("an answer").status());
    let key = "k".repeat(257);
    let keyed = server
        .http
        .post(format!("{}{messages}", server.url))
        .bearer_auth(&ann.token);
    let keyed = keyed
        .header("idempotency-key", key)
        .json(&json!({ "text": "a" }))
        .send();
    assert_eq!(keyed.await.expect("an answer").status(), StatusCode::BAD_REQUEST);
    assert!(
        server.told(&ann, &messages).await["messages"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_a_url_is_no_token() {
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    for name in ["token", "access_token", "auth", "authorization", "jwt"] {
        let answer = server.get(&format!("/v1/me?{name}={}", ann.token), None).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
        let url = format!("{}?{name}={}", server.ws_url(), ann.token);
        let mut asked = request(&server);
        *asked.uri_mut() = url.parse().unwrap();
        let mut wire = Wire::connect(&server, asked).await.expect("connected");
        let id = wire.give("ping", json!({})).await;
        let refused = wire.reply(id).await.expect_err("nobody is known");
        assert_eq!(refused["name"], "unauthenticated", "{name}");
        assert_eq!(wire.bye().await["code"], 4002);
    }
}
