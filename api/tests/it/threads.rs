//! Single messages, threads, and pages that say where they go on.

use crate::support::both::{Site, both};
use crate::support::{Person, Server, cid};
use serde_json::{Value, json};

both!(
    a_thread_has_its_replies,
    a_thread_far_back_is_read_from_history,
    pages_say_where_they_go_on,
    what_is_answered_must_be_a_message
);

async fn say(server: &Server, who: &Person, room: &str, body: Value) -> u64 {
    let said = server.done(who, &format!("/v1/rooms/{room}/messages"), body).await;
    said["seq"].as_u64().expect("a seq")
}

fn seqs(messages: &Value) -> Vec<u64> {
    let messages = messages.as_array().expect("a list").iter();
    messages
        .map(|message| message["seq"].as_u64().expect("a seq"))
        .collect()
}

async fn status(server: &Server, who: &Person, path: &str) -> u16 {
    server.get(path, Some(&who.token)).await.status().as_u16()
}

async fn a_thread_has_its_replies(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "private").await;
    let path = format!("/v1/rooms/{room}/messages");
    let question = say(server, &ann, &room, json!({ "text": "who comes?" })).await;
    let aside = say(server, &ann, &room, json!({ "text": "something else" })).await;
    let mut replies = Vec::new();
    for number in 0..3 {
        let reply = json!({ "text": format!("me, {number}"), "reply_to": question });
        replies.push(say(server, &ann, &room, reply).await);
    }
    let gone = server
        .http
        .delete(format!("{}{path}/{}", server.url, replies[1]))
        .bearer_auth(&ann.token);
    let gone: Value = gone.send().await.expect("an answer").json().await.expect("JSON");
    let thread = server
        .told(&ann, &format!("{path}/{question}/thread?min_seq={}", gone["seq"]))
        .await;
    assert_eq!(thread["message"]["text"], "who comes?");
    assert_eq!(seqs(&thread["replies"]), replies);
    assert_eq!((&thread["count"], &thread["after"]), (&json!(3), &Value::Null));
    assert_eq!(thread["replies"][1]["deleted"], true, "a tombstone keeps its place");
    let first = server.told(&ann, &format!("{path}/{question}/thread?limit=2")).await;
    assert_eq!(
        (seqs(&first["replies"]), &first["after"]),
        (replies[..2].to_vec(), &json!(replies[1]))
    );
    let rest = server
        .told(&ann, &format!("{path}/{question}/thread?after={}", replies[1]))
        .await;
    assert_eq!(
        (seqs(&rest["replies"]), &rest["after"]),
        (replies[2..].to_vec(), &Value::Null)
    );
    let alone = server.told(&ann, &format!("{path}/{aside}/thread")).await;
    assert_eq!((&alone["replies"], &alone["count"]), (&json!([]), &json!(0)));

    let one = server.told(&ann, &format!("{path}/{aside}")).await;
    assert_eq!((&one["seq"], &one["text"]), (&json!(aside), &json!("something else")));
    for nothing in ["0", "1", "99", "x", "-1", "9007199254740992", "1/thread", "99/thread"] {
        assert_eq!(
            status(server, &ann, &format!("{path}/{nothing}")).await,
            404,
            "{nothing}"
        );
    }
    for (tail, expected) in [("", 404), ("/thread", 404)] {
        assert_eq!(
            status(server, &ben, &format!("{path}/{question}{tail}")).await,
            expected
        );
    }
    server
        .done(&ann, &format!("/v1/rooms/{room}/invite"), json!({ "user": ben.id }))
        .await;
    for tail in ["", "/thread"] {
        assert_eq!(
            status(server, &ben, &format!("{path}/{question}{tail}")).await,
            403,
            "invited"
        );
    }
}

