"""What dashboards are made of: panels that flow from left to right, variables, links.

A panel is asked for by what it shows; where it stands, its id and its data source are this module's business, so that
ids are unique and panels never overlap. Nothing here knows a metric.
"""

from dataclasses import dataclass, field

# Grafana 12. Newer ones bring older files up by themselves.
SCHEMA_VERSION = 41
COLUMNS = 24
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
JAEGER = {"type": "jaeger", "uid": "${traces}"}
# The uids that provisioning gives them.
PROMETHEUS_UID = "roomlog-prometheus"
JAEGER_UID = "roomlog-jaeger"
# What is no measurement but a bound is dashed.
BOUNDS = {
    "matcher": {"id": "byRegexp", "options": "/^(limit|bound)/"},
    "properties": [
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}},
        {"id": "custom.fillOpacity", "value": 0},
    ],
}
BOARDS = ["overview", "edge", "log", "projections", "journey"]

GREEN, YELLOW, RED = "green", "yellow", "red"


@dataclass
class Query:
    """One expression of a panel. `legend` may name labels as {{label}}."""

    expr: str
    legend: str = ""
    instant: bool = False
    format: str = "time_series"


@dataclass
class Board:
    """A dashboard being written."""

    uid: str
    title: str
    description: str
    variables: list = field(default_factory=list)
    panels: list = field(default_factory=list)
    refresh: str = "30s"
    _x: int = 0
    _y: int = 0
    _row_height: int = 0

    def row(self, title):
        """Begins a section."""
        self._new_line()
        self._add({"type": "row", "title": title, "collapsed": False, "panels": []}, COLUMNS, 1)
        self._new_line()

    def graph(self, title, description, unit, *queries, width=8, height=8, thresholds=None, stack=False, log=False, most=None, traced=False):
        """Lines over time. From one that is `traced`, a click leads to the traces of that time."""
        custom = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 25 if stack else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if stack else "none", "group": "A"},
            "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"},
            "thresholdsStyle": {"mode": "dashed" if thresholds else "off"},
        }
        defaults = {"unit": unit, "min": 0, "custom": custom, "thresholds": steps(thresholds)}
        if most is not None:
            defaults["max"] = most
        if traced:
            defaults["links"] = [trace_search()]
        options = {
            "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
        self._metric("timeseries", title, description, queries, defaults, options, width, height)
        self.panels[-1]["fieldConfig"]["overrides"] = [BOUNDS]

    def number(self, title, description, unit, query, width=4, height=4, thresholds=None, no_value=None, decimals=None):
        """One number, coloured by thresholds, over a small graph of its past."""
        defaults = {"unit": unit, "thresholds": steps(thresholds), "color": {"mode": "thresholds"}}
        if no_value is not None:
            defaults["noValue"] = no_value
        if decimals is not None:
            defaults["decimals"] = decimals
        options = {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "area",
            "textMode": "auto",
        }
        self._metric("stat", title, description, [query], defaults, options, width, height)

    def gauge(self, title, description, unit, query, width=4, height=4, thresholds=None, most=1):
        """One share of a bound."""
        defaults = {"unit": unit, "min": 0, "max": most, "thresholds": steps(thresholds), "color": {"mode": "thresholds"}}
        options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "showThresholdMarkers": True}
        self._metric("gauge", title, description, [query], defaults, options, width, height)

    def bars(self, title, description, unit, query, width=8, height=8):
        """What there is of each kind, at the end of the time shown."""
        defaults = {"unit": unit, "min": 0, "thresholds": steps(None), "color": {"mode": "palette-classic"}}
        options = {
            "orientation": "horizontal",
            "displayMode": "gradient",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
        self._metric("bargauge", title, description, [query], defaults, options, width, height)

    def heat(self, title, description, query, width=12, height=8):
        """A histogram over time; `query` is a rate of its buckets, summed by le."""
        options = {
            "calculate": False,
            "yAxis": {"unit": "s"},
            "color": {"mode": "scheme", "scheme": "Blues", "exponent": 0.5},
            "cellGap": 1,
            "tooltip": {"mode": "single"},
        }
        query.format = "heatmap"
        self._metric("heatmap", title, description, [query], {"custom": {}}, options, width, height)

    def table(self, title, description, query, width=12, height=8, links=None):
        """The series of now, one a line."""
        query.instant, query.format = True, "table"
        defaults = {"thresholds": steps(None), "custom": {"align": "left"}, "links": links or []}
        hidden = {"Time": True, "__name__": True, "job": True}
        self._metric("table", title, description, [query], defaults, {"showHeader": True}, width, height)
        self.panels[-1]["transformations"] = [{"id": "organize", "options": {"excludeByName": hidden}}]

    def found_traces(self, title, description, service, operation, tags, width=12, height=10, limit=20):
        """Traces that Jaeger finds by tags (`key=value`, logfmt); a click opens one."""
        target = {
            "refId": "A",
            "datasource": JAEGER,
            "queryType": "search",
            "service": service,
            "tags": tags,
            "limit": limit,
        }
        if operation:
            target["operation"] = operation
        self._panel("table", title, description, JAEGER, [target], {"defaults": {}, "overrides": []}, {"showHeader": True}, width, height)

    def one_trace(self, title, description, trace, width=24, height=16):
        """One trace as a tree."""
        target = {"refId": "A", "datasource": JAEGER, "query": trace}
        self._panel("traces", title, description, JAEGER, [target], {"defaults": {}, "overrides": []}, {}, width, height)

    def text(self, title, markdown, width=24, height=4):
        """Words."""
        panel = {"type": "text", "title": title, "options": {"mode": "markdown", "content": markdown}}
        self._add(panel, width, height)

    def dashboard(self):
        """The whole, as Grafana reads it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["roomlog"],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": self.refresh,
            "time": {"from": "now-1h", "to": "now"},
            "timezone": "browser",
            "fiscalYearStartMonth": 0,
            "templating": {"list": self.variables},
            "annotations": {"list": [restarts()]},
            "links": [link_to_boards(), link_to_runbooks()],
            "panels": self.panels,
        }

    def _metric(self, kind, title, description, queries, defaults, options, width, height):
        targets = []
        for number, query in enumerate(queries):
            target = {
                "refId": chr(ord("A") + number),
                "datasource": PROMETHEUS,
                "editorMode": "code",
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "range": not query.instant,
                "instant": query.instant,
                "format": query.format,
            }
            targets.append(target)
        self._panel(kind, title, description, PROMETHEUS, targets, {"defaults": defaults, "overrides": []}, options, width, height)

    def _panel(self, kind, title, description, source, targets, fields, options, width, height):
        panel = {
            "type": kind,
            "title": title,
            "description": description,
            "datasource": source,
            "targets": targets,
            "fieldConfig": fields,
            "options": options,
        }
        self._add(panel, width, height)

    def _add(self, panel, width, height):
        if self._x + width > COLUMNS:
            self._new_line()
        panel["id"] = len(self.panels) + 1
        panel["gridPos"] = {"x": self._x, "y": self._y, "w": width, "h": height}
        self.panels.append(panel)
        self._x += width
        self._row_height = max(self._row_height, height)

    def _new_line(self):
        self._y += self._row_height
        self._x = self._row_height = 0


def steps(thresholds):
    """[(colour, from), …] as Grafana wants them; the first has no beginning."""
    thresholds = thresholds or [(GREEN, None)]
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in thresholds]}


def rising(warn, bad):
    """The more, the worse."""
    return [(GREEN, None), (YELLOW, warn), (RED, bad)]


def falling(warn, good):
    """The less, the worse."""
    return [(RED, None), (YELLOW, warn), (GREEN, good)]


def sources():
    """Every board's first variables: where its numbers and its traces are kept."""
    def source(name, label, kind, uid):
        return {
            "name": name,
            "label": label,
            "type": "datasource",
            "query": kind,
            "current": {"text": uid, "value": uid},
            "hide": 0,
            "refresh": 1,
            "regex": "",
            "multi": False,
            "includeAll": False,
        }

    return [
        source("datasource", "Metrics", "prometheus", PROMETHEUS_UID),
        source("traces", "Traces", "jaeger", JAEGER_UID),
    ]


def choice(name, label, metric, of):
    """Some or all values of a label `of` a metric."""
    query = f"label_values({metric}, {of})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": PROMETHEUS,
        "definition": query,
        "query": {"query": query, "refId": "variable"},
        "current": {"text": ["All"], "value": ["$__all"]},
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }


