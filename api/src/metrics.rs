//! Every metric of the edge and of the process, in one table: what it is, its unit (in its name), its labels; and the page
//! that says the same of all crates. What counts them is beside what they count, or in `doors` and `process`.

pub(crate) mod doors;
pub(crate) mod process;

use crate::error::Name;
use crate::protocol::Verb;
use crate::protocol::close::Code;
use engine::catalogue;
use engine::metrics::{DAMAGES, VERDICTS};
use engine::telemetry::{Kind, Label, Metric, reference};

const OUTCOME: Label = Label::of("outcome", &["ok"]).with("an error's name");
const COMMAND: Label = Label::of("command", Verb::NAMES);
const ROUTE: Label = Label::open("route", "a path of the OpenAPI document, or `none`");
const METHOD: Label = Label::open("method", "`GET`, `POST`, …, or `other`");

catalogue! {
    /// What this binary is; always 1.
    BUILD_INFO: Gauge "roomlog_build_info" [
        Label::open("version", "as `roomlog --version` says"),
        Label::open("commit", "`ROOMLOG_COMMIT` of when it was built, or `unknown`"),
        Label::open("rustc", "what it was built by")
    ];
    /// Whether what the process needs answers: 1 or 0, as /readyz has it.
    DEPENDENCY_UP: Gauge "roomlog_dependency_up" [Label::open("dependency", "a name as /readyz has it")];
    /// A bound as it is configured, for those who want to know how far away it is.
    LIMIT: Gauge "roomlog_limit" [
        Label::open("limit", "`connections`, `outbox_bytes`, `rooms`, `commands`, `appends`, `pool_connections`")
    ];
    /// Threads that run tasks.
    WORKERS: Gauge "roomlog_runtime_workers";
    /// Tasks that are alive.
    TASKS: Gauge "roomlog_runtime_tasks";
    /// Tasks that wait for a thread and belong to none yet.
    QUEUED_TASKS: Gauge "roomlog_runtime_queued_tasks";

    /// Requests, by route, method and status.
    REQUESTS: Counter "roomlog_http_requests_total" [ROUTE, METHOD, Label::open("status", "the HTTP status")];
    /// From a request's head to the head of its answer, by route and method.
    REQUEST_SECONDS: Histogram "roomlog_http_request_seconds" [ROUTE, METHOD];
    /// Requests that wait for their answer.
    REQUESTS_IN_FLIGHT: Gauge "roomlog_http_requests_in_flight";
    /// Bodies of requests, as their heads say.
    HTTP_RECEIVED: Counter "roomlog_http_received_bytes_total";
    /// Bodies of answers whose length is known before they are sent; streams are not among them.
    HTTP_SENT: Counter "roomlog_http_sent_bytes_total";

    /// WebSocket sessions that are open on this edge.
    SESSIONS: Gauge "roomlog_sessions";
    /// WebSocket sessions that were opened.
    SESSIONS_OPENED: Counter "roomlog_sessions_opened_total";
    /// WebSocket sessions that ended, by close code; `gone`: the peer left.
    SESSIONS_ENDED: Counter "roomlog_sessions_ended_total" [Label::of("code", Code::NUMBERS).with("`gone`")];
    /// Commands that sessions gave and that were answered.
    COMMANDS: Counter "roomlog_session_commands_total" [COMMAND, OUTCOME];
    /// From a command's frame to its answer being queued, whatever the answer is.
    COMMAND_SECONDS: Histogram "roomlog_session_command_seconds" [COMMAND];
    /// Frames that were answered with an error before they became a command.
    REFUSED: Counter "roomlog_session_refused_total" [Label::of("error", Name::TEXTS)];
    /// Bytes read from the sockets of sessions.
    RECEIVED: Counter "roomlog_session_received_bytes_total";
    /// Bytes that the kernel took for the sockets of sessions.
    SENT: Counter "roomlog_session_sent_bytes_total";
    /// Frames taken to be written to sessions; `event`: every push that is never dropped.
    SENT_FRAMES: Counter "roomlog_session_sent_frames_total" [Label::of("kind", &["reply", "event", "ephemeral"])];
    /// Pushes of typing and presence that were thrown away because their session was too slow.
    DROPPED: Counter "roomlog_session_dropped_ephemerals_total";

    /// From a write's coming, by socket or REST, to its answer.
    WRITE_SECONDS: Histogram "roomlog_edge_command_seconds" [OUTCOME];
    /// Writes under way.
    WRITES_IN_FLIGHT: Gauge "roomlog_edge_commands_in_flight";
    /// From an event's append to its being handed to those who hear its room here; one observation an event.
    DELAY_SECONDS: Histogram "roomlog_edge_delay_seconds";
    /// Deliveries: events queued for sessions of this edge.
    PUSHED: Counter "roomlog_edge_pushed_total";
    /// Subscriptions paused because their session was too slow.
    LAGGED: Counter "roomlog_edge_lagged_total";
    /// What the fold said of events of held rooms.
    FOLDED: Counter "roomlog_edge_verdicts_total" [Label::of("verdict", VERDICTS)];
    /// Records that are no event; `future`: of a schema that this binary does not know.
    UNREAD: Counter "roomlog_edge_unread_total" [Label::of("reason", DAMAGES).with("`future`")];
    /// Rooms held by this edge.
    HELD: Gauge "roomlog_edge_held_rooms";
    /// Encoded events that are kept for resumes.
    KEPT: Gauge "roomlog_edge_resume_bytes";
    /// What waits to be written to the sessions of this edge.
    WAITING: Gauge "roomlog_edge_waiting_bytes";
    /// What waits to be written to the one session for which most waits.
    WAITING_MOST: Gauge "roomlog_edge_waiting_most_bytes";
    /// Rooms opened, by where their state came from.
    OPENED: Counter "roomlog_edge_opened_total" [Label::of("from", &["live", "history"])];
    /// From a search to its answer, its turn awaited.
    SEARCH_SECONDS: Histogram "roomlog_edge_search_seconds" [OUTCOME];
    /// From asking for a room as it stood to the answer, its turn awaited.
    TRAVEL_SECONDS: Histogram "roomlog_edge_travel_seconds" [OUTCOME];
    /// Usernames in texts that were looked up, by what was found.
    NAMES: Counter "roomlog_edge_names_total" [Label::of("outcome", &["somebody", "nobody", "failed"])];
    /// Resumes asked for, by what became of them.
    RESUMES: Counter "roomlog_edge_resumes_total" [Label::of("outcome", &["recovered", "epoch", "too_far", "ahead"])];
    /// Replays under way.
    REPLAYS: Gauge "roomlog_edge_replays";
    /// Readers of the log that replays have.
    REPLAY_READERS: Gauge "roomlog_edge_replay_readers";
    /// Parts of the log that a replay found read by another.
    REPLAY_SHARED: Counter "roomlog_edge_replay_shared_total";
    /// Records shown by replays.
    REPLAYED: Counter "roomlog_edge_replayed_total";
    /// What replays showed.
    REPLAYED_BYTES: Counter "roomlog_edge_replayed_bytes_total";
    /// Refusals of what is not there that asked first how far the log goes: whether this edge was there, or behind, or could not
    /// get there in time.
    CAUGHT_UP: Counter "roomlog_edge_caught_up_total" [Label::of("edge", &["there", "behind", "away"])];
    /// Replays that were ended because nobody took anything of them.
    REPLAYS_IDLE: Counter "roomlog_edge_replays_idle_total";
}

