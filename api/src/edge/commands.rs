//! A command's way: hold the room, see early what is wrong, append, and answer with the fold's verdict.
//!
//! What must hold: nothing is answered as done that the fold has not accepted; nothing that is refused early was
//! appended; what may yet land says so. What one person gives to one room is appended in the order in which it was begun,
//! also where some of it had to be looked up first.

mod looked_up;

use super::catch_up::{catch_up, may_be_late};
use super::core::Core;
use super::held::Settled;
use super::hub::Hold;
use super::refusal::{out_of_time, refusal, unwritten};
use super::traces::{self, Marks};
use super::turns::Turn;
use super::{mentions, metrics, rooms};
use crate::command::{Ack, Caller, Write};
use crate::error::{Error, Name};
use crate::trace::failure;
use engine::codec;
use engine::domain::{Actor, Body, Event, EventId, Offset, Original, Reason, Seq, UserId, Verdict, WINDOW};
use engine::history::JournalEntry;
use engine::log::{Outgoing, Topic};
use engine::telemetry;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, Span};

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
    marks: &'a Marks,
}

/// What came of looking at a command before it is appended.
enum Authorised<'a> {
    /// It was accepted before: the ack of that try.
    Known(Ack),
    /// It may be appended.
    Ready(Ready<'a>),
}

/// A command that may be appended.
struct Ready<'a> {
    event: Event,
    /// Where the verdict will come.
    told: oneshot::Receiver<Settled>,
    queued: Option<Queued<'a>>,
    pending: Pending<'a>,
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
    let (begun, marks) = (Instant::now(), Marks::default());
    let answer = begin(core, caller, write, begun, &marks).await;
    let refused = answer.as_ref().err().map(|error| error.name);
    metrics::answered(begun.elapsed(), refused);
    if let Some(context) = &write.trace {
        marks.keep(context, begun.into_std(), refused.and_then(failure));
    }
    answer
}

async fn begin(core: &Arc<Core>, caller: &Caller, write: &Write, begun: Instant, marks: &Marks) -> Result<Ack, Error> {
    core.admit()?;
    let _slot = core.commands.try_acquire().map_err(|_| {
        Error::new(Name::Overloaded, "too many commands are on their way through this edge")
            .retry_after_ms(BUSY_RETRY_MS)
    })?;
    let deadline = begun + Duration::from_millis(core.config.command_timeout_ms);
    let authorising = traces::authorise(write);
    let hold = timeout_at(deadline, rooms::hold(core, write.room_id));
    let hold = hold.instrument(authorising.clone()).await;
    let way = Way {
        core,
        caller,
        write,
        hold: hold.map_err(|_| rooms::not_opened("it takes too long"))??,
        deadline,
        marks,
    };
    let authorised = way.authorise().instrument(authorising).await?;
    Marks::set(&marks.authorised);
    match authorised {
        Authorised::Known(ack) => Ok(ack),
        Authorised::Ready(ready) => way.go(ready).await,
    }
}

