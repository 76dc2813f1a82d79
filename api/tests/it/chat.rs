//! Two people chat.

use crate::support::both::{Site, both};
use crate::support::{Server, Wire, cid};
use serde_json::{Value, json};

both!(
    what_one_says_the_other_hears_and_both_see_the_same,
    a_command_sent_again_counts_once,
    what_happens_to_a_message_is_seen,
    reading_typing_and_presence,
    whoever_comes_back_gets_what_was_missed,
    whoever_is_banned_is_gone
);

async fn what_one_says_the_other_hears_and_both_see_the_same(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let mut wires = [Wire::open(server, &ann).await, Wire::open(server, &ben).await];
    for wire in &mut wires {
        let joined = wire
            .ask("subscribe", json!({ "room": room }))
            .await
            .expect("subscribed");
        assert_eq!((&joined["seq"], &joined["recovered"]), (&json!(2), &Value::Null));
        assert_eq!(joined["room"]["name"], "a room");
    }
    let [ann_wire, ben_wire] = &mut wires;
    let mut acks = Vec::new();
    for i in 0..20 {
        let (wire, name) = if i % 2 == 0 {
            (&mut *ann_wire, "ann")
        } else {
            (&mut *ben_wire, "ben")
        };
        let sent = json!({ "room": room, "cid": cid(), "text": format!("{name} says {i}"), "since": 2 });
        acks.push(wire.ask("send", sent).await.expect("sent"));
    }
    let mut heard = [Vec::new(), Vec::new()];
    for (wire, heard) in [ann_wire, ben_wire].into_iter().zip(&mut heard) {
        for _ in 0..20 {
            heard.push(wire.push("event").await);
        }
    }
    assert_eq!(heard[0], heard[1]);
    for (i, (event, ack)) in heard[0].iter().zip(&acks).enumerate() {
        assert_eq!(event["seq"], json!(i + 3));
        for field in ["seq", "pos", "cid", "at"] {
            assert_eq!(event[field], ack[field], "{field}");
        }
        assert_eq!(ack["duplicate"], false);
        assert_eq!(ack["digest"].as_str().map(str::len), Some(32));
    }
    let shown = server.told(&ann, &format!("/v1/rooms/{room}")).await;
    assert_eq!(shown["head"]["digest"], acks[19]["digest"]);
}

async fn a_command_sent_again_counts_once(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let mut wire = Wire::open(server, &ann).await;
    let sent = json!({ "room": room, "cid": cid(), "text": "once", "since": 1 });
    let first = wire.ask("send", sent.clone()).await.expect("sent");
    let mut another = sent.clone();
    another["text"] = json!("or twice?");
    let second = wire.ask("send", another).await.expect("acked");
    assert_eq!(
        (&first["duplicate"], &second["duplicate"]),
        (&json!(false), &json!(true))
    );
    assert_eq!((&first["seq"], &first["pos"]), (&second["seq"], &second["pos"]));
    let recent = wire.ask("recent", json!({ "room": room })).await.expect("recent");
    assert_eq!(recent["recent"].as_array().map(Vec::len), Some(1));
    assert_eq!(recent["recent"][0]["text"], "once");
}

async fn what_happens_to_a_message_is_seen(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let mut wire = Wire::open(server, &ann).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let seq = wire
        .ask("send", json!({ "room": room, "cid": cid(), "text": "frist" }))
        .await
        .expect("sent")["seq"]
        .clone();
    let about = |more: Value| {
        let mut body = json!({ "room": room, "cid": cid(), "seq": seq });
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        body
    };
    wire.ask("edit", about(json!({ "text": "first" })))
        .await
        .expect("edited");
    wire.ask("react", about(json!({ "emoji": "👍" })))
        .await
        .expect("reacted");
    let recent = wire.ask("recent", json!({ "room": room })).await.expect("recent");
    let message = &recent["recent"][0];
    assert_eq!(
        (&message["text"], &message["reactions"][0]),
        (&json!("first"), &json!({ "emoji": "👍", "count": 1, "mine": true }))
    );
    assert!(message["edited_at"].is_u64());
    wire.ask("unreact", about(json!({ "emoji": "👍" })))
        .await
        .expect("taken back");
    wire.ask("delete", about(json!({}))).await.expect("deleted");
    let recent = wire.ask("recent", json!({ "room": room })).await.expect("recent");
    let message = &recent["recent"][0];
    assert_eq!(
        (&message["text"], &message["deleted"], &message["reactions"]),
        (&json!(""), &json!(true), &json!([]))
    );
    let types: Vec<String> = [
        wire.push("event").await,
        wire.push("event").await,
        wire.push("event").await,
    ]
    .iter()
    .map(|event| event["type"].as_str().expect("a text").to_owned())
    .collect();
    assert_eq!(types, ["message_sent", "message_edited", "reaction_added"]);
}

