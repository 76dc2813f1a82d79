//! REST where all is well.

use crate::support::both::{Site, both};
use crate::support::server::text;
use crate::support::{Server, cid, eventually, so};
use serde_json::{Value, json};

both!(
    coming_in_staying_in_and_going,
    a_room_from_its_beginning_to_its_end,
    messages_are_sent_once_and_paged_by_seq,
    two_people_have_one_direct_room,
    everybody_may_speak_in_general
);

async fn coming_in_staying_in_and_going(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let me = server.told(&ann, "/v1/me").await;
    assert_eq!(
        (&me["id"], &me["username"], &me["display_name"]),
        (&json!(ann.id), &json!(ann.username), &json!("ann"))
    );

    let login = json!({ "username": ann.username, "password": "correct horse battery" });
    let answer = server.post("/v1/auth/login", None, login).await;
    assert_eq!(answer.status(), 200);
    let cookies: Vec<String> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().expect("ASCII").to_owned())
        .collect();
    assert_eq!(cookies.len(), 2);
    assert!(
        cookies
            .iter()
            .all(|cookie| cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax")),
        "{cookies:?}"
    );
    let again: Value = answer.json().await.expect("JSON");
    assert_eq!(again["user"]["id"], ann.id.as_str());

    let fresh = server
        .post(
            "/v1/auth/refresh",
            None,
            json!({ "refresh_token": again["refresh_token"] }),
        )
        .await;
    let fresh: Value = fresh.json().await.expect("JSON");
    let token = text(&fresh["access_token"]);
    let gone = server.post("/v1/auth/logout", Some(&token), json!({})).await;
    assert_eq!(gone.status(), 204);
    let refresh = json!({ "refresh_token": fresh["refresh_token"] });
    let ended = site.other().post("/v1/auth/refresh", None, refresh).await;
    assert_eq!(ended.status(), 401);

    let guest = server
        .post("/v1/auth/guest", None, json!({ "display_name": "  Somebody " }))
        .await;
    assert_eq!(guest.status(), 201);
    let guest: Value = guest.json().await.expect("JSON");
    assert_eq!(
        guest["user"],
        json!({ "id": guest["user"]["id"], "display_name": "Somebody" })
    );
}

async fn a_room_from_its_beginning_to_its_end(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let answer = server
        .post(
            "/v1/rooms",
            Some(&ann.token),
            json!({ "name": " Tea ", "kind": "private", "topic": "leaves" }),
        )
        .await;
    assert_eq!(answer.status(), 201);
    let room: Value = answer.json().await.expect("JSON");
    let path = format!("/v1/rooms/{}", text(&room["id"]));
    assert_eq!(
        (&room["name"], &room["owner"], &room["role"]),
        (&json!("Tea"), &json!(ann.id), &json!("owner"))
    );
    assert_eq!(room["head"]["seq"], 1);
    assert!(room["head"]["pos"]["offset"].is_u64(), "{room}");

    assert_eq!(server.get(&path, Some(&ben.token)).await.status(), 404);
    server
        .done(&ann, &format!("{path}/invite"), json!({ "user": ben.id }))
        .await;
    let seen = server.told(&ben, &path).await;
    assert_eq!((&seen["name"], &seen["role"]), (&json!("Tea"), &Value::Null));
    server.done(&ben, &format!("{path}/join"), json!({})).await;
    server
        .done(
            &ann,
            &format!("{path}/role"),
            json!({ "user": ben.id, "role": "moderator" }),
        )
        .await;
    let members = server.told(&ann, &format!("{path}/members")).await;
    let named: Vec<_> = members["members"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|member| {
            (
                &member["id"],
                &member["username"],
                &member["display_name"],
                &member["role"],
            )
        })
        .collect();
    let ann_shown = (&json!(ann.id), &json!(ann.username), &json!("ann"), &json!("owner"));
    let ben_shown = (&json!(ben.id), &json!(ben.username), &json!("ben"), &json!("moderator"));
    assert!(
        named.len() == 2 && named.contains(&ann_shown) && named.contains(&ben_shown),
        "{members}"
    );

    let first = server.told(&ann, &format!("{path}/members?limit=1")).await;
    let next = text(&first["after"]);
    let second = server.told(&ann, &format!("{path}/members?limit=1&after={next}")).await;
    assert_eq!(
        (
            second["members"][0]["id"] == first["members"][0]["id"],
            &second["after"]
        ),
        (false, &Value::Null)
    );

    let renamed = server
        .http
        .patch(format!("{}{path}", server.url))
        .bearer_auth(&ann.token)
        .json(&json!({ "name": "Coffee" }));
    assert_eq!(renamed.send().await.expect("an answer").status(), 200);
    assert_eq!(server.told(&ben, &path).await["name"], "Coffee");
    eventually("the room is listed", async || {
        let mine = server.told(&ben, "/v1/rooms").await;
        let rooms = mine["rooms"].as_array();
        let is_listed = rooms.is_some_and(|rooms| rooms.iter().any(|listed| listed["name"] == "Coffee"));
        so(is_listed, mine)
    })
    .await;

    server.done(&ben, &format!("{path}/leave"), json!({})).await;
    let deleted = server
        .http
        .delete(format!("{}{path}", server.url))
        .bearer_auth(&ann.token)
        .send()
        .await;
    assert_eq!(deleted.expect("an answer").status(), 200);
    let gone = server.get(&path, Some(&ann.token)).await;
    assert_eq!(gone.status(), 410);
}

