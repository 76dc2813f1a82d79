"""Overview: is all well, and if not, where to look."""

from .parts import Board, Query, choice, falling, rising, sources


def board():
    board = Board(
        "roomlog-overview",
        "Roomlog: overview",
        "Whether people are served as promised, what is used of every bound, and which part to look at.",
        sources() + [choice("edge", "Edge", 'up{job="roomlog",part=~"edge|serve"}', "instance")],
    )
    now(board)
    promises(board)
    traffic(board)
    dependencies(board)
    processes(board)
    return board


def now(board):
    board.row("Now")
    board.number(
        "Alerts that fire", "Each names its runbook: Alerts, above.", "short",
        Query('count(ALERTS{alertstate="firing",alertname=~"Roomlog.*"}) or vector(0)'), thresholds=rising(1, 3),
    )
    board.number("Sessions", "WebSocket sessions that are open, all edges.", "short", Query("sum(roomlog_sessions)"))
    board.number(
        "Sent a second", "Commands that write, as they are answered, by either door.", "ops",
        Query("sum(rate(roomlog_edge_command_seconds_count[$__rate_interval]))"),
    )
    board.number(
        "Delivered a second", "Events queued for sessions.", "ops",
        Query("sum(rate(roomlog_edge_pushed_total[$__rate_interval]))"),
    )
    board.number(
        "Delivery, 99th percentile", "From an event's append to its being handed to its listeners.", "s",
        Query("histogram_quantile(0.99, sum by (le) (rate(roomlog_edge_delay_seconds_bucket[$__rate_interval])))"),
        thresholds=rising(0.25, 0.5),
    )
    board.number(
        "Partitions without a leader", "Of all topics, as Kafka's metadata says.", "short",
        Query("sum(max by (topic) (roomlog_log_partitions_without_leader))"), thresholds=rising(1, 1),
    )


def promises(board):
    board.row("Promises: error budgets of 30 days")
    board.number(
        "Budget left: commands", "1 is untouched, 0 is spent. 99.9 % of commands get an answer that is theirs.", "percentunit",
        Query('1 - roomlog:slo_errors:ratio_rate30d{slo="commands"} / roomlog:slo_budget:ratio{slo="commands"}'),
        thresholds=falling(0, 0.25), width=4, height=6,
    )
    board.number(
        "Budget left: requests", "The same of REST.", "percentunit",
        Query('1 - roomlog:slo_errors:ratio_rate30d{slo="requests"} / roomlog:slo_budget:ratio{slo="requests"}'),
        thresholds=falling(0, 0.25), width=4, height=6,
    )
    board.number(
        "Budget left: delivery", "99 % of events are handed to their listeners within half a second.", "percentunit",
        Query('1 - roomlog:slo_errors:ratio_rate30d{slo="delivery"} / roomlog:slo_budget:ratio{slo="delivery"}'),
        thresholds=falling(0, 0.25), width=4, height=6,
    )
    board.graph(
        "How fast the budgets burn",
        "1 spends a budget in exactly 30 days. 14.4 over an hour, or 6 over six, wakes somebody.", "none",
        Query("roomlog:slo_errors:ratio_rate5m / on (slo) roomlog:slo_budget:ratio", "{{slo}}, 5 minutes"),
        Query("roomlog:slo_errors:ratio_rate1h / on (slo) roomlog:slo_budget:ratio", "{{slo}}, an hour"),
        width=12, height=6, thresholds=rising(6, 14.4),
    )


def traffic(board):
    board.row("Rate, errors, duration")
    board.graph(
        "Commands a second", "Of sessions, by name.", "ops",
        Query('sum by (command) (rate(roomlog_session_commands_total{instance=~"$edge"}[$__rate_interval])) > 0', "{{command}}"),
        stack=True,
    )
    board.graph(
        "Refused or failed a second", "Answers other than ok, by outcome: of sessions' commands, and of REST from 400 on.", "ops",
        Query('sum by (outcome) (rate(roomlog_session_commands_total{instance=~"$edge",outcome!="ok"}[$__rate_interval]))', "{{outcome}}"),
        Query('sum by (status) (rate(roomlog_http_requests_total{instance=~"$edge",status=~"[45].."}[$__rate_interval]))', "REST {{status}}"),
    )
    board.graph(
        "A write, from command to ack", "By quantile, all outcomes.", "s",
        Query('histogram_quantile(0.5, sum by (le) (rate(roomlog_edge_command_seconds_bucket{instance=~"$edge"}[$__rate_interval])))', "half"),
        Query('histogram_quantile(0.99, sum by (le) (rate(roomlog_edge_command_seconds_bucket{instance=~"$edge"}[$__rate_interval])))', "99 %"),
        log=True, traced=True,
    )


def dependencies(board):
    board.row("What it stands on")
    board.graph(
        "Dependencies", "1 is there, 0 is away: what /readyz says, the worst of all processes.", "bool_yes_no",
        Query("min by (dependency) (roomlog_dependency_up)", "{{dependency}}"), most=1,
    )
    board.graph(
        "Behind the log", "Age of the oldest record that is yet to be taken in: the edges' tails, and the projections.", "s",
        Query('max(roomlog_log_tail_lag_seconds{topic="events"})', "tail"),
        Query("max by (projection) (roomlog_projector_lag_seconds)", "{{projection}}"),
    )
    board.graph(
        "What is used of each bound", "The fullest process of each. 1 is full.", "percentunit",
        Query("max by (of) (roomlog:saturation:ratio)", "{{of}}"), thresholds=rising(0.7, 0.9), most=1,
    )


def processes(board):
    board.row("Processes")
    board.graph(
        "Processes", "1 answers, 0 does not.", "bool_yes_no", Query('up{job="roomlog"}', "{{instance}}"), most=1, width=6
    )
    board.graph(
        "Processors", "Cores in use.", "none",
        Query('rate(process_cpu_seconds_total{job="roomlog"}[$__rate_interval])', "{{instance}}"), width=6,
    )
    board.graph(
        "Memory", "Resident.", "bytes", Query('process_resident_memory_bytes{job="roomlog"}', "{{instance}}"), width=6
    )
    board.table("Versions", "What runs where.", Query("sum by (instance, version, commit) (roomlog_build_info)"), width=6)
