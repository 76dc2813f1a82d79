//! Durable sends a second through one edge, against a bare idempotent producer of the same bytes.

use crate::cluster::Cluster;
use crate::load::{self, Rooms};
use crate::report::Report;
use crate::{process, raw};
use anyhow::Result;

const ROOMS: usize = 32;
const SESSIONS: usize = 16;
const MESSAGES: usize = 48_000;
const ROUNDS: usize = 3;

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "throughput").await?;
    let mut rooms = Vec::with_capacity(ROOMS);
    for room in 0..ROOMS {
        rooms.push(cluster.open_room(&edge, &token, &format!("room {room}")).await?);
    }
    let rooms = Rooms::new(&rooms);
    load::send(edge.address, &token, &rooms, SESSIONS, MESSAGES / 10).await?;
    let topic = format!("{}.events", cluster.prefix);
    let sample = raw::sample(&cluster.brokers, &topic)?;
    let spare = format!("{}.dead-letters", cluster.prefix);

    let (mut sends, mut same, mut free, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = process::cpu_seconds(edge.pid())?;
        let took = load::send(edge.address, &token, &rooms, SESSIONS, MESSAGES).await?;
        cpu.push((process::cpu_seconds(edge.pid())? - before) * 1e6 / MESSAGES as f64);
        sends.push(MESSAGES as f64 / took.as_secs_f64());
        for (window, figures) in [((SESSIONS * load::WINDOW) as u64, &mut same), (u64::MAX, &mut free)] {
            let took = raw::produce(&cluster.brokers, &spare, &sample, MESSAGES as u64, window)?;
            figures.push(MESSAGES as f64 / took.as_secs_f64());
        }
    }
    let mut report = Report::new("throughput", "Durable sends a second on one edge, 32 rooms");
    report.line("| what | per second | Roomlog ÷ it (goal ≥ 0.5) |");
    report.line("|---|---|---|");
    let reached = process::median(sends);
    report.line(&format!(
        "| Roomlog, {SESSIONS} sessions with {} sends waiting each | {reached:.0} | |",
        load::WINDOW
    ));
    for (what, figures) in [
        ("bare producer, as many waiting", same),
        ("bare producer, no bound", free),
    ] {
        let figure = process::median(figures);
        report.line(&format!("| {what} | {figure:.0} | {:.2} |", reached / figure));
    }
    report.line(&format!("\nCPU of the edge per send: {:.1} µs.", process::median(cpu)));
    report.keep()
}
