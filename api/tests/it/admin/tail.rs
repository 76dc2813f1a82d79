//! A stream of the log's records that come faster than they are read: what is missing is told.

use super::admin;
use super::log::Reading;
use crate::support::both::{Site, both};
use crate::support::{DEADLINE, Person, Server};
use serde_json::{Value, json};
use std::time::Instant;

// One record may wait: the next one that comes before it was taken is passed over.
both!(with [("ROOMLOG_ADMIN__LOG_TAIL_QUEUE_RECORDS", "1"), ("ROOMLOG_ADMIN__LOG_TAIL_KEEP_ALIVE_MS", "200"),
    ("ROOMLOG_LIMITS__PERSON_PER_SECOND", "0"), ("ROOMLOG_LIMITS__ROOM_PER_SECOND", "0")] =>
    what_is_passed_over_is_counted,
);

/// With how many of the room's records a stream begins: all that is there at first, its creation among them.
const LAST: u64 = 100;

async fn what_is_passed_over_is_counted(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    for number in 1..LAST {
        say(server, &ann, &room, &number.to_string()).await;
    }
    let begun = Instant::now();
    // By chance a reader may be as fast as the log; not again and again.
    while read(server, &root, &ann, &room).await == 0 {
        assert!(begun.elapsed() < DEADLINE, "nothing is ever passed over");
    }
}

/// Says something; its offset.
async fn say(server: &Server, ann: &Person, room: &str, what: &str) -> Value {
    let path = format!("/v1/rooms/{room}/messages");
    let mut said = server.done(ann, &path, json!({ "text": what })).await;
    said["pos"]["offset"].take()
}

/// Reads the room's last records, and what is said now until some of that is shown: how many are said to be missing.
async fn read(server: &Server, root: &Person, ann: &Person, room: &str) -> u64 {
    let query = format!("?room={room}&last={LAST}");
    let mut reading = Reading::begin(server, root, &query, "application/x-ndjson").await;
    let mut said = 0;
    let text = loop {
        let from = reading.until(|text| text.ends_with('\n')).await.len();
        let offset = say(server, ann, room, "on and on").await;
        said += 1;
        let wanted = format!("\"offset\":{offset},");
        // A sign of life means that it was passed over too, or is late: then something more is said.
        let is_quiet = |text: &str| text.starts_with('\n') || text.contains("\n\n");
        let text = reading
            .until(|text| text.ends_with('\n') && (text[from..].contains(&wanted) || is_quiet(&text[from..])))
            .await;
        if text[from..].contains(&wanted) {
            break text;
        }
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let missing = lines.iter().filter_map(|line| line["passed_over"].as_u64());
    let missing: Vec<u64> = missing.collect();
    let seen = lines.iter().filter(|line| line["offset"].is_u64()).count() as u64;
    assert_eq!(
        seen + missing.iter().sum::<u64>(),
        LAST + said,
        "each is shown or counted: {text}"
    );
    assert_eq!(lines.len() as u64, seen + missing.len() as u64, "nothing else comes");
    assert!(!missing.contains(&0), "{text}");
    missing.iter().sum()
}
