//! What one run has seen, kept as observability/report.md.

use super::prometheus::Rule;
use super::scene::Scene;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an alert may take: the longest is about a minute's standstill.
const PATIENCE: Duration = Duration::from_secs(110);
const POLL: Duration = Duration::from_millis(200);
/// Alerts that no run makes fire, and why. `promtool` shows each of them (observability/prometheus/tests).
const BY_PROMTOOL: [(&str, &str); 1] = [(
    "RoomlogProcessorsBusy",
    "it takes a quarter of an hour of both processors",
)];

/// A run.
pub(crate) struct Report {
    begun: Instant,
    panels: usize,
    recorded: usize,
    selectors: usize,
    fired: BTreeMap<String, (&'static str, Duration)>,
}

impl Report {
    pub(crate) fn begin() -> Self {
        Self {
            begun: Instant::now(),
            panels: 0,
            recorded: 0,
            selectors: 0,
            fired: BTreeMap::new(),
        }
    }

    pub(crate) fn panels(&mut self, queries: usize) {
        self.panels = queries;
    }

    pub(crate) fn recorded(&mut self, rules: usize) {
        self.recorded = rules;
    }

    pub(crate) fn selectors(&mut self, selectors: usize) {
        self.selectors = selectors;
    }

    /// Waits until these alerts fire because of this. One that does not is told with the others, at the end.
    #[allow(clippy::print_stdout, reason = "what takes minutes says how far it is")]
    pub(crate) async fn fires(&mut self, scene: &Scene, alerts: &[&str], cause: &'static str) {
        let begun = Instant::now();
        let mut waiting: BTreeSet<_> = alerts.iter().copied().collect();
        while !waiting.is_empty() && begun.elapsed() < PATIENCE {
            let firing = scene.prometheus.firing().await;
            for alert in waiting.extract_if(.., |alert| firing.contains(*alert)) {
                println!("{:>4} s  {alert}: {cause}", self.begun.elapsed().as_secs());
                self.fired.insert(alert.to_owned(), (cause, begun.elapsed()));
            }
            tokio::time::sleep(POLL).await;
        }
        for alert in waiting {
            println!(
                "{:>4} s  {alert} DOES NOT FIRE: {cause}",
                self.begun.elapsed().as_secs()
            );
        }
    }

    /// Every alert there is has fired, or is named as one that `promtool` alone shows; writes the report.
    pub(crate) fn keep(&self, rules: &[Rule]) {
        let alerts = rules.iter().filter(|rule| rule.alerts).map(|rule| rule.name.as_str());
        let mut all: Vec<_> = alerts.collect();
        all.sort_unstable();
        all.dedup();
        let shown = |alert: &&str| self.fired.contains_key(*alert) || BY_PROMTOOL.iter().any(|(name, _)| name == alert);
        let missing: Vec<_> = all.iter().filter(|alert| !shown(alert)).collect();
        assert!(missing.is_empty(), "nobody made these fire: {missing:?}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../observability/report.md");
        std::fs::write(path, self.text(&all)).unwrap();
    }

    fn text(&self, alerts: &[&str]) -> String {
        let mut text = format!(
            "# Alerts and dashboards on a real Prometheus\n\n\
             Written by the last run of `make test-observability`, which took {} s. Prometheus judged in haste: minutes of `for` were \
             seconds, windows and thresholds as they are.\n\n\
             After a minute of chat, {} queries of panels and {} recording rules had data; at the end, so had each of {} selectors of \
             alerts.\n\n| alert | what made it fire | after |\n|---|---|---|\n",
            self.begun.elapsed().as_secs(),
            self.panels,
            self.recorded,
            self.selectors,
        );
        for alert in alerts {
            match self.fired.get(*alert) {
                Some((cause, after)) => writeln!(text, "| {alert} | {cause} | {} s |", after.as_secs()),
                None => {
                    let (_, why) = BY_PROMTOOL.iter().find(|(name, _)| name == alert).expect("asserted");
                    writeln!(text, "| {alert} | by `promtool` alone: {why} | |")
                }
            }
            .expect("a String takes it");
        }
        text
    }
}
