//! Answers that were lost, and answers that are no.

use crate::scripted::{ROOM, ack};
use roomlog_client::rest::{Error, Rest};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

struct Request {
    head: String,
    body: Value,
    stream: TcpStream,
}

/// The next request, whole; what becomes of it is the test's.
async fn request(listener: &TcpListener) -> Request {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "a request ended early");
        let text = String::from_utf8(read.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        if let Ok(body) = serde_json::from_str(body) {
            let head = head.to_lowercase();
            return Request { head, body, stream };
        }
    }
}

impl Request {
    async fn answer(mut self, status: &str, body: &Value) {
        let body = body.to_string();
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }
}

fn problem(name: &str, retryable: bool) -> Value {
    json!({ "type": "about:blank", "title": name, "status": 503, "detail": "a sentence", "code": 302, "name": name,
        "retryable": retryable, "outcome": "unknown", "retry_after_ms": 1, "trace_id": "0" })
}

async fn server() -> (TcpListener, Rest) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rest = Rest::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, rest.signed_in("a-token"))
}

#[tokio::test]
async fn a_write_keeps_its_cid_over_every_try() {
    let (listener, rest) = server().await;
    let serve = async {
        let lost = request(&listener).await;
        let cid = lost.body["cid"].clone();
        drop(lost);
        let refused = request(&listener).await;
        assert_eq!(refused.body["cid"], cid);
        refused
            .answer("503 Service Unavailable", &problem("unavailable", true))
            .await;
        let last = request(&listener).await;
        assert_eq!(last.body["cid"], cid);
        assert!(last.head.contains("authorization: bearer a-token"));
        last.answer("200 OK", &ack(&cid, 3, true)).await;
    };
    let both = async { tokio::join!(rest.join(ROOM), serve) };
    let (acked, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(acked.unwrap().seq, 3);
}

#[tokio::test]
async fn a_no_is_told_as_the_server_said_it() {
    let (listener, rest) = server().await;
    let serve = async {
        let asked = request(&listener).await;
        assert!(asked.head.starts_with("post /v1/rooms "), "{}", asked.head);
        asked.answer("403 Forbidden", &problem("forbidden", false)).await;
    };
    let both = async { tokio::join!(rest.create_room("a", "public"), serve) };
    let (refused, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    let error = refused.unwrap_err();
    assert!(!error.retryable());
    assert!(matches!(error, Error::Refused(refusal) if refusal.name == "forbidden" && refusal.message == "a sentence"));
}

#[test]
fn what_is_printed_holds_no_token() {
    let rest = Rest::new("http://127.0.0.1:1").unwrap().signed_in("a-token");
    assert!(!format!("{rest:?}").contains("a-token"));
}
