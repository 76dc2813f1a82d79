//! Whom a message mentions: those the client names and those named in its text, if they are in the room.

use crate::support::both::{Site, both};
use crate::support::{Person, Server, Wire, cid};
use engine::domain::RoomId;
use serde_json::{Value, json};

both!(
    names_in_a_text_become_mentions,
    who_is_not_in_the_room_is_not_mentioned,
    everybody_may_be_mentioned_in_an_open_room
);

/// Whom the message at `seq` mentions.
async fn mentioned(server: &Server, who: &Person, room: &str, seq: &Value) -> Vec<String> {
    let path = format!("/v1/rooms/{room}/messages/{seq}?min_seq={seq}");
    let message = server.told(who, &path).await;
    let ids = message["mentions"].as_array().cloned().unwrap_or_default();
    ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

async fn say(server: &Server, who: &Person, room: &str, body: Value) -> Value {
    server.done(who, &format!("/v1/rooms/{room}/messages"), body).await["seq"].take()
}

async fn names_in_a_text_become_mentions(site: Site) {
    let server = site.edge();
    let (ann, ben, eve) = (
        server.register("ann").await,
        server.register("ben").await,
        server.register("eve").await,
    );
    let room = server.room(&ann, "public").await;
    for who in [&ben, &eve] {
        server.done(who, &format!("/v1/rooms/{room}/join"), json!({})).await;
    }
    let text = format!(
        "@{}, do you know @{}? (@nobody-of-that-name) someone@{}",
        ben.username,
        eve.username.to_uppercase(),
        ann.username
    );
    let seq = say(server, &ann, &room, json!({ "text": text })).await;
    assert_eq!(mentioned(server, &ann, &room, &seq).await, [&*ben.id, &*eve.id]);
    // The client's own come first, each person once.
    let text = format!("@{} @{}", ben.username, ben.username);
    let seq = say(server, &ann, &room, json!({ "text": text, "mentions": [eve.id] })).await;
    assert_eq!(mentioned(server, &ann, &room, &seq).await, [&*eve.id, &*ben.id]);

    // The same by the other door, and an edit's mentions are its own.
    let mut wire = Wire::open(site.other(), &ann).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let text = format!("@{}", ben.username);
    let sent = wire
        .ask("send", json!({ "room": room, "cid": cid(), "text": text }))
        .await;
    let seq = sent.expect("sent")["seq"].clone();
    let pushed = loop {
        let frame = wire.frame().await.expect("it is open");
        if frame["event"]["seq"] == seq {
            break frame;
        }
    };
    assert_eq!(pushed["event"]["body"]["mentions"], json!([ben.id]), "{pushed}");
    let text = format!("@{}", eve.username);
    let edit = json!({ "room": room, "cid": cid(), "seq": seq, "text": text });
    let edited = wire.ask("edit", edit).await.expect("edited");
    let path = format!("/v1/rooms/{room}/messages/{seq}?min_seq={}", edited["seq"]);
    let message = server.told(&ann, &path).await;
    assert_eq!(message["mentions"], json!([eve.id]), "{message}");
}

async fn who_is_not_in_the_room_is_not_mentioned(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "private").await;
    let text = format!("@{} must not know", ben.username);
    let said = json!({ "text": text, "mentions": [ben.id, ann.id] });
    let seq = say(server, &ann, &room, said).await;
    assert_eq!(mentioned(server, &ann, &room, &seq).await, [&*ann.id]);
    let mine = server.told(&ben, "/v1/rooms").await;
    assert_eq!(mine["rooms"], json!([]));
    // Once they are in it, they are.
    server
        .done(&ann, &format!("/v1/rooms/{room}/invite"), json!({ "user": ben.id }))
        .await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let seq = say(server, &ann, &room, json!({ "text": text })).await;
    assert_eq!(mentioned(server, &ann, &room, &seq).await, [&*ben.id]);
}

async fn everybody_may_be_mentioned_in_an_open_room(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let general = RoomId::general().to_string();
    let text = format!("welcome, @{}", ben.username);
    let seq = say(server, &ann, &general, json!({ "text": text })).await;
    assert_eq!(mentioned(server, &ann, &general, &seq).await, [&*ben.id]);
    let many = (0..150).map(|number| format!("@nobody{number} ")).collect::<String>();
    let seq = say(server, &ann, &general, json!({ "text": many })).await;
    assert_eq!(mentioned(server, &ann, &general, &seq).await, [""; 0]);
    // What somebody says one after the other stays so, though the first has to be looked up.
    let mut wire = Wire::open(server, &ann).await;
    let mut given = Vec::new();
    for number in 0..10 {
        let text = format!("@newcomer-{number} and {number}");
        let first = json!({ "room": general, "cid": cid(), "text": text });
        given.push(wire.give("send", first).await);
        let second = json!({ "room": general, "cid": cid(), "text": "without" });
        given.push(wire.give("send", second).await);
    }
    let mut seqs = Vec::new();
    for id in given {
        let sent = wire.reply(id).await.expect("sent");
        seqs.push(sent["seq"].as_u64().expect("a seq"));
    }
    assert!(seqs.is_sorted(), "{seqs:?}");
}
