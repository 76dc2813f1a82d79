//! What time it is, for people to look at (`sent_at`) and for refusing early; nothing is judged by it for good.

use engine::domain::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock that tests can set.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
