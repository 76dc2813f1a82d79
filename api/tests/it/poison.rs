//! Records that nobody can read: chat goes on, everyone agrees, and each is set aside as it was.

mod signals;

use crate::support::cluster::Cluster;
use crate::support::{Person, Server, Wire, cid, eventually, so};
use bytes::Bytes;
use engine::domain::{Offset, Partition, Position, RoomId};
use engine::live::Reader as _;
use engine::log::{Log as _, Outgoing, RangeLimits, Record, Topic, kafka};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{ClientConfig, TopicPartitionList};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

/// Two people, one on each edge, both in both rooms.
struct Scene {
    cluster: Cluster,
    edges: [Server; 2],
    projectors: [Server; 2],
    people: [Person; 2],
    wires: [Wire; 2],
    rooms: [String; 2],
    /// What was said in each room so far, as both must hear it.
    heads: [Value; 2],
}

async fn scene() -> Scene {
    let cluster = Cluster::new().await;
    let edges = [cluster.edge().await, cluster.edge().await];
    let projectors = [cluster.history().await, cluster.live().await];
    let people = [edges[0].register("ann").await, edges[1].register("ben").await];
    let mut wires = [
        Wire::open(&edges[0], &people[0]).await,
        Wire::open(&edges[1], &people[1]).await,
    ];
    let mut rooms = Vec::new();
    for owner in [0, 1] {
        let room = edges[owner].room(&people[owner], "public").await;
        let other = 1 - owner;
        let path = format!("/v1/rooms/{room}");
        // Neither edge waits for what the other has appended a moment ago.
        eventually("the other edge knows the room", async || {
            let status = edges[other].get(&path, Some(&people[other].token)).await.status();
            so(status.is_success(), status)
        })
        .await;
        edges[other]
            .done(&people[other], &format!("{path}/join"), json!({}))
            .await;
        for (edge, person) in edges.iter().zip(&people) {
            eventually("both edges know who joined", async || {
                let head = edge.told(person, &path).await["head"].take();
                so(head["seq"] == 2, &head)
            })
            .await;
        }
        for wire in &mut wires {
            let joined = wire
                .ask("subscribe", json!({ "room": room }))
                .await
                .expect("subscribed");
            assert_eq!(joined["seq"], 2);
        }
        rooms.push(room);
    }
    Scene {
        cluster,
        edges,
        projectors,
        people,
        wires,
        rooms: rooms.try_into().expect("two"),
        heads: [json!(null), json!(null)],
    }
}

impl Scene {
    /// Each says something in each room, and both hear all of it, in the order of the seqs.
    async fn chat(&mut self, about: &str) {
        for (room, head) in self.rooms.iter().zip(&mut self.heads) {
            let mut acks = Vec::new();
            for wire in &mut self.wires {
                let sent = json!({ "room": room, "cid": cid(), "text": about });
                acks.push(wire.ask("send", sent).await.expect("sent"));
            }
            for wire in &mut self.wires {
                for ack in &acks {
                    let event = wire.push("event").await;
                    for field in ["seq", "pos", "cid"] {
                        assert_eq!(event[field], ack[field], "{about}");
                    }
                }
            }
            *head = acks.pop().expect("two");
        }
    }
}

/// What somebody said, as it stands on the log.
async fn record_of(log: &kafka::Log, room: &str, offset: &Value) -> Record {
    let from = Offset::new(offset.as_u64().expect("an offset"));
    let limits = RangeLimits {
        max_records: 1,
        max_bytes: 1,
    };
    let partition = log.partition_of(room.as_bytes());
    let range = log.range(Topic::Events, partition, from, from.next(), limits).await;
    range.expect("a range").records.remove(0)
}

/// A record that would count if it were not damaged: somebody's own, under a cid that nobody used.
fn sound(log: &kafka::Log, record: &Record, used: &str) -> Outgoing {
    let value = record.value.as_deref().expect("a value");
    let at = value
        .windows(36)
        .position(|text| text == used.as_bytes())
        .expect("its cid");
    let fresh = [&value[..at], cid().as_bytes(), &value[at + 36..]].concat();
    let key = record.key.clone().expect("a key");
    Outgoing {
        topic: Topic::Events,
        partition: log.partition_of(&key),
        key: Some(key),
        value: Some(fresh.into()),
        headers: vec![("schema", record.schema.clone().expect("a header"))],
    }
}

