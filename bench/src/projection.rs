//! Events a second that the history projector writes, against a binary COPY of the rows it wrote.

use crate::cluster::Cluster;
use crate::load;
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{PgPool, Row};
use std::time::{Duration, Instant};

const ROOMS: usize = 32;
const MESSAGES: usize = 96_000;
const DEADLINE: Duration = Duration::from_secs(300);
const TABLES: [&str; 2] = ["journal", "messages"];

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "projection").await?;
    let mut rooms = Vec::with_capacity(ROOMS);
    for room in 0..ROOMS {
        rooms.push(cluster.open_room(&edge, &token, &format!("room {room}")).await?);
    }
    load::send(edge.address, &token, &rooms, 16, MESSAGES).await?;

    let pool = PgPool::connect(&cluster.postgres).await?;
    let projector = cluster.process(&["projector", "history"], &[]).await?;
    let begun = Instant::now();
    while count(&pool, "messages").await? < MESSAGES as i64 {
        ensure!(begun.elapsed() < DEADLINE, "the projector did not catch up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    drop(projector);
    let copied = copy(&pool).await?;
    let (ours, floor) = (
        MESSAGES as f64 / took.as_secs_f64(),
        MESSAGES as f64 / copied.as_secs_f64(),
    );
    let mut report = Report::new("projection", "History projection against COPY");
    report.line("| what | events a second |");
    report.line("|---|---|");
    report.line(&format!("| history projector, log to committed rows | {ours:.0} |"));
    report.line(&format!(
        "| binary COPY of the same rows into tables with the same indexes | {floor:.0} |"
    ));
    report.line(&format!("\nRatio {:.2} (goal ≥ 0.6).", ours / floor));
    report.keep()
}

async fn count(pool: &PgPool, table: &str) -> Result<i64> {
    Ok(sqlx::query(&format!("SELECT count(*) FROM history.{table}"))
        .fetch_one(pool)
        .await?
        .try_get(0)?)
}

/// Copies the rows out, then in again, and answers how long the way in took.
async fn copy(pool: &PgPool) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for table in TABLES {
        sqlx::query(&format!(
            "CREATE TABLE public.{table} (LIKE history.{table} INCLUDING ALL)"
        ))
        .execute(pool)
        .await?;
        let mut rows = Vec::new();
        let mut out = pool
            .copy_out_raw(&format!("COPY history.{table} TO STDOUT (FORMAT binary)"))
            .await?;
        while let Some(chunk) = futures_util::StreamExt::next(&mut out).await {
            rows.push(chunk.context("COPY out")?);
        }
        drop(out);
        let begun = Instant::now();
        let mut sink = pool
            .copy_in_raw(&format!("COPY public.{table} FROM STDIN (FORMAT binary)"))
            .await?;
        for chunk in rows {
            sink.send(chunk).await?;
        }
        sink.finish().await?;
        took += begun.elapsed();
    }
    Ok(took)
}
