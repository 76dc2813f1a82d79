//! Roomlog's client: connects, subscribes, sends, and comes back by itself.
//!
//! A command keeps its cid until its outcome is known, over as many connections as that takes, so nothing is said
//! twice; a subscription resumes where it stood, so nothing is missed. Where the server breaks that promise, the
//! client does not hide it: [`Client::stats`] counts every [`Violation`].
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use roomlog_client::{Client, Options, Start, Update, rest::Rest};
//!
//! let rest = Rest::new("http://127.0.0.1:8080")?;
//! let ann = rest.register("ann", "a long pass phrase").await?;
//! let room = rest.signed_in(&ann.access_token).create_room("tea", "public").await?.id;
//! let client = Client::start(Options::new(["ws://127.0.0.1:8080"], ann.access_token));
//! let mut heard = client.subscribe(room, Start::Now).await?;
//! let ack = client.send(room, "hello").await?;
//! while let Some(update) = heard.next().await {
//!     if let Update::Event(event) = update
//!         && event.seq == ack.seq
//!     {
//!         break;
//!     }
//! }
//! client.close().await;
//! # Ok(())
//! # }
//! ```

mod driver;
pub mod machine;
pub mod protocol;
pub mod rest;

pub use machine::{Failure, Start, Update, Violation};
pub use protocol::{Ack, Event, Refusal, Subscribed};

use driver::{Bounds, Driver, Wish};
use machine::Machine;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Wishes that wait for the driver.
const WISHES: usize = 256;

/// Updates that wait for a subscriber.
const UPDATES: usize = 1_024;

/// Violations that are kept in full; beyond that they are only counted.
const VIOLATIONS: usize = 100;

/// How a client connects.
#[derive(Clone)]
pub struct Options {
    addresses: Vec<String>,
    token: String,
    bounds: Bounds,
}

impl std::fmt::Debug for Options {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("addresses", &self.addresses)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Connects to these servers in turn (`ws://host:port`), as whom the access token says.
    ///
    /// # Panics
    /// Without any address.
    #[must_use]
    pub fn new<A: Into<String>>(addresses: impl IntoIterator<Item = A>, token: impl Into<String>) -> Self {
        let addresses: Vec<String> = addresses.into_iter().map(Into::into).collect();
        assert!(!addresses.is_empty(), "a client needs a server's address");
        let bounds = Bounds {
            connect_timeout: Duration::from_secs(5),
            silence_timeout: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(15),
            backoff_first: Duration::from_millis(250),
            backoff_most: Duration::from_secs(10),
        };
        Self {
            addresses,
            token: token.into(),
            bounds,
        }
    }

    /// Gives a connection up after this long without any frame; the server pings every 25 s.
    #[must_use]
    pub const fn silence_timeout(mut self, timeout: Duration) -> Self {
        self.bounds.silence_timeout = timeout;
        self
    }

    /// Gives a connection up when a command is without any answer for this long, at most twice it: its outcome is unknown
    /// then, and it is sent again with the same cid. A server answers within 10 s whatever happens behind it.
    #[must_use]
    pub const fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.bounds.answer_timeout = timeout;
        self
    }

    /// The first and the largest bound of the pause before coming back; the pause itself is anything below it.
    #[must_use]
    pub const fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.bounds.backoff_first = first;
        self.bounds.backoff_most = most;
        self
    }
}

/// What a client has lived through.
#[derive(Debug, Default)]
pub struct Stats {
    connections: AtomicU64,
    violations: AtomicU64,
    kept: Mutex<Vec<Violation>>,
}

impl Stats {
    /// Times it was greeted by a server.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Promises the server broke, the first hundred of them in full.
    #[must_use]
    pub fn violations(&self) -> (u64, Vec<Violation>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (self.violations.load(Ordering::Relaxed), kept.clone())
    }

    fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    fn note(&self, violation: Violation) {
        self.violations.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < VIOLATIONS {
            kept.push(violation);
        }
    }
}