type Damage = fn(&mut Outgoing, other: &str);

fn cut(record: &mut Outgoing, by: usize) {
    let value = record.value.as_ref().expect("a value");
    record.value = Some(value.slice(..value.len() - by));
}

fn changed(record: &mut Outgoing, change: impl FnOnce(&mut Vec<u8>)) {
    let mut value = record.value.as_deref().expect("a value").to_vec();
    change(&mut value);
    record.value = Some(value.into());
}

/// Every way to be damaged, with its reason in the dead letters.
const DAMAGES: [(&str, &str, Damage); 18] = [
    ("Avro garbage", "datum", |record, _| {
        changed(record, |value| value[5..].fill(0xFF))
    }),
    ("a truncated record", "datum", |record, _| cut(record, 3)),
    ("nothing after the magic", "datum", |record, _| {
        changed(record, |value| value.truncate(5))
    }),
    ("bytes left over", "datum", |record, _| {
        changed(record, |value| value.push(0))
    }),
    ("a schema that is not its own", "datum", |record, _| {
        record.headers[0].1 = of_another_type()
    }),
    ("half a registry id", "magic", |record, _| {
        changed(record, |value| value.truncate(3))
    }),
    ("a wrong magic byte", "magic", |record, _| {
        changed(record, |value| value[0] = 1)
    }),
    ("an empty value", "magic", |record, _| record.value = Some(Bytes::new())),
    ("no value", "magic", |record, _| record.value = None),
    ("no header", "header", |record, _| record.headers.clear()),
    ("two headers", "header", |record, _| {
        record.headers.push(record.headers[0].clone())
    }),
    ("a header of 4 bytes", "header", |record, _| {
        record.headers[0].1 = record.headers[0].1.slice(..4)
    }),
    ("a header of 9 bytes", "header", |record, _| {
        record.headers[0].1 = Bytes::from_static(b"123456789")
    }),
    ("no key", "key", |record, _| record.key = None),
    ("a key that is no room", "key", |record, _| {
        record.key = Some(Bytes::from_static(b"general"))
    }),
    ("a key in capitals", "key", |record, _| {
        record.key = record.key.as_ref().map(|key| key.to_ascii_uppercase().into());
    }),
    ("the key of another room", "key", |record, other| {
        record.key = Some(other.to_owned().into())
    }),
    ("in the partition of another partitioner", "partition", |record, _| {
        record.partition = Partition::new(u16::from(record.partition == Partition::new(0)));
    }),
];

/// The fingerprint of the events that say a room was made.
fn of_another_type() -> Bytes {
    let entries = engine::codec::lock::Lock::embedded().entries();
    let created = entries.iter().find(|entry| entry.kind.name() == "RoomCreated");
    Bytes::copy_from_slice(&created.expect("in the lock").fingerprint)
}

