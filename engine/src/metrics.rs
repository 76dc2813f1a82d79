//! Every metric of the engine, in one table: what it is, its unit (in its name), its labels. What counts them is beside
//! what they count.

use crate::catalogue;
use crate::telemetry::Label;

/// What the fold says of an event, as a label.
pub const VERDICTS: &[&str] = &[
    "accepted",
    "not_found",
    "not_a_member",
    "banned",
    "muted",
    "room_deleted",
    "forbidden",
    "conflict",
    "duplicate",
    "expired",
    "unsupported_rules",
    "invalid",
];

/// Why a record can't be read, as a label.
pub const DAMAGES: &[&str] = &["header", "magic", "key", "partition", "datum"];

/// Why the fold ignores an event, as a label.
pub const REASONS: &[&str] = VERDICTS.split_at(1).1;

const TOPIC: Label = Label::of("topic", &["events", "reads", "signals", "dead-letters"]);
const FOLLOWED: Label = Label::of("topic", &["events", "reads", "signals"]);
const GROUP: Label = Label::open("group", "a projection");
const STORE: Label = Label::open("store", "`history`, `live`, `people`");
const OPERATION: Label = Label::open("operation", "a question or a write, as the port names it");
const OUTCOME: Label = Label::open(
    "outcome",
    "`ok`, `unavailable`, `refused` (a no that is no fault: taken, fenced, elsewhere), `corrupt`",
);
const POOL: Label = Label::open(
    "pool",
    "`history`, `people` (PostgreSQL); `history-readers`, `history-writer`, `people-readers`, `people-writer` (SQLite)",
);

