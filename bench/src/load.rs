//! Closed-loop senders: each session keeps a window of sends unanswered, as many as the protocol lets wait.

use crate::cluster;
use crate::wire;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Below the 64 commands that may wait, so that none is refused.
pub(crate) const WINDOW: usize = 60;

/// A text of about the length people write.
pub(crate) const TEXT: &str = "The quick brown fox jumps over the lazy dog, as it has done every day since telegraphs";

/// Sends `messages` over `sessions` sessions to `rooms` in turn; answers how long it took until the last ack.
pub(crate) async fn send(
    address: SocketAddr,
    token: &str,
    rooms: &[String],
    sessions: usize,
    messages: usize,
) -> Result<Duration> {
    let mut open = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        open.push(wire::connect(address, "/v1/ws", &cluster::session_headers(token)).await?);
    }
    let (begun, rooms) = (Instant::now(), Arc::new(rooms.to_vec()));
    let mut tasks = JoinSet::new();
    for (session, (reader, writer)) in open.into_iter().enumerate() {
        let (window, share) = (Arc::new(Semaphore::new(WINDOW)), messages / sessions);
        tasks.spawn(answers(reader, window.clone(), share));
        tasks.spawn(sends(writer, window, rooms.clone(), session, share));
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(begun.elapsed())
}

async fn sends(
    mut writer: wire::Writer,
    window: Arc<Semaphore>,
    rooms: Arc<Vec<String>>,
    session: usize,
    share: usize,
) -> Result<()> {
    for message in 0..share {
        window.acquire().await?.forget();
        let room = &rooms[(session + message) % rooms.len()];
        writer.send(&frame(message + 1, room)).await?;
    }
    // The reading half ends the session, when all is answered.
    window.acquire_many(u32::try_from(WINDOW)?).await?.forget();
    Ok(())
}

async fn answers(mut reader: wire::Reader, window: Arc<Semaphore>, share: usize) -> Result<()> {
    let mut answered = 0;
    while answered < share as u64 {
        let message = reader.message().await?.context("closed under load")?;
        if wire::count(message, br#""error":"#) > 0 {
            bail!("refused under load: {}", String::from_utf8_lossy(message));
        }
        let told = wire::count(message, br#""ok":"#);
        answered += told;
        window.add_permits(usize::try_from(told)?);
    }
    Ok(())
}

/// A send of [`TEXT`].
pub(crate) fn frame(id: usize, room: &str) -> String {
    let cid = uuid::Uuid::new_v4();
    format!(r#"{{"id":{id},"send":{{"room":"{room}","cid":"{cid}","text":"{TEXT}"}}}}"#)
}
