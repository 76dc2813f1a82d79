//! A replay over a socket: one task that pushes as many events as the client has given credit for, as fast as its socket
//! takes them, and ends with the session.
//!
//! What must hold: nothing is queued beyond the outbox's low water, so a replay can't make its own client lag; after a
//! `cancel` is answered nothing more of it is queued.

use super::{Ask, Framing, Replay, Span, Step, Wanted};
use crate::edge::metrics;
use crate::edge::outbox::Outbox;
use crate::edge::session::Session;
use crate::error::{Error, Name};
use crate::protocol::reply;
use bytes::Bytes;
use engine::domain::{Offset, RoomId};
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument as _;

/// Of a session's outbox, the part that replays fill at most.
const LOW_WATER: usize = 8;
/// Bytes that leave in one piece, give or take one event.
const PIECE: usize = 32 << 10;

/// A session's replays, by number.
#[derive(Debug, Default)]
pub(in crate::edge) struct Running {
    numbers: AtomicU64,
    replays: Mutex<BTreeMap<u64, Handle>>,
}

#[derive(Debug)]
struct Handle {
    credit: Arc<Credit>,
    /// Ends the replay when it is dropped, as with the session.
    _over: DropGuard,
}

/// How many events the client has asked for and not got yet.
#[derive(Debug)]
struct Credit {
    most: u64,
    left: AtomicU64,
    more: Notify,
    /// Held while something is queued; true once it is over.
    over: Mutex<bool>,
}

impl Credit {
    fn add(&self, window: u64) {
        let _ = self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| {
            Some(left.saturating_add(window).min(self.most))
        });
        self.more.notify_one();
    }

    /// Waits until there is some.
    async fn some(&self) -> u64 {
        loop {
            let left = self.left.load(Ordering::Acquire);
            if left > 0 {
                return left;
            }
            self.more.notified().await;
        }
    }

    fn spend(&self, events: u64) {
        // It only grows meanwhile, and no more was taken than there was.
        self.left.fetch_sub(events, Ordering::AcqRel);
    }
}

/// What is asked of a socket's replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Of which room.
    pub room: RoomId,
    /// What of it.
    pub ask: Ask,
    /// How many events may come before the client asks for more.
    pub window: u64,
}

/// A replay that has begun: its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaying {
    /// Its number in this session.
    pub number: u64,
    /// What it goes through.
    pub span: Span,
}

/// A replay whose events wait until its reply is queued. Dropped without [`Starting::go`], it ends.
#[must_use = "queue the reply, then let the events come"]
pub struct Starting {
    session: Session,
    replay: Replay,
    number: u64,
    window: u64,
}

impl Running {
    /// The session has ended.
    pub(in crate::edge) fn end(&self) {
        self.replays.lock().clear();
    }
}

impl Session {
    /// Begins a replay; queue the reply, then [`Starting::go`].
    ///
    /// # Errors
    /// As [`crate::edge::Edge::replay`].
    pub async fn replay(&self, command: Command) -> Result<(Replaying, Starting), Error> {
        let number = self.replays().numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let Command { room, ask, window } = command;
        let replay = Replay::start(self.core(), self.user_id(), room, ask, Framing::Pushes(number)).await?;
        let replaying = Replaying {
            number,
            span: replay.span(),
        };
        let starting = Starting {
            session: self.clone(),
            replay,
            number,
            window,
        };
        Ok((replaying, starting))
    }

    /// Credit for the next events of a replay.
    ///
    /// # Errors
    /// `not_found` for one that is over or never was.
    pub fn more(&self, number: u64, window: u64) -> Result<(), Error> {
        let replays = self.replays().replays.lock();
        let handle = replays.get(&number).ok_or_else(no_such_replay)?;
        handle.credit.add(window);
        Ok(())
    }

    /// Ends a replay: nothing of it is queued after this.
    ///
    /// # Errors
    /// As [`Session::more`].
    pub fn cancel(&self, number: u64) -> Result<(), Error> {
        let handle = self.replays().replays.lock().remove(&number);
        let handle = handle.ok_or_else(no_such_replay)?;
        *handle.credit.over.lock() = true;
        Ok(())
    }
}

