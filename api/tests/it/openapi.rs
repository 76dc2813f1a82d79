//! The documents of both doors, held against what really happens: REST by a fuzzer, the socket by its own frames.

use crate::support::both::Site;
use crate::support::contract::validator;
use crate::support::wire::{Wire, request};
use crate::support::{Server, cid};
use api::protocol::VERBS;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

/// Cases of one operation and phase; more find little more (ROOMLOG_FUZZ_EXAMPLES tries).
const EXAMPLES: &str = "8";
/// A finding can be made again (ROOMLOG_FUZZ_SEED takes another).
const SEED: &str = "20260101";

fn or(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_document_allows_or_forbids_surprises_the_server() {
    let schemathesis = std::env::var("ROOMLOG_TEST_SCHEMATHESIS").expect("run `make test`, or scripts/services up");
    let mut site = Site::embedded(&[]).await;
    // An admin, so that nothing is closed to the fuzzer.
    let ann = crate::admin::admin(&mut site, "ann").await;
    let server = site.edge();
    // Somebody and something to find.
    server.register("ben").await;
    server.room(&ann, "public").await;
    let (examples, seed) = (or("ROOMLOG_FUZZ_EXAMPLES", EXAMPLES), or("ROOMLOG_FUZZ_SEED", SEED));
    let document = format!("{}/v1/openapi.json", server.url);
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis.toml");
    let bearer = format!("Authorization: Bearer {}", ann.token);
    let folder = server.folder.clone();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(schemathesis)
            .arg("--config-file")
            .arg(settings)
            .args(["--no-color", "run", &document, "--header", &bearer])
            .args(["--seed", &seed, "--max-examples", &examples, "--workers", "2"])
            .current_dir(folder.path())
            .output()
    });
    let output = ran.await.expect("no panic").expect("schemathesis runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for phase in ["Coverage", "Fuzzing", "Stateful"] {
        assert!(
            said.contains(&format!("✅ {phase}")),
            "{phase} found nothing to do: {said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_to_try_it_is_served_with_all_it_needs_and_nothing_of_others() {
    let server = Server::embedded().await;
    let page = server.get("/docs/", None).await;
    assert!(page.status().is_success());
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'self'; "), "{policy}");
    let html = page.text().await.unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    for part in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let answer = server.get(&format!("/docs/{part}"), None).await;
        assert!(answer.status().is_success(), "{part}");
    }
    let initializer = server
        .get("/docs/swagger-initializer.js", None)
        .await
        .text()
        .await
        .unwrap();
    assert!(initializer.contains("/v1/openapi.json"), "{initializer}");
}

/// Where the names of operations are kept: `name METHOD path` a line, in order of name.
const OPERATIONS: &str = "tests/operations.txt";

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_keeps_a_name_of_its_own() {
    let server = Server::embedded().await;
    let document: Value = server.get("/v1/openapi.json", None).await.json().await.expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let name = operation["operationId"].as_str().unwrap_or_default();
            let words: Vec<&str> = name.split('_').collect();
            let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(
                words.len() > 1 && words.iter().all(is_word),
                "{method} {path}: {name:?}"
            );
            found.push(format!("{name} {} {path}", method.to_uppercase()));
        }
    }
    found.sort();
    let names: HashSet<&str> = found.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names.len(), found.len(), "two have one name: {found:#?}");
    // Generated clients have methods of these names: whoever changes one breaks them, and shall see it.
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(OPERATIONS);
    let found = found.join("\n") + "\n";
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        std::fs::write(&kept, &found).expect("the names are written");
    }
    assert_eq!(
        std::fs::read_to_string(&kept).unwrap_or_default(),
        found,
        "ROOMLOG_UPDATE=1 cargo test -p api --test it every_operation keeps them anew"
    );
}

/// What the socket's document says of a message.
struct Frames(Value);

