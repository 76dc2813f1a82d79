//! Replays: a room's records as they happened, read from the log itself, for whoever may read the room.
//!
//! `start` finds where one begins and how the room stood there, `shelf` reads, `encode` shows, `push` drives one over a
//! socket. What must hold: a replay never slows the live tail: it has readers of its own, which those share that walk
//! together; its work is done on threads that stand back; all of them together have a budget of bytes a second. With
//! whoever asked for it gone, it is gone.

pub mod encode;
mod hides;
mod push;
mod shelf;
mod start;
mod stream;

use super::core::Core;
use super::hub::Hold;
use super::{metrics, queries};
use crate::error::{Error, Name};
use bytes::Bytes;
use encode::{Replayed, View};
use engine::domain::{Epoch, Offset, Partition, RoomId, Seq, Timestamp, UserId};
use engine::log::RangeLimits;
use engine::replay::Walk;
use engine::travel;
use engine::workers::Workers;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use hides::Hides;
use parking_lot::Mutex;
pub(super) use push::Running;
pub use push::{Command, Replaying, Starting};
use rustc_hash::FxHashMap;
use shelf::{Chunk, Limits, Seat, Shelf};
use std::num::NonZeroU32;
use std::sync::Arc;
pub use stream::{Part, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// When to come back when too many replays are under way.
const BUSY_RETRY_MS: u64 = 1_000;
/// How far the threads that replay stand back.
const NICENESS: i32 = 19;
/// Bytes that a line usually takes.
const USUAL: usize = 640;

/// A place in a room's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// An offset of its partition.
    Offset(Offset),
    /// A time of appending.
    Time(Timestamp),
    /// An accepted event.
    Seq(Seq),
}

impl Point {
    /// The one that is given.
    ///
    /// # Errors
    /// `bad_request` naming the field where it is none, or more than one.
    pub fn one_of(field: &'static str, given: [Option<Self>; 3]) -> Result<Self, Error> {
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(point), None) => Ok(point),
            _ => Err(Error::bad_field(
                field,
                format!("{field} must be one of offset, time and seq"),
            )),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The first record: at this offset, appended at this time or later, or the event of this seq.
    pub from: Point,
    /// The last one: the one before this offset, appended at this time at the latest, or the event of this seq; the
    /// log's end as it is now where nothing is said.
    pub to: Option<Point>,
    /// The life of the log that offsets were taken from, where the caller knows.
    pub epoch: Option<Epoch>,
    /// The partition that they were taken from, where the caller knows.
    pub partition: Option<Partition>,
    /// Whether each event comes with its bytes.
    pub datum: bool,
}

/// How lines are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Pushes of a session, for the replay of this number.
    Pushes(u64),
    /// A line of JSON each.
    Lines,
    /// Server-sent events, whose ids are `epoch:partition:offset`.
    ServerSent,
}

/// What a replay goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Of which partition.
    pub partition: Partition,
    /// The first offset.
    pub from: Offset,
    /// The first offset that is not part of it.
    pub to: Offset,
}

/// What all replays of an edge share.
pub(super) struct Replays {
    shelf: Arc<Shelf>,
    workers: Workers,
    quiet: Budget,
    busy: Budget,
    places: Arc<Semaphore>,
    people: Mutex<FxHashMap<UserId, usize>>,
    per_person: usize,
    /// For the state that a replay begins with: without history as much of the log is read as it takes, for nothing else
    /// can tell.
    travel: travel::Config,
}

impl Replays {
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn new(config: &super::Config, parts: &super::Parts) -> std::io::Result<Self> {
        let at_once = config.replays.max(1);
        let readers = config.replay_readers.max(1);
        let limits = Limits {
            readers,
            kept_bytes: config.replay_kept_bytes / readers,
        };
        let records = config.replay_chunk_records.max(1);
        Ok(Self {
            shelf: Arc::new(Shelf::new(parts.log.clone(), limits)),
            // Each replay has at most one piece of work under way.
            workers: Workers::start("replay", config.replay_threads.max(1), at_once, NICENESS)?,
            quiet: Budget::new(config.replay_bytes_per_second, config.replay_chunk_bytes, records),
            busy: Budget::new(
                config.replay_busy_bytes_per_second,
                config.replay_busy_chunk_bytes,
                records,
            ),
            places: Arc::new(Semaphore::new(at_once)),
            people: Mutex::default(),
            per_person: config.replays_per_person.max(1),
            travel: travel::Config {
                log_records: u64::MAX,
                ..parts.travel.clone()
            },
        })
    }

    /// What may be read now: little while people chat here.
    fn budget(&self, core: &Core) -> &Budget {
        if core.is_lively() { &self.busy } else { &self.quiet }
    }

