//! Signing in: as many a second as argon2id gives, and sends that hardly notice.

use crate::cluster::{self, Cluster, Process};
use crate::report::Report;
use crate::{load, wire};
use anyhow::{Context, Result, ensure};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use hdrhistogram::Histogram;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(10);
/// People who sign in again as soon as they are in.
const PEOPLE: usize = 16;
/// As `people.password` says: the server's defaults.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const AT_ONCE: usize = 2;
const PASSWORD: &str = "a password for benchmarks";
const PAUSE: Duration = Duration::from_millis(10);
const SETTINGS: [(&str, &str); 2] = [
    ("ROOMLOG_PEOPLE__ATTEMPTS__ADDRESS_INTERVAL_MS", "0"),
    ("ROOMLOG_PEOPLE__ATTEMPTS__ACCOUNT_INTERVAL_MS", "0"),
];

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let bare = tokio::task::spawn_blocking(bare_rate).await??;
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &SETTINGS).await?;
    let token = cluster.register(&edge, "somebody").await?;
    let room = cluster.open_room(&edge, &token, "login").await?;
    for number in 0..PEOPLE {
        cluster.register(&edge, &name(number)).await?;
    }
    let mut head = 1;
    let quiet = send_times(&edge, &token, &room, &mut head).await?;
    let logins = Logins::start(&edge);
    let under_load = send_times(&edge, &token, &room, &mut head).await?;
    let rate = logins.stop().await?;

    let mut report = Report::new("login", "Signing in, and sending meanwhile");
    report.line("| | a second | ÷ argon2id alone |");
    report.line("|---|---|---|");
    report.line(&format!("| argon2id, {AT_ONCE} at once | {bare:.1} | |"));
    report.line(&format!("| logins, {PEOPLE} people | {rate:.1} | {:.2} |", rate / bare));
    report.line("\n| send → ack | quiet ms | while they sign in ms | ratio |");
    report.line("|---|---|---|---|");
    report.quantiles(&quiet, &under_load);
    report.keep()
}

fn name(number: usize) -> String {
    format!("person-{number}")
}

/// Verifications a second of argon2id itself, on as many threads as the server has for it.
fn bare_rate() -> Result<f64> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2
        .hash_password(PASSWORD.as_bytes())
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .to_string();
    let (count, begun) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while begun.elapsed() < SPAN {
                    let parsed = PasswordHash::new(&hash).expect("it was just made");
                    assert!(argon2.verify_password(PASSWORD.as_bytes(), &parsed).is_ok());
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(count.into_inner() as f64 / begun.elapsed().as_secs_f64())
}

/// From send to ack, one message at a time, in microseconds; `head` is the last seq that was acked.
async fn send_times(edge: &Process, token: &str, room: &str, head: &mut u64) -> Result<Histogram<u64>> {
    let (mut reader, mut writer) = wire::connect(edge.address, "/v1/ws", &cluster::session_headers(token)).await?;
    let mut times = Histogram::<u64>::new(3)?;
    let (started, mut id) = (Instant::now(), 0);
    while started.elapsed() < SPAN {
        let begun = Instant::now();
        id += 1;
        writer.send(&load::frame(id, room, *head)).await?;
        loop {
            let message = reader.message().await?.context("closed")?;
            ensure!(
                wire::count(message, br#""error":"#) == 0,
                "{}",
                String::from_utf8_lossy(message)
            );
            if wire::count(message, br#""ok":"#) > 0 {
                *head = wire::number(message, br#""seq":"#)?;
                break;
            }
        }
        times.record(u64::try_from(begun.elapsed().as_micros())?)?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

/// People who sign in, again and again.
struct Logins {
    tasks: JoinSet<Result<()>>,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    begun: Instant,
}

impl Logins {
    fn start(edge: &Process) -> Self {
        let (mut tasks, stop, count) = (
            JoinSet::new(),
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let http = reqwest::Client::new();
        let url = format!("http://{}/v1/auth/login", edge.address);
        for number in 0..PEOPLE {
            let (http, url, stop, count) = (http.clone(), url.clone(), stop.clone(), count.clone());
            tasks.spawn(async move {
                let body = json!({ "username": name(number), "password": PASSWORD });
                while !stop.load(Ordering::Relaxed) {
                    let answer = http.post(&url).json(&body).send().await?;
                    ensure!(answer.status().is_success(), "{}", answer.text().await?);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            });
        }
        let begun = Instant::now();
        Self {
            tasks,
            stop,
            count,
            begun,
        }
    }

    /// Logins a second.
    async fn stop(mut self) -> Result<f64> {
        let rate = self.count.load(Ordering::Relaxed) as f64 / self.begun.elapsed().as_secs_f64();
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(rate)
    }
}
