//! What is told of other edges, and what is done now and then.

use super::{Accounts, Error};
use crate::domain::{Timestamp, UserId};
use crate::people::ended::{News, Why};
use crate::people::metrics;
use std::time::Duration;
use uuid::Uuid;

/// Clocks of edges differ: so far back what has ended is asked for besides.
const CLOCKS_DIFFER_MS: u64 = 60_000;

impl Accounts {
    /// Logins have ended, says another edge.
    pub fn logins_ended(&self, logins: &[Uuid], now: Timestamp) {
        self.ended.logins(logins, now);
    }

    /// A person is disabled or erased since `since`, says an edge; or neither any more.
    pub fn person_stands(&self, user_id: UserId, why: Option<Why>, since: Timestamp, now: Timestamp) {
        self.ended.heard(user_id, why, since, now);
        self.ask_anew(user_id);
    }

    /// Asks the store what has ended while tokens of it may still be good; answers what was not known here.
    ///
    /// # Errors
    /// [`Error::Store`]: then the last that was known stays in force.
    pub async fn look_for_ended(&self, now: Timestamp) -> Result<Vec<News>, Error> {
        let since = before(now, self.config.access_ttl_ms.saturating_add(CLOCKS_DIFFER_MS));
        // A login does not begin again: after the first look, the latest are enough.
        let looked_at = *self.looked_at.lock();
        let logins_since = looked_at.map_or(since, |looked_at| before(looked_at, CLOCKS_DIFFER_MS).max(since));
        let most = self.config.ended_kept;
        let list = self.people.ended(logins_since, since, most).await?;
        *self.looked_at.lock() = Some(now);
        if list.logins.len() == most || list.disabled.len() == most || list.erased.len() == most {
            tracing::warn!(
                most,
                "more has ended lately than people.ended_kept: access tokens of the rest live out their time"
            );
        }
        Ok(self.ended.take(&list, now, now, since))
    }

    /// Removes a bounded number of logins that are long over; whether there may be more.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sweep(&self, now: Timestamp) -> Result<bool, Error> {
        let kept = self.config.logins_kept_ms.saturating_add(self.config.access_ttl_ms);
        let most = self.config.sweep_batch;
        let swept = self
            .people
            .sweep_logins(before(now, kept.saturating_add(CLOCKS_DIFFER_MS)), most)
            .await?;
        metrics::logins_swept(swept);
        Ok(usize::try_from(swept).is_ok_and(|swept| swept >= most))
    }

    /// How often to [`Accounts::look_for_ended`] and to [`Accounts::sweep`].
    #[must_use]
    pub const fn intervals(&self) -> (Duration, Duration) {
        (
            Duration::from_millis(self.config.ended_refresh_ms),
            Duration::from_millis(self.config.sweep_interval_ms),
        )
    }
}

fn before(time: Timestamp, millis: u64) -> Timestamp {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millis(time.as_millis().saturating_sub(millis))
}
