"""Projections: history and live views behind the log, their batches, their stores."""

from .parts import Board, Query, choice, rising, sources

P = 'projection=~"$projection"'


def board():
    board = Board(
        "roomlog-projections",
        "Roomlog: projections",
        "How far history and live views are behind, how they are written, and the stores they are written to.",
        sources() + [choice("projection", "Projection", "roomlog_projector_lag_events", "projection")],
    )
    behind(board)
    batches(board)
    trouble(board)
    stores(board)
    pools(board)
    return board


def behind(board):
    board.row("Behind the log")
    board.graph(
        "Time", "Age of the oldest record that is yet to be taken in; 0 when level.", "s",
        Query(f"max by (projection) (roomlog_projector_lag_seconds{{{P}}})", "{{projection}}"), thresholds=rising(5, 60), width=6,
    )
    board.graph("Records", "Between the checkpoints and the log's end.", "short", Query(f"sum by (projection) (roomlog_projector_lag_events{{{P}}})", "{{projection}}"), width=6)
    board.graph(
        "Standing still", "How long the slowest partition that has something to write has not moved.", "s",
        Query(f"max by (projection) (roomlog_projector_checkpoint_age_seconds{{{P}}})", "{{projection}}"), thresholds=rising(10, 60), width=6,
    )
    board.graph("Partitions", "Projected, by process.", "short", Query(f"sum by (projection, instance) (roomlog_projector_partitions{{{P}}})", "{{projection}}, {{instance}}"), stack=True, width=6)


def batches(board):
    board.row("Batches")
    board.graph("Written a second", "Events, read markers or presence claims.", "ops", Query(f"sum by (projection) (rate(roomlog_projector_events_total{{{P}}}[$__rate_interval]))", "{{projection}}"))
    board.graph(
        "From append to being written", "By quantile, a record.", "s",
        Query(f"histogram_quantile(0.5, sum by (le, projection) (rate(roomlog_projector_delay_seconds_bucket{{{P}}}[$__rate_interval])))", "{{projection}}, half"),
        Query(f"histogram_quantile(0.99, sum by (le, projection) (rate(roomlog_projector_delay_seconds_bucket{{{P}}}[$__rate_interval])))", "{{projection}}, 99 %"),
        log=True, traced=True,
    )
    board.graph(
        "A batch", "From having its records to its being written, 99th percentile.", "s",
        Query(f"histogram_quantile(0.99, sum by (le, projection) (rate(roomlog_projector_batch_seconds_bucket{{{P}}}[$__rate_interval])))", "{{projection}}"), log=True,
    )
    board.graph(
        "Records of a batch", "On average: larger means that there is more to do at once.", "short",
        Query(
            f"sum by (projection) (rate(roomlog_projector_batch_records_sum{{{P}}}[$__rate_interval]))"
            f" / sum by (projection) (rate(roomlog_projector_batch_records_count{{{P}}}[$__rate_interval]))", "{{projection}}",
        ),
    )
    board.graph("Ignored by the fold", "Events that do not count, a second, by reason.", "ops", Query(f"sum by (reason) (rate(roomlog_projector_ignored_total{{{P}}}[$__rate_interval]))", "{{reason}}"))
    board.graph("Snapshots and refills", "Snapshots of rooms for time travel, and rooms put into live views by refills, a second.", "ops",
        Query("sum(rate(roomlog_projector_snapshots_total[$__rate_interval]))", "snapshots"),
        Query("sum(rate(roomlog_projector_refilled_rooms_total[$__rate_interval]))", "rooms refilled"),
    )


def trouble(board):
    board.row("Trouble")
    board.graph("Began anew", "Times a second that a partition's task began anew because something was away.", "ops", Query(f"sum by (projection) (rate(roomlog_projector_retries_total{{{P}}}[$__rate_interval]))", "{{projection}}"))
    board.graph("Fenced", "Times a second that another projector had written in one's place.", "ops", Query(f"sum by (projection) (rate(roomlog_projector_fenced_total{{{P}}}[$__rate_interval]))", "{{projection}}"))
    board.graph(
        "Set aside", "Dead letters by reason, and accepted events whose rows the store refused, within five minutes.", "short",
        Query("sum by (reason) (increase(roomlog_projector_dead_letters_total[5m]))", "{{reason}}"),
        Query("sum(increase(roomlog_projector_rejected_total[5m]))", "rows refused"),
    )


def stores(board):
    board.row("Stores")
    board.graph("Operations a second", "history and people are PostgreSQL, live is Redis.", "ops", Query("sum by (store, operation) (rate(roomlog_store_operations_total[$__rate_interval]))", "{{store}}, {{operation}}"), stack=True)
    board.graph(
        "99th percentile", "By store and operation.", "s",
        Query("histogram_quantile(0.99, sum by (le, store, operation) (rate(roomlog_store_operation_seconds_bucket[$__rate_interval])))", "{{store}}, {{operation}}"), log=True,
    )
    board.graph(
        "Not ok", "A second, by outcome. refused is a no that is no fault: fenced, a name that is taken.", "ops",
        Query('sum by (store, outcome) (rate(roomlog_store_operations_total{outcome!="ok"}[$__rate_interval])) or vector(0)', "{{store}}, {{outcome}}"),
    )


def pools(board):
    board.row("PostgreSQL's pools")
    board.graph(
        "In use", "Connections by pool and process; dashed: the bound of one.", "short",
        Query("roomlog_pool_connections - roomlog_pool_idle_connections", "{{pool}}, {{instance}}"),
        Query("max(roomlog_pool_max_connections)", "bound"), width=12,
    )
    board.graph(
        "Wait for a connection", "99th percentile, by pool.", "s",
        Query("histogram_quantile(0.99, sum by (le, pool) (rate(roomlog_pool_acquire_seconds_bucket[$__rate_interval])))", "{{pool}}"), log=True, width=12,
    )
