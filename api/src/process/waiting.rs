//! Waiting for what is not there yet: services start in any order, and come back when they come back.

use super::Error;
use crate::config::{Startup, millis};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long to go on asking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    first: Duration,
    most: Duration,
    until: Option<Instant>,
}

impl Patience {
    /// Of a server: until it is told to stop.
    pub(super) const fn endless(startup: &Startup) -> Self {
        Self {
            first: millis(startup.retry_first_ms),
            most: millis(startup.retry_most_ms),
            until: None,
        }
    }

    /// Of a command that somebody waits for.
    pub(super) fn bounded(startup: &Startup) -> Self {
        Self {
            until: Some(Instant::now() + millis(startup.deploy_patience_ms)),
            ..Self::endless(startup)
        }
    }

    /// Asks until it succeeds, fails for good, or `stop` is told. `what` names it in the log.
    ///
    /// # Errors
    /// The last one, or [`Error::Stopped`].
    pub(super) async fn ask<T, E: Into<Error>>(
        self,
        what: &str,
        stop: &CancellationToken,
        mut ask: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, Error> {
        let mut pause = self.first;
        loop {
            let asked = stop.run_until_cancelled(ask()).await.ok_or(Error::Stopped)?;
            let error: Error = match asked {
                Ok(there) => return Ok(there),
                Err(error) => error.into(),
            };
            let over = self.until.is_some_and(|until| Instant::now() + pause >= until);
            if !error.retryable() || over {
                return Err(error);
            }
            tracing::warn!(%error, "waiting for {what}");
            let paused = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            paused.ok_or(Error::Stopped)?;
            pause = (pause * 2).min(self.most);
        }
    }
}
