//! What every adapter of the live views must do, run over both: Redis and memory.

use engine::domain::{
    Actor, Body, Change, Cid, Emoji, Epoch, Event, EventId, Kind, MessageText, Offset, Partition, PersonName, Position,
    RECENT, Recent, Removal, Role, Room, RoomId, RoomName, RoomTopic, Seq, Target, Timestamp, UserId, Verdict, WINDOW,
    WindowEntry,
};
use engine::history::StoredRoom;
use engine::live::{Batch, Error, MemoryLive, PresenceClaim, Reader, RedisConfig, RedisLive, RoomDelta, Writer};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const P: Partition = Partition::new(3);
const FORGET_AFTER_MS: i64 = 1_000;

struct Store {
    reader: Arc<dyn Reader>,
    writer: Arc<dyn Writer>,
    epoch: Epoch,
    flush: Flush,
}

enum Flush {
    Memory(Arc<MemoryLive>),
    Redis(Box<redis::Client>, String),
}

impl Store {
    fn memory() -> Self {
        let live = Arc::new(MemoryLive::new(FORGET_AFTER_MS));
        Self {
            reader: live.clone(),
            writer: live.clone(),
            epoch: Epoch::new(Uuid::new_v4()),
            flush: Flush::Memory(live),
        }
    }

    fn redis() -> Self {
        let url = std::env::var("ROOMLOG_TEST_REDIS").expect("run `make test`, or scripts/services up");
        let epoch = Epoch::new(Uuid::new_v4());
        let config = RedisConfig {
            url: url.clone(),
            prefix: format!("test-{}:", Uuid::new_v4()),
            presence_forget_after_ms: FORGET_AFTER_MS,
            ..RedisConfig::default()
        };
        let live = Arc::new(RedisLive::new(&config, epoch).unwrap());
        Self {
            reader: live.clone(),
            writer: live,
            epoch,
            flush: Flush::Redis(Box::new(redis::Client::open(url).unwrap()), config.prefix),
        }
    }

    /// Everything is gone, as after FLUSHALL (of this test's keys alone).
    async fn flush(&self) {
        match &self.flush {
            Flush::Memory(live) => live.flush(),
            Flush::Redis(client, prefix) => {
                let mut connection = client.get_multiplexed_async_connection().await.unwrap();
                let keys: Vec<String> = redis::cmd("KEYS")
                    .arg(format!("{prefix}*"))
                    .query_async(&mut connection)
                    .await
                    .unwrap();
                let _: u64 = redis::cmd("DEL").arg(keys).query_async(&mut connection).await.unwrap();
            }
        }
    }

    /// One key of the partition is gone; of Redis alone.
    async fn evict(&self, key: &str) {
        let Flush::Redis(client, prefix) = &self.flush else {
            unreachable!("it is Redis")
        };
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let key = format!("{prefix}{{p:{P}}}{key}");
        let gone: u64 = redis::cmd("DEL").arg(key).query_async(&mut connection).await.unwrap();
        assert_eq!(gone, 1);
    }

    /// An empty partition, refilled from nothing at offset 0.
    async fn begin(&self) {
        let filling = self.writer.reset(self.epoch, P, Offset::ZERO).await.unwrap();
        self.writer.refilled(&filling).await.unwrap();
    }

    async fn watermark(&self) -> Option<Offset> {
        self.writer.watermark(self.epoch, P).await.unwrap()
    }
}

/// A partition's rooms folded, and the batches that say what they went through.
struct Folder {
    epoch: Epoch,
    rng: StdRng,
    rooms: BTreeMap<RoomId, (Room, Recent)>,
    people: Vec<UserId>,
    next: Offset,
}

impl Folder {
    fn new(epoch: Epoch, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut id = || Uuid::from_u128(rng.random());
        let rooms = (0..3).map(|_| RoomId::new(id())).collect::<Vec<_>>();
        let people = (0..6).map(|_| UserId::new(id())).collect();
        Self {
            epoch,
            rooms: rooms
                .into_iter()
                .map(|id| (id, (Room::new(id), Recent::default())))
                .collect(),
            rng,
            people,
            next: Offset::ZERO,
        }
    }

