//! What can be changed while a process runs, by whoever may send it signals: SIGHUP reads `--config` anew, SIGUSR1 goes
//! from `telemetry.level` to `telemetry.verbose_level` and back. So no port has to be guarded for it, and it works for every
//! process alike.

use crate::config::{self, Config};
use engine::telemetry::Levels;
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Both signals; made before anything else, for until then SIGHUP ends a process.
pub(super) struct Signals {
    again: Signal,
    verbose: Signal,
}

impl Signals {
    /// `None` when they can't be listened for.
    pub(super) fn listen() -> Option<Self> {
        let (again, verbose) = (signal(SignalKind::hangup()), signal(SignalKind::user_defined1()));
        match (again, verbose) {
            (Ok(again), Ok(verbose)) => Some(Self { again, verbose }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "signals can't be listened for: levels stay as they are");
                None
            }
        }
    }

    /// Follows them until the process has `ended`.
    pub(super) async fn follow(mut self, file: Option<PathBuf>, levels: Levels, ended: CancellationToken) {
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                _ = self.again.recv() => again(file.as_deref(), &levels),
                _ = self.verbose.recv() => match levels.toggle() {
                    Ok(level) => tracing::warn!(level, "told to write other log lines"),
                    Err(error) => tracing::warn!(%error, "log lines stay as they are"),
                },
            }
        }
    }
}

fn again(file: Option<&std::path::Path>, levels: &Levels) {
    let Some(file) = file else {
        tracing::warn!("told to read the settings anew, but there is no --config: everything stays as it is");
        return;
    };
    let read = config::load(Some(file), std::env::vars()).map_err(|error| error.to_string());
    let set = |Config { telemetry, .. }: Config| {
        levels.set(&telemetry).map_err(|error| error.to_string())?;
        Ok(telemetry)
    };
    match read.and_then(|loaded| set(loaded.settings)) {
        Ok(telemetry) => tracing::warn!(
            level = telemetry.level,
            trace_ratio = telemetry.trace_ratio,
            trace_slow_ms = telemetry.trace_slow_ms,
            "the settings were read anew: those of levels and traces are in force, all else needs a new start"
        ),
        Err(error) => tracing::warn!(error, "the settings can't be read anew: everything stays as it is"),
    }
}
