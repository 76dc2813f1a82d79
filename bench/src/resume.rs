//! A thousand clients come back at once, each having missed a thousand messages of the same room.

use crate::cluster::{self, Cluster};
use crate::load::{self, Rooms};
use crate::report::Report;
use crate::swarm::{Dialect, Listener, ROOMLOG, Swarm};
use crate::{process, wire};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

const CLIENTS: usize = 1_000;
const MISSED: usize = 1_000;
const DEADLINE: Duration = Duration::from_secs(180);

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "resume").await?;
    let room = cluster.open_room(&edge, &token, "resume").await?;
    load::send(
        edge.address,
        &token,
        &Rooms::new(std::slice::from_ref(&room)),
        10,
        MISSED,
    )
    .await?;
    let epoch = epoch(&edge, &token).await?;

    let subscribe =
        format!(r#"{{"id":1,"subscribe":{{"room":"{room}","recent":0,"resume":{{"epoch":"{epoch}","seq":1}}}}}}"#);
    let listener = |_| Listener {
        address: edge.address,
        path: "/v1/ws",
        headers: cluster::session_headers(&token),
        frames: vec![subscribe.clone()],
    };
    let (cpu, memory) = (process::cpu_seconds(edge.pid())?, process::resident_bytes(edge.pid())?);
    let begun = Instant::now();
    let dialect = Dialect {
        ready: br#""recovered":true"#,
        ..ROOMLOG
    };
    let mut swarm = Swarm::connect((0..CLIENTS).map(listener).collect(), dialect).await?;
    let all = (CLIENTS * MISSED) as u64;
    swarm.until(all, DEADLINE).await?;
    let (took, cpu) = (begun.elapsed(), process::cpu_seconds(edge.pid())? - cpu);
    let grown = process::resident_bytes(edge.pid())?.saturating_sub(memory);

    let mut report = Report::new("resume", "1,000 clients resume 1,000 missed messages each");
    report.line("| until all had all | events a second | CPU of the edge per event | memory grown |");
    report.line("|---|---|---|---|");
    report.line(&format!(
        "| {:.2} s | {:.0} | {:.2} µs | {:.0} MB |",
        took.as_secs_f64(),
        all as f64 / took.as_secs_f64(),
        cpu * 1e6 / all as f64,
        grown as f64 / 1e6
    ));
    report.keep()
}

async fn epoch(edge: &cluster::Process, token: &str) -> Result<String> {
    let (mut reader, _writer) = wire::connect(edge.address, "/v1/ws", &cluster::session_headers(token)).await?;
    let hello: serde_json::Value = {
        let message = reader.message().await?.context("closed")?;
        serde_json::from_slice(message.split(|byte| *byte == b'\n').next().context("hello")?)?
    };
    Ok(hello["event"]["hello"]["epoch"]
        .as_str()
        .or(hello["hello"]["epoch"].as_str())
        .context("epoch")?
        .to_owned())
}
