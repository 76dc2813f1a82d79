//! Events a second that a replay gives, against a bare consumer of the same partition; and what those who chat notice while
//! twenty replays run.

use crate::cluster::{self, Cluster, Process};
use crate::report::Report;
use crate::{latency, load, process, projection, raw, wire};
use anyhow::{Context, Result, ensure};
use bench::fill::{FilledRoom, Plan, fill};
use engine::log::{Log as _, Topic};
use hdrhistogram::Histogram;
use sqlx::PgPool;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A room that has its partition nearly to itself, and two hundred that share theirs.
const ALONE: usize = 200_000;
const TOGETHER: usize = 1_600_000;
const ROOMS: usize = 200;
const ROUNDS: usize = 5;
const REPLAYS: usize = 20;
/// Messages of one measurement with, or without, replays beside it; they take turns.
const MESSAGES: usize = 250;
const TURNS: usize = 6;
const PAUSE: Duration = Duration::from_millis(8);
const CATCH_UP: Duration = Duration::from_millis(200);
const DEADLINE: Duration = Duration::from_secs(600);

/// Who replays, and what.
#[derive(clap::Args)]
pub(crate) struct Readers {
    /// Where.
    #[arg(long)]
    address: SocketAddr,
    /// With whose token.
    #[arg(long)]
    token: String,
    /// So many at once.
    #[arg(long)]
    count: usize,
    /// Which rooms, in turn.
    #[arg(long)]
    room: Vec<String>,
}

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let log = cluster.log().await?;
    let alone = fill(
        &log,
        &Plan {
            events: ALONE,
            rooms: 1,
            seed: 1,
        },
    )
    .await?;
    let together = fill(
        &log,
        &Plan {
            events: TOGETHER,
            rooms: ROOMS,
            seed: 2,
        },
    )
    .await?;
    let settings = [("ROOMLOG_EDGE__REPLAYS_PER_PERSON", "20")];
    let edge = cluster.process(&["edge"], &settings).await?;
    let _history = cluster.process(&["projector", "history"], &[]).await?;
    let token = cluster.register(&edge, "replay").await?;
    let pool = PgPool::connect(&cluster.postgres).await?;
    caught_up(&log, &pool).await?;

    let mut report = Report::new("replay", "Replay against a bare consumer of the same partition");
    report.line("| what | events a second |");
    report.line("|---|---|");
    // The largest room with others in its partition: as such a one usually is.
    let rooms = [
        ("a room that is 0.9 of its partition", &alone[0]),
        ("the largest of a dozen in its partition", &together[1]),
    ];
    for (name, room) in rooms {
        speed(&cluster, &log, &edge, &token, (name, room), &mut report).await?;
    }
    live(&cluster, &edge, &token, &together, &mut report).await?;
    report.keep()
}

async fn caught_up(log: &engine::log::kafka::Log, pool: &PgPool) -> Result<()> {
    let extents = log.extents(Topic::Events).await?;
    let end = extents
        .iter()
        .map(|extent| extent.high.get())
        .sum::<u64>()
        .cast_signed();
    let begun = Instant::now();
    loop {
        let next = projection::committed(pool).await?;
        if next >= end {
            return Ok(());
        }
        ensure!(begun.elapsed() < DEADLINE, "history stands at {next} of {end}");
        tokio::time::sleep(CATCH_UP).await;
    }
}

async fn speed(
    cluster: &Cluster,
    log: &engine::log::kafka::Log,
    edge: &Process,
    token: &str,
    (name, room): (&str, &FilledRoom),
    report: &mut Report,
) -> Result<()> {
    let partition = log.partition_of(room.id.to_string().as_bytes());
    let extents = log.extents(Topic::Events).await?;
    let extent = extents
        .iter()
        .find(|extent| extent.partition == partition)
        .context("its partition")?;
    let records = extent.high.get() as f64;
    let topic = format!("{}.events", cluster.prefix);
    let (mut bare, mut ours, mut shown) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (brokers, topic) = (cluster.brokers.clone(), topic.clone());
        let (number, end) = (i32::from(partition.get()), extent.high.get().cast_signed());
        let took = tokio::task::spawn_blocking(move || raw::consume(&brokers, &topic, number, end)).await??;
        bare.push(records / took.as_secs_f64());
        let begun = Instant::now();
        shown = replay(edge.address, token, &room.id.to_string()).await?;
        ours.push(records / begun.elapsed().as_secs_f64());
    }
    ensure!(
        shown as u64 == room.head.get() + room.ignored,
        "{shown} lines of {}",
        room.head
    );
    let ratio = process::median(ours.iter().zip(&bare).map(|(ours, bare)| ours / bare).collect());
    let (bare, ours) = (process::median(bare), process::median(ours));
    report.line(&format!("| bare consumer: {records:.0} records | {bare:.0} |"));
    report.line(&format!(
        "| replay over HTTP: {name}, {shown} events | {ours:.0} records passed, {:.0} shown |",
        ours * shown as f64 / records
    ));
    report.line(&format!("| ratio (goal ≥ 0.5) | {ratio:.2} |"));
    Ok(())
}

