//! The spans of one event on this edge: how it was asked for, appended, tailed and pushed, as traces show it.
//!
//! What must hold: nothing here costs anything for an event whose trace is not recorded; no text of a message is in it.

use super::core::Core;
use super::held::Held;
use crate::command::Write;
use engine::domain::{Offset, Seq, Verdict};
use engine::log::{RecordRef, Topic};
use engine::telemetry::{self, Kept, PATH, Stage, TraceContext};
use std::sync::OnceLock;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Span, debug_span};

/// When the stages of a command were over: what is told of it afterwards if it turns out to be worth it.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) authorised: OnceLock<Instant>,
    pub(super) appended: OnceLock<Instant>,
}

impl Marks {
    pub(super) fn set(mark: &OnceLock<Instant>) {
        // The first time counts.
        let _ = mark.set(Instant::now());
    }

    /// The command is over: its stages are kept if it failed or was slow, though its trace was not chosen.
    pub(super) fn keep(&self, context: &TraceContext, began: Instant, failed: Option<&'static str>) {
        let Some(kept) = Kept::new(context, began, failed) else {
            return;
        };
        let over = Instant::now();
        let authorised = self.authorised.get().copied();
        kept.stage(&Stage::new("authorise", began, authorised.unwrap_or(over)));
        let Some(authorised) = authorised else { return };
        let appended = self.appended.get().copied();
        kept.stage(&Stage::new("append", authorised, appended.unwrap_or(over)));
        if let Some(appended) = appended {
            kept.stage(&Stage::new("ack", appended, over));
        }
    }
}

/// From a command's beginning to its being handed to the log: the room is had, what can be seen early is seen.
pub(super) fn authorise(write: &Write) -> Span {
    telemetry::child(|| {
        Span::current().record("roomlog.room", write.room_id.to_string());
        debug_span!(target: PATH, "authorise")
    })
}

/// The append, from the log's taking it to its answer. What is read of it belongs below this span.
pub(super) fn append(core: &Core, held: &Held) -> Span {
    telemetry::child(|| {
        let log = &core.parts.log;
        let topic = log.topic_name(Topic::Events);
        debug_span!(target: PATH, "append", otel.kind = "producer",
            messaging.system = log.system(), messaging.operation.type = "send", messaging.operation.name = "append",
            messaging.destination.name = topic, messaging.destination.partition.id = %held.partition,
            messaging.kafka.message.key = %held.id, messaging.kafka.offset = Empty,
            otel.status_code = Empty, error.type = Empty)
    })
}

/// The log has answered, or its tail was faster.
pub(super) fn appended(append: &mut Option<Span>, at: Offset) {
    if let Some(append) = append.take() {
        append.record("messaging.kafka.offset", at.get());
    }
}

/// From the log's answer to the command's own.
pub(super) fn ack() -> Span {
    telemetry::child(|| debug_span!(target: PATH, "ack", roomlog.seq = Empty, roomlog.verdict = Empty))
}

/// What the fold has said.
pub(super) fn verdict(span: &Span, verdict: &Verdict) {
    if span.is_disabled() {
        return;
    }
    match verdict {
        Verdict::Accepted { seq, .. } => span
            .record("roomlog.verdict", "accepted")
            .record("roomlog.seq", seq.get()),
        Verdict::Ignored { reason } => span.record("roomlog.verdict", reason.name()),
    };
}

/// A record of a held room, from its coming to its being handed to all who listen.
pub(super) fn tail(core: &Core, held: &Held, record: RecordRef<'_>) -> Span {
    let span = || {
        let log = &core.parts.log;
        let topic = log.topic_name(Topic::Events);
        debug_span!(target: PATH, "tail", otel.kind = "consumer",
            messaging.system = log.system(), messaging.operation.type = "process", messaging.operation.name = "tail",
            messaging.destination.name = topic, messaging.destination.partition.id = %held.partition,
            messaging.kafka.message.key = %held.id, messaging.kafka.offset = record.position.offset.get(),
            roomlog.room = %held.id, roomlog.edge = %core.id)
    };
    telemetry::follow(span, record.headers.traceparent, record.headers.tracestate)
}

/// Decoding and folding, below the tail's span.
pub(super) fn fold(tail: &Span) -> Span {
    below(
        tail,
        || debug_span!(target: PATH, "fold", roomlog.seq = Empty, roomlog.verdict = Empty),
    )
}

/// Handing an event to everyone here who hears the room.
pub(super) fn push(tail: &Span, seq: Seq, recipients: usize) -> Span {
    below(
        tail,
        || debug_span!(target: PATH, "push", roomlog.seq = seq.get(), roomlog.recipients = recipients, roomlog.paused = Empty),
    )
}

fn below(span: &Span, make: impl FnOnce() -> Span) -> Span {
    if span.is_disabled() {
        return Span::none();
    }
    span.in_scope(make)
}

/// An event on its way to one session, as far as traces show it: it ends when the socket has taken it.
#[derive(Debug)]
pub struct Delivery(Span);

impl Delivery {
    /// Below the span of the push.
    pub(super) fn begin(push: &Span, session: u64) -> Self {
        Self(below(
            push,
            || debug_span!(target: PATH, "deliver", roomlog.session = session, roomlog.delivered = Empty),
        ))
    }

    /// The socket has taken it.
    pub fn delivered(self) {
        self.0.record("roomlog.delivered", true);
    }
}
