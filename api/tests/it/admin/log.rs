//! What admins see of the log.

use super::admin;
use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use crate::support::{DEADLINE, Person, Server, eventually, so};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

both!(with [("ROOMLOG_ADMIN__LOG_INTERVAL_MS", "0"), ("ROOMLOG_ADMIN__LOG_TAILS", "2"), ("ROOMLOG_ADMIN__LOG_TAIL_KEEP_ALIVE_MS", "200")] =>
    the_log_is_told_with_how_far_everything_is,
    an_admin_sees_what_comes_and_not_what_is_said,
);

async fn the_log_is_told_with_how_far_everything_is(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let server = site.edge();
    let contract = Contract::of(server).await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let said = server
        .done(&ann, &format!("/v1/rooms/{room}/messages"), json!({ "text": "one" }))
        .await;
    let (partition, end) = (&said["pos"]["partition"], said["pos"]["offset"].as_u64().unwrap() + 1);
    for edge in [server, site.other()] {
        let seen = eventually("everything is level", async || {
            let answer = contract
                .ask(edge, Method::GET, "/v1/admin/log", Some(&root.token), None)
                .await;
            let log = answer.body;
            let level = |name: &str| log[name] == json!({ "behind": 0, "behind_ms": 0, "available": true });
            so(level("history") && level("live"), &log).map(|()| log)
        })
        .await;
        assert_eq!(seen["epoch"], said["pos"]["epoch"]);
        let partitions = seen["partitions"].as_array().unwrap();
        let expected = site.setting("ROOMLOG_KAFKA__PARTITIONS").unwrap_or("16");
        assert_eq!(partitions.len().to_string(), expected);
        let one = partitions.iter().find(|one| one["partition"] == *partition).unwrap();
        assert_eq!((&one["start"], &one["end"]), (&json!(0), &json!(end)));
        for projection in ["history", "live"] {
            let stand = json!({ "next": end, "behind": 0, "behind_ms": 0 });
            assert_eq!(one[projection], stand, "{projection}");
        }
        // All of it came within the last minute, and so it is a sixtieth of it a second.
        let records: u64 = partitions.iter().map(|one| one["end"].as_u64().unwrap()).sum();
        assert_eq!(seen["records"], records);
        assert!(
            seen["per_second"].as_f64().unwrap() > 0.0 && one["per_second"].as_f64().unwrap() > 0.0,
            "{seen}"
        );
    }
    let letters = contract
        .ask(
            server,
            Method::GET,
            "/v1/admin/log/dead-letters",
            Some(&root.token),
            None,
        )
        .await;
    assert_eq!(letters.body, json!({ "letters": [] }));
    for path in ["/v1/admin/log", "/v1/admin/log/dead-letters", "/v1/admin/log/tail"] {
        for (token, status) in [
            (None, StatusCode::UNAUTHORIZED),
            (Some(ann.token.as_str()), StatusCode::FORBIDDEN),
        ] {
            let answer = contract.ask(server, Method::GET, path, token, None).await;
            assert_eq!(answer.status, status, "{path}");
        }
    }
}

/// Reads a stream until something of it is as wanted.
pub(super) struct Reading {
    answer: Response,
    text: String,
}

impl Reading {
    pub(super) async fn begin(server: &Server, who: &Person, query: &str, accept: &str) -> Self {
        let request = server.http.get(format!("{}/v1/admin/log/tail{query}", server.url));
        let answer = request
            .bearer_auth(&who.token)
            .header("accept", accept)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        Self {
            answer,
            text: String::new(),
        }
    }

    pub(super) async fn until(&mut self, wanted: impl Fn(&str) -> bool) -> &str {
        while !wanted(&self.text) {
            let chunk = tokio::time::timeout(DEADLINE, self.answer.chunk()).await;
            let chunk = chunk.expect("something comes").unwrap().expect("it goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        &self.text
    }
}

async fn an_admin_sees_what_comes_and_not_what_is_said(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let server = site.edge();
    let ann = server.register("ann").await;
    let (room, other) = (server.room(&ann, "private").await, server.room(&ann, "public").await);
    let mut lines = Reading::begin(server, &root, &format!("?room={room}&last=100"), "application/x-ndjson").await;
    lines.until(|text| text.contains("room_created")).await;
    let mut events = Reading::begin(server, &root, "?type=message_sent", "text/event-stream").await;
    // Both places are taken.
    let full = server.get("/v1/admin/log/tail", Some(&root.token)).await;
    assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
    // It begins where the log ended when it was asked: an empty line says that it is there.
    events.until(|text| text.contains(":\n\n")).await;
    for room in [&room, &other] {
        let path = format!("/v1/rooms/{room}/messages");
        site.other()
            .done(&ann, &path, json!({ "text": "nobody else's business" }))
            .await;
    }
    let seen = lines
        .until(|text| text.contains("message_sent") && text.ends_with('\n'))
        .await
        .to_owned();
    let records: Vec<Value> = seen
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(records.iter().all(|record| record["room"] == room.as_str()), "{seen}");
    let message = records.last().unwrap();
    assert_eq!(
        (&message["from"]["id"], &message["withheld"]),
        (&json!(ann.id), &json!("said"))
    );
    let wanted = format!("\"room\":\"{other}\"");
    let seen_events = events
        .until(|text| text.contains(&wanted) && text.ends_with("\n\n"))
        .await;
    for told in [&seen, seen_events] {
        assert!(!told.contains("business"), "{told}");
    }
    assert!(
        seen_events.contains("data: {\"") && !seen_events.contains("room_created"),
        "{seen_events}"
    );
    drop((lines, events));
    // Whoever goes gives the place back.
    eventually("a place is free", async || {
        let answer = server.get("/v1/admin/log/tail", Some(&root.token)).await;
        so(answer.status() == StatusCode::OK, answer.status())
    })
    .await;
    let audit = server.told(&root, "/v1/admin/audit").await;
    let acts: Vec<&Value> = audit["acts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|act| act["action"] == "log.tail")
        .collect();
    assert!(
        acts.iter()
            .any(|act| act["target_id"] == room.as_str() && act["actor_id"] == root.id.as_str()),
        "{audit}"
    );
    assert!(
        acts.iter().any(|act| act["detail"]["type"] == "message_sent"),
        "{audit}"
    );
    for (query, field) in [("?type=nothing", "type"), ("?room=x", "room"), ("?last=101", "last")] {
        let refused = server
            .get(&format!("/v1/admin/log/tail{query}"), Some(&root.token))
            .await;
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(
            (&problem["name"], &problem["field"]),
            (&json!("bad_request"), &json!(field))
        );
    }
    it_ends_with_the_process(&mut site, &root).await;
}

/// Who only looks holds nobody up.
async fn it_ends_with_the_process(site: &mut Site, root: &Person) {
    let mut looking = Reading::begin(site.edge(), root, "", "application/x-ndjson").await;
    looking.until(|text| text.contains('\n')).await;
    site.edge().terminate();
    let end = async { while looking.answer.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    let drained = Duration::from_secs(10);
    assert!(
        tokio::time::timeout(drained, end).await.is_ok(),
        "it goes on while the process drains"
    );
}
