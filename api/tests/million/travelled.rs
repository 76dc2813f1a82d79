//! How a room stood is what a fold from the log's beginning says, at a hundred random points.

use crate::scene::Scene;
use crate::support::Server;
use engine::codec;
use engine::domain::{Change, Message, Offset, Partition, Position, Recent, Room, RoomId, Timestamp, Verdict};
use engine::log::{Log as _, RangeLimits, Record, Topic, kafka};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

const POINTS: usize = 100;
const SEED: u64 = 7;
const PART: RangeLimits = RangeLimits {
    max_records: 10_000,
    max_bytes: 8 << 20,
};

/// A room as the fold has it.
struct Folded {
    room: Room,
    recent: Recent,
    last: Option<Position>,
}

/// A room as it stood at a point.
struct Stood {
    room: Room,
    recent: Vec<Message>,
    last: Position,
    /// Everything up to this record is folded.
    at: Position,
}

/// A log folded from its beginning.
struct Past {
    stood: Vec<Stood>,
    /// What is deleted at its end.
    deleted: HashSet<(RoomId, u64)>,
}

pub(crate) async fn at_random_points(scene: &Scene) {
    let log = scene.cluster.log().await;
    let past = folded(&log).await;
    log.close().await;
    assert_eq!(past.stood.len(), POINTS);
    let mut sources = BTreeSet::new();
    for (number, stood) in past.stood.iter().enumerate() {
        let query = match number % 3 {
            0 => format!("offset={}&partition={}", stood.at.offset, stood.at.partition),
            1 => format!("seq={}", stood.room.head().get()),
            // Everything appended at that very time is folded in `stood`, too.
            _ => format!("time={}", stood.at.appended_at.as_millis()),
        };
        let answer = scene.edges[number % 2]
            .told(&scene.somebody, &format!("/v1/rooms/{}/at?{query}", stood.room.id()))
            .await;
        compare(stood, &answer, &past.deleted);
        sources.insert(answer["folded"]["source"].to_string());
        let events = answer["folded"]["events"].as_u64().expect("a count");
        assert!(
            events <= 2_500,
            "it is folded from a snapshot near by: {}",
            answer["folded"]
        );
    }
    assert_eq!(sources, BTreeSet::from(["\"journal\"".to_owned()]));
    nothing_before_the_beginning(&scene.edges[0], scene).await;
}

async fn nothing_before_the_beginning(server: &Server, scene: &Scene) {
    let path = format!("/v1/rooms/{}/at?time=0", scene.rooms[0].id);
    let status = server.get(&path, Some(&scene.somebody.token)).await.status();
    assert_eq!(status.as_u16(), 416, "there was no such room then");
}

/// Folds the whole log, partition by partition.
async fn folded(log: &kafka::Log) -> Past {
    let mut random = StdRng::seed_from_u64(SEED);
    let extents = log.extents(Topic::Events).await.expect("the log answers");
    let mut points: HashMap<Partition, BTreeSet<u64>> = HashMap::new();
    for _ in 0..POINTS {
        let extent = extents[random.random_range(0..extents.len())];
        while !points
            .entry(extent.partition)
            .or_default()
            .insert(random.random_range(extent.low.get()..extent.high.get()))
        {}
    }
    let mut past = Past {
        stood: Vec::new(),
        deleted: HashSet::new(),
    };
    for extent in extents {
        let wanted = points.remove(&extent.partition).unwrap_or_default();
        fold(log, extent.partition, extent.high, wanted, &mut past).await;
    }
    past
}

async fn fold(log: &kafka::Log, partition: Partition, end: Offset, mut wanted: BTreeSet<u64>, past: &mut Past) {
    let mut rooms: HashMap<RoomId, Folded> = HashMap::new();
    let mut reader = log.reader(Topic::Events, partition, Offset::ZERO);
    // Points whose instant is not over yet: whose they are, and the last record of it so far.
    let mut pending: (Vec<RoomId>, Option<Position>) = (Vec::new(), None);
    let mut settle = |pending: &mut (Vec<RoomId>, Option<Position>), rooms: &HashMap<RoomId, Folded>| {
        let at = pending.1.take();
        for room in pending.0.drain(..) {
            past.stood.extend(at.and_then(|at| rooms.get(&room)?.stood(at)));
        }
    };
    while reader.next_offset() < end {
        for record in reader.next(end, PART).await.expect("the log").records {
            if pending.1.is_some_and(|at| record.position.appended_at > at.appended_at) {
                settle(&mut pending, &rooms);
            }
            let room = take(&mut rooms, &record, log.partitions());
            if wanted.remove(&record.position.offset.get()) {
                pending.0.push(room);
            }
            if !pending.0.is_empty() {
                pending.1 = Some(record.position);
            }
        }
    }
    settle(&mut pending, &rooms);
    for (room, folded) in &rooms {
        let recent = folded.recent.latest(usize::MAX);
        past.deleted.extend(
            recent
                .filter(|message| message.deleted)
                .map(|message| (*room, message.seq.get())),
        );
    }
}

