//! This machine's clock. The domain has none: whoever needs the time brings it.

use crate::domain::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// What time it is by this machine.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