/// Records of the future, which are no damage, whatever else is odd about them.
const FUTURES: [(&str, Damage); 3] = [
    ("a schema nobody knows", |_, _| {}),
    ("of a future room", |record, _| {
        record.key = Some(Bytes::from_static(b"a room of the future"))
    }),
    ("without key or value", |record, _| {
        (record.key, record.value) = (None, None)
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_is_set_aside_as_it_was_and_chat_goes_on() {
    let mut scene = scene().await;
    let log = scene.cluster.log().await;
    scene.chat("before").await;
    let (room, other) = (scene.rooms[0].clone(), scene.rooms[1].clone());
    let before = scene.heads[0].clone();
    let said = record_of(&log, &room, &before["pos"]["offset"]).await;
    let fresh = || sound(&log, &said, before["cid"].as_str().expect("a cid"));

    let mut letters = Vec::new();
    for (what, reason, damage) in DAMAGES {
        let mut record = fresh();
        let own = record.partition;
        damage(&mut record, &other);
        if record.partition == own {
            // Where a writer would put it by its key; it may be another room's partition.
            record.partition = log.partition_of(record.key.as_deref().unwrap_or(said.key.as_deref().expect("a key")));
        }
        let position = log.append(record.clone()).await.expect("appended");
        letters.push((record, reason, position));
        scene.chat(what).await;
    }
    for (what, odd) in FUTURES {
        let mut record = fresh();
        record.headers[0].1 = Bytes::from_static(b"tomorrow");
        odd(&mut record, &other);
        log.append(record).await.expect("appended");
        scene.chat(what).await;
    }
    // Undamaged, it counts: nothing but the damage kept the others out.
    log.append(fresh()).await.expect("appended");
    for wire in &mut scene.wires {
        let event = wire.push("event").await;
        assert_eq!(event["body"]["text"], "before");
    }
    scene.chat("after").await;

    let chats = 2 + DAMAGES.len() as u64 + FUTURES.len() as u64;
    assert_eq!(scene.heads[0]["seq"], 2 + 2 * chats + 1);
    assert_eq!(scene.heads[1]["seq"], 2 + 2 * chats);
    everyone_agrees(&scene, &log).await;
    the_dead_letters_are(&scene.cluster, &letters).await;
    all_are_counted(&scene, &letters, &room, &other).await;
    log.close().await;
}

/// Both edges, PostgreSQL and Redis stand where the last acks say.
async fn everyone_agrees(scene: &Scene, log: &kafka::Log) {
    let pool = sqlx::PgPool::connect(scene.cluster.setting("ROOMLOG_POSTGRES__URL"))
        .await
        .expect("PostgreSQL");
    let config = engine::live::RedisConfig {
        url: scene.cluster.setting("ROOMLOG_REDIS__URL").to_owned(),
        prefix: scene.cluster.setting("ROOMLOG_REDIS__PREFIX").to_owned(),
        ..Default::default()
    };
    let live = engine::live::RedisLive::new(&config, log.epoch()).expect("Redis");
    for (room, head) in scene.rooms.iter().zip(&scene.heads) {
        let expected = (
            head["seq"].as_u64().expect("a seq"),
            head["digest"].as_str().expect("a digest"),
        );
        for (edge, person) in scene.edges.iter().zip(&scene.people) {
            let shown = edge.told(person, &format!("/v1/rooms/{room}")).await;
            assert_eq!(
                (shown["head"]["seq"].as_u64(), shown["head"]["digest"].as_str()),
                (Some(expected.0), Some(expected.1))
            );
        }
        let id: RoomId = room.parse().expect("an id");
        eventually("PostgreSQL agrees", async || {
            let stored = sqlx::query_as::<_, (i64, String)>(
                "SELECT head_seq, encode(digest, 'hex') FROM history.rooms WHERE room_id = $1",
            );
            let row = stored.bind(id.uuid()).fetch_optional(&pool).await.expect("asked");
            so(row == Some((expected.0.cast_signed(), expected.1.to_owned())), row)
        })
        .await;
        eventually("Redis agrees", async || {
            let stored = live.room(id, log.partition_of(room.as_bytes())).await.expect("asked");
            let found = stored.map(|room| (room.header.head.get(), room.header.digest.to_string()));
            so(found == Some((expected.0, expected.1.to_owned())), found)
        })
        .await;
    }
}

/// A dead letter: key, value and headers.
type Letter = (Option<Vec<u8>>, Option<Vec<u8>>, BTreeMap<String, String>);

/// Reads all there are, until there are as many as expected and the topic's end is reached.
fn dead_letters(brokers: &str, topic: &str, expected: usize) -> Vec<Letter> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", topic);
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let metadata = consumer
        .fetch_metadata(Some(topic), crate::support::DEADLINE)
        .expect("metadata");
    let mut starts = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        let start = starts.add_partition_offset(topic, partition.id(), rdkafka::Offset::Beginning);
        start.expect("a start");
    }
    consumer.assign(&starts).expect("assigned");
    let (begun, mut letters) = (Instant::now(), Vec::new());
    while letters.len() < expected {
        assert!(
            begun.elapsed() < crate::support::DEADLINE,
            "only {} dead letters",
            letters.len()
        );
        let Some(message) = consumer.poll(std::time::Duration::from_millis(100)) else {
            continue;
        };
        let message = message.expect("a letter");
        let headers = message.headers().expect("headers").iter();
        let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.expect("a value").to_vec()).expect("text");
        let headers = headers.map(|header| (header.key.to_owned(), text(header.value)));
        letters.push((
            message.key().map(<[u8]>::to_vec),
            message.payload().map(<[u8]>::to_vec),
            headers.collect(),
        ));
    }
    let ends = metadata.topics()[0].partitions().iter().map(|partition| {
        let ends = consumer.fetch_watermarks(topic, partition.id(), crate::support::DEADLINE);
        ends.expect("asked").1
    });
    assert_eq!(usize::try_from(ends.sum::<i64>()), Ok(expected), "no more than these");
    letters
}