def box(name, label, value):
    """What somebody types."""
    return {
        "name": name,
        "label": label,
        "type": "textbox",
        "query": value,
        "current": {"text": value, "value": value},
        "options": [{"text": value, "value": value, "selected": True}],
        "hide": 0,
    }


def restarts():
    """A mark where a process began."""
    return {
        "name": "Process started",
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": False,
        "iconColor": "purple",
        "expr": 'changes(process_start_time_seconds{job="roomlog"}[1m]) > 0',
        "titleFormat": "started",
        "textFormat": "{{instance}}",
        "step": "60s",
    }


def link_to_boards():
    """From each board to the others, keeping what is chosen."""
    return {
        "type": "dashboards",
        "title": "Roomlog",
        "tags": ["roomlog"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def link_to_runbooks():
    """To the alerts that fire, each of which names its runbook."""
    return {
        "type": "link",
        "title": "Alerts",
        "url": "/alerting/list?search=datasource:${datasource}",
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": True,
        "icon": "bolt",
        "tooltip": "Every alert and its runbook",
        "tags": [],
    }


def trace_search():
    """From a graph of times to the traces of that time."""
    return {
        "title": "Traces of this time",
        "url": "/d/roomlog-journey?${datasource:queryparam}&${traces:queryparam}&from=${__from}&to=${__to}",
        "targetBlank": False,
    }
