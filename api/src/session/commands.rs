//! What a session's commands ask of the edge, and how its answers are framed.

use super::{Door, Identity, Refused, Who};
use crate::command::{Caller, Write};
use crate::edge::replay;
use crate::edge::view::Resume;
use crate::error::{Error, Name};
use crate::metrics::doors::Asked;
use crate::protocol::Command;
use crate::protocol::reply::{self, Receipt};
use crate::shown::{ShownMessage, ShownPresence, ShownReplay, ShownSubscription};
use crate::trace::{Trace, failure};
use bytes::Bytes;
use engine::domain::{RoomId, Seq, Timestamp};
use futures_util::future::BoxFuture;
use serde::Serialize;
use std::sync::Arc;

/// What came of a command.
pub(super) enum Done {
    /// Its reply.
    Reply(Bytes),
    /// The reply is queued, or there is nothing to say.
    Silent,
    /// Who a token speaks for.
    Auth {
        /// The command's.
        id: u64,
        /// The command's.
        trace: Trace,
        /// The answer.
        result: Result<Identity, Refused>,
    },
    /// The session's own token ran out.
    Expired,
}

/// A command that was begun.
pub(super) enum Begun {
    /// It is answered already.
    Done(Bytes),
    /// It runs.
    Running(BoxFuture<'static, Done>),
}

#[derive(Serialize)]
struct Time {
    time: Timestamp,
}

#[derive(Serialize)]
struct ReadTo {
    read_seq: Seq,
}

#[derive(Serialize)]
struct Recent<'a> {
    recent: Vec<ShownMessage<'a>>,
}

/// `{"id":…,"ok":{}}`.
pub(super) fn empty(id: u64) -> Bytes {
    reply::ok_raw(id, b"{}")
}

/// Begins a command. What it does first is done when its future is first polled, not here.
pub(super) fn begin(who: &Who, id: u64, mut command: Command, trace: Trace, asked: Asked) -> Begun {
    command.set_trace(trace.context());
    let door = who.door.clone();
    let caller = who.caller.clone();
    match command {
        Command::Ping => {
            asked.answered(None);
            Begun::Done(reply::ok(id, &Time { time: door.now() }))
        }
        Command::Unsubscribe { room } => {
            who.member.unsubscribe(room);
            asked.answered(None);
            Begun::Done(empty(id))
        }
        Command::Subscribe { room, resume, recent } => subscribe(who, id, trace, asked, (room, resume, recent)),
        Command::Write(command) => running(id, trace.clone(), asked, write(door, caller, command, id, trace)),
        Command::Read { room, seq } => {
            let member = who.member.clone();
            running(id, trace, asked, async move {
                let read_seq = member.read(&caller, room, seq).await?;
                Ok(reply::ok(id, &ReadTo { read_seq }))
            })
        }
        Command::Typing { room } => running(id, trace, asked, async move {
            door.edge.typing(&caller, room).await?;
            Ok(empty(id))
        }),
        Command::Recent { room, limit } => running(id, trace, asked, async move {
            let messages = door.edge.recent(&caller, room, limit).await?;
            let recent = ShownMessage::all(&messages, caller.user_id);
            Ok(reply::ok(id, &Recent { recent }))
        }),
        Command::Presence { room } => running(id, trace, asked, async move {
            let presence = door.edge.presence(&caller, room).await?;
            Ok(reply::ok(id, &ShownPresence::of(&presence)))
        }),
        Command::Replay(command) => replay(who, id, trace, asked, command),
        Command::More { replay, window } => Begun::Done(answered(id, &trace, asked, who.member.more(replay, window))),
        Command::Cancel { replay } => Begun::Done(answered(id, &trace, asked, who.member.cancel(replay))),
        // The session itself takes it before it comes here.
        Command::Auth { .. } => Begun::Done(empty(id)),
    }
}

fn running(
    id: u64,
    trace: Trace,
    asked: Asked,
    work: impl Future<Output = Result<Bytes, Error>> + Send + 'static,
) -> Begun {
    Begun::Running(Box::pin(async move {
        let answer = work.await;
        asked.answered(refused(&answer));
        trace.end(refused(&answer).and_then(failure));
        match answer {
            Ok(frame) => Done::Reply(frame),
            Err(error) => Done::Reply(reply::error(id, &error, &trace.id())),
        }
    }))
}

async fn write(door: Arc<Door>, caller: Caller, write: Box<Write>, id: u64, trace: Trace) -> Result<Bytes, Error> {
    let ack = door.edge.write(&caller, *write).await?;
    Ok(reply::ok(id, &Receipt::of(&ack, door.edge.epoch(), &trace)))
}

fn refused<A>(answer: &Result<A, Error>) -> Option<Name> {
    answer.as_ref().err().map(|error| error.name)
}

fn answered(id: u64, trace: &Trace, asked: Asked, done: Result<(), Error>) -> Bytes {
    asked.answered(refused(&done));
    match done {
        Ok(()) => empty(id),
        Err(error) => reply::error(id, &error, &trace.id()),
    }
}

/// The reply is queued before the first event may come.
fn replay(who: &Who, id: u64, trace: Trace, asked: Asked, command: replay::Command) -> Begun {
    let member = who.member.clone();
    Begun::Running(Box::pin(async move {
        let answer = member.replay(command).await;
        asked.answered(refused(&answer));
        trace.end(refused(&answer).and_then(failure));
        match answer {
            Ok((replaying, starting)) => {
                member.outbox().reply(reply::ok(id, &ShownReplay::of(&replaying)));
                starting.go(trace.id());
                Done::Silent
            }
            Err(error) => Done::Reply(reply::error(id, &error, &trace.id())),
        }
    }))
}

/// The reply is queued before the room's events may come.
fn subscribe(
    who: &Who,
    id: u64,
    trace: Trace,
    asked: Asked,
    (room, resume, recent): (RoomId, Option<Resume>, usize),
) -> Begun {
    let member = who.member.clone();
    let viewer = who.caller.user_id;
    Begun::Running(Box::pin(async move {
        let answer = member.subscribe(room, resume, recent).await;
        asked.answered(refused(&answer));
        trace.end(refused(&answer).and_then(failure));
        match answer {
            Ok((subscribed, joining)) => {
                let frame = reply::ok(id, &ShownSubscription::of(&subscribed, viewer));
                member.outbox().reply(frame);
                joining.go();
                Done::Silent
            }
            Err(error) => Done::Reply(reply::error(id, &error, &trace.id())),
        }
    }))
}