    fn person(&mut self) -> UserId {
        self.people[self.rng.random_range(0..self.people.len())]
    }

    /// Often the owner, so that much is accepted.
    fn actor(&mut self, room: RoomId) -> UserId {
        let anybody = self.person();
        let owner = self.rooms[&room].0.owner().filter(|_| self.rng.random_bool(0.6));
        owner.unwrap_or(anybody)
    }

    fn body(&mut self, room: RoomId) -> Body {
        let user_id = self.person();
        let until = self.rng.random::<bool>().then(|| Timestamp::from_millis(i64::MAX / 2));
        let (folded, recent) = &self.rooms[&room];
        if !folded.exists() {
            return Body::RoomCreated {
                kind: Kind::Public,
                name: RoomName::new("a room").unwrap(),
                topic: RoomTopic::new("").unwrap(),
                rules: 1,
                peer: None,
            };
        }
        let messages = recent.latest(RECENT).collect::<Vec<_>>();
        let picked = (!messages.is_empty()).then(|| messages[self.rng.random_range(0..messages.len())]);
        let target = picked.map(|message| Target {
            seq: message.seq,
            author_id: message.from.id,
        });
        let emoji = Emoji::new(["👍", "🎉"][self.rng.random_range(0..2)]).unwrap();
        let text = MessageText::new(format!("said {}", self.next)).unwrap();
        match (self.rng.random_range(0..40), target) {
            (0, _) => Body::MemberInvited { user_id },
            (1, _) => Body::MemberRemoved {
                user_id,
                removal: Removal::Ban { until },
            },
            (2..=3, _) => Body::MemberUnbanned { user_id },
            (4, _) => Body::MemberMuted { user_id, until },
            (5..=6, _) => Body::MemberUnmuted { user_id },
            (7, _) => Body::RoleChanged {
                user_id,
                role: Role::Moderator,
            },
            (8..=14, _) => Body::MemberJoined,
            (15, _) => Body::MemberLeft,
            (16..=18, Some(target)) => Body::MessageEdited {
                target,
                text,
                mentions: vec![user_id],
            },
            (19, Some(target)) => Body::MessageDeleted { target },
            (20..=23, Some(target)) => Body::ReactionAdded { target, emoji },
            (24, Some(target)) => Body::ReactionRemoved { target, emoji },
            _ => Body::MessageSent {
                text,
                reply_to: target.map(|target| target.seq),
                mentions: Vec::new(),
            },
        }
    }

    /// Folds `count` random events and says what changed, as the live projector does.
    fn batch(&mut self, count: usize) -> Batch {
        let from = self.next;
        let mut deltas: BTreeMap<RoomId, RoomDelta> = BTreeMap::new();
        for _ in 0..count {
            let place = self.rng.random_range(0..self.rooms.len());
            let room_id = *self.rooms.keys().nth(place).unwrap();
            let event = Event {
                event_id: EventId::new(Uuid::from_u128(self.rng.random())),
                room_id,
                actor: Actor {
                    id: self.actor(room_id),
                    name: PersonName::new("somebody").unwrap(),
                },
                cid: Cid::new(Uuid::from_u128(self.rng.random())),
                since: None,
                sent_at: Timestamp::from_millis(0),
                body: self.body(room_id),
            };
            self.fold(&event, &mut deltas);
            self.next = self.next.next();
        }
        for delta in deltas.values_mut() {
            let recent = &self.rooms[&delta.room_id].1;
            delta.recent.sort_by_key(|message| message.seq);
            delta.recent.dedup_by_key(|message| message.seq);
            delta.recent = delta.recent.iter().filter_map(|m| recent.get(m.seq).cloned()).collect();
        }
        Batch {
            epoch: self.epoch,
            partition: P,
            from,
            to: self.next,
            rooms: deltas.into_values().collect(),
        }
    }

