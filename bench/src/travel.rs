//! Time travel to random points of rooms of different length: with snapshots it takes about the same however long a room
//! is, without them it takes as long as the room.

use crate::cluster::Cluster;
use crate::load::{self, Rooms};
use crate::report::Report;
use crate::rest::{Asker, Times};
use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Messages of each room.
const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];
/// Few: all of them send to one room, and what waits must stay within its duplicate window.
const SESSIONS: usize = 4;
/// Points of a room with snapshots, and without.
const POINTS: u64 = 200;
const POINTS_FROM_ZERO: u64 = 30;
/// Before anything is counted: connections, caches of plans and pages.
const WARM_UP: u64 = 5;
const DEADLINE: Duration = Duration::from_secs(300);
const SEED: u64 = 7;

/// A room, and its last seq.
struct Filled {
    room: String,
    head: u64,
}

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let serve = cluster.process(&["serve"], &[]).await?;
    let token = cluster.register(&serve, "travel").await?;
    let asker = Asker::new(&serve, &token);
    let mut rooms = Vec::new();
    for length in LENGTHS {
        let room = cluster.open_room(&serve, &token, &format!("{length} messages")).await?;
        load::send(
            serve.address,
            &token,
            &Rooms::new(std::slice::from_ref(&room)),
            SESSIONS,
            length,
        )
        .await?;
        let head = length as u64 + 1;
        projected(&asker, &room, head).await?;
        rooms.push(Filled { room, head });
    }

    let mut report = Report::new("travel", "Time travel to random points of a room");
    report.line("`GET /v1/rooms/{room}/at?seq=`, one at a time: the room, its people and the 100 messages of then.\n");
    report.line("| events of the room | with snapshots p50, p99 | events folded | without p50, p99 | events folded |");
    report.line("|---|---|---|---|---|");
    let mut with = Vec::new();
    for filled in &rooms {
        with.push(measure(&asker, filled, POINTS).await?);
    }
    let pool = PgPool::connect(&cluster.postgres).await?;
    sqlx::query("DELETE FROM history.snapshots").execute(&pool).await?;
    for (filled, (near, near_events)) in rooms.iter().zip(&with) {
        let (far, far_events) = measure(&asker, filled, POINTS_FROM_ZERO).await?;
        report.line(&format!(
            "| {} | {} | {near_events} | {} | {far_events} |",
            filled.head,
            shown(near),
            shown(&far)
        ));
    }
    let [shortest, .., longest] = &with[..] else {
        unreachable!("there are several lengths")
    };
    report.line(&format!(
        "\nThe longest room against the shortest, with snapshots: {:.2}× (p50), {:.2}× (p99).",
        longest.0.percentile(50.0) / shortest.0.percentile(50.0),
        longest.0.percentile(99.0) / shortest.0.percentile(99.0),
    ));
    report.keep()
}

fn shown(times: &Times) -> String {
    format!("{:.1} ms, {:.1} ms", times.percentile(50.0), times.percentile(99.0))
}

/// Waits until history has the room up to its head.
async fn projected(asker: &Asker, room: &str, head: u64) -> Result<()> {
    let begun = Instant::now();
    loop {
        let (_, answer) = asker.ask(&format!("/v1/rooms/{room}/at?seq={head}")).await?;
        let answer: serde_json::Value = serde_json::from_str(&answer)?;
        if answer["folded"]["source"] == "journal" {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < DEADLINE,
            "history does not get there: {}",
            answer["folded"]
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How long it takes to random points, and how many events were folded on average.
async fn measure(asker: &Asker, filled: &Filled, points: u64) -> Result<(Times, u64)> {
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut times, mut events) = (Times::new()?, 0);
    for point in 0..WARM_UP + points {
        let seq = random.random_range(1..=filled.head);
        let (took, answer) = asker.ask(&format!("/v1/rooms/{}/at?seq={seq}", filled.room)).await?;
        let answer: serde_json::Value = serde_json::from_str(&answer)?;
        ensure!(answer["seq"] == seq, "another point: {answer}");
        if point >= WARM_UP {
            times.note(took)?;
            events += answer["folded"]["events"].as_u64().context("events")?;
        }
    }
    Ok((times, events / points))
}
