//! The log itself as it can be looked at: records decoded as they come, where the projections stand, dead letters. What
//! `roomlog log …` and the admins' page have in common.
//!
//! What must hold: nothing is folded here, so nothing is judged; whoever looks can't make the log or a store wait, and how
//! many look at once, and how often, is bounded.

pub(crate) mod letters;
pub(crate) mod line;
pub(crate) mod overview;
pub(crate) mod standing;
pub(crate) mod tail;

use crate::config::Admin;
use crate::error::{Error, Name};
use engine::log::Log;
use engine::{history, live};
use overview::Overview;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// When to come back when too many look.
const BUSY_RETRY_MS: u64 = 1_000;

/// Looks at the log for admins.
pub struct Inspector {
    pub(crate) log: Arc<dyn Log>,
    history: Arc<dyn history::Reader>,
    live: Arc<dyn live::Writer>,
    pub(crate) config: Admin,
    /// The last overview: however many ask, the log and the stores are asked no more often.
    seen: Mutex<Option<(Instant, Arc<Overview>)>>,
    tails: Arc<Semaphore>,
    /// Walks through dead letters: one at a time.
    letters: Semaphore,
    /// Cancelled when the process is being stopped: whoever only looks goes first.
    pub(crate) stopping: CancellationToken,
}

impl Inspector {
    /// Looks at this log and these stores until it is told to stop.
    #[must_use]
    pub fn new(
        log: Arc<dyn Log>,
        history: Arc<dyn history::Reader>,
        live: Arc<dyn live::Writer>,
        config: Admin,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            log,
            history,
            live,
            seen: Mutex::default(),
            tails: Arc::new(Semaphore::new(config.log_tails)),
            letters: Semaphore::new(1),
            config,
            stopping,
        }
    }

    /// What the log holds and where the projections stand, as of a moment ago.
    ///
    /// # Errors
    /// `unavailable` while the log is away.
    pub(crate) async fn overview(&self) -> Result<Arc<Overview>, Error> {
        // Whoever comes while it is being made waits for the same one.
        let mut seen = self.seen.lock().await;
        let interval = crate::config::millis(self.config.log_interval_ms);
        if let Some((at, overview)) = seen.as_ref().filter(|(at, _)| at.elapsed() < interval) {
            tracing::trace!(age = ?at.elapsed(), "the overview is fresh enough");
            return Ok(overview.clone());
        }
        let made = Overview::of(&*self.log, &*self.history, &*self.live).await;
        let overview = Arc::new(made.map_err(|error| log_away(&error))?);
        *seen = Some((Instant::now(), overview.clone()));
        Ok(overview)
    }

    /// The latest dead letters, newest first.
    ///
    /// # Errors
    /// `unavailable` while the log is away.
    pub(crate) async fn letters(&self, most: usize) -> Result<Vec<letters::Dead>, Error> {
        // Whoever comes while somebody looks waits for their turn, at most for as long as a request may take.
        let _turn = self.letters.acquire().await.map_err(|_| stopped())?;
        letters::latest(&*self.log, most)
            .await
            .map_err(|error| log_away(&error))
    }

    /// A place for a tail, for as long as it is kept.
    ///
    /// # Errors
    /// `overloaded` when all are taken.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let place = self.tails.clone().try_acquire_owned();
        let busy = || Error::new(Name::Overloaded, "too many look at the log's end");
        place.map_err(|_| busy().retry_after_ms(BUSY_RETRY_MS))
    }
}

fn stopped() -> Error {
    Error::new(Name::Unavailable, "this edge is being stopped")
}

/// What whoever looks is told when the log did not answer: never in its own words.
pub(crate) fn log_away(error: &engine::log::Error) -> Error {
    tracing::warn!(%error, "the log can't be looked at");
    Error::new(Name::Unavailable, "the log can't be looked at now")
}
