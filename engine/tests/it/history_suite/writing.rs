//! Who may write, from where, and what becomes of what is refused or given up.

use super::{Store, claim, put, stands_as_folded};
use crate::given_up::given_up_after;
use crate::history_model::{Chaos, Model, PARTITION, created, emoji, epoch, room, said, user};
use engine::domain::{Body, Epoch, Kind, Offset, Partition, Seq, Target};
use engine::history::{Batch, Checkpoint, Error, ReadMark, Rows};
use uuid::Uuid;

pub(crate) async fn an_older_owner_is_fenced(store: &dyn Store) {
    let older = claim(store).await;
    assert!(store.owns(PARTITION, older).await.unwrap());
    assert!(!store.owns_reads(PARTITION, older).await.unwrap());
    let newer = claim(store).await;
    assert!(!store.owns(PARTITION, older).await.unwrap() && store.owns(PARTITION, newer).await.unwrap());
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

pub(crate) async fn read_markers_of_a_room_are_listed_in_order(store: &dyn Store) {
    let (owner, next) = store.claim_reads(epoch(), PARTITION).await.unwrap();
    let mark = |of, person, seq| ReadMark {
        room_id: room(of),
        user_id: user(person),
        seq: Seq::new(seq),
    };
    let marks = [mark(0, 3, 7), mark(0, 1, 9), mark(1, 1, 30), mark(0, 2, 8)];
    let to = Offset::new(4);
    store
        .write_reads(epoch(), PARTITION, owner, next, to, &marks)
        .await
        .unwrap();
    let listed = async |from, after, limit| {
        let markers = store.read_markers(room(0), Seq::new(from), after, limit).await;
        markers.unwrap()
    };
    let mut all = [(user(1), Seq::new(9)), (user(2), Seq::new(8)), (user(3), Seq::new(7))];
    all.sort_unstable();
    assert_eq!(listed(1, None, 10).await, all);
    assert_eq!(listed(1, None, 2).await, all[..2]);
    assert_eq!(listed(1, Some(all[1].0), 10).await, all[2..]);
    assert_eq!(listed(9, None, 10).await, [(user(1), Seq::new(9))]);
    assert_eq!(listed(10, None, 10).await, []);
    assert_eq!(store.read_markers(room(2), Seq::ZERO, None, 10).await.unwrap(), []);
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
