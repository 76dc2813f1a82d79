//! Batches, refills and flushes: a room is what was folded, or not there.

use super::folder::Folder;
use super::{P, Store};
use engine::domain::{Change, Epoch, Role, RoomId, Seq, Timestamp, UserId, WINDOW};
use engine::live::{Error, RoomDelta};
use uuid::Uuid;

pub(super) async fn batches_make_the_folded_rooms(store: Store) {
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

pub(super) async fn a_refill_makes_the_folded_rooms(store: Store) {
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

pub(super) async fn a_refill_ends_where_another_begins(store: Store) {
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

pub(super) async fn a_room_of_many_people_is_put_whole(store: Store) {
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

pub(super) async fn a_batch_counts_under_its_watermark_alone(store: Store) {
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

pub(super) async fn a_flush_is_found_out(store: Store) {
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

pub(super) async fn a_room_of_unknown_rules_is_kept_standing_still(store: Store) {
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
