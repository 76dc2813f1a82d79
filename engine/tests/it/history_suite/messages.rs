//! Messages, reactions and the window stand as they were folded.

use super::{Store, claim, put, stands_as_folded};
use crate::history_model::{Chaos, Model, PARTITION, created, emoji, room, said, user};
use engine::domain::{Body, Kind, Seq, Target};

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
