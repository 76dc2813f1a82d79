//! The process's recorder of metrics: which buckets their histograms have.
//!
//! What must hold: a bucket list follows from a metric's name alone, so that what a metric is can be read where it is
//! described; nothing here knows any metric.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// How often histograms are drained, so that an unscraped process does not grow.
pub const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Latencies from 100 µs to 10 s, in seconds.
const LATENCY_BUCKETS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// From an event's append, which the log knows to the millisecond, to what became of it: 1 ms to 60 s, in seconds.
const DELAY_BUCKETS: [f64; 15] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// Sizes of batches and queues.
const SIZE_BUCKETS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0];

/// Installs the process's recorder, once.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    builder()?.install_recorder()
}

/// Of two suffixes that fit, the one that comes first in the order of text is taken: `_delay_seconds`.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_delay_seconds".into()), &DELAY_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS)?
        .set_buckets(&SIZE_BUCKETS)
}