/// Replays a room to its end; how many lines came before the last.
async fn replay(address: SocketAddr, token: &str, room: &str) -> Result<usize> {
    let url = format!("http://{address}/v1/rooms/{room}/events");
    let mut answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(token)
        .send()
        .await?
        .error_for_status()?;
    let (mut lines, mut last) = (0, Vec::new());
    while let Some(part) = answer.chunk().await? {
        lines += part.iter().filter(|byte| **byte == b'\n').count();
        if part.len() >= 64 {
            last.clear();
        }
        last.extend_from_slice(&part);
    }
    let end = String::from_utf8_lossy(&last);
    ensure!(end.contains("{\"done\":"), "it ended early: {end}");
    Ok(lines - 1)
}

/// Replays room after room, so many at once, until it is killed.
pub(crate) async fn read(readers: Readers) -> Result<()> {
    let mut all = tokio::task::JoinSet::new();
    for number in 0..readers.count {
        let (address, token) = (readers.address, readers.token.clone());
        let rooms: Vec<String> = readers
            .room
            .iter()
            .skip(number)
            .step_by(readers.count)
            .cloned()
            .collect();
        all.spawn(async move {
            loop {
                for room in &rooms {
                    replay(address, &token, room).await?;
                }
            }
        });
    }
    all.join_next().await.context("nobody replays")??
}

/// A process of readers; killed with this value. It stands back: on another machine it would not be noticed at all.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn beside(edge: &Process, token: &str, rooms: &[FilledRoom]) -> Result<Beside> {
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(std::env::current_exe()?).arg("readers");
    command.args([
        "--address",
        &edge.address.to_string(),
        "--token",
        token,
        "--count",
        &REPLAYS.to_string(),
    ]);
    for room in rooms {
        command.args(["--room", &room.id.to_string()]);
    }
    Ok(Beside(command.stdin(Stdio::null()).spawn()?))
}

async fn live(cluster: &Cluster, edge: &Process, token: &str, rooms: &[FilledRoom], report: &mut Report) -> Result<()> {
    let room = cluster.open_room(edge, token, "live").await?;
    let headers = cluster::session_headers(token);
    let (mut heard, mut listener) = wire::connect(edge.address, "/v1/ws", &headers).await?;
    listener
        .send(&format!(r#"{{"id":1,"subscribe":{{"room":"{room}","recent":0}}}}"#))
        .await?;
    let (mut answers, mut sender) = wire::connect(edge.address, "/v1/ws", &headers).await?;
    let mut background = tokio::task::JoinSet::new();
    background.spawn(async move { while let Ok(Some(_)) = answers.message().await {} });
    let (mut quiet, mut busy) = (Histogram::<u64>::new(3)?, Histogram::<u64>::new(3)?);
    // As the room's head: a command that knows more than the edge would wait for it.
    let mut number = 0;
    for turn in 0..TURNS * 2 {
        let readers = if turn % 2 == 1 {
            Some(beside(edge, token, rooms)?)
        } else {
            None
        };
        // Those who begin are no measure of those who run.
        tokio::time::sleep(Duration::from_secs(1)).await;
        for message in 0..MESSAGES {
            tokio::time::sleep(PAUSE).await;
            // A session that only listens answers its pings with any frame.
            if message % 50 == 0 {
                listener.send(r#"{"pong":{}}"#).await?;
            }
            number += 1;
            let begun = Instant::now();
            sender.send(&load::frame(number, &room, number as u64)).await?;
            latency::until_delivered(&mut heard).await?;
            let into = if readers.is_some() { &mut busy } else { &mut quiet };
            into.record(u64::try_from(begun.elapsed().as_micros())?)?;
        }
    }
    report.line("\n| send to delivered | alone ms | beside 20 replays ms | ratio (goal of p99 ≤ 1.2) |");
    report.line("|---|---|---|---|");
    report.quantiles(&quiet, &busy);
    Ok(())
}
