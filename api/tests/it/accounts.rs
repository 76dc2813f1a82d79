//! One's own account, over both ways to run: name, password, an end for ever.

mod guessing;

use crate::support::both::{Site, both};
use crate::support::contract::{Answer, Contract};
use crate::support::wire::{Wire, request_with};
use crate::support::{Person, Server, cid, eventually, so};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(
    a_new_name_is_everywhere_at_once_and_what_was_said_keeps_the_old_one,
    a_changed_password_shows_everybody_else_out,
    who_is_deleted_is_nobody_any_more,
    only_the_name_goes_where_texts_are_to_stay,
    usernames_that_look_alike_are_one_or_none,
);

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "battery staple horse";

/// What signing in answers.
pub(crate) async fn login(server: &Server, who: &Person, password: &str) -> (StatusCode, Value) {
    let body = json!({ "username": who.username, "password": password });
    let answer = server.post("/v1/auth/login", None, body).await;
    (answer.status(), answer.json().await.expect("JSON"))
}

/// The same person on another device.
pub(crate) async fn again(server: &Server, who: &Person) -> Person {
    let (status, body) = login(server, who, PASSWORD).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let text = |field: &str| body[field].as_str().expect("a text").to_owned();
    Person {
        token: text("access_token"),
        refresh_token: text("refresh_token"),
        ..who.clone()
    }
}

/// Waits until an edge has heard that this token is good no more.
pub(crate) async fn is_refused(server: &Server, who: &Person, status: StatusCode) {
    eventually("the token is refused", async || {
        let answer = server.get("/v1/me", Some(&who.token)).await.status();
        so(answer == status, answer)
    })
    .await;
}

fn field(answer: &Answer) -> (u16, &str, Option<&str>) {
    (answer.status.as_u16(), answer.name(), answer.body["field"].as_str())
}

