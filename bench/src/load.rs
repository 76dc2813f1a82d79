//! Closed-loop senders: each session keeps a window of sends unanswered, as many as the protocol lets wait. What may be
//! sent at the same moment leaves in one message, as the answers come in one.

use crate::cluster;
use crate::wire;
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Below the 64 commands that may wait, so that none is refused.
pub(crate) const WINDOW: usize = 60;

/// A text of about the length people write.
pub(crate) const TEXT: &str = "The quick brown fox jumps over the lazy dog, as it has done every day since telegraphs";

/// Rooms that are sent to, each with the head that its senders have seen, as a client knows it: a send without
/// `since` makes the edge look into the journal first.
#[derive(Clone)]
pub(crate) struct Rooms(Arc<[Room]>);

struct Room {
    id: String,
    head: AtomicU64,
}

impl Rooms {
    /// Rooms in which nothing but their creation has happened.
    pub(crate) fn new(ids: &[String]) -> Self {
        let room = |id: &String| Room {
            id: id.clone(),
            head: AtomicU64::new(1),
        };
        Self(ids.iter().map(room).collect())
    }

    /// The room of a session's message.
    fn of(&self, session: usize, message: usize) -> &Room {
        &self.0[(session + message) % self.0.len()]
    }
}

/// Sends `messages` over `sessions` sessions to `rooms` in turn; answers how long it took until the last ack.
pub(crate) async fn send(
    address: SocketAddr,
    token: &str,
    rooms: &Rooms,
    sessions: usize,
    messages: usize,
) -> Result<Duration> {
    let mut open = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        open.push(wire::connect(address, "/v1/ws", &cluster::session_headers(token)).await?);
    }
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for (session, (reader, writer)) in open.into_iter().enumerate() {
        let (window, share) = (Arc::new(Semaphore::new(WINDOW)), messages / sessions);
        tasks.spawn(answers(reader, window.clone(), rooms.clone(), session, share));
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
    rooms: Rooms,
    session: usize,
    share: usize,
) -> Result<()> {
    let mut message = 0;
    while message < share {
        window.acquire().await?.forget();
        let mut frames = String::new();
        loop {
            let room = rooms.of(session, message);
            let since = room.head.load(Ordering::Relaxed);
            frames.push_str(&frame(message + 1, &room.id, since));
            message += 1;
            match window.try_acquire() {
                Ok(permit) if message < share => permit.forget(),
                _ => break,
            }
            frames.push('\n');
        }
        writer.send(&frames).await?;
    }
    // The reading half ends the session, when all is answered.
    window.acquire_many(u32::try_from(WINDOW)?).await?.forget();
    Ok(())
}

async fn answers(
    mut reader: wire::Reader,
    window: Arc<Semaphore>,
    rooms: Rooms,
    session: usize,
    share: usize,
) -> Result<()> {
    let mut answered = 0;
    while answered < share {
        let message = reader.message().await?.context("closed under load")?;
        if wire::count(message, br#""error":"#) > 0 {
            bail!("refused under load: {}", String::from_utf8_lossy(message));
        }
        for frame in message.split(|byte| *byte == b'\n') {
            if wire::count(frame, br#""ok":"#) == 0 {
                continue;
            }
            let (id, seq) = (wire::number(frame, br#""id":"#)?, wire::number(frame, br#""seq":"#)?);
            ensure!(id > 0, "an answer to nothing");
            let room = rooms.of(session, usize::try_from(id - 1)?);
            room.head.fetch_max(seq, Ordering::Relaxed);
            answered += 1;
            window.add_permits(1);
        }
    }
    Ok(())
}

/// A send of [`TEXT`] by somebody who has seen the room's head at `since`.
pub(crate) fn frame(id: usize, room: &str, since: u64) -> String {
    let cid = uuid::Uuid::new_v4();
    format!(r#"{{"id":{id},"send":{{"room":"{room}","cid":"{cid}","since":{since},"text":"{TEXT}"}}}}"#)
}
