//! What a process tells those who run it: all that is written down, nothing of people, and the truth.

mod behind;

use crate::support::both::{Site, both};
use crate::support::samples::{Labels, Samples};
use crate::support::{Person, Server, Wire, cid, eventually, so};
use engine::telemetry::{Kind, Metric};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// So that nobody has to wait for the next measurement.
const QUICK: [(&str, &str); 1] = [("ROOMLOG_PROJECTOR__MEASURE_MS", "100")];
/// Every message of a room's life.
const MESSAGES: usize = 5;

both!(with QUICK => what_is_written_down_is_shown_and_true, no_label_grows_with_people_or_rooms);

/// Every metric of a process with all its parts.
fn listed() -> impl Iterator<Item = &'static Metric> {
    let all = [
        api::metrics::ALL,
        engine::metrics::ALL,
        projector::metrics::ALL,
        api::metrics::PROCESS,
    ];
    all.into_iter().flatten()
}

/// Two people, a room, words by both doors, things that go wrong, a replay.
async fn live_a_little(server: &Server) -> (Person, Person, String) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "public").await;
    server.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let (mut of_ann, mut of_ben) = (Wire::open(server, &ann).await, Wire::open(server, &ben).await);
    for wire in [&mut of_ann, &mut of_ben] {
        wire.ask("subscribe", json!({ "room": room }))
            .await
            .expect("subscribed");
    }
    for i in 1..MESSAGES {
        let sent = json!({ "room": room, "cid": cid(), "text": format!("number {i}") });
        of_ann.ask("send", sent).await.expect("sent");
    }
    let path = format!("/v1/rooms/{room}/messages");
    server.done(&ann, &path, json!({ "text": "the last" })).await;
    for wire in [&mut of_ann, &mut of_ben] {
        for _ in 0..MESSAGES {
            wire.push("event").await;
        }
    }
    let nowhere = json!({ "room": uuid::Uuid::new_v4(), "cid": cid(), "text": "to nobody" });
    assert_eq!(
        of_ann.ask("send", nowhere).await.expect_err("no such room")["name"],
        "not_found"
    );
    assert_eq!(
        of_ann.ask("shout", json!({})).await.expect_err("unknown")["name"],
        "unknown_command"
    );
    of_ben.ask("typing", json!({ "room": room })).await.expect("told");
    let from = json!({ "room": room, "from": { "offset": 0 } });
    of_ann.ask("replay", from).await.expect("begun");
    while of_ann.push("replay").await.get("done").is_none() {}
    assert_eq!(server.get(&format!("/nowhere/{room}"), None).await.status(), 404);
    server.told(&ben, &path).await;
    (ann, ben, room)
}

async fn what_is_written_down_is_shown_and_true(site: Site) {
    let server = site.edge();
    live_a_little(server).await;
    let seen = Samples::of(server).await;
    for metric in listed() {
        let kind = seen.kinds.get(metric.name).map(String::as_str);
        assert_eq!(kind, Some(metric.kind.name()), "{}", metric.name);
        assert!(
            seen.described.contains(metric.name),
            "{} has no description",
            metric.name
        );
        labels_are_as_listed(metric, &seen);
    }
    let listed: BTreeSet<&str> = listed().map(|metric| metric.name).collect();
    let beside: Vec<_> = seen
        .kinds
        .keys()
        .filter(|name| !listed.contains(name.as_str()))
        .collect();
    assert!(beside.is_empty(), "not in the table: {beside:?}");
    doors_are_counted(&seen);
    eventually("everything is told and nobody is behind", async || {
        all_is_level(&Samples::of(server).await)
    })
    .await;
}

fn labels_are_as_listed(metric: &Metric, seen: &Samples) {
    let own = |name: &str| match metric.kind {
        Kind::Counter | Kind::Gauge => name == metric.name,
        Kind::Histogram => name
            .strip_prefix(metric.name)
            .is_some_and(|rest| ["_bucket", "_sum", "_count"].contains(&rest)),
    };
    let mut any = false;
    for (_, labels, _) in seen.lines.iter().filter(|(name, ..)| own(name)) {
        any = true;
        let names: BTreeSet<&str> = labels.keys().map(String::as_str).filter(|name| *name != "le").collect();
        assert_eq!(
            names,
            metric.labels.iter().map(|label| label.name).collect(),
            "{}",
            metric.name
        );
        for label in metric.labels.iter().filter(|label| label.others.is_none()) {
            let value = labels[label.name].as_str();
            assert!(label.known.contains(&value), "{}: {}={value}", metric.name, label.name);
        }
    }
    assert!(any, "{} has no series", metric.name);
}

