//! Mentions above a read marker are those of the messages as they stand.

use super::listings::{mine, mine_known, said_to, target};
use super::{Store, claim, put};
use crate::history_model::{Chaos, Model, created, room, user};
use engine::domain::{Body, Kind, MessageText, Seq, UserId};
use engine::history::listings::MOST_MENTIONS;

pub(crate) async fn mentions_follow_edits_and_deletions(store: &dyn Store) {
    let mut owner = claim(store).await;
    let mut model = Model::new();
    let (ann, ben, eve) = (user(0), user(1), user(2));
    model.happens(room(0), ann, created(Kind::Public));
    model.happens(room(0), ben, Body::MemberJoined);
    model.happens(room(0), eve, Body::MemberJoined);
    model.happens(room(0), ann, said_to("both", None, &[ben, eve, ben]));
    model.happens(room(0), ann, said_to("ben", None, &[ben]));
    model.happens(room(0), ann, said_to("nobody", None, &[]));
    let count = async |who: UserId, read: u64| {
        let known = move |_| Some(Seq::new(read));
        mine_known(store, who, None, 1, &known).await[0].mentions
    };
    put(store, &mut model, owner).await;
    assert_eq!((count(ben, 0).await, count(eve, 0).await), (2, 1));
    assert_eq!(
        (count(ben, 4).await, count(eve, 4).await),
        (1, 0),
        "above the marker alone"
    );
    let edit = |seq: u64, mentions: &[UserId]| Body::MessageEdited {
        target: target(seq, ann),
        text: MessageText::new("edited").unwrap(),
        mentions: mentions.to_vec(),
    };
    model.happens(room(0), ann, edit(4, &[eve]));
    model.happens(room(0), ann, edit(6, &[eve, eve]));
    put(store, &mut model, owner).await;
    assert_eq!((count(ben, 0).await, count(eve, 0).await), (1, 2));
    // Sent, changed and taken back in one batch, by another owner.
    owner = claim(store).await;
    model.happens(room(0), ann, Body::MessageDeleted { target: target(5, ann) });
    model.happens(room(0), ann, said_to("ben", None, &[ben]));
    model.happens(room(0), ann, edit(10, &[eve]));
    model.happens(room(0), ann, said_to("eve", None, &[eve]));
    model.happens(
        room(0),
        ann,
        Body::MessageDeleted {
            target: target(12, ann),
        },
    );
    put(store, &mut model, owner).await;
    assert_eq!((count(ben, 0).await, count(eve, 0).await), (0, 3));
    for _ in 0..=MOST_MENTIONS {
        model.happens(room(0), ann, said_to("again", None, &[ben]));
    }
    put(store, &mut model, owner).await;
    assert_eq!(count(ben, 0).await, MOST_MENTIONS, "so many or more");
}

/// What the indexes of a workload say is what the messages say.
pub(crate) async fn mentions_of_random_events_are_those_of_the_messages(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let mut chaos = Chaos::new(11);
    chaos.begin(&mut model);
    for _ in 0..12 {
        for _ in 0..40 {
            chaos.step(&mut model);
        }
        put(store, &mut model, owner).await;
    }
    let mut counted = 0;
    for who in (0..6).map(user) {
        for one in mine(store, who, None, 9).await {
            let messages = model.rooms[&one.room_id].messages.values();
            let expected = messages.filter(|message| message.mentions.contains(&who)).count() as u64;
            assert_eq!(one.mentions, expected.min(MOST_MENTIONS));
            assert_eq!(one.unread, model.rooms[&one.room_id].room.messages());
            counted += one.mentions;
        }
    }
    assert!(counted > 20, "the test must mean something");
}
