//! What the log says, folded in memory by the domain alone; and whether the stores say the same.

use crate::place::{History, Live, Place, eventually};
use engine::codec::{self, Decoded};
use engine::domain::{Digest, Offset, Partition, Position, Recent, Room, RoomId, Seq, Verdict};
use engine::history::StoredRoom;
use engine::log::{Log, RangeLimits, Record, Topic};
use std::collections::BTreeMap;

const ALL: RangeLimits = RangeLimits {
    max_records: 1_000,
    max_bytes: usize::MAX,
};

/// Everything that is in a topic, by partition.
pub(crate) async fn records(log: &dyn Log, topic: Topic) -> BTreeMap<Partition, Vec<Record>> {
    let mut all = BTreeMap::new();
    for extent in log.extents(topic).await.unwrap() {
        let mut found = Vec::new();
        let mut next = extent.low;
        while next < extent.high {
            let range = log
                .range(topic, extent.partition, next, extent.high, ALL)
                .await
                .unwrap();
            found.extend(range.records);
            next = range.next;
        }
        all.insert(extent.partition, found);
    }
    all
}

/// A room as it must stand.
pub(crate) struct Expected {
    pub(crate) partition: Partition,
    pub(crate) room: Room,
    pub(crate) recent: Recent,
    pub(crate) journal: Vec<(Seq, Offset, Digest, Vec<u8>)>,
}

/// The whole log, folded.
pub(crate) struct Model {
    pub(crate) rooms: BTreeMap<RoomId, Expected>,
    pub(crate) ends: BTreeMap<Partition, Offset>,
}

impl Model {
    pub(crate) async fn of(log: &dyn Log) -> Self {
        let mut model = Self {
            rooms: BTreeMap::new(),
            ends: BTreeMap::new(),
        };
        let partitions = log.partitions();
        for (partition, records) in records(log, Topic::Events).await {
            model.ends.insert(
                partition,
                records.last().map_or(Offset::ZERO, |last| last.position.offset.next()),
            );
            let decoded = records
                .iter()
                .map(|record| codec::decode(record.borrowed(), partitions));
            for (record, decoded) in records.iter().zip(decoded) {
                // What is no event is without effect.
                if let Ok(decoded) = decoded {
                    model.fold(partition, &decoded, record.position);
                }
            }
        }
        model
    }

    fn fold(&mut self, partition: Partition, decoded: &Decoded<'_>, at: Position) {
        let id = decoded.event.room_id;
        let expected = self.rooms.entry(id).or_insert_with(|| Expected {
            partition,
            room: Room::new(id),
            recent: Recent::default(),
            journal: Vec::new(),
        });
        let applied = expected.room.fold(&decoded.event, decoded.rules, decoded.datum, at);
        if let Verdict::Accepted { seq, digest } = applied.verdict {
            let messages = expected.room.messages();
            expected.recent.apply(&decoded.event, seq, messages, at.appended_at);
            expected.journal.push((seq, at.offset, digest, decoded.datum.to_vec()));
        }
    }

    fn agrees(&self, id: RoomId, stored: Option<StoredRoom>) {
        let expected = &self.rooms[&id];
        let Some(header) = expected.room.header() else {
            assert!(stored.is_none(), "room {id} does not exist");
            return;
        };
        let stored = stored.unwrap_or_else(|| panic!("room {id} is not there"));
        assert_eq!(&stored.header, header, "room {id}");
        assert_eq!(stored.next, self.ends[&expected.partition], "room {id}");
        assert_eq!(Recent::restore(stored.recent), expected.recent, "room {id}");
        let restored = Room::restore(id, stored.header, stored.changes, stored.window).unwrap();
        assert_eq!(restored, expected.room, "room {id}");
    }

    /// History stands at the log's end, and is what the fold says.
    pub(crate) async fn is_in_history(&self, history: &History) {
        eventually("history comes to the end of the log", async || {
            let checkpoints = history.reader.checkpoints().await.ok()?;
            let stands = checkpoints
                .iter()
                .map(|at| (at.partition, at.next))
                .collect::<BTreeMap<_, _>>();
            (stands == self.ends).then_some(())
        })
        .await;
        for (id, expected) in &self.rooms {
            // On a busy machine a connection may take longer than an answer may.
            let stored = eventually("history answers", async || {
                history.reader.room(*id, expected.partition).await.ok()
            })
            .await;
            self.agrees(*id, stored.ok());
            let (journal, _) = eventually("history answers", async || {
                let journal = history.reader.journal(*id, expected.partition, Seq::ZERO, usize::MAX);
                journal.await.ok()
            })
            .await;
            let journal: Vec<_> = journal
                .into_iter()
                .map(|entry| (entry.seq, entry.offset, entry.digest, entry.datum.to_vec()))
                .collect();
            assert_eq!(journal, expected.journal, "room {id}");
        }
    }

    /// Live views stand at the log's end, and are what the fold says.
    pub(crate) async fn is_live(&self, place: &Place, live: &Live) {
        eventually("live views come to the end of the log", async || {
            for (partition, end) in &self.ends {
                let stands = live.writer.watermark(place.log.epoch(), *partition).await.ok()?;
                stands.filter(|next| next == end)?;
            }
            Some(())
        })
        .await;
        for (id, expected) in &self.rooms {
            let stored = live.reader.room(*id, expected.partition).await.unwrap();
            self.agrees(*id, stored);
        }
    }
}
