//! What `/metrics` of a process says, taken apart.

use super::server::Server;
use std::collections::{BTreeMap, BTreeSet};

/// Labels and their values.
pub(crate) type Labels = BTreeMap<String, String>;

/// One answer.
pub(crate) struct Samples {
    /// By name.
    pub(crate) kinds: BTreeMap<String, String>,
    /// Names that are described.
    pub(crate) described: BTreeSet<String>,
    /// Name, labels, value.
    pub(crate) lines: Vec<(String, Labels, f64)>,
    pub(crate) text: String,
}

impl Samples {
    pub(crate) async fn of(server: &Server) -> Self {
        let answer = server.get("/metrics", None).await;
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        Self::read(answer.text().await.expect("a text"))
    }

    fn read(text: String) -> Self {
        let (mut kinds, mut described, mut lines) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a kind");
                assert_eq!(kinds.insert(name.to_owned(), kind.to_owned()), None, "{name} twice");
            } else if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, _) = help.split_once(' ').expect("a name and a sentence");
                described.insert(name.to_owned());
            } else {
                lines.push(sample(line));
            }
        }
        Self {
            kinds,
            described,
            lines,
            text,
        }
    }

    /// The sum over every series of a name that has these labels among its own; `None` where there is none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |found: &Labels| {
            labels
                .iter()
                .all(|(label, value)| found.get(*label).is_some_and(|found| found == value))
        };
        let found = self.lines.iter().filter(|(found, own, _)| found == name && has(own));
        found.map(|(_, _, value)| *value).reduce(|sum, value| sum + value)
    }

    /// The same of a series that must be there.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let value = self.sum(name, labels);
        value.unwrap_or_else(|| panic!("there is no {name} {labels:?} in\n{}", self.text))
    }

    /// Every series, without its value.
    pub(crate) fn series(&self) -> BTreeSet<(String, Labels)> {
        let lines = self.lines.iter();
        lines.map(|(name, labels, _)| (name.clone(), labels.clone())).collect()
    }
}

/// `name{label="value",…} 1`; no value of ours holds a quote or a comma.
fn sample(line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').expect("a series and a value");
    let value = value.parse().unwrap_or_else(|_| panic!("{line} has no number"));
    let Some((name, labels)) = series.split_once('{') else {
        return (series.to_owned(), Labels::new(), value);
    };
    let labels = labels.strip_suffix('}').expect("labels end");
    let labels = labels.split(',').map(|label| {
        let (name, value) = label.split_once('=').expect("a label and its value");
        (name.to_owned(), value.trim_matches('"').to_owned())
    });
    (name.to_owned(), labels.collect(), value)
}
