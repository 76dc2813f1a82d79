//! Rooms that people have, rooms they may join, threads.

use super::{Store, claim, put};
use crate::history_model::{Model, PARTITION, created, epoch, room, said, user};
use engine::domain::{Body, Kind, MessageText, Removal, Role, RoomId, RoomName, Seq, Target, Timestamp, UserId};
use engine::history::ReadMark;
use engine::history::listings::{Discover, Found, Invitations, MOST_COUNTED, MyRoom, MyRooms, NamePlace};

/// Later than every event of these tests.
pub(super) const NOW: Timestamp = Timestamp::from_millis(2_000_000_000_000);

fn named(name: &str, kind: Kind) -> Body {
    match created(kind) {
        Body::RoomCreated { topic, rules, peer, .. } => Body::RoomCreated {
            name: RoomName::new(name).unwrap(),
            kind,
            topic,
            rules,
            peer,
        },
        _ => unreachable!(),
    }
}

pub(super) fn said_to(text: &str, reply_to: Option<u64>, mentions: &[UserId]) -> Body {
    Body::MessageSent {
        text: MessageText::new(text).unwrap(),
        reply_to: reply_to.map(Seq::new),
        mentions: mentions.to_vec(),
    }
}

pub(super) fn target(seq: u64, author: UserId) -> Target {
    Target {
        seq: Seq::new(seq),
        author_id: author,
    }
}

pub(super) async fn mine(store: &dyn Store, who: UserId, after: Option<RoomId>, limit: usize) -> Vec<MyRoom> {
    mine_known(store, who, after, limit, &|_| None).await
}

pub(super) async fn mine_known(
    store: &dyn Store,
    who: UserId,
    after: Option<RoomId>,
    limit: usize,
    known: &(dyn Fn(RoomId) -> Option<Seq> + Send + Sync),
) -> Vec<MyRoom> {
    let asked = MyRooms {
        user_id: who,
        now: NOW,
        after,
        limit,
        known,
    };
    store.my_rooms(&asked).await.unwrap()
}

async fn reads(store: &dyn Store, who: UserId, places: &[(RoomId, u64)]) {
    let (owner, from) = store.claim_reads(epoch(), PARTITION).await.unwrap();
    let marks: Vec<ReadMark> = places
        .iter()
        .map(|(room_id, seq)| ReadMark {
            room_id: *room_id,
            user_id: who,
            seq: Seq::new(*seq),
        })
        .collect();
    let moved = store.write_reads(epoch(), PARTITION, owner, from, from.next(), &marks);
    moved.await.unwrap();
}

fn ids(rooms: &[MyRoom]) -> Vec<RoomId> {
    rooms.iter().map(|one| one.room_id).collect()
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
    let first = mine(store, user(1), None, 2).await;
    assert_eq!(ids(&first), [room(0), room(2)]);
    assert_eq!(Some(&first[1].header), model.rooms[&room(2)].room.header());
    assert_eq!(first[1].role, Role::Member);
    assert_eq!(mine(store, user(0), None, 1).await[0].role, Role::Owner);
    assert_eq!(ids(&mine(store, user(1), Some(room(2)), 2).await), [room(4)]);
    assert!(mine(store, user(9), None, 2).await.is_empty());
}

pub(crate) async fn open_rooms_are_had_by_those_who_read_them(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    for number in 0..4 {
        model.happens(room(number), user(0), created(Kind::Open));
    }
    model.happens(room(4), user(0), created(Kind::Public));
    let ban = |until: Option<i64>| Body::MemberRemoved {
        user_id: user(1),
        removal: Removal::Ban {
            until: until.map(Timestamp::from_millis),
        },
    };
    model.happens(room(1), user(0), ban(None));
    model.happens(room(2), user(0), ban(Some(NOW.as_millis())));
    model.happens(room(3), user(0), ban(Some(NOW.as_millis() + 1)));
    put(store, &mut model, owner).await;
    assert_eq!(
        ids(&mine(store, user(0), None, 9).await).len(),
        5,
        "where one has a role"
    );
    assert!(mine(store, user(1), None, 9).await.is_empty());
    let all: Vec<_> = (0..5).map(|number| (room(number), 1)).collect();
    reads(store, user(1), &all).await;
    assert_eq!(
        ids(&mine(store, user(1), None, 9).await),
        [room(0), room(2)],
        "banned from two (one ban is over), and no member of a public one"
    );
}

