"""One room's journey: no number knows rooms, so a room is followed by its traces, stage by stage beside the numbers of all."""

from .parts import Board, Query, box, sources

GENERAL = "a97685bd-efe0-5571-84e1-aa9bd8918750"
# The stages of an event's way, each with the histogram that measures it.
STAGES = [
    ("command to ack", "roomlog_edge_command_seconds", ""),
    ("append", "roomlog_log_append_seconds", ""),
    ("append to push", "roomlog_edge_delay_seconds", ""),
    ("append to PostgreSQL", "roomlog_projector_delay_seconds", 'projection="history"'),
    ("append to Redis", "roomlog_projector_delay_seconds", 'projection="live"'),
]
HOW = """Give the id of a **room** above: below are its traces, newest first; a click opens one. Or give a **trace**'s id (an ack's `trace_id`, an
error's, the header `x-trace-id`) to see it as a tree: the command, its append, every edge's tail and push, both projections.
No metric has a label of rooms, for rooms are without number; what the stages take for all rooms is beside it, to tell a slow room from
a slow Roomlog. On the command line: `roomlog trace MESSAGE`."""


def board():
    board = Board(
        "roomlog-journey",
        "Roomlog: one room's journey",
        "One room's events by their traces, from command to every delivery and store, beside the same stages for all rooms.",
        sources() + [box("room", "Room", GENERAL), box("trace", "Trace", "")],
        refresh="",
    )
    board.text("How to use this", HOW)
    traces(board)
    stages(board)
    where(board)
    return board


def traces(board):
    board.row("This room")
    tags = "roomlog.room=$room"
    board.found_traces("Its traces", "What was said or done in the room, as recorded; sampling decides which.", "roomlog-edge", "", tags)
    board.found_traces("Its failures", "Traces of the room in which something failed; these are always kept.", "roomlog-edge", "", tags + " error=true")
    board.one_trace("The trace", "The trace whose id is given above.", "$trace")


def stages(board):
    board.row("All rooms: the stages of an event's way")
    for share, name in [(0.5, "half"), (0.99, "99 %")]:
        board.graph(
            f"Each stage, {name}", "By stage; the later ones run beside each other.", "s",
            *[Query(quantile(share, metric, labels), stage) for stage, metric, labels in STAGES],
            width=12, log=True,
        )
    for stage, metric, labels in STAGES[2:]:
        board.heat(
            stage.capitalize(), "Events by the time it took.",
            Query(f"sum by (le) (rate({metric}_bucket{{{labels}}}[$__rate_interval]))", "{{le}}"), width=8,
        )


def where(board):
    board.row("All rooms: where it may stand still")
    board.graph(
        "Waiting for the log", "Appends and commands that are under way.", "short",
        Query("sum(roomlog_log_appends_in_flight)", "appends"), Query("sum(roomlog_edge_commands_in_flight)", "commands"), width=8,
    )
    board.graph(
        "Behind the log", "Age of the oldest record that is yet to be taken in.", "s",
        Query('max by (instance) (roomlog_log_tail_lag_seconds{topic="events"})', "tail of {{instance}}"),
        Query("max by (projection) (roomlog_projector_lag_seconds)", "{{projection}}"), width=8,
    )
    board.graph(
        "Traces themselves", "Spans a second by what became of them; what is dropped or failed is a hole in a tree.", "ops",
        Query("sum by (outcome) (rate(roomlog_trace_spans_total[$__rate_interval]))", "{{outcome}}"), width=8,
    )


def quantile(share, metric, labels):
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{{labels}}}[$__rate_interval])))"
