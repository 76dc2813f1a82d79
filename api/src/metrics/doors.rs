//! Counts what comes in by the two doors, and what leaves by them.

use crate::error::Name;
use crate::metrics as of;
use axum::body::HttpBody as _;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use engine::telemetry::Family;
use metrics::{Counter, Gauge, Histogram};
use std::sync::LazyLock;
use std::time::Instant;

static SESSIONS: LazyLock<Gauge> = LazyLock::new(|| of::SESSIONS.gauge());
static OPENED: LazyLock<Counter> = LazyLock::new(|| of::SESSIONS_OPENED.counter());
static REFUSED: LazyLock<Family<Counter>> = LazyLock::new(|| Family::counters(&of::REFUSED));
static COMMAND_SECONDS: LazyLock<Family<Histogram>> = LazyLock::new(|| Family::histograms(&of::COMMAND_SECONDS));
static RECEIVED: LazyLock<Counter> = LazyLock::new(|| of::RECEIVED.counter());
static SENT: LazyLock<Counter> = LazyLock::new(|| of::SENT.counter());
static FRAMES: LazyLock<[Counter; 3]> =
    LazyLock::new(|| ["reply", "event", "ephemeral"].map(|kind| of::SENT_FRAMES.counter_of([kind])));
static IN_FLIGHT: LazyLock<Gauge> = LazyLock::new(|| of::REQUESTS_IN_FLIGHT.gauge());
static HTTP_RECEIVED: LazyLock<Counter> = LazyLock::new(|| of::HTTP_RECEIVED.counter());
static HTTP_SENT: LazyLock<Counter> = LazyLock::new(|| of::HTTP_SENT.counter());

pub(crate) fn session_opened() {
    SESSIONS.increment(1.0);
    OPENED.increment(1);
}

pub(crate) fn session_gone() {
    SESSIONS.decrement(1.0);
    of::SESSIONS_ENDED.counter_of(["gone"]).increment(1);
}

pub(crate) fn session_closed(code: u16) {
    SESSIONS.decrement(1.0);
    of::SESSIONS_ENDED.counter_of([code.to_string()]).increment(1);
}

/// A command from its frame on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    command: &'static str,
    begun: Instant,
}

impl Asked {
    pub(crate) fn begin(command: &'static str) -> Self {
        Self {
            command,
            begun: Instant::now(),
        }
    }

    /// Its answer is there.
    pub(crate) fn answered(self, refused: Option<Name>) {
        let outcome = refused.map_or("ok", Name::text);
        of::COMMANDS.counter_of([self.command, outcome]).increment(1);
        if let Some(seconds) = COMMAND_SECONDS.handle(self.command) {
            seconds.record(self.begun.elapsed());
        }
    }
}

pub(crate) fn refused(name: Name) {
    REFUSED.count(name.text(), 1);
}

pub(crate) fn received(bytes: usize) {
    RECEIVED.increment(bytes as u64);
}

pub(crate) fn sent(bytes: usize) {
    SENT.increment(bytes as u64);
}

/// Replies, events and ephemerals.
pub(crate) fn frames(kinds: [usize; 3]) {
    for (counter, frames) in FRAMES.iter().zip(kinds) {
        if frames > 0 {
            counter.increment(frames as u64);
        }
    }
}

/// A request from its head on; what is given up is in flight no more.
#[derive(Debug)]
pub(crate) struct Request {
    method: &'static str,
    begun: Instant,
}

impl Request {
    pub(crate) fn begin(method: &Method, headers: &HeaderMap) -> Self {
        IN_FLIGHT.increment(1.0);
        let length = headers.get(header::CONTENT_LENGTH);
        if let Some(length) = length.and_then(|length| length.to_str().ok()?.parse().ok()) {
            HTTP_RECEIVED.increment(length);
        }
        Self {
            method: method_name(method),
            begun: Instant::now(),
        }
    }

    pub(crate) fn answered(self, route: &str, response: &Response) {
        let took = self.begun.elapsed();
        if let Some(length) = response.body().size_hint().exact() {
            HTTP_SENT.increment(length);
        }
        let status = response.status();
        let values = [route.to_owned(), self.method.to_owned(), status.as_str().to_owned()];
        of::REQUESTS.counter_of(values).increment(1);
        let values = [route.to_owned(), self.method.to_owned()];
        of::REQUEST_SECONDS.histogram_of(values).record(took);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        IN_FLIGHT.decrement(1.0);
    }
}

/// A method may be any word of the caller's.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
