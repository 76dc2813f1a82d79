//! Counts what people tell about themselves: numbers alone, never who. What each of it is, `crate::metrics` says.

use crate::metrics as of;
use std::time::Duration;

pub(super) fn too_often(what: &'static str) {
    of::TOO_OFTEN.counter_of([what]).increment(1);
}

pub(super) fn logins_ended(why: &'static str, how_many: usize) {
    of::LOGINS_ENDED.counter_of([why]).increment(how_many as u64);
}

pub(super) fn logins_swept(how_many: u64) {
    of::LOGINS_SWEPT.counter().increment(how_many);
}

pub(super) fn issuer_fetched(ok: bool, took: Duration) {
    let outcome = if ok { "ok" } else { "failed" };
    of::ISSUER_FETCHES.counter_of([outcome]).increment(1);
    of::ISSUER_SECONDS.histogram().record(took.as_secs_f64());
}
