//! The machine's socket: connects, reads, writes, waits, and comes back.

use crate::Stats;
use crate::machine::{Effect, Machine, Outcome, Start, Ticket, Update};
use crate::protocol::{Comeback, SUBPROTOCOL};
use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a handle asks of the driver.
pub(crate) enum Wish {
    Subscribe {
        room: Uuid,
        start: Start,
        tell: mpsc::Sender<Update>,
    },
    Unsubscribe {
        room: Uuid,
    },
    Write {
        name: &'static str,
        room: Uuid,
        cid: Uuid,
        body: Value,
        done: oneshot::Sender<Outcome>,
    },
    Ask {
        name: &'static str,
        body: Value,
        done: oneshot::Sender<Outcome>,
    },
    Token(String),
}

/// Bounds of a connection, all named in [`crate::Options`].
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) connect_timeout: Duration,
    pub(crate) silence_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) backoff_first: Duration,
    pub(crate) backoff_most: Duration,
}

pub(crate) struct Driver {
    pub(crate) addresses: Vec<String>,
    pub(crate) bounds: Bounds,
    pub(crate) machine: Machine,
    pub(crate) wishes: mpsc::Receiver<Wish>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) closing: CancellationToken,
    tickets: HashMap<Ticket, oneshot::Sender<Outcome>>,
    subscribers: HashMap<Uuid, mpsc::Sender<Update>>,
    next_ticket: u64,
    retry_at: Option<Instant>,
    /// Connections in a row that were of no use.
    failures: u32,
}

/// Why a connection ended.
struct Ended {
    code: Option<u16>,
    useful: bool,
}

impl Driver {
    pub(crate) fn new(
        addresses: Vec<String>,
        bounds: Bounds,
        machine: Machine,
        wishes: mpsc::Receiver<Wish>,
        stats: Arc<Stats>,
        closing: CancellationToken,
    ) -> Self {
        Self {
            addresses,
            bounds,
            machine,
            wishes,
            stats,
            closing,
            tickets: HashMap::new(),
            subscribers: HashMap::new(),
            next_ticket: 1,
            retry_at: None,
            failures: 0,
        }
    }

    /// Runs until it is closed or told not to come back.
    pub(crate) async fn run(mut self) {
        let first: usize = rand::rng().random_range(0..self.addresses.len());
        for attempt in first.. {
            let address = self.addresses[attempt % self.addresses.len()].clone();
            let ended = self.connection(&address).await;
            if self.closing.is_cancelled() {
                break;
            }
            let (comeback, asked) = self.machine.closed(ended.code);
            self.perform_offline().await;
            self.failures = if ended.useful {
                0
            } else {
                self.failures.saturating_add(1)
            };
            let pause = match comeback {
                Comeback::Never => break,
                Comeback::Now if self.failures == 0 => Duration::from_millis(asked.unwrap_or(0)),
                Comeback::Now | Comeback::Later => self.jitter().max(Duration::from_millis(asked.unwrap_or(0))),
            };
            tracing::debug!(code = ended.code, pause_ms = pause.as_millis(), "reconnecting");
            if !self.pause(pause).await {
                break;
            }
        }
        self.machine.shut();
        self.perform_offline().await;
    }

    /// Full jitter: anything between nothing and a bound that doubles.
    fn jitter(&self) -> Duration {
        let doubled = self.bounds.backoff_first.saturating_mul(1 << self.failures.min(16));
        rand::rng().random_range(Duration::ZERO..=doubled.min(self.bounds.backoff_most))
    }

