//! What people tell about themselves: counts alone, never who.

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

const TOO_OFTEN: &str = "roomlog_people_too_often_total";
const LOGINS_ENDED: &str = "roomlog_people_logins_ended_total";
const LOGINS_SWEPT: &str = "roomlog_people_logins_swept_total";
const ISSUER_FETCHES: &str = "roomlog_people_issuer_fetches_total";
const ISSUER_SECONDS: &str = "roomlog_people_issuer_fetch_seconds";

/// Describes every metric of people; called once, when telemetry starts.
pub fn describe() {
    describe_counter!(
        TOO_OFTEN,
        "Sign-ins, new accounts and guests that were refused because there were too many, by what is counted"
    );
    describe_counter!(
        LOGINS_ENDED,
        "Logins that ended before their time, by why: left, revoked, reused (a refresh token was shown twice)"
    );
    describe_counter!(LOGINS_SWEPT, "Logins that were over and are removed");
    describe_counter!(
        ISSUER_FETCHES,
        "Times an outside issuer was asked for its keys, by outcome: ok, failed"
    );
    describe_histogram!(
        ISSUER_SECONDS,
        Unit::Seconds,
        "How long an outside issuer took to give its keys, or not"
    );
}

pub(super) fn too_often(what: &'static str) {
    counter!(TOO_OFTEN, "what" => what).increment(1);
}

pub(super) fn logins_ended(why: &'static str, how_many: usize) {
    counter!(LOGINS_ENDED, "why" => why).increment(how_many as u64);
}

pub(super) fn logins_swept(how_many: u64) {
    counter!(LOGINS_SWEPT).increment(how_many);
}

pub(super) fn issuer_fetched(ok: bool, took: Duration) {
    let outcome = if ok { "ok" } else { "failed" };
    counter!(ISSUER_FETCHES, "outcome" => outcome).increment(1);
    histogram!(ISSUER_SECONDS).record(took.as_secs_f64());
}
