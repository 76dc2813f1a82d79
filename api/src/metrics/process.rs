//! Shows what the process is and how it is: what does not change once, the rest whenever somebody asks.

use crate::config::{Config, Mode};
use crate::metrics as of;
use engine::telemetry::describe;
use metrics_process::Collector;

/// Which parts run in a process, and so what it has to tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) edge: bool,
    pub(crate) projector: bool,
}

/// What this program was built from, and by what.
pub(crate) struct Build {
    pub(crate) version: &'static str,
    pub(crate) commit: &'static str,
    rustc: &'static str,
}

/// Of this binary.
pub(crate) const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    commit: match option_env!("ROOMLOG_COMMIT") {
        Some(commit) if !commit.is_empty() => commit,
        _ => "unknown",
    },
    rustc: env!("BUILT_BY_RUSTC"),
};

/// Describes what a process of these parts tells, and shows what does not change.
pub(crate) fn begin(config: &Config, parts: Parts) {
    describe(engine::metrics::ALL);
    // What is told of HTTP and of sessions is an edge's; a projector answers questions about itself alone.
    describe(if parts.edge { of::ALL } else { of::OF_EVERY_PROCESS });
    if parts.projector {
        describe(projector::metrics::ALL);
    }
    Collector::default().describe();
    of::BUILD_INFO
        .gauge_of([BUILD.version, BUILD.commit, BUILD.rustc])
        .set(1.0);
    limits(config, parts);
}

#[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
fn limits(config: &Config, parts: Parts) {
    let set = |limit: &'static str, most: usize| of::LIMIT.gauge_of([limit]).set(most as f64);
    if parts.edge {
        set("connections", config.http.max_connections);
        set("outbox_bytes", config.edge.outbox_bytes);
        set("rooms", config.edge.max_rooms);
        set("commands", config.edge.max_pending);
    }
    match config.mode() {
        Mode::Embedded => set("appends", config.embedded.queue_max_records),
        Mode::Cluster => {
            set("appends", config.kafka.log.queue_max_messages as usize);
            set("pool_connections", config.postgres.max_connections as usize);
        }
    }
}

/// Shows what the process and its runtime are like now.
#[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
pub(crate) fn show() {
    Collector::default().collect();
    let runtime = tokio::runtime::Handle::current().metrics();
    of::WORKERS.gauge().set(runtime.num_workers() as f64);
    of::TASKS.gauge().set(runtime.num_alive_tasks() as f64);
    of::QUEUED_TASKS.gauge().set(runtime.global_queue_depth() as f64);
}

/// Shows whether something that the process needs answers.
pub(crate) fn dependency(name: &'static str, up: bool) {
    of::DEPENDENCY_UP.gauge_of([name]).set(f64::from(u8::from(up)));
}
