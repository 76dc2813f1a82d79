"""Log: appends, the tail behind the end, the partitions themselves."""

from .edge import quantile, rate
from .parts import Board, Query, rising, sources

ALL = 'job="roomlog"'


def board():
    board = Board(
        "roomlog-log",
        "Roomlog: log",
        "Whether the log can be written and read, how long it takes, and how far readers are behind.",
        sources(),
    )
    state(board)
    appends(board)
    readers(board)
    return board


def state(board):
    board.row("Kafka")
    board.number(
        "Reached by", "The share of processes that reach the log.", "percentunit",
        Query('avg(roomlog_dependency_up{dependency="log"})'), thresholds=[("red", None), ("green", 1)],
    )
    board.number(
        "Without a leader", "Partitions of all topics; they can neither be written nor read.", "short",
        Query("sum(max by (topic) (roomlog_log_partitions_without_leader))"), thresholds=rising(1, 1),
    )
    board.number(
        "Under-replicated", "Partitions of all topics with fewer replicas in sync than they should.", "short",
        Query("sum(max by (topic) (roomlog_log_under_replicated_partitions))"), thresholds=rising(1, 3),
    )
    board.number(
        "Cut", "Times within an hour that a reader's next offset was not on the log.", "short",
        Query(f"sum(increase(roomlog_log_tail_lost_total{{{ALL}}}[1h]))"), thresholds=rising(1, 1), decimals=0,
    )
    board.number(
        "Producers replaced", "Within an hour: those that died.", "short",
        Query(f"sum(increase(roomlog_log_producers_replaced_total{{{ALL}}}[1h]))"), thresholds=rising(1, 5), decimals=0,
    )
    board.number(
        "Dead letters", "Within an hour.", "short",
        Query(f"sum(increase(roomlog_projector_dead_letters_total{{{ALL}}}[1h]))"), thresholds=rising(1, 10), decimals=0,
    )


def appends(board):
    board.row("Appends")
    board.graph(
        "By outcome", "A second. unavailable: nothing was written; unknown: it may yet be.", "ops",
        Query(rate("roomlog_log_appends_total", ALL, "outcome"), "{{outcome}}"),
    )
    board.graph(
        "How long", "From handing a record over to its answer, by quantile.", "s",
        Query(quantile(0.5, "roomlog_log_append_seconds", labels=ALL), "half"),
        Query(quantile(0.99, "roomlog_log_append_seconds", labels=ALL), "99 %"), log=True, traced=True,
    )
    board.graph(
        "In flight", "Handed over and not answered yet; dashed: what may be.", "short",
        Query("roomlog_log_appends_in_flight", "{{instance}}"),
        Query('min(roomlog_limit{limit="appends"})', "limit"), log=True,
    )
    board.heat("How long, all of it", "Appends by the time they took.", Query(rate("roomlog_log_append_seconds_bucket", ALL, "le"), "{{le}}"), width=24)


def readers(board):
    board.row("Readers")
    board.graph(
        "Tails behind, time", "Age of the last record read by an edge whose tail is behind; 0 when level.", "s",
        Query("max by (instance, topic) (roomlog_log_tail_lag_seconds)", "{{instance}}, {{topic}}"), thresholds=rising(1, 5),
    )
    board.graph(
        "Tails behind, records", "Between an edge's tail and the end.", "short",
        Query("max by (instance, topic) (roomlog_log_tail_lag_records)", "{{instance}}, {{topic}}"),
    )
    board.graph(
        "Read failures a second", "Errors that readers met and went on after.", "ops",
        Query(rate("roomlog_log_read_failures_total", ALL, "instance"), "{{instance}}"),
    )
    board.graph(
        "Partitions of each member", "Of the projectors' groups.", "short",
        Query("roomlog_log_group_partitions", "{{group}}, {{topic}}, {{instance}}"), stack=True,
    )
    board.graph(
        "Rebalances", "Times within five minutes that a group gave or took partitions.", "short",
        Query("sum by (group) (increase(roomlog_log_group_rebalances_total[5m]))", "{{group}}"),
    )
    board.graph(
        "Records that are no event", "A second, as edges and projectors met them, by reason; future: of a newer Roomlog.", "ops",
        Query(rate("roomlog_edge_unread_total", ALL, "reason"), "edges, {{reason}}"),
        Query(rate("roomlog_projector_bad_total", ALL, "reason"), "projectors, {{reason}}"),
        Query(rate("roomlog_projector_skipped_total", ALL), "projectors, future"),
    )