impl Way<'_> {
    async fn authorise(&self) -> Result<Authorised<'_>, Error> {
        let known = self.hold.open().room.find(self.caller.user_id, self.write.cid);
        if let Some(original) = known {
            return Ok(Authorised::Known(self.duplicate(original).await));
        }
        let mut queued = self.queue();
        if let Some(since) = self.write.since {
            // What the client has seen elsewhere, this edge may be about to see.
            self.hold.reach(since, self.core.lookup_timeout()).await;
        } else if let Some(entry) = self.find_in_journal().await {
            return Ok(Authorised::Known(self.ack_of(&entry)));
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
            self.turn_comes(queued).await?;
        }
        let event = self.event(about, &named);
        let mut judged = self.judge(&event, about);
        if judged.as_ref().is_err_and(|reason| may_be_late(*reason)) {
            // What the person gives to this room meanwhile comes after it.
            queued = queued.or_else(|| self.turn(true));
            catch_up(self.core, self.hold.partition).await;
            if let Some(queued) = &mut queued {
                self.turn_comes(queued).await?;
            }
            judged = self.judge(&event, about);
        }
        let told = match judged {
            Ok(told) => told,
            Err(Reason::Duplicate(original)) => return Ok(Authorised::Known(self.duplicate(original).await)),
            Err(reason) => return Err(refusal(reason)),
        };
        let pending = Pending {
            hold: &self.hold,
            event: event.event_id,
        };
        self.core.parts.rooms.check(self.hold.id)?;
        Ok(Authorised::Ready(Ready {
            event,
            told,
            queued,
            pending,
        }))
    }

    async fn go(&self, ready: Ready<'_>) -> Result<Ack, Error> {
        let (settled, ack) = self.append(&ready.event, ready.told, ready.queued).await?;
        drop(ready.pending);
        traces::verdict(&ack, &settled.verdict);
        self.answer(settled).instrument(ack).await
    }

    /// What the fold has said, as an answer.
    async fn answer(&self, settled: Settled) -> Result<Ack, Error> {
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
        let head = self.hold.open().room.head();
        self.turn(self.write.ask.looks_up() || self.write.since.map_or(head.get() >= WINDOW, |since| since > head))
    }

    fn turn(&self, waits: bool) -> Option<Queued<'_>> {
        let (hold, user) = (&self.hold, self.caller.user_id);
        let turn = hold.open().turns.take(user, waits)?;
        Some(Queued { hold, user, turn })
    }

    async fn turn_comes(&self, queued: &mut Queued<'_>) -> Result<(), Error> {
        let came = timeout_at(self.deadline, queued.turn.come()).await;
        came.map_err(|_| Error::new(Name::Timeout, "what was given before it takes too long"))
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
    ) -> Result<(Settled, Span), Error> {
        let span = traces::append(self.core, &self.hold);
        let append = self.core.parts.log.append(self.outgoing(event, &span)?);
        let mut span = Some(span);
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
                settled = &mut told => {
                    let settled = settled.map_err(over)?;
                    Ok((settled, self.appended(&mut span, settled.position.offset)))
                }
                appended = appended => match appended {
                    Ok(position) => {
                        let ack = self.appended(&mut span, position.offset);
                        let settled = (&mut told).instrument(ack.clone()).await.map_err(over)?;
                        Ok((settled, ack))
                    }
                    Err(error) => {
                        let refused = unwritten(&error);
                        span.iter().for_each(|span| telemetry::failed(span, refused.name.text()));
                        Err(refused)
                    }
                },
            }
        };
        timeout_at(self.deadline, way).await.map_err(|_| out_of_time())?
    }

    /// The log has the record: the span of the append ends, that of the ack begins.
    fn appended(&self, append: &mut Option<Span>, at: Offset) -> Span {
        Marks::set(&self.marks.appended);
        traces::appended(append, at);
        traces::ack()
    }

    /// The record; what is read of it belongs below `append`.
    fn outgoing(&self, event: &Event, append: &Span) -> Result<Outgoing, Error> {
        let rules = match event.body {
            Body::RoomCreated { rules, .. } => rules,
            _ => self.hold.open().room.rules(),
        };
        let encoded = codec::encode(event, rules).ok_or_else(|| refusal(Reason::UnsupportedRules))?;
        let key = self.hold.key.clone();
        let wire = &self.core.parts.wire;
        let mut outgoing = wire.outgoing(Topic::Events, self.hold.partition, key, &encoded)?;
        if let Some(context) = telemetry::context_of(append).or_else(|| self.write.trace.clone()) {
            outgoing.headers.extend(context.headers());
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
        Ack {
            cid: self.write.cid,
            seq,
            partition: self.hold.partition,
            offset,
            at: None,
            digest: None,
            duplicate,
        }
    }
}
