//! Spans on their way to the collector: through a queue that is bounded, and whose losses are counted.
//!
//! What must hold: ending a span never waits, whatever the collector does. The library's own queue drops without saying
//! how much, so what waits is counted here: what comes in beside what was taken out of it. Beyond the bound a span is
//! dropped here and counted, so the library never has to.

use super::Config;
use crate::metrics as of;
use opentelemetry::Context;
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The library's batches behind our own count.
#[derive(Debug)]
pub(super) struct Counted {
    batches: BatchSpanProcessor,
    most: usize,
    waiting: Arc<AtomicUsize>,
}

/// Sends to `endpoint`. Needs a Tokio runtime.
pub(super) fn to_collector(config: &Config, endpoint: &str) -> Result<Counted, ExporterBuildError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(Duration::from_millis(config.trace_timeout_ms))
        .build()?;
    Ok(counted(config, exporter))
}

fn counted<E: SpanExporter + 'static>(config: &Config, exporter: E) -> Counted {
    let waiting = Arc::new(AtomicUsize::new(0));
    let exporter = Watched {
        exporter,
        waiting: waiting.clone(),
        well: AtomicBool::new(true),
    };
    let most = config.trace_queue;
    let batch = config.trace_batch.clamp(1, most.max(1));
    let queue = BatchConfigBuilder::default()
        // What is being sent has left the library's queue, but not our count.
        .with_max_queue_size(most.max(1))
        .with_max_export_batch_size(batch)
        .with_scheduled_delay(Duration::from_millis(config.trace_interval_ms))
        .build();
    Counted {
        batches: BatchSpanProcessor::builder(exporter).with_batch_config(queue).build(),
        most,
        waiting,
    }
}

impl SpanProcessor for Counted {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            of::TRACE_SPANS.counter_of(["dropped"]).increment(1);
            return;
        }
        self.batches.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// What the library sends by, watched.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
    /// Whether the last batch was taken: what changes is said once.
    well: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (spans, began) = (batch.len(), Instant::now());
        let sent = self.exporter.export(batch).await;
        of::TRACE_EXPORT_SECONDS.histogram().record(began.elapsed());
        let left = self.waiting.fetch_sub(spans, Ordering::Relaxed) - spans;
        #[allow(clippy::cast_precision_loss, reason = "a queue is small")]
        of::TRACE_WAITING.gauge().set(left as f64);
        let outcome = if sent.is_ok() { "exported" } else { "failed" };
        of::TRACE_SPANS.counter_of([outcome]).increment(spans as u64);
        match (&sent, self.well.swap(sent.is_ok(), Ordering::Relaxed)) {
            (Err(error), true) => tracing::warn!(%error, "spans can't be sent: they are lost until they can"),
            (Ok(()), false) => tracing::info!("spans are sent again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Watched, counted};
    use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, sync_channel};
    use std::sync::{Arc, Mutex};

    /// A collector that takes each batch only when it is told to. (A double: a real one can't be held still.)
    #[derive(Debug)]
    struct Held {
        go: Mutex<Receiver<()>>,
        taken: Arc<AtomicUsize>,
    }

    impl SpanExporter for Held {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            // Its other end is gone when the test is over.
            let _ = self.go.lock().expect("one at a time").recv();
            self.taken.fetch_add(batch.len(), Ordering::Relaxed);
            Ok(())
        }
    }

    #[test]
    fn while_the_collector_stands_still_the_queue_is_bounded_and_nobody_waits() {
        let config = Config {
            trace_queue: 100,
            trace_batch: 10,
            trace_interval_ms: 1,
            ..Config::default()
        };
        let (go, held) = sync_channel(1_000);
        let taken = Arc::new(AtomicUsize::new(0));
        let exporter = Held {
            go: Mutex::new(held),
            taken: taken.clone(),
        };
        let counted = counted(&config, exporter);
        let waiting = counted.waiting.clone();
        let provider = SdkTracerProvider::builder().with_span_processor(counted).build();
        let tracer = provider.tracer("test");
        // With the collector standing still this would never end if a span had to wait for it.
        for _ in 0..1_000 {
            tracer.start("span").end();
        }
        assert_eq!(waiting.load(Ordering::Relaxed), 100);
        assert_eq!(taken.load(Ordering::Relaxed), 0);
        drop(go);
        provider.shutdown().expect("the collector takes what waits");
        assert_eq!(taken.load(Ordering::Relaxed), 100, "those that waited, and no other");
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn whether_spans_can_be_sent_is_known() {
        #[derive(Debug)]
        struct Away;
        impl SpanExporter for Away {
            async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
                Err(opentelemetry_sdk::error::OTelSdkError::InternalFailure("away".into()))
            }
        }
        let watched = Watched {
            exporter: Away,
            waiting: Arc::new(AtomicUsize::new(0)),
            well: AtomicBool::new(true),
        };
        let sent = futures_executor(watched.export(Vec::new()));
        assert!(sent.is_err() && !watched.well.load(Ordering::Relaxed));
    }

    fn futures_executor<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(future)
    }
}
