//! REST where something is wrong: each gets its problem (RFC 9457).

use crate::support::both::{Site, both};
use crate::support::{DEADLINE, Server};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

both!(
    who_is_not_signed_in_is_told,
    what_is_wrong_with_an_account_is_named,
    what_one_may_not_is_told_as_the_table_says
);

async fn is_a_problem(answer: Response, status: u16, name: &str, field: Option<&str>) {
    assert_eq!(
        answer.headers()["content-type"],
        "application/problem+json",
        "{status} {name}"
    );
    let trace = answer.headers()["x-trace-id"].clone();
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.status(), status);
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(
        (&problem["status"], &problem["name"]),
        (&json!(status), &json!(name)),
        "{problem}"
    );
    assert_eq!(problem.get("field").and_then(Value::as_str), field, "{problem}");
    assert_eq!(problem["trace_id"], trace.to_str().expect("ASCII"));
    assert!(
        problem["code"].is_u64() && problem["title"].is_string() && problem["detail"].is_string(),
        "{problem}"
    );
}

async fn who_is_not_signed_in_is_told(site: Site) {
    let server = site.edge();
    for token in [None, Some("nonsense"), Some("")] {
        is_a_problem(server.get("/v1/me", token).await, 401, "unauthenticated", None).await;
        is_a_problem(
            server.post("/v1/rooms", token, json!({})).await,
            401,
            "unauthenticated",
            None,
        )
        .await;
    }
    let wrong = json!({ "username": "nobody", "password": "whatever it is" });
    is_a_problem(
        server.post("/v1/auth/login", None, wrong).await,
        401,
        "unauthenticated",
        None,
    )
    .await;
}

async fn what_is_wrong_with_an_account_is_named(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    for (body, field) in [
        (json!({ "password": "correct horse" }), "username"),
        (json!({ "username": "Ann!", "password": "correct horse" }), "username"),
        (json!({ "username": "ann-2", "password": "short" }), "password"),
        (json!({ "username": "ann-2", "password": 7 }), "password"),
        (
            json!({ "username": "ann-2", "password": "correct horse", "display_name": "" }),
            "display_name",
        ),
    ] {
        is_a_problem(
            server.post("/v1/auth/register", None, body).await,
            400,
            "bad_request",
            Some(field),
        )
        .await;
    }
    let taken = json!({ "username": ann.username, "password": "correct horse" });
    is_a_problem(
        server.post("/v1/auth/register", None, taken).await,
        409,
        "conflict",
        Some("username"),
    )
    .await;
}

#[tokio::test]
async fn a_body_must_be_json_within_bounds() {
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let post = |kind: &'static str, body: Vec<u8>| {
        let request = server
            .http
            .post(format!("{}/v1/rooms", server.url))
            .bearer_auth(&ann.token);
        request.header("content-type", kind).body(body).send()
    };
    let json = "application/json; charset=utf-8";
    is_a_problem(
        post(json, b"{".to_vec()).await.expect("an answer"),
        400,
        "bad_request",
        None,
    )
    .await;
    is_a_problem(
        post(json, b"[]".to_vec()).await.expect("an answer"),
        400,
        "bad_request",
        Some("body"),
    )
    .await;
    is_a_problem(
        post(json, vec![0xff]).await.expect("an answer"),
        400,
        "bad_request",
        None,
    )
    .await;
    is_a_problem(
        post("text/plain", b"{}".to_vec()).await.expect("an answer"),
        415,
        "unsupported_media_type",
        None,
    )
    .await;
    is_a_problem(
        post(json, vec![b' '; 64 * 1024]).await.expect("an answer"),
        400,
        "bad_request",
        Some("kind"),
    )
    .await;
    for bytes in [64 * 1024 + 1, 8 << 20] {
        let answer = post(json, vec![b' '; bytes]).await.expect("an answer");
        is_a_problem(answer, 413, "too_large", None).await;
    }
}

/// What a peer reads until the connection ends, while it writes what `write` writes.
async fn read_while(
    server: &Server,
    head: &str,
    write: impl AsyncFnOnce(&mut OwnedWriteHalf) -> usize,
) -> (String, usize) {
    let address = server.url.trim_start_matches("http://");
    let (mut inward, mut outward) = TcpStream::connect(address).await.expect("connected").into_split();
    let reading = tokio::spawn(async move {
        let mut read = Vec::new();
        // That it ends by a reset is no matter here: what came before is what counts.
        let ended = tokio::time::timeout(DEADLINE, inward.read_to_end(&mut read)).await;
        let _ = ended.expect("the connection ends");
        String::from_utf8(read).expect("text")
    });
    outward.write_all(head.as_bytes()).await.expect("written");
    let written = write(&mut outward).await;
    (reading.await.expect("read"), written)
}