pub(crate) async fn unread_is_a_difference_of_ordinals(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let (ann, ben) = (user(0), user(1));
    model.happens(room(0), ann, created(Kind::Public));
    model.happens(room(0), ben, Body::MemberJoined);
    for text in ["three", "four", "five"] {
        model.happens(room(0), ann, said(text));
    }
    model.happens(room(0), ann, Body::MessageDeleted { target: target(5, ann) });
    model.happens(room(1), ann, created(Kind::Public));
    model.happens(room(1), ben, Body::MemberJoined);
    put(store, &mut model, owner).await;
    let unread = async |seq: u64| {
        let known = move |id| (id == room(0)).then_some(Seq::new(seq));
        let rooms = mine_known(store, ben, None, 9, &known).await;
        assert_eq!((rooms[1].unread, &rooms[1].last), (0, &None), "nothing was said there");
        let last = rooms[0].last.clone().expect("something was said");
        assert_eq!(Some(&last), model.rooms[&room(0)].messages.values().last());
        (rooms[0].read_seq.get(), rooms[0].unread)
    };
    for (marker, expected) in [(0, 3), (2, 3), (3, 2), (4, 1), (5, 0), (6, 0), (99, 0)] {
        assert_eq!(unread(marker).await, (marker, expected), "read up to {marker}");
    }
    reads(store, ben, &[(room(0), 4)]).await;
    assert_eq!(unread(3).await, (4, 1), "history's own marker is further");
    assert_eq!(unread(5).await, (5, 0), "the known one is further");
}

pub(crate) async fn a_direct_room_names_the_other(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let (ann, ben) = (user(0), user(1));
    let id = RoomId::direct(ann, ben);
    let Body::RoomCreated { name, topic, rules, .. } = created(Kind::Direct) else {
        unreachable!()
    };
    let peer = Some(ben);
    model.happens(
        id,
        ann,
        Body::RoomCreated {
            kind: Kind::Direct,
            name,
            topic,
            rules,
            peer,
        },
    );
    put(store, &mut model, owner).await;
    assert_eq!(mine(store, ann, None, 1).await[0].peer, Some(ben));
    assert_eq!(mine(store, ben, None, 1).await[0].peer, Some(ann));
}

pub(crate) async fn invitations_are_listed_until_they_are_used_up(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    for number in 0..4 {
        model.happens(room(number), user(0), created(Kind::Private));
        model.happens(room(number), user(0), Body::MemberInvited { user_id: user(1) });
    }
    model.happens(room(1), user(1), Body::MemberJoined);
    model.happens(room(3), user(0), Body::RoomDeleted);
    put(store, &mut model, owner).await;
    let invited = async |after, limit| {
        let asked = Invitations {
            user_id: user(1),
            now: NOW,
            after,
            limit,
        };
        store.invitations(&asked).await.unwrap()
    };
    let first = invited(None, 1).await;
    assert_eq!((first[0].room_id, first[0].invited_by), (room(0), user(0)));
    assert_eq!((first[0].kind, first[0].name.as_str()), (Kind::Private, "A room"));
    let rest = invited(Some(room(0)), 9).await;
    assert_eq!(rest.iter().map(|one| one.room_id).collect::<Vec<_>>(), [room(2)]);
}

async fn found(store: &dyn Store, prefix: &str, after: Option<NamePlace>, limit: usize) -> Vec<Found> {
    let asked = Discover {
        user_id: user(1),
        now: NOW,
        prefix: prefix.to_owned(),
        after,
        limit,
    };
    store.discover(&asked).await.unwrap()
}

async fn names(store: &dyn Store, prefix: &str) -> Vec<String> {
    let found = found(store, prefix, None, 100).await;
    found.iter().map(|one| one.name.to_string()).collect()
}

