//! What people see while a service is away: what DESIGN promises of each.

use super::cluster::{Cluster, Person};
use super::socket::Socket;
use crate::support::{eventually, so};
use engine::domain::RoomId;
use engine::live::Reader as _;
use engine::log::{Log as _, kafka};
use serde_json::{Value, json};
use uuid::Uuid;

/// Nobody reads while a service is started: here that must not be what ends a session.
const PATIENT: [(&str, &str); 2] = [
    ("ROOMLOG_SESSION__PING_INTERVAL_MS", "1200000"),
    ("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "600000"),
];
/// Presence that would be forgotten soon, were time to pass for it.
const QUICK: [(&str, &str); 2] = [
    ("ROOMLOG_EDGE__PRESENCE_REPEAT_MS", "500"),
    ("ROOMLOG_EDGE__PRESENCE_EXPIRY_MS", "3000"),
];

/// Ann on one edge, ben on the other. The first edge alone knows the rooms.
struct Scene {
    cluster: Cluster,
    people: [Person; 2],
    wires: [Socket; 2],
    /// The other edge never heard of this one.
    room: Uuid,
}

fn texts(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().unwrap_or_else(|| panic!("{messages} is no list"));
    messages
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect()
}

impl Scene {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let settings = [settings, &PATIENT].concat();
        let cluster = Cluster::start(&settings).await;
        let people = [cluster.register("ann").await, cluster.register("ben").await];
        let room = cluster.room_of(0, &people[0], "away").await;
        let mut wires = [
            Socket::open(&cluster.edges[0], &people[0].token).await,
            Socket::open(&cluster.edges[1], &people[1].token).await,
        ];
        let joined = wires[0].ask("subscribe", json!({ "room": room })).await;
        assert_eq!(joined["ok"]["seq"], 1, "{joined}");
        let mut scene = Self {
            cluster,
            people,
            wires,
            room,
        };
        for (text, seq) in ["one", "two", "three"].into_iter().zip(2..) {
            assert_eq!(scene.says(0, text).await, seq);
            assert_eq!(scene.hears(0).await, (seq, text.to_owned()));
        }
        scene
    }

    /// Says something; the seq at which it stands.
    async fn says(&mut self, who: usize, text: &str) -> u64 {
        let send = json!({ "room": self.room, "cid": Uuid::new_v4(), "text": text });
        let acked = self.wires[who].ask("send", send).await;
        acked["ok"]["seq"].as_u64().unwrap_or_else(|| panic!("{acked}"))
    }

    /// The next thing that is said in the room, as somebody hears it.
    async fn hears(&mut self, who: usize) -> (u64, String) {
        let event = self.wires[who].event().await;
        (
            event["seq"].as_u64().unwrap(),
            event["body"]["text"].as_str().unwrap().to_owned(),
        )
    }

    async fn count(&mut self, who: usize) -> Value {
        let told = self.wires[who].ask("presence", json!({ "room": self.room })).await;
        told["ok"]["count"].clone()
    }

    /// Waits until PostgreSQL has all that was said up to here.
    async fn is_in_history(&self, seq: u64, expected: &[&str]) {
        let path = format!("/v1/rooms/{}/messages?min_seq={seq}", self.room);
        eventually("history has it", || async {
            let (status, page) = self.cluster.told(0, &self.people[0], &path).await;
            so(status == 200 && texts(&page["messages"]) == expected, &page)
        })
        .await;
    }

    /// Waits until Redis has the room as it stands at `seq`.
    async fn is_live(&self, seq: u64) {
        let config = kafka::Config {
            brokers: self.cluster.setting("ROOMLOG_KAFKA__BROKERS").await,
            ..kafka::Config::default()
        };
        let log = kafka::Log::open(config, false).await.unwrap();
        let config = engine::live::RedisConfig {
            url: self.cluster.setting("ROOMLOG_REDIS__URL").await,
            ..Default::default()
        };
        let live = engine::live::RedisLive::new(&config, log.epoch()).unwrap();
        let partition = log.partition_of(self.room.to_string().as_bytes());
        eventually("live views have it", || async {
            let stored = live.room(RoomId::new(self.room), partition).await;
            let stored = stored.map_err(|error| error.to_string())?;
            let head = stored.map(|room| room.header.head.get());
            so(head == Some(seq), head)
        })
        .await;
        log.close().await;
    }

    /// Ben opens the room on the edge that never heard of it; a store has it as it stands.
    async fn ben_opens_it(&mut self, seq: u64, expected: &[&str]) {
        let joined = self.wires[1].ask("subscribe", json!({ "room": self.room })).await["ok"].take();
        assert_eq!(joined["seq"], seq, "{joined}");
        assert_eq!(texts(&joined["recent"]), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_kafka_sends_are_unknown_and_all_else_stays() {
    let mut scene = Scene::new(&QUICK).await;
    scene.is_live(4).await;
    scene.ben_opens_it(4, &["one", "two", "three"]).await;
    eventually_both_are_there(&mut scene).await;
    scene.is_in_history(4, &["one", "two", "three"]).await;
    scene.cluster.service("kill", "kafka").await;

    let lost = json!({ "room": scene.room, "cid": Uuid::new_v4(), "text": "lost?", "since": 4 });
    let refused = scene.wires[0].ask("send", lost.clone()).await["error"].take();
    assert_eq!(
        (&refused["name"], &refused["retryable"], &refused["outcome"]),
        (&json!("timeout"), &json!(true), &json!("unknown")),
        "{refused}"
    );
    // By now presence would be forgotten if it were not the signals' own time that counts.
    for who in [0, 1] {
        assert_eq!(scene.count(who).await, 2, "nobody has left");
        let told = scene.wires[who]
            .ask("recent", json!({ "room": scene.room, "limit": 10 }))
            .await;
        assert_eq!(texts(&told["ok"]["recent"]), ["one", "two", "three"]);
        let path = format!("/v1/rooms/{}/messages", scene.room);
        let (status, page) = scene.cluster.told(who, &scene.people[who], &path).await;
        assert_eq!((status, texts(&page["messages"])), (200, vec!["one", "two", "three"]));
    }

    scene.cluster.service("start", "kafka").await;
    // The same command again, until it has its answer.
    let acked = loop {
        let mut answer = scene.wires[0].ask("send", lost.clone()).await;
        match answer["ok"].take() {
            Value::Null => assert_eq!(answer["error"]["retryable"], true, "{answer}"),
            acked => break acked,
        }
    };
    assert_eq!(acked["seq"], 5, "once, whatever became of the first try: {acked}");
    assert_eq!(scene.says(1, "back").await, 6);
    for who in [0, 1] {
        assert_eq!(
            scene.hears(who).await.1,
            "lost?",
            "on the session that was there before"
        );
        assert_eq!(scene.hears(who).await, (6, "back".to_owned()));
        assert_eq!(scene.count(who).await, 2);
    }
    scene.is_in_history(6, &["one", "two", "three", "lost?", "back"]).await;
}

async fn eventually_both_are_there(scene: &mut Scene) {
    for who in [0, 1] {
        while scene.count(who).await != 2 {
            scene.wires[who].until(|frame| frame.get("presence").is_some()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_rooms_are_first_opened_and_history_says_that_it_is_away() {
    let mut scene = Scene::new(&[]).await;
    scene.is_live(4).await;
    scene.cluster.service("kill", "postgres").await;
    scene.ben_opens_it(4, &["one", "two", "three"]).await;
    assert_eq!(scene.says(1, "from ben").await, 5);
    assert_eq!(scene.says(0, "from ann").await, 6);
    for who in [0, 1] {
        assert_eq!(scene.hears(who).await, (5, "from ben".to_owned()));
        assert_eq!(scene.hears(who).await, (6, "from ann".to_owned()));
        let path = format!("/v1/rooms/{}/messages", scene.room);
        let (status, problem) = scene.cluster.told(who, &scene.people[who], &path).await;
        assert_eq!(
            (status, &problem["name"], &problem["retryable"]),
            (503, &json!("unavailable"), &json!(true)),
            "{problem}"
        );
    }
    scene.cluster.service("start", "postgres").await;
    let all = ["one", "two", "three", "from ben", "from ann"];
    scene.is_in_history(6, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_rooms_come_from_history_and_presence_from_the_signals() {
    let mut scene = Scene::new(&[]).await;
    scene.is_in_history(4, &["one", "two", "three"]).await;
    scene.cluster.service("kill", "redis").await;
    scene.ben_opens_it(4, &["one", "two", "three"]).await;
    eventually_both_are_there(&mut scene).await;
    assert_eq!(scene.says(1, "from ben").await, 5);
    assert_eq!(scene.hears(1).await, (5, "from ben".to_owned()));
    scene.cluster.service("start", "redis").await;
    scene.is_live(5).await;
    // And goes on from there.
    assert_eq!(scene.says(0, "from ann").await, 6);
    scene.is_live(6).await;
}
