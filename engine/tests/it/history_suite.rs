//! What every history must do, whatever it is made of.

use crate::given_up::given_up_after;
use crate::history_model::{Chaos, Model, PARTITION, created, emoji, epoch, room, said, user};
use engine::domain::{Body, Cid, Epoch, Kind, Message, Offset, Partition, Room, RoomId, Seq, Target};
use engine::history::{Batch, Checkpoint, Error, Owner, Page, ReadMark, Reader, Rows, Writer};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Both halves of an adapter.
pub(crate) trait Store: Reader + Writer {}
impl<T: Reader + Writer> Store for T {}

/// A history of a test's own, and whatever must live as long.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) _keep: Box<dyn Any + Send>,
}

/// One test per behaviour, over the adapter that `open` opens.
macro_rules! history_suite {
    ($open:path: $($name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let place = $open().await;
            crate::history_suite::$name(place.store.as_ref()).await;
        })*
    };
    ($open:path) => {
        history_suite!($open:
            random_events_stand_as_folded,
            a_message_changed_in_its_own_batch_is_written_once,
            the_bounds_of_reactions_hold_across_batches,
            the_window_is_the_last_1024,
            an_older_owner_is_fenced,
            a_batch_from_elsewhere_is_fenced,
            another_life_of_the_log_is_refused,
            refused_data_is_told_apart_and_leaves_nothing,
            an_empty_batch_moves_the_checkpoint,
            an_unknown_room_is_known_to_be_unknown,
            pages_go_both_ways,
            the_journal_is_read_on_and_searched,
            rooms_come_page_by_page,
            a_snapshot_stands_while_others_write,
            a_refused_event_keeps_its_journal_row_and_its_place,
            a_person_finds_their_rooms,
            read_markers_go_forwards,
            checkpoints_are_those_of_the_events,
            calls_that_are_given_up_harm_nobody,
        );
    };
}
pub(crate) use history_suite;

pub(crate) async fn claim(store: &dyn Store) -> Owner {
    store.claim(epoch(), PARTITION).await.unwrap().0
}

async fn put(store: &dyn Store, model: &mut Model, owner: Owner) {
    store.write(&model.batch(owner)).await.unwrap();
}

/// Everything that can be read of a room is what the fold says.
pub(crate) async fn stands_as_folded(store: &dyn Store, model: &Model, id: RoomId) {
    let expected = &model.rooms[&id];
    let stored = store.room(id, PARTITION).await.unwrap().expect("the room is there");
    assert_eq!(stored.next, model.next);
    assert_eq!(&stored.header, expected.room.header().unwrap());
    let restored = Room::restore(id, stored.header, stored.changes, stored.window).unwrap();
    assert_eq!(restored, expected.room);
    let recent: Vec<Message> = expected.recent.latest(usize::MAX).cloned().collect();
    assert_eq!(stored.recent, recent);
    let all: Vec<Message> = expected.messages.values().cloned().collect();
    assert_eq!(store.page(id, Page::After(Seq::ZERO), usize::MAX).await.unwrap(), all);
    let (journal, next) = store.journal(id, PARTITION, Seq::ZERO, usize::MAX).await.unwrap();
    assert_eq!(next, model.next);
    let wanted: Vec<_> = expected.journal.iter().map(|new| &new.entry).collect();
    assert_eq!(format!("{journal:?}"), format!("{wanted:?}"));
}

#[allow(clippy::print_stdout, reason = "the seed is what a failure is repeated by")]
pub(crate) async fn random_events_stand_as_folded(store: &dyn Store) {
    const SEEDS: [u64; 3] = [1, 20, 300];
    const BATCHES: usize = 14;
    const LARGEST: usize = 90;
    let mut owner = claim(store).await;
    // One log after the other would need three stores: one long log, its randomness begun anew.
    let mut model = Model::new();
    for seed in SEEDS {
        println!("seed {seed}");
        let mut chaos = Chaos::new(seed);
        chaos.begin(&mut model);
        for _ in 0..BATCHES {
            for _ in 0..chaos.below(LARGEST) {
                chaos.step(&mut model);
            }
            put(store, &mut model, owner).await;
            if chaos.below(3) == 0 {
                owner = claim(store).await;
            }
        }
        for id in model.rooms.keys() {
            stands_as_folded(store, &model, *id).await;
        }
    }
    let reacted = model.rooms.values().flat_map(|room| room.messages.values());
    assert!(
        reacted.filter(|message| message.reactions.len() > 1).count() > 5,
        "the test must mean something"
    );
}

