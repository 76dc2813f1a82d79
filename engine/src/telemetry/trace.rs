//! W3C trace context: a command's trace begins at the door and is followed through the log's headers.
//!
//! Every command has a trace id, also when nobody collects spans: it is what errors and receipts are looked up by.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Whether spans are collected in this process.
static COLLECTED: AtomicBool = AtomicBool::new(false);

pub(super) fn spans_are_collected() {
    COLLECTED.store(true, Ordering::Relaxed);
}

/// The `traceparent` of W3C Trace Context, version 00.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Traceparent {
    /// A trace that begins here and that nobody records.
    #[must_use]
    pub fn random() -> Self {
        Self {
            trace: rand::random::<u128>() | 1,
            span: rand::random::<u64>() | 1,
            sampled: false,
        }
    }

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`; later versions may say more behind it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |range: std::ops::Range<usize>| {
            text.get(range)
                .filter(|part| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        };
        let dashes = [2, 35, 52].iter().all(|at| text.as_bytes().get(*at) == Some(&b'-'));
        let version = hex(0..2)?;
        let ends = text.len() == 55 || (version != "00" && text.as_bytes().get(55) == Some(&b'-'));
        if !dashes || !ends || version == "ff" {
            return None;
        }
        let trace = u128::from_str_radix(hex(3..35)?, 16).ok()?;
        let span = u64::from_str_radix(hex(36..52)?, 16).ok()?;
        let flags = u8::from_str_radix(hex(53..55)?, 16).ok()?;
        (trace != 0 && span != 0).then_some(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }

    /// The trace's id, 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    fn context(self) -> SpanContext {
        let flags = if self.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        SpanContext::new(
            TraceId::from(self.trace),
            SpanId::from(self.span),
            flags,
            true,
            TraceState::default(),
        )
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace,
            self.span,
            u8::from(self.sampled)
        )
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Begins the span of a command at the door: below the caller's own trace, else as a new one. The answer's
/// [`Traceparent`] is what the log's headers are to carry.
#[must_use]
pub fn begin(span: impl FnOnce() -> Span, caller: Option<Traceparent>) -> (Span, Traceparent) {
    let caller_or_new = || caller.unwrap_or_else(Traceparent::random);
    if !COLLECTED.load(Ordering::Relaxed) {
        return (Span::none(), caller_or_new());
    }
    let span = span();
    if let Some(caller) = caller {
        // It fails only where no layer collects spans.
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(caller.context()));
    }
    let context = span.context().span().span_context().clone();
    if !context.is_valid() {
        return (span, caller_or_new());
    }
    let traceparent = Traceparent {
        trace: u128::from_be_bytes(context.trace_id().to_bytes()),
        span: u64::from_be_bytes(context.span_id().to_bytes()),
        sampled: context.is_sampled(),
    };
    (span, traceparent)
}

/// A span below what a record's header says, if that trace is recorded; else one that costs nothing.
#[must_use]
pub fn follow(span: impl FnOnce() -> Span, traceparent: Option<&[u8]>) -> Span {
    if !COLLECTED.load(Ordering::Relaxed) {
        return Span::none();
    }
    let Some(parent) = sampled(traceparent) else {
        return Span::none();
    };
    let span = span();
    let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent.context()));
    span
}

/// Links a span of many records' common work to the trace of one of them, if that trace is recorded.
pub fn link(span: &Span, traceparent: Option<&[u8]>) {
    if !span.is_disabled()
        && COLLECTED.load(Ordering::Relaxed)
        && let Some(linked) = sampled(traceparent)
    {
        span.add_link(linked.context());
    }
}

/// What a record's header says, if that trace is recorded.
fn sampled(traceparent: Option<&[u8]>) -> Option<Traceparent> {
    traceparent
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(Traceparent::parse)
        .filter(|parent| parent.sampled)
}

#[cfg(test)]
mod tests {
    use super::Traceparent;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parsed = Traceparent::parse(text).expect("an example of the standard");
        assert_eq!(parsed.to_string(), text);
        assert_eq!(parsed.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let made = Traceparent::random();
        assert_eq!(Traceparent::parse(&made.to_string()), Some(made));
    }

    #[test]
    fn what_the_standard_forbids_is_no_trace() {
        for text in [
            "",
            "00",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Traceparent::parse(text), None, "{text}");
        }
    }
}
