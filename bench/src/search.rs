//! Search over a million messages: through the server, against the bare query on the same database.

use crate::cluster::Cluster;
use crate::filled::{self, COMMON, RARE, SELDOM};
use crate::report::Report;
use crate::rest::{Asker, Times};
use anyhow::{Result, ensure};
use sqlx::{PgPool, Row};
use std::time::Instant;

const PAGE: i64 = 20;
const ROUNDS: u64 = 100;
/// Before anything is counted: connections, caches of plans and pages.
const WARM_UP: u64 = 5;

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "search").await?;
    let room = cluster.open_room(&edge, &token, "a million messages").await?;
    let pool = PgPool::connect(&cluster.postgres).await?;
    filled::fill(&pool, &room).await?;

    let mut report = Report::new("search", "Search over 1,000,000 messages");
    report.line("The tables were filled by COPY. The newest 20 that hold the words; both in turn, one at a time.\n");
    report.line("| words | messages with them | through the server p50, p99 | bare SQL p50, p99 | ratio p50, p99 |");
    report.line("|---|---|---|---|---|");
    let both = format!("{COMMON} {SELDOM}");
    for (what, words) in [
        ("rare", RARE),
        ("seldom", SELDOM),
        ("common", COMMON),
        ("common and seldom", &both),
    ] {
        report.line(&measure(&Asker::new(&edge, &token), &pool, what, words).await?);
    }
    report.keep()
}

async fn measure(asker: &Asker, pool: &PgPool, what: &str, words: &str) -> Result<String> {
    let count = "SELECT count(*) FROM history.messages WHERE words @@ websearch_to_tsquery('simple', $1)";
    let count: i64 = sqlx::query(count).bind(words).fetch_one(pool).await?.try_get(0)?;
    let path = format!("/v1/search?q={}&limit={PAGE}", words.replace(' ', "%20"));
    let (mut ours, mut bare) = (Times::new()?, Times::new()?);
    for round in 0..WARM_UP + ROUNDS {
        let (took, answer) = asker.ask(&path).await?;
        let begun = Instant::now();
        let found = query(pool, words).await?;
        let floor = begun.elapsed();
        if round == 0 {
            let answer: serde_json::Value = serde_json::from_str(&answer)?;
            let seqs = answer["hits"].as_array().into_iter().flatten();
            let seqs: Vec<_> = seqs.filter_map(|hit| hit["message"]["seq"].as_i64()).collect();
            ensure!(seqs == found && !found.is_empty(), "the two differ: {answer}");
        }
        if round >= WARM_UP {
            ours.note(took)?;
            bare.note(floor)?;
        }
    }
    let (median, most) = (50.0, 99.0);
    Ok(format!(
        "| {what} | {count} | {:.1} ms, {:.1} ms | {:.1} ms, {:.1} ms | {:.2}, {:.2} |",
        ours.percentile(median),
        ours.percentile(most),
        bare.percentile(median),
        bare.percentile(most),
        ours.percentile(median) / bare.percentile(median),
        ours.percentile(most) / bare.percentile(most),
    ))
}

/// What a search is at least: the newest messages that hold the words, whoever may read them. Their seqs.
async fn query(pool: &PgPool, words: &str) -> Result<Vec<i64>> {
    let rows = sqlx::query(
        "SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
         FROM history.messages WHERE words @@ websearch_to_tsquery('simple', $1)
         ORDER BY at DESC, room_id DESC, seq DESC LIMIT $2",
    )
    // Planned for these words each time, as the server's is.
    .persistent(false)
    .bind(words)
    .bind(PAGE)
    .fetch_all(pool)
    .await?;
    Ok(rows.iter().map(|row| row.try_get("seq")).collect::<Result<_, _>>()?)
}