pub(crate) async fn a_message_changed_in_its_own_batch_is_written_once(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let (id, ann) = (room(0), user(0));
    model.happens(id, ann, created(Kind::Open));
    let target = |seq| Target {
        seq: Seq::new(seq),
        author_id: ann,
    };
    model.happens(id, ann, said("one"));
    model.happens(
        id,
        user(1),
        Body::ReactionAdded {
            target: target(2),
            emoji: emoji("👍"),
        },
    );
    model.happens(
        id,
        ann,
        Body::ReactionAdded {
            target: target(2),
            emoji: emoji("👍"),
        },
    );
    model.happens(
        id,
        user(1),
        Body::ReactionRemoved {
            target: target(2),
            emoji: emoji("👍"),
        },
    );
    model.happens(id, ann, said("two"));
    model.happens(id, ann, Body::MessageDeleted { target: target(6) });
    put(store, &mut model, owner).await;
    stands_as_folded(store, &model, id).await;
    // The same again, on rows that are there.
    model.happens(
        id,
        user(2),
        Body::ReactionAdded {
            target: target(2),
            emoji: emoji("🎉"),
        },
    );
    model.happens(
        id,
        ann,
        Body::ReactionRemoved {
            target: target(2),
            emoji: emoji("👍"),
        },
    );
    model.happens(
        id,
        ann,
        Body::ReactionAdded {
            target: target(2),
            emoji: emoji("👍"),
        },
    );
    model.happens(
        id,
        user(2),
        Body::ReactionAdded {
            target: target(6),
            emoji: emoji("🎉"),
        },
    );
    put(store, &mut model, owner).await;
    stands_as_folded(store, &model, id).await;
    let message = store.message(id, Seq::new(2)).await.unwrap().unwrap();
    let order: Vec<&str> = message
        .reactions
        .iter()
        .map(|reaction| reaction.emoji.as_str())
        .collect();
    assert_eq!(order, ["🎉", "👍"]);
    assert_eq!(store.message(id, Seq::new(3)).await.unwrap(), None);
}

pub(crate) async fn the_bounds_of_reactions_hold_across_batches(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let (id, ann) = (room(0), user(0));
    model.happens(id, ann, created(Kind::Open));
    model.happens(id, ann, said("popular"));
    model.happens(id, ann, said("colourful"));
    put(store, &mut model, owner).await;
    let target = |seq| Target {
        seq: Seq::new(seq),
        author_id: ann,
    };
    for number in 0..1_003 {
        model.happens(
            id,
            user(number),
            Body::ReactionAdded {
                target: target(2),
                emoji: emoji("👍"),
            },
        );
        if number % 400 == 0 {
            put(store, &mut model, owner).await;
        }
    }
    for number in 0..22 {
        let emoji = emoji(&format!("emoji-{number}"));
        model.happens(
            id,
            ann,
            Body::ReactionAdded {
                target: target(3),
                emoji,
            },
        );
        if number == 19 {
            put(store, &mut model, owner).await;
        }
    }
    put(store, &mut model, owner).await;
    stands_as_folded(store, &model, id).await;
    let popular = store.message(id, Seq::new(2)).await.unwrap().unwrap();
    assert_eq!(popular.reactions[0].users.len(), 1_000);
    assert_eq!(
        store.message(id, Seq::new(3)).await.unwrap().unwrap().reactions.len(),
        20
    );
}

pub(crate) async fn the_window_is_the_last_1024(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Open));
    for number in 0..1_100 {
        model.happens(room(0), user(0), said(&format!("message {number}")));
    }
    put(store, &mut model, owner).await;
    stands_as_folded(store, &model, room(0)).await;
    let stored = store.room(room(0), PARTITION).await.unwrap().unwrap();
    assert_eq!((stored.window.len(), stored.recent.len()), (1_024, 100));
}

pub(crate) async fn an_older_owner_is_fenced(store: &dyn Store) {
    let older = claim(store).await;
    let newer = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Public));
    let mut batch = model.batch(older);
    let refusal = store.write(&batch).await.unwrap_err();
    assert!(matches!(refusal, Error::Fenced { partition: PARTITION }), "{refusal}");
    assert!(!refusal.retryable());
    assert_eq!(store.room(room(0), PARTITION).await.unwrap().unwrap_err(), Offset::ZERO);
    batch.owner = newer;
    store.write(&batch).await.unwrap();
    stands_as_folded(store, &model, room(0)).await;
}

