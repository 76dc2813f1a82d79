//! Many listeners: each a WebSocket that subscribes and counts what it is told.

use crate::wire::{self, Reader, Writer};
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What a kind of server says, as far as a counting client must know.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// Stands in a frame once per delivered message.
    pub delivered: &'static [u8],
    /// Stands in the answer to the last frame that is sent at the start.
    pub ready: &'static [u8],
    /// Is the server's ping, and what answers it.
    pub ping: (&'static [u8], &'static str),
}

/// Roomlog's own.
pub(crate) const ROOMLOG: Dialect = Dialect {
    delivered: br#""type":"message_sent""#,
    ready: br#""ok":"#,
    ping: (br#""ping":"#, r#"{"pong":{}}"#),
};

/// The JSON protocol of centrifuge: its ping is an empty object.
pub(crate) const CENTRIFUGE: Dialect = Dialect {
    delivered: br#""push":"#,
    ready: br#""subscribe":"#,
    ping: (b"{}", "{}"),
};

/// Where a listener connects and what it says first.
pub(crate) struct Listener {
    /// Host and port.
    pub address: SocketAddr,
    /// Path of the WebSocket.
    pub path: &'static str,
    /// Header lines.
    pub headers: Vec<String>,
    /// Frames sent at once.
    pub frames: Vec<String>,
}

/// Connected listeners. Dropping it ends them.
pub(crate) struct Swarm {
    tasks: JoinSet<Result<()>>,
    delivered: Arc<AtomicU64>,
}

impl Swarm {
    /// Connects all listeners, some at a time, and returns once each was told that it is subscribed.
    pub(crate) async fn connect(listeners: Vec<Listener>, dialect: Dialect) -> Result<Self> {
        const AT_ONCE: usize = 50;
        let delivered = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        let mut opening: JoinSet<Result<(Reader, Writer)>> = JoinSet::new();
        let mut waiting = listeners.into_iter();
        loop {
            while opening.len() < AT_ONCE
                && let Some(listener) = waiting.next()
            {
                opening.spawn(open(listener, dialect, delivered.clone()));
            }
            let Some(opened) = opening.join_next().await else { break };
            let (reader, writer) = opened??;
            tasks.spawn(listen(reader, writer, dialect, delivered.clone()));
        }
        Ok(Self { tasks, delivered })
    }

    /// Messages delivered to all listeners so far.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Waits until that many were delivered.
    pub(crate) async fn until(&mut self, delivered: u64, deadline: Duration) -> Result<()> {
        let begun = Instant::now();
        while self.delivered() < delivered {
            if let Some(ended) = self.tasks.try_join_next() {
                ended??;
                bail!("a listener was closed by the server");
            }
            if begun.elapsed() > deadline {
                bail!("{} of {delivered} deliveries after {deadline:?}", self.delivered());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

async fn open(listener: Listener, dialect: Dialect, delivered: Arc<AtomicU64>) -> Result<(Reader, Writer)> {
    let (mut reader, mut writer) = wire::connect(listener.address, listener.path, &listener.headers).await?;
    for frame in &listener.frames {
        writer.send(frame).await?;
    }
    loop {
        let message = reader.message().await?.context("closed before it was ready")?;
        if wire::count(message, dialect.ready) > 0 {
            delivered.fetch_add(wire::count(message, dialect.delivered), Ordering::Relaxed);
            return Ok((reader, writer));
        }
        if wire::count(message, br#""error":"#) > 0 {
            bail!("refused: {}", String::from_utf8_lossy(message));
        }
    }
}

async fn listen(mut reader: Reader, mut writer: Writer, dialect: Dialect, delivered: Arc<AtomicU64>) -> Result<()> {
    loop {
        let Some(message) = reader.message().await? else {
            return Ok(());
        };
        let told = wire::count(message, dialect.delivered);
        let pinged = told == 0 && wire::count(message, dialect.ping.0) > 0;
        delivered.fetch_add(told, Ordering::Relaxed);
        if pinged {
            writer.send(dialect.ping.1).await?;
        }
    }
}
