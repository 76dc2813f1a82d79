//! W3C trace context: what a caller says of its trace, what the log's headers carry, what answers are looked up by.
//!
//! What must hold: what can't be read is no context, never an error; baggage is not read at all, so nobody's words
//! travel further than this door.

use bytes::Bytes;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceState};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// The longest `tracestate` that is handed on, in bytes: what the standard asks everybody for at least (§3.3.1.5).
const STATE_BYTES: usize = 512;

/// A trace and the span of it that comes before: `traceparent` and `tracestate` of W3C Trace Context.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) sampled: bool,
    pub(super) state: Option<Arc<str>>,
}

impl TraceContext {
    /// A trace that begins here.
    pub(super) fn begin(sampled: bool) -> Self {
        Self {
            trace: rand::random::<u128>() | 1,
            span: rand::random::<u64>() | 1,
            sampled,
            state: None,
        }
    }

    /// The next span of the same trace.
    pub(super) fn next(&self) -> Self {
        Self {
            span: rand::random::<u64>() | 1,
            ..self.clone()
        }
    }

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`, of which later versions may say more behind it, and the list beside it; a
    /// list that is too long or wrong is left out, as the standard has it (§3.3.1).
    #[must_use]
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let hex = |range: std::ops::Range<usize>| {
            traceparent
                .get(range)
                .filter(|part| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        };
        let bytes = traceparent.as_bytes();
        let dashes = [2, 35, 52].iter().all(|at| bytes.get(*at) == Some(&b'-'));
        let version = hex(0..2)?;
        let ends = bytes.len() == 55 || (version != "00" && bytes.get(55) == Some(&b'-'));
        if !dashes || !ends || version == "ff" {
            return None;
        }
        let trace = u128::from_str_radix(hex(3..35)?, 16).ok()?;
        let span = u64::from_str_radix(hex(36..52)?, 16).ok()?;
        let flags = u8::from_str_radix(hex(53..55)?, 16).ok()?;
        (trace != 0 && span != 0).then(|| Self {
            trace,
            span,
            sampled: flags & 1 == 1,
            state: tracestate.and_then(state),
        })
    }

    /// What a record's headers say, if that trace is recorded.
    pub(super) fn sampled(traceparent: Option<&[u8]>, tracestate: Option<&[u8]>) -> Option<Self> {
        let parent = traceparent?;
        // Nearly every record is of a trace that is not: its last digit, an even one, says so.
        if parent
            .get(54)
            .is_some_and(|digit| matches!(digit, b'0' | b'2' | b'4' | b'6' | b'8' | b'a' | b'c' | b'e'))
        {
            return None;
        }
        let text = |bytes| std::str::from_utf8(bytes).ok();
        Self::parse(text(parent)?, tracestate.and_then(text)).filter(|context| context.sampled)
    }

    /// Of a span of the library's.
    pub(super) fn of(context: &SpanContext) -> Option<Self> {
        let state = context.trace_state().header();
        context.is_valid().then(|| Self {
            trace: u128::from_be_bytes(context.trace_id().to_bytes()),
            span: u64::from_be_bytes(context.span_id().to_bytes()),
            sampled: context.is_sampled(),
            state: (!state.is_empty()).then(|| state.into()),
        })
    }

    /// The trace's id, 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        TraceId(self.trace).to_string()
    }

    /// Whether the trace is recorded, as far as was known when it began.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// `tracestate`, as it came.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// As a record carries it.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Bytes)> {
        let parent = ("traceparent", Bytes::from(self.to_string()));
        let state = self.state.as_deref();
        std::iter::once(parent).chain(state.map(|state| ("tracestate", Bytes::copy_from_slice(state.as_bytes()))))
    }

    pub(super) fn context(&self) -> SpanContext {
        let flags = if self.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        let state = self.state.as_deref().and_then(|state| state.parse().ok());
        SpanContext::new(
            opentelemetry::TraceId::from(self.trace),
            SpanId::from(self.span),
            flags,
            true,
            state.unwrap_or_default(),
        )
    }
}

/// A trace's id alone: 32 hex digits, never all of them 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceId(u128);

impl TraceId {
    /// Reads 32 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = u128::from_str_radix(text, 16).ok().filter(|id| digits && *id != 0)?;
        Some(Self(id))
    }

    /// The trace that a record's `traceparent` names, recorded or not.
    #[must_use]
    pub fn of_record(traceparent: Option<&[u8]>) -> Option<Self> {
        let text = std::str::from_utf8(traceparent?).ok()?;
        TraceContext::parse(text, None).map(|context| Self(context.trace))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A list that can be handed on.
fn state(text: &str) -> Option<Arc<str>> {
    let sound = !text.is_empty() && text.len() <= STATE_BYTES && text.parse::<TraceState>().is_ok();
    sound.then(|| text.into())
}

impl fmt::Display for TraceContext {
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

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{TraceContext, TraceId};

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_written_is_read_again() {
        let parsed = TraceContext::parse(EXAMPLE, None).expect("an example of the standard");
        assert_eq!(parsed.to_string(), EXAMPLE);
        assert_eq!(parsed.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        for sampled in [true, false] {
            let made = TraceContext::begin(sampled);
            assert_eq!(TraceContext::parse(&made.to_string(), None), Some(made));
        }
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
            assert_eq!(TraceContext::parse(text, None), None, "{text}");
            assert_eq!(TraceContext::sampled(Some(text.as_bytes()), None), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = TraceId::of_record(Some(EXAMPLE.as_bytes())).expect("an example of the standard");
        assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(TraceId::parse(&id.to_string()), Some(id));
        for text in [
            "",
            "0",
            "4BF92F3577B34DA6A3CE929D0E0E4736",
            &"0".repeat(32),
            &"+".repeat(32),
        ] {
            assert_eq!(TraceId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_state_is_handed_on_if_it_is_one() {
        let state = |text: &str| {
            let context = TraceContext::parse(EXAMPLE, Some(text)).expect("the parent is sound");
            context.tracestate().map(str::to_owned)
        };
        assert_eq!(state("rojo=1,congo=t61"), Some("rojo=1,congo=t61".into()));
        assert_eq!(state(""), None);
        assert_eq!(state("no list"), None);
        assert_eq!(state(&format!("a={}", "x".repeat(600))), None);
    }

    #[test]
    fn a_record_is_followed_only_where_its_trace_is_recorded() {
        let of = |flags: &str| {
            let text = format!("{}{flags}", &EXAMPLE[..53]);
            TraceContext::sampled(Some(text.as_bytes()), Some(b"a=1"))
        };
        for recorded in ["01", "03", "ff"] {
            let context = of(recorded).expect(recorded);
            assert_eq!(context.tracestate(), Some("a=1"));
        }
        for not in ["00", "02", "fe"] {
            assert_eq!(of(not), None, "{not}");
        }
        assert_eq!(TraceContext::sampled(None, None), None);
    }
}
