//! Errors as `application/problem+json` (RFC 9457).
//!
//! A handler answers with an [`Error`]; its response carries the error itself, and the outermost layer, which knows the
//! request's trace, writes the body. So every error looks the same, wherever it came from.

use crate::error::{Error, Name};
use crate::protocol::reply::outcome_text;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The header that names a request's trace.
pub const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.name.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What went wrong: RFC 9457 §3.1, and our own members beside.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Problem<'a> {
    /// `urn:roomlog:error:` and the name.
    r#type: String,
    /// What the name means.
    title: &'a str,
    status: u16,
    /// What it means here.
    detail: &'a str,
    /// Stable, as is the name.
    code: u16,
    name: &'a str,
    /// Whether the same can succeed later.
    retryable: bool,
    /// Whether anything may have been written: `none` or `unknown` (retry with the same cid).
    #[schema(pattern = "^(none|unknown)$")]
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    retry_after_ms: Option<u64>,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    field: Option<&'a str>,
    trace_id: &'a str,
}

/// The response with its problem written out, if it is one.
#[must_use]
pub fn finish(mut response: Response, trace_id: &str) -> Response {
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        response = (status, write(&error, status, trace_id)).into_response();
        response.headers_mut().extend(headers);
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if error.name == Name::Unauthenticated {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(millis) = error.retry_after_ms {
            let seconds = HeaderValue::from(millis.div_ceil(1_000));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
    }
    if let Ok(value) = HeaderValue::from_str(trace_id) {
        response.headers_mut().insert(TRACE_ID, value);
    }
    response
}

fn write(error: &Error, status: StatusCode, trace_id: &str) -> Vec<u8> {
    let problem = Problem {
        r#type: format!("urn:roomlog:error:{}", error.name.text()),
        title: error.name.about().trim(),
        status: status.as_u16(),
        detail: &error.message,
        code: error.name.code(),
        name: error.name.text(),
        retryable: error.name.retryable(),
        outcome: outcome_text(error.outcome),
        retry_after_ms: error.retry_after_ms,
        field: error.field.as_deref(),
        trace_id,
    };
    serde_json::to_vec(&problem).expect("a problem always encodes")
}