    fn fold(&mut self, event: &Event, deltas: &mut BTreeMap<RoomId, RoomDelta>) {
        let at = Position {
            partition: P,
            offset: self.next,
            appended_at: Timestamp::from_millis(i64::try_from(self.next.get()).unwrap()),
        };
        let (room, recent) = self.rooms.get_mut(&event.room_id).unwrap();
        let applied = room.apply(event, event.event_id.uuid().as_bytes(), at);
        let Verdict::Accepted { seq, .. } = applied.verdict else {
            return;
        };
        let touched = recent.apply(event, seq, room.messages(), at.appended_at);
        let header = room.header().unwrap().clone();
        let delta = deltas.entry(event.room_id).or_insert_with(|| RoomDelta {
            room_id: event.room_id,
            header: header.clone(),
            changes: Vec::new(),
            window: Vec::new(),
            recent: Vec::new(),
        });
        delta.header = header;
        delta.changes.extend(applied.changes);
        delta.window.push(WindowEntry {
            author_id: event.actor.id,
            cid: event.cid,
            seq,
            offset: at.offset,
        });
        delta.recent.extend(touched.and_then(|seq| recent.get(seq).cloned()));
    }

    fn stored(&self) -> Vec<(RoomId, StoredRoom)> {
        let existing = self.rooms.iter().filter(|(_, (room, _))| room.exists());
        existing
            .map(|(id, (room, recent))| {
                let stored = StoredRoom {
                    header: room.header().unwrap().clone(),
                    changes: room.changes().collect::<Vec<Change>>(),
                    window: room.window().collect(),
                    recent: recent.latest(RECENT).cloned().collect(),
                    next: self.next,
                };
                (*id, stored)
            })
            .collect()
    }

    /// Every room that the store gives back equals the folded one, and stands where the fold stands.
    async fn assert_equal(&self, store: &Store) {
        for (id, (room, recent)) in &self.rooms {
            let found = store.reader.room(*id, P).await.unwrap();
            if !room.exists() {
                assert!(found.is_none());
                continue;
            }
            let found = found.unwrap_or_else(|| panic!("room {id} is there"));
            assert_eq!(found.next, self.next);
            assert_eq!(&Recent::restore(found.recent), recent);
            let restored = Room::restore(*id, found.header, found.changes, found.window).unwrap();
            assert_eq!(&restored, room);
        }
    }
}

async fn batches_make_the_folded_rooms(store: Store) {
    for seed in 0..3 {
        store.begin().await;
        let mut folder = Folder::new(store.epoch, seed);
        for size in [1, 7, 400, 1, 0, 900, 4_000, 2_500, 3, 60] {
            store.writer.write(&folder.batch(size)).await.unwrap();
            folder.assert_equal(&store).await;
        }
        assert!(folder.rooms.values().any(|(room, _)| room.head() > Seq::new(WINDOW)));
    }
}

async fn a_refill_makes_the_folded_rooms(store: Store) {
    let mut folder = Folder::new(store.epoch, 77);
    folder.batch(4_000);
    store.begin().await;
    store
        .writer
        .write(&Folder::new(store.epoch, 78).batch(50))
        .await
        .unwrap();

    let at = folder.next;
    let filling = store.writer.reset(store.epoch, P, at).await.unwrap();
    assert_eq!(store.watermark().await, None, "a refill cut short is begun again");
    let rooms = folder.stored();
    store.writer.put_rooms(&filling, &rooms[..1]).await.unwrap();
    store.writer.put_rooms(&filling, &rooms).await.unwrap();
    store.writer.refilled(&filling).await.unwrap();

    assert_eq!(store.watermark().await, Some(at));
    folder.assert_equal(&store).await;
    for room in Folder::new(store.epoch, 78).rooms.keys() {
        assert!(store.reader.room(*room, P).await.unwrap().is_none(), "left of before");
    }
    store.writer.write(&folder.batch(500)).await.unwrap();
    folder.assert_equal(&store).await;
}

