//! Events a second that the history projector writes, against a binary COPY of the rows it wrote.

use crate::cluster::Cluster;
use crate::load::{self, Rooms};
use crate::report::Report;
use crate::{process, raw};
use anyhow::{Context, Result, ensure};
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{PgPool, Row};
use std::time::{Duration, Instant};

const ROOMS: usize = 32;
const MESSAGES: usize = 96_000;
const ROUNDS: usize = 3;
const WATCH: Duration = Duration::from_millis(5);
const DEADLINE: Duration = Duration::from_secs(300);
const TABLES: [&str; 2] = ["journal", "messages"];

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let (pool, end) = filled(&cluster, ROOMS, MESSAGES).await?;
    let (mut ours, mut floor, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        forget(&pool).await?;
        let projected = project(&cluster, &pool, end).await?;
        ours.push(projected.events / projected.took.as_secs_f64());
        cpu.push(projected.cpu * 1e6 / end as f64);
        floor.push(MESSAGES as f64 / copy(&pool).await?.as_secs_f64());
    }
    let cpu = process::median(cpu);
    let ratio = process::median(ours.iter().zip(&floor).map(|(ours, floor)| ours / floor).collect());
    let (ours, floor) = (process::median(ours), process::median(floor));
    let mut report = Report::new("projection", "History projection against COPY");
    report.line("| what | events a second |");
    report.line("|---|---|");
    report.line(&format!("| history projector, log to committed rows | {ours:.0} |"));
    report.line(&format!(
        "| binary COPY of the same rows into tables with the same indexes | {floor:.0} |"
    ));
    report.line(&format!(
        "\nRatio {ratio:.2} (goal ≥ 0.6). CPU of the projector per event: {cpu:.1} µs."
    ));
    report.keep()
}

/// A log of so many messages over so many rooms, sent through an edge; the database that nothing of it is in yet, and how
/// many records there are.
pub(crate) async fn filled(cluster: &Cluster, rooms: usize, messages: usize) -> Result<(PgPool, i64)> {
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "projection").await?;
    let mut ids = Vec::with_capacity(rooms);
    for room in 0..rooms {
        ids.push(cluster.open_room(&edge, &token, &format!("room {room}")).await?);
    }
    load::send(edge.address, &token, &Rooms::new(&ids), 16, messages).await?;
    drop(edge);
    let ends = raw::ends(&cluster.brokers, &format!("{}.events", cluster.prefix))?;
    Ok((PgPool::connect(&cluster.postgres).await?, ends.iter().sum()))
}

/// What a projector did.
struct Projected {
    /// Events whose rows were committed while it was watched.
    events: f64,
    took: Duration,
    /// CPU seconds of the projector, its start included.
    cpu: f64,
}

/// Lets a projector write everything; watched from its first commit to its last, so that neither its start nor the
/// group's counts.
async fn project(cluster: &Cluster, pool: &PgPool, end: i64) -> Result<Projected> {
    let mut projector = cluster.begin(&["projector", "history"], &[])?;
    let begun = Instant::now();
    let mut first = None;
    loop {
        let committed = committed(pool).await?;
        let (at, from) = *first.get_or_insert_with(|| (Instant::now(), committed));
        if committed == 0 {
            first = None;
        }
        if committed >= end {
            let events = (committed - from) as f64;
            let (took, cpu) = (at.elapsed(), process::cpu_seconds(projector.pid())?);
            return Ok(Projected { events, took, cpu });
        }
        ensure!(begun.elapsed() < DEADLINE, "the projector did not catch up");
        projector.ensure_alive()?;
        tokio::time::sleep(WATCH).await;
    }
}

/// Records of all partitions that are done with.
pub(crate) async fn committed(pool: &PgPool) -> Result<i64> {
    let sum = "SELECT coalesce(sum(next_offset), 0)::bigint FROM history.checkpoints WHERE projection = 'events'";
    Ok(sqlx::query(sum).fetch_one(pool).await?.try_get(0)?)
}

/// History as if nothing had been projected.
async fn forget(pool: &PgPool) -> Result<()> {
    sqlx::query("TRUNCATE history.checkpoints, history.rooms, history.journal, history.messages, history.mentions")
        .execute(pool)
        .await?;
    forget_copies(pool).await
}

/// The tables that a COPY has filled.
pub(crate) async fn forget_copies(pool: &PgPool) -> Result<()> {
    for table in TABLES {
        sqlx::query(&format!("DROP TABLE IF EXISTS public.{table}"))
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// Copies the rows out, then in again, and answers how long the way in took.
pub(crate) async fn copy(pool: &PgPool) -> Result<Duration> {
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
