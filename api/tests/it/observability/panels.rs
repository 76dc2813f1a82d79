//! Every panel of every dashboard, asked as Grafana would ask, and what rules record and select.

use super::prometheus::Prometheus;
use crate::support::{eventually, so};
use serde_json::Value;
use std::path::Path;

/// What Grafana puts in place of variables: everything is chosen, and windows are as its 15 s between scrapes make them.
const VARIABLES: [(&str, &str); 4] = [
    ("$__rate_interval", "1m"),
    ("$__range", "5m"),
    ("$edge", ".*"),
    ("$projection", ".*"),
];

/// One query of one panel.
struct Query {
    /// Dashboard and panel.
    place: String,
    expression: String,
}

/// All that ask Prometheus.
fn queries() -> Vec<Query> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../observability/grafana/dashboards");
    let mut queries = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let board: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().into_iter().flatten();
            for expression in targets.filter_map(|target| target["expr"].as_str()) {
                queries.push(Query {
                    place: format!("{}: {}", board["title"], panel["title"]),
                    expression: filled_in(expression),
                });
            }
        }
    }
    assert!(!queries.is_empty(), "no dashboard asks anything");
    queries
}

fn filled_in(expression: &str) -> String {
    let filled = VARIABLES
        .iter()
        .fold(expression.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(
        !filled.contains('$'),
        "{filled} names a variable that this test does not know"
    );
    filled
}

/// Each query has an answer with a number in it; how many they are.
pub(crate) async fn all_have_data(prometheus: &Prometheus) -> usize {
    let queries = queries();
    eventually("every panel has data", async || {
        let mut empty = Vec::new();
        for query in &queries {
            if prometheus.values(&query.expression).await.is_empty() {
                empty.push(format!("{} asks {}", query.place, query.expression));
            }
        }
        so(empty.is_empty(), &empty)
    })
    .await;
    queries.len()
}

/// Every recording rule has recorded a number; how many they are.
pub(crate) async fn all_is_recorded(prometheus: &Prometheus) -> usize {
    let rules = prometheus.rules().await;
    let recorded: Vec<_> = rules.iter().filter(|rule| !rule.alerts).collect();
    eventually("every rule has recorded something", async || {
        let mut empty = Vec::new();
        for rule in &recorded {
            if prometheus.values(&rule.query).await.is_empty() {
                empty.push(&rule.name);
            }
        }
        so(empty.is_empty(), &empty)
    })
    .await;
    recorded.len()
}

/// Whatever an alert looks at has been there at some time of this run; how many selectors that are.
#[cfg(feature = "observability")]
pub(crate) async fn every_selector_has_had_data(prometheus: &Prometheus) -> usize {
    let rules = prometheus.rules().await;
    let alerts = rules.iter().filter(|rule| rule.alerts);
    let selectors: std::collections::BTreeSet<_> = alerts.flat_map(|rule| selectors(&rule.query)).collect();
    let mut never = Vec::new();
    for selector in &selectors {
        if prometheus
            .values(&format!("count_over_time({selector}[1h])"))
            .await
            .is_empty()
        {
            never.push(selector);
        }
    }
    assert!(never.is_empty(), "nothing was ever there of {never:?}");
    selectors.len()
}

/// The series that an expression asks for: names of ours, with what stands in braces behind them.
#[cfg(feature = "observability")]
fn selectors(expression: &str) -> Vec<String> {
    const OURS: [&str; 4] = ["roomlog", "process_", "prometheus_", "up{"];
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == ':';
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(word) {
        rest = &rest[start..];
        let end = rest.find(|character| !word(character)).unwrap_or(rest.len());
        let braces = match rest[end..].strip_prefix('{') {
            Some(inside) => inside.find('}').map_or(0, |close| close + 2),
            None => 0,
        };
        let selector = &rest[..end + braces];
        if OURS.iter().any(|ours| selector.starts_with(ours)) {
            found.push(selector.to_owned());
        }
        rest = &rest[end + braces..];
    }
    found
}
