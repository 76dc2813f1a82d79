//! A command's way: hold the room, see early what is wrong, append, and answer with the fold's verdict.
//!
//! What must hold: nothing is answered as done that the fold has not accepted; nothing that is refused early was
//! appended; what may yet land says so. What one person gives to one room is appended in the order in which it was begun,
//! also where some of it had to be looked up first.

mod looked_up;

use super::core::Core;
use super::held::Settled;
use super::hub::Hold;
use super::refusal::{out_of_time, refusal, unwritten};
use super::turns::Turn;
use super::{mentions, metrics, rooms};
use crate::command::{Ack, Caller, Write};
use crate::error::{Error, Name};
use bytes::Bytes;
use engine::codec;
use engine::domain::{Actor, Body, Event, EventId, Offset, Original, Reason, Seq, UserId, Verdict, WINDOW};
use engine::history::JournalEntry;
use engine::log::{Outgoing, Topic};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// How often the journal is asked whether it has passed a command.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// When to come back when too many commands are on their way.
const BUSY_RETRY_MS: u64 = 500;

/// One command on its way.
struct Way<'a> {
    core: &'a Core,
    caller: &'a Caller,
    write: &'a Write,
    hold: Hold,
    deadline: Instant,
}

/// What is said of a message that a command is about.
#[derive(Clone, Copy)]
struct About {
    author_id: UserId,
    is_deleted: bool,
}

/// Nobody waits for the verdict any more once this is gone.
struct Pending<'a> {
    hold: &'a Hold,
    event: EventId,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.hold.open().give_up(self.event);
    }
}

/// A person's turn in the room; dropped, the next one's comes.
struct Queued<'a> {
    hold: &'a Hold,
    user: UserId,
    turn: Turn,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.hold.open().turns.end(self.user, &self.turn);
    }
}

/// See [`super::Edge::write`].
pub(super) async fn write(core: &Arc<Core>, caller: &Caller, write: &Write) -> Result<Ack, Error> {
    let begun = Instant::now();
    let answer = begin(core, caller, write, begun).await;
    metrics::answered(begun.elapsed(), answer.as_ref().err().map(|error| error.name));
    answer
}

async fn begin(core: &Arc<Core>, caller: &Caller, write: &Write, begun: Instant) -> Result<Ack, Error> {
    core.admit()?;
    let _slot = core.commands.try_acquire().map_err(|_| {
        Error::new(Name::Overloaded, "too many commands are on their way through this edge")
            .retry_after_ms(BUSY_RETRY_MS)
    })?;
    let deadline = begun + Duration::from_millis(core.config.command_timeout_ms);
    let hold = timeout_at(deadline, rooms::hold(core, write.room_id)).await;
    let way = Way {
        core,
        caller,
        write,
        hold: hold.map_err(|_| rooms::not_opened("it takes too long"))??,
        deadline,
    };
    way.go().await
}

