//! What surrounds every controller: traces, timeouts, panics, CORS, security headers, and the shape of errors.

use super::address::{ClientAddress, Peer};
use super::problem;
use super::{App, UnreadBodies};
use crate::auth::Origins;
use crate::config::{Config, millis};
use crate::error::{Error, Name};
use crate::metrics::doors::Request as Counted;
use crate::trace::{Trace, failure};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use engine::people::attempts::network_of;
use engine::telemetry::{self, TraceContext};
use futures_util::FutureExt as _;
use ipnet::IpNet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may keep what CORS allowed.
const CORS_KEPT: Duration = Duration::from_secs(600);

pub(super) fn around(router: Router, config: &Config) -> Router {
    let timeout = millis(config.http.request_timeout_ms);
    let https = config.http.secure_cookies;
    let proxies: Arc<[IpNet]> = config.http.trusted_proxies.clone().into();
    router
        .layer(middleware::from_fn(move |mut request: Request, next| {
            if let Some(peer) = request.extensions().get::<Peer>() {
                let address = ClientAddress::of(*peer, request.headers(), &proxies);
                request.extensions_mut().insert(address);
            }
            let answer = outermost(request, next, timeout);
            async move {
                let mut response = answer.await;
                if https {
                    only_by_https(&mut response);
                }
                response
            }
        }))
        .layer(cors(&Origins::new(&config.http.origins)))
}

fn cors(origins: &Origins) -> CorsLayer {
    let listed = origins
        .listed()
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(listed))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
        ])
        .expose_headers([problem::TRACE_ID, header::RETRY_AFTER])
        .max_age(CORS_KEPT)
}

async fn outermost(mut request: Request, next: Next, timeout: Duration) -> Response {
    let counted = Counted::begin(request.method(), request.headers());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("none", MatchedPath::as_str);
    let method = request.method().clone();
    let trace = Trace::of_request(method.as_str(), path, caller(request.headers()));
    let trace_id = trace.id();
    request.extensions_mut().insert(trace.clone());
    let changes = !method.is_safe();
    let (request, rest) = match request.extensions_mut().remove::<UnreadBodies>() {
        Some(unread) => unread.lend(request),
        None => (request, None),
    };
    let running = telemetry::within(trace.context(), trace.span().clone(), next.run(request));
    let answer = AssertUnwindSafe(running).catch_unwind();
    let response = match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => panicked(&trace_id, changes),
        Err(_) => with_outcome(Error::new(Name::Timeout, "there was no answer in time"), changes),
    };
    if let Some(rest) = rest {
        rest.drain();
    }
    let failed = response
        .extensions()
        .get::<Error>()
        .and_then(|error| failure(error.name));
    let mut response = problem::finish(response, &trace_id);
    secure(&mut response);
    trace
        .span()
        .record("http.response.status_code", response.status().as_u16());
    trace.end(failed);
    counted.answered(path, &response);
    response
}

/// The caller's own trace.
fn caller(headers: &HeaderMap) -> Option<TraceContext> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::parse(text("traceparent")?, text("tracestate"))
}

/// Refuses an address that asks too often.
pub(super) async fn limited(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>();
    match address.map_or(Ok(()), |ClientAddress(ip)| app.addresses.check(network_of(*ip))) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn panicked(trace_id: &str, changes: bool) -> Response {
    tracing::error!(%trace_id, "a request panicked");
    with_outcome(Error::new(Name::Unavailable, "something went wrong here"), changes)
}

fn with_outcome(error: Error, changes: bool) -> Response {
    let error = if changes { error.outcome_unknown() } else { error };
    error.into_response()
}

/// RFC 6797: a browser that was here once comes by https alone from then on.
fn only_by_https(response: &mut Response) {
    let year = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
}

/// What answers of an API need: nothing here is a page, a frame or a script.
fn secure(response: &mut Response) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// What a path that leads nowhere is answered.
pub(super) fn nothing_there() -> Error {
    Error::new(Name::UnknownCommand, "there is nothing at this path")
}

pub(super) async fn unknown_method() -> Response {
    let error = Error::new(Name::UnknownCommand, "this path does not know the method");
    let mut response = error.into_response();
    // DESIGN: unknown_command is 404 for a path, 405 for a method.
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