fn doors_are_counted(seen: &Samples) {
    let sends = |outcome| {
        seen.sum(
            "roomlog_session_commands_total",
            &[("command", "send"), ("outcome", outcome)],
        )
    };
    assert_eq!(sends("ok"), Some((MESSAGES - 1) as f64));
    assert_eq!(sends("not_found"), Some(1.0));
    let took = seen.value("roomlog_session_command_seconds_count", &[("command", "send")]);
    assert_eq!(took, MESSAGES as f64);
    assert_eq!(
        seen.value("roomlog_session_refused_total", &[("error", "unknown_command")]),
        1.0
    );
    assert_eq!(seen.value("roomlog_sessions_opened_total", &[]), 2.0);
    let route = [
        ("route", "/v1/rooms/{room}/messages"),
        ("method", "POST"),
        ("status", "200"),
    ];
    let said = seen.sum("roomlog_http_requests_total", &route);
    assert_eq!(said, Some(1.0));
    assert_eq!(
        seen.sum("roomlog_http_requests_total", &[("route", "none"), ("status", "404")]),
        Some(1.0)
    );
    for bytes in ["session_received", "session_sent", "http_received", "http_sent"] {
        assert!(
            seen.value(&format!("roomlog_{bytes}_bytes_total"), &[]) > 0.0,
            "{bytes}"
        );
    }
    // Who asks for this is the only one who waits.
    assert_eq!(seen.value("roomlog_http_requests_in_flight", &[]), 1.0);
    assert_eq!(seen.value("roomlog_build_info", &[]), 1.0);
    assert!(seen.value("process_resident_memory_bytes", &[]) > 0.0);
    assert!(seen.value("roomlog_limit", &[("limit", "connections")]) > 0.0);
    for dependency in ["log", "history", "live", "people", "tail"] {
        assert_eq!(
            seen.value("roomlog_dependency_up", &[("dependency", dependency)]),
            1.0,
            "{dependency}"
        );
    }
    for store in ["history", "live", "people"] {
        assert!(
            seen.value("roomlog_store_operation_seconds_count", &[("store", store)]) > 0.0,
            "{store}"
        );
    }
    assert!(seen.value("roomlog_pool_acquire_seconds_count", &[]) > 0.0);
    assert!(seen.value("roomlog_pool_max_connections", &[]) >= seen.value("roomlog_pool_connections", &[]));
}

fn all_is_level(seen: &Samples) -> Result<(), String> {
    let heard = (2 * MESSAGES) as f64;
    let is = |name: &str, labels: &[(&str, &str)], right: &dyn Fn(f64) -> bool| {
        let value = seen.value(name, labels);
        so(right(value), format!("{name} {labels:?} is {value}"))
    };
    is("roomlog_edge_pushed_total", &[], &|value| value == heard)?;
    is("roomlog_edge_delay_seconds_count", &[], &|value| {
        value == MESSAGES as f64
    })?;
    is("roomlog_session_sent_frames_total", &[("kind", "event")], &|value| {
        value >= heard
    })?;
    // The room itself, two who joined or made it, `general`, and every message.
    is("roomlog_edge_verdicts_total", &[("verdict", "accepted")], &|value| {
        value >= MESSAGES as f64
    })?;
    is("roomlog_log_appends_total", &[("outcome", "ok")], &|value| {
        value >= MESSAGES as f64
    })?;
    is("roomlog_log_appends_in_flight", &[], &|value| value == 0.0)?;
    is("roomlog_edge_commands_in_flight", &[], &|value| value == 0.0)?;
    is("roomlog_log_partitions_without_leader", &[], &|value| value == 0.0)?;
    for lag in ["records", "seconds"] {
        is(
            &format!("roomlog_log_tail_lag_{lag}"),
            &[("topic", "events")],
            &|value| value == 0.0,
        )?;
    }
    for projection in ["history", "live"] {
        let of = [("projection", projection)];
        is("roomlog_projector_partitions", &of, &|value| value > 0.0)?;
        is("roomlog_projector_events_total", &of, &|value| value > MESSAGES as f64)?;
        is("roomlog_projector_delay_seconds_count", &of, &|value| {
            value > MESSAGES as f64
        })?;
        for level in ["lag_events", "lag_seconds", "checkpoint_age_seconds"] {
            is(&format!("roomlog_projector_{level}"), &of, &|value| value == 0.0)?;
        }
    }
    Ok(())
}

async fn no_label_grows_with_people_or_rooms(site: Site) {
    let server = site.edge();
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(live_a_little(server).await);
    }
    let before = Samples::of(server).await.series();
    for _ in 0..OTHERS {
        told.push(live_a_little(server).await);
    }
    let after = Samples::of(server).await;
    for (ann, ben, room) in &told {
        for word in [&ann.id, &ben.id, &ann.username, &ben.username, room] {
            assert!(!after.text.contains(word.as_str()), "{word} is in a label");
        }
    }
    let (before, after) = (values(&before), values(&after.series()));
    for ((name, label), values) in &after {
        let id = values.iter().find(|value| uuid::Uuid::parse_str(value).is_ok());
        assert_eq!(id, None, "{name} {label}");
        // What happens by itself now and then may have happened for the first time; not once for each person or room.
        let known = before.get(&(name.clone(), label.clone()));
        let grown = values.len() - known.map_or(0, BTreeSet::len);
        assert!(grown < OTHERS, "{name} {label}: {values:?}");
    }
}

/// So many times more, with people and a room each time.
const OTHERS: usize = 8;

/// The values of every label of every metric.
fn values(series: &BTreeSet<(String, Labels)>) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut values = BTreeMap::<_, BTreeSet<String>>::new();
    for (name, labels) in series {
        for (label, value) in labels {
            values
                .entry((name.clone(), label.clone()))
                .or_default()
                .insert(value.clone());
        }
    }
    values
}
