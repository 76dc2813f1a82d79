//! The collector is away, or stands still: people chat, and what was lost is counted.

use crate::replay::metric;
use crate::support::server::free_port;
use crate::support::{Server, Wire, cid, eventually, so};
use serde_json::json;
use tokio::net::TcpListener;

const FAILED: &str = r#"roomlog_trace_spans_total{outcome="failed"}"#;
const DROPPED: &str = r#"roomlog_trace_spans_total{outcome="dropped"}"#;
const EXPORTED: &str = r#"roomlog_trace_spans_total{outcome="exported"}"#;

/// Says something, and hears it.
async fn people_chat(server: &Server, messages: usize) {
    let ann = server.register("ann").await;
    let room = server.room(&ann, "open").await;
    let mut wire = Wire::open(server, &ann).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    for _ in 0..messages {
        let said = json!({ "room": room, "cid": cid(), "text": "hello" });
        wire.ask("send", said).await.expect("sent");
        wire.push("event").await;
    }
}

async fn server(collector: &str) -> Server {
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
        ("ROOMLOG_TELEMETRY__TRACE_RATIO", "1"),
        ("ROOMLOG_TELEMETRY__TRACE_INTERVAL_MS", "50"),
        ("ROOMLOG_TELEMETRY__TRACE_TIMEOUT_MS", "1000"),
        ("ROOMLOG_TELEMETRY__TRACE_QUEUE", "20"),
        ("ROOMLOG_TELEMETRY__TRACE_BATCH", "10"),
    ];
    Server::embedded_with(&settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_missed_by_nobody_who_chats() {
    let mut server = server(&format!("http://127.0.0.1:{}", free_port())).await;
    people_chat(&server, 20).await;
    eventually("lost spans are counted", async || {
        let failed = metric(&server, FAILED).await;
        so(failed > 0.0, failed)
    })
    .await;
    assert!(metric(&server, EXPORTED).await < 1.0);
    server.says(&["spans can't be sent"]).await;
    assert_eq!(server.stop().await, Some(0), "it does not wait for the collector");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_stands_still_holds_nobody_up() {
    // It takes connections and never says a word.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let standing = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let mut server = server(&format!("http://{address}")).await;
    people_chat(&server, 40).await;
    eventually("what has no place is dropped", async || {
        let dropped = metric(&server, DROPPED).await;
        so(dropped > 0.0, dropped)
    })
    .await;
    assert!(metric(&server, "roomlog_trace_waiting_spans").await <= 20.0);
    assert_eq!(server.stop().await, Some(0), "it does not wait for the collector");
    standing.abort();
}
