//! What is said goes its way though history or people can't be asked what they would be asked for it. That they can't is
//! made by renaming what they look into.

use crate::support::{Person, Server, cid, eventually, so};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

async fn order(server: &Server, file: &str, text: &str) {
    let options = SqliteConnectOptions::new().filename(server.data_dir().join(file));
    let mut connection = options.connect().await.expect("the file opens");
    connection.execute(text).await.expect("it is done");
}

async fn say(server: &Server, who: &Person, room: &str, body: Value) -> Value {
    server.done(who, &format!("/v1/rooms/{room}/messages"), body).await["seq"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_history_replies_go_on_and_listings_say_so() {
    // More than a room has at hand.
    const AFTER: usize = 110;
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}/messages");
    let question = say(&server, &ann, &room, json!({ "text": "who comes?" })).await;
    let mut last = Value::Null;
    for number in 0..AFTER {
        last = say(&server, &ann, &room, json!({ "text": number.to_string() })).await;
    }
    server.told(&ann, &format!("{path}?min_seq={last}")).await;
    order(&server, "history.db", "ALTER TABLE messages RENAME TO hidden").await;
    let far = json!({ "text": "me", "reply_to": question, "cid": cid() });
    let far = say(&server, &ann, &room, far).await;
    let near = json!({ "text": "me too", "reply_to": last, "cid": cid() });
    say(&server, &ann, &room, near).await;
    let thread = server.told(&ann, &format!("{path}/{last}/thread")).await;
    assert_eq!(thread["count"], 1, "what is at hand needs no history: {thread}");
    let away = [
        path.clone(),
        format!("{path}/{question}"),
        format!("{path}/{question}/thread"),
        "/v1/rooms".to_owned(),
        "/v1/search?q=me".to_owned(),
        format!("/v1/search?q=me&room={room}"),
    ];
    for path in &away {
        let answer = server.get(path, Some(&ann.token)).await;
        let status = answer.status();
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!(
            (status.as_u16(), &problem["name"]),
            (503, &json!("unavailable")),
            "{path}"
        );
        let says = problem.to_string();
        assert!(
            !says.contains("SELECT") && !says.contains("no such table"),
            "{path}: {says}"
        );
    }
    order(&server, "history.db", "ALTER TABLE hidden RENAME TO messages").await;
    for path in &away {
        eventually("history answers again", async || {
            let answer = server.get(path, Some(&ann.token)).await;
            so(answer.status().is_success(), answer.status())
        })
        .await;
    }
    let thread = server
        .told(&ann, &format!("{path}/{question}/thread?min_seq={far}"))
        .await;
    assert_eq!(thread["replies"][0]["seq"], far, "{thread}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_people_a_message_goes_on_without_those_it_names() {
    let server = Server::embedded_with(&[("ROOMLOG_EDGE__MENTION_NAMES_MS", "0")]).await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "open").await;
    let text = format!("hello @{}", ben.username);
    let mentions = async |seq: &Value| {
        let path = format!("/v1/rooms/{room}/messages/{seq}");
        server.told(&ann, &path).await["mentions"].take()
    };
    order(
        &server,
        "people.db",
        "ALTER TABLE users RENAME COLUMN username TO hidden",
    )
    .await;
    let body = json!({ "text": text, "mentions": [ann.id] });
    let seq = say(&server, &ann, &room, body).await;
    assert_eq!(mentions(&seq).await, json!([ann.id]), "the client's own are kept");
    order(
        &server,
        "people.db",
        "ALTER TABLE users RENAME COLUMN hidden TO username",
    )
    .await;
    let seq = say(&server, &ann, &room, json!({ "text": text })).await;
    assert_eq!(mentions(&seq).await, json!([ben.id]));
}
