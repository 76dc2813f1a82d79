//! `roomlog verify` finds nothing in what is sound, and each of three things that are not: a row, a list in Redis, a receipt.

use crate::scene::Scene;
use crate::support::server::{Ended, run_to_end};
use redis::AsyncCommands as _;
use serde_json::{Value, json};
use sqlx::Row as _;

pub(crate) fn everything_is_well(scene: &Scene) {
    let ended = verify(scene, &[]);
    let told = report(&ended);
    assert_eq!(
        (ended.code, &told["well"]),
        (Some(0), &json!(true)),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    assert!(told["log"]["rooms"].as_u64() >= Some(200), "{told}");
}

pub(crate) async fn what_is_damaged_is_found(scene: &Scene) {
    a_row(scene).await;
    a_list_in_redis(scene).await;
    a_receipt(scene).await;
}

fn verify(scene: &Scene, more: &[&str]) -> Ended {
    let words = [&["verify", "--json"], more].concat();
    run_to_end(&words, &scene.cluster.settings())
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

/// The one difference that is told.
fn only_difference(ended: &Ended) -> Value {
    let told = report(ended);
    assert_eq!((ended.code, &told["well"]), (Some(1), &json!(false)), "{told}");
    let differences = told["differences"].as_array().expect("a list");
    assert_eq!(differences.len(), 1, "{told}");
    differences[0].clone()
}

async fn a_row(scene: &Scene) {
    let room = scene.rooms[60].id;
    let order = async |sql: &str| {
        let order = sqlx::query(sql).bind(room.uuid());
        order.execute(&scene.pool).await.expect("done");
    };
    order("UPDATE history.messages SET text = text || '!' WHERE room_id = $1 AND seq = (SELECT max(seq) FROM history.messages WHERE room_id = $1 AND NOT deleted)").await;
    let row = sqlx::query("SELECT seq FROM history.messages WHERE room_id = $1 AND text LIKE '%!'");
    let seq: i64 = row
        .bind(room.uuid())
        .fetch_one(&scene.pool)
        .await
        .expect("the row")
        .get(0);
    let found = only_difference(&verify(scene, &["--only", "history"]));
    assert_eq!(
        (&found["room"], &found["table"], &found["row"], &found["column"]),
        (
            &json!(room),
            &json!("messages"),
            &json!(format!("seq {seq}")),
            &json!("text")
        )
    );
    order("UPDATE history.messages SET text = rtrim(text, '!') WHERE room_id = $1 AND text LIKE '%!'").await;
}

async fn a_list_in_redis(scene: &Scene) {
    let room = scene.rooms[61].id;
    let url = scene.cluster.setting("ROOMLOG_REDIS__URL");
    let client = redis::Client::open(url).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let pattern = format!("{}*room:{room}", scene.cluster.setting("ROOMLOG_REDIS__PREFIX"));
    let keys: Vec<String> = redis.keys(pattern).await.expect("keys");
    let hash = keys.first().expect("the room's hash");
    // The fields of people are no text.
    let fields: Vec<Vec<u8>> = redis.hkeys(hash).await.expect("fields");
    let messages = fields.into_iter().filter_map(|field| String::from_utf8(field).ok());
    let message = &messages
        .filter(|field| field.strip_prefix('r').is_some_and(|seq| seq.parse::<u64>().is_ok()))
        .min()
        .expect("a message of the recent list");
    let kept: Vec<u8> = redis.hget(hash, message).await.expect("the message");
    let () = redis.hdel(hash, message).await.expect("done");
    let found = only_difference(&verify(scene, &["--only", "live"]));
    let ordinal: i64 = message
        .trim_start_matches('r')
        .parse()
        .expect("its place among the room's messages");
    let row = sqlx::query("SELECT seq FROM history.messages WHERE room_id = $1 AND ordinal = $2");
    let row = row.bind(room.uuid()).bind(ordinal).fetch_one(&scene.pool).await;
    let seq: i64 = row.expect("the message").get(0);
    assert_eq!(
        (&found["room"], &found["table"], &found["row"]),
        (&json!(room), &json!("recent"), &json!(format!("seq {seq}")))
    );
    let () = redis.hset(hash, message, kept).await.expect("done");
}

async fn a_receipt(scene: &Scene) {
    let edge = &scene.edges[1];
    let room = edge.room(&scene.somebody, "open").await;
    let path = format!("/v1/rooms/{room}/messages");
    let receipt = edge
        .done(&scene.somebody, &path, json!({ "text": "kept for ever" }))
        .await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("receipt.json");
    let check = |receipt: &Value| {
        std::fs::write(&file, receipt.to_string()).expect("written");
        verify(scene, &["--receipt", &file.display().to_string()])
    };
    assert_eq!(check(&receipt).code, Some(0));
    let mut forged = receipt.clone();
    forged["seq"] = json!(receipt["seq"].as_u64().expect("a seq") + 1);
    let found = only_difference(&check(&forged));
    assert_eq!(
        (&found["field"], &found["expected"]),
        (&json!("seq"), &json!(receipt["seq"].to_string()))
    );
}
