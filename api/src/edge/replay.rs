//! Replays: a room's records as they happened, read from the log itself, for whoever may read the room.
//!
//! `start` finds where one begins and how the room stood there, `shelf` reads, `hides` knows what may not be shown, `encode`
//! shows; `push` drives one over a socket, `stream` over a connection; `shared` bounds all of them.
//!
//! What must hold: a replay never slows the live tail: it has readers of its own, which those share that walk together; its
//! work is done on threads that stand back; all of them together have a budget of bytes a second. With whoever asked for
//! it gone, it is gone.

pub mod encode;
mod hides;
mod push;
mod shared;
mod shelf;
mod start;
mod stream;

use super::core::Core;
use super::hub::Hold;
use super::{metrics, queries};
use crate::error::{Error, Name};
use bytes::Bytes;
use encode::{Replayed, View};
use engine::domain::{Epoch, Offset, Partition, RoomId, UserId};
use engine::replay::Walk;
pub use engine::travel::Point;
use hides::Hides;
pub(super) use push::Running;
pub use push::{Command, Replaying, Starting};
use shared::Place;
pub(super) use shared::Replays;
use shelf::{Chunk, Seat};
use std::sync::Arc;
pub use stream::{Part, Stream};
use tokio::task::JoinHandle;

/// Bytes that a line usually takes.
const USUAL: usize = 640;

/// The one point that is given.
///
/// # Errors
/// `bad_request` naming the field where it is none, or more than one.
pub fn one_of(field: &'static str, given: [Option<Point>; 3]) -> Result<Point, Error> {
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(point), None) => Ok(point),
        _ => Err(Error::bad_field(
            field,
            format!("{field} must be one of offset, time and seq"),
        )),
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

/// A replay under way. Dropping it ends it.
pub struct Replay {
    core: Arc<Core>,
    hold: Hold,
    user: UserId,
    span: Span,
    datum: bool,
    framing: Framing,
    /// `None` once all is read.
    ahead: Option<Ahead>,
    /// `None` while a piece of work is under way.
    walk: Option<Walk>,
    /// What is walked through now, and how many of its records are done.
    chunk: Option<(Arc<Chunk>, usize)>,
    hides: Hides,
    _place: Place,
}

/// What is read while what came before is judged and shown: by a task of its own, because those who share its reader must
/// never wait for a replay that nobody takes anything of. Dropping it ends it.
struct Ahead(JoinHandle<(Seat, Result<Arc<Chunk>, Error>)>);

impl Ahead {
    /// Reads the chunk at an offset, once what was read last is paid for.
    fn read(core: &Arc<Core>, mut seat: Seat, (at, to): (Offset, Offset), owed_bytes: usize) -> Self {
        let shared = core.clone();
        Self(core.tasks.spawn(async move {
            let budget = shared.replays.budget(&shared);
            budget.afford(owed_bytes).await;
            let chunk = seat.chunk(at, to, budget.chunk).await;
            (seat, chunk)
        }))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.abort();
    }
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
        let seat = core.replays.shelf.seat(hold.key.clone(), span.partition);
        Ok(Self {
            ahead: (span.from < span.to).then(|| Ahead::read(core, seat, (span.from, span.to), 0)),
            core: core.clone(),
            hold,
            user,
            span,
            datum: ask.datum,
            framing,
            walk: Some(walk),
            chunk: None,
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
                let mut ahead = self.ahead.take().ok_or_else(gone)?;
                let (seat, chunk) = (&mut ahead.0).await.map_err(|_| gone())?;
                let chunk = chunk?;
                if chunk.next < self.span.to {
                    let next = Ahead::read(&self.core, seat, (chunk.next, self.span.to), chunk.read_bytes);
                    self.ahead = Some(next);
                }
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