async fn a_refill_ends_where_another_begins(store: Store) {
    let mut folder = Folder::new(store.epoch, 79);
    folder.batch(200);
    let (at, rooms) = (folder.next, folder.stored());
    let zombie = store.writer.reset(store.epoch, P, at).await.unwrap();
    store.writer.put_rooms(&zombie, &rooms[..1]).await.unwrap();
    let newer = store.writer.reset(store.epoch, P, at).await.unwrap();
    for refused in [
        store.writer.put_rooms(&zombie, &rooms).await.unwrap_err(),
        store.writer.refilled(&zombie).await.unwrap_err(),
    ] {
        assert!(matches!(refused, Error::Watermark { found: None, .. }), "{refused}");
    }
    assert_eq!(store.watermark().await, None, "nobody takes the half for the whole");
    store.writer.put_rooms(&newer, &rooms).await.unwrap();
    store.writer.refilled(&newer).await.unwrap();
    folder.assert_equal(&store).await;
    let over = store.writer.put_rooms(&newer, &rooms).await.unwrap_err();
    assert!(matches!(over, Error::Watermark { found: None, .. }), "{over}");
}

async fn a_room_of_many_people_is_put_whole(store: Store) {
    let mut folder = Folder::new(store.epoch, 5);
    folder.batch(300);
    let mut rooms = folder.stored();
    let id = rooms[0].0;
    let member = |n: u128| Change::Member {
        user_id: UserId::new(Uuid::from_u128(n)),
        role: Role::Member,
        joined_at: Timestamp::from_millis(9),
    };
    rooms[0].1.changes = (0..6_000).map(member).collect();
    let at = folder.next;
    let filling = store.writer.reset(store.epoch, P, at).await.unwrap();
    store.writer.put_rooms(&filling, &rooms).await.unwrap();
    let found = store.reader.room(id, P).await.unwrap().unwrap();
    assert_eq!(found.changes.len(), 6_000);
    assert_eq!(found.window.len(), rooms[0].1.window.len());
}

async fn a_batch_counts_under_its_watermark_alone(store: Store) {
    let mut folder = Folder::new(store.epoch, 1);
    let first = folder.batch(200);
    let refused = store.writer.write(&first).await.unwrap_err();
    assert!(
        matches!(refused, Error::Watermark { found: None, .. }),
        "never filled: {refused}"
    );

    store.begin().await;
    store.writer.write(&first).await.unwrap();
    let after_first = folder.next;
    let again = store.writer.write(&first).await.unwrap_err();
    assert!(
        matches!(again, Error::Watermark { found: Some(at), .. } if at == after_first),
        "{again}"
    );
    folder.assert_equal(&store).await;

    let mut other_log = folder.batch(10);
    other_log.epoch = Epoch::new(Uuid::new_v4());
    let refused = store.writer.write(&other_log).await.unwrap_err();
    assert!(matches!(refused, Error::Watermark { found: None, .. }), "{refused}");
    assert_eq!(store.writer.watermark(other_log.epoch, P).await.unwrap(), None);
    assert_eq!(store.watermark().await, Some(after_first));
}

async fn a_flush_is_found_out(store: Store) {
    store.begin().await;
    let mut folder = Folder::new(store.epoch, 2);
    store.writer.write(&folder.batch(300)).await.unwrap();
    let room = folder.stored()[0].0;
    store.flush().await;

    assert_eq!(store.watermark().await, None);
    assert!(store.reader.room(room, P).await.unwrap().is_none());
    let refused = store.writer.write(&folder.batch(10)).await.unwrap_err();
    assert!(matches!(refused, Error::Watermark { found: None, .. }), "{refused}");
}

async fn a_room_of_unknown_rules_is_kept_standing_still(store: Store) {
    store.begin().await;
    let mut folder = Folder::new(store.epoch, 9);
    let mut batch = folder.batch(300);
    store.writer.write(&batch).await.unwrap();
    let (id, stored) = folder.stored().remove(0);
    let mut header = stored.header;
    header.rules = 4_000;
    batch = folder.batch(1);
    batch.rooms = vec![RoomDelta {
        room_id: id,
        header: header.clone(),
        changes: Vec::new(),
        window: Vec::new(),
        recent: Vec::new(),
    }];
    store.writer.write(&batch).await.unwrap();
    assert_eq!(store.reader.room(id, P).await.unwrap().unwrap().header, header);
}

