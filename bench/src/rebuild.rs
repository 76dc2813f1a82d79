//! Events a second of `roomlog rebuild history`, against a binary COPY of the rows that it makes.

use crate::cluster::Cluster;
use crate::process;
use crate::projection;
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sqlx::PgPool;
use std::time::{Duration, Instant};

const ROOMS: usize = 32;
const MESSAGES: usize = 192_000;
const ROUNDS: usize = 3;
const WATCH: Duration = Duration::from_millis(20);
const DEADLINE: Duration = Duration::from_secs(600);

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let (pool, end) = projection::filled(&cluster, ROOMS, MESSAGES).await?;
    old(&cluster, &pool, end).await?;

    let (mut whole, mut walks, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let made = rebuild(&cluster)?;
        whole.push(made.records / made.took.as_secs_f64());
        walks.push(made.records / made.walk.as_secs_f64());
        projection::forget_copies(&pool).await?;
        floor.push(MESSAGES as f64 / projection::copy(&pool).await?.as_secs_f64());
    }
    let ratio = |ours: &[f64]| process::median(ours.iter().zip(&floor).map(|(ours, floor)| ours / floor).collect());
    let (of_whole, of_walk) = (ratio(&whole), ratio(&walks));
    let (whole, walks, floor) = (process::median(whole), process::median(walks), process::median(floor));
    let mut report = Report::new("rebuild", "Rebuild of history against COPY");
    report.line("| what | events a second |");
    report.line("|---|---|");
    report.line(&format!(
        "| `roomlog rebuild history`, from its start to its end: walk, indexes, comparison of all rows, swap | {whole:.0} |"
    ));
    report.line(&format!("| the walk alone, log to committed rows | {walks:.0} |"));
    report.line(&format!(
        "| binary COPY of the same rows into tables with the same indexes | {floor:.0} |"
    ));
    report.line(&format!(
        "\n{MESSAGES} messages in {ROOMS} rooms. Ratio of the whole {of_whole:.2} (goal ≥ 0.5), of the walk {of_walk:.2}."
    ));
    report.keep()
}

/// Lets a projector make the history that is compared with.
async fn old(cluster: &Cluster, pool: &PgPool, end: i64) -> Result<()> {
    let mut projector = cluster.begin(&["projector", "history"], &[])?;
    let begun = Instant::now();
    while projection::committed(pool).await? < end {
        ensure!(begun.elapsed() < DEADLINE, "the projector did not catch up");
        projector.ensure_alive()?;
        tokio::time::sleep(WATCH).await;
    }
    Ok(())
}

/// What a rebuild said of itself.
struct Made {
    records: f64,
    took: Duration,
    walk: Duration,
}

/// Makes history anew and throws the old one away.
fn rebuild(cluster: &Cluster) -> Result<Made> {
    let said = cluster.output(&["rebuild", "history", "--json"])?;
    cluster.output(&["rebuild", "history", "--drop-old"])?;
    let last = said.lines().last().context("it said nothing")?;
    let outcome: Value = serde_json::from_str(last)?;
    ensure!(outcome["swapped"] == true && outcome["equal"] == true, "{outcome}");
    let number = |name: &str| outcome[name].as_u64().with_context(|| format!("{name} in {outcome}"));
    Ok(Made {
        records: number("records")? as f64,
        took: Duration::from_millis(number("took_ms")?),
        walk: Duration::from_millis(number("walk_ms")?),
    })
}