#[tokio::test]
async fn a_body_too_large_costs_no_more_than_its_bounds() {
    const MUCH: usize = 64 << 20;
    let server = Server::embedded_with(&[
        ("ROOMLOG_HTTP__UNREAD_BODY_BYTES", "262144"),
        ("ROOMLOG_HTTP__UNREAD_BODY_TIMEOUT_MS", "300"),
    ])
    .await;
    let ann = server.register("ann").await;
    let head = |more: &str| {
        format!(
            "POST /v1/rooms HTTP/1.1\r\nHost: roomlog\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n{more}\r\n\r\n",
            ann.token
        )
    };
    let is_too_large = |read: &str| {
        assert!(read.starts_with("HTTP/1.1 413 "), "{read}");
        assert_eq!(read.matches("HTTP/1.1").count(), 1, "{read}");
        assert!(read.contains("\"name\":\"too_large\""), "{read}");
    };

    // Somebody who never ends is cut off: far more fits in no buffer between the two.
    let (read, written) = read_while(&server, &head("Transfer-Encoding: chunked"), async |outward| {
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        let mut written = 0;
        while written < MUCH && outward.write_all(&chunk).await.is_ok() {
            written += chunk.len();
        }
        written
    })
    .await;
    is_too_large(&read);
    assert!(written < MUCH);

    // So is somebody who says that much will come, and sends nothing more.
    let (read, _) = read_while(&server, &head("Content-Length: 1000000"), async |outward| {
        outward.write_all(b"{").await.expect("written");
        0
    })
    .await;
    is_too_large(&read);

    // Who asks first is told, and not asked for the body (RFC 9110 §10.1.1).
    let asks = head("Content-Length: 1000000\r\nExpect: 100-continue");
    let (read, _) = read_while(&server, &asks, async |_| 0).await;
    is_too_large(&read);
}

#[tokio::test]
async fn an_unknown_path_or_method_is_told() {
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    is_a_problem(server.get("/v1/nonsense", None).await, 404, "unknown_command", None).await;
    is_a_problem(server.get("/nonsense", None).await, 404, "unknown_command", None).await;
    let room = server.room(&ann, "public").await;
    let dance = server
        .post(&format!("/v1/rooms/{room}/dance"), Some(&ann.token), json!({}))
        .await;
    is_a_problem(dance, 404, "unknown_command", None).await;
    for (method, path) in [
        (Method::PUT, "/v1/me"),
        (Method::DELETE, "/v1/rooms"),
        (Method::GET, "/v1/auth/login"),
    ] {
        let answer = server
            .http
            .request(method, format!("{}{path}", server.url))
            .send()
            .await
            .expect("an answer");
        assert!(answer.headers().contains_key("allow"), "{path}");
        is_a_problem(answer, 405, "unknown_command", None).await;
    }
}

async fn what_one_may_not_is_told_as_the_table_says(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let public = server.room(&ann, "public").await;
    let private = server.room(&ann, "private").await;
    let ask = async |room: &str, verb: &str, body: Value| {
        server
            .post(&format!("/v1/rooms/{room}/{verb}"), Some(&ben.token), body)
            .await
    };
    is_a_problem(ask(&private, "join", json!({})).await, 404, "not_found", None).await;
    is_a_problem(ask("nonsense", "join", json!({})).await, 404, "not_found", None).await;
    is_a_problem(
        ask(&public, "messages", json!({ "text": "hi" })).await,
        403,
        "not_a_member",
        None,
    )
    .await;
    server.done(&ben, &format!("/v1/rooms/{public}/join"), json!({})).await;
    is_a_problem(
        ask(&public, "kick", json!({ "user": ann.id })).await,
        403,
        "forbidden",
        None,
    )
    .await;
    is_a_problem(
        ask(&public, "kick", json!({ "user": "ann" })).await,
        400,
        "bad_request",
        Some("user"),
    )
    .await;
    is_a_problem(
        ask(&public, "messages", json!({ "text": "" })).await,
        400,
        "bad_request",
        Some("text"),
    )
    .await;
    server
        .done(&ann, &format!("/v1/rooms/{public}/mute"), json!({ "user": ben.id }))
        .await;
    is_a_problem(
        ask(&public, "messages", json!({ "text": "hi" })).await,
        403,
        "muted",
        None,
    )
    .await;
    let leaving = server
        .post(&format!("/v1/rooms/{public}/leave"), Some(&ann.token), json!({}))
        .await;
    is_a_problem(leaving, 409, "conflict", None).await;
    let far = server
        .get(&format!("/v1/rooms/{public}/messages?min_seq=1000"), Some(&ann.token))
        .await;
    is_a_problem(far, 503, "behind", None).await;
    let query = server
        .get(&format!("/v1/rooms/{public}/messages?limit=many"), Some(&ann.token))
        .await;
    is_a_problem(query, 400, "bad_request", Some("limit")).await;
    let many = server
        .get(&format!("/v1/rooms/{public}/messages?limit=201"), Some(&ann.token))
        .await;
    is_a_problem(many, 400, "bad_request", Some("limit")).await;
    let nobody = server
        .post("/v1/direct/nobody-at-all", Some(&ann.token), json!({}))
        .await;
    is_a_problem(nobody, 404, "not_found", None).await;
}

#[tokio::test]
async fn guests_may_be_kept_out() {
    let server = Server::embedded_with(&[("ROOMLOG_PEOPLE__GUESTS", "never")]).await;
    let answer = server
        .post("/v1/auth/guest", None, json!({ "display_name": "x" }))
        .await;
    is_a_problem(answer, 403, "forbidden", None).await;
}
