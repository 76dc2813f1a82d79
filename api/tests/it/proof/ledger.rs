//! The log itself, read and folded by the test, and what everybody else must agree with.

use super::cluster::Cluster;
use crate::support::{eventually, so};
use engine::codec::{self, Decoded, Unread};
use engine::domain::{
    Body, Digest, EventId, MessageText, Offset, Partition, Position, Recent, Room, RoomId, Seq, Verdict,
};
use engine::history::{Page, Reader as _, StoredRoom, postgres};
use engine::live::Reader as _;
use engine::log::{Log, RangeLimits, Topic, kafka};
use roomlog_client::Ack;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A room as the log says it is.
struct Expected {
    partition: Partition,
    room: Room,
    recent: Recent,
    /// Every accepted event, as the journal must have it.
    journal: BTreeMap<Seq, (Offset, Digest)>,
    /// What was said, and by which event. Nobody edits or deletes here.
    said: BTreeMap<Seq, (EventId, MessageText)>,
}

impl Expected {
    fn new(id: RoomId, partition: Partition) -> Self {
        Self {
            partition,
            room: Room::new(id),
            recent: Recent::default(),
            journal: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    fn take(&mut self, decoded: Decoded<'_>, at: Position) {
        let Decoded { event, datum, .. } = decoded;
        let applied = self.room.apply(&event, datum, at);
        let Verdict::Accepted { seq, digest } = applied.verdict else {
            return;
        };
        self.recent.apply(&event, seq, self.room.messages(), at.appended_at);
        self.journal.insert(seq, (at.offset, digest));
        match event.body {
            Body::MessageSent { text, .. } => drop(self.said.insert(seq, (event.event_id, text))),
            Body::MessageEdited { .. } | Body::MessageDeleted { .. } => panic!("nobody changes a message here"),
            _ => {}
        }
    }

    /// Whether a store has the room as it is, whole: state, window and latest messages.
    fn is(&self, stored: StoredRoom) -> Result<(), String> {
        let (id, head) = (self.room.id(), stored.header.head);
        let recent = Recent::restore(stored.recent);
        let room = Room::restore(id, stored.header, stored.changes, stored.window).map_err(|torn| torn.to_string())?;
        so(
            room == self.room && recent == self.recent,
            format!("room {id} stands at {head} of {}", self.room.head()),
        )
    }
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
                let expected = rooms.entry(id).or_insert_with(|| Expected::new(id, extent.partition));
                expected.take(decoded, record.position);
            }
            next = range.next;
        }
    }
    rooms
}

/// The log itself comes to what the receipts say that people hold.
pub(crate) async fn receipts_are_good(log: &dyn Log, receipts: &[(Uuid, Ack)]) {
    are_good(receipts, &fold(log).await);
}

/// Every ack is of an event that is there, under the digest it says, and nothing came after the last of them.
fn are_good(receipts: &[(Uuid, Ack)], expected: &BTreeMap<RoomId, Expected>) {
    assert!(!receipts.is_empty());
    let mut heads: BTreeMap<RoomId, Seq> = BTreeMap::new();
    for (id, receipt) in receipts {
        let (id, seq) = (RoomId::new(*id), Seq::new(receipt.seq));
        let (_, digest) = expected[&id].journal[&seq];
        // A duplicate's ack may be without it while history is away.
        if let Some(told) = &receipt.digest {
            assert_eq!(told, &digest.to_string(), "room {id} seq {seq}");
        } else {
            assert!(receipt.duplicate, "room {id} seq {seq}");
        }
        let head = heads.entry(id).or_default();
        *head = seq.max(*head);
    }
    for (id, head) in heads {
        assert_eq!(expected[&id].room.head(), head, "room {id}");
    }
}

/// PostgreSQL and Redis come to what the log says, and so do the receipts that people hold.
pub(crate) async fn agrees(cluster: &Cluster, receipts: &[(Uuid, Ack)]) {
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
    let config = postgres::Config::at(cluster.setting("ROOMLOG_POSTGRES__URL").await);
    let history = postgres::Postgres::connect(&config).unwrap();
    for (id, expected) in expected {
        eventually("PostgreSQL agrees with the log", || async {
            let stored = history.room(*id, expected.partition).await;
            let stored = stored.map_err(|error| error.to_string())?;
            expected.is(stored.map_err(|_| format!("room {id} is not there yet"))?)
        })
        .await;
        rows_are(&history, *id, expected).await;
    }
    history.close().await;
}

/// Row by row, in order, none missing and none twice.
async fn rows_are(history: &postgres::Postgres, id: RoomId, expected: &Expected) {
    let all = expected.journal.len() + 1;
    let (journal, _) = history.journal(id, expected.partition, Seq::ZERO, all).await.unwrap();
    let journal = journal.into_iter().map(|row| (row.seq, (row.offset, row.digest)));
    assert!(
        journal.eq(expected.journal.iter().map(|(seq, row)| (*seq, *row))),
        "room {id}: the journal is the log's"
    );
    let messages = history.page(id, Page::After(Seq::ZERO), all).await.unwrap();
    let messages = messages.iter().map(|row| (row.seq, row.id, row.text.as_str()));
    let said = expected.said.iter();
    assert!(
        messages.eq(said.map(|(seq, (event, text))| (*seq, *event, text.as_str()))),
        "room {id}: the messages are the log's"
    );
}

async fn redis_agrees(cluster: &Cluster, log: &kafka::Log, expected: &BTreeMap<RoomId, Expected>) {
    let config = engine::live::RedisConfig {
        url: cluster.setting("ROOMLOG_REDIS__URL").await,
        ..Default::default()
    };
    let live = engine::live::RedisLive::new(&config, log.epoch()).unwrap();
    for (id, expected) in expected {
        eventually("Redis agrees with the log", || async {
            let stored = live.room(*id, expected.partition).await;
            let stored = stored.map_err(|error| error.to_string())?;
            expected.is(stored.ok_or(format!("room {id} is not there yet"))?)
        })
        .await;
    }
}
