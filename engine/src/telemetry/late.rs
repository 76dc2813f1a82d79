//! Traces that were not chosen when they began, and turned out to be worth keeping: commands that failed, or were slow.
//!
//! What must hold: nothing is recorded ahead for them; what is told is made afterwards of the times that were taken
//! anyway. So such a trace holds what the process that took the command knows, and says so (`roomlog.late`): what other
//! processes did with the event was not recorded, for they were told at the time that nobody wants it.

use super::context::TraceContext;
use super::export::Counted;
use crate::metrics as of;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks, SpanProcessor};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// Where such spans go; not set while nobody collects spans.
static SINK: OnceLock<Arc<Counted>> = OnceLock::new();
/// From which duration on a command is slow, milliseconds.
static SLOW_MS: AtomicU64 = AtomicU64::new(u64::MAX);

pub(super) fn collect(sink: Arc<Counted>) {
    // Telemetry starts once in a process; it is checked there.
    let _ = SINK.set(sink);
}

pub(super) fn set_slow(slow_ms: u64) {
    SLOW_MS.store(slow_ms, Ordering::Relaxed);
}

/// A stage of a command, or all of it.
#[derive(Clone, Debug)]
pub struct Stage {
    name: Cow<'static, str>,
    began: Instant,
    over: Instant,
}

impl Stage {
    /// What it was, when it began, when it was over.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, began: Instant, over: Instant) -> Self {
        let name = name.into();
        Self { name, began, over }
    }
}

/// A command that is over and whose trace, not chosen when it began, is kept.
#[derive(Debug)]
pub struct Kept<'a> {
    sink: &'static Counted,
    context: &'a TraceContext,
    failed: Option<&'static str>,
    now: (Instant, SystemTime),
}

impl<'a> Kept<'a> {
    /// `None` where the trace was chosen, the command neither failed (why, in one word) nor was slow, or nobody
    /// collects spans. `context` is the command's own.
    #[must_use]
    pub fn new(context: &'a TraceContext, began: Instant, failed: Option<&'static str>) -> Option<Self> {
        let sink = SINK.get().filter(|_| !context.sampled)?;
        let now = Instant::now();
        let slow = now.duration_since(began) >= Duration::from_millis(SLOW_MS.load(Ordering::Relaxed));
        (slow || failed.is_some()).then(|| Self {
            sink,
            context,
            failed,
            now: (now, SystemTime::now()),
        })
    }

    /// One of its stages.
    pub fn stage(&self, stage: &Stage) {
        let span = self.span(stage, &self.context.next(), self.context.span);
        self.sink.on_end(span);
    }

    /// All of it; `caller` is the context that its caller sent.
    pub fn whole(&self, stage: &Stage, caller: Option<&TraceContext>) {
        let why = if self.failed.is_some() { "error" } else { "slow" };
        of::TRACE_LATE.counter_of([why]).increment(1);
        let mut span = self.span(stage, self.context, caller.map_or(0, |caller| caller.span));
        span.span_kind = SpanKind::Server;
        span.parent_span_is_remote = caller.is_some();
        if let Some(failed) = self.failed {
            span.status = Status::error(failed);
            span.attributes.push(KeyValue::new("error.type", failed));
        }
        self.sink.on_end(span);
    }

    fn span(&self, stage: &Stage, own: &TraceContext, above: u64) -> SpanData {
        let at = |instant: Instant| self.now.1 - self.now.0.saturating_duration_since(instant);
        let recorded = TraceContext {
            sampled: true,
            ..own.clone()
        };
        SpanData {
            span_context: recorded.context(),
            parent_span_id: SpanId::from(above),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: stage.name.clone(),
            start_time: at(stage.began),
            end_time: at(stage.over),
            attributes: vec![KeyValue::new("roomlog.late", true)],
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder(super::SCOPE).build(),
        }
    }
}
