//! Spans as Jaeger tells them, as a tree for people.

use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// What of a span's own is told behind it, and how it is called there.
const TOLD: [(&str, &str); 8] = [
    ("error.type", "error"),
    ("roomlog.verdict", "verdict"),
    ("roomlog.seq", "seq"),
    ("roomlog.recipients", "recipients"),
    ("roomlog.session", "session"),
    ("messaging.destination.partition.id", "partition"),
    ("messaging.kafka.offset", "offset"),
    ("http.response.status_code", "status"),
];
const NAMES: usize = 44;

/// One span.
#[derive(Debug, Serialize)]
struct Span {
    id: String,
    /// The span above it.
    parent: Option<String>,
    name: String,
    service: String,
    /// Microseconds since 1970.
    start_us: u64,
    duration_us: u64,
    /// Traces of what it is linked to.
    links: Vec<String>,
    tags: BTreeMap<String, Value>,
}

/// The spans of one trace.
#[derive(Debug)]
pub(super) struct Tree {
    spans: Vec<Span>,
}

impl Tree {
    /// From what Jaeger answers.
    pub(super) fn of(answer: &Value) -> Self {
        let trace = &answer["data"][0];
        let list = trace["spans"].as_array().into_iter().flatten();
        let mut spans: Vec<_> = list.map(|span| Span::of(span, &trace["processes"])).collect();
        spans.sort_by(|a, b| (a.start_us, &a.name, &a.id).cmp(&(b.start_us, &b.name, &b.id)));
        Self { spans }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Each span with how deep it is, parents first, siblings by their start. One whose parent is not among them is a root.
    fn in_order(&self) -> Vec<(Vec<bool>, &Span)> {
        let known: BTreeSet<&str> = self.spans.iter().map(|span| span.id.as_str()).collect();
        let mut below: BTreeMap<Option<&str>, Vec<&Span>> = BTreeMap::new();
        for span in &self.spans {
            let parent = span.parent.as_deref().filter(|parent| known.contains(parent));
            below.entry(parent).or_default().push(span);
        }
        let mut order = Vec::new();
        let roots = below.remove(&None).unwrap_or_default();
        let mut stack: Vec<(Vec<bool>, &Span)> = roots.into_iter().rev().map(|span| (Vec::new(), span)).collect();
        while let Some((depth, span)) = stack.pop() {
            let children = below.remove(&Some(span.id.as_str())).unwrap_or_default();
            for (i, child) in children.into_iter().rev().enumerate() {
                let mut deeper = depth.clone();
                deeper.push(i == 0);
                stack.push((deeper, child));
            }
            order.push((depth, span));
        }
        order
    }

    /// For people: a line a span, when it began and how long it took, in milliseconds.
    pub(super) fn write(&self, url: &str, out: &mut Vec<u8>) {
        let first = self.spans.iter().map(|span| span.start_us).min().unwrap_or(0);
        let last = self.spans.iter().map(|span| span.start_us + span.duration_us).max();
        let took = milliseconds(last.unwrap_or(first) - first);
        // Writing to memory can't fail.
        let _ = writeln!(out, "{} spans in {took} ms    {url}\n", self.spans.len());
        for (depth, span) in self.in_order() {
            let name = format!("{}{}", branches(&depth), span.name);
            let pad = NAMES.saturating_sub(name.chars().count());
            let (start, took) = (milliseconds(span.start_us - first), milliseconds(span.duration_us));
            let line = format!(
                "{name}{:pad$} {start:>10} {took:>10}  {:<16}{}",
                "",
                span.service,
                span.told()
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }

    /// For programs: a line of JSON a span.
    pub(super) fn write_json(&self, out: &mut Vec<u8>) {
        for (_, span) in self.in_order() {
            serde_json::to_writer(&mut *out, span).expect("these types always encode");
            out.push(b'\n');
        }
    }
}

impl Span {
    fn of(span: &Value, processes: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let references = || span["references"].as_array().into_iter().flatten();
        let of_type = |wanted: &'static str| references().filter(move |reference| reference["refType"] == wanted);
        let tags = span["tags"].as_array().into_iter().flatten();
        Self {
            id: text(&span["spanID"]),
            parent: of_type("CHILD_OF").map(|above| text(&above["spanID"])).next(),
            name: text(&span["operationName"]),
            service: text(&processes[span["processID"].as_str().unwrap_or_default()]["serviceName"]),
            start_us: span["startTime"].as_u64().unwrap_or(0),
            duration_us: span["duration"].as_u64().unwrap_or(0),
            links: of_type("FOLLOWS_FROM").map(|to| text(&to["traceID"])).collect(),
            tags: tags.map(|tag| (text(&tag["key"]), tag["value"].clone())).collect(),
        }
    }

    /// What it says of itself, in a few words.
    fn told(&self) -> String {
        let mut words = String::new();
        for (key, name) in TOLD {
            match self.tags.get(key) {
                Some(Value::String(text)) => words.push_str(&format!("  {name} {text}")),
                Some(value) => words.push_str(&format!("  {name} {value}")),
                None => {}
            }
        }
        for trace in &self.links {
            words.push_str(&format!("  with {trace}"));
        }
        words
    }
}

/// The lines that lead to a span: of each level, whether its part of the way is the last one there.
fn branches(depth: &[bool]) -> String {
    let Some((last, above)) = depth.split_last() else {
        return String::new();
    };
    let mut branches: String = above.iter().map(|last| if *last { "   " } else { "│  " }).collect();
    branches.push_str(if *last { "└─ " } else { "├─ " });
    branches
}

#[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
fn milliseconds(micros: u64) -> String {
    format!("{:.3}", micros as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use serde_json::json;

    fn shown(answer: &serde_json::Value) -> String {
        let mut out = Vec::new();
        Tree::of(answer).write("http://jaeger/trace/1", &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn spans_stand_below_what_they_belong_to() {
        let span = |id: &str, parent: &str, name: &str, start: u64| {
            json!({ "spanID": id, "operationName": name, "startTime": start, "duration": 1_500, "processID": "p1",
                "references": [{ "refType": "CHILD_OF", "spanID": parent }], "tags": [{ "key": "roomlog.seq", "value": 7 }] })
        };
        let spans = [
            span("d", "b", "fold", 30),
            span("c", "a", "ack", 40),
            span("b", "a", "append", 20),
            span("a", "somebody else's", "send", 10),
        ];
        let answer = json!({ "data": [{ "spans": spans, "processes": { "p1": { "serviceName": "roomlog" } } }] });
        let shown = shown(&answer);
        let names: Vec<&str> = shown
            .lines()
            .skip(2)
            .map(|line| line.split("  ").next().expect("a name"))
            .collect();
        assert_eq!(names, ["send", "├─ append", "│", "└─ ack"]);
        assert!(
            shown.starts_with("4 spans in 1.530 ms    http://jaeger/trace/1\n"),
            "{shown}"
        );
        assert!(
            shown.lines().nth(4).expect("a line").starts_with("│  └─ fold"),
            "{shown}"
        );
        assert!(
            shown
                .lines()
                .all(|line| line.is_empty() || line.contains("seq 7") || line.contains("spans")),
            "{shown}"
        );
    }

    #[test]
    fn nothing_is_no_tree() {
        assert!(Tree::of(&json!({ "data": null })).is_empty());
        assert!(Tree::of(&json!({ "data": [] })).is_empty());
    }
}