catalogue! {
    /// Appends, by what became of them; `unavailable`: nothing was written, `unknown`: it may yet land.
    APPENDS: Counter "roomlog_log_appends_total" [Label::of("outcome", &["ok", "unavailable", "unknown", "refused"])];
    /// From handing a record over to its answer, whatever that is.
    APPEND_SECONDS: Histogram "roomlog_log_append_seconds";
    /// Records that were handed over and are not answered yet.
    APPENDS_IN_FLIGHT: Gauge "roomlog_log_appends_in_flight";
    /// Producers that died and were replaced.
    PRODUCERS_REPLACED: Counter "roomlog_log_producers_replaced_total";
    /// Partitions without a leader, as Kafka says; asked now and then, 0 while it can't be asked, and always 0 of the
    /// embedded log.
    LEADERLESS: Gauge "roomlog_log_partitions_without_leader" [TOPIC];
    /// Partitions with fewer replicas in sync than there are, as Kafka says; asked as the leaders are.
    UNDER_REPLICATED: Gauge "roomlog_log_under_replicated_partitions" [TOPIC];
    /// Records between the end of the log and this edge's tail, all partitions of a topic.
    TAIL_LAG_RECORDS: Gauge "roomlog_log_tail_lag_records" [FOLLOWED];
    /// How old the last record is that a tail with a lag has read, at the partition where that is longest; 0 when level.
    TAIL_LAG_SECONDS: Gauge "roomlog_log_tail_lag_seconds" [FOLLOWED];
    /// Partitions whose next offset the log did not hold: it was cut or made anew.
    TAIL_LOST: Counter "roomlog_log_tail_lost_total";
    /// Times a tail or a group's member stood still although the log went on, and was begun anew.
    READERS_STALLED: Counter "roomlog_log_readers_stalled_total";
    /// Errors that the log's readers met and went on after.
    READ_FAILURES: Counter "roomlog_log_read_failures_total";
    /// Partitions that this member of a group holds.
    GROUP_PARTITIONS: Gauge "roomlog_log_group_partitions" [Label::open("topic", "`events`, `reads`, `signals`"), GROUP];
    /// Times a group gave or took partitions.
    REBALANCES: Counter "roomlog_log_group_rebalances_total" [Label::open("topic", "`events`, `reads`, `signals`"), GROUP];
    /// Records that share one commit of the embedded log.
    COMMIT_RECORDS: Histogram "roomlog_log_commit_records";

    /// What the stores were asked, by what became of it.
    STORE_OPERATIONS: Counter "roomlog_store_operations_total" [STORE, OPERATION, OUTCOME];
    /// How long the stores took to answer, whatever they answered; what was given up before is not in it.
    STORE_SECONDS: Histogram "roomlog_store_operation_seconds" [STORE, OPERATION];
    /// Connections that a pool has open.
    POOL_CONNECTIONS: Gauge "roomlog_pool_connections" [POOL];
    /// Those of them that nobody uses.
    POOL_IDLE: Gauge "roomlog_pool_idle_connections" [POOL];
    /// Most connections that a pool may have open.
    POOL_MOST: Gauge "roomlog_pool_max_connections" [POOL];
    /// How long a connection was waited for, had or not.
    POOL_ACQUIRE_SECONDS: Histogram "roomlog_pool_acquire_seconds" [POOL];
    /// Times no connection came in time.
    POOL_TIMEOUTS: Counter "roomlog_pool_timeouts_total" [POOL];

    /// Sign-ins, new accounts and guests that were refused because there were too many, by what is counted.
    TOO_OFTEN: Counter "roomlog_people_too_often_total" [Label::of("what", &["account", "address", "newcomer"])];
    /// Logins that ended before their time, by why; `reused`: a refresh token was shown twice.
    LOGINS_ENDED: Counter "roomlog_people_logins_ended_total" [Label::of("why", &["left", "revoked", "reused"])];
    /// Logins that were over and are removed.
    LOGINS_SWEPT: Counter "roomlog_people_logins_swept_total";
    /// Times an outside issuer was asked for its keys.
    ISSUER_FETCHES: Counter "roomlog_people_issuer_fetches_total" [Label::of("outcome", &["ok", "failed"])];
    /// How long an outside issuer took to give its keys, or not.
    ISSUER_SECONDS: Histogram "roomlog_people_issuer_fetch_seconds";

    /// Spans, by what became of them; `failed`: the collector did not take them, `dropped`: the queue was full.
    TRACE_SPANS: Counter "roomlog_trace_spans_total" [Label::of("outcome", &["exported", "failed", "dropped"])];
    /// Spans that wait to be sent; `telemetry.trace_queue` bounds them.
    TRACE_WAITING: Gauge "roomlog_trace_waiting_spans";
    /// How long the collector took over a batch of spans.
    TRACE_EXPORT_SECONDS: Histogram "roomlog_trace_export_seconds";
    /// Traces that were kept although they were not chosen when they began, by why.
    TRACE_LATE: Counter "roomlog_trace_late_total" [Label::of("why", &["error", "slow"])];

    /// Rooms folded as they once stood, by where from.
    WALKS: Counter "roomlog_travel_walks_total" [Label::of("source", &["journal", "log", "both"])];
    /// Events that one of them took.
    WALK_EVENTS: Histogram "roomlog_travel_walk_events";
    /// How long one of them took.
    WALK_SECONDS: Histogram "roomlog_travel_walk_seconds";
    /// Snapshots that were passed over because they can't be read.
    UNREADABLE: Counter "roomlog_travel_unreadable_snapshots_total";
    /// Times the journal could not be read, or was not what the fold says, and the log was read in its place.
    TORN: Counter "roomlog_travel_torn_journals_total";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Bad;
    use crate::domain::{Offset, Original, Reason, Seq};
    use crate::log::Topic;

    #[test]
    fn the_labels_are_the_names_of_what_there_is() {
        let original = Original {
            seq: Seq::ZERO,
            offset: Offset::ZERO,
        };
        let reasons = [
            Reason::NotFound,
            Reason::NotAMember,
            Reason::Banned,
            Reason::Muted,
            Reason::RoomDeleted,
            Reason::Forbidden,
            Reason::Conflict,
            Reason::Duplicate(original),
            Reason::Expired,
            Reason::UnsupportedRules,
            Reason::Invalid,
        ];
        assert_eq!(reasons.map(Reason::name).as_slice(), REASONS);
        let damages = [Bad::Header, Bad::Magic, Bad::Key, Bad::Partition, Bad::Datum];
        assert_eq!(damages.map(Bad::name).as_slice(), DAMAGES);
        assert_eq!(Topic::ALL.map(Topic::suffix).as_slice(), TOPIC.known);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut names: Vec<_> = ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
