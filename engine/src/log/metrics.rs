//! What the log tells about itself; the same names for both adapters.

use super::{Error, Topic};
use crate::domain::Position;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const APPENDS: &str = "roomlog_log_appends_total";
const APPEND_SECONDS: &str = "roomlog_log_append_seconds";
const PRODUCERS_REPLACED: &str = "roomlog_log_producers_replaced_total";
const TAIL_LAG: &str = "roomlog_log_tail_lag_records";
const TAIL_LOST: &str = "roomlog_log_tail_lost_total";
const READ_FAILURES: &str = "roomlog_log_read_failures_total";
const GROUP_PARTITIONS: &str = "roomlog_log_group_partitions";
const REBALANCES: &str = "roomlog_log_group_rebalances_total";
const COMMIT_RECORDS: &str = "roomlog_log_commit_records";

/// Describes every metric of the log; called once, when telemetry starts.
pub fn describe() {
    describe_counter!(
        APPENDS,
        "Appends by outcome: ok, unavailable (nothing written), unknown, refused"
    );
    describe_histogram!(
        APPEND_SECONDS,
        Unit::Seconds,
        "From handing a record over to its answer"
    );
    describe_counter!(PRODUCERS_REPLACED, "Producers that died and were replaced");
    describe_gauge!(
        TAIL_LAG,
        "Records between this process's tail and the log's end, all partitions of a topic"
    );
    describe_counter!(TAIL_LOST, "Partitions whose next offset the log did not hold");
    describe_counter!(READ_FAILURES, "Errors the log's readers met and went on after");
    describe_gauge!(GROUP_PARTITIONS, "Partitions this member of a group holds");
    describe_counter!(REBALANCES, "Times a group gave or took partitions");
    describe_histogram!(COMMIT_RECORDS, "Records that share one commit of the embedded log");
}

pub(super) fn appended(answer: &Result<Position, Error>, took: Duration) {
    counter!(APPENDS, "outcome" => answer.as_ref().map_or_else(outcome, |_| "ok")).increment(1);
    histogram!(APPEND_SECONDS).record(took.as_secs_f64());
}

pub(super) fn append_refused(error: &Error) {
    counter!(APPENDS, "outcome" => outcome(error)).increment(1);
}

const fn outcome(error: &Error) -> &'static str {
    match error {
        Error::Unavailable(_) => "unavailable",
        Error::Unknown(_) => "unknown",
        Error::OutOfRange { .. } | Error::Misconfigured(_) | Error::Refused(_) => "refused",
    }
}

pub(super) fn producer_replaced() {
    counter!(PRODUCERS_REPLACED).increment(1);
}

pub(super) fn tail_lag(topic: Topic, records: u64) {
    #[allow(clippy::cast_precision_loss)]
    gauge!(TAIL_LAG, "topic" => topic.suffix()).set(records as f64);
}

pub(super) fn tail_lost() {
    counter!(TAIL_LOST).increment(1);
}

pub(super) fn read_failed() {
    counter!(READ_FAILURES).increment(1);
}

pub(super) fn rebalanced(topic: Topic, group: &str, partitions: usize) {
    counter!(REBALANCES, "topic" => topic.suffix(), "group" => group.to_owned()).increment(1);
    #[allow(clippy::cast_precision_loss)]
    gauge!(GROUP_PARTITIONS, "topic" => topic.suffix(), "group" => group.to_owned()).set(partitions as f64);
}

pub(super) fn committed(records: usize) {
    #[allow(clippy::cast_precision_loss)]
    histogram!(COMMIT_RECORDS).record(records as f64);
}
