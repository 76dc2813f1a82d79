//! Messages are found by their words, by those who may read them.

use crate::support::both::{Site, both};
use crate::support::server::text;
use crate::support::{Person, Server, Wire, cid, eventually, so};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

both!(
    messages_are_found_and_shown_where,
    nobody_finds_what_is_not_for_them,
    a_search_goes_on_page_by_page,
    what_is_no_search_is_refused
);

/// A word that nobody else has.
fn word() -> String {
    format!("w{}", uuid::Uuid::new_v4().simple())
}

async fn say(server: &Server, who: &Person, room: &str, body: Value) -> u64 {
    let said = server.done(who, &format!("/v1/rooms/{room}/messages"), body).await;
    said["seq"].as_u64().expect("a seq")
}

async fn search(server: &Server, who: &Person, query: &[(&str, &str)]) -> Value {
    let request = server.http.get(format!("{}/v1/search", server.url)).query(query);
    let answer = request.bearer_auth(&who.token).send().await.expect("an answer");
    let status = answer.status();
    let body: Value = answer.json().await.expect("JSON");
    assert!(status.is_success(), "{query:?}: {status} {body}");
    body
}

/// What is said next has another time than what was said before: times are whole milliseconds.
async fn a_millisecond_passes() {
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.expect("it is after 1970").as_millis()
    };
    let before = now();
    while now() <= before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The texts that are found, newest first, once they are as expected.
async fn finds(server: &Server, who: &Person, query: &[(&str, &str)], expected: &[&str]) -> Value {
    eventually("they are found", async || {
        let found = search(server, who, query).await;
        let hits = found["hits"].as_array().expect("a list").iter();
        let texts: Vec<&str> = hits.filter_map(|hit| hit["message"]["text"].as_str()).collect();
        so(texts == expected, &found).map(|()| found)
    })
    .await
}

async fn messages_are_found_and_shown_where(site: Site) {
    let (server, other) = (site.edge(), site.other());
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (room, elsewhere) = (server.room(&ann, "public").await, server.room(&ann, "private").await);
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let word = word();
    let first = format!("Green tea, {word}");
    let second = format!("🦀 <b>{}</b> of green tea", word.to_uppercase());
    let third = format!("{word} is coffee");
    let fourth = format!("{word} in private");
    let seq = say(server, &ann, &room, json!({ "text": first })).await;
    a_millisecond_passes().await;
    let by_ben = say(server, &ben, &room, json!({ "text": second })).await;
    say(server, &ann, &room, json!({ "text": third })).await;
    say(server, &ann, &elsewhere, json!({ "text": fourth })).await;
    finds(other, &ann, &[("q", &word)], &[&fourth, &third, &second, &first]).await;
    let found = finds(
        other,
        &ann,
        &[("q", &format!("{word} \"green tea\"")), ("room", &room)],
        &[&second, &first],
    )
    .await;
    let hit = &found["hits"][0];
    assert_eq!(hit["room"], json!({ "id": room, "kind": "public", "name": "a room" }));
    assert_eq!(
        (&hit["message"]["seq"], &hit["message"]["from"]["id"]),
        (&json!(by_ben), &json!(ben.id))
    );
    let start = 5 + word.len() + 8;
    assert_eq!(
        hit["highlights"],
        json!([[5, 5 + word.len()], [start, start + 9]]),
        "ranges of code points: {second}"
    );
    finds(
        server,
        &ann,
        &[("q", &format!("{word} -tea")), ("room", &room)],
        &[&third],
    )
    .await;
    finds(server, &ann, &[("q", &word), ("author", &ben.id)], &[&second]).await;
    let at = found["hits"][1]["message"]["at"].as_u64().expect("a time");
    let (from, to) = ((at + 1).to_string(), (at + 1).to_string());
    finds(
        server,
        &ann,
        &[("q", &format!("{word} tea")), ("to", &to), ("room", &room)],
        &[&first],
    )
    .await;
    let later = search(server, &ann, &[("q", &format!("{word} tea")), ("from", &from)]).await;
    assert!(!later.to_string().contains("Green tea"), "{later}");

    // What is changed is found as it stands, and what is taken back not at all.
    let path = format!("{}/v1/rooms/{room}/messages", server.url);
    let text = format!("now water, {word}");
    let edit = server
        .http
        .patch(format!("{path}/{seq}"))
        .json(&json!({ "text": text }));
    assert_eq!(
        edit.bearer_auth(&ann.token).send().await.expect("an answer").status(),
        200
    );
    let delete = server.http.delete(format!("{path}/{by_ben}")).bearer_auth(&ben.token);
    assert_eq!(delete.send().await.expect("an answer").status(), 200);
    finds(other, &ann, &[("q", &word), ("room", &room)], &[&third, &text]).await;
    finds(other, &ann, &[("q", &format!("{word} water"))], &[&text]).await;
    finds(other, &ann, &[("q", &format!("{word} \"green tea\""))], &[]).await;
}

