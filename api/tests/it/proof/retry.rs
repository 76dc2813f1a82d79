//! A command may be tried again at any time, by any edge, and counts once.

use super::cluster::Cluster;
use super::socket::Socket;
use crate::support::crowd::Crowd;
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long history may take to be asked.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_ack_was_lost_is_one_message() {
    let cluster = Cluster::start(&[]).await;
    let ann = cluster.register("ann").await;
    let room = cluster.room(&ann, "retry", "public").await;
    let cid = Uuid::new_v4();

    let mut first = Socket::open(&cluster.edges[0], &ann.token).await;
    let ack = first
        .ask("send", json!({ "room": room, "cid": cid, "text": "once", "since": 1 }))
        .await["ok"]
        .clone();
    assert_eq!(ack["duplicate"], false);

    let mut other = Socket::open(&cluster.edges[1], &ann.token).await;
    // Where the original's time and digest can't be looked up at once they are null; nothing else may ever differ.
    let begun = Instant::now();
    let again = loop {
        let retry = json!({ "room": room, "cid": cid, "text": "twice", "since": 1 });
        let again = other.ask("send", retry).await["ok"].clone();
        assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &ack["seq"]));
        if !again["at"].is_null() || begun.elapsed() > PATIENCE {
            break again;
        }
        tokio::time::sleep(PAUSE).await;
    };
    for same in ["cid", "seq", "pos", "at", "digest"] {
        assert_eq!(again[same], ack[same], "{same}");
    }
    let recent = other.ask("recent", json!({ "room": room, "limit": 10 })).await["ok"]["recent"].clone();
    assert_eq!(recent.as_array().unwrap().len(), 1);
    assert_eq!(recent[0]["text"], "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_is_tried_again_while_it_is_on_its_way_is_one_message() {
    const ROUNDS: u64 = 20;
    let cluster = Cluster::start(&[]).await;
    let ann = cluster.register("ann").await;
    let room = cluster.room(&ann, "retry", "public").await;
    let mut other = Socket::open(&cluster.edges[1], &ann.token).await;
    for round in 0..ROUNDS {
        let seq = 2 + round;
        let send = json!({ "room": room, "cid": Uuid::new_v4(), "text": format!("round {round}"), "since": 1 });
        let mut first = Socket::open(&cluster.edges[0], &ann.token).await;
        let on_its_way = first.say("send", send.clone()).await;
        // Every second time the first edge's answer finds nobody any more.
        let answered = (round % 2 == 0).then_some(on_its_way);
        let again = other.say("send", send).await;
        let mut acks = vec![other.until(|frame| frame["id"] == again).await["ok"].clone()];
        match answered {
            Some(id) => acks.push(first.until(|frame| frame["id"] == id).await["ok"].clone()),
            None => first.close().await,
        }
        assert!(acks.iter().all(|ack| ack["seq"] == seq), "round {round}: {acks:?}");
        let firsts = acks.iter().filter(|ack| ack["duplicate"] == false).count();
        assert!(
            firsts == 1 || (firsts == 0 && acks.len() == 1),
            "one of them counts: {acks:?}"
        );
    }
    // Whatever was still on its way has come before this, or has come to nothing.
    let last = json!({ "room": room, "cid": Uuid::new_v4(), "text": "last" });
    assert_eq!(other.ask("send", last).await["ok"]["seq"], 2 + ROUNDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_two_thousand_events_is_found_or_surely_expired() {
    let cluster = Cluster::start(&[]).await;
    let crowd = Crowd::gather(&cluster, 4, 1, 1).await;
    let room = crowd.rooms[0];
    let ann = cluster.register("ann").await;
    let (landed, lost) = (Uuid::new_v4(), Uuid::new_v4());
    let mut socket = Socket::open(&cluster.edges[0], &ann.token).await;
    let say = |cid: Uuid| json!({ "room": room, "cid": cid, "text": "old", "since": 1 });
    let ack = socket.ask("send", say(landed)).await["ok"].clone();
    crowd.say(500).await;

    let mut other = Socket::open(&cluster.edges[1], &ann.token).await;
    let again = other.ask("send", say(landed)).await["ok"].clone();
    assert_eq!(
        (&again["duplicate"], &again["seq"], &again["pos"]),
        (&json!(true), &ack["seq"], &ack["pos"])
    );
    assert_eq!(
        (&again["at"], &again["digest"]),
        (&ack["at"], &ack["digest"]),
        "the journal knows both"
    );

    // A client that tells no `since` is looked up too.
    let without = json!({ "room": room, "cid": landed, "text": "old" });
    let without = other.ask("send", without).await["ok"].clone();
    for same in ["duplicate", "seq", "pos", "at", "digest"] {
        assert_eq!(without[same], again[same], "{same}");
    }

    let expired = other.ask("send", say(lost)).await["error"].clone();
    assert_eq!(
        (&expired["name"], &expired["retryable"]),
        (&json!("expired"), &json!(false))
    );
    assert_eq!(expired["outcome"], "none");
    let anew = json!({ "room": room, "cid": Uuid::new_v4(), "text": "anew" });
    let anew = other.ask("send", anew).await["ok"].clone();
    // The creation, the first send, two thousand others, and this one: neither retry took a seq.
    assert_eq!(
        (&anew["seq"], &anew["duplicate"]),
        (&json!(1 + 1 + 2_000 + 1), &json!(false))
    );
    crowd.leave().await;
}
