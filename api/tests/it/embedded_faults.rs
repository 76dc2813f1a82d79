//! The embedded process on a disk that is full or may only be read, and ended at any moment: what was acked is there,
//! once, and nobody has to restart it when the disk is mended.

use crate::disk::{Disk, freeze, thaw};
use crate::proof::ledger;
use crate::support::crowd::Crowd;
use crate::support::{Person, Server, Wire, cid, eventually, so};
use engine::log::{Log as _, sqlite};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// Enough for three databases and their journals.
const DISK_MEGABYTES: usize = 48;
/// Between two things that one client says.
const PAUSE: Duration = Duration::from_millis(15);

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// All messages of a room, page by page: id and text by seq. `None` while history is behind `head`.
async fn history(server: &Server, token: &str, room: &str, head: u64) -> Result<BTreeMap<u64, (Uuid, String)>, String> {
    let (mut all, mut after) = (BTreeMap::new(), 0);
    loop {
        let path = format!("/v1/rooms/{room}/messages?after={after}&limit=200&min_seq={head}");
        let answer = server.get(&path, Some(token)).await;
        let (status, page) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
        if !status.is_success() {
            return Err(format!("{status}: {page}"));
        }
        let messages = page["messages"].as_array().expect("a list");
        for message in messages {
            let seq = message["seq"].as_u64().expect("a seq");
            assert!(seq > after, "in order, none twice: {seq} after {after}");
            after = seq;
            let id = message["id"].as_str().expect("an id").parse().expect("a UUID");
            all.insert(seq, (id, message["text"].as_str().expect("a text").to_owned()));
        }
        if messages.is_empty() {
            return Ok(all);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_only_be_read_is_named_at_start() {
    let Some(disk) = Disk::of_megabytes(
        "embedded_faults::what_may_only_be_read_is_named_at_start",
        DISK_MEGABYTES,
    ) else {
        return;
    };
    let data = disk.path().join("data");
    freeze(disk.path());
    let mut server = Server::spawn(&["serve"], &[("ROOMLOG_DATA_DIR", text(&data))]);
    server.gave_up(&[text(&data), "ead-only"]).await;
    thaw(disk.path());
    server.again().await;
    let ann = server.register("ann").await;
    assert_eq!(server.stop().await, Some(0));
    freeze(&data);
    server.forget_output();
    server.respawn();
    server.gave_up(&[text(&data), "ead-only"]).await;
    thaw(&data);
    // Also one file alone, in a folder that may be written.
    for name in ["log.db", "history.db", "people.db"] {
        freeze(&data.join(name));
        server.forget_output();
        server.respawn();
        server.gave_up(&[text(&data), name, "let this user write"]).await;
        thaw(&data.join(name));
    }
    server.again().await;
    server.room(&ann, "private").await;
}

/// Somebody in a room of theirs, who counts what was acked.
struct Speaker {
    room: String,
    wire: Wire,
    acked: BTreeMap<u64, String>,
}

impl Speaker {
    async fn new(server: &Server, who: &Person) -> Self {
        let room = server.room(who, "private").await;
        let mut wire = Wire::open(server, who).await;
        wire.ask("subscribe", json!({ "room": room }))
            .await
            .expect("subscribed");
        Self {
            room,
            wire,
            acked: BTreeMap::new(),
        }
    }

    /// Something long, so that a disk is full soon; whoever is in the room hears it.
    async fn say(&mut self) -> Result<(), Value> {
        let text = format!("{} {}", cid(), "x".repeat(4_000));
        let sent = json!({ "room": self.room, "cid": cid(), "text": text });
        let ack = self.wire.ask("send", sent).await?;
        let seq = ack["seq"].as_u64().expect("a seq");
        assert_eq!(self.acked.insert(seq, text.clone()), None, "one seq, one message");
        let event = self.wire.push("event").await;
        assert_eq!((&event["seq"], &event["body"]["text"]), (&json!(seq), &json!(text)));
        Ok(())
    }

    /// The creation is 1; what was refused has no seq.
    fn head(&self) -> u64 {
        let head = 1 + self.acked.len() as u64;
        assert!(self.acked.keys().copied().eq(2..=head), "no gap");
        head
    }

    async fn everything_is_there(&self, server: &Server, token: &str) {
        eventually("history has what was acked", async || {
            let found = history(server, token, &self.room, self.head()).await?;
            let found: BTreeMap<u64, String> = found.into_iter().map(|(seq, (_, text))| (seq, text)).collect();
            so(found == self.acked, format!("{} of {}", found.len(), self.acked.len()))
        })
        .await;
    }
}

fn says_it_is_full(error: &Value) {
    assert_eq!(
        (&error["name"], &error["retryable"], &error["outcome"]),
        (&json!("unavailable"), &json!(true), &json!("none")),
        "{error}"
    );
    assert!(error["message"].as_str().expect("a text").contains("full"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_to_write_and_nothing_else() {
    let Some(disk) = Disk::of_megabytes(
        "embedded_faults::a_full_disk_refuses_to_write_and_nothing_else",
        DISK_MEGABYTES,
    ) else {
        return;
    };
    let data = disk.path().join("data");
    let mut server = Server::embedded_with(&[("ROOMLOG_DATA_DIR", text(&data))]).await;
    let ann = server.register("ann").await;
    let mut speaker = Speaker::new(&server, &ann).await;
    for _ in 0..3 {
        for _ in 0..20 {
            speaker.say().await.expect("there is room");
        }
        disk.fill();
        let refused = loop {
            if let Err(error) = speaker.say().await {
                break error;
            }
        };
        says_it_is_full(&refused);
        says_it_is_full(&speaker.say().await.expect_err("there is no room"));
        reading_goes_on(&server, &ann, &mut speaker).await;
        disk.make_room();
        speaker.say().await.expect("there is room again");
        speaker.everything_is_there(&server, &ann.token).await;
    }
    assert_eq!(server.stop().await, Some(0));
    server.again().await;
    speaker.everything_is_there(&server, &ann.token).await;
    let shown = server.told(&ann, &format!("/v1/rooms/{}", speaker.room)).await;
    assert_eq!(shown["head"]["seq"], speaker.head());
}

/// The session that was refused goes on, a new one begins, and both see all that was acked and nothing that was not.
async fn reading_goes_on(server: &Server, ann: &Person, speaker: &mut Speaker) {
    speaker.wire.ask("ping", json!({})).await.expect("a pong");
    let mut fresh = Wire::open(server, ann).await;
    let joined = fresh
        .ask("subscribe", json!({ "room": speaker.room }))
        .await
        .expect("subscribed");
    assert_eq!(joined["seq"], speaker.head());
    let (_, last) = speaker.acked.last_key_value().expect("something was acked");
    let recent = joined["recent"].as_array().expect("a list");
    assert_eq!(recent.last().expect("a message")["text"], last.as_str());
    let page = server
        .told(ann, &format!("/v1/rooms/{}/messages?limit=10", speaker.room))
        .await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(10));
}

/// Ends a process under load again and again, and checks every promise.
async fn ended_under_load(seed: u64, rounds: u32, end: impl AsyncFn(&mut Server)) {
    let mut server = Server::embedded().await;
    let reader = server.register("reader").await;
    let crowd = Crowd::gather(&server, 8, 4, 2).await;
    let talk = crowd.keep_talking(PAUSE);
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..rounds {
        let acked = crowd.acked();
        eventually("people are talking", async || {
            so(crowd.acked() > acked + 20, (seed, round))
        })
        .await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..700))).await;
        end(&mut server).await;
        server.again().await;
    }
    talk.stop().await;
    for (room, head) in crowd.check().await {
        let said = crowd.said(room);
        assert!(
            said.keys().copied().eq(2..=head),
            "seed {seed}: every event after the creation was acked"
        );
        eventually("history has what was acked", async || {
            let found = history(&server, &reader.token, &room.to_string(), head).await?;
            let found: BTreeMap<u64, Uuid> = found.into_iter().map(|(seq, (id, _))| (seq, id)).collect();
            so(found == said, format!("seed {seed}: {} of {}", found.len(), said.len()))
        })
        .await;
    }
    let receipts = crowd.receipts();
    crowd.leave().await;
    assert_eq!(server.stop().await, Some(0));
    let log = sqlite::Log::open(server.data_dir(), sqlite::Config::default())
        .await
        .expect("the log");
    ledger::receipts_are_good(&log, &receipts).await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_ten_times_under_load_it_loses_and_repeats_nothing() {
    ended_under_load(0x00E3_BEDD, 10, async |server| server.kill()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_under_load_it_ends_well_and_nobody_notices_more_than_a_pause() {
    ended_under_load(0x0000_5709, 3, async |server| assert_eq!(server.stop().await, Some(0))).await;
}