async fn nobody_finds_what_is_not_for_them(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let (ben, eve) = (server.register("ben").await, server.register("eve").await);
    let (open, private) = (server.room(&ann, "open").await, server.room(&ann, "private").await);
    let word = word();
    let (aloud, secret) = (format!("{word} aloud"), format!("{word} secret"));
    say(server, &ann, &open, json!({ "text": aloud })).await;
    say(server, &ann, &private, json!({ "text": secret })).await;
    let direct = server
        .done(&ann, &format!("/v1/direct/{}", eve.username), json!({}))
        .await;
    let whispered = format!("{word} whispered");
    say(server, &ann, &text(&direct["id"]), json!({ "text": whispered })).await;
    let query: &[(&str, &str)] = &[("q", &word)];
    finds(server, &ann, query, &[&whispered, &secret, &aloud]).await;
    finds(server, &eve, query, &[&whispered, &aloud]).await;
    finds(server, &ben, query, &[&aloud]).await;
    let named = [("q", &*word), ("room", &*private)];
    let refused = server
        .http
        .get(format!("{}/v1/search", server.url))
        .query(&named)
        .bearer_auth(&ben.token);
    assert_eq!(refused.send().await.expect("an answer").status(), 404);

    let invite = json!({ "user": ben.id });
    server.done(&ann, &format!("/v1/rooms/{private}/invite"), invite).await;
    eventually("history knows of the invitation", async || {
        let invited = server.told(&ben, "/v1/invitations").await;
        so(invited["invitations"][0]["id"] == *private, invited)
    })
    .await;
    let found = search(server, &ben, query).await;
    assert_eq!(
        found["hits"].as_array().map(Vec::len),
        Some(1),
        "what is said is not for the invited: {found}"
    );
    server.done(&ben, &format!("/v1/rooms/{private}/join"), json!({})).await;
    finds(server, &ben, query, &[&secret, &aloud]).await;
    let kick = json!({ "user": ben.id });
    server.done(&ann, &format!("/v1/rooms/{private}/kick"), kick).await;
    let found = search(server, &ben, query).await;
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "at once: {found}");
    let ban = json!({ "user": ben.id });
    server.done(&ann, &format!("/v1/rooms/{open}/ban"), ban).await;
    let found = search(server, &ben, query).await;
    assert_eq!(found["hits"], json!([]), "at once");
    let gone = server
        .http
        .delete(format!("{}/v1/rooms/{open}", server.url))
        .bearer_auth(&ann.token);
    assert_eq!(gone.send().await.expect("an answer").status(), 200);
    finds(site.other(), &ann, query, &[&whispered, &secret]).await;
}