/// Those that every process has, one without an edge too.
pub(crate) const OF_EVERY_PROCESS: &[Metric] = &[BUILD_INFO, DEPENDENCY_UP, LIMIT, WORKERS, TASKS, QUEUED_TASKS];

/// What the process's own collector shows, under the names that every Prometheus board knows.
pub const PROCESS: &[Metric] = &[
    of_process(
        "process_cpu_seconds_total",
        Kind::Counter,
        "Processor time, in whole seconds.",
    ),
    of_process("process_open_fds", Kind::Gauge, "File descriptors that are open."),
    of_process("process_max_fds", Kind::Gauge, "Most that may be."),
    of_process("process_resident_memory_bytes", Kind::Gauge, "Memory that it has."),
    of_process("process_virtual_memory_bytes", Kind::Gauge, "Addresses that it has."),
    of_process(
        "process_virtual_memory_max_bytes",
        Kind::Gauge,
        "Most that it may have.",
    ),
    of_process(
        "process_start_time_seconds",
        Kind::Gauge,
        "When it was started, since 1970.",
    ),
    of_process("process_threads", Kind::Gauge, "Its threads."),
];

const fn of_process(name: &'static str, kind: Kind, about: &'static str) -> Metric {
    Metric {
        name,
        kind,
        labels: &[],
        about,
    }
}

/// The page of all metrics.
#[must_use]
pub fn page() -> String {
    let introduction = include_str!("metrics/introduction.md");
    let tables = [
        ("Edge and process", reference(ALL)),
        ("Projectors and rebuilds", reference(projector::metrics::ALL)),
        ("Log, stores, people", reference(engine::metrics::ALL)),
        ("The process as the system sees it", reference(PROCESS)),
    ];
    let tables = tables.map(|(title, table)| format!("\n## {title}\n\n{table}"));
    format!("{introduction}{}", tables.concat())
}