fn no_such_replay() -> Error {
    Error::new(Name::NotFound, "this session has no such replay under way")
}

impl Starting {
    /// Lets the events come; `trace_id` is the command's.
    pub fn go(self, trace_id: String) {
        let Self {
            session,
            replay,
            number,
            window,
        } = self;
        let core = session.core().clone();
        let credit = Arc::new(Credit {
            most: core.config.replay_window,
            left: AtomicU64::new(window.min(core.config.replay_window)),
            more: Notify::new(),
            over: Mutex::new(false),
        });
        let over = CancellationToken::new();
        let handle = Handle {
            credit: credit.clone(),
            _over: over.clone().drop_guard(),
        };
        let running = session.replays().clone();
        running.replays.lock().insert(number, handle);
        let outbox = session.outbox().clone();
        let tasks = core.tasks.clone();
        // The session ends when its own task does, not with this one.
        drop(session);
        let span =
            tracing::debug_span!("replay", room = %replay.hold.id, from = %replay.span.from, to = %replay.span.to);
        let driven = async move {
            let driven = drive(
                replay,
                &credit,
                &outbox,
                core.config.outbox_bytes / LOW_WATER,
                &trace_id,
            );
            tokio::select! {
                () = driven => {}
                () = over.cancelled() => {}
                () = core.stopping.cancelled() => {}
            }
            drop(running.replays.lock().remove(&number));
        };
        tasks.spawn(driven.instrument(span));
    }
}

/// Pushes until there is no more, it is over, or the session has ended.
async fn drive(mut replay: Replay, credit: &Credit, outbox: &Outbox, low: usize, trace_id: &str) {
    let Framing::Pushes(number) = replay.framing else {
        return;
    };
    let idle = Duration::from_millis(replay.core.config.replay_idle_ms);
    loop {
        let Ok(left) = timeout(idle, credit.some()).await else {
            metrics::replay_idle();
            let error = Error::new(
                Name::Timeout,
                "nothing was asked of the replay for so long that it was ended",
            );
            queue(credit, outbox, &failed(number, &error, trace_id), low).await;
            return;
        };
        if outbox.low(low).await.is_err() {
            return;
        }
        let wanted = Wanted {
            records: usize::try_from(left).unwrap_or(usize::MAX),
            bytes: PIECE,
        };
        let (frames, is_last) = match replay.next(wanted).await {
            Ok(Step::Records { count, frames }) => {
                credit.spend(count as u64);
                (frames, false)
            }
            Ok(Step::Done) => (done(number, replay.span.to), true),
            Err(error) => (failed(number, &error, trace_id), true),
        };
        if !queue(credit, outbox, &frames, low).await || is_last {
            return;
        }
    }
}

/// Queues what there is room for, waiting for it; false when it is over.
async fn queue(credit: &Credit, outbox: &Outbox, frames: &Bytes, low: usize) -> bool {
    loop {
        {
            let over = credit.over.lock();
            if *over {
                return false;
            }
            if outbox.event(frames.clone()).is_ok() {
                return true;
            }
        }
        // Live events came first.
        if outbox.low(low).await.is_err() {
            return false;
        }
    }
}

fn done(replay: u64, to: Offset) -> Bytes {
    #[derive(Serialize)]
    struct Push {
        replay: Body,
    }
    #[derive(Serialize)]
    struct Body {
        replay: u64,
        done: End,
    }
    #[derive(Serialize)]
    struct End {
        to: Offset,
    }
    let done = End { to };
    encode(&Push {
        replay: Body { replay, done },
    })
}

fn failed(replay: u64, error: &Error, trace_id: &str) -> Bytes {
    #[derive(Serialize)]
    struct Push<'a> {
        replay: Body<'a>,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        replay: u64,
        error: reply::Shown<'a>,
    }
    let error = reply::Shown { error, trace_id };
    encode(&Push {
        replay: Body { replay, error },
    })
}

fn encode<T: Serialize>(push: &T) -> Bytes {
    serde_json::to_vec(push).expect("these types always encode").into()
}
