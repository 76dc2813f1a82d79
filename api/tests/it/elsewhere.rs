//! What was done through one edge is known to the other by the time it is asked: nobody is told that there is no such thing.

use crate::support::both::{Site, both};
use crate::support::{Wire, cid};
use serde_json::json;

both!(what_was_done_elsewhere_is_known_here);

/// Each is a few chances to ask an edge before its tail has brought what is asked for.
const ROUNDS: usize = 25;

async fn what_was_done_elsewhere_is_known_here(site: Site) {
    let (here, there) = (site.edge(), site.other());
    let (ann, ben) = (here.register("ann").await, here.register("ben").await);
    let eve = here.register("eve").await;
    for round in 0..ROUNDS {
        let room = here.room(&ann, "private").await;
        let at = |tail: &str| format!("/v1/rooms/{room}{tail}");
        // To read, to write, and to hear.
        assert_eq!(there.told(&ann, &at("")).await["id"], room.as_str());
        there.done(&ann, &at("/invite"), json!({ "user": ben.id })).await;
        let mut wire = Wire::open(there, &ben).await;
        here.done(&ben, &at("/join"), json!({})).await;
        // In the order in which they are given, although the first finds that its author is not in the room yet.
        let mut ids = Vec::new();
        for number in 0..5 {
            let text = format!("{round}: {number}");
            ids.push(
                wire.give("send", json!({ "room": room, "cid": cid(), "text": text }))
                    .await,
            );
        }
        let mut seqs = Vec::new();
        for id in ids {
            seqs.push(
                wire.reply(id).await.expect("it is said")["seq"]
                    .as_u64()
                    .expect("a seq"),
            );
        }
        assert!(seqs.is_sorted(), "{seqs:?}");
        let heard = wire.ask("subscribe", json!({ "room": room })).await.expect("a member");
        let texts = heard["recent"].as_array().expect("a list").iter();
        let texts: Vec<_> = texts.map(|message| message["text"].clone()).collect();
        assert_eq!(texts, [0, 1, 2, 3, 4].map(|number| json!(format!("{round}: {number}"))));

        let room = here.room(&ann, "private").await;
        let mut wire = Wire::open(there, &ann).await;
        let heard = wire.ask("subscribe", json!({ "room": room })).await.expect("the owner");
        assert_eq!(heard["role"], "owner");
        for edge in [here, there] {
            let answer = edge.get(&format!("/v1/rooms/{room}"), Some(&eve.token)).await;
            assert_eq!(answer.status(), 404, "who has no part in it");
        }
    }
}