impl Frames {
    fn check(&self, message: &str, frame: &Value) {
        let payload = &self.0["components"]["messages"][message]["payload"];
        assert!(payload.is_object(), "{message} is not in the document");
        if let Err(error) = validator(&self.0["components"], payload).validate(frame) {
            panic!("{message}: {error} at {}: {frame}", error.instance_path());
        }
    }

    /// A frame without id, as the push that it is.
    fn push(&self, frame: &Value) -> String {
        let name = frame
            .as_object()
            .and_then(|frame| frame.keys().next())
            .expect("a push has a name");
        self.check(&format!("{name}_push"), frame);
        name.clone()
    }
}

/// Gives a command, holds its reply and every push before it against the document; the reply's `ok`.
async fn ask(frames: &Frames, wire: &mut Wire, command: &str, body: Value) -> Value {
    let id = wire.give(command, body.clone()).await;
    frames.check(command, &json!({ "id": id, command: body }));
    loop {
        let frame = wire.frame().await.expect("a frame");
        if frame["id"] != id {
            frames.push(&frame);
            continue;
        }
        if frame.get("error").is_some() {
            frames.check("error", &frame);
            return Value::Null;
        }
        frames.check(&format!("{command}_ok"), &frame);
        return frame["ok"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_says_what_its_document_says() {
    let server = Server::embedded().await;
    let document: Value = server.get("/asyncapi.json", None).await.json().await.expect("JSON");
    assert_eq!(document["asyncapi"], "3.0.0");
    let frames = Frames(document);
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    let mut wire = Wire::connect(&server, request(&server)).await.expect("connected");
    let mut asked = vec!["auth"];
    let id = wire.give("auth", json!({ "token": ann.token })).await;
    let hello = wire.frame().await.expect("hello");
    assert_eq!(frames.push(&hello), "hello");
    frames.check("auth_ok", &wire.frame().await.expect("the reply"));
    assert_eq!(id, 1);

    let here = |more: Value| {
        let mut body = json!({ "room": room });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let said = json!({ "cid": cid(), "text": "hello" });
    let mut story = vec![
        ("subscribe", here(json!({ "recent": 10 }))),
        ("send", here(said)),
        (
            "send",
            here(json!({ "cid": cid(), "text": "an answer", "reply_to": 2, "mentions": [ben.id], "since": 2 })),
        ),
        ("edit", here(json!({ "cid": cid(), "seq": 2, "text": "hello, you" }))),
        ("react", here(json!({ "cid": cid(), "seq": 2, "emoji": "👍" }))),
        ("recent", here(json!({ "limit": 5 }))),
        ("unreact", here(json!({ "cid": cid(), "seq": 2, "emoji": "👍" }))),
        ("delete", here(json!({ "cid": cid(), "seq": 3 }))),
        ("read", here(json!({ "seq": 2 }))),
        ("typing", here(json!({}))),
        ("presence", here(json!({}))),
        ("ping", json!({})),
        (
            "replay",
            here(json!({ "from": { "seq": 1 }, "to": { "seq": 4 }, "window": 9, "datum": true })),
        ),
        ("replay", here(json!({ "from": { "offset": 0 }, "window": 1 }))),
        ("more", json!({ "replay": 2, "window": 1 })),
        ("cancel", json!({ "replay": 2 })),
        ("subscribe", json!({ "room": cid() })),
        ("unsubscribe", here(json!({}))),
    ];
    for (command, body) in story.drain(..) {
        asked.push(command);
        ask(&frames, &mut wire, command, body).await;
    }
    let mut other = Wire::open(&server, &ben).await;
    for command in ["join", "leave"] {
        asked.push(command);
        let ok = ask(&frames, &mut other, command, here(json!({ "cid": cid() }))).await;
        assert_eq!(ok["duplicate"], false);
    }
    let missing: Vec<_> = VERBS
        .iter()
        .map(|verb| verb.name())
        .filter(|name| !asked.contains(name))
        .collect();
    assert!(missing.is_empty(), "never asked: {missing:?}");
    wire.say("this is no frame").await;
    while let Some(frame) = wire.frame().await {
        if frames.push(&frame) == "bye" {
            break;
        }
    }
}
