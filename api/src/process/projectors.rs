//! The projectors of a process: tasks that are started together and stopped together.

use super::stores::Stores;
use super::{Error, Parts};
use crate::config::Config;
use parking_lot::Mutex;
use projector::Status;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Those that run here: none, one or both.
pub(super) struct Projectors {
    running: Mutex<JoinSet<Result<(), projector::Error>>>,
    statuses: Vec<(&'static str, Status)>,
    stop: CancellationToken,
    /// Told when one of them has ended, which it does not do by itself unless it can't go on.
    ended: CancellationToken,
}

impl Projectors {
    pub(super) fn start(config: &Config, parts: Parts, stores: &Stores) -> Self {
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let mut running = JoinSet::new();
        let mut statuses = Vec::new();
        if parts.history {
            let status = Status::default();
            statuses.push(("projector_history", status.clone()));
            let of = projector::history::Parts {
                log: stores.log.clone(),
                reader: stores.history_reader.clone(),
                writer: stores.history_writer.clone(),
            };
            let run = projector::history::run(config.projector.clone(), of, status, stop.clone());
            let guard = ended.clone().drop_guard();
            running.spawn(async move {
                let _tell = guard;
                run.await
            });
        }
        if parts.live {
            let status = Status::default();
            statuses.push(("projector_live", status.clone()));
            let of = projector::live::Parts {
                log: stores.log.clone(),
                history: stores.history_reader.clone(),
                reader: stores.live_reader.clone(),
                writer: stores.live_writer.clone(),
            };
            let run = projector::live::run(config.projector.clone(), of, status, stop.clone());
            let guard = ended.clone().drop_guard();
            running.spawn(async move {
                let _tell = guard;
                run.await
            });
        }
        Self {
            running: Mutex::new(running),
            statuses,
            stop,
            ended,
        }
    }

    /// How each of them is, by its name for /readyz.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (&'static str, Status)> + '_ {
        self.statuses.iter().map(|(name, status)| (*name, status.clone()))
    }

    /// Waits until one of them can't go on; for ever where there is none.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Stops them and waits.
    ///
    /// # Errors
    /// Of the first that could not go on.
    pub(super) async fn stop(self) -> Result<(), Error> {
        self.stop.cancel();
        let mut running = self.running.into_inner();
        let mut ended = Ok(());
        while let Some(joined) = running.join_next().await {
            let result = match joined {
                Ok(result) => result.map_err(Error::from),
                Err(panic) => Err(Error::Impossible(format!("a projector ended: {panic}"))),
            };
            ended = ended.and(result);
        }
        ended
    }
}