    /// Does a piece of work behind everything else.
    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        let given = self.workers.give(Box::new(move || {
            // Whoever waited may be gone.
            let _ = tell.send(job());
        }));
        let lost = || Error::new(Name::Overloaded, "too many replays are under way").retry_after_ms(BUSY_RETRY_MS);
        if !given {
            return Err(lost());
        }
        told.await.map_err(|_| lost())
    }
}

/// How much all replays of an edge may read.
struct Budget {
    /// `None`: as much as they can.
    rate: Option<DefaultDirectRateLimiter>,
    burst: NonZeroU32,
    /// What is read at once.
    chunk: RangeLimits,
}

impl Budget {
    fn new(bytes_per_second: u32, chunk_bytes: u32, chunk_records: usize) -> Self {
        // Never less than what is charged in one piece.
        let burst = NonZeroU32::new(bytes_per_second.max(chunk_bytes)).unwrap_or(NonZeroU32::MIN);
        let quota = |rate| Quota::per_second(rate).allow_burst(burst);
        Self {
            rate: NonZeroU32::new(bytes_per_second).map(|rate| RateLimiter::direct(quota(rate))),
            burst,
            chunk: RangeLimits {
                max_records: chunk_records,
                max_bytes: usize::try_from(chunk_bytes.max(1)).unwrap_or(usize::MAX),
            },
        }
    }

    /// Waits until so many bytes may be read.
    async fn afford(&self, bytes: usize) {
        let bytes = NonZeroU32::new(u32::try_from(bytes).unwrap_or(u32::MAX));
        if let (Some(rate), Some(bytes)) = (&self.rate, bytes) {
            // More than the burst is never asked for, so it can always be had.
            let _ = rate.until_n_ready(bytes.min(self.burst)).await;
        }
    }
}

/// One replay's right to be under way.
struct Place {
    core: Arc<Core>,
    user: UserId,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn take(core: &Arc<Core>, user: UserId) -> Result<Self, Error> {
        let replays = &core.replays;
        let permit = replays.places.clone().try_acquire_owned().map_err(|_| {
            let error = Error::new(Name::Overloaded, "this edge has as many replays under way as it may");
            error.retry_after_ms(BUSY_RETRY_MS)
        })?;
        let mut people = replays.people.lock();
        let theirs = people.entry(user).or_default();
        if *theirs >= replays.per_person {
            let most = replays.per_person;
            let error = Error::new(
                Name::RateLimited,
                format!("you have {most} replays under way: end one, or wait for it"),
            );
            return Err(error.retry_after_ms(BUSY_RETRY_MS));
        }
        *theirs += 1;
        metrics::replays(1);
        Ok(Self {
            core: core.clone(),
            user,
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::replays(-1);
        let mut people = self.core.replays.people.lock();
        if let Some(theirs) = people.get_mut(&self.user) {
            *theirs -= 1;
            if *theirs == 0 {
                people.remove(&self.user);
            }
        }
    }
}

/// A replay under way. Dropping it ends it.
pub struct Replay {
    core: Arc<Core>,
    hold: Hold,
    user: UserId,
    span: Span,
    datum: bool,
    framing: Framing,
    seat: Seat,
    /// `None` while a piece of work is under way.
    walk: Option<Walk>,
    /// What is walked through now, and how many of its records are done.
    chunk: Option<(Arc<Chunk>, usize)>,
    /// Bytes that were read and not yet paid for.
    owed_bytes: usize,
    hides: Hides,
    _place: Place,
}

/// What a replay gives next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// So many records, framed.
    Records {
        /// How many.
        count: usize,
        /// All of them.
        frames: Bytes,
    },
    /// There are no more.
    Done,
}

/// How much is wanted at once.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    /// Most records, at least 1.
    records: usize,
    /// Most bytes, give or take one record.
    bytes: usize,
}

/// What a piece of work brings back.
struct Walked {
    walk: Walk,
    /// Records of the chunk that are done.
    done: usize,
    found: Vec<Replayed>,
}

impl super::Edge {
    /// Begins a replay of a room that the person may read.
    ///
    /// # Errors
    /// As [`super::Edge::members`]; `out_of_range` for what the log does not hold, is another epoch's or lies in the
    /// future; `bad_request` for a partition that is not the room's or an end before the beginning; `rate_limited` for a
    /// person with too many replays, `overloaded` for an edge with too many.
    pub async fn replay(&self, user: UserId, room: RoomId, ask: Ask, framing: Framing) -> Result<Replay, Error> {
        Replay::start(&self.core, user, room, ask, framing).await
    }
}

impl Replay {
    pub(super) async fn start(
        core: &Arc<Core>,
        user: UserId,
        room: RoomId,
        ask: Ask,
        framing: Framing,
    ) -> Result<Self, Error> {
        let hold = queries::readable(core, user, room).await?;
        let place = Place::take(core, user)?;
        let (span, walk) = start::find(core, &hold, &ask).await?;
        Ok(Self {
            seat: core.replays.shelf.seat(hold.key.clone(), span.partition),
            core: core.clone(),
            hold,
            user,
            span,
            datum: ask.datum,
            framing,
            walk: Some(walk),
            chunk: None,
            owed_bytes: 0,
            hides: Hides::default(),
            _place: place,
        })
    }

