//! What traces cost: sends per CPU second of an edge that sends spans, against one that does not, with the collector up,
//! standing still and away.

use crate::cluster::{Cluster, Process};
use crate::load::{self, Rooms};
use crate::process;
use crate::report::Report;
use anyhow::{Context, Result};
use std::net::TcpListener;

const ROOMS: usize = 32;
const SESSIONS: usize = 16;
const MESSAGES: usize = 48_000;
const ROUNDS: usize = 7;
/// The share of traces that are recorded.
const RATIOS: [&str; 2] = ["0.01", "1"];

/// One edge, with rooms that no other edge of the benchmark holds.
struct Edge {
    name: String,
    process: Process,
    token: String,
    rooms: Rooms,
    /// Its CPU seconds of each round, and how many times those of the edge without traces, measured just before.
    cpu: Vec<f64>,
    ratios: Vec<f64>,
}

impl Edge {
    async fn start(cluster: &Cluster, name: String, settings: &[(&str, &str)]) -> Result<Self> {
        let process = cluster.process(&["edge"], settings).await?;
        let token = cluster
            .register(
                &process,
                &format!("tracing-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]),
            )
            .await?;
        let mut rooms = Vec::with_capacity(ROOMS);
        for room in 0..ROOMS {
            rooms.push(cluster.open_room(&process, &token, &format!("room {room}")).await?);
        }
        let rooms = Rooms::new(&rooms);
        load::send(process.address, &token, &rooms, SESSIONS, MESSAGES / 10).await?;
        Ok(Self {
            name,
            process,
            token,
            rooms,
            cpu: Vec::new(),
            ratios: Vec::new(),
        })
    }

    async fn round(&mut self) -> Result<f64> {
        let before = process::cpu_seconds(self.process.pid())?;
        load::send(self.process.address, &self.token, &self.rooms, SESSIONS, MESSAGES).await?;
        let took = process::cpu_seconds(self.process.pid())? - before;
        self.cpu.push(took);
        Ok(took)
    }
}

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let up = std::env::var("ROOMLOG_TEST_OTLP").context("ROOMLOG_TEST_OTLP is not set: Jaeger does not run")?;
    // It takes connections and never says a word.
    let standing = TcpListener::bind("127.0.0.1:0")?;
    let still = format!("http://{}", standing.local_addr()?);
    // Nobody listens there once this is gone.
    let away = format!("http://{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?);

    let mut off = Edge::start(&cluster, "off".into(), &[]).await?;
    let mut edges = Vec::new();
    for (collector, address) in [("up", &up), ("standing still", &still), ("away", &away)] {
        for ratio in RATIOS {
            let settings = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
                ("ROOMLOG_TELEMETRY__TRACE_RATIO", ratio),
                // Reported once, not measured.
                ("ROOMLOG_TELEMETRY__LEVEL", "error"),
            ];
            let percent = ratio.parse::<f64>()? * 100.0;
            let name = format!("{percent:.0} %, collector {collector}");
            edges.push(Edge::start(&cluster, name, &settings).await?);
        }
    }
    for _ in 0..ROUNDS {
        for edge in &mut edges {
            // Beside each other: what a send costs drifts with the log and the machine.
            let without = off.round().await?;
            let with = edge.round().await?;
            edge.ratios.push(with / without);
        }
    }
    drop(standing);
    let mut report = Report::new("tracing", "What traces cost: sends per CPU second of an edge");
    report.line("| traces | sends per CPU second | CPU of a send ÷ off (goal ≤ 1.03 at 1 %) |");
    report.line("|---|---|---|");
    off.ratios.push(1.0);
    for edge in std::iter::once(off).chain(edges) {
        let rate = MESSAGES as f64 / process::median(edge.cpu);
        let ratio = process::median(edge.ratios);
        report.line(&format!("| {} | {rate:.0} | {ratio:.3} |", edge.name));
    }
    report.keep()
}
