//! Who does not read loses their place, not others' time.

use crate::support::samples::Samples;
use crate::support::wire::request_with;
use crate::support::{Server, Wire, cid};
use serde_json::json;

/// What may wait for one session.
const OUTBOX: usize = 262_144;
/// The default of what is kept beyond it, for saying that it is slow.
const RESERVE: usize = 131_072;
const BURSTS: usize = 50;
const BURST: usize = 40;

#[tokio::test]
async fn a_session_that_stops_reading_lags_and_others_do_not_notice() {
    // Whoever does not read does not answer pings either: here that must not be what ends it.
    let server = Server::embedded_with(&[
        ("ROOMLOG_EDGE__OUTBOX_BYTES", &OUTBOX.to_string()),
        ("ROOMLOG_SESSION__PING_INTERVAL_MS", "600000"),
        ("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "300000"),
    ])
    .await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let bearer = format!("Bearer {}", ben.token);
    let slow = request_with(&server, "authorization", &bearer);
    let mut slow = Wire::connect_with(&server, slow, Some(4_096)).await.expect("connected");
    slow.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let mut wire = Wire::open(&server, &ann).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");

    // Until far more was said than any buffer between the two holds; ann hears every word of it.
    let text = "x".repeat(4_000);
    for burst in 0..BURSTS {
        let mut ids = Vec::new();
        for _ in 0..BURST {
            ids.push(
                wire.give("send", json!({ "room": room, "cid": cid(), "text": text }))
                    .await,
            );
        }
        for id in ids {
            wire.reply(id).await.expect("sent");
        }
        for i in 0..BURST {
            assert_eq!(wire.push("event").await["seq"], burst * BURST + i + 3);
        }
    }
    // All that is kept for the slow one is its queue, however much more was said.
    assert!(BURSTS * BURST * text.len() > 10 * (OUTBOX + RESERVE));
    let waiting = Samples::of(&server).await.value("roomlog_edge_waiting_most_bytes", &[]);
    assert!(
        waiting > 0.0 && waiting <= (OUTBOX + RESERVE) as f64,
        "{waiting} bytes wait"
    );
    let mut heard = 2;
    loop {
        let frame = slow
            .frame()
            .await
            .unwrap_or_else(|| panic!("closed with {:?}", slow.closed));
        if let Some(event) = frame.get("event") {
            heard += 1;
            assert_eq!(event["seq"], heard, "in order, without a gap");
        } else if let Some(lagged) = frame.get("lagged") {
            assert_eq!((&lagged["room"], &lagged["seq"]), (&json!(room), &json!(heard)));
            break;
        }
    }
    assert!(heard < 2 + (BURSTS * BURST) as u64);
    let seen = Samples::of(&server).await;
    assert_eq!(seen.value("roomlog_edge_lagged_total", &[]), 1.0);
    let delivered = seen.value("roomlog_edge_pushed_total", &[]);
    let both = 2.0 * (BURSTS * BURST) as f64;
    assert!(
        delivered < both,
        "what was not delivered is not counted: {delivered} of {both}"
    );
    let epoch = server.told(&ben, &format!("/v1/rooms/{room}")).await["head"]["pos"]["epoch"].clone();
    let resume = json!({ "epoch": epoch, "seq": heard });
    let again = slow
        .ask("subscribe", json!({ "room": room, "resume": resume }))
        .await
        .expect("subscribed");
    assert_eq!(again["recovered"], true);
    while heard < 2 + (BURSTS * BURST) as u64 {
        heard += 1;
        assert_eq!(slow.push("event").await["seq"], heard);
    }
    assert_eq!(slow.push("caught_up").await["seq"], heard);
}
