//! Waiting between tries: longer each time, up to a bound, half of it random so that many do not come back at once.

use crate::Config;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(config: &Config) -> Self {
        let first = Duration::from_millis(config.backoff_first_ms.max(1));
        Self {
            first,
            most: Duration::from_millis(config.backoff_most_ms).max(first),
            next: first,
        }
    }

    /// It worked again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// Waits; says whether there is any use in trying again.
    pub(crate) async fn wait(&mut self, over: &CancellationToken) -> bool {
        let wait = self.step();
        pause(wait, over).await
    }

    fn step(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.most);
        wait.mul_f64(0.5 + 0.5 * rand::random::<f64>())
    }
}

/// Waits for `time` unless it is over before.
pub(crate) async fn pause(time: Duration, over: &CancellationToken) -> bool {
    tokio::select! {
        () = over.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use crate::Config;
    use std::time::Duration;

    #[test]
    fn waits_grow_to_the_bound_and_begin_anew() {
        let config = Config {
            backoff_first_ms: 100,
            backoff_most_ms: 1_000,
            ..Config::default()
        };
        let mut backoff = Backoff::new(&config);
        for most in [100, 200, 400, 800, 1_000, 1_000] {
            let wait = backoff.step();
            let most = Duration::from_millis(most);
            assert!(wait >= most / 2 && wait <= most, "{wait:?} of {most:?}");
        }
        backoff.reset();
        assert!(backoff.step() <= Duration::from_millis(100));
    }
}
