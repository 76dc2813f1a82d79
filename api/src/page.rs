//! The page: the browser app at `/`, packed into the binary when it was built.
//!
//! What must hold: it knows nothing of rooms, people or the API behind it; no answer of it allows an inline script, a
//! script of another host, a frame around it or a request elsewhere. What has a hash in its name never changes and is
//! kept for ever; all else is asked for again and answered by its tag. A path that is the page's own (`/room/…`) is
//! answered with `index.html` to those who ask for HTML, and to no others: for programs it is nothing.

mod encoding;
mod served;

pub use served::{File, Page};

use crate::error::Error;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use served::Kept;
use std::sync::Arc;

/// Where the files with a hash in their names are.
const ASSETS: &str = "assets/";
/// Where the API is: nothing below is the page's.
const API: &str = "/v1/";
const INDEX: &str = "index.html";
/// What a browser is told where there is no page.
const NOT_BUILT: &str = "This Roomlog was built without its page. Build it with `make web` (it needs Node 20 or newer), then \
                         build roomlog again. The API is there all the same: /docs\n";

/// What a page of ours may do, and nothing else. `trusted-types` names the one policy by which Svelte makes elements of its
/// own templates; no other code can make markup out of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
/// What a browser could do for a page and need not for this one.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

const GUARDS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Adds the page to a router; what is neither its nor the router's is `unknown`.
pub fn around(router: Router, page: Page, unknown: fn() -> Error) -> Router {
    let shown = Arc::new(Shown { page, unknown });
    let pages = Router::new()
        .route("/", get(front))
        .route("/assets/{*file}", get(asset))
        .fallback(other)
        .with_state(shown);
    router.merge(pages)
}

struct Shown {
    page: Page,
    unknown: fn() -> Error,
}

async fn front(State(shown): State<Arc<Shown>>, headers: HeaderMap) -> Response {
    shown.index(&headers)
}

async fn asset(State(shown): State<Arc<Shown>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    match shown.page.file(&format!("{ASSETS}{file}")) {
        Some(file) => guarded(file.answer(&headers, Kept::ForEver)),
        None => (shown.unknown)().into_response(),
    }
}

/// A file beside the assets, or a path of the page's own.
async fn other(State(shown): State<Arc<Shown>>, request: Request) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if !matches!(*method, Method::GET | Method::HEAD) || uri.path().starts_with(API) {
        return (shown.unknown)().into_response();
    }
    match shown.page.file(uri.path().trim_start_matches('/')) {
        Some(file) => guarded(file.answer(headers, Kept::ToAskAgain)),
        None if is_way(uri) && accepts_html(headers) => shown.index(headers),
        None => (shown.unknown)().into_response(),
    }
}

impl Shown {
    fn index(&self, headers: &HeaderMap) -> Response {
        match self.page.file(INDEX) {
            Some(index) => guarded(index.answer(headers, Kept::ToAskAgain)),
            None => not_built(),
        }
    }
}

/// Whether a path may be one of the page's own: what ends like a file is one that is not there.
fn is_way(uri: &Uri) -> bool {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    !last.contains('.')
}

/// Whether a person asks: browsers name HTML where they open a page, and nobody else does.
fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut kinds = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    kinds.any(|kind| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
    })
}

fn guarded(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn not_built() -> Response {
    let kind = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
    (axum::http::StatusCode::NOT_FOUND, [kind], NOT_BUILT).into_response()
}

#[cfg(test)]
mod tests;