/// Erased past the accounts, as whoever runs Roomlog may have to.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_persons_texts_are_neither_found_nor_shown() {
    let server = Server::embedded_with(&[("ROOMLOG_EDGE__ERASURE_REFRESH_MS", "50")]).await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let word = word();
    let (kept, erased) = (format!("{word} of ann"), format!("{word} of ben"));
    let question = say(&server, &ann, &room, json!({ "text": kept })).await;
    say(&server, &ben, &room, json!({ "text": erased, "reply_to": question })).await;
    finds(&server, &ann, &[("q", &word)], &[&erased, &kept]).await;
    let path = server.data_dir().join("people.db");
    let mut people = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .expect("people's file");
    let id: uuid::Uuid = ben.id.parse().expect("an id");
    sqlx::query("INSERT INTO erased (user_id, texts, erased_at) VALUES (?, 1, 1)")
        .bind(id)
        .execute(&mut people)
        .await
        .expect("erased");
    finds(&server, &ann, &[("q", &word)], &[&kept]).await;
    finds(&server, &ann, &[("q", &word), ("author", &ben.id)], &[]).await;
    let mine = server.told(&ann, "/v1/rooms").await;
    let last = &mine["rooms"][0]["last"];
    assert_eq!(
        (&last["text"], &last["from"]["name"]),
        (&json!(""), &json!("deleted user")),
        "{mine}"
    );
    let path = format!("/v1/rooms/{room}/messages");
    for told in ["", &format!("/{question}/thread"), &format!("/{}", question + 1)] {
        let told = server.told(&ann, &format!("{path}{told}")).await;
        assert!(!told.to_string().contains(&erased), "{told}");
    }
}

async fn a_search_goes_on_page_by_page(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let word = word();
    let mut wire = Wire::open(server, &ann).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let text = format!("{word} {number}");
        let send = json!({ "room": room, "cid": cid(), "text": text });
        wire.ask("send", send).await.expect("sent");
        expected.insert(0, text);
    }
    let all: Vec<&str> = expected.iter().map(String::as_str).collect();
    finds(server, &ann, &[("q", &word)], &all).await;
    let (mut found, mut before) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("q", &*word), ("limit", "3")];
        if let Some(before) = &before {
            query.push(("before", before));
        }
        let page = search(server, &ann, &query).await;
        for hit in page["hits"].as_array().expect("a list") {
            found.push(text(&hit["message"]["text"]));
        }
        match page["before"].as_str() {
            Some(place) => before = Some(place.to_owned()),
            None => break,
        }
    }
    assert_eq!(found, expected);
}

async fn what_is_no_search_is_refused(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let long = "a".repeat(257);
    for (query, field) in [
        (vec![], "query"),
        (vec![("q", "")], "q"),
        (vec![("q", "-tea")], "q"),
        (vec![("q", "tea\0")], "q"),
        (vec![("q", &*long)], "q"),
        (vec![("q", "tea"), ("limit", "0")], "limit"),
        (vec![("q", "tea"), ("limit", "51")], "limit"),
        (vec![("q", "tea"), ("before", "nonsense!")], "before"),
        (vec![("q", "tea"), ("from", "9007199254740992")], "from"),
        (vec![("q", "tea"), ("room", "x")], "room"),
        (vec![("q", "tea"), ("author", "x")], "author"),
    ] {
        let request = server.http.get(format!("{}/v1/search", server.url)).query(&query);
        let answer = request.bearer_auth(&ann.token).send().await.expect("an answer");
        let status = answer.status();
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!(
            (status.as_u16(), &problem["name"]),
            (400, &json!("bad_request")),
            "{query:?}"
        );
        if field != "query" {
            assert_eq!(problem["field"], field, "{query:?}: {problem}");
        }
    }
    for odd in [
        "a' OR 1=1 --",
        "tea:*",
        "(tea",
        "a & | ! b",
        "\"tea",
        "NEAR(a b)",
        "%_a\\",
    ] {
        let found = search(server, &ann, &[("q", odd)]).await;
        assert_eq!(found["hits"], json!([]), "{odd}");
    }
    assert_eq!(server.get("/v1/search?q=tea", None).await.status(), 401);
}
