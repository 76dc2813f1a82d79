//! Snapshots of rooms: where they are found, and what is passed over.

use super::{Store, claim};
use crate::history_model::{Chaos, Expected, Model, PARTITION, created, epoch, room, said, user};
use engine::domain::{Kind, Offset, Recent, Room, Seq};
use engine::history::{Batch, Kept, Owner, Upto};

/// A room when its snapshot was kept.
struct Stood {
    room: Room,
    recent: Recent,
    /// Of its last event.
    offset: Offset,
}

impl Stood {
    fn of(expected: &Expected) -> Self {
        Self {
            room: expected.room.clone(),
            recent: expected.recent.clone(),
            offset: expected.journal.last().expect("something happened").entry.offset,
        }
    }

    fn is(&self, kept: &Kept) {
        assert_eq!(kept.room, self.room);
        assert_eq!(kept.recent, self.recent);
        assert_eq!(kept.offset, self.offset);
    }
}

/// What happened since the last batch, with a snapshot of each of its rooms.
fn with_snapshots(model: &mut Model, owner: Owner) -> Batch {
    let mut batch = model.batch(owner);
    for part in &mut batch.rooms {
        part.snapshot = Some(model.rooms[&part.room_id].room.changes().collect());
    }
    batch
}

pub(crate) async fn snapshots_are_rooms_as_they_stood(store: &dyn Store) {
    let owner = claim(store).await;
    let (mut model, mut chaos) = (Model::new(), Chaos::new(31));
    chaos.begin(&mut model);
    let mut stood: Vec<Stood> = Vec::new();
    for number in 0..6 {
        (0..250).for_each(|_| chaos.step(&mut model));
        // Once so much that the whole window is of one batch.
        let owner_of_room = model.rooms[&room(0)].room.owner().unwrap();
        for count in 0..if number == 4 { 1_100 } else { 0 } {
            model.happens(room(0), owner_of_room, said(&count.to_string()));
        }
        store.write(&with_snapshots(&mut model, owner)).await.unwrap();
        // What comes after must not show in it.
        stood.push(Stood::of(&model.rooms[&room(0)]));
    }
    let head = model.rooms[&room(0)].room.head().get();
    assert!(head > 1_024 + stood[3].room.head().get());
    for seq in (0..=head + 1)
        .step_by(7)
        .chain(stood.iter().map(|stood| stood.room.head().get()))
    {
        let nearest = store.kept(room(0), PARTITION, Upto::Seq(Seq::new(seq))).await.unwrap();
        match stood.iter().rfind(|stood| stood.room.head().get() <= seq) {
            Some(stood) => stood.is(&nearest.kept.expect("there is one before")),
            None => assert!(nearest.kept.is_none()),
        }
        assert_eq!((nearest.unreadable, nearest.rules), (0, Some(1)));
        assert_eq!(nearest.epoch, Some(epoch()));
    }
    for stood in &stood {
        let offset = stood.offset;
        let upto = Upto::Before(offset.next());
        stood.is(&store.kept(room(0), PARTITION, upto).await.unwrap().kept.unwrap());
        let nearest = store.kept(room(0), PARTITION, Upto::Before(offset)).await.unwrap();
        assert!(nearest.kept.is_none_or(|kept| kept.offset < offset));
    }
    let nobody = store.kept(room(9), PARTITION, Upto::Seq(Seq::new(9))).await.unwrap();
    assert!(nobody.kept.is_none() && nobody.rules.is_none());
}

pub(crate) async fn a_snapshot_that_cant_be_read_is_passed_over(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Public));
    store.write(&with_snapshots(&mut model, owner)).await.unwrap();
    let first = Stood::of(&model.rooms[&room(0)]);
    for _ in 0..3 {
        model.happens(room(0), user(0), said("hello"));
        let mut batch = with_snapshots(&mut model, owner);
        // Of rules that only a newer binary folds by.
        batch.rooms[0].header.rules = 2;
        store.write(&batch).await.unwrap();
    }
    let nearest = store.kept(room(0), PARTITION, Upto::Seq(Seq::new(4))).await.unwrap();
    first.is(&nearest.kept.unwrap());
    assert_eq!((nearest.unreadable, nearest.rules), (3, Some(2)));
}
