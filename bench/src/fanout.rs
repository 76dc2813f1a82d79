//! Server CPU per delivery to a thousand sessions: Roomlog's edge, the bare socket writes under it, and a small
//! server on the library centrifuge, in turn and several times, so that the machine's moods fall on all alike.

use crate::cluster::{self, Cluster, Process};
use crate::floor::Floor;
use crate::report::Report;
use crate::swarm::{CENTRIFUGE, Listener, ROOMLOG, Swarm};
use crate::{process, wire};
use anyhow::{Context, Result, ensure};
use std::io::BufRead;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SESSIONS: usize = 1_000;
/// Who sends, in turn: one alone may have as many commands waiting as a session may, on a machine that is busy.
const SENDERS: usize = 8;
const SECONDS: u32 = 5;
const ROUNDS: usize = 3;
const DEADLINE: Duration = Duration::from_secs(60);
const TEXT: &str = "The quick brown fox jumps over the lazy dog, as it has done every day since telegraphs";

/// One load.
#[derive(Clone, Copy)]
struct Case {
    rooms: usize,
    rate: u32,
    goal_floor: f64,
}

const CASES: [Case; 3] = [
    Case {
        rooms: 1,
        rate: 20,
        goal_floor: 1.2,
    },
    Case {
        rooms: 1,
        rate: 50,
        goal_floor: 1.2,
    },
    Case {
        rooms: 50,
        rate: 500,
        goal_floor: 1.25,
    },
];

/// Microseconds of CPU per delivery of the three servers in one round.
struct Round {
    roomlog: f64,
    floor: f64,
    centrifuge: f64,
}

/// Runs all cases, or the one named; `centrifuge` is the peer's binary.
pub(crate) async fn run(centrifuge: &str, only: Option<usize>) -> Result<()> {
    let mut report = Report::new("fanout", "CPU per delivery to 1,000 sessions");
    report.line("| load | Roomlog µs | bare writes µs | centrifuge µs | ÷ bare (goal) | ÷ centrifuge (goal) |");
    report.line("|---|---|---|---|---|---|");
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "fanout").await?;
    let cases = CASES.into_iter().enumerate();
    for (_, case) in cases.filter(|(i, _)| only.is_none_or(|only| only == *i)) {
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let (roomlog, frame) = roomlog(case, &cluster, &edge, &token).await?;
            let floor = bare(case, &frame).await?;
            rounds.push(Round {
                roomlog,
                floor,
                centrifuge: peer(case, centrifuge).await?,
            });
        }
        let median = |figure: fn(&Round) -> f64| process::median(rounds.iter().map(figure).collect());
        report.line(&format!(
            "| {} rooms, {} messages/s | {:.1} | {:.1} | {:.1} | {:.2} (≤ {:.2}) | {:.2} (≤ 0.55) |",
            case.rooms,
            case.rate,
            median(|round| round.roomlog),
            median(|round| round.floor),
            median(|round| round.centrifuge),
            median(|round| round.roomlog / round.floor),
            case.goal_floor,
            median(|round| round.roomlog / round.centrifuge),
        ));
    }
    if only.is_some() {
        return Ok(());
    }
    report.keep()
}

/// In rooms of its own: none gets so long that a send without `since` would be looked for in the journal.
async fn roomlog(case: Case, cluster: &Cluster, edge: &Process, token: &str) -> Result<(f64, String)> {
    let mut rooms = Vec::with_capacity(case.rooms);
    for room in 0..case.rooms {
        rooms.push(cluster.open_room(edge, token, &format!("room {room}")).await?);
    }
    let frame = sample(edge, token, &rooms[0]).await?;
    let listeners = (0..SESSIONS).map(|session| Listener {
        address: edge.address,
        path: "/v1/ws",
        headers: cluster::session_headers(token),
        frames: vec![subscribe(&rooms[session % case.rooms])],
    });
    let mut swarm = Swarm::connect(listeners.collect(), ROOMLOG).await?;
    let mut senders = Vec::with_capacity(SENDERS);
    for _ in 0..SENDERS {
        senders.push(Sender::open(edge.address, "/v1/ws", &cluster::session_headers(token), None).await?);
    }
    let cpu = per_delivery(edge.pid(), case, &mut swarm, &mut senders, |message| {
        send(message, &rooms)
    })
    .await?;
    Ok((cpu, frame))
}