pub(crate) async fn a_batch_from_elsewhere_is_fenced(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Public));
    let batch = model.batch(owner);
    store.write(&batch).await.unwrap();
    let twice = store.write(&batch).await.unwrap_err();
    assert!(matches!(twice, Error::Fenced { .. }), "{twice}");
    let gap = Batch {
        from: Offset::new(7),
        to: Offset::new(9),
        rooms: Vec::new(),
        ..batch
    };
    assert!(matches!(store.write(&gap).await.unwrap_err(), Error::Fenced { .. }));
    stands_as_folded(store, &model, room(0)).await;
    assert_eq!(store.claim(epoch(), PARTITION).await.unwrap().1, Offset::new(1));
}

pub(crate) async fn another_life_of_the_log_is_refused(store: &dyn Store) {
    let owner = claim(store).await;
    let other = Epoch::new(Uuid::from_u128(0xbad));
    let refusal = store.claim(other, PARTITION).await.unwrap_err();
    assert!(
        matches!(refusal, Error::OtherEpoch { stored, found } if stored == epoch() && found == other),
        "{refusal}"
    );
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Public));
    let batch = Batch {
        epoch: other,
        ..model.batch(owner)
    };
    assert!(matches!(store.write(&batch).await.unwrap_err(), Error::Fenced { .. }));
}

pub(crate) async fn refused_data_is_told_apart_and_leaves_nothing(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Open));
    put(store, &mut model, owner).await;
    model.happens(room(0), user(0), said("hello"));
    let batch = model.batch(owner);
    let mut bad = batch.clone();
    let twice = bad.rooms[0].entries[0].clone();
    bad.rooms[0].entries.push(twice);
    for _ in 0..20 {
        let refusal = store.write(&bad).await.unwrap_err();
        assert!(matches!(refusal, Error::Rejected(_)), "{refusal}");
        assert!(!refusal.retryable());
    }
    assert_eq!(store.message(room(0), Seq::new(2)).await.unwrap(), None);
    store.write(&batch).await.unwrap();
    stands_as_folded(store, &model, room(0)).await;
}

pub(crate) async fn an_empty_batch_moves_the_checkpoint(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), said("to nobody"));
    put(store, &mut model, owner).await;
    assert_eq!(
        store.room(room(0), PARTITION).await.unwrap().unwrap_err(),
        Offset::new(1)
    );
}

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

pub(crate) async fn a_refused_event_keeps_its_journal_row_and_its_place(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let id = room(0);
    model.happens(id, user(0), created(Kind::Public));
    model.happens(id, user(0), said("one"));
    model.happens(id, user(0), said("two"));
    let target = Target {
        seq: Seq::new(2),
        author_id: user(0),
    };
    model.happens(
        id,
        user(0),
        Body::ReactionAdded {
            target,
            emoji: emoji("👍"),
        },
    );
    let mut batch = model.batch(owner);
    for refused in &mut batch.rooms[0].entries[2..] {
        refused.rows = Rows::Journal;
    }
    store.write(&batch).await.unwrap();
    let stored = store.room(id, PARTITION).await.unwrap().unwrap();
    assert_eq!(&stored.header, model.rooms[&id].room.header().unwrap());
    assert_eq!(stored.window.len(), 4);
    let [one, two] = &stored.recent[..] else {
        panic!("two messages: {:?}", stored.recent);
    };
    assert_eq!((one.text.as_str(), one.deleted, one.reactions.len()), ("one", false, 0));
    assert_eq!((two.text.as_str(), two.deleted, two.ordinal), ("", true, 2));
    assert_eq!((two.from.name.as_str(), two.from.id), ("?", user(0)));
    let (journal, _) = store.journal(id, PARTITION, Seq::ZERO, 10).await.unwrap();
    assert_eq!(journal.len(), 4);
}

pub(crate) async fn a_person_finds_their_rooms(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    for number in 0..5 {
        model.happens(room(number), user(0), created(Kind::Public));
        model.happens(room(number), user(1), Body::MemberJoined);
    }
    model.happens(room(1), user(1), Body::MemberLeft);
    model.happens(room(3), user(0), Body::RoomDeleted);
    put(store, &mut model, owner).await;
    let first = store.rooms_of(user(1), None, 2).await.unwrap();
    assert_eq!(first.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [room(0), room(2)]);
    assert_eq!(Some(&first[1].1), model.rooms[&room(2)].room.header());
    let rest = store.rooms_of(user(1), Some(room(2)), 2).await.unwrap();
    assert_eq!(rest.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [room(4)]);
    assert!(store.rooms_of(user(9), None, 2).await.unwrap().is_empty());
}

