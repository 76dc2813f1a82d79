//! What no edge lets through stands on the log nevertheless, and is shown for what it is; and what is read is read from the
//! log itself.

use super::{ask, check_chain, events, metric, pushed, say};
use crate::support::cluster::Cluster;
use crate::support::{Person, Server, Wire};
use bytes::Bytes;
use engine::codec;
use engine::domain::{Actor, Body, Cid, Event, EventId, MessageText, PersonName, RoomId, Seq, Target, Timestamp};
use engine::log::{Log as _, Outgoing, Topic, kafka};
use serde_json::{Value, json};

const RULES: u32 = 1;

struct Scene {
    cluster: Cluster,
    log: kafka::Log,
    edge: Server,
    history: Server,
    ann: Person,
    ben: Person,
    room: String,
}

/// A room of ann's that ben is no member of.
async fn scene(settings: &[(&str, &str)]) -> Scene {
    let mut cluster = Cluster::new().await;
    for &(name, value) in settings {
        cluster = cluster.with(name, value);
    }
    let edge = cluster.edge().await;
    let history = cluster.history().await;
    let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
    let room = edge.room(&ann, "public").await;
    Scene {
        log: cluster.log().await,
        cluster,
        edge,
        history,
        ann,
        ben,
        room,
    }
}

impl Scene {
    fn event(&self, who: &Person, cid: Cid, since: Option<u64>, body: Body) -> Event {
        Event {
            event_id: EventId::new(uuid::Uuid::now_v7()),
            room_id: self.room_id(),
            actor: Actor {
                id: who.id.parse().expect("an id"),
                name: PersonName::new("somebody").expect("a name"),
            },
            cid,
            since: since.map(Seq::new),
            sent_at: Timestamp::from_millis(0),
            body,
        }
    }

    fn room_id(&self) -> RoomId {
        self.room.parse().expect("an id")
    }

    async fn append(&self, event: &Event) {
        let encoded = codec::encode(event, RULES).expect("encoded");
        let value = codec::Wire::Confluent { id: 1 }.wrap(&encoded);
        self.put(value, &encoded.fingerprint).await;
    }

    async fn put(&self, value: Bytes, fingerprint: &[u8; 8]) {
        let key = Bytes::from(self.room.clone());
        let outgoing = Outgoing {
            topic: Topic::Events,
            partition: self.log.partition_of(&key),
            key: Some(key),
            value: Some(value),
            headers: vec![("schema", Bytes::copy_from_slice(fingerprint))],
        };
        self.log.append(outgoing).await.expect("appended");
    }
}

fn said(text: &str) -> Body {
    Body::MessageSent {
        text: MessageText::new(text).expect("a text"),
        reply_to: None,
        mentions: Vec::new(),
    }
}

