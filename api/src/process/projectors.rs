//! The projectors of a process: tasks that are started together and stopped together.

use super::stores::Stores;
use super::{Error, Parts};
use crate::config::Config;
use projector::{Status, history, live};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Those that run here: none, one or both.
pub(super) struct Projectors {
    running: JoinSet<Result<(), projector::Error>>,
    statuses: Vec<(&'static str, Status)>,
    stop: CancellationToken,
    /// Told when one of them has ended, which it does not do by itself unless it can't go on.
    ended: CancellationToken,
}

impl Projectors {
    pub(super) fn start(config: &Config, parts: Parts, stores: &Stores) -> Self {
        let mut projectors = Self {
            running: JoinSet::new(),
            statuses: Vec::new(),
            stop: CancellationToken::new(),
            ended: CancellationToken::new(),
        };
        let config = &config.projector;
        if parts.history {
            let of = history::Parts {
                log: stores.log.clone(),
                reader: stores.history_reader.clone(),
                writer: stores.history_writer.clone(),
            };
            projectors.run("projector_history", |status, stop| {
                history::run(config.clone(), of, status, stop)
            });
        }
        if parts.live {
            let of = live::Parts {
                log: stores.log.clone(),
                history: stores.history_reader.clone(),
                reader: stores.live_reader.clone(),
                writer: stores.live_writer.clone(),
            };
            projectors.run("projector_live", |status, stop| {
                live::run(config.clone(), of, status, stop)
            });
        }
        projectors
    }

    fn run<F>(&mut self, name: &'static str, run: impl FnOnce(Status, CancellationToken) -> F)
    where
        F: Future<Output = Result<(), projector::Error>> + Send + 'static,
    {
        let status = Status::default();
        self.statuses.push((name, status.clone()));
        let run = run(status, self.stop.clone());
        let tell = self.ended.clone().drop_guard();
        self.running.spawn(async move {
            let _tell = tell;
            run.await
        });
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
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        self.stop.cancel();
        let mut ended = Ok(());
        while let Some(joined) = self.running.join_next().await {
            let result = match joined {
                Ok(result) => result.map_err(Error::from),
                Err(panic) => Err(Error::Impossible(format!("a projector ended: {panic}"))),
            };
            ended = ended.and(result);
        }
        ended
    }
}