/// A client. Its one task ends with [`Client::close`], or soon after the client is dropped.
#[derive(Debug)]
pub struct Client {
    wishes: mpsc::Sender<Wish>,
    stats: Arc<Stats>,
    closing: CancellationToken,
    task: Option<JoinHandle<()>>,
}

/// What is heard of a room.
#[derive(Debug)]
pub struct Subscription {
    room: Uuid,
    updates: mpsc::Receiver<Update>,
}

impl Subscription {
    /// The next update; `None` once the subscription has ended.
    pub async fn next(&mut self) -> Option<Update> {
        self.updates.recv().await
    }

    /// Whether as many updates wait as may: the client reads nothing more until some are taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.updates.len() == self.updates.max_capacity()
    }

    /// Which room it is of.
    #[must_use]
    pub const fn room(&self) -> Uuid {
        self.room
    }
}

impl Client {
    /// Starts to connect. What is asked before that waits.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let (wishes, taken) = mpsc::channel(WISHES);
        let (stats, closing) = (Arc::new(Stats::default()), CancellationToken::new());
        let machine = Machine::new(options.token);
        let driver = Driver::new(
            options.addresses,
            options.bounds,
            machine,
            taken,
            stats.clone(),
            closing.clone(),
        );
        Self {
            wishes,
            stats,
            closing,
            task: Some(tokio::spawn(driver.run())),
        }
    }

    /// Hears a room, over every connection to come, until the subscription is dropped.
    ///
    /// # Errors
    /// [`Failure::Closed`].
    pub async fn subscribe(&self, room: Uuid, start: Start) -> Result<Subscription, Failure> {
        let (tell, updates) = mpsc::channel(UPDATES);
        self.wish(Wish::Subscribe { room, start, tell }).await?;
        Ok(Subscription { room, updates })
    }

    /// Hears it no longer.
    ///
    /// # Errors
    /// [`Failure::Closed`].
    pub async fn unsubscribe(&self, subscription: Subscription) -> Result<(), Failure> {
        self.wish(Wish::Unsubscribe {
            room: subscription.room,
        })
        .await
    }

    /// Says something, once, however often that must be tried.
    ///
    /// # Errors
    /// The server's refusal, or [`Failure::Closed`].
    pub async fn send(&self, room: Uuid, text: &str) -> Result<Ack, Failure> {
        self.write("send", room, Uuid::new_v4(), json!({ "text": text })).await
    }

    /// Any command that the log will hold (`send`, `edit`, `react`, `join`, …), with a cid of one's own.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn write(&self, name: &'static str, room: Uuid, cid: Uuid, body: Value) -> Result<Ack, Failure> {
        let (done, outcome) = oneshot::channel();
        self.wish(Wish::Write {
            name,
            room,
            cid,
            body,
            done,
        })
        .await?;
        let value = outcome.await.map_err(|_| Failure::Closed)??;
        machine::ack(value).map_err(|_| Failure::Disconnected)
    }

    /// Any other command (`recent`, `presence`, `read`, `ping`, …): tried once.
    ///
    /// # Errors
    /// The server's refusal, [`Failure::Disconnected`] or [`Failure::Closed`].
    pub async fn ask(&self, name: &'static str, body: Value) -> Result<Value, Failure> {
        let (done, outcome) = oneshot::channel();
        self.wish(Wish::Ask { name, body, done }).await?;
        outcome.await.map_err(|_| Failure::Closed)?
    }

    /// Uses a newer access token from now on.
    ///
    /// # Errors
    /// [`Failure::Closed`].
    pub async fn set_token(&self, token: impl Into<String>) -> Result<(), Failure> {
        self.wish(Wish::Token(token.into())).await
    }

    /// What it has lived through.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Closes the connection and waits for the task's end.
    pub async fn close(mut self) {
        self.closing.cancel();
        if let Some(task) = self.task.take() {
            // A panic in the task has been reported by its thread already.
            let _ = task.await;
        }
    }

    async fn wish(&self, wish: Wish) -> Result<(), Failure> {
        self.wishes.send(wish).await.map_err(|_| Failure::Closed)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}
