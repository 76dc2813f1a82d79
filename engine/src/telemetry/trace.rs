//! Spans: where a trace begins, and how it is followed, through this process and through the log.
//!
//! What must hold: whether a trace is recorded is decided once, where it begins (by its caller, else by chance), and
//! travels with it; a command whose trace is not recorded makes no span at all. Every command has a trace id, recorded
//! or not: it is what errors, receipts and log lines are looked up by.

use super::context::TraceContext;
use opentelemetry::trace::TraceContextExt as _;
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Whether spans are collected in this process.
static COLLECTED: AtomicBool = AtomicBool::new(false);
/// The share of traces that begin here and are recorded, as the bits of an `f64`.
static RATIO: AtomicU64 = AtomicU64::new(0);
/// Where people look at traces: Jaeger's address.
static JAEGER: OnceLock<String> = OnceLock::new();

tokio::task_local! {
    /// The trace that the current task works for.
    static CURRENT: u128;
}

pub(super) fn collect(jaeger_url: &str) {
    COLLECTED.store(true, Ordering::Relaxed);
    let base = jaeger_url.trim_end_matches('/');
    if !base.is_empty() {
        // Telemetry starts once in a process; it is checked there.
        let _ = JAEGER.set(base.to_owned());
    }
}

/// Where people look at the trace, if it is recorded and there is such a place.
#[must_use]
pub fn url(context: &TraceContext) -> Option<String> {
    let base = JAEGER.get().filter(|_| context.is_sampled())?;
    Some(format!("{base}/trace/{}", context.trace_id()))
}

pub(super) fn set_ratio(ratio: f64) {
    RATIO.store(ratio.to_bits(), Ordering::Relaxed);
}

fn collected() -> bool {
    COLLECTED.load(Ordering::Relaxed)
}

/// Begins the span of a command at the door: below the caller's own trace, else as a new one. What is told with it is
/// the span's own context, also where nobody records it.
#[must_use]
pub fn begin(span: impl FnOnce() -> Span, caller: Option<&TraceContext>) -> (Span, TraceContext) {
    let chosen = caller.map_or_else(by_chance, TraceContext::is_sampled);
    let unrecorded = || match caller {
        Some(caller) => caller.next(),
        None => TraceContext::begin(false),
    };
    if !chosen || !collected() {
        return (Span::none(), unrecorded());
    }
    let span = span();
    if let Some(caller) = caller {
        set_parent(&span, caller);
    }
    let context = context_of(&span).unwrap_or_else(unrecorded);
    (span, context)
}

fn by_chance() -> bool {
    let ratio = f64::from_bits(RATIO.load(Ordering::Relaxed));
    ratio > 0.0 && rand::random::<f64>() < ratio
}

/// A span below the current one, if that is recorded; else one that costs nothing.
#[must_use]
pub fn child(span: impl FnOnce() -> Span) -> Span {
    if !collected() || Span::current().is_disabled() {
        return Span::none();
    }
    span()
}

/// A span below what a record's headers say, if that trace is recorded; else one that costs nothing.
#[must_use]
pub fn follow(span: impl FnOnce() -> Span, traceparent: Option<&[u8]>, tracestate: Option<&[u8]>) -> Span {
    let Some(parent) = recorded(traceparent, tracestate) else {
        return Span::none();
    };
    let span = span();
    set_parent(&span, &parent);
    span
}

/// What a record's headers say, if spans are collected here and that trace is recorded.
#[must_use]
pub fn recorded(traceparent: Option<&[u8]>, tracestate: Option<&[u8]>) -> Option<TraceContext> {
    collected().then(|| TraceContext::sampled(traceparent, tracestate))?
}

/// Links a span, if it is recorded, to another, mostly of another trace.
pub fn link(span: &Span, to: &TraceContext) {
    if !span.is_disabled() {
        span.add_link(to.context());
    }
}

/// Says that what a span stands for failed, and why, in one word.
pub fn failed(span: &Span, why: &'static str) {
    if !span.is_disabled() {
        span.record("otel.status_code", "ERROR").record("error.type", why);
    }
}

/// The span's own context, if it is recorded.
#[must_use]
pub fn context_of(span: &Span) -> Option<TraceContext> {
    if span.is_disabled() {
        return None;
    }
    TraceContext::of(span.context().span().span_context())
}

/// What a task does for a trace: its log lines say so.
pub fn within<F: Future>(context: &TraceContext, span: Span, task: F) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(context.trace, task.instrument(span))
}

/// Puts the id of the trace that the current task works for behind `before`; says whether there is one.
pub(super) fn write_current(line: &mut String, before: &str) -> bool {
    let Ok(trace) = CURRENT.try_with(|trace| *trace) else {
        return false;
    };
    // Writing to a string can't fail.
    let _ = write!(line, "{before}{trace:032x}");
    true
}

fn set_parent(span: &Span, parent: &TraceContext) {
    // It fails only where no layer collects spans.
    let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent.context()));
}
