//! `/livez`, `/readyz`, `/metrics`: for those who run Roomlog. Every process of it answers them.

use crate::config::{Http, millis};
use crate::error::Error;
use crate::metrics::process;
use async_trait::async_trait;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// One thing that the process needs.
#[async_trait]
pub trait Check: Send + Sync {
    /// Its name in the answer.
    fn name(&self) -> &'static str;

    /// Whether it answers; says why not.
    async fn check(&self) -> Result<(), String>;
}

/// Something that is shown as it is when somebody asks for metrics: this puts it there.
pub type Shown = Box<dyn Fn() + Send + Sync>;

/// What `/readyz` asks, and what `/metrics` shows.
pub struct Readiness {
    checks: Vec<Box<dyn Check>>,
    /// How long a dependency may take to answer.
    patience: Duration,
    /// How long an answer is good for: however many ask us, we ask no more often.
    interval: Duration,
    /// What they answered last, and when. Whoever asks while they are being asked waits for the same answer.
    answers: Mutex<Option<(Instant, Answers)>>,
    metrics: PrometheusHandle,
    shown: Vec<Shown>,
    draining: AtomicBool,
}

/// What is said of a dependency that answers.
const UP: &str = "up";

/// `up`, or `down: ` and why, by name.
type Answers = BTreeMap<&'static str, String>;

impl Readiness {
    /// Ready while every check succeeds and nobody drains; metrics show, beside what was counted, what is `shown`.
    #[must_use]
    pub fn new(checks: Vec<Box<dyn Check>>, shown: Vec<Shown>, config: &Http, metrics: PrometheusHandle) -> Self {
        Self {
            checks,
            patience: millis(config.check_timeout_ms),
            interval: millis(config.check_interval_ms),
            answers: Mutex::new(None),
            metrics,
            shown,
            draining: AtomicBool::new(false),
        }
    }

    /// Not ready any more, for good.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    async fn answers(&self) -> Answers {
        let mut known = self.answers.lock().await;
        if let Some((at, answers)) = &*known
            && at.elapsed() < self.interval
        {
            return answers.clone();
        }
        let asked = self.checks.iter().map(async |check| {
            let answer = match tokio::time::timeout(self.patience, check.check()).await {
                Ok(Ok(())) => UP.to_owned(),
                Ok(Err(error)) => format!("down: {error}"),
                Err(_) => "down: no answer".to_owned(),
            };
            (check.name(), answer)
        });
        let answers: Answers = join_all(asked).await.into_iter().collect();
        *known = Some((Instant::now(), answers.clone()));
        answers
    }
}

/// Whether this process should be asked anything.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    ready: bool,
    /// It is being stopped.
    draining: bool,
    /// `up`, or `down: ` and why, by name.
    #[schema(value_type = BTreeMap<String, String>)]
    dependencies: Answers,
}

/// The paths.
pub fn readiness_router(readiness: Arc<Readiness>) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .with_state(readiness)
}

/// Whether this process lives.
#[utoipa::path(get, operation_id = "server_livez", path = "/livez",
    tag = "operations", responses((status = 200, description = "It does.", body = String)))]
async fn livez() -> &'static str {
    "alive\n"
}

/// Whether this process should be asked anything, and what it misses if not.
#[utoipa::path(get, operation_id = "server_readyz", path = "/readyz", tag = "operations", responses(
    (status = 200, description = "It is ready.", body = Ready),
    (status = 503, description = "It is not: a dependency is away, or it is being stopped.", body = Ready)))]
async fn readyz(State(readiness): State<Arc<Readiness>>) -> Result<Response, Error> {
    let dependencies = readiness.answers().await;
    let draining = readiness.draining.load(Ordering::Relaxed);
    let ready = !draining && dependencies.values().all(|answer| answer == UP);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Ready {
        ready,
        draining,
        dependencies,
    };
    Ok((status, axum::Json(body)).into_response())
}

/// What it counts, as Prometheus reads it.
#[utoipa::path(get, operation_id = "server_metrics", path = "/metrics",
    tag = "operations", responses((status = 200, description = "Samples.", body = String)))]
async fn metrics(State(readiness): State<Arc<Readiness>>) -> Response {
    for (name, answer) in readiness.answers().await {
        process::dependency(name, answer == UP);
    }
    process::show();
    readiness.shown.iter().for_each(|show| show());
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, readiness.metrics.render()).into_response()
}
