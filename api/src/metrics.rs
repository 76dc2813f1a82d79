//! The metrics of the two doors. The edge's own are beside it.

use crate::error::Name;
use axum::http::StatusCode;
use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::sync::LazyLock;
use std::time::Duration;

const SESSIONS: &str = "roomlog_sessions";
const ENDED: &str = "roomlog_sessions_ended_total";
const COMMANDS: &str = "roomlog_session_commands_total";
const REFUSED: &str = "roomlog_session_refused_total";
const REQUESTS: &str = "roomlog_http_request_seconds";

static OPEN: LazyLock<Gauge> = LazyLock::new(|| gauge!(SESSIONS));
static GONE: LazyLock<Counter> = LazyLock::new(|| counter!(ENDED, "code" => "gone"));

/// Says what each metric is; call once at start.
pub fn describe() {
    describe_gauge!(SESSIONS, "WebSocket sessions that are open on this edge");
    describe_counter!(
        ENDED,
        "WebSocket sessions that ended, by close code; gone: the peer left"
    );
    describe_counter!(COMMANDS, "Commands that sessions gave, by name");
    describe_counter!(
        REFUSED,
        "Frames that were answered with an error before they became a command, by its name"
    );
    describe_histogram!(REQUESTS, "How long REST requests took, by route and status, in seconds");
}

pub(crate) fn session_opened() {
    OPEN.increment(1.0);
}

pub(crate) fn session_gone() {
    OPEN.decrement(1.0);
    GONE.increment(1);
}

pub(crate) fn session_closed(code: u16) {
    OPEN.decrement(1.0);
    counter!(ENDED, "code" => code.to_string()).increment(1);
}

pub(crate) fn command(name: &'static str) {
    counter!(COMMANDS, "command" => name).increment(1);
}

pub(crate) fn refused(name: Name) {
    counter!(REFUSED, "error" => name.text()).increment(1);
}

pub(crate) fn request(route: &str, status: StatusCode, took: Duration) {
    let status = status.as_u16().to_string();
    histogram!(REQUESTS, "route" => route.to_owned(), "status" => status).record(took.as_secs_f64());
}
