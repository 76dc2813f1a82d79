//! Pages, the journal, rooms one after the other, and snapshots.

use super::{Store, claim, put};
use crate::history_model::{Chaos, Model, PARTITION, created, room, said, user};
use engine::domain::{Body, Cid, Kind, Offset, Partition, Seq};
use engine::history::Page;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) async fn an_unknown_room_is_known_to_be_unknown(store: &dyn Store) {
    assert_eq!(store.room(room(9), PARTITION).await.unwrap().unwrap_err(), Offset::ZERO);
    assert_eq!(store.page(room(9), Page::Latest, 10).await.unwrap(), []);
    let (found, next) = store
        .find(room(9), PARTITION, user(0), Cid::new(Uuid::nil()))
        .await
        .unwrap();
    assert!(found.is_none());
    assert_eq!(next, Offset::ZERO);
}

async fn seqs(store: &dyn Store, page: Page, limit: usize) -> Vec<u64> {
    let page = store.page(room(0), page, limit).await.unwrap();
    page.iter().map(|message| message.seq.get()).collect()
}

pub(crate) async fn pages_go_both_ways(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Open));
    for number in 2..=20 {
        model.happens(room(0), user(0), said(&number.to_string()));
    }
    model.happens(room(1), user(0), created(Kind::Open));
    model.happens(room(1), user(0), said("elsewhere"));
    put(store, &mut model, owner).await;
    assert_eq!(seqs(store, Page::Latest, 3).await, [18, 19, 20]);
    assert_eq!(seqs(store, Page::Before(Seq::new(18)), 3).await, [15, 16, 17]);
    assert_eq!(seqs(store, Page::Before(Seq::new(3)), 3).await, [2]);
    assert_eq!(seqs(store, Page::After(Seq::new(17)), 2).await, [18, 19]);
    assert_eq!(seqs(store, Page::After(Seq::new(20)), 2).await, [0_u64; 0]);
    assert_eq!(seqs(store, Page::After(Seq::ZERO), 0).await, [0_u64; 0]);
    assert_eq!(seqs(store, Page::Before(Seq::new(u64::MAX >> 1)), 1).await, [20]);
}

pub(crate) async fn the_journal_is_read_on_and_searched(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    Chaos::new(5).begin(&mut model);
    put(store, &mut model, owner).await;
    let expected = &model.rooms[&room(0)].journal;
    let (some, next) = store.journal(room(0), PARTITION, Seq::new(2), 2).await.unwrap();
    assert_eq!(some.iter().map(|entry| entry.seq.get()).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(next, model.next);
    for new in expected {
        let (author, cid) = (new.event.actor.id, new.event.cid);
        let (found, _) = store.find(room(0), PARTITION, author, cid).await.unwrap();
        assert_eq!(format!("{:?}", found.unwrap()), format!("{:?}", new.entry));
        let (none, _) = store.find(room(0), PARTITION, user(77), cid).await.unwrap();
        assert!(none.is_none(), "another person's cid");
        let (none, _) = store.find(room(1), PARTITION, author, cid).await.unwrap();
        assert!(none.is_none(), "another room's cid");
    }
}

pub(crate) async fn rooms_come_page_by_page(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    for number in 0..7 {
        model.happens(room(number), user(0), created(Kind::Public));
        model.happens(room(number), user(number), Body::MemberJoined);
        model.happens(room(number), user(0), said("hello"));
    }
    put(store, &mut model, owner).await;
    let mut found = BTreeMap::new();
    let mut after = None;
    loop {
        let (page, next) = store.rooms(PARTITION, after, 3).await.unwrap();
        assert_eq!(next, model.next);
        let Some((last, _)) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(*last);
        found.extend(page);
    }
    assert!(found.keys().eq(model.rooms.keys()));
    for (id, stored) in found {
        let alone = store.room(id, PARTITION).await.unwrap().unwrap();
        assert_eq!(format!("{stored:?}"), format!("{alone:?}"));
    }
    assert!(store.rooms(Partition::new(4), None, 3).await.unwrap().0.is_empty());
}

pub(crate) async fn a_snapshot_stands_while_others_write(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    for number in 0..5 {
        model.happens(room(number), user(0), created(Kind::Public));
        model.happens(room(number), user(0), said("before"));
    }
    put(store, &mut model, owner).await;
    let mut snapshot = store.snapshot(PARTITION).await.unwrap();
    let at = model.next;
    assert_eq!(snapshot.next(), at);
    let mut found = snapshot.rooms(2).await.unwrap();
    for number in 0..7 {
        model.happens(room(number), user(0), created(Kind::Public));
        model.happens(room(number), user(0), said("after"));
    }
    put(store, &mut model, owner).await;
    loop {
        let rooms = snapshot.rooms(2).await.unwrap();
        assert!(rooms.len() <= 2);
        if rooms.is_empty() {
            break;
        }
        found.extend(rooms);
    }
    assert!(found.iter().map(|(id, _)| *id).eq((0..5).map(room)));
    for (_, stored) in found {
        assert_eq!((stored.next, stored.header.head), (at, Seq::new(2)));
        assert_eq!(stored.recent.len(), 1);
    }
    assert_eq!(store.snapshot(PARTITION).await.unwrap().next(), model.next);
    let nowhere = store.snapshot(Partition::new(9)).await.unwrap();
    assert_eq!(nowhere.next(), Offset::ZERO);
}
