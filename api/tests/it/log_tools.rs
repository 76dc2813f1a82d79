//! `roomlog log …`: the log as it can be seen by hand.

use crate::support::cluster::Cluster;
use crate::support::server::{Server, run_to_end};
use crate::support::{DEADLINE, cid, eventually, so};
use bytes::Bytes;
use engine::log::{Log as _, Outgoing, Topic};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

fn lines(text: &str) -> Vec<Value> {
    let json = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(json).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_of_a_cluster_shows_what_comes() {
    let cluster = Cluster::new().await;
    let edge = cluster.edge().await;
    let ann = edge.register("ann").await;
    let (room, other) = (edge.room(&ann, "public").await, edge.room(&ann, "public").await);
    let mut all = cluster.spawn(&["log", "tail", "--json", "--last", "100"]);
    let mut one = cluster.spawn(&[
        "log",
        "tail",
        "--room",
        &room,
        "--type",
        "message_sent",
        "--last",
        "100",
    ]);
    let mut reads = cluster.spawn(&["log", "tail", "--topic", "reads", "--json"]);
    all.says(&[&room, &other, "\"room_created\""]).await;
    let path = |room: &str| format!("/v1/rooms/{room}/messages");
    edge.done(&ann, &path(&room), json!({ "text": "hear\tthis", "cid": cid() }))
        .await;
    edge.done(&ann, &path(&other), json!({ "text": "elsewhere", "cid": cid() }))
        .await;
    let log = cluster.log().await;
    let key = Bytes::from(room.clone());
    let bad = Outgoing {
        topic: Topic::Events,
        partition: log.partition_of(&key),
        key: Some(key),
        value: Some(Bytes::from_static(b"no event")),
        headers: Vec::new(),
    };
    log.append(bad).await.expect("appended");
    log.close().await;
    all.says(&["hear\\tthis", "elsewhere", "\"bad: header\"", "\"readable\":false"])
        .await;
    one.says(&["message_sent", "\"hear\\tthis\""]).await;
    // A reader that is new tells of its beginning once it reads: markers are moved until it is seen.
    let begun = Instant::now();
    for seq in [1, 2].into_iter().cycle() {
        let read = format!("/v1/rooms/{room}/read");
        edge.done(&ann, &read, json!({ "seq": seq })).await;
        let said = reads.output();
        if said.contains("\"ReadMarked\"") && said.contains(&room) {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the marker is not shown: {said}");
    }
    for tail in [&mut all, &mut one, &mut reads] {
        assert_eq!(tail.stop().await, Some(0), "{}", tail.output());
    }
    assert!(!one.output().contains("elsewhere") && !one.output().contains("room_created"));
    assert!(!one.output().contains('\u{1b}'), "a pipe gets no colour");
    let shown = lines(&all.output());
    let said = shown
        .iter()
        .find(|line| line["body"]["text"] == "hear\tthis")
        .expect("it is shown");
    assert_eq!(
        (&said["type"], &said["room"], &said["from"]["id"]),
        (&json!("message_sent"), &json!(room), &json!(ann.id))
    );
    assert_eq!((&said["topic"], &said["readable"]), (&json!("events"), &json!(true)));
    assert!(said["offset"].is_u64() && said["at"].is_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_whose_pipe_is_closed_ends_well() {
    let cluster = Cluster::new().await;
    let edge = cluster.edge().await;
    let ann = edge.register("ann").await;
    let room = edge.room(&ann, "public").await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_roomlog"))
        .args(["log", "tail", "--last", "100"])
        .envs(cluster.settings())
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .expect("roomlog starts");
    let mut heard = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    heard.read_line(&mut line).expect("a line");
    assert!(line.contains("room_created"), "{line}");
    drop(heard);
    let begun = Instant::now();
    let code = loop {
        let more = json!({ "text": "more", "cid": cid() });
        edge.done(&ann, &format!("/v1/rooms/{room}/messages"), more).await;
        if let Some(code) = child.try_wait().expect("a child") {
            break code;
        }
        assert!(begun.elapsed() < DEADLINE, "it still runs");
    };
    assert_eq!(code.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_log_is_shown_while_nobody_has_it() {
    let mut server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    server
        .done(
            &ann,
            &format!("/v1/rooms/{room}/messages"),
            json!({ "text": "hello", "cid": cid() }),
        )
        .await;
    let folder = server.data_dir().display().to_string();
    let settings = [("ROOMLOG_DATA_DIR", folder.as_str())];
    for verb in ["tail", "stats"] {
        let ended = run_to_end(&["log", verb], &settings);
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains("stop `roomlog serve` first"), "{}", ended.stderr);
    }
    server.stop().await;
    let mut tail = Server::spawn(&["log", "tail", "--last", "10", "--room", &room], &settings);
    tail.says(&["room_created", "message_sent", "hello"]).await;
    assert_eq!(tail.stop().await, Some(0), "{}", tail.output());

    let ended = run_to_end(&["log", "stats", "--json"], &settings);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let stats: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&stats["records"], &stats["rooms"]["exact"]), (&json!(3), &json!(true)));
    assert_eq!(stats["rooms"]["biggest"][0], json!({ "room": room, "records": 2 }));
    assert_eq!(stats["rates"][2]["records"], 3, "within the last hour");
    assert_eq!(stats["partitions"].as_array().map(Vec::len), Some(16));
    assert!(
        stats["bytes"].as_u64().is_some_and(|bytes| bytes > 0) && stats["skew"].as_f64().is_some_and(|skew| skew > 1.0)
    );
    assert!(stats["history"]["records"]["behind"].is_u64(), "{stats}");
    assert!(
        stats["live"]["unknown"]
            .as_str()
            .is_some_and(|why| why.contains("memory")),
        "{stats}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_of_a_cluster_tell_what_is_behind() {
    let cluster = Cluster::new().await;
    let (edge, mut history) = (cluster.edge().await, cluster.history().await);
    let ann = edge.register("ann").await;
    let room = edge.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}/messages");
    for number in 0..20 {
        edge.done(&ann, &path, json!({ "text": number.to_string(), "cid": cid() }))
            .await;
    }
    let stats = || -> Value { serde_json::from_str(&cluster.run(&["log", "stats", "--json"])).expect("JSON") };
    eventually("history is at the end", async || {
        let told = stats();
        so(told["history"]["records"] == json!({ "behind": 0, "empty": [] }), &told)
    })
    .await;
    history.stop().await;
    edge.done(&ann, &path, json!({ "text": "later", "cid": cid() })).await;
    let told = stats();
    assert_eq!(
        (&told["records"], &told["history"]["records"]["behind"]),
        (&json!(23), &json!(1))
    );
    assert_eq!(
        told["live"]["records"]["behind"], 23,
        "there is no live projector: {told}"
    );
    assert_eq!(told["rooms"]["biggest"][0], json!({ "room": room, "records": 22 }));
    // A sample finds it too, and says that it is one.
    let sampled = cluster.with("ROOMLOG_TOOLS__STATS_SAMPLE_RECORDS", "10");
    let text = sampled.run(&["log", "stats", "--rooms", "1"]);
    assert!(text.contains("estimated by ") && text.contains(&room), "{text}");
    let away = cluster.with("ROOMLOG_POSTGRES__URL", "postgres://127.0.0.1:1/nowhere");
    let text = away.run(&["log", "stats"]);
    assert!(text.contains("history: not known: "), "{text}");
}

#[test]
fn a_type_that_there_is_not_is_a_mistake_of_usage() {
    let ended = run_to_end(&["log", "tail", "--type", "message_shouted"], &[]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("there are room_created, "), "{}", ended.stderr);
}
