//! The log itself, read and folded by the test, and what everybody else must agree with.

use super::cluster::Cluster;
use crate::support::eventually;
use engine::codec::{self, Unread};
use engine::domain::{Message, RECENT, Recent, Room, RoomId, Verdict};
use engine::live::Reader as _;
use engine::log::{Log, RangeLimits, Topic, kafka};
use roomlog_client::Ack;
use sqlx::Row as _;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A room as the log says it is.
struct Expected {
    room: Room,
    recent: Recent,
}

async fn fold(log: &dyn Log) -> BTreeMap<RoomId, Expected> {
    let limits = RangeLimits {
        max_records: 1_000,
        max_bytes: 1 << 20,
    };
    let mut rooms = BTreeMap::new();
    for extent in log.extents(Topic::Events).await.unwrap() {
        let mut next = extent.low;
        while next < extent.high {
            let range = log
                .range(Topic::Events, extent.partition, next, extent.high, limits)
                .await
                .unwrap();
            for record in &range.records {
                let decoded = match codec::decode(record.borrowed(), log.partitions()) {
                    Ok(decoded) => decoded,
                    Err(Unread::Future) => continue,
                    Err(bad) => panic!("nobody wrote bad records here: {bad:?}"),
                };
                let id = decoded.event.room_id;
                let expected = rooms.entry(id).or_insert_with(|| Expected {
                    room: Room::new(id),
                    recent: Recent::default(),
                });
                let applied = expected.room.apply(&decoded.event, decoded.datum, record.position);
                if let Verdict::Accepted { seq, .. } = applied.verdict {
                    let (ordinal, at) = (expected.room.messages(), record.position.appended_at);
                    expected.recent.apply(&decoded.event, seq, ordinal, at);
                }
            }
            next = range.next;
        }
    }
    rooms
}

/// The log itself comes to what the receipts say that people hold.
pub(crate) async fn receipts_are_good(log: &dyn Log, receipts: &BTreeMap<Uuid, Ack>) {
    are_good(receipts, &fold(log).await);
}

fn are_good(receipts: &BTreeMap<Uuid, Ack>, expected: &BTreeMap<RoomId, Expected>) {
    assert!(!receipts.is_empty());
    for (id, receipt) in receipts {
        let room = &expected[&RoomId::new(*id)].room;
        assert_eq!(
            (room.head().get(), Some(room.digest().to_string())),
            (receipt.seq, receipt.digest.clone()),
            "{id}"
        );
    }
}

/// PostgreSQL and Redis come to what the log says, and so do the receipts that people hold.
pub(crate) async fn agrees(cluster: &Cluster, receipts: &BTreeMap<Uuid, Ack>) {
    let brokers = cluster.setting("ROOMLOG_KAFKA__BROKERS").await;
    let log = kafka::Log::open(
        kafka::Config {
            brokers,
            ..kafka::Config::default()
        },
        false,
    )
    .await
    .unwrap();
    let expected = fold(&log).await;
    are_good(receipts, &expected);
    postgres_agrees(cluster, &expected).await;
    redis_agrees(cluster, &log, &expected).await;
    log.close().await;
}

async fn postgres_agrees(cluster: &Cluster, expected: &BTreeMap<RoomId, Expected>) {
    let pool = sqlx::PgPool::connect(&cluster.setting("ROOMLOG_POSTGRES__URL").await)
        .await
        .unwrap();
    let state = "SELECT r.digest, r.head_seq, r.messages, \
         (SELECT count(*) FROM history.journal j WHERE j.room_id = r.room_id), \
         (SELECT max(seq) FROM history.journal j WHERE j.room_id = r.room_id), \
         (SELECT count(*) FROM history.messages m WHERE m.room_id = r.room_id) \
         FROM history.rooms r WHERE r.room_id = $1";
    for (id, Expected { room, .. }) in expected {
        eventually("PostgreSQL agrees with the log", || async {
            let row = sqlx::query(state)
                .bind(id.uuid())
                .fetch_optional(&pool)
                .await
                .map_err(|error| error.to_string())?;
            let row = row.ok_or(format!("room {id} is not there yet"))?;
            let digest: Vec<u8> = row.get(0);
            let numbers: [i64; 5] = [1, 2, 3, 4, 5].map(|column| row.get(column));
            let (head, messages) = (room.head().get().cast_signed(), room.messages().cast_signed());
            if digest == room.digest().as_bytes() && numbers == [head, messages, head, head, messages] {
                Ok(())
            } else {
                Err(format!("room {id}: {numbers:?}, head {head}, messages {messages}"))
            }
        })
        .await;
    }
}

async fn redis_agrees(cluster: &Cluster, log: &kafka::Log, expected: &BTreeMap<RoomId, Expected>) {
    let config = engine::live::RedisConfig {
        url: cluster.setting("ROOMLOG_REDIS__URL").await,
        ..Default::default()
    };
    let live = engine::live::RedisLive::new(&config, log.epoch()).unwrap();
    for (id, Expected { room, recent }) in expected {
        let partition = log.partition_of(id.to_string().as_bytes());
        let latest: Vec<Message> = recent.latest(RECENT).cloned().collect();
        eventually("Redis agrees with the log", || async {
            let stored = live.room(*id, partition).await.map_err(|error| error.to_string())?;
            let stored = stored.ok_or(format!("room {id} is not there yet"))?;
            if stored.header.digest == room.digest() && stored.recent == latest {
                Ok(())
            } else {
                Err(format!("room {id} stands at {} of {}", stored.header.head, room.head()))
            }
        })
        .await;
    }
}
