//! The trace of one command or request, as this door knows it.

use crate::command::TraceContext;
use engine::telemetry::{Traceparent, begin};
use tracing::Span;

/// A command's span and the ids that its answer carries.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Entered while the command runs; costs nothing while nobody collects spans.
    pub span: Span,
    parent: Traceparent,
}

impl Trace {
    /// Begins the trace of a command, below the caller's own where it sent one.
    #[must_use]
    pub fn begin(verb: &'static str, caller: Option<&str>) -> Self {
        let span = || tracing::debug_span!(target: engine::telemetry::PATH, "command", otel.name = verb);
        let (span, parent) = begin(span, caller.and_then(Traceparent::parse));
        Self { span, parent }
    }

    /// What a log record's headers are to say.
    #[must_use]
    pub fn context(&self) -> TraceContext {
        TraceContext {
            traceparent: Some(self.parent.to_string()),
            tracestate: None,
        }
    }

    /// What answers carry.
    #[must_use]
    pub fn id(&self) -> String {
        self.parent.trace_id()
    }
}