    /// Waits, still taking wishes. Answers whether to go on.
    async fn pause(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return false,
                () = sleep_until(until) => return true,
                wish = self.wishes.recv() => match wish {
                    Some(wish) => self.wish(wish),
                    None => return false,
                },
            }
            self.perform_offline().await;
        }
    }

    async fn connection(&mut self, address: &str) -> Ended {
        let nothing = Ended {
            code: None,
            useful: false,
        };
        let Ok(mut request) = format!("{address}/v1/ws").into_client_request() else {
            return nothing;
        };
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
        let opening = timeout(self.bounds.connect_timeout, connect_async(request));
        let opened = tokio::select! {
            () = self.closing.cancelled() => return nothing,
            opened = opening => opened,
        };
        let Ok(Ok((mut socket, _))) = opened else {
            return nothing;
        };
        self.machine.opened();
        let ended = self.converse(&mut socket).await;
        // The server may be gone already; closing is a courtesy.
        let _ = timeout(self.bounds.connect_timeout, socket.close(None)).await;
        ended
    }

    async fn converse(&mut self, socket: &mut Socket) -> Ended {
        let mut useful = false;
        let mut silent_at = Instant::now() + self.bounds.silence_timeout;
        let mut tick_at = Instant::now() + self.bounds.answer_timeout;
        loop {
            if !self.perform(socket).await {
                return Ended { code: None, useful };
            }
            let retry_at = self.retry_at;
            tokio::select! {
                biased;
                () = self.closing.cancelled() => return Ended { code: None, useful },
                () = sleep_until(silent_at) => return Ended { code: None, useful },
                () = sleep_until(tick_at) => {
                    tick_at = Instant::now() + self.bounds.answer_timeout;
                    self.machine.tick();
                }
                () = sleep_until(retry_at.unwrap_or(silent_at)), if retry_at.is_some() => {
                    self.retry_at = None;
                    self.machine.retry();
                }
                message = socket.next() => {
                    silent_at = Instant::now() + self.bounds.silence_timeout;
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            if !useful && text.contains("\"hello\"") {
                                useful = true;
                                self.stats.connected();
                            }
                            self.machine.message(&text);
                        }
                        Some(Ok(Message::Close(frame))) => {
                            return Ended { code: frame.map(|frame| frame.code.into()), useful };
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => {
                            report(&error);
                            return Ended { code: None, useful };
                        }
                        None => return Ended { code: None, useful },
                    }
                }
                wish = self.wishes.recv() => match wish {
                    Some(wish) => self.wish(wish),
                    None => return Ended { code: None, useful },
                },
            }
        }
    }

    fn wish(&mut self, wish: Wish) {
        match wish {
            Wish::Subscribe { room, start, tell } => {
                self.subscribers.insert(room, tell);
                self.machine.subscribe(room, start);
            }
            Wish::Unsubscribe { room } => {
                self.subscribers.remove(&room);
                self.machine.unsubscribe(room);
            }
            Wish::Write {
                name,
                room,
                cid,
                body,
                done,
            } => {
                let ticket = self.ticket(done);
                self.machine.write(ticket, name, room, cid, body);
            }
            Wish::Ask { name, body, done } => {
                let ticket = self.ticket(done);
                self.machine.ask(ticket, name, body);
            }
            Wish::Token(token) => self.machine.set_token(token),
        }
    }

    fn ticket(&mut self, done: oneshot::Sender<Outcome>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.tickets.insert(ticket, done);
        ticket
    }

    /// Does what the machine wants; `false` when the connection is to end.
    async fn perform(&mut self, socket: &mut Socket) -> bool {
        let mut fed = false;
        for effect in self.machine.effects() {
            match effect {
                Effect::Send(text) => {
                    if let Err(error) = socket.feed(Message::text(text)).await {
                        report(&error);
                        return false;
                    }
                    fed = true;
                }
                Effect::Drop => return false,
                other => self.perform_one(other).await,
            }
        }
        !fed || socket.flush().await.inspect_err(report).is_ok()
    }

    async fn perform_offline(&mut self) {
        for effect in self.machine.effects() {
            self.perform_one(effect).await;
        }
    }

    async fn perform_one(&mut self, effect: Effect) {
        match effect {
            Effect::Tell(room, update) => {
                let ended = matches!(update, Update::Ended(_));
                // A subscriber that is slow slows this client, and so the server's queue for it: that is the protocol's
                // own backpressure. One that has gone is forgotten.
                let gone = match self.subscribers.get(&room) {
                    Some(tell) => tokio::select! {
                        told = tell.send(update) => told.is_err(),
                        // Nobody may be reading any more: a close must not wait for them.
                        () = self.closing.cancelled() => true,
                    },
                    None => false,
                };
                if gone || ended {
                    self.subscribers.remove(&room);
                }
                if gone {
                    self.machine.unsubscribe(room);
                }
            }
            Effect::Complete(ticket, outcome) => {
                if let Some(done) = self.tickets.remove(&ticket) {
                    // Whoever asked may have stopped waiting.
                    let _ = done.send(outcome);
                }
            }
            Effect::Note(violation) => self.stats.note(violation),
            Effect::RetryAfter { millis } => {
                let due = Instant::now() + Duration::from_millis(millis);
                self.retry_at = Some(self.retry_at.map_or(due, |at| at.min(due)));
            }
            Effect::Send(_) | Effect::Drop => {}
        }
    }
}

fn report(error: &SocketError) {
    tracing::debug!(%error, "the connection broke");
}