    /// What it goes through.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// What comes next. Given up in the middle it can't go on: drop it.
    ///
    /// # Errors
    /// Of a person who may not read the room any more; `unavailable` when the log is away or the edge is being stopped.
    async fn next(&mut self, wanted: Wanted) -> Result<Step, Error> {
        loop {
            if self.core.draining.is_cancelled() {
                return Err(Error::new(
                    Name::Unavailable,
                    "the edge is being stopped: go on elsewhere",
                ));
            }
            queries::may_read(&self.core, &self.hold, self.user)?;
            let Some(walked) = self.walk_on(wanted).await? else {
                return Ok(Step::Done);
            };
            if !walked.is_empty() {
                return self.show(walked).await;
            }
        }
    }

    /// Judges the next records; none of them may be the room's. `None` at the end.
    async fn walk_on(&mut self, wanted: Wanted) -> Result<Option<Vec<Replayed>>, Error> {
        let gone = || Error::new(Name::Unavailable, "the replay was given up");
        let at = self.walk.as_ref().ok_or_else(gone)?.next();
        if at >= self.span.to {
            return Ok(None);
        }
        let (chunk, done) = match self.chunk.take() {
            Some(current) => current,
            None => {
                let budget = self.core.replays.budget(&self.core);
                // What was read last is paid for before the next is read.
                budget.afford(std::mem::take(&mut self.owed_bytes)).await;
                let chunk = self.seat.chunk(at, self.span.to, budget.chunk).await?;
                self.owed_bytes = chunk.read_bytes;
                (chunk, 0)
            }
        };
        let mut walk = self.walk.take().ok_or_else(gone)?;
        let (to, datum) = (self.span.to, self.datum);
        let records = chunk.clone();
        let walked = self.core.replays.work(move || {
            let (done, found) = judge(&mut walk, &records, done, to, wanted, datum);
            Walked { walk, done, found }
        });
        let Walked { mut walk, done, found } = walked.await?;
        if done < chunk.records.len() {
            self.chunk = Some((chunk, done));
        } else {
            walk.pass_to(chunk.next.min(to));
        }
        self.walk = Some(walk);
        Ok(Some(found))
    }

    /// Frames what was found, without what may not be shown.
    async fn show(&mut self, found: Vec<Replayed>) -> Result<Step, Error> {
        let hidden = self.hides.look_up(&self.core, &self.hold, self.user, &found).await?;
        let (core, span, room, framing) = (self.core.clone(), self.span, self.hold.id, self.framing);
        let count = found.len();
        let erased = core.erasures.list();
        let encoded = self.core.replays.work(move || {
            let mut frames = Vec::with_capacity(found.len() * USUAL);
            let view = View {
                room,
                epoch: span.epoch,
                erased: &erased,
                hidden: hidden.as_hidden(),
            };
            for record in &found {
                framing.frame(record, &view, &mut frames);
            }
            Bytes::from(frames)
        });
        let frames = encoded.await?;
        metrics::replayed(count, frames.len());
        Ok(Step::Records { count, frames })
    }
}

/// Judges a chunk's records from the one of number `done` on; says how many are done then.
fn judge(
    walk: &mut Walk,
    chunk: &Chunk,
    mut done: usize,
    to: Offset,
    wanted: Wanted,
    datum: bool,
) -> (usize, Vec<Replayed>) {
    let (mut found, mut bytes) = (Vec::new(), 0);
    for record in &chunk.records[done..] {
        if record.position.offset >= to {
            return (chunk.records.len(), found);
        }
        done += 1;
        let Some(judged) = walk.judge(record.borrowed()) else {
            continue;
        };
        bytes += record.value.as_ref().map_or(0, Bytes::len) + USUAL;
        found.push(Replayed::of(judged, datum));
        if found.len() >= wanted.records.max(1) || bytes >= wanted.bytes {
            break;
        }
    }
    (done, found)
}

impl Framing {
    fn frame(self, record: &Replayed, view: &View<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Lines => {
                record.write(view, out);
                out.push(b'\n');
            }
            Self::Pushes(replay) => {
                if !out.is_empty() {
                    out.push(b'\n');
                }
                out.extend_from_slice(format!("{{\"replay\":{{\"replay\":{replay},\"event\":").as_bytes());
                record.write(view, out);
                out.extend_from_slice(b"}}");
            }
            Self::ServerSent => {
                let position = record.position;
                let id = format!("id: {}:{}:{}\n", view.epoch, position.partition, position.offset);
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(b"event: event\ndata: ");
                record.write(view, out);
                out.extend_from_slice(b"\n\n");
            }
        }
    }
}