async fn reading_typing_and_presence(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let mut wires = [Wire::open(server, &ann).await, Wire::open(server, &ben).await];
    for wire in &mut wires {
        wire.ask("subscribe", json!({ "room": room }))
            .await
            .expect("subscribed");
    }
    let [ann_wire, ben_wire] = &mut wires;
    ben_wire.ask("typing", json!({ "room": room })).await.expect("told");
    let typing = ann_wire.push("typing").await;
    assert_eq!(typing["room"], room.as_str());

    let read = ann_wire
        .ask("read", json!({ "room": room, "seq": 2 }))
        .await
        .expect("read");
    assert_eq!(read["read_seq"], 2);
    let back = ann_wire
        .ask("read", json!({ "room": room, "seq": 1 }))
        .await
        .expect("read");
    assert_eq!(back["read_seq"], 2, "forwards only");
    let error = ann_wire
        .ask("read", json!({ "room": room, "seq": 99 }))
        .await
        .expect_err("above the head");
    assert_eq!(error["name"], "bad_request");

    crate::support::eventually("both are present", async || {
        let presence = server.told(&ann, &format!("/v1/rooms/{room}/presence")).await;
        crate::support::so(presence["count"] == 2, presence)
    })
    .await;
}

async fn whoever_comes_back_gets_what_was_missed(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let mut wire = Wire::open(server, &ann).await;
    let joined = wire
        .ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    drop(wire);
    let mut wire = Wire::open(server, &ann).await;
    for i in 0..5 {
        wire.ask("send", json!({ "room": room, "cid": cid(), "text": format!("{i}") }))
            .await
            .expect("sent");
    }
    let resume = json!({ "epoch": joined["epoch"], "seq": joined["seq"] });
    let again = wire
        .ask("subscribe", json!({ "room": room, "resume": resume }))
        .await
        .expect("subscribed");
    assert_eq!((&again["recovered"], &again["seq"]), (&json!(true), &json!(6)));
    for seq in 2..=6 {
        assert_eq!(wire.push("event").await["seq"], seq);
    }
    assert_eq!(wire.push("caught_up").await["seq"], 6);

    let ahead = json!({ "epoch": joined["epoch"], "seq": 1_000 });
    let refused = wire
        .ask("subscribe", json!({ "room": room, "resume": ahead }))
        .await
        .expect("subscribed");
    assert_eq!(
        (&refused["recovered"], &refused["reason"]),
        (&json!(false), &json!("ahead"))
    );
    let other = json!({ "epoch": cid(), "seq": 1 });
    let refused = wire
        .ask("subscribe", json!({ "room": room, "resume": other }))
        .await
        .expect("subscribed");
    assert_eq!(
        (&refused["recovered"], &refused["reason"]),
        (&json!(false), &json!("epoch"))
    );
    assert_eq!(refused["recent"].as_array().map(Vec::len), Some(5));
}

async fn whoever_is_banned_is_gone(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let mut wire = Wire::open(server, &ben).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    server
        .done(&ann, &format!("/v1/rooms/{room}/ban"), json!({ "user": ben.id }))
        .await;
    assert_eq!(wire.push("gone").await["room"], room.as_str());
    let error = wire
        .ask("send", json!({ "room": room, "cid": cid(), "text": "let me in" }))
        .await
        .expect_err("refused");
    assert_eq!(error["name"], "banned");
    server
        .done(&ann, &format!("/v1/rooms/{room}/unban"), json!({ "user": ben.id }))
        .await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
}

/// Gives commands in one message and waits for all; the seqs of their acks, in the order of the commands.
async fn seqs_of(wire: &mut Wire, ids: &mut u64, commands: Vec<Value>) -> Vec<u64> {
    let first = *ids;
    let frames = commands.into_iter().zip(first..).map(|(mut command, id)| {
        command["id"] = json!(id);
        command.to_string()
    });
    let frames: Vec<String> = frames.collect();
    *ids += frames.len() as u64;
    wire.say(frames.join("\n")).await;
    let mut seqs = Vec::new();
    for id in first..*ids {
        let ack = wire.reply(id).await.expect("it counts");
        seqs.push(ack["seq"].as_u64().expect("a seq"));
    }
    seqs
}

#[tokio::test]
async fn what_one_gives_to_a_room_keeps_its_order_also_where_it_is_looked_up_first() {
    const BURST: usize = 60;
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let mut wire = Wire::open(&server, &ann).await;
    let mut ids = 1_000;
    let send = |text: String| json!({ "send": { "room": room, "cid": cid(), "text": text } });
    // Until the window has forgotten the first of them: from then on each send without `since` is looked up.
    let mut head = 1;
    while head < 1_100 {
        let burst = (0..BURST).map(|number| send(format!("{number}"))).collect();
        head = *seqs_of(&mut wire, &mut ids, burst).await.last().expect("a seq");
    }
    for round in 0..10 {
        let burst = (0..BURST).map(|number| match number % 4 {
            // Not looked up, and no faster for it.
            1 => {
                let mut sent = send(format!("round {round}, number {number}"));
                sent["send"]["since"] = json!(head);
                sent
            }
            // Long out of what an edge holds: who wrote it is looked up.
            2 => json!({ "react": { "room": room, "cid": cid(), "seq": 2 + number, "emoji": format!("r{round}") } }),
            _ => send(format!("round {round}, number {number}")),
        });
        let seqs = seqs_of(&mut wire, &mut ids, burst.collect()).await;
        let expected: Vec<u64> = (head + 1..=head + BURST as u64).collect();
        assert_eq!(seqs, expected, "round {round}");
        head += BURST as u64;
    }
}
