//! What a replay does not show: texts that were deleted since, of people who were erased, and of what never counted.

use super::{events, say};
use crate::support::both::{Site, both};
use crate::support::{Person, Server, eventually, so};
use serde_json::{Value, json};

both!(
    deleted_texts_are_for_those_who_may_delete,
    erased_people_are_erased_here_too
);

async fn delete(server: &Server, who: &Person, room: &str, seq: &Value) {
    let path = format!("{}/v1/rooms/{room}/messages/{seq}", server.url);
    let answer = server.http.delete(path).bearer_auth(&who.token).send().await;
    assert!(answer.expect("an answer").status().is_success());
}

fn texts(events: &[Value]) -> Vec<(&str, Option<&str>, bool)> {
    let said = events
        .iter()
        .filter(|event| ["message_sent", "message_edited"].contains(&event["type"].as_str().unwrap_or_default()));
    said.map(|event| {
        let text = event["body"]["text"].as_str().expect("a text");
        (text, event["withheld"].as_str(), event["datum"].is_string())
    })
    .collect()
}

async fn deleted_texts_are_for_those_who_may_delete(site: Site) {
    let server = site.edge();
    let [ann, ben, cat] = [
        server.register("ann").await,
        server.register("ben").await,
        server.register("cat").await,
    ];
    let room = server.room(&ann, "public").await;
    for member in [&ben, &cat] {
        server.done(member, &format!("/v1/rooms/{room}/join"), json!({})).await;
    }
    let said = say(server, &ben, &room, ["secret".to_owned(), "kept".to_owned()]).await;
    let edit = format!("{}/v1/rooms/{room}/messages/{}", server.url, said[0]["seq"]);
    let edit = server
        .http
        .patch(edit)
        .bearer_auth(&ben.token)
        .json(&json!({ "text": "secret still" }));
    assert!(edit.send().await.expect("an answer").status().is_success());
    let shown = [
        ("secret", None, true),
        ("kept", None, true),
        ("secret still", None, true),
    ];
    assert_eq!(texts(&events(server, &cat, &room, "datum=true").await), shown);
    delete(server, &ben, &room, &said[0]["seq"]).await;
    let withheld = [
        ("", Some("deleted"), false),
        ("kept", None, true),
        ("", Some("deleted"), false),
    ];
    for (who, expected) in [(&cat, withheld), (&ben, shown), (&ann, shown)] {
        let all = events(server, who, &room, "datum=true").await;
        assert_eq!(texts(&all), expected, "{}", who.username);
        assert!(
            all.iter().all(|event| event["digest"].is_string()),
            "the chain is whole for everyone"
        );
    }
    // Where the deletion itself lies behind the end, it counts too.
    let before = events(server, &cat, &room, &format!("datum=true&to_seq={}", said[1]["seq"])).await;
    assert_eq!(texts(&before), withheld[..2]);
}

async fn erased_people_are_erased_here_too(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "open").await;
    say(server, &ben, &room, ["of ben".to_owned()]).await;
    let erase = server
        .http
        .delete(format!("{}/v1/me", server.url))
        .bearer_auth(&ben.token);
    let body = json!({ "password": "correct horse battery", "texts": true });
    let erased = erase.json(&body).send().await.expect("an answer");
    assert!(
        erased.status().is_success(),
        "{}",
        erased.text().await.unwrap_or_default()
    );
    eventually("it is empty", async || {
        let all = events(site.other(), &ann, &room, "datum=true").await;
        let of_ben = all
            .iter()
            .find(|event| event["from"]["id"] == ben.id.as_str())
            .expect("it stays");
        let is = (
            &of_ben["from"]["name"],
            &of_ben["body"]["text"],
            &of_ben["withheld"],
            &of_ben["datum"],
        );
        so(
            is == (&json!("deleted user"), &json!(""), &json!("erased"), &Value::Null),
            is,
        )
    })
    .await;
}