async fn presence_merges_edges_and_forgets_what_is_not_repeated(store: Store) {
    let room = RoomId::new(Uuid::new_v4());
    let users: Vec<UserId> = (1..=4).map(|n| UserId::new(Uuid::from_u128(n))).collect();
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let said = |edge, at: i64, users: &[UserId]| PresenceClaim {
        edge,
        room_id: room,
        count: users.len() as u64,
        users: users.to_vec(),
        at: Timestamp::from_millis(1_700_000_000_000 + at),
    };
    let seen = async || {
        let view = store.reader.presence(room, 100).await.unwrap();
        (view.count, view.users)
    };

    assert_eq!(seen().await, (0, vec![]));
    store
        .writer
        .write_presence(&[said(one, 0, &users[..3]), said(other, 1, &users[2..])])
        .await
        .unwrap();
    assert_eq!(seen().await, (4, users.clone()), "on two edges once");

    store.writer.write_presence(&[said(one, 2, &users[..1])]).await.unwrap();
    store.writer.write_presence(&[said(one, 1, &users[..3])]).await.unwrap();
    assert_eq!(seen().await.0, 3, "an older signal read again changes nothing");

    store.writer.write_presence(&[said(other, 3, &[])]).await.unwrap();
    assert_eq!(seen().await, (1, users[..1].to_vec()), "taken back");

    for at in [400, 800, 1_002] {
        store
            .writer
            .write_presence(&[said(other, at, &users[3..])])
            .await
            .unwrap();
    }
    assert_eq!(seen().await, (1, users[3..].to_vec()), "not repeated");

    store
        .writer
        .write_presence(&[said(one, 60_000, &users[..1])])
        .await
        .unwrap();
    assert_eq!(seen().await.0, 2, "a log that was away empties no room");
}

macro_rules! over_both {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $case() { super::$case(super::Store::memory()).await; })+
        }
        mod redis_server {
            $(#[tokio::test] async fn $case() { super::$case(super::Store::redis()).await; })+
        }
    };
}

over_both!(
    batches_make_the_folded_rooms,
    a_refill_makes_the_folded_rooms,
    a_refill_ends_where_another_begins,
    a_room_of_many_people_is_put_whole,
    a_batch_counts_under_its_watermark_alone,
    a_flush_is_found_out,
    a_room_of_unknown_rules_is_kept_standing_still,
    presence_merges_edges_and_forgets_what_is_not_repeated,
);

/// A store that evicts: whatever is gone of a room or of the list of rooms, nobody takes it for a room that never was.
#[tokio::test]
async fn what_was_evicted_is_found_out() {
    for gone in [":room:ID:window", ":room:ID", ":rooms"] {
        let store = Store::redis();
        store.begin().await;
        let mut folder = Folder::new(store.epoch, 3);
        store.writer.write(&folder.batch(300)).await.unwrap();
        let room = folder.stored()[0].0;
        store.evict(&gone.replace("ID", &room.to_string())).await;
        let read = if gone == ":rooms" {
            RoomId::new(Uuid::new_v4())
        } else {
            room
        };
        let lost = store.reader.room(read, P).await.unwrap_err();
        assert!(matches!(lost, Error::Corrupt(_)), "{gone}: {lost}");
        // Whoever took the room for a new one is refused.
        let mut anew = Folder::new(store.epoch, 3);
        anew.next = folder.next;
        let mut batch = anew.batch(100);
        batch.rooms.retain(|delta| delta.room_id == room);
        let refused = store.writer.write(&batch).await.unwrap_err();
        assert!(
            matches!(refused, Error::Watermark { found: None, .. }),
            "{gone}: {refused}"
        );
        if gone != ":rooms" {
            let refused = store.writer.write(&folder.batch(100)).await.unwrap_err();
            assert!(
                matches!(refused, Error::Watermark { found: None, .. }),
                "{gone}: {refused}"
            );
        }
    }
}

/// Nobody listens there: an answer comes at once, and it says that later it may work.
#[tokio::test]
async fn a_redis_that_is_away_is_unavailable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = RedisConfig {
        url: format!("redis://127.0.0.1:{port}"),
        ..RedisConfig::default()
    };
    let live = RedisLive::new(&config, Epoch::new(Uuid::new_v4())).unwrap();
    for _ in 0..2 {
        let error = live.ping().await.unwrap_err();
        assert!(error.retryable(), "{error}");
    }
}
