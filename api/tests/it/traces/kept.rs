//! Traces that nobody chose when they began, and that are kept because the command was slow or failed.

use super::jaeger::{traced, tree};
use super::whole;
use crate::disk::Disk;
use crate::support::{Server, Wire, cid};
use serde_json::json;

/// Enough for three databases and their journals.
const DISK_MEGABYTES: usize = 48;

async fn server(settings: &[(&str, &str)]) -> Server {
    let traced = traced("0");
    let mut all: Vec<(&str, &str)> = traced.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend_from_slice(settings);
    Server::embedded_with(&all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_command_is_kept_with_its_stages() {
    // Everything takes longer than no time at all.
    let server = server(&[("ROOMLOG_TELEMETRY__TRACE_SLOW_MS", "0")]).await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "open").await;
    let mut wire = Wire::open(&server, &ann).await;
    let said = json!({ "room": room, "cid": cid(), "text": "hello" });
    let ack = wire.ask("send", said).await.expect("sent");
    let tree = whole(ack["trace_id"].as_str().expect("an id"), 4).await;
    let send = tree.only("send");
    assert_eq!((send.parent(), send.tag("span.kind").as_str()), (None, "server"));
    for name in ["authorise", "append", "ack"] {
        assert_eq!(tree.only(name).parent(), Some(send.id()));
    }
    assert!(tree.spans().all(|span| span.tag("roomlog.late") == "true"));
    assert_eq!(tree.len(), 4, "what others did was not recorded: {tree:?}");

    let answer = server.get("/v1/rooms", Some(&ann.token)).await;
    let trace_id = answer.headers()["x-trace-id"].to_str().expect("ASCII").to_owned();
    whole(&trace_id, 1).await.only("GET /v1/rooms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_kept_and_a_refusal_is_not() {
    let test = "traces::kept::a_command_that_fails_is_kept_and_a_refusal_is_not";
    let Some(disk) = Disk::of_megabytes(test, DISK_MEGABYTES) else {
        return;
    };
    let data = disk.path().join("data");
    let data = data.to_str().expect("text");
    let server = server(&[
        ("ROOMLOG_DATA_DIR", data),
        ("ROOMLOG_TELEMETRY__TRACE_SLOW_MS", "3600000"),
    ])
    .await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "open").await;
    let mut wire = Wire::open(&server, &ann).await;
    let refused = json!({ "room": uuid::Uuid::new_v4(), "cid": cid(), "text": "hello" });
    let refused = wire.ask("send", refused).await.expect_err("there is no such room");
    disk.fill();
    let failed = loop {
        let said = json!({ "room": room, "cid": cid(), "text": "hello".repeat(500) });
        if let Err(error) = wire.ask("send", said).await {
            break error;
        }
    };
    let name = failed["name"].as_str().expect("a name");
    let trace_id = failed["trace_id"].as_str().expect("an id");
    server.says(&[&format!("trace_id={trace_id}")]).await;
    let tree = whole(trace_id, 3).await;
    let send = tree.only("send");
    assert_eq!(
        (send.tag("error.type").as_str(), send.tag("error").as_str()),
        (name, "true")
    );
    assert!(tree.all("append").len() == 1, "{tree:?}");
    assert!(tree_is_unknown(&refused["trace_id"]).await, "its caller's own fault");
}

async fn tree_is_unknown(trace_id: &serde_json::Value) -> bool {
    tree(trace_id.as_str().expect("an id")).await.is_err()
}
