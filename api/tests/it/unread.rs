//! What one has not read: counts by ordinals, mentions, and markers that all of one's devices share.

use crate::support::both::{Site, both};
use crate::support::server::text;
use crate::support::{Person, Server, Wire, eventually, so};
use serde_json::{Value, json};

both!(
    rooms_say_what_is_unread,
    a_marker_is_shared_by_all_devices,
    rooms_come_in_pages,
    open_rooms_are_had_once_they_are_read
);

async fn listed(server: &Server, who: &Person, room: &str) -> Value {
    let mine = server.told(who, "/v1/rooms").await;
    let rooms = mine["rooms"].as_array().expect("a list");
    rooms.iter().find(|one| one["id"] == room).cloned().unwrap_or_default()
}

/// Waits until the room is listed with these fields.
async fn becomes(server: &Server, who: &Person, room: &str, expected: Value) -> Value {
    eventually("the room is listed so", async || {
        let room = listed(server, who, room).await;
        let fields = expected.as_object().expect("an object").iter();
        let is_so = fields.clone().all(|(name, value)| room.get(name) == Some(value));
        so(is_so, &room).map(|()| room)
    })
    .await
}

async fn say(server: &Server, who: &Person, room: &str, body: Value) -> u64 {
    let said = server.done(who, &format!("/v1/rooms/{room}/messages"), body).await;
    said["seq"].as_u64().expect("a seq")
}

async fn rooms_say_what_is_unread(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}");
    server.done(&ben, &format!("{path}/join"), json!({})).await;
    let first = say(server, &ann, &room, json!({ "text": "one" })).await;
    let naming = format!("hello @{}", ben.username);
    let second = say(server, &ann, &room, json!({ "text": naming })).await;
    let third = say(server, &ann, &room, json!({ "text": "three" })).await;
    let seen = becomes(
        server,
        &ben,
        &room,
        json!({ "unread": 3, "mentions": 1, "read_seq": 0, "head": third, "role": "member", "kind": "public" }),
    )
    .await;
    assert_eq!(
        (&seen["last"]["seq"], &seen["last"]["text"], &seen["last"]["from"]["id"]),
        (&json!(third), &json!("three"), &json!(ann.id))
    );
    assert_eq!(seen.get("peer"), None);

    // Membership events in between do not count, and the marker may stand on one.
    let eve = server.register("eve").await;
    server.done(&eve, &format!("{path}/join"), json!({})).await;
    let read = async |seq: u64| {
        let moved = server.done(&ben, &format!("{path}/read"), json!({ "seq": seq })).await;
        assert_eq!(moved["read_seq"], seq);
    };
    read(first).await;
    // At once, though neither the log nor history knows the marker yet.
    let seen = listed(server, &ben, &room).await;
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(2), &json!(1)), "{seen}");
    read(second).await;
    let seen = listed(server, &ben, &room).await;
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(1), &json!(0)), "{seen}");
    read(third + 1).await;
    assert_eq!(listed(server, &ben, &room).await["unread"], 0);
    becomes(site.other(), &ben, &room, json!({ "unread": 0, "read_seq": third + 1 })).await;
    becomes(site.other(), &ann, &room, json!({ "unread": 3, "role": "owner" })).await;

    let direct = server
        .done(&ann, &format!("/v1/direct/{}", ben.username), json!({}))
        .await;
    let direct = text(&direct["id"]);
    becomes(
        server,
        &ben,
        &direct,
        json!({ "peer": ann.id, "last": null, "unread": 0 }),
    )
    .await;
    becomes(server, &ann, &direct, json!({ "peer": ben.id })).await;

    server
        .done(&ann, &format!("{path}/kick"), json!({ "user": ben.id }))
        .await;
    assert_eq!(listed(server, &ben, &room).await, Value::Null, "at once");
}

async fn a_marker_is_shared_by_all_devices(site: Site) {
    let (server, other) = (site.edge(), site.other());
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    for number in 0..5 {
        say(server, &ann, &room, json!({ "text": number.to_string() })).await;
    }
    let mut phone = Wire::open(server, &ann).await;
    let mut laptop = Wire::open(other, &ann).await;
    let mut stranger = Wire::open(other, &ben).await;
    for wire in [&mut phone, &mut laptop, &mut stranger] {
        wire.ask("subscribe", json!({ "room": room }))
            .await
            .expect("subscribed");
    }
    let read = phone.ask("read", json!({ "room": room, "seq": 4 })).await;
    assert_eq!(read.expect("moved")["read_seq"], 4);
    assert_eq!(laptop.push("read").await, json!({ "room": room, "seq": 4 }));
    // Never back, and nobody is told of what did not move.
    let read = laptop.ask("read", json!({ "room": room, "seq": 2 })).await;
    assert_eq!(read.expect("where it is")["read_seq"], 4);
    let read = laptop.ask("read", json!({ "room": room, "seq": 6 })).await;
    assert_eq!(read.expect("moved")["read_seq"], 6);
    assert_eq!(
        phone.push("read").await,
        json!({ "room": room, "seq": 6 }),
        "and nothing of 2"
    );
    // What is somebody's own is pushed to nobody else: what they hear next is something said.
    say(server, &ann, &room, json!({ "text": "the end" })).await;
    loop {
        let frame = stranger.frame().await.expect("it is open");
        assert!(frame.get("read").is_none(), "{frame}");
        if frame["event"]["body"]["text"] == "the end" {
            break;
        }
    }
    // Another device, later, anywhere.
    eventually("the marker is known", async || {
        let mut tablet = Wire::open(other, &ann).await;
        let joined = tablet
            .ask("subscribe", json!({ "room": room }))
            .await
            .expect("subscribed");
        so(joined["read_seq"] == 6, joined)
    })
    .await;
}

async fn rooms_come_in_pages(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(server.room(&ann, "private").await);
    }
    made.sort();
    eventually("all are listed", async || {
        let mine = server.told(&ann, "/v1/rooms").await;
        so(mine["rooms"].as_array().map(Vec::len) == Some(5), mine)
    })
    .await;
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = server.told(&ann, &format!("/v1/rooms?limit=2{after}")).await;
        let rooms = page["rooms"].as_array().expect("a list").iter();
        found.extend(rooms.map(|room| text(&room["id"])));
        match page["after"].as_str() {
            Some(last) => after = format!("&after={last}"),
            None => break,
        }
    }
    assert_eq!(found, made);
    for wrong in ["limit=0", "limit=201", "limit=x", "after=x"] {
        let refused = server.get(&format!("/v1/rooms?{wrong}"), Some(&ann.token)).await;
        assert_eq!(refused.status(), 400, "{wrong}");
    }
    assert_eq!(server.get("/v1/rooms", None).await.status(), 401);
}

async fn open_rooms_are_had_once_they_are_read(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "open").await;
    let seq = say(server, &ann, &room, json!({ "text": "hello" })).await;
    becomes(server, &ann, &room, json!({ "role": "owner", "unread": 1 })).await;
    assert_eq!(listed(server, &ben, &room).await, Value::Null);
    server
        .done(&ben, &format!("/v1/rooms/{room}/read"), json!({ "seq": seq }))
        .await;
    becomes(
        server,
        &ben,
        &room,
        json!({ "role": "member", "unread": 0, "read_seq": seq }),
    )
    .await;
    let ban = json!({ "user": ben.id });
    server.done(&ann, &format!("/v1/rooms/{room}/ban"), ban).await;
    assert_eq!(listed(server, &ben, &room).await, Value::Null, "at once");
}
