//! A page of 50 from a room with a million messages: through the server, against the bare query on the same database.

use crate::cluster::Cluster;
use crate::filled::{self, MESSAGES};
use crate::report::Report;
use crate::rest::{Asker, Times};
use anyhow::{Result, ensure};
use sqlx::{PgPool, Row};
use std::time::Instant;

const PAGE: usize = 50;
const ROUNDS: u64 = 2_000;
/// Before anything is counted: connections, caches of plans.
const WARM_UP: u64 = 200;
/// From one page to the next, so that they are spread over the room and no two are the same.
const STRIDE: u64 = 7_919 * 61;

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "page").await?;
    let room = cluster.open_room(&edge, &token, "a million messages").await?;
    let pool = PgPool::connect(&cluster.postgres).await?;
    filled::fill(&pool, &room).await?;

    let asker = Asker::new(&edge, &token);
    let (mut ours, mut bare) = (Times::new()?, Times::new()?);
    for round in 0..WARM_UP + ROUNDS {
        let before = PAGE as u64 + 2 + round * STRIDE % (MESSAGES - PAGE as u64);
        let path = format!("/v1/rooms/{room}/messages?before={before}&limit={PAGE}");
        let (took, answer) = asker.ask(&path).await?;
        let begun = Instant::now();
        let found = query(&pool, &room, before).await?;
        let floor = begun.elapsed();
        if round == 0 {
            let answer: serde_json::Value = serde_json::from_str(&answer)?;
            let seqs = answer["messages"].as_array().into_iter().flatten();
            let mut seqs: Vec<_> = seqs.filter_map(|message| message["seq"].as_i64()).collect();
            seqs.reverse();
            ensure!(seqs == found && found.len() == PAGE, "the two differ: {answer}");
        }
        if round >= WARM_UP {
            ours.note(took)?;
            bare.note(floor)?;
        }
    }

    let mut report = Report::new("page", "A page of 50 from a room with 1,000,000 messages");
    report.line("The tables were filled by COPY. Pages of the whole room, both in turn, one at a time.\n");
    report.line("| what | p50 | p99 |");
    report.line("|---|---|---|");
    for (what, times) in [
        ("through the server (HTTP, who may read, reactions, JSON)", &ours),
        ("the bare SQL query, all its rows read", &bare),
    ] {
        let (median, most) = (times.percentile(50.0), times.percentile(99.0));
        report.line(&format!("| {what} | {median:.2} ms | {most:.2} ms |"));
    }
    report.line(&format!(
        "\nRatio p50 {:.2}, p99 {:.2}.",
        ours.percentile(50.0) / bare.percentile(50.0),
        ours.percentile(99.0) / bare.percentile(99.0)
    ));
    report.keep()
}

/// What a page is at least: its messages, newest first. Their seqs.
async fn query(pool: &PgPool, room: &str, before: u64) -> Result<Vec<i64>> {
    let rows = sqlx::query(
        "SELECT seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
         FROM history.messages WHERE room_id = $1::uuid AND seq < $2 ORDER BY seq DESC LIMIT $3",
    )
    .bind(room)
    .bind(i64::try_from(before)?)
    .bind(i64::try_from(PAGE)?)
    .fetch_all(pool)
    .await?;
    Ok(rows.iter().map(|row| row.try_get("seq")).collect::<Result<_, _>>()?)
}
