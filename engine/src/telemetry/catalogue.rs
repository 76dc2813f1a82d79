//! What metrics are: every crate lists its own in one table ([`catalogue!`](crate::catalogue)), from which they are
//! described to Prometheus, made with 0 before anything happens, and written down in `docs/metrics.md`.
//!
//! What must hold: a label has few values, all of them ours: none grows with people or rooms. A series whose values are
//! known is there from the start, so that its first increase is seen as one. This file knows no metric.

use metrics::{
    Counter, Gauge, Histogram, Label as Pair, SharedString, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram,
};
use std::fmt::Write as _;

/// What is counted how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations in buckets.
    Histogram,
}

impl Kind {
    /// As Prometheus calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label and its values.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Values that are known beforehand: series of them alone are there from the start.
    pub known: &'static [&'static str],
    /// What its other values are, where it has some: a bounded set, in words.
    pub others: Option<&'static str>,
}

impl Label {
    /// One that has these values alone.
    #[must_use]
    pub const fn of(name: &'static str, known: &'static [&'static str]) -> Self {
        Self {
            name,
            known,
            others: None,
        }
    }

    /// One whose series come with what they count.
    #[must_use]
    pub const fn open(name: &'static str, others: &'static str) -> Self {
        Self {
            name,
            known: &[],
            others: Some(others),
        }
    }

    /// One of which some values are there from the start.
    #[must_use]
    pub const fn with(self, others: &'static str) -> Self {
        Self {
            others: Some(others),
            ..self
        }
    }

    fn in_words(&self) -> String {
        let known = self.known.iter().map(|value| format!("`{value}`"));
        let others = self.others.map(str::to_owned);
        format!("{}: {}", self.name, known.chain(others).collect::<Vec<_>>().join(", "))
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name; the unit is in it.
    pub name: &'static str,
    /// What is counted how.
    pub kind: Kind,
    /// Its labels, in the order in which values are given.
    pub labels: &'static [Label],
    /// What it is, in a sentence.
    pub about: &'static str,
}

impl Metric {
    /// Its unit, as its name says; what has none is a number of things.
    #[must_use]
    pub fn unit(&self) -> Unit {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        match name.rsplit_once('_') {
            Some((_, "seconds")) => Unit::Seconds,
            Some((_, "bytes")) => Unit::Bytes,
            _ => Unit::Count,
        }
    }

    /// The counter, of a metric without labels.
    pub fn counter(&self) -> Counter {
        self.counter_of::<&'static str, 0>([])
    }

    /// The counter of these values of the labels.
    pub fn counter_of<V: Into<SharedString>, const N: usize>(&self, values: [V; N]) -> Counter {
        debug_assert_eq!(self.kind, Kind::Counter, "{}", self.name);
        counter!(self.name, self.pairs(values))
    }

    /// The gauge, of a metric without labels.
    pub fn gauge(&self) -> Gauge {
        self.gauge_of::<&'static str, 0>([])
    }

    /// The gauge of these values of the labels.
    pub fn gauge_of<V: Into<SharedString>, const N: usize>(&self, values: [V; N]) -> Gauge {
        debug_assert_eq!(self.kind, Kind::Gauge, "{}", self.name);
        gauge!(self.name, self.pairs(values))
    }

    /// The histogram, of a metric without labels.
    pub fn histogram(&self) -> Histogram {
        self.histogram_of::<&'static str, 0>([])
    }

    /// The histogram of these values of the labels.
    pub fn histogram_of<V: Into<SharedString>, const N: usize>(&self, values: [V; N]) -> Histogram {
        debug_assert_eq!(self.kind, Kind::Histogram, "{}", self.name);
        histogram!(self.name, self.pairs(values))
    }

    fn pairs<V: Into<SharedString>, const N: usize>(&self, values: [V; N]) -> Vec<Pair> {
        debug_assert_eq!(self.labels.len(), N, "{} has other labels", self.name);
        let names = self.labels.iter().map(|label| label.name);
        names.zip(values).map(|(name, value)| Pair::new(name, value)).collect()
    }

    /// Tells Prometheus what it is, and makes the series that are known.
    fn describe(&self) {
        match self.kind {
            Kind::Counter => describe_counter!(self.name, self.unit(), self.about),
            Kind::Gauge => describe_gauge!(self.name, self.unit(), self.about),
            Kind::Histogram => describe_histogram!(self.name, self.unit(), self.about),
        }
        for pairs in self.known() {
            match self.kind {
                Kind::Counter => drop(counter!(self.name, pairs)),
                Kind::Gauge => drop(gauge!(self.name, pairs)),
                Kind::Histogram => drop(histogram!(self.name, pairs)),
            }
        }
    }

    /// The labels of every series that is known beforehand.
    fn known(&self) -> Vec<Vec<Pair>> {
        self.labels.iter().fold(vec![Vec::new()], |series, label| {
            let longer = |pairs: &Vec<Pair>| {
                let pairs = pairs.clone();
                let value = |value: &&'static str| [pairs.clone(), vec![Pair::new(label.name, *value)]].concat();
                label.known.iter().map(value).collect::<Vec<_>>()
            };
            series.iter().flat_map(longer).collect()
        })
    }
}

/// Describes metrics to the process's recorder; call once, after telemetry has started.
pub fn describe(metrics: &[Metric]) {
    metrics.iter().for_each(Metric::describe);
}

/// A table of metrics for people.
#[must_use]
pub fn reference(metrics: &[Metric]) -> String {
    let mut table = String::from("| metric | kind | labels | what it is |\n|---|---|---|---|\n");
    for metric in metrics {
        let labels: Vec<_> = metric.labels.iter().map(Label::in_words).collect();
        let (name, kind) = (metric.name, metric.kind.name());
        let row = writeln!(
            table,
            "| `{name}` | {kind} | {} | {} |",
            labels.join("; "),
            metric.about
        );
        row.expect("a string takes everything");
    }
    table
}

/// The counters or histograms of a metric with one label, made once: using one costs a look at a short list and neither a
/// key nor memory.
#[derive(Debug)]
pub struct Family<H> {
    known: &'static [&'static str],
    handles: Box<[H]>,
}

impl Family<Counter> {
    /// The counters of a label's known values.
    #[must_use]
    pub fn counters(metric: &Metric) -> Self {
        Self::of(metric, |value| metric.counter_of([value]))
    }