fn words(events: &[Value]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|event| {
            (
                event["verdict"].as_str().expect("a verdict"),
                event["reason"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_count_is_shown_with_its_reason() {
    let scene = scene(&[]).await;
    let own = Cid::new(uuid::Uuid::new_v4());
    let once = scene.event(&scene.ann, own, None, said("counts"));
    scene.append(&once).await;
    scene
        .append(&Event {
            event_id: EventId::new(uuid::Uuid::now_v7()),
            ..once
        })
        .await;
    let other = |number: u128| Cid::new(uuid::Uuid::from_u128(number));
    let alien = scene.event(&scene.ben, other(1), None, said("from outside"));
    scene.append(&alien).await;
    let target = Target {
        seq: Seq::new(99),
        author_id: scene.ann.id.parse().expect("an id"),
    };
    let nowhere = scene.event(&scene.ann, other(2), None, Body::MessageDeleted { target });
    scene.append(&nowhere).await;
    scene
        .put(
            Bytes::from_static(b"\x00\x00\x00\x00\x01rubbish"),
            &codec::encode(&alien, RULES).expect("encoded").fingerprint,
        )
        .await;
    scene
        .put(Bytes::from_static(b"\x00\x00\x00\x00\x01tomorrow"), b"tomorrow")
        .await;
    say(&scene.edge, &scene.ann, &scene.room, ["counts too".to_owned()]).await;

    let all = events(&scene.edge, &scene.ann, &scene.room, "datum=true").await;
    let expected = [
        ("accepted", ""),
        ("accepted", ""),
        ("ignored", "duplicate"),
        ("ignored", "not_a_member"),
        ("ignored", "not_found"),
        ("unreadable", "datum"),
        ("unreadable", "future"),
        ("accepted", ""),
    ];
    assert_eq!(words(&all), expected);
    assert_eq!(all[2]["original"]["seq"], 2);
    assert_eq!(all[2]["original"]["offset"], all[1]["pos"]["offset"]);
    assert_eq!(all[3]["body"]["text"], "from outside", "moderators see it");
    assert!(all[2]["seq"].is_null() && all[2]["digest"].is_null() && all[5]["event_id"].is_null());
    assert_eq!(check_chain(&scene.room, &all).0, 3);
    // From the middle on the words are the same: the fold begins where the room stood.
    for from in 1..all.len() {
        let query = format!("datum=true&from_offset={}", all[from]["pos"]["offset"]);
        assert_eq!(events(&scene.edge, &scene.ann, &scene.room, &query).await, all[from..]);
    }
    let mut wire = Wire::open(&scene.edge, &scene.ann).await;
    let command = json!({ "room": scene.room, "from": { "offset": 0 }, "datum": true, "window": 1 });
    assert_eq!(pushed(&mut wire, command).await, all);
    // Who is in the room but may not delete there sees that something was ignored, not what it said.
    let path = format!("/v1/rooms/{}/join", scene.room);
    let cat = scene.edge.register("cat").await;
    scene.edge.done(&cat, &path, json!({})).await;
    let seen = events(&scene.edge, &cat, &scene.room, "datum=true").await;
    assert_eq!(words(&seen)[..all.len()], expected);
    assert_eq!(
        (&seen[3]["body"]["text"], &seen[3]["withheld"]),
        (&json!(""), &json!("ignored"))
    );
}

/// A history that does not answer any more: its tables are gone from where they are looked for.
async fn hide_history(cluster: &Cluster) {
    use sqlx::{Connection as _, Executor as _};
    let url = cluster.setting("ROOMLOG_POSTGRES__URL");
    let mut connection = sqlx::PgConnection::connect(url).await.expect("PostgreSQL answers");
    connection
        .execute("ALTER SCHEMA history RENAME TO hidden")
        .await
        .expect("hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_history_the_log_says_everything() {
    let mut scene = scene(&[]).await;
    let cat = scene.edge.register("cat").await;
    let at = |tail: &str| format!("/v1/rooms/{}/{tail}", scene.room);
    scene.edge.done(&cat, &at("join"), json!({})).await;
    let receipts = say(
        &scene.edge,
        &scene.ann,
        &scene.room,
        (0..30).map(|number| format!("text {number}")),
    )
    .await;
    let gone = format!("{}{}", scene.edge.url, at(&format!("messages/{}", receipts[3]["seq"])));
    let gone = scene.edge.http.delete(gone).bearer_auth(&scene.ann.token).send().await;
    assert!(gone.expect("an answer").status().is_success());
    let queries = ["datum=true", "from_seq=9&to_seq=20", "from_seq=5"];
    let mut before = Vec::new();
    for (query, who) in queries.iter().flat_map(|query| [(query, &scene.ann), (query, &cat)]) {
        before.push(events(&scene.edge, who, &scene.room, query).await);
    }
    assert_eq!(
        before[1].iter().filter(|event| event["withheld"] == "deleted").count(),
        1
    );
    scene.history.kill();
    hide_history(&scene.cluster).await;
    for ((query, who), before) in queries
        .iter()
        .flat_map(|query| [(query, &scene.ann), (query, &cat)])
        .zip(&before)
    {
        assert_eq!(&events(&scene.edge, who, &scene.room, query).await, before, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_that_walk_together_read_once() {
    let settings = [
        ("ROOMLOG_EDGE__REPLAY_CHUNK_RECORDS", "16"),
        ("ROOMLOG_EDGE__REPLAY_READERS", "1"),
    ];
    let scene = scene(&settings).await;
    say(
        &scene.edge,
        &scene.ann,
        &scene.room,
        (0..80).map(|number| format!("text {number}")),
    )
    .await;
    let all = events(&scene.edge, &scene.ann, &scene.room, "").await;
    let shared = metric(&scene.edge, "roomlog_edge_replay_shared_total").await;
    let mut wires = [
        Wire::open(&scene.edge, &scene.ann).await,
        Wire::open(&scene.edge, &scene.ann).await,
    ];
    let command = json!({ "room": scene.room, "from": { "offset": 0 }, "window": 10 });
    let mut numbers = Vec::new();
    for wire in &mut wires {
        numbers.push(wire.ask("replay", command.clone()).await.expect("begun")["replay"].clone());
    }
    // Side by side, each asks for more when both have come as far.
    let mut heard: [Vec<Value>; 2] = [Vec::new(), Vec::new()];
    while heard[1].len() < all.len() {
        for ((wire, heard), number) in wires.iter_mut().zip(&mut heard).zip(&numbers) {
            for _ in 0..10.min(all.len() - heard.len()) {
                heard.push(wire.push("replay").await["event"].take());
            }
            if heard.len() < all.len() {
                let more = json!({ "replay": number, "window": 10 });
                wire.ask("more", more).await.expect("credit");
            }
        }
    }
    assert_eq!(heard, [all.clone(), all]);
    let shared = metric(&scene.edge, "roomlog_edge_replay_shared_total").await - shared;
    assert!(shared >= 4.0, "one reads, the other finds it read: {shared}");
}

/// As somebody does who lets Kafka delete what must be kept for ever.
async fn cut(scene: &Scene, to: i64) {
    use rdkafka::admin::{AdminClient, AdminOptions};
    use rdkafka::client::DefaultClientContext;
    let brokers = scene.cluster.setting("ROOMLOG_KAFKA__BROKERS");
    let mut config = rdkafka::ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> = config.set("bootstrap.servers", brokers).create().expect("a client");
    let partition = scene.log.partition_of(scene.room.as_bytes());
    let mut list = rdkafka::TopicPartitionList::new();
    let topic = scene.log.topic_name(Topic::Events);
    list.add_partition_offset(&topic, partition.get().into(), rdkafka::Offset::Offset(to))
        .expect("a place");
    let cut = admin
        .delete_records(&list, &AdminOptions::new())
        .await
        .expect("an answer");
    assert!(cut.elements().iter().all(|element| element.error().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_says_where_it_starts() {
    let scene = scene(&[]).await;
    let receipts = say(
        &scene.edge,
        &scene.ann,
        &scene.room,
        (0..9).map(|number| format!("text {number}")),
    )
    .await;
    let all = events(&scene.edge, &scene.ann, &scene.room, "").await;
    // History has it: it is what is left of the beginning.
    let last = &receipts[receipts.len() - 1]["seq"];
    let path = format!("/v1/rooms/{}/messages?min_seq={last}", scene.room);
    scene.edge.told(&scene.ann, &path).await;
    let start = all[4]["pos"]["offset"].as_i64().expect("an offset");
    cut(&scene, start).await;
    for query in ["from_offset=0".to_owned(), format!("from_offset={}", start - 1)] {
        let answer = ask(&scene.edge, &scene.ann, &scene.room, &query).await;
        assert_eq!(answer.status().as_u16(), 416, "{query}");
        let problem: Value = answer.json().await.expect("JSON");
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains(&format!("below the log's start, {start}")), "{detail}");
    }
    for query in [String::new(), format!("from_offset={start}"), "from_seq=5".to_owned()] {
        assert_eq!(
            events(&scene.edge, &scene.ann, &scene.room, &query).await,
            all[4..],
            "{query}"
        );
    }
    let answer = ask(&scene.edge, &scene.ann, &scene.room, "from_seq=2").await;
    assert_eq!(answer.status().as_u16(), 416, "the event is gone from the log");
}
