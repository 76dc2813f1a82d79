//! What traces cost: sends per CPU second of an edge that sends spans, against one of the same age that does not, with the
//! collector up, standing still and away. One pair without any traces says how far two equal edges are apart.

use crate::cluster::{Cluster, Process};
use crate::load::{self, Rooms};
use crate::process;
use crate::report::Report;
use anyhow::{Context, Result};
use std::net::TcpListener;

const ROOMS: usize = 32;
const SESSIONS: usize = 16;
const MESSAGES: usize = 48_000;
const ROUNDS: usize = 8;
/// The share of traces that are recorded.
const RATIOS: [&str; 2] = ["0.01", "1"];

/// One edge, with rooms that no other edge of the benchmark holds.
struct Edge {
    process: Process,
    token: String,
    rooms: Rooms,
    /// Its CPU seconds of each round.
    cpu: Vec<f64>,
}

impl Edge {
    async fn start(cluster: &Cluster, settings: &[(&str, &str)]) -> Result<Self> {
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
            process,
            token,
            rooms,
            cpu: Vec::new(),
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

/// Two edges that have done the same, one of them with traces.
struct Pair {
    name: String,
    off: Edge,
    on: Edge,
    /// What a send of the one cost, divided by one of the other in the same moment.
    ratios: Vec<f64>,
}

impl Pair {
    async fn start(cluster: &Cluster, name: &str, settings: &[(&str, &str)]) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            off: Edge::start(cluster, &[]).await?,
            on: Edge::start(cluster, settings).await?,
            ratios: Vec::new(),
        })
    }

    /// Beside each other, for what a send costs drifts with the log and the machine; either is the first in turn.
    async fn round(&mut self, round: usize) -> Result<()> {
        let (without, with) = if round.is_multiple_of(2) {
            let without = self.off.round().await?;
            (without, self.on.round().await?)
        } else {
            let with = self.on.round().await?;
            (self.off.round().await?, with)
        };
        self.ratios.push(with / without);
        Ok(())
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

    let mut pairs = vec![Pair::start(&cluster, "off, as the other", &[]).await?];
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
            pairs.push(Pair::start(&cluster, &name, &settings).await?);
        }
    }
    for round in 0..ROUNDS {
        for pair in &mut pairs {
            pair.round(round).await?;
        }
    }
    drop(standing);
    report(pairs).keep()
}

fn report(pairs: Vec<Pair>) -> Report {
    let mut report = Report::new("tracing", "What traces cost: sends per CPU second of an edge");
    report.line("| traces | sends per CPU second | the same without traces | CPU of a send ÷ without (goal ≤ 1.03 at 1 %), least and most |");
    report.line("|---|---|---|---|");
    for mut pair in pairs {
        let rate = |cpu: Vec<f64>| MESSAGES as f64 / process::median(cpu);
        pair.ratios.sort_by(f64::total_cmp);
        let (least, most) = (pair.ratios[0], pair.ratios[ROUNDS - 1]);
        report.line(&format!(
            "| {} | {:.0} | {:.0} | **{:.3}** ({least:.2} to {most:.2}) |",
            pair.name,
            rate(pair.on.cpu),
            rate(pair.off.cpu),
            process::median(pair.ratios),
        ));
    }
    report
}
