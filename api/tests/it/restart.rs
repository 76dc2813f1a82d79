//! What was acked is there after a restart, however the process ended.

use crate::support::{Person, Server, Wire, cid};
use serde_json::{Value, json};

async fn recent(server: &Server, ann: &Person, room: &str) -> (Value, Vec<String>) {
    let mut wire = Wire::open(server, ann).await;
    let joined = wire
        .ask("subscribe", json!({ "room": room, "recent": 100 }))
        .await
        .expect("subscribed");
    let texts = joined["recent"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| message["text"].as_str().expect("a text").to_owned());
    (joined["digest"].clone(), texts.collect())
}

async fn everything_is_there_again(how: impl AsyncFn(&mut Server)) {
    let mut server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let mut acked = Vec::new();
    for round in 0..3 {
        let mut wire = Wire::open(&server, &ann).await;
        for i in 0..10 {
            let text = format!("round {round}, message {i}");
            wire.ask("send", json!({ "room": room, "cid": cid(), "text": text }))
                .await
                .expect("sent");
            acked.push(text);
        }
        let (digest, texts) = recent(&server, &ann, &room).await;
        assert_eq!(texts, acked);
        how(&mut server).await;
        server.again().await;
        let (again, texts) = recent(&server, &ann, &room).await;
        assert_eq!((texts, again), (acked.clone(), digest));
    }
    let path = format!("/v1/rooms/{room}/messages?min_seq=31&limit=200");
    let page = server.told(&ann, &path).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(30));
}

#[tokio::test]
async fn after_a_good_end() {
    everything_is_there_again(async |server| assert_eq!(server.stop().await, Some(0))).await;
}

#[tokio::test]
async fn after_kill_9() {
    everything_is_there_again(async |server| server.kill()).await;
}

#[tokio::test]
async fn history_and_live_views_come_back_from_the_log() {
    let mut server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let path = format!("/v1/rooms/{room}/messages");
    server.done(&ann, &path, json!({ "text": "derived" })).await;
    assert_eq!(server.stop().await, Some(0));
    for entry in std::fs::read_dir(server.data_dir()).expect("a folder").flatten() {
        if entry.file_name().to_string_lossy().starts_with("history.db") {
            std::fs::remove_file(entry.path()).expect("deleted");
        }
    }
    server.again().await;
    let page = server.told(&ann, &format!("{path}?min_seq=2")).await;
    assert_eq!(page["messages"][0]["text"], "derived");
}