async fn the_dead_letters_are(cluster: &Cluster, expected: &[(Outgoing, &'static str, Position)]) {
    let prefix = cluster.setting("ROOMLOG_KAFKA__PREFIX").to_owned();
    let (brokers, topic) = (
        cluster.setting("ROOMLOG_KAFKA__BROKERS").to_owned(),
        format!("{prefix}.dead-letters"),
    );
    let count = expected.len();
    let read = tokio::task::spawn_blocking(move || dead_letters(&brokers, &topic, count));
    let mut found = read.await.expect("read");
    let mut expected: Vec<Letter> = expected
        .iter()
        .map(|(record, reason, position)| {
            let header = |name: &str, value: String| (name.to_owned(), value);
            let headers = BTreeMap::from([
                header("origin_topic", format!("{prefix}.events")),
                header("origin_partition", position.partition.to_string()),
                header("origin_offset", position.offset.to_string()),
                header("reason", (*reason).to_owned()),
            ]);
            let bytes = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| bytes.to_vec());
            (bytes(&record.key), bytes(&record.value), headers)
        })
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// What was counted in one process under `name`, by `reason` (or nothing), with `labels` among theirs.
async fn counters(server: &Server, name: &str, labels: &str) -> HashMap<String, u64> {
    let text = server.get("/metrics", None).await.text().await.expect("a text");
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    let counted = lines.filter(|(found, _)| found.contains(labels)).map(|(found, count)| {
        let reason = found.split_once("reason=\"").map_or("", |(_, rest)| rest);
        let (reason, _) = reason.split_once('"').unwrap_or_default();
        (reason.to_owned(), count.parse().expect("a count"))
    });
    counted.filter(|(_, count)| *count > 0).collect()
}

/// Not every partition has been read to its end when the rooms' heads are reached.
async fn count_is(server: &Server, name: &str, labels: &str, expected: &HashMap<String, u64>) {
    eventually(name, async || {
        let found = counters(server, name, labels).await;
        so(&found == expected, format!("{found:?}, not {expected:?}"))
    })
    .await;
}

async fn all_are_counted(scene: &Scene, letters: &[(Outgoing, &'static str, Position)], room: &str, other: &str) {
    let by_reason = |counts: &dyn Fn(&Outgoing) -> bool| {
        let mut reasons: HashMap<String, u64> = HashMap::new();
        for (_, reason, _) in letters.iter().filter(|(record, ..)| counts(record)) {
            *reasons.entry((*reason).to_owned()).or_default() += 1;
        }
        reasons
    };
    let (futures, all) = (FUTURES.len() as u64, by_reason(&|_| true));
    let futures = HashMap::from([(String::new(), futures)]);
    let [history, live] = &scene.projectors;
    for (projector, projection) in [(history, "history"), (live, "live")] {
        let label = format!("projection=\"{projection}\"");
        count_is(projector, "roomlog_projector_bad_total", &label, &all).await;
        count_is(projector, "roomlog_projector_skipped_total", &label, &futures).await;
    }
    count_is(history, "roomlog_projector_dead_letters_total", "", &all).await;
    // An edge looks at the keys of the rooms it holds, and passes all else over.
    let mut seen = by_reason(&|record| {
        let key = record.key.as_deref();
        key == Some(room.as_bytes()) || key == Some(other.as_bytes())
    });
    seen.insert("future".to_owned(), 1);
    for edge in &scene.edges {
        count_is(edge, "roomlog_edge_unread_total", "", &seen).await;
    }
}