impl Way<'_> {
    async fn go(&self) -> Result<Ack, Error> {
        let known = self.hold.open().room.find(self.caller.user_id, self.write.cid);
        if let Some(original) = known {
            return Ok(self.duplicate(original).await);
        }
        let mut queued = self.queue();
        if let Some(since) = self.write.since {
            // What the client has seen elsewhere, this edge may be about to see.
            self.hold.reach(since, self.core.lookup_timeout()).await;
        } else if let Some(entry) = self.find_in_journal().await {
            return Ok(self.ack_of(&entry));
        }
        let about = match self.write.ask.target() {
            Some(seq) => Some(self.about(seq).await?),
            None => None,
        };
        if let Some(seq) = self.write.ask.reply_to() {
            self.answers_a_message(seq).await?;
        }
        let named = match self.write.ask.said() {
            Some((text, _)) => mentions::named(self.core, text.as_str()).await,
            None => Vec::new(),
        };
        if let Some(queued) = &mut queued {
            let came = timeout_at(self.deadline, queued.turn.come()).await;
            came.map_err(|_| Error::new(Name::Timeout, "what was given before it takes too long"))?;
        }
        let event = self.event(about, &named);
        let told = match self.judge(&event, about) {
            Ok(told) => told,
            Err(Reason::Duplicate(original)) => return Ok(self.duplicate(original).await),
            Err(reason) => return Err(refusal(reason)),
        };
        let pending = Pending {
            hold: &self.hold,
            event: event.event_id,
        };
        self.core.parts.rooms.check(self.hold.id)?;
        let settled = self.append(&event, told, queued).await?;
        drop(pending);
        match settled.verdict {
            Verdict::Accepted { seq, digest } => Ok(Ack {
                at: Some(settled.position.appended_at),
                digest: Some(digest),
                ..self.ack(seq, settled.position.offset, false)
            }),
            Verdict::Ignored { reason } => match reason {
                Reason::Duplicate(original) => Ok(self.duplicate(original).await),
                Reason::Expired => self.expired(settled.position.offset).await,
                reason => Err(refusal(reason)),
            },
        }
    }

    /// A turn behind what the person gave to this room before, where any of it has to wait for something.
    fn queue(&self) -> Option<Queued<'_>> {
        let user = self.caller.user_id;
        let mut open = self.hold.open();
        let head = open.room.head();
        let waits = self.write.ask.looks_up() || self.write.since.map_or(head.get() >= WINDOW, |since| since > head);
        let turn = open.turns.take(user, waits)?;
        let hold = &self.hold;
        Some(Queued { hold, user, turn })
    }

    /// What can be seen early, and, in the same moment, the place where the verdict will come.
    fn judge(&self, event: &Event, about: Option<About>) -> Result<oneshot::Receiver<Settled>, Reason> {
        let mut open = self.hold.open();
        let judged = open.room.judge(event, self.core.parts.clock.now());
        match self.core.closed.over(self.hold.id, judged) {
            Ok(()) if about.is_some_and(|about| about.is_deleted) => Err(Reason::NotFound),
            Ok(()) | Err(Reason::Expired) => Ok(open.expect(event.event_id)),
            Err(reason) => Err(reason),
        }
    }

    async fn append(
        &self,
        event: &Event,
        told: oneshot::Receiver<Settled>,
        mut queued: Option<Queued<'_>>,
    ) -> Result<Settled, Error> {
        let append = self.core.parts.log.append(self.outgoing(event)?);
        let way = async {
            tokio::pin!(append, told);
            let over = |_| Error::new(Name::Timeout, "the edge is being stopped").outcome_unknown();
            // The log takes a record when it is first asked to: then it is the next one's turn.
            let appended = poll_fn(|cx| {
                let appended = append.as_mut().poll(cx);
                queued = None;
                appended
            });
            tokio::select! {
                biased;
                settled = &mut told => settled.map_err(over),
                appended = appended => match appended {
                    Ok(_) => told.await.map_err(over),
                    Err(error) => Err(unwritten(&error)),
                },
            }
        };
        timeout_at(self.deadline, way).await.map_err(|_| out_of_time())?
    }

    fn outgoing(&self, event: &Event) -> Result<Outgoing, Error> {
        let rules = match event.body {
            Body::RoomCreated { rules, .. } => rules,
            _ => self.hold.open().room.rules(),
        };
        let encoded = codec::encode(event, rules).ok_or_else(|| refusal(Reason::UnsupportedRules))?;
        let key = self.hold.key.clone();
        let wire = &self.core.parts.wire;
        let mut outgoing = wire.outgoing(Topic::Events, self.hold.partition, key, &encoded)?;
        let trace = &self.write.trace;
        for (name, value) in [("traceparent", &trace.traceparent), ("tracestate", &trace.tracestate)] {
            if let Some(value) = value {
                outgoing.headers.push((name, Bytes::copy_from_slice(value.as_bytes())));
            }
        }
        Ok(outgoing)
    }

    fn event(&self, about: Option<About>, named: &[UserId]) -> Event {
        let mut body = self.write.ask.body(about.map(|about| about.author_id));
        let open = self.hold.open();
        if let (Body::MessageSent { mentions, .. } | Body::MessageEdited { mentions, .. }, Some((_, explicit))) =
            (&mut body, self.write.ask.said())
        {
            *mentions = mentions::present(&open.room, explicit, named);
        }
        let head = open.room.head();
        drop(open);
        Event {
            event_id: EventId::new(uuid::Uuid::now_v7()),
            room_id: self.write.room_id,
            actor: Actor {
                id: self.caller.user_id,
                name: self.caller.name.clone(),
            },
            cid: self.write.cid,
            since: Some(self.write.since.unwrap_or(head).min(head)),
            sent_at: self.core.parts.clock.now(),
            body,
        }
    }

    /// The ack of the try that counted; when and under which digest, if ring or journal can say.
    async fn duplicate(&self, original: Original) -> Ack {
        let ack = self.ack(original.seq, original.offset, true);
        let kept = self
            .hold
            .open()
            .pushes
            .get(original.seq)
            .map(|push| (push.at, push.digest));
        let known = match kept {
            Some(known) => Some(known),
            None => self
                .journal_entry(original.seq)
                .await
                .map(|entry| (entry.appended_at, entry.digest)),
        };
        Ack {
            at: known.map(|(at, _)| at),
            digest: known.map(|(_, digest)| digest),
            ..ack
        }
    }

    /// The fold could not know whether this is a duplicate: the journal does, once it has passed the retry itself.
    async fn expired(&self, own: Offset) -> Result<Ack, Error> {
        let (author, cid) = (self.caller.user_id, self.write.cid);
        while Instant::now() < self.deadline {
            let find = self
                .core
                .parts
                .history
                .find(self.hold.id, self.hold.partition, author, cid);
            match timeout_at(self.deadline, find).await {
                Ok(Ok((Some(entry), _))) => return Ok(self.ack_of(&entry)),
                Ok(Ok((None, next))) if next > own => return Err(refusal(Reason::Expired)),
                Ok(Ok(_) | Err(_)) => tokio::time::sleep(ASK_AGAIN).await,
                Err(_) => break,
            }
        }
        let away = Error::new(
            Name::Unavailable,
            "history can't say yet whether this command was accepted before",
        );
        Err(away.outcome_unknown())
    }

    fn ack_of(&self, entry: &JournalEntry) -> Ack {
        Ack {
            at: Some(entry.appended_at),
            digest: Some(entry.digest),
            ..self.ack(entry.seq, entry.offset, true)
        }
    }

    fn ack(&self, seq: Seq, offset: Offset, duplicate: bool) -> Ack {
        let trace_id = self
            .write
            .trace
            .traceparent
            .as_deref()
            .and_then(|parent| parent.split('-').nth(1));
        Ack {
            cid: self.write.cid,
            seq,
            partition: self.hold.partition,
            offset,
            at: None,
            digest: None,
            duplicate,
            trace_id: trace_id.map(ToOwned::to_owned),
        }
    }
}
