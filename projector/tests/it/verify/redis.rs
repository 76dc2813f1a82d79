//! What stands in Redis and is not as it should be.

use super::{checked, settled};
use crate::place::Place;
use crate::speech::user;
use engine::domain::RoomId;
use projector::verify::{Difference, Report, Store};
use redis::AsyncCommands;

type Connection = redis::aio::MultiplexedConnection;

/// The keys of a room's hash and window.
fn keys(place: &Place, prefix: &str, room: RoomId) -> (String, String) {
    let partition = place.log.partition_of(room.to_string().as_bytes());
    let hash = format!("{prefix}{{p:{partition}}}:room:{room}");
    (hash.clone(), format!("{hash}:window"))
}

fn told(report: &Report) -> Vec<(&'static str, &str, &'static str)> {
    assert!(report.differences.iter().all(|it: &Difference| it.store == Store::Live));
    report
        .differences
        .iter()
        .map(|it| (it.table, it.row.as_str(), it.column))
        .collect()
}

/// Sets a field, checks, and sets it back.
async fn with_field(
    place: &Place,
    redis: &mut Connection,
    hash: &str,
    field: &[u8],
    change: impl Fn(String) -> String,
) -> Report {
    let before: Vec<u8> = redis.hget(hash, field).await.unwrap();
    let after = change(String::from_utf8(before.clone()).unwrap());
    assert_ne!(after.as_bytes(), before, "something is changed");
    let () = redis.hset(hash, field, after).await.unwrap();
    let report = checked(place).await;
    let () = redis.hset(hash, field, before).await.unwrap();
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_damaged_field_is_named() {
    let place = Place::cluster().await;
    let room = settled(&place, 51, 60).await;
    let (mut redis, prefix) = place.live.beside().await;
    let (hash, window) = keys(&place, &prefix, room);
    let room_row = format!("room {room}");

    let topic = |text: String| text.replace("a topic", "another topic");
    let report = with_field(&place, &mut redis, &hash, b"h", topic).await;
    assert_eq!(told(&report), [("rooms", room_row.as_str(), "topic")]);
    assert!(
        !format!("{report:?}").contains("another topic"),
        "what people wrote is not told"
    );

    let garbage = |_| "9 of another version".to_owned();
    let report = with_field(&place, &mut redis, &hash, b"h", garbage).await;
    assert_eq!(told(&report), [("rooms", room_row.as_str(), "row")]);
    assert!(report.differences[0].found.starts_with("can't be read"), "{report:?}");

    let mut member = vec![b'm'];
    member.extend_from_slice(user(0).uuid().as_bytes());
    let demoted = |text: String| text.replacen('o', "d", 1);
    let report = with_field(&place, &mut redis, &hash, &member, demoted).await;
    assert_eq!(
        told(&report),
        [("members", format!("user {}", user(0)).as_str(), "role")]
    );

    let said_otherwise = |text: String| text.replace("one, for ben", "two, for ben");
    let report = with_field(&place, &mut redis, &hash, b"r1", said_otherwise).await;
    assert_eq!(told(&report), [("recent", "seq 2", "text")]);
    assert!(
        !format!("{report:?}").contains("for ben"),
        "what people wrote is not told"
    );

    let no_reaction = |text: String| text.replace("\"👍\"", "\"🎉\"");
    let report = with_field(&place, &mut redis, &hash, b"r1", no_reaction).await;
    assert_eq!(told(&report), [("recent", "seq 2", "reactions")]);

    let message: Vec<u8> = redis.hget(&hash, "r2").await.unwrap();
    let () = redis.hdel(&hash, "r2").await.unwrap();
    assert_eq!(told(&checked(&place).await), [("recent", "seq 3", "row")]);
    let () = redis.hset(&hash, "r2", message).await.unwrap();

    // The third entry from the front: its author's last byte.
    let entry: Vec<u8> = redis.lindex(&window, 2).await.unwrap();
    let mut changed = entry.clone();
    changed[31] ^= 1;
    let () = redis.lset(&window, 2, changed).await.unwrap();
    assert_eq!(told(&checked(&place).await), [("window", "seq 3", "author_id")]);
    let () = redis.lset(&window, 2, entry).await.unwrap();

    let report = checked(&place).await;
    assert!(report.well, "all is mended: {report:?}");
    let () = redis.del(&[&hash, &window]).await.unwrap();
    assert_eq!(told(&checked(&place).await), [("rooms", room_row.as_str(), "row")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_that_were_flushed_are_lag() {
    let place = Place::cluster().await;
    settled(&place, 52, 30).await;
    place.live.flush().await;
    let report = checked(&place).await;
    assert!(report.well, "{report:?}");
    assert!(
        !report.lag.is_empty()
            && report
                .lag
                .iter()
                .all(|lag| lag.store == Store::Live && lag.next.is_none())
    );
}