fn take(rooms: &mut HashMap<RoomId, Folded>, record: &Record, partitions: u16) -> RoomId {
    let decoded = codec::decode(record.borrowed(), partitions).expect("the generator writes nothing else");
    let id = decoded.event.room_id;
    let folded = rooms.entry(id).or_insert_with(|| Folded {
        room: Room::new(id),
        recent: Recent::default(),
        last: None,
    });
    let applied = folded
        .room
        .fold(&decoded.event, decoded.rules, decoded.datum, record.position);
    if let Verdict::Accepted { seq, .. } = applied.verdict {
        folded
            .recent
            .apply(&decoded.event, seq, folded.room.messages(), record.position.appended_at);
        folded.last = Some(record.position);
    }
    id
}

impl Folded {
    fn stood(&self, at: Position) -> Option<Stood> {
        Some(Stood {
            room: self.room.clone(),
            recent: self.recent.latest(usize::MAX).cloned().collect(),
            last: self.last?,
            at,
        })
    }
}

fn compare(stood: &Stood, answer: &Value, deleted: &HashSet<(RoomId, u64)>) {
    let room = &stood.room;
    let what = format!("{} at {:?}", room.id(), stood.at);
    assert_eq!(answer["seq"], room.head().get(), "{what}");
    assert_eq!(answer["digest"], room.digest().to_string(), "{what}");
    assert_eq!(
        (&answer["name"], &answer["topic"]),
        (&json!(room.name()), &json!(room.topic())),
        "{what}"
    );
    assert_eq!(answer["position"]["offset"], stood.last.offset.get(), "{what}");
    let [mut members, mut bans, mut mutes] = [const { Vec::new() }; 3];
    for change in room.changes() {
        match change {
            Change::Member {
                user_id,
                role,
                joined_at,
            } => {
                members.push(json!({ "id": user_id, "role": role, "joined_at": joined_at }));
            }
            Change::Ban { user_id, until } => bans.push(kept(user_id, until)),
            Change::Mute { user_id, until } => mutes.push(kept(user_id, until)),
            _ => {}
        }
    }
    for (name, mut list) in [("members", members), ("bans", bans), ("mutes", mutes)] {
        list.sort_by_key(|entry| entry["id"].to_string());
        assert_eq!(answer[name], json!(list), "{name} of {what}");
    }
    let recent = answer["recent"].as_array().expect("a list");
    assert_eq!(recent.len(), stood.recent.len(), "{what}");
    for (shown, message) in recent.iter().zip(&stood.recent) {
        let since = !message.deleted && shown["deleted_since"] == true;
        if deleted.contains(&(room.id(), message.seq.get())) {
            assert!(since || message.deleted, "it is deleted by now: {shown}");
        }
        let text = if since { "" } else { message.text.as_str() };
        let reactions: usize = message.reactions.iter().map(|reaction| reaction.users.len()).sum();
        let counts = shown["reactions"].as_array().expect("a list").iter();
        let counted: u64 = counts
            .map(|reaction| reaction["count"].as_u64().expect("a count"))
            .sum();
        assert_eq!(
            (
                &shown["seq"],
                &shown["text"],
                &shown["edited_at"],
                shown["deleted"] == true,
                counted
            ),
            (
                &json!(message.seq),
                &json!(text),
                &json!(message.edited_at),
                message.deleted,
                reactions as u64
            ),
            "{what}"
        );
    }
}

fn kept(user: engine::domain::UserId, until: Option<Timestamp>) -> Value {
    json!({ "id": user, "until": until })
}
