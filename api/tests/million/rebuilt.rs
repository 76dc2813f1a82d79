//! History is built anew beside the old one while people chat, killed ten times in the middle, and swapped: nobody sees an
//! error, and it is as the log says.

use crate::scene::Scene;
use crate::support::Server;
use serde_json::{Value, json};
use sqlx::Row as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const KILLS: usize = 10;
/// A rebuild that does not move for so long is stuck.
const STANDSTILL: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

pub(crate) async fn under_load_and_killed_ten_times(scene: &Scene) {
    let over = CancellationToken::new();
    let load = Load::start(scene, &over).await;
    for kill in 0..KILLS {
        let before = next_of_the_new_one(scene).await;
        let mut rebuild = scene.cluster.spawn(&["rebuild", "history"]);
        let begun = Instant::now();
        loop {
            let now = next_of_the_new_one(scene).await;
            if now > before {
                break;
            }
            assert!(rebuild.runs(), "kill {kill}: it ended:\n{}", rebuild.output());
            assert!(begun.elapsed() < STANDSTILL, "kill {kill}: it stands at {now}");
            tokio::time::sleep(LOOK).await;
        }
        rebuild.kill();
    }
    let before = load.said();
    let mut rebuild = scene.cluster.spawn(&["rebuild", "history"]);
    let begun = Instant::now();
    while rebuild.runs() {
        assert!(begun.elapsed() < STANDSTILL * 5, "it still runs:\n{}", rebuild.output());
        tokio::time::sleep(LOOK).await;
    }
    assert_eq!(rebuild.exit().await, Some(0), "{}", rebuild.output());
    // What is said after the swap is taken in by the projectors, which nobody has started anew.
    let swapped = load.said();
    assert!(swapped > before, "people chat meanwhile");
    load.until_said(swapped + 20).await;
    over.cancel();
    load.end(scene).await;
    scene.caught_up().await;
    let dropped = scene.cluster.run(&["rebuild", "history", "--drop-old"]);
    assert!(!dropped.contains("error"), "{dropped}");
}

/// Where the history that is being built stands; 0 before there is one.
async fn next_of_the_new_one(scene: &Scene) -> i64 {
    let query = "SELECT sum(next_offset)::bigint FROM history_next.checkpoints WHERE projection = 'events'";
    let row = sqlx::query(query).fetch_one(&scene.pool).await;
    row.ok().and_then(|row| row.get::<Option<i64>, _>(0)).unwrap_or(0)
}

/// People who send and read, through both edges, until it is over. Any error is one too many.
struct Load {
    tasks: tokio::task::JoinSet<()>,
    said: Arc<AtomicU64>,
    room: String,
}

impl Load {
    async fn start(scene: &Scene, over: &CancellationToken) -> Self {
        let room = scene.edges[0].room(&scene.somebody, "open").await;
        let said = Arc::new(AtomicU64::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for edge in &scene.edges {
            let asker = Asker::of(edge, &scene.somebody.token, &room);
            tasks.spawn(asker.clone().sends(said.clone(), over.clone()));
            let busiest = scene.rooms.iter().take(20).map(|room| room.id.to_string()).collect();
            tasks.spawn(asker.reads(busiest, over.clone()));
        }
        Self { tasks, said, room }
    }

    fn said(&self) -> u64 {
        self.said.load(Ordering::Relaxed)
    }

    async fn until_said(&self, count: u64) {
        let begun = Instant::now();
        while self.said() < count {
            assert!(begun.elapsed() < STANDSTILL, "nobody chats any more");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Everything that was acked is in history, once.
    async fn end(mut self, scene: &Scene) {
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("nobody has seen an error");
        }
        scene.caught_up().await;
        let said = self.said();
        let query = "SELECT count(*), count(DISTINCT text) FROM history.messages WHERE room_id = $1::uuid";
        let row = sqlx::query(query)
            .bind(&self.room)
            .fetch_one(&scene.pool)
            .await
            .expect("history");
        assert_eq!(
            (row.get::<i64, _>(0), row.get::<i64, _>(1)),
            (said.cast_signed(), said.cast_signed())
        );
    }
}

#[derive(Clone)]
struct Asker {
    http: reqwest::Client,
    url: String,
    token: String,
    room: String,
}

impl Asker {
    fn of(edge: &Server, token: &str, room: &str) -> Self {
        Self {
            http: edge.http.clone(),
            url: edge.url.clone(),
            token: token.to_owned(),
            room: room.to_owned(),
        }
    }

    async fn sends(self, said: Arc<AtomicU64>, over: CancellationToken) {
        while !over.is_cancelled() {
            let text = uuid::Uuid::new_v4().to_string();
            let url = format!("{}/v1/rooms/{}/messages", self.url, self.room);
            let request = self
                .http
                .post(url)
                .bearer_auth(&self.token)
                .json(&json!({ "text": text, "cid": text }));
            let answer = request.send().await.expect("an answer");
            let status = answer.status();
            let body: Value = answer.json().await.expect("JSON");
            assert!(status.is_success(), "{status} {body}");
            assert_eq!(body["duplicate"], false, "{body}");
            said.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Pages, single messages, listings, time travel: all that history answers.
    async fn reads(self, rooms: Vec<String>, over: CancellationToken) {
        while !over.is_cancelled() {
            for room in &rooms {
                let paths = [
                    format!("/v1/rooms/{room}/messages?after=500&limit=20"),
                    format!("/v1/rooms/{room}/messages?limit=5"),
                    format!("/v1/rooms/{room}/at?seq=900"),
                    "/v1/rooms?limit=5".to_owned(),
                    format!("/v1/search?q=w1&room={room}&limit=2"),
                ];
                for path in paths {
                    let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
                    let answer = request.send().await.expect("an answer");
                    let status = answer.status();
                    let body = answer.text().await.expect("a text");
                    assert!(status.is_success(), "{path}: {status} {body}");
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}
