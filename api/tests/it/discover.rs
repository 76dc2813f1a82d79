//! Rooms that one may join: those with an invitation, and those that anybody may find.

use crate::support::both::{Site, both};
use crate::support::server::text;
use crate::support::{Person, Server, eventually, so};
use serde_json::{Value, json};

both!(
    rooms_are_found_until_one_has_them,
    invitations_are_listed_until_they_are_used_up
);

async fn room(server: &Server, owner: &Person, name: &str, kind: &str) -> String {
    let body = json!({ "name": name, "kind": kind, "topic": "a topic" });
    text(&server.done(owner, "/v1/rooms", body).await["id"])
}

async fn discover(server: &Server, who: &Person, query: &[(&str, &str)]) -> Value {
    let request = server
        .http
        .get(format!("{}/v1/rooms/discover", server.url))
        .query(query);
    let answer = request.bearer_auth(&who.token).send().await.expect("an answer");
    let status = answer.status();
    let body: Value = answer.json().await.expect("JSON");
    assert!(status.is_success(), "{query:?}: {status} {body}");
    body
}

fn ids(rooms: &Value) -> Vec<String> {
    let rooms = rooms.as_array().expect("a list").iter();
    rooms.map(|room| text(&room["id"])).collect()
}

/// Waits until exactly these rooms are found.
async fn finds(server: &Server, who: &Person, prefix: &str, expected: &[&String]) -> Value {
    eventually("they are found", async || {
        let found = discover(server, who, &[("prefix", prefix)]).await;
        let is_so = ids(&found["rooms"]).iter().eq(expected.iter().copied());
        so(is_so, &found).map(|()| found)
    })
    .await
}

async fn rooms_are_found_until_one_has_them(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    // A beginning that nobody else's room has.
    let prefix = uuid::Uuid::new_v4().simple().to_string();
    let named = |rest: &str| format!("{}{rest}", prefix.to_uppercase());
    let a = room(server, &ann, &named(" a"), "public").await;
    let b = room(server, &ann, &named(" b%_"), "open").await;
    let c = room(server, &ann, &named(" C"), "public").await;
    let hidden = room(server, &ann, &named(" d"), "private").await;
    let found = finds(server, &ben, &prefix, &[&a, &b, &c]).await;
    assert_eq!(
        found["rooms"][0],
        json!({ "id": a, "kind": "public", "name": named(" a"), "topic": "a topic", "messages": 0, "members": 1 })
    );
    assert_eq!(found["rooms"][1].get("members"), None);
    assert_eq!(found["after"], Value::Null);
    assert!(!found.to_string().contains(&hidden));
    finds(site.other(), &ann, &prefix, &[]).await;
    finds(server, &ben, &format!("{prefix} b%"), &[&b]).await;
    finds(server, &ben, &format!("{prefix} _"), &[]).await;

    let first = discover(server, &ben, &[("prefix", &prefix), ("limit", "2")]).await;
    assert_eq!(ids(&first["rooms"]), [&*a, &*b]);
    let after = text(&first["after"]);
    let rest = discover(server, &ben, &[("prefix", &prefix), ("limit", "2"), ("after", &after)]).await;
    assert_eq!((ids(&rest["rooms"]), &rest["after"]), (vec![c.clone()], &Value::Null));

    server.done(&ben, &format!("/v1/rooms/{a}/join"), json!({})).await;
    finds(server, &ben, &prefix, &[&b, &c]).await;
    server
        .done(&ann, &format!("/v1/rooms/{c}/ban"), json!({ "user": ben.id }))
        .await;
    finds(server, &ben, &prefix, &[&b]).await;
    server
        .done(&ben, &format!("/v1/rooms/{b}/read"), json!({ "seq": 1 }))
        .await;
    finds(server, &ben, &prefix, &[]).await;
    let eve = server.register("eve").await;
    let gone = server
        .http
        .delete(format!("{}/v1/rooms/{a}", server.url))
        .bearer_auth(&ann.token);
    assert_eq!(gone.send().await.expect("an answer").status(), 200);
    finds(server, &eve, &prefix, &[&b, &c]).await;

    let long = "a".repeat(81);
    for wrong in [
        ("prefix", &*long),
        ("prefix", "a\0"),
        ("after", "nonsense!"),
        ("after", "AAAA"),
        ("limit", "51"),
    ] {
        let request = server
            .http
            .get(format!("{}/v1/rooms/discover", server.url))
            .query(&[wrong]);
        let answer = request.bearer_auth(&ben.token).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{wrong:?}");
    }
    assert_eq!(server.get("/v1/rooms/discover", None).await.status(), 401);
}

async fn invitations_are_listed_until_they_are_used_up(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        let id = room(server, &ann, name, "private").await;
        server
            .done(&ann, &format!("/v1/rooms/{id}/invite"), json!({ "user": ben.id }))
            .await;
        rooms.push(id);
    }
    rooms.sort();
    let listed = async |expected: &[String]| {
        eventually("they are listed", async || {
            let listed = server.told(&ben, "/v1/invitations").await;
            so(ids(&listed["invitations"]) == expected, &listed).map(|()| listed)
        })
        .await
    };
    let all = listed(&rooms).await;
    let first = &all["invitations"][0];
    assert_eq!(
        (&first["topic"], &first["kind"], &first["invited_by"]),
        (&json!("a topic"), &json!("private"), &json!(ann.id))
    );
    let page = server.told(&ben, "/v1/invitations?limit=2").await;
    assert_eq!(
        (ids(&page["invitations"]), &page["after"]),
        (rooms[..2].to_vec(), &json!(rooms[1]))
    );
    let rest = server
        .told(&ben, &format!("/v1/invitations?limit=2&after={}", rooms[1]))
        .await;
    assert_eq!(
        (ids(&rest["invitations"]), &rest["after"]),
        (rooms[2..].to_vec(), &Value::Null)
    );
    assert_eq!(
        server.told(&ann, "/v1/invitations").await["invitations"],
        json!([]),
        "another's are not yours"
    );

    server
        .done(&ben, &format!("/v1/rooms/{}/join", rooms[0]), json!({}))
        .await;
    listed(&rooms[1..]).await;
    server
        .done(&ann, &format!("/v1/rooms/{}/kick", rooms[1]), json!({ "user": ben.id }))
        .await;
    listed(&rooms[2..]).await;
    let gone = server
        .http
        .delete(format!("{}/v1/rooms/{}", server.url, rooms[2]))
        .bearer_auth(&ann.token);
    assert_eq!(gone.send().await.expect("an answer").status(), 200);
    listed(&[]).await;
}
