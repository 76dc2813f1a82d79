//! `/livez`, `/readyz`, `/metrics`: for those who run Roomlog. Every process of it answers them.

use crate::error::Error;
use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::join_all;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a dependency may take to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// One thing that the process needs.
#[async_trait]
pub trait Check: Send + Sync {
    /// Its name in the answer.
    fn name(&self) -> &'static str;

    /// Whether it answers; says why not.
    async fn check(&self) -> Result<(), String>;
}

/// What `/readyz` asks, and what `/metrics` shows.
pub struct Readiness {
    checks: Vec<Box<dyn Check>>,
    metrics: PrometheusHandle,
    draining: AtomicBool,
}

impl Readiness {
    /// Ready while every check succeeds and nobody drains.
    #[must_use]
    pub fn new(checks: Vec<Box<dyn Check>>, metrics: PrometheusHandle) -> Self {
        Self {
            checks,
            metrics,
            draining: AtomicBool::new(false),
        }
    }

    /// Not ready any more, for good.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    draining: bool,
    dependencies: BTreeMap<&'static str, String>,
}

/// The paths.
pub fn readiness_router(readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(readiness)
}

async fn readyz(State(readiness): State<Arc<Readiness>>) -> Result<Response, Error> {
    let asked = readiness.checks.iter().map(async |check| {
        let answer = match tokio::time::timeout(CHECK_TIMEOUT, check.check()).await {
            Ok(Ok(())) => "up".to_owned(),
            Ok(Err(error)) => format!("down: {error}"),
            Err(_) => "down: no answer".to_owned(),
        };
        (check.name(), answer)
    });
    let dependencies: BTreeMap<_, _> = join_all(asked).await.into_iter().collect();
    let draining = readiness.draining.load(Ordering::Relaxed);
    let ready = !draining && dependencies.values().all(|answer| answer == "up");
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

async fn metrics(State(readiness): State<Arc<Readiness>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, readiness.metrics.render()).into_response()
}