async fn messages_are_sent_once_and_paged_by_seq(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let path = format!("/v1/rooms/{room}/messages");
    let mut last = Value::Null;
    for i in 1..=10 {
        last = server
            .done(&ann, &path, json!({ "text": format!("message {i}"), "cid": cid() }))
            .await;
    }
    let with_key = || {
        let request = server
            .http
            .post(format!("{}{path}", server.url))
            .bearer_auth(&ann.token);
        request
            .header("idempotency-key", "the eleventh")
            .json(&json!({ "text": "message 11" }))
            .send()
    };
    let (first, second): (Value, Value) = (
        with_key().await.expect("an answer").json().await.expect("JSON"),
        with_key().await.expect("an answer").json().await.expect("JSON"),
    );
    assert_eq!(
        (&first["seq"], &second["seq"], &second["duplicate"]),
        (&json!(12), &json!(12), &json!(true))
    );
    assert_eq!(last["seq"], 11);

    let texts = async |query: &str| -> Vec<u64> {
        let page = server.told(&ann, &format!("{path}?min_seq=12&{query}")).await;
        page["messages"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|message| message["seq"].as_u64().expect("a seq"))
            .collect()
    };
    assert_eq!(texts("limit=3").await, [10, 11, 12]);
    assert_eq!(texts("before=10&limit=3").await, [7, 8, 9]);
    assert_eq!(texts("after=2&limit=3").await, [3, 4, 5]);
    assert_eq!(texts("after=12").await, [0_u64; 0]);
}

async fn two_people_have_one_direct_room(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let one = server
        .done(&ann, &format!("/v1/direct/{}", ben.username), json!({}))
        .await;
    let other = server
        .done(&ben, &format!("/v1/direct/{}", ann.username), json!({}))
        .await;
    assert_eq!((&one["id"], &one["kind"]), (&other["id"], &json!("direct")));
}

async fn everybody_may_speak_in_general(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let general = engine::domain::RoomId::general();
    let sent = server
        .done(
            &ann,
            &format!("/v1/rooms/{general}/messages"),
            json!({ "text": "hello, world" }),
        )
        .await;
    assert!(sent["seq"].as_u64() > Some(1), "{sent}");
}

#[tokio::test]
async fn those_who_run_it_are_told_how_it_is() {
    let server = Server::embedded().await;
    assert_eq!(server.get("/livez", None).await.status(), 200);
    let ready: Value = server.get("/readyz", None).await.json().await.expect("JSON");
    assert_eq!(ready["ready"], true, "{ready}");
    assert_eq!(ready["dependencies"]["log"], "up", "{ready}");
    server.register("ann").await;
    let metrics = server.get("/metrics", None).await.text().await.expect("a text");
    assert!(metrics.contains("# HELP roomlog_http_request_seconds"), "{metrics}");
    let described: Vec<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    for line in described {
        let name = line.split(' ').next().expect("a name");
        assert!(
            metrics.contains(&format!("# HELP {name} ")),
            "{name} has no description"
        );
    }
}
