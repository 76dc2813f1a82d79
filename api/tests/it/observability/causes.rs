//! What makes an alert fire while everything is there: too much of something, damage, somebody who tries passwords.

use super::report::Report;
use super::scene::{HASTY, Scene, done};
use crate::proof::socket::Socket;
use crate::support::{eventually, so};
use bytes::Bytes;
use engine::domain::Partition;
use engine::log::{Log as _, Outgoing, Topic, kafka};
use serde_json::json;
use sqlx::{Executor as _, PgPool};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use uuid::Uuid;

/// Bounds that a test reaches, and a collector that is not there.
pub(crate) const TIGHT: [(&str, &str); 8] = [
    ("ROOMLOG_HTTP__MAX_CONNECTIONS", "100"),
    ("ROOMLOG_EDGE__MAX_ROOMS", "60"),
    ("ROOMLOG_EDGE__MAX_PENDING", "10"),
    ("ROOMLOG_EDGE__OUTBOX_BYTES", "65536"),
    // Whoever does not read does not answer pings either: here that must not be what ends them.
    ("ROOMLOG_SESSION__PING_INTERVAL_MS", "1200000"),
    ("ROOMLOG_SESSION__PONG_TIMEOUT_MS", "600000"),
    ("ROOMLOG_TELEMETRY__TRACE_RATIO", "1"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
];
/// Above 80 of 100, with those of the crowd.
const SESSIONS: usize = 86;
/// Above 90 % of 60, with those of the crowd.
const CROWDED: usize = 52;
/// A slow session is told so once a room.
const SLOW_ROOMS: usize = 15;
/// Above one a second over five minutes.
const GUESSES: usize = 400;

/// One after the other; each is undone.
pub(crate) async fn each(scene: &Scene, report: &mut Report) {
    no_collector(scene, report).await;
    damage(scene, report).await;
    a_refused_row(scene, report).await;
    an_evicted_key(scene, report).await;
    another_owner(scene, report).await;
    a_lock(scene, report).await;
    guesses(scene, report).await;
    full_houses(scene, report).await;
    few_files(scene, report).await;
    little_memory(scene, report).await;
    a_broken_rule(scene, report).await;
    restarts(scene, report).await;
}

/// Its log, for whoever writes what no edge writes.
pub(crate) async fn log(scene: &Scene) -> kafka::Log {
    let config = kafka::Config {
        brokers: scene.cluster.setting("ROOMLOG_KAFKA__BROKERS").await,
        ..kafka::Config::default()
    };
    kafka::Log::open(config, false).await.unwrap()
}

async fn database(scene: &Scene) -> PgPool {
    let url = scene.cluster.setting("ROOMLOG_POSTGRES__URL").await;
    PgPool::connect(&url).await.unwrap()
}

/// A record with this header `schema` and nothing sensible behind it.
pub(crate) fn nonsense(schema: &'static [u8]) -> Outgoing {
    Outgoing {
        topic: Topic::Events,
        partition: Partition::new(0),
        key: Some(Uuid::new_v4().to_string().into()),
        value: Some(Bytes::from_static(b"nonsense")),
        headers: vec![("schema", Bytes::from_static(schema))],
    }
}

/// Where Jaeger is there it is killed; where it is not, spans were sent to nobody from the start.
async fn no_collector(scene: &Scene, report: &mut Report) {
    if std::fs::exists(format!("{}/services/pids/jaeger", scene.cluster.path())).unwrap() {
        scene.cluster.service("kill", "jaeger").await;
    }
    report
        .fires(scene, &["RoomlogSpansLost"], "no collector where spans are sent")
        .await;
}

async fn damage(scene: &Scene, report: &mut Report) {
    let log = log(scene).await;
    log.append(nonsense(b"short")).await.unwrap();
    log.append(nonsense(b"tomorrow")).await.unwrap();
    log.close().await;
    report
        .fires(scene, &["RoomlogDeadLetters"], "a record with a header of five bytes")
        .await;
    report
        .fires(
            scene,
            &["RoomlogUnknownSchemas"],
            "a record of a schema that nobody knows",
        )
        .await;
}

async fn a_refused_row(scene: &Scene, report: &mut Report) {
    let database = database(scene).await;
    let forbid = "ALTER TABLE history.messages ADD CONSTRAINT polite CHECK (text <> 'a rude word') NOT VALID";
    database.execute(forbid).await.unwrap();
    let mut wire = Socket::open(&scene.cluster.edges[0], &scene.ann.token).await;
    let rude = json!({ "room": scene.room, "cid": Uuid::new_v4(), "text": "a rude word" });
    done(&mut wire, "send", rude).await;
    report
        .fires(
            scene,
            &["RoomlogRowsRejected"],
            "a constraint of somebody else's on history.messages",
        )
        .await;
    database
        .execute("ALTER TABLE history.messages DROP CONSTRAINT polite")
        .await
        .unwrap();
    wire.close().await;
}

/// A room that one edge alone knows loses a part in Redis; the other edge meets it.
async fn an_evicted_key(scene: &Scene, report: &mut Report) {
    let room = scene.cluster.room_of(0, &scene.ann, "evicted").await;
    let url = scene.cluster.setting("ROOMLOG_REDIS__URL").await;
    let redis = redis::Client::open(url)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    eventually("its window is deleted", async || {
        let mut redis = redis.clone();
        let pattern = format!("*:room:{room}:window");
        let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap();
        let Some(key) = keys.first() else {
            return Err("no such key yet".to_owned());
        };
        let deleted: u64 = redis::cmd("DEL").arg(key).query_async(&mut redis).await.unwrap();
        so(deleted == 1, deleted)
    })
    .await;
    scene.cluster.told(1, &scene.ann, &format!("/v1/rooms/{room}")).await;
    report
        .fires(scene, &["RoomlogStoreCorrupt"], "a Redis that evicted a part of a room")
        .await;
}

/// Somebody else takes the checkpoints, again and again.
async fn another_owner(scene: &Scene, report: &mut Report) {
    let database = database(scene).await;
    eventually("projectors are fenced often", async || {
        let taken = "UPDATE history.checkpoints SET owner_epoch = owner_epoch + 1";
        database.execute(taken).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let fenced = scene
            .prometheus
            .values("sum(increase(roomlog_projector_fenced_total[15m]))")
            .await;
        so(fenced.iter().any(|times| *times > 40.0), fenced)
    })
    .await;
    report
        .fires(
            scene,
            &["RoomlogProjectorFenced"],
            "another owner in the checkpoints, twice and more",
        )
        .await;
}

/// The table of people is locked for longer than a look-up should take.
async fn a_lock(scene: &Scene, report: &mut Report) {
    const ASKING: usize = 8;
    let database = database(scene).await;
    for _ in 0..3 {
        let mut transaction = database.begin().await.unwrap();
        transaction
            .execute("LOCK TABLE people.users IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
        let mut asking = JoinSet::new();
        for _ in 0..ASKING {
            let url = format!("http://{}/v1/auth/me", scene.cluster.edges[0]);
            asking.spawn(reqwest::Client::new().get(url).bearer_auth(&scene.ann.token).send());
        }
        // So long that it counts as slow, and not so long that the server gives up.
        tokio::time::sleep(Duration::from_secs(2)).await;
        transaction.rollback().await.unwrap();
        while let Some(answer) = asking.join_next().await {
            answer.unwrap().unwrap();
        }
    }
    report
        .fires(scene, &["RoomlogStoreSlow"], "a lock on people's table")
        .await;
}

async fn guesses(scene: &Scene, report: &mut Report) {
    let http = reqwest::Client::new();
    for guess in 0..GUESSES {
        let url = format!("http://{}/v1/auth/login", scene.cluster.edges[0]);
        let body = json!({ "username": "ann", "password": format!("a wrong guess {guess}") });
        http.post(url).json(&body).send().await.unwrap();
    }
    report
        .fires(scene, &["RoomlogSignInsRefused"], "four hundred guesses of a password")
        .await;
}

/// Many sessions on one edge, many rooms in one of them, and one that does not read.
async fn full_houses(scene: &Scene, report: &mut Report) {
    let edge = &scene.cluster.edges[0];
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(Socket::open(edge, &scene.ann.token).await);
    }
    report
        .fires(
            scene,
            &["RoomlogConnectionsNearLimit"],
            "nearly as many sessions as an edge may have",
        )
        .await;
    let mut wire = sessions.pop().expect("many");
    for session in sessions {
        session.close().await;
    }
    let mut rooms = Vec::new();
    for number in 0..CROWDED {
        let room = scene.cluster.room_of(0, &scene.ann, &format!("crowded {number}")).await;
        done(&mut wire, "subscribe", json!({ "room": room })).await;
        rooms.push(room);
    }
    report
        .fires(
            scene,
            &["RoomlogRoomsNearLimit"],
            "nearly as many rooms as an edge may hold",
        )
        .await;
    wire.close().await;
    let slow = who_does_not_read(edge, &scene.ann.token, &rooms[..SLOW_ROOMS]).await;
    let talk = talk_until_told(scene, &rooms[..SLOW_ROOMS]);
    tokio::select! {
        () = report.fires(scene, &["RoomlogSlowSessions"], "a session that does not read fifteen rooms") => {}
        () = talk => {}
    }
    drop(slow);
}

type Slow = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

/// Subscribed to these rooms, with a small buffer that nobody empties.
async fn who_does_not_read(edge: &str, token: &str, rooms: &[Uuid]) -> Slow {
    use futures_util::SinkExt as _;
    let mut request = format!("ws://{edge}/v1/ws").into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "roomlog.v1.json".parse().unwrap());
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(edge.parse().unwrap()).await.unwrap();
    let (mut slow, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    for (id, room) in (1..).zip(rooms) {
        let frame = json!({ "id": id, "subscribe": { "room": room, "recent": 0 } });
        slow.send(Message::text(frame.to_string())).await.unwrap();
    }
    slow
}

/// Says long things in these rooms, for as long as an alert may take.
async fn talk_until_told(scene: &Scene, rooms: &[Uuid]) {
    let mut wire = Socket::open(&scene.cluster.edges[0], &scene.ann.token).await;
    let (text, begun) = ("x".repeat(4_000), Instant::now());
    while begun.elapsed() < crate::support::DEADLINE {
        for room in rooms {
            let send = json!({ "room": room, "cid": Uuid::new_v4(), "since": 1, "text": text });
            done(&mut wire, "send", send).await;
        }
    }
}

/// An edge may hardly open more files than it has open.
async fn few_files(scene: &Scene, report: &mut Report) {
    let pid = scene.cluster.pid("edge2");
    let limit = |soft: &str| {
        let set = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--nofile={soft}:")])
            .status();
        assert!(set.unwrap().success());
    };
    let asked = Command::new("prlimit")
        .args(["--pid", &pid, "--nofile", "--noheadings", "--output=SOFT"])
        .output();
    let before = String::from_utf8(asked.unwrap().stdout).unwrap().trim().to_owned();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    limit(&(open + open / 10).to_string());
    report
        .fires(
            scene,
            &["RoomlogFilesNearLimit"],
            "a limit of open files just above what is open",
        )
        .await;
    limit(&before);
}

/// The limit is said in the rules, as what a container is given: here that is hardly more than an edge has.
async fn little_memory(scene: &Scene, report: &mut Report) {
    let file = format!("{}/prometheus/rules/saturation.yml", scene.cluster.path());
    let before = std::fs::read_to_string(&file).unwrap();
    let used = scene
        .prometheus
        .values(r#"max(process_resident_memory_bytes{part="edge"})"#)
        .await[0];
    let less = before.replace("vector(2147483648)", &format!("vector({})", used * 1.1));
    assert_ne!(less, before, "the limit of an edge is in the rules");
    std::fs::write(&file, less).unwrap();
    scene.cluster.signal("-HUP", "prometheus");
    report
        .fires(
            scene,
            &["RoomlogMemoryNearLimit"],
            "a limit of memory just above what an edge has",
        )
        .await;
    std::fs::write(&file, before).unwrap();
    scene.cluster.signal("-HUP", "prometheus");
}

async fn a_broken_rule(scene: &Scene, report: &mut Report) {
    let file = format!("{}/prometheus/rules/broken.yml", scene.cluster.path());
    let broken = "groups: [{ name: broken, rules: [{ record: broken, expr: up / on () up }] }]";
    std::fs::write(&file, broken).unwrap();
    scene.cluster.signal("-HUP", "prometheus");
    report
        .fires(scene, &["RoomlogRulesFailing"], "a rule that divides many by many")
        .await;
    std::fs::remove_file(&file).unwrap();
    scene.cluster.signal("-HUP", "prometheus");
}

async fn restarts(scene: &Scene, report: &mut Report) {
    let started = r#"process_start_time_seconds{instance="edge2"}"#;
    for _ in 0..3 {
        let before = scene.prometheus.values(started).await;
        scene.cluster.part("kill", "edge2").await;
        scene
            .cluster
            .part_with("start", "edge2", &[&TIGHT[..], &HASTY[..]].concat())
            .await;
        eventually("its start is seen", async || {
            let now = scene.prometheus.values(started).await;
            so(!now.is_empty() && now != before, now)
        })
        .await;
    }
    report
        .fires(scene, &["RoomlogRestartLoop"], "an edge that is killed three times")
        .await;
}
