//! A trace as Jaeger's API tells it.

use serde_json::Value;

fn service(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `make test`, or scripts/services up"))
}

/// Where traces are looked at.
pub(crate) fn jaeger_url() -> String {
    service("ROOMLOG_TEST_JAEGER")
}

/// Where spans are sent.
pub(crate) fn otlp_url() -> String {
    service("ROOMLOG_TEST_OTLP")
}

/// What a process is told that sends its spans there, soon, and records so much of what begins with it.
pub(crate) fn traced(ratio: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", otlp_url()),
        ("ROOMLOG_TELEMETRY__JAEGER_URL", jaeger_url()),
        ("ROOMLOG_TELEMETRY__TRACE_RATIO", ratio.to_owned()),
        ("ROOMLOG_TELEMETRY__TRACE_INTERVAL_MS", "100".to_owned()),
    ]
}

/// All spans of a trace that have come.
#[derive(Debug)]
pub(crate) struct Tree(Value);

/// One span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    tree: &'a Tree,
    span: &'a Value,
}

/// The trace as it is known now; that it is not is told as a reason to ask again.
pub(crate) async fn tree(trace_id: &str) -> Result<Tree, String> {
    let url = format!("{}/api/traces/{trace_id}", jaeger_url());
    let answer = reqwest::get(url).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let mut body: Value = answer.json().await.map_err(|error| error.to_string())?;
    let tree = body.pointer_mut("/data/0").map(Value::take).unwrap_or_default();
    if tree["spans"].as_array().is_none_or(Vec::is_empty) {
        return Err(format!("{status}: {body}"));
    }
    Ok(Tree(tree))
}

impl Tree {
    pub(crate) fn id(&self) -> &str {
        self.0["traceID"].as_str().expect("an id")
    }

    pub(crate) fn as_json(&self) -> &Value {
        &self.0
    }

    pub(crate) fn spans(&self) -> impl Iterator<Item = Span<'_>> {
        let spans = self.0["spans"].as_array().expect("a list");
        spans.iter().map(|span| Span { tree: self, span })
    }

    pub(crate) fn len(&self) -> usize {
        self.spans().count()
    }

    /// Those of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<Span<'_>> {
        self.spans().filter(|span| span.name() == name).collect()
    }

    /// The one of this name.
    pub(crate) fn only(&self, name: &str) -> Span<'_> {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "one {name} in {self:?}");
        all[0]
    }

    /// Those of this name that are directly below a span.
    pub(crate) fn children(&self, parent: Span<'_>, name: &str) -> Vec<Span<'_>> {
        let mut all = self.all(name);
        all.retain(|span| span.parent() == Some(parent.id()));
        all
    }

    /// The one of them.
    pub(crate) fn child(&self, parent: &Span<'_>, name: &str) -> Span<'_> {
        let all = self.children(*parent, name);
        assert_eq!(all.len(), 1, "one {name} below {parent:?}");
        all[0]
    }
}

impl<'a> Span<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.span["operationName"].as_str().expect("a name")
    }

    pub(crate) fn id(self) -> &'a str {
        self.span["spanID"].as_str().expect("an id")
    }

    /// The span above it, whether it is among those that came or not.
    pub(crate) fn parent(self) -> Option<&'a str> {
        let mut above = self.references().filter(|reference| reference["refType"] == "CHILD_OF");
        above.find_map(|reference| reference["spanID"].as_str())
    }

    /// Trace and span of what it is linked to.
    pub(crate) fn links(self) -> Vec<(String, String)> {
        let links = self
            .references()
            .filter(|reference| reference["refType"] == "FOLLOWS_FROM");
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        links
            .map(|reference| (text(&reference["traceID"]), text(&reference["spanID"])))
            .collect()
    }

    fn references(self) -> impl Iterator<Item = &'a Value> {
        self.span["references"].as_array().into_iter().flatten()
    }

    pub(crate) fn service(self) -> &'a str {
        let process = self.span["processID"].as_str().expect("an id");
        self.tree.0["processes"][process]["serviceName"]
            .as_str()
            .expect("a name")
    }

    /// What it says of `key`, as text; empty when it says nothing.
    pub(crate) fn tag(self, key: &str) -> String {
        let tags = self.span["tags"].as_array().into_iter().flatten();
        let mut values = tags.filter(|tag| tag["key"] == key).map(|tag| &tag["value"]);
        match values.next() {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }
}
