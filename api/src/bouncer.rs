//! What ends at once when an account does: the sessions that are open here, and access tokens that would still be good.
//!
//! It hears of it from this edge and, through the log, from others; and it looks in people's store now and then, so that
//! what was not heard comes to pass all the same. With the store away, the last that was known is in force.

use crate::edge::clock::Clock;
use crate::edge::{Hears, Notice};
use crate::session::Registry;
use engine::domain::{Timestamp, UserId};
use engine::people::Accounts;
use engine::people::ended::{News, Why};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Settings that say 0 do not make it spin.
const LEAST: Duration = Duration::from_millis(100);

/// Shows people out.
pub struct Bouncer {
    accounts: Arc<Accounts>,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
}

impl Bouncer {
    /// For the sessions of `registry` and the tokens that `accounts` judges.
    #[must_use]
    pub const fn new(accounts: Arc<Accounts>, registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        Self {
            accounts,
            registry,
            clock,
        }
    }

    /// Looks for what has ended, and now and then removes logins that are long over, until told to stop.
    pub async fn watch(&self, stop: CancellationToken) {
        let (look, sweep) = self.accounts.intervals();
        let mut looks = tokio::time::interval(look.max(LEAST));
        let mut sweeps = tokio::time::interval(sweep.max(LEAST));
        for interval in [&mut looks, &mut sweeps] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                _ = looks.tick() => self.look().await,
                _ = sweeps.tick() => self.sweep(&stop).await,
                () = stop.cancelled() => return,
            }
        }
    }

    async fn look(&self) {
        match self.accounts.look_for_ended(self.clock.now()).await {
            Ok(news) => news.into_iter().for_each(|news| self.show_out(news)),
            Err(error) => {
                tracing::warn!(%error, "what has ended can't be looked up: the last that was known stays in force");
            }
        }
    }

    fn show_out(&self, news: News) {
        match news {
            News::Logins { user_id, logins } => self.registry.revoke(user_id, &logins),
            News::Person { user_id, .. } => self.registry.shut_out(user_id),
        }
    }

    /// Notes what was heard of a person. What comes late shows nobody out who was let in again since.
    fn stands(&self, user_id: UserId, why: Option<Why>, since: Timestamp, now: Timestamp) {
        self.accounts.person_stands(user_id, why, since, now);
        if self.accounts.still_good(user_id, None).is_err() {
            self.registry.shut_out(user_id);
        }
    }

    async fn sweep(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            match self.accounts.sweep(self.clock.now()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return tracing::warn!(%error, "logins that are over can't be removed now"),
            }
        }
    }
}

impl Hears for Bouncer {
    fn hear(&self, notice: &Notice) {
        let now = self.clock.now();
        match notice {
            Notice::LoginsEnded { user_id, logins } => {
                self.accounts.logins_ended(logins, now);
                self.registry.revoke(*user_id, logins);
            }
            Notice::Disabled { user_id, disabled, at } => {
                let why = disabled.then_some(Why::Disabled);
                self.stands(*user_id, why, at.unwrap_or(now), now);
            }
            Notice::Erased { user_id, .. } => self.stands(*user_id, Some(Why::Erased), now, now),
        }
    }
}
