//! Messages are found by their words, by those who may read them.

use super::listings::{NOW, said_to, target};
use super::{Store, claim, put};
use crate::history_model::{Model, created, room, said, user};
use engine::domain::{Body, Kind, MessageText, Removal, RoomId, Timestamp, UserId};
use engine::history::listings::{Hit, Query, Search, TimePlace};
use std::time::Duration;

fn asked(who: UserId, text: &str) -> Search {
    Search {
        user_id: who,
        now: NOW,
        query: Query::new(text).unwrap(),
        room: None,
        author: None,
        from: None,
        to: None,
        before: None,
        limit: 100,
        hidden: Vec::new(),
        patience: Duration::from_secs(60),
    }
}

async fn hits(store: &dyn Store, asked: Search) -> Vec<Hit> {
    store.search(&asked).await.unwrap()
}

async fn texts(store: &dyn Store, asked: Search) -> Vec<String> {
    let found = hits(store, asked).await;
    found.into_iter().map(|hit| hit.message.text).collect()
}

/// An open room in which these things were said.
async fn with(store: &dyn Store, said_there: &[&str]) -> Model {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Open));
    for text in said_there {
        model.happens(room(0), user(0), said(text));
    }
    put(store, &mut model, owner).await;
    model
}

pub(crate) async fn messages_are_found_by_their_words(store: &dyn Store) {
    let texts_there = [
        "Green tea, please",
        "leaves of green tea",
        "Coffee or tea?",
        "see https://example.com/a_path for ÉTUDE",
        "send it to ann@example.org & <b>hurry</b>",
        "3.14 is 42+x, don't ask",
        "日本語 🦀",
    ];
    with(store, &texts_there).await;
    let found = async |query: &str| {
        let mut found = texts(store, asked(user(5), query)).await;
        found.reverse();
        let place = |text: &String| texts_there.iter().position(|there| there == text).unwrap();
        found.iter().map(place).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("tea", vec![0, 1, 2]),
        ("TEA green", vec![0, 1]),
        ("\"green tea\"", vec![0, 1]),
        ("\"tea green\"", vec![]),
        ("tea -coffee", vec![0, 1]),
        ("tea -\"green tea\"", vec![2]),
        ("coffee or leaves", vec![1, 2]),
        ("tea coffee or leaves green", vec![1, 2]),
        ("teas", vec![]),
        ("example", vec![3, 4]),
        ("example.com", vec![3]),
        ("path", vec![3]),
        ("étude", vec![3]),
        ("etude", vec![]),
        ("ann", vec![4]),
        ("ann@example.org", vec![4]),
        ("hurry", vec![4]),
        ("14", vec![5]),
        ("3.14", vec![5]),
        ("42", vec![5]),
        ("don't", vec![5]),
        ("日本語", vec![6]),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
}

pub(crate) async fn whatever_is_typed_is_no_error(store: &dyn Store) {
    with(store, &["a b c"]).await;
    for query in [
        "a'",
        "a\"",
        "a:*",
        "a & !",
        "(a",
        "a)",
        "a NEAR b",
        "NOT a",
        "a AND b",
        "text:a",
        "^a",
        "a*",
        "a <-> b",
        "-a b",
        "a\\",
        "%a_",
        "a;--",
        "' OR 1=1 --a",
        "\u{301}a",
        "ǅa",
        "a\u{200d}b",
        "or or or",
        "a OR OR b",
    ] {
        let found = store.search(&asked(user(0), query)).await;
        assert!(found.is_ok(), "{query}: {found:?}");
    }
    let long = "a ".repeat(Query::MOST / 2);
    assert_eq!(texts(store, asked(user(0), &long)).await, ["a b c"]);
    let alternatives = "a or ".repeat(Query::MOST / 5) + "a";
    assert_eq!(texts(store, asked(user(0), &alternatives)).await, ["a b c"]);
}

pub(crate) async fn what_is_found_follows_edits_and_deletions(store: &dyn Store) {
    let mut model = with(store, &["the first", "the second", "the third"]).await;
    let owner = claim(store).await;
    let ann = user(0);
    let text = MessageText::new("now the last").unwrap();
    model.happens(
        room(0),
        ann,
        Body::MessageEdited {
            target: target(2, ann),
            text,
            mentions: Vec::new(),
        },
    );
    model.happens(room(0), ann, Body::MessageDeleted { target: target(3, ann) });
    put(store, &mut model, owner).await;
    assert_eq!(texts(store, asked(ann, "first or second")).await, [""; 0]);
    assert_eq!(texts(store, asked(ann, "the")).await, ["the third", "now the last"]);
    let edited = &hits(store, asked(ann, "last")).await[0];
    assert_eq!(
        edited.message,
        model.rooms[&room(0)].messages[&engine::domain::Seq::new(2)]
    );
    assert_eq!(
        (edited.room_id, edited.kind, edited.name.as_str()),
        (room(0), Kind::Open, "A room")
    );
}

/// Every kind of room, and everybody who stands differently towards it.
pub(crate) async fn nobody_finds_what_they_may_not_read(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let (ann, member, invited, banned, stranger) = (user(0), user(1), user(2), user(3), user(4));
    let kinds = [Kind::Open, Kind::Public, Kind::Private];
    for (number, kind) in kinds.into_iter().enumerate() {
        let id = room(number as u128);
        model.happens(id, ann, created(kind));
        for user_id in [member, invited, banned] {
            if kind != Kind::Open {
                model.happens(id, ann, Body::MemberInvited { user_id });
            }
        }
        model.happens(id, member, Body::MemberJoined);
        model.happens(id, banned, Body::MemberJoined);
        model.happens(id, ann, said("a secret"));
        let removal = Removal::Ban {
            until: Some(Timestamp::from_millis(NOW.as_millis() + 1)),
        };
        let user_id = banned;
        model.happens(id, ann, Body::MemberRemoved { user_id, removal });
    }
    let gone = room(3);
    model.happens(gone, ann, created(Kind::Public));
    model.happens(gone, ann, said("a secret"));
    model.happens(gone, ann, Body::RoomDeleted);
    put(store, &mut model, owner).await;
    let rooms = async |who: UserId, later: i64| {
        let mut asked = asked(who, "secret");
        asked.now = Timestamp::from_millis(NOW.as_millis() + later);
        let mut found: Vec<RoomId> = hits(store, asked).await.iter().map(|hit| hit.room_id).collect();
        found.sort();
        found
    };
    assert_eq!(rooms(ann, 0).await, [room(0), room(1), room(2)]);
    assert_eq!(rooms(member, 0).await, [room(0), room(1), room(2)]);
    assert_eq!(
        rooms(invited, 0).await,
        [room(0), room(1)],
        "an invitation shows no word of it"
    );
    assert_eq!(rooms(stranger, 0).await, [room(0), room(1)]);
    assert_eq!(rooms(banned, 0).await, [], "not even what all may read");
    assert_eq!(
        rooms(banned, 1).await,
        [room(0), room(1)],
        "the ban is over, the membership too"
    );
}

pub(crate) async fn a_search_is_narrowed_and_goes_on_where_it_ended(store: &dyn Store) {
    const EACH: u64 = 12;
    let owner = claim(store).await;
    let mut model = Model::new();
    for id in [room(0), room(1)] {
        model.happens(id, user(0), created(Kind::Open));
    }
    for number in 0..EACH {
        for (id, who) in [(room(0), user(0)), (room(1), user(1))] {
            model.happens(id, who, said_to(&format!("word {number}"), None, &[]));
        }
    }
    put(store, &mut model, owner).await;
    let all = hits(store, asked(user(9), "word")).await;
    assert_eq!(all.len() as u64, 2 * EACH);
    assert!(
        all.is_sorted_by(|one, next| one.message.at >= next.message.at),
        "newest first"
    );

    let mut pages = Vec::new();
    let mut before: Option<TimePlace> = None;
    loop {
        let page = Search {
            before,
            limit: 5,
            ..asked(user(9), "word")
        };
        let found = hits(store, page).await;
        before = found.last().map(Hit::place);
        if found.is_empty() {
            break;
        }
        pages.extend(found);
    }
    assert_eq!(pages, all, "page by page, each once");

    let some = |narrow: fn(Search) -> Search| hits(store, narrow(asked(user(9), "word")));
    let in_room = some(|asked| Search {
        room: Some(room(1)),
        ..asked
    })
    .await;
    assert!(in_room.len() as u64 == EACH && in_room.iter().all(|hit| hit.room_id == room(1)));
    let by_author = some(|asked| Search {
        author: Some(user(0)),
        ..asked
    })
    .await;
    assert!(by_author.len() as u64 == EACH && by_author.iter().all(|hit| hit.message.from.id == user(0)));
    let hidden = some(|asked| Search {
        hidden: vec![user(0), user(7)],
        ..asked
    })
    .await;
    assert!(hidden.len() as u64 == EACH && hidden.iter().all(|hit| hit.message.from.id == user(1)));
    let (from, to) = (all[9].message.at, all[4].message.at);
    let between = Search {
        from: Some(from),
        to: Some(to),
        ..asked(user(9), "word")
    };
    assert_eq!(hits(store, between).await, all[5..=9], "from then, and before then");
}

/// Further back than any store looks before it asks its index of words.
pub(crate) async fn what_is_far_back_is_found_too(store: &dyn Store) {
    const SINCE: usize = 10_050;
    let mut there = vec!["a needle, the first".to_owned()];
    there.extend((0..SINCE).map(|number| format!("hay {number}")));
    there.push("a needle, the last".to_owned());
    with(store, &there.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for in_room in [None, Some(room(0))] {
        let needles = |limit, before| Search {
            room: in_room,
            limit,
            before,
            ..asked(user(5), "needle")
        };
        let both = hits(store, needles(9, None)).await;
        assert_eq!(both.len(), 2, "in {in_room:?}");
        let last = hits(store, needles(1, None)).await;
        assert_eq!(last, both[..1]);
        assert_eq!(hits(store, needles(1, Some(last[0].place()))).await, both[1..]);
        assert_eq!(hits(store, needles(1, Some(both[1].place()))).await, []);
        let elsewhere = Search {
            room: Some(room(1)),
            ..needles(9, None)
        };
        assert_eq!(hits(store, elsewhere).await, []);
    }
}

pub(crate) async fn a_search_that_takes_too_long_is_ended(store: &dyn Store) {
    const MESSAGES: usize = 4_000;
    let texts: Vec<String> = (0..MESSAGES).map(|number| format!("common {number}")).collect();
    with(store, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let impatient = Search {
        patience: Duration::from_millis(1),
        limit: MESSAGES,
        ..asked(user(0), "common")
    };
    let error = store.search(&impatient).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    // The next one finds the connections as they were.
    for _ in 0..20 {
        let found = hits(store, asked(user(0), "common")).await;
        assert_eq!(found.len(), 100);
    }
}