fn subscribe(room: &str) -> String {
    format!(r#"{{"id":1,"subscribe":{{"room":"{room}","recent":0}}}}"#)
}

fn send(message: u32, rooms: &[String]) -> String {
    let (room, cid) = (&rooms[message as usize % rooms.len()], uuid::Uuid::new_v4());
    format!(
        r#"{{"id":{},"send":{{"room":"{room}","cid":"{cid}","text":"{TEXT}"}}}}"#,
        message + 1
    )
}

/// A real push, for the others to write the same bytes.
async fn sample(edge: &Process, token: &str, room: &str) -> Result<String> {
    let (mut reader, mut writer) = wire::connect(edge.address, "/v1/ws", &cluster::session_headers(token)).await?;
    writer.send(&subscribe(room)).await?;
    loop {
        let message = String::from_utf8(reader.message().await?.context("closed")?.to_vec())?;
        ensure!(!message.contains(r#""error":"#), "the sample was refused: {message}");
        if let Some(frame) = message.lines().find(|line| line.contains(r#""type":"message_sent""#)) {
            return Ok(frame.to_owned());
        }
        // Sent before, it might come before the subscription.
        if message.contains(r#""ok":{"room""#) {
            writer.send(&send(1, &[room.to_owned()])).await?;
        }
    }
}

async fn bare(case: Case, frame: &str) -> Result<f64> {
    let mut floor = Floor::start(SESSIONS)?;
    let listener = |_| Listener {
        address: floor.address,
        path: "/",
        headers: Vec::new(),
        frames: Vec::new(),
    };
    let mut swarm = Swarm::connect((0..SESSIONS).map(listener).collect(), ROOMLOG).await?;
    let (pid, payload) = (floor.pid(), frame.to_owned());
    let before = process::cpu_seconds(pid)?;
    let floor =
        tokio::task::spawn_blocking(move || floor.run(case.rooms, case.rate, SECONDS, &payload).map(|()| floor))
            .await??;
    swarm.until(deliveries(case), DEADLINE).await?;
    let cpu = process::cpu_seconds(pid)? - before;
    drop(floor);
    Ok(cpu * 1e6 / deliveries(case) as f64)
}

async fn peer(case: Case, binary: &str) -> Result<f64> {
    let mut child = Command::new(binary)
        .stdout(Stdio::piped())
        .spawn()
        .context("the centrifuge peer")?;
    let mut address = String::new();
    std::io::BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut address)?;
    let child = Ended(child);
    let address: SocketAddr = address.trim().parse()?;
    let connect = r#"{"id":1,"connect":{}}"#.to_owned();
    let listeners = (0..SESSIONS).map(|session| Listener {
        address,
        path: "/ws",
        headers: Vec::new(),
        frames: vec![
            connect.clone(),
            format!(r#"{{"id":2,"subscribe":{{"channel":"room{}"}}}}"#, session % case.rooms),
        ],
    });
    let mut swarm = Swarm::connect(listeners.collect(), CENTRIFUGE).await?;
    let mut senders = Vec::with_capacity(SENDERS);
    for _ in 0..SENDERS {
        senders.push(Sender::open(address, "/ws", &[], Some(&connect)).await?);
    }
    per_delivery(child.0.id(), case, &mut swarm, &mut senders, |message| {
        let channel = message as usize % case.rooms;
        format!(
            r#"{{"id":{},"publish":{{"channel":"room{channel}","data":{{"text":"{TEXT}"}}}}}}"#,
            message + 2
        )
    })
    .await
}

/// Ends a child with the value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // As in `cluster::Process`.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn deliveries(case: Case) -> u64 {
    u64::from(case.rate * SECONDS) * (SESSIONS / case.rooms) as u64
}

/// Sends a case's messages on time and answers the server's CPU per delivery, µs.
async fn per_delivery(
    pid: u32,
    case: Case,
    swarm: &mut Swarm,
    senders: &mut [Sender],
    frame: impl Fn(u32) -> String,
) -> Result<f64> {
    let (before, told, begun) = (process::cpu_seconds(pid)?, swarm.delivered(), Instant::now());
    let each = Duration::from_secs(1) / case.rate;
    for message in 0..case.rate * SECONDS {
        tokio::time::sleep((each * message).saturating_sub(begun.elapsed())).await;
        let sender = message as usize % senders.len();
        senders[sender].writer.send(&frame(message)).await?;
    }
    swarm.until(told + deliveries(case), DEADLINE).await?;
    Ok((process::cpu_seconds(pid)? - before) * 1e6 / deliveries(case) as f64)
}

/// A session that sends, its answers read and thrown away.
struct Sender {
    writer: wire::Writer,
    _answers: tokio::task::JoinSet<()>,
}

impl Sender {
    async fn open(address: SocketAddr, path: &str, headers: &[String], first: Option<&str>) -> Result<Self> {
        let (mut reader, mut writer) = wire::connect(address, path, headers).await?;
        if let Some(first) = first {
            writer.send(first).await?;
        }
        let mut answers = tokio::task::JoinSet::new();
        answers.spawn(async move { while let Ok(Some(_)) = reader.message().await {} });
        Ok(Self {
            writer,
            _answers: answers,
        })
    }
}