pub(crate) async fn read_markers_go_forwards(store: &dyn Store) {
    let (owner, next) = store.claim_reads(epoch(), PARTITION).await.unwrap();
    assert_eq!(next, Offset::ZERO);
    let mark = |seq| ReadMark {
        room_id: room(0),
        user_id: user(0),
        seq: Seq::new(seq),
    };
    let at = |offset| Offset::new(offset);
    assert_eq!(store.read_marker(room(0), user(0)).await.unwrap(), Seq::ZERO);
    store
        .write_reads(epoch(), PARTITION, owner, at(0), at(3), &[mark(5), mark(9), mark(7)])
        .await
        .unwrap();
    assert_eq!(store.read_marker(room(0), user(0)).await.unwrap(), Seq::new(9));
    store
        .write_reads(epoch(), PARTITION, owner, at(3), at(4), &[mark(8)])
        .await
        .unwrap();
    assert_eq!(store.read_marker(room(0), user(0)).await.unwrap(), Seq::new(9));
    store
        .write_reads(epoch(), PARTITION, owner, at(4), at(5), &[])
        .await
        .unwrap();
    let stale = store
        .write_reads(epoch(), PARTITION, owner, at(4), at(6), &[mark(20)])
        .await
        .unwrap_err();
    assert!(matches!(stale, Error::Fenced { .. }), "{stale}");
    let (newer, next) = store.claim_reads(epoch(), PARTITION).await.unwrap();
    assert_eq!(next, at(5));
    let zombie = store
        .write_reads(epoch(), PARTITION, owner, at(5), at(6), &[mark(20)])
        .await
        .unwrap_err();
    assert!(matches!(zombie, Error::Fenced { .. }), "{zombie}");
    store
        .write_reads(epoch(), PARTITION, newer, at(5), at(6), &[mark(20)])
        .await
        .unwrap();
    assert_eq!(store.read_marker(room(0), user(0)).await.unwrap(), Seq::new(20));
    assert_eq!(store.read_marker(room(1), user(0)).await.unwrap(), Seq::ZERO);
}

pub(crate) async fn checkpoints_are_those_of_the_events(store: &dyn Store) {
    for number in [9, 2] {
        store.claim(epoch(), Partition::new(number)).await.unwrap();
    }
    store.claim_reads(epoch(), Partition::new(5)).await.unwrap();
    let at = |number| Checkpoint {
        epoch: epoch(),
        partition: Partition::new(number),
        next: Offset::ZERO,
    };
    assert_eq!(store.checkpoints().await.unwrap(), [at(2), at(9)]);
    store.ping().await.unwrap();
}

/// A projector that is stopped in the middle of a call, or a reader who goes away, leaves no connection behind on which
/// the next call fails; rows and checkpoint agree, whether the call came through or not.
#[allow(clippy::print_stdout, reason = "the seed is what a failure is repeated by")]
pub(crate) async fn calls_that_are_given_up_harm_nobody(store: &dyn Store) {
    const SEED: u64 = 7;
    const EVENTS: usize = 6;
    const MOST_POLLS: usize = 2_000;
    println!("seed {SEED}");
    let mut model = Model::new();
    let mut chaos = Chaos::new(SEED);
    chaos.begin(&mut model);
    let owner = claim(store).await;
    put(store, &mut model, owner).await;
    let id = *model.rooms.keys().next().unwrap();
    for polls in 1..MOST_POLLS {
        let claimed = given_up_after(polls, store.claim(epoch(), PARTITION)).await;
        let owner = claim(store).await;
        for _ in 0..EVENTS {
            chaos.step(&mut model);
        }
        let batch = model.batch(owner);
        let written = given_up_after(polls, store.write(&batch)).await;
        let read = given_up_after(polls, store.room(id, PARTITION)).await;
        let (owner, next) = store.claim(epoch(), PARTITION).await.unwrap();
        if next == batch.from {
            assert!(!written);
            store.write(&Batch { owner, ..batch }).await.unwrap();
        } else {
            assert_eq!(next, batch.to);
        }
        stands_as_folded(store, &model, id).await;
        if claimed && written && read {
            for id in model.rooms.keys() {
                stands_as_folded(store, &model, *id).await;
            }
            return;
        }
    }
    panic!("a call is not done after {MOST_POLLS} polls");
}
