"""Edge: the doors, the sessions, what waits for them."""

from .parts import Board, Query, choice, rising, sources

E = 'instance=~"$edge"'


def rate(metric, labels=E, by=None):
    """A sum of rates, of all chosen edges."""
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({metric}{{{labels}}}[$__rate_interval]))"


def quantile(share, metric, by=None, labels=E):
    """Of a histogram, of all chosen edges."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', labels, ', '.join(filter(None, ['le', by])))})"


def board():
    board = Board(
        "roomlog-edge",
        "Roomlog: edge",
        "What edges are asked, what they answer, how long it takes, and what waits for slow readers.",
        sources() + [choice("edge", "Edge", 'up{job="roomlog",part=~"edge|serve"}', "instance")],
    )
    sessions(board)
    commands(board)
    rest(board)
    deliveries(board)
    rooms(board)
    others(board)
    return board


def sessions(board):
    board.row("Sessions")
    board.graph(
        "Sessions", "Open, by edge; dashed: what one may have.", "short",
        Query(f"roomlog_sessions{{{E}}}", "{{instance}}"),
        Query(f'min(roomlog_limit{{{E},limit="connections"}})', "limit"),
    )
    board.graph("Opened a second", "New sessions, by edge.", "cps", Query(rate("roomlog_sessions_opened_total", by="instance"), "{{instance}}"))
    board.graph(
        "Ended a second", "By close code; gone: the peer left. 40xx do not come back, 41xx back off, 42xx come back now.", "cps",
        Query(rate("roomlog_sessions_ended_total", by="code"), "{{code}}"), stack=True,
    )


def commands(board):
    board.row("Commands")
    board.graph("By name", "Commands of sessions.", "ops", Query(rate("roomlog_session_commands_total", by="command") + " > 0", "{{command}}"), stack=True)
    board.graph(
        "Not ok", "By outcome. overloaded, unavailable, timeout and behind are ours; the others were earned.", "ops",
        Query(rate("roomlog_session_commands_total", E + ',outcome!="ok"', "outcome"), "{{outcome}}"),
        Query(rate("roomlog_session_refused_total", by="error") + " or vector(0)", "no command: {{error}}"),
    )
    board.graph(
        "99th percentile by name", "From having the frame to the reply being queued.", "s",
        Query(quantile(0.99, "roomlog_session_command_seconds", "command"), "{{command}}"), log=True,
    )
    board.heat(
        "Writes, from command to ack", "All edges chosen, both doors.",
        Query(rate("roomlog_edge_command_seconds_bucket", by="le"), "{{le}}"),
    )
    board.graph(
        "Writes under way", "Commands that wait for their verdict; dashed: what may.", "short",
        Query(f"roomlog_edge_commands_in_flight{{{E}}}", "{{instance}}"),
        Query(f'min(roomlog_limit{{{E},limit="commands"}})', "limit"), width=6, log=True,
    )
    board.graph(
        "Verdicts", "What the fold said of events in rooms that are held here.", "ops",
        Query(rate("roomlog_edge_verdicts_total", by="verdict"), "{{verdict}}"), width=6, log=True,
    )


def rest(board):
    board.row("REST")
    board.graph("By route", "Requests a second.", "reqps", Query(rate("roomlog_http_requests_total", by="route"), "{{route}}"), stack=True)
    board.graph("By status", "Requests a second.", "reqps", Query(rate("roomlog_http_requests_total", by="status"), "{{status}}"), stack=True)
    board.graph("99th percentile by route", "From the request's head to the answer's.", "s", Query(quantile(0.99, "roomlog_http_request_seconds", "route"), "{{route}}"), log=True)


def deliveries(board):
    board.row("Deliveries and what waits")
    board.graph("Delivered a second", "Events queued for sessions, by edge.", "ops", Query(rate("roomlog_edge_pushed_total", by="instance"), "{{instance}}"))
    board.graph(
        "From append to push", "By quantile.", "s",
        Query(quantile(0.5, "roomlog_edge_delay_seconds"), "half"),
        Query(quantile(0.99, "roomlog_edge_delay_seconds"), "99 %"), thresholds=rising(0.25, 0.5), log=True, traced=True,
    )
    board.graph(
        "Bytes", "What sessions and REST received and were sent.", "Bps",
        Query(rate("roomlog_session_received_bytes_total"), "sockets in"),
        Query(rate("roomlog_session_sent_bytes_total"), "sockets out"),
        Query(rate("roomlog_http_received_bytes_total"), "REST in"),
        Query(rate("roomlog_http_sent_bytes_total"), "REST out"),
    )
    board.graph(
        "Waiting to be written", "Bytes for all sessions, and for the one for which most wait; dashed: what may wait for one.", "bytes",
        Query(f"sum(roomlog_edge_waiting_bytes{{{E}}})", "all"),
        Query(f"max(roomlog_edge_waiting_most_bytes{{{E}}})", "most for one"),
        Query(f'min(roomlog_limit{{{E},limit="outbox_bytes"}})', "limit for one"),
    )
    board.graph(
        "Too slow", "Subscriptions paused, and typing or presence thrown away, a second.", "ops",
        Query(rate("roomlog_edge_lagged_total"), "paused"),
        Query(rate("roomlog_session_dropped_ephemerals_total"), "thrown away"),
    )
    board.graph("Frames written a second", "By kind.", "ops", Query(rate("roomlog_session_sent_frames_total", by="kind"), "{{kind}}"), stack=True)


def rooms(board):
    board.row("Rooms and resumes")
    board.graph(
        "Rooms held", "By edge; dashed: what one may hold.", "short",
        Query(f"roomlog_edge_held_rooms{{{E}}}", "{{instance}}"),
        Query(f'min(roomlog_limit{{{E},limit="rooms"}})', "limit"), width=6, log=True,
    )
    board.graph("Rooms opened a second", "By where their state came from.", "ops", Query(rate("roomlog_edge_opened_total", by="from"), "{{from}}"), width=6)
    board.graph("Resumes a second", "By what became of them.", "ops", Query(rate("roomlog_edge_resumes_total", by="outcome"), "{{outcome}}"), width=6)
    board.graph("Kept for resumes", "Bytes of encoded events.", "bytes", Query(f"roomlog_edge_resume_bytes{{{E}}}", "{{instance}}"), width=6)


def others(board):
    board.row("Replays, searches, time travel, people")
    board.graph(
        "Replays", "Under way, and the readers that they share.", "short",
        Query(f"sum(roomlog_edge_replays{{{E}}})", "replays"), Query(f"sum(roomlog_edge_replay_readers{{{E}}})", "readers"), width=6,
    )
    board.graph(
        "Searches and time travel", "99th percentile, turns awaited.", "s",
        Query(quantile(0.99, "roomlog_edge_search_seconds"), "search"), Query(quantile(0.99, "roomlog_edge_travel_seconds"), "travel"), width=6,
    )
    board.graph("Refused sign-ins a second", "Too many tries, by what is counted.", "ops", Query(rate("roomlog_people_too_often_total", by="what"), "{{what}}"), width=6)
    board.graph(
        "Tasks", "Alive, and waiting for a thread.", "short",
        Query(f"roomlog_runtime_tasks{{{E}}}", "{{instance}}"), Query(f"roomlog_runtime_queued_tasks{{{E}}}", "{{instance}}, waiting"), width=6,
    )