async fn a_thread_far_back_is_read_from_history(site: Site) {
    // More than a room has at hand.
    const AFTER: usize = 120;
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "open").await;
    let path = format!("/v1/rooms/{room}/messages");
    let question = say(server, &ann, &room, json!({ "text": "who comes?" })).await;
    let early = say(server, &ann, &room, json!({ "text": "me", "reply_to": question })).await;
    for number in 0..AFTER {
        say(server, &ann, &room, json!({ "text": number.to_string() })).await;
    }
    let late = say(server, &ann, &room, json!({ "text": "me too", "reply_to": question })).await;
    for edge in [server, site.other()] {
        let thread = edge
            .told(&ann, &format!("{path}/{question}/thread?min_seq={late}"))
            .await;
        assert_eq!(seqs(&thread["replies"]), [early, late]);
        assert_eq!(
            (&thread["message"]["seq"], &thread["count"]),
            (&json!(question), &json!(2))
        );
        let one = edge.told(&ann, &format!("{path}/{question}")).await;
        assert_eq!(one["text"], "who comes?");
        assert_eq!(
            status(edge, &ann, &format!("{path}/1")).await,
            404,
            "the room's beginning"
        );
    }
    let refused = server
        .post(&path, Some(&ann.token), json!({ "text": "what?", "reply_to": 1 }))
        .await;
    assert_eq!(refused.status(), 404, "history knows that it is none");
}

async fn pages_say_where_they_go_on(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}/messages");
    let empty = server.told(&ann, &path).await;
    assert_eq!(empty, json!({ "messages": [], "before": null, "after": null }));
    let mut last = 0;
    for number in 0..7 {
        last = say(server, &ann, &room, json!({ "text": number.to_string() })).await;
    }
    let all: Vec<u64> = (2..=last).collect();
    let walk = async |first: &str, direction: &str| {
        let mut found = Vec::new();
        let mut query = format!("{first}&min_seq={last}");
        loop {
            let page = server.told(&ann, &format!("{path}?limit=3&{query}")).await;
            found.push(seqs(&page["messages"]));
            match page[direction].as_u64() {
                Some(seq) => query = format!("{direction}={seq}"),
                None => return found,
            }
        }
    };
    assert_eq!(
        walk("", "before").await,
        [all[4..].to_vec(), all[1..4].to_vec(), all[..1].to_vec()]
    );
    assert_eq!(
        walk("after=0", "after").await,
        [all[..3].to_vec(), all[3..6].to_vec(), all[6..].to_vec()]
    );
    let middle = server.told(&ann, &format!("{path}?limit=2&before=6")).await;
    assert_eq!((&middle["before"], &middle["after"]), (&json!(4), &json!(5)));
    let beyond = server.told(&ann, &format!("{path}?after={last}")).await;
    assert_eq!((&beyond["before"], &beyond["after"]), (&json!(last + 1), &Value::Null));
    let before = server.told(&ann, &format!("{path}?before=2")).await;
    assert_eq!((&before["before"], &before["after"]), (&Value::Null, &json!(1)));
    let recent = server
        .told(&ann, &format!("/v1/rooms/{room}/recent?limit=2&min_seq={last}"))
        .await;
    assert_eq!(seqs(&recent["messages"]), all[5..]);
    for wrong in [
        "limit=0",
        "limit=201",
        "before=1&after=2",
        "before=x",
        "after=9007199254740992",
    ] {
        assert_eq!(status(server, &ann, &format!("{path}?{wrong}")).await, 400, "{wrong}");
    }
}

async fn what_is_answered_must_be_a_message(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}/messages");
    let said = say(server, &ann, &room, json!({ "text": "hello" })).await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    for nothing in [0, 1, said + 1, 9_999] {
        let reply = json!({ "text": "what?", "reply_to": nothing, "cid": cid() });
        let refused = server.post(&path, Some(&ben.token), reply).await;
        assert_eq!(refused.status(), 404, "{nothing}");
    }
    let reply = json!({ "text": "yes?", "reply_to": said });
    let replied = say(server, &ben, &room, reply).await;
    let gone = server
        .http
        .delete(format!("{}{path}/{said}", server.url))
        .bearer_auth(&ann.token);
    assert_eq!(gone.send().await.expect("an answer").status(), 200);
    let reply = json!({ "text": "still there?", "reply_to": said });
    let again = say(server, &ben, &room, reply).await;
    let thread = server
        .told(&ben, &format!("{path}/{said}/thread?min_seq={again}"))
        .await;
    assert_eq!(
        seqs(&thread["replies"]),
        [replied, again],
        "a tombstone may be answered"
    );
}