    /// Counts; a value that is not known is passed over, and found by whoever tests.
    pub fn count(&self, value: &str, how_many: u64) {
        let handle = self.handle(value);
        debug_assert!(handle.is_some(), "{value} is not listed");
        if let Some(handle) = handle {
            handle.increment(how_many);
        }
    }
}

impl Family<Histogram> {
    /// The histograms of a label's known values.
    #[must_use]
    pub fn histograms(metric: &Metric) -> Self {
        Self::of(metric, |value| metric.histogram_of([value]))
    }
}

impl<H> Family<H> {
    fn of(metric: &Metric, handle: impl FnMut(&'static str) -> H) -> Self {
        let [label] = metric.labels else {
            unreachable!("{} has not exactly one label", metric.name)
        };
        Self {
            known: label.known,
            handles: label.known.iter().copied().map(handle).collect(),
        }
    }

    /// The one of a value, if that is a known one.
    #[must_use]
    pub fn handle(&self, value: &str) -> Option<&H> {
        let at = self.known.iter().position(|known| *known == value)?;
        self.handles.get(at)
    }
}

/// A crate's table of metrics: `/// What it is. NAME: Kind "roomlog_name_unit" [LABEL, …];`
#[macro_export]
macro_rules! catalogue {
    ($($(#[doc = $about:literal])+ $name:ident: $kind:ident $text:literal $([$($label:expr),+])?;)+) => {
        $(
            $(#[doc = $about])+
            pub(crate) const $name: $crate::telemetry::Metric = $crate::telemetry::Metric {
                name: $text,
                kind: $crate::telemetry::Kind::$kind,
                labels: &[$($($label),+)?],
                about: concat!($($about),+).trim_ascii(),
            };
        )+

        /// Every metric of this crate, in the order of its table.
        pub const ALL: &[$crate::telemetry::Metric] = &[$($name),+];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Metric = Metric {
        name: "a_wait_seconds",
        kind: Kind::Histogram,
        labels: &[
            Label::of("what", &["this", "that"]),
            Label::of("outcome", &["ok"]).with("an error's name"),
        ],
        about: "How long.",
    };

    #[test]
    fn every_known_series_is_made() {
        let pair = |name: &'static str, value: &'static str| Pair::new(name, value);
        let expected = [
            vec![pair("what", "this"), pair("outcome", "ok")],
            vec![pair("what", "that"), pair("outcome", "ok")],
        ];
        assert_eq!(ONE.known(), expected);
        const OPEN: Metric = Metric {
            labels: &[Label::of("what", &["this"]), Label::open("route", "any route")],
            ..ONE
        };
        assert!(OPEN.known().is_empty());
        assert_eq!(Metric { labels: &[], ..ONE }.known(), [vec![]]);
    }

    #[test]
    fn the_unit_is_in_the_name() {
        let named = |name| Metric { name, ..ONE }.unit();
        assert_eq!(named("a_wait_seconds"), Unit::Seconds);
        assert_eq!(named("a_sent_bytes_total"), Unit::Bytes);
        assert_eq!(named("a_lag_records"), Unit::Count);
    }

    #[test]
    fn the_table_says_all_of_it() {
        let row =
            "| `a_wait_seconds` | histogram | what: `this`, `that`; outcome: `ok`, an error's name | How long. |\n";
        assert!(reference(&[ONE]).ends_with(row), "{}", reference(&[ONE]));
    }
}
