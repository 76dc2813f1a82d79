//! This machine's clock. The domain has none: whoever needs the time brings it.

use crate::domain::Timestamp;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What time it is by this machine.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// From one time to a later one; nothing where the clocks that told them disagree about which is later.
#[must_use]
pub fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    let millis = later.as_millis().saturating_sub(earlier.as_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// How long ago a time is, by this machine.
#[must_use]
pub fn since(time: Timestamp) -> Duration {
    between(time, now())
}