pub(crate) async fn rooms_are_found_by_the_beginning_of_their_name(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let begin = |model: &mut Model, number, name: &str, kind| {
        model.happens(room(number), user(0), named(name, kind));
    };
    begin(&mut model, 0, "Tea", Kind::Public);
    begin(&mut model, 1, "tea leaves", Kind::Open);
    begin(&mut model, 2, "Tea", Kind::Open);
    begin(&mut model, 3, "Teapots", Kind::Private);
    begin(&mut model, 4, "100% tea", Kind::Public);
    begin(&mut model, 5, "1000 teas", Kind::Public);
    begin(&mut model, 6, "Tea, mine", Kind::Public);
    begin(&mut model, 7, "Tea, gone", Kind::Public);
    begin(&mut model, 8, "Tea, not for me", Kind::Open);
    begin(&mut model, 9, "te\\a_", Kind::Public);
    begin(&mut model, 10, "Tea, read", Kind::Open);
    model.happens(room(6), user(1), Body::MemberJoined);
    model.happens(room(7), user(0), Body::RoomDeleted);
    let removal = Removal::Ban { until: None };
    model.happens(
        room(8),
        user(0),
        Body::MemberRemoved {
            user_id: user(1),
            removal,
        },
    );
    model.happens(room(0), user(2), Body::MemberJoined);
    model.happens(room(0), user(2), said("hello"));
    put(store, &mut model, owner).await;
    reads(store, user(1), &[(room(10), 1)]).await;
    assert_eq!(names(store, "TEA").await, ["Tea", "Tea", "tea leaves"]);
    assert_eq!(names(store, "100%").await, ["100% tea"], "no pattern");
    assert_eq!(names(store, "te\\a_").await, ["te\\a_"]);
    assert_eq!(names(store, "te_").await, [""; 0]);
    assert_eq!(names(store, "").await.len(), 6);
    let tea = &found(store, "tea", None, 1).await[0];
    assert_eq!((tea.place.room_id, tea.members, tea.messages), (room(0), Some(2), 1));
    assert_eq!(
        found(store, "tea l", None, 1).await[0].members,
        None,
        "open rooms count nobody"
    );

    let mut places = Vec::new();
    let mut after = None;
    while let Some(one) = found(store, "", after.clone(), 1).await.pop() {
        after = Some(one.place.clone());
        places.push(one.place.room_id);
    }
    assert_eq!(places, [4, 5, 9, 0, 2, 1].map(room), "one after the other, each once");
}

pub(crate) async fn a_thread_is_a_message_and_its_replies(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let ann = user(0);
    for id in [room(0), room(1)] {
        model.happens(id, ann, created(Kind::Open));
        model.happens(id, ann, said("the beginning"));
        model.happens(id, ann, said("something else"));
        for reply in 0..5 {
            model.happens(id, ann, said_to(&format!("reply {reply}"), Some(2), &[]));
        }
        model.happens(id, ann, said_to("to another", Some(3), &[]));
    }
    model.happens(room(0), ann, Body::MessageDeleted { target: target(5, ann) });
    model.happens(
        room(0),
        user(1),
        Body::ReactionAdded {
            target: target(4, ann),
            emoji: crate::history_model::emoji("👍"),
        },
    );
    put(store, &mut model, owner).await;
    let messages = &model.rooms[&room(0)].messages;
    let thread = store.thread(room(0), Seq::new(2), Seq::ZERO, 3).await.unwrap().unwrap();
    assert_eq!(&thread.message, &messages[&Seq::new(2)]);
    let expected: Vec<_> = [4, 5, 6].map(|seq| messages[&Seq::new(seq)].clone()).into();
    assert_eq!((&thread.replies, thread.count), (&expected, 5));
    let rest = store
        .thread(room(0), Seq::new(2), Seq::new(6), 9)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        rest.replies.iter().map(|reply| reply.seq.get()).collect::<Vec<_>>(),
        [7, 8]
    );
    let alone = store.thread(room(0), Seq::new(9), Seq::ZERO, 9).await.unwrap().unwrap();
    assert_eq!((alone.replies.len(), alone.count), (0, 0));
    for nothing in [0, 1, 10, 99] {
        let none = store.thread(room(0), Seq::new(nothing), Seq::ZERO, 9).await.unwrap();
        assert_eq!(none, None, "no message was sent at {nothing}");
    }
    for _ in 0..=MOST_COUNTED {
        model.happens(room(1), ann, said_to("again", Some(3), &[]));
    }
    put(store, &mut model, owner).await;
    let many = store.thread(room(1), Seq::new(3), Seq::ZERO, 1).await.unwrap().unwrap();
    assert_eq!((many.replies.len(), many.count), (1, MOST_COUNTED), "so many or more");
}