async fn a_new_name_is_everywhere_at_once_and_what_was_said_keeps_the_old_one(site: Site) {
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let ann = edge.register("ann").await;
    let room = edge.room(&ann, "private").await;
    let messages = format!("/v1/rooms/{room}/messages");
    edge.done(&ann, &messages, json!({ "text": "before", "cid": cid() }))
        .await;
    for (body, refused) in [
        (json!({}), (400, "bad_request", Some("display_name"))),
        (
            json!({ "display_name": "" }),
            (400, "bad_request", Some("display_name")),
        ),
        (
            json!({ "display_name": "a\u{0}b" }),
            (400, "bad_request", Some("display_name")),
        ),
        (
            json!({ "display_name": "x".repeat(81) }),
            (400, "bad_request", Some("display_name")),
        ),
        (json!({ "display_name": 7 }), (400, "bad_request", Some("display_name"))),
    ] {
        let answer = contract
            .ask(edge, Method::PATCH, "/v1/me", Some(&ann.token), Some(&body))
            .await;
        assert_eq!(field(&answer), refused, "{body}");
    }
    let nobody = contract
        .ask(edge, Method::PATCH, "/v1/me", None, Some(&json!({})))
        .await;
    assert_eq!(field(&nobody), (401, "unauthenticated", None));

    let request = edge.http.patch(format!("{}/v1/me", edge.url)).bearer_auth(&ann.token);
    let answer = request
        .json(&json!({ "display_name": "  Änn 🦀 " }))
        .send()
        .await
        .expect("an answer");
    let cookies = answer.headers().get_all("set-cookie").iter().count();
    assert_eq!(cookies, 1, "the access token's; the refresh token goes on");
    let answer = contract.check(&Method::PATCH, "/v1/me", answer).await;
    assert_eq!(answer.body["user"]["display_name"], "Änn 🦀");
    assert!(answer.body.get("refresh_token").is_none(), "{}", answer.body);
    let renamed = Person {
        token: answer.body["access_token"].as_str().expect("a token").to_owned(),
        ..ann.clone()
    };
    assert_eq!(site.other().told(&renamed, "/v1/me").await["display_name"], "Änn 🦀");
    let sent = edge
        .done(&renamed, &messages, json!({ "text": "after", "cid": cid() }))
        .await;
    let page = edge
        .told(&renamed, &format!("{messages}?min_seq={}", sent["seq"]))
        .await;
    let said: Vec<_> = page["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|said| &said["from"]["name"])
        .collect();
    assert_eq!(said, ["ann", "Änn 🦀"]);
    a_session_goes_on_by_the_new_name(edge, &ann, &renamed, &room).await;
}

async fn a_session_goes_on_by_the_new_name(edge: &Server, ann: &Person, renamed: &Person, room: &str) {
    let messages = format!("/v1/rooms/{room}/messages");
    let mut wire = Wire::open(edge, ann).await;
    wire.ask("auth", json!({ "token": renamed.token }))
        .await
        .expect("the same person");
    let sent = wire
        .ask("send", json!({ "room": room, "cid": cid(), "text": "again" }))
        .await
        .expect("sent");
    let page = edge
        .told(renamed, &format!("{messages}?min_seq={}&limit=1", sent["seq"]))
        .await;
    assert_eq!(page["messages"][0]["from"]["name"], "Änn 🦀");
}

async fn a_changed_password_shows_everybody_else_out(site: Site) {
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let ann = edge.register("ann").await;
    let elsewhere = again(site.other(), &ann).await;
    let mut here = Wire::open(edge, &ann).await;
    let mut there = Wire::open(site.other(), &elsewhere).await;
    let change = async |token: Option<&str>, body: Value| {
        contract
            .ask(edge, Method::POST, "/v1/me/password", token, Some(&body))
            .await
    };
    let token = Some(ann.token.as_str());
    for (body, refused) in [
        (json!({ "old": OTHER, "new": OTHER }), (403, "forbidden", Some("old"))),
        (
            json!({ "old": PASSWORD, "new": "short" }),
            (400, "bad_request", Some("new")),
        ),
        (
            json!({ "old": PASSWORD, "new": "x".repeat(257) }),
            (400, "bad_request", Some("new")),
        ),
        (json!({ "old": PASSWORD }), (400, "bad_request", Some("new"))),
        (json!({ "new": OTHER }), (400, "bad_request", Some("old"))),
    ] {
        assert_eq!(field(&change(token, body.clone()).await), refused, "{body}");
    }
    assert_eq!(change(None, json!({})).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        login(edge, &ann, PASSWORD).await.0,
        StatusCode::OK,
        "nothing was changed"
    );

    let changed = change(token, json!({ "old": PASSWORD, "new": OTHER })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    let bye = there.bye().await;
    assert_eq!((&bye["code"], &bye["resume"]), (&json!(4002), &json!(false)), "{bye}");
    for edge in [site.edge(), site.other()] {
        is_refused(edge, &elsewhere, StatusCode::UNAUTHORIZED).await;
        edge.told(&ann, "/v1/me").await;
    }
    here.ask("ping", json!({})).await.expect("one's own session goes on");
    assert_eq!(login(edge, &ann, PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(login(site.other(), &ann, OTHER).await.0, StatusCode::OK);
    let guest = edge
        .post("/v1/auth/guest", None, json!({ "display_name": "Guest" }))
        .await;
    let guest: Value = guest.json().await.expect("JSON");
    let body = json!({ "old": "", "new": OTHER });
    let answer = change(guest["access_token"].as_str(), body).await;
    assert_eq!(field(&answer), (409, "conflict", None), "a guest has none");
}

/// Ann and ben in a room, where ann has said something that ben listens to on the other edge.
async fn talking(site: &Site) -> (Person, Person, String, Wire) {
    let (edge, other) = (site.edge(), site.other());
    let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
    let room = edge.room(&ann, "public").await;
    edge.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    eventually("the other edge knows", async || {
        let seen = other.get(&format!("/v1/rooms/{room}"), Some(&ben.token)).await;
        let seen: Value = seen.json().await.expect("JSON");
        so(seen["role"] == "member", seen)
    })
    .await;
    let mut wire = Wire::open(other, &ben).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let said = json!({ "text": "I was here", "cid": cid() });
    edge.done(&ann, &format!("/v1/rooms/{room}/messages"), said).await;
    let event = wire.push("event").await;
    assert_eq!(
        (&event["from"]["name"], &event["body"]["text"]),
        (&json!("ann"), &json!("I was here"))
    );
    (ann, ben, room, wire)
}

/// What everybody is shown of the one message of a room: by page and by recent, on every edge.
async fn shown(site: &Site, who: &Person, room: &str, name: &str, text: &str) {
    for edge in [site.edge(), site.other()] {
        for list in ["messages", "recent"] {
            eventually("all are shown the same", async || {
                let page = edge.told(who, &format!("/v1/rooms/{room}/{list}")).await;
                let said = &page["messages"][0];
                so(said["from"]["name"] == name && said["text"] == text, page.clone())
            })
            .await;
        }
    }
}

async fn who_is_deleted_is_nobody_any_more(site: Site) {
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let (ann, ben, room, _wire) = talking(&site).await;
    let mut session = Wire::open(site.other(), &ann).await;
    let delete =
        async |token: Option<&str>, body: Value| contract.ask(edge, Method::DELETE, "/v1/me", token, Some(&body)).await;
    let token = Some(ann.token.as_str());
    for (body, refused) in [
        (json!({}), (403, "forbidden", Some("password"))),
        (json!({ "password": OTHER }), (403, "forbidden", Some("password"))),
        (
            json!({ "password": PASSWORD, "texts": "yes" }),
            (400, "bad_request", Some("texts")),
        ),
    ] {
        assert_eq!(field(&delete(token, body.clone()).await), refused, "{body}");
    }
    assert_eq!(delete(None, json!({})).await.status, StatusCode::UNAUTHORIZED);

    let deleted = delete(token, json!({ "password": PASSWORD, "texts": true })).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let bye = session.bye().await;
    assert_eq!((&bye["code"], &bye["resume"]), (&json!(4003), &json!(false)), "{bye}");
    shown(&site, &ben, &room, "deleted user", "").await;
    // Who comes back to the room is told the same, and so is who has missed it.
    let mut back = Wire::open(site.other(), &ben).await;
    let subscribed = back
        .ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let said = &subscribed["recent"][0];
    assert_eq!(
        (&said["from"]["name"], &said["text"]),
        (&json!("deleted user"), &json!(""))
    );
    let mut missed = Wire::open(site.other(), &ben).await;
    let resume = json!({ "room": room, "resume": { "epoch": subscribed["epoch"], "seq": 0 } });
    assert_eq!(
        missed.ask("subscribe", resume).await.expect("subscribed")["recovered"],
        true
    );
    let said = loop {
        let event = missed.push("event").await;
        assert_ne!(event["from"]["name"], "ann", "{event}");
        if event["type"] == "message_sent" {
            break event;
        }
    };
    assert_eq!(
        (&said["from"]["name"], &said["body"]["text"]),
        (&json!("deleted user"), &json!(""))
    );

    nothing_of_theirs_is_good(&site, &ann, &ben).await;
}

async fn nothing_of_theirs_is_good(site: &Site, ann: &Person, ben: &Person) {
    for edge in [site.edge(), site.other()] {
        is_refused(edge, ann, StatusCode::FORBIDDEN).await;
        assert_eq!(login(edge, ann, PASSWORD).await.0, StatusCode::UNAUTHORIZED);
        let refresh = json!({ "refresh_token": ann.refresh_token });
        assert_eq!(
            edge.post("/v1/auth/refresh", None, refresh).await.status(),
            StatusCode::UNAUTHORIZED
        );
        let wanted = json!({ "username": ann.username, "password": PASSWORD });
        let answer = edge.post("/v1/auth/register", None, wanted).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "never given twice");
        let direct = edge
            .post(&format!("/v1/direct/{}", ann.username), Some(&ben.token), json!({}))
            .await;
        assert_eq!(direct.status(), StatusCode::NOT_FOUND);
    }
    let bearer = format!("Bearer {}", ann.token);
    let request = request_with(site.other(), "authorization", &bearer);
    let mut refused = Wire::connect(site.other(), request).await.expect("connected");
    assert_eq!(refused.bye().await["code"], 4003);
}

async fn only_the_name_goes_where_texts_are_to_stay(site: Site) {
    let (ann, ben, room, _wire) = talking(&site).await;
    let contract = Contract::of(site.edge()).await;
    let body = json!({ "password": PASSWORD });
    let deleted = contract
        .ask(site.other(), Method::DELETE, "/v1/me", Some(&ann.token), Some(&body))
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    shown(&site, &ben, &room, "deleted user", "I was here").await;
}

async fn usernames_that_look_alike_are_one_or_none(site: Site) {
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let register = async |username: &str| {
        let body = json!({ "username": username, "password": PASSWORD });
        contract
            .ask(edge, Method::POST, "/v1/auth/register", None, Some(&body))
            .await
    };
    assert_eq!(register("annabel").await.body["user"]["username"], "annabel");
    let alike = register("\u{ff41}nn\u{24d0}bel").await;
    assert_eq!(
        field(&alike),
        (409, "conflict", Some("username")),
        "full width and circled are the same letters"
    );
    for bad in [
        "\u{430}nnabel",
        "annabel\u{0}",
        "annabel' OR 1=1--",
        "an",
        "ANNABEL",
        "ann\u{200b}abel",
    ] {
        assert_eq!(
            field(&register(bad).await),
            (400, "bad_request", Some("username")),
            "{bad:?}"
        );
    }
    let signed_in = json!({ "username": "\u{ff41}nnabel", "password": PASSWORD });
    let answer = site.other().post("/v1/auth/login", None, signed_in).await;
    assert_eq!(answer.status(), StatusCode::OK, "in whatever guise it is written");
}
