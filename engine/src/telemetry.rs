//! Logs, traces and metrics: set up once by the process, flushed once at its end.
//!
//! What must hold: nothing here ever blocks or fails a command. Spans leave through a bounded queue that drops when it
//! is full; without `OTEL_EXPORTER_OTLP_ENDPOINT` nobody listens to the spans of the path ([`PATH`]), and a disabled
//! span costs the look at one flag. No message body, password or token is ever recorded.

mod recorder;
mod trace;

pub use recorder::UPKEEP_INTERVAL;
pub use trace::{Traceparent, begin, follow, link};

use metrics_exporter_prometheus::PrometheusHandle;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use serde::Deserialize;
use std::io::IsTerminal as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// The target of the spans on a command's path (command, append, tail fold, push): `debug_span!(target: PATH, …)`.
pub const PATH: &str = "roomlog::path";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON object a line, for collectors.
    Json,
}

/// What is written where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which log lines: a level, or directives as in `info,engine::log=debug`. Kafka's wrapper is heard only where they
    /// name it (`rdkafka`).
    pub level: String,
    /// How they look.
    pub format: Format,
    /// The share of traces that begin here and are recorded, 0 to 1; a caller's own decision goes before it.
    pub trace_ratio: f64,
    /// Spans that wait to be sent; what is over is dropped.
    pub trace_queue: usize,
}

/// What can go wrong at start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `telemetry.level` can't be read.
    #[error("telemetry.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` can't be used.
    #[error("{ENDPOINT}: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Another part of the process was first.
    #[error("telemetry is set up already: {0}")]
    Twice(String),
}

/// Telemetry as it runs. Call [`Telemetry::shutdown`] last.
pub struct Telemetry {
    metrics: PrometheusHandle,
    tracer: Option<SdkTracerProvider>,
}

/// Kafka's wrapper repeats what the library has said already.
fn filter(level: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    if level.contains("rdkafka") {
        return level.parse();
    }
    format!("{level},rdkafka=off").parse()
}

impl Telemetry {
    /// Sets the process's logs, traces and metrics up. Needs a Tokio runtime when traces are sent.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn start(config: &Config, service: &'static str) -> Result<Self, Error> {
        let filter = filter(&config.level)?;
        let colours = std::io::stderr().is_terminal();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(colours)
            .with_writer(std::io::stderr);
        let lines = match config.format {
            Format::Pretty => lines.boxed(),
            Format::Json => lines.json().boxed(),
        };
        let tracer = std::env::var(ENDPOINT)
            .ok()
            .filter(|endpoint| !endpoint.is_empty())
            .map(|endpoint| tracer(config, service, &endpoint))
            .transpose()?;
        let spans = tracer.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(service))
                .with_filter(Targets::new().with_target(PATH, LevelFilter::DEBUG))
        });
        Registry::default()
            .with(lines.with_filter(filter))
            .with(spans)
            .try_init()
            .map_err(|error| Error::Twice(error.to_string()))?;
        if tracer.is_some() {
            trace::spans_are_collected();
        }
        Ok(Self {
            metrics: recorder::install().map_err(|error| Error::Twice(error.to_string()))?,
            tracer,
        })
    }

    /// What `/metrics` answers with.
    #[must_use]
    pub fn metrics(&self) -> PrometheusHandle {
        self.metrics.clone()
    }

    /// Whether spans are sent anywhere.
    #[must_use]
    pub const fn traces(&self) -> bool {
        self.tracer.is_some()
    }

    /// Sends what waits, for a bounded time.
    pub fn shutdown(self) {
        if let Some(tracer) = self.tracer
            && let Err(error) = tracer.shutdown()
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn tracer(config: &Config, service: &'static str, endpoint: &str) -> Result<SdkTracerProvider, Error> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()?;
    let queue = BatchConfigBuilder::default()
        .with_max_queue_size(config.trace_queue)
        .build();
    Ok(SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            config.trace_ratio,
        ))))
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(queue).build())
        .build())
}
