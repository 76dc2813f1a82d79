//! The trace of one command or request, as this door knows it.

use crate::error::Name;
use engine::telemetry::{self, Kept, PATH, Stage, TraceContext};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;
use tracing::Span;
use tracing::field::Empty;

/// A command's span and the ids that its answer carries. Its clones are one trace.
#[derive(Clone, Debug)]
pub struct Trace(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    span: Span,
    context: TraceContext,
    name: Cow<'static, str>,
    caller: Option<TraceContext>,
    began: Instant,
}

impl Trace {
    /// Begins the trace of a command, below the caller's own where it sent one. The caller's baggage is not even read.
    #[must_use]
    pub fn of_command(verb: &'static str, caller: Option<TraceContext>) -> Self {
        let span = |_: &str| {
            tracing::debug_span!(target: PATH, "command", otel.name = verb, otel.kind = "server",
                network.protocol.name = "websocket", roomlog.command = verb, roomlog.room = Empty,
                otel.status_code = Empty, error.type = Empty)
        };
        Self::begin(span, Cow::Borrowed(verb), caller)
    }

    /// Begins the trace of an HTTP request, named by its method and route.
    #[must_use]
    pub fn of_request(method: &str, route: &str, caller: Option<TraceContext>) -> Self {
        let name = format!("{method} {route}");
        let span = |name: &str| {
            tracing::debug_span!(target: PATH, "request", otel.name = name, otel.kind = "server",
                http.request.method = method, http.route = route, http.response.status_code = Empty,
                roomlog.room = Empty, otel.status_code = Empty, error.type = Empty)
        };
        Self::begin(span, Cow::Owned(name), caller)
    }

    fn begin(span: impl FnOnce(&str) -> Span, name: Cow<'static, str>, caller: Option<TraceContext>) -> Self {
        let (span, context) = telemetry::begin(|| span(&name), caller.as_ref());
        Self(Arc::new(Parts {
            span,
            context,
            name,
            caller,
            began: Instant::now(),
        }))
    }

    /// What the command runs in; it costs nothing where the trace is not recorded.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.0.span
    }

    /// Its own context: what comes below it is a part of the trace.
    #[must_use]
    pub fn context(&self) -> &TraceContext {
        &self.0.context
    }

    /// What answers carry.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.context.trace_id()
    }

    /// Where people look at it, if it is recorded and there is such a place.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        telemetry::url(&self.0.context)
    }

    /// It is over. Where it failed by no fault of its caller's, or was slow, it is kept though it was not chosen.
    pub fn end(&self, failed: Option<&'static str>) {
        if self.0.context.is_sampled() {
            if let Some(failed) = failed {
                telemetry::failed(&self.0.span, failed);
            }
            return;
        }
        if let Some(kept) = Kept::new(&self.0.context, self.0.began, failed) {
            let whole = Stage::new(self.0.name.clone(), self.0.began, Instant::now());
            kept.whole(&whole, self.0.caller.as_ref());
        }
    }
}

/// The word for an error that is no fault of whoever asked, and no refusal that is meant to save work.
#[must_use]
pub fn failure(name: Name) -> Option<&'static str> {
    match name {
        Name::Unavailable | Name::Timeout | Name::UnsupportedRules => Some(name.text()),
        _ => None,
    }
}
