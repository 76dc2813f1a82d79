//! Logs, traces and metrics: set up once by the process, flushed once at its end.
//!
//! What must hold: nothing here ever blocks or fails a command. Spans leave through a bounded queue that drops when it
//! is full; without `OTEL_EXPORTER_OTLP_ENDPOINT` nobody listens to the spans of the path ([`PATH`]), and a disabled
//! span costs the look at one flag. No message body, password or token is ever recorded.

mod catalogue;
mod context;
mod export;
mod late;
mod levels;
mod lines;
mod recorder;
mod trace;

pub use catalogue::{Family, Kind, Label, Metric, describe, reference};
pub use context::{TraceContext, TraceId};
pub use late::{Kept, Stage};
pub use levels::Levels;
pub use recorder::UPKEEP_INTERVAL;
pub use trace::{begin, child, context_of, failed, follow, link, recorded, url, within};

use lines::{JsonLines, Pretty};
use metrics_exporter_prometheus::PrometheusHandle;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor};
use serde::{Deserialize, Serialize};
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry};

/// The target of the spans on a command's path (command, append, tail fold, push): `debug_span!(target: PATH, …)`.
pub const PATH: &str = "roomlog::path";
/// As spans name the library that made them.
const SCOPE: &str = "roomlog";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON object a line, for collectors.
    Json,
}

/// What is written where.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which log lines: a level, or directives as in `info,engine::log=debug`. Kafka's wrapper is heard only where they
    /// name it (`rdkafka`).
    pub level: String,
    /// The same, between one SIGUSR1 and the next.
    pub verbose_level: String,
    /// How they look.
    pub format: Format,
    /// The share of traces that begin here and are recorded, 0 to 1; a caller's own decision goes before it.
    pub trace_ratio: f64,
    /// A command that takes so long is kept afterwards, milliseconds; so is one that fails by no fault of its caller.
    pub trace_slow_ms: u64,
    /// Spans that wait to be sent; what is over is dropped and counted.
    pub trace_queue: usize,
    /// Spans sent at once.
    pub trace_batch: usize,
    /// How long spans wait for more of them, milliseconds.
    pub trace_interval_ms: u64,
    /// How long the collector may take over a batch, milliseconds.
    pub trace_timeout_ms: u64,
    /// Where people look at traces: Jaeger's address, or nothing.
    pub jaeger_url: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            level: "info".into(),
            verbose_level: "info,engine=debug,projector=debug,api=debug".into(),
            format: Format::Pretty,
            trace_ratio: 0.01,
            trace_slow_ms: 1_000,
            trace_queue: 4_096,
            trace_batch: 512,
            trace_interval_ms: 1_000,
            trace_timeout_ms: 5_000,
            jaeger_url: String::new(),
        }
    }
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
    levels: Levels,
}

impl Telemetry {
    /// Sets the process's logs, traces and metrics up. Needs a Tokio runtime when traces are sent.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn start(config: &Config, service: &'static str) -> Result<Self, Error> {
        let (filter, levels) = Levels::new(config)?;
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match config.format {
            Format::Pretty => lines.event_format(Pretty::new(std::io::stderr().is_terminal())).boxed(),
            Format::Json => lines.json().event_format(JsonLines::new()).boxed(),
        };
        let tracer = std::env::var(ENDPOINT)
            .ok()
            .filter(|endpoint| !endpoint.is_empty())
            .map(|endpoint| tracer(config, service, &endpoint))
            .transpose()?;
        let spans = tracer.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(SCOPE))
                // Where in the source a span was made is of no use to who looks at a message.
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
                .with_filter(Targets::new().with_target(PATH, LevelFilter::DEBUG))
        });
        Registry::default()
            .with(lines.with_filter(filter))
            .with(spans)
            .try_init()
            .map_err(|error| Error::Twice(error.to_string()))?;
        if tracer.is_some() {
            trace::collect(&config.jaeger_url);
        }
        levels.set(config)?;
        Ok(Self {
            metrics: recorder::install().map_err(|error| Error::Twice(error.to_string()))?,
            tracer,
            levels,
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

    /// What can be changed while the process runs.
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.levels.clone()
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
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
        ])
        .build();
    let mut counted = export::to_collector(config, endpoint)?;
    counted.set_resource(&resource);
    let counted = Arc::new(counted);
    late::collect(counted.clone());
    Ok(SdkTracerProvider::builder()
        // Whether a trace is recorded was decided before its first span was made.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_resource(resource)
        .with_span_processor(Shared(counted))
        .build())
}

/// The one queue of spans, for the library's provider and for traces that are kept afterwards.
#[derive(Debug)]
struct Shared(Arc<export::Counted>);

impl SpanProcessor for Shared {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.0.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.0.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }
}
