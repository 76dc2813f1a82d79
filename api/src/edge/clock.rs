//! What time it is, for people to look at (`sent_at`) and for refusing early; nothing is judged by it for good.

use engine::domain::Timestamp;

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
        engine::clock::now()
    }
}
