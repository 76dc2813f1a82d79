//! The page as clients are answered, over files made for it.

use super::{File, Page, around};
use crate::error::{Error, Name};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use tower::ServiceExt as _;

static FILES: [File; 3] = [
    File {
        path: "assets/app-1a2b.js",
        media_type: "text/javascript; charset=utf-8",
        hash: "00aa",
        plain: b"the script as it is",
        brotli: Some(b"by brotli"),
        gzip: Some(b"by gzip"),
    },
    File {
        path: "icon.svg",
        media_type: "image/svg+xml",
        hash: "00bb",
        plain: b"<svg/>",
        brotli: None,
        gzip: None,
    },
    File {
        path: "index.html",
        media_type: "text/html; charset=utf-8",
        hash: "00cc",
        plain: b"<!doctype html>",
        brotli: None,
        gzip: None,
    },
];

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

async fn asked(page: Page, method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let api = Router::new().route("/v1/me", get(async || "you"));
    let router = around(api, page, || Error::new(Name::UnknownCommand, "nothing"));
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let answer = router.oneshot(request).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, 1_000).await.expect("a body");
    (head.status, head.headers, body.to_vec())
}

async fn get_of(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    asked(Page::of(&FILES), "GET", path, headers).await
}

fn says<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    value.to_str().expect("visible")
}

#[tokio::test]
async fn a_hashed_file_is_kept_for_ever_and_sent_as_small_as_it_may() {
    let path = "/assets/app-1a2b.js";
    for (accepted, encoding, body, tag) in [
        ("gzip, br", Some("br"), "by brotli", "\"00aa-br\""),
        ("gzip", Some("gzip"), "by gzip", "\"00aa-gzip\""),
        ("identity", None, "the script as it is", "\"00aa\""),
    ] {
        let (status, headers, said) = get_of(path, &[("accept-encoding", accepted)]).await;
        assert_eq!((status, said.as_slice()), (StatusCode::OK, body.as_bytes()));
        let told = headers
            .get("content-encoding")
            .map(|value| value.to_str().expect("visible"));
        assert_eq!(told, encoding);
        assert_eq!(says(&headers, "etag"), tag);
        assert_eq!(says(&headers, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(says(&headers, "vary"), "accept-encoding");
        assert_eq!(says(&headers, "content-type"), "text/javascript; charset=utf-8");
    }
}

#[tokio::test]
async fn who_has_it_already_is_told_so() {
    for known in ["\"00cc\"", "W/\"00cc\"", "\"other\", \"00cc\"", "*"] {
        let (status, headers, body) = get_of("/", &[("if-none-match", known)]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(says(&headers, "etag"), "\"00cc\"");
        assert_eq!(says(&headers, "cache-control"), "no-cache");
    }
    // Other bytes: another tag.
    let asked = [("if-none-match", "\"00aa\""), ("accept-encoding", "br")];
    assert_eq!(get_of("/assets/app-1a2b.js", &asked).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_pages_own_ways_are_its_first_file_for_people_alone() {
    for path in [
        "/",
        "/room/11111111-1111-4111-8111-111111111111",
        "/log",
        "/admin",
        "/join/x/y",
    ] {
        let (status, headers, body) = get_of(path, &[HTML]).await;
        assert_eq!(
            (status, body.as_slice()),
            (StatusCode::OK, b"<!doctype html>".as_slice()),
            "{path}"
        );
        let policy = says(&headers, "content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(says(&headers, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(says(&headers, "referrer-policy"), "no-referrer");
        assert!(says(&headers, "permissions-policy").contains("camera=()"));
    }
    assert_eq!(get_of("/icon.svg", &[]).await.2, b"<svg/>");
    assert_eq!(get_of("/v1/me", &[HTML]).await.2, b"you");
    for (path, headers) in [
        ("/log", [("accept", "*/*")]),
        ("/log", [("accept", "application/json")]),
        ("/v1/nothing", [HTML]),
        ("/assets/nothing.js", [HTML]),
        ("/assets/../index.html", [HTML]),
        ("/nothing.js", [HTML]),
    ] {
        assert_eq!(
            get_of(path, &headers).await.0,
            StatusCode::NOT_FOUND,
            "{path} {headers:?}"
        );
    }
    assert_eq!(
        asked(Page::of(&FILES), "POST", "/log", &[HTML]).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn head_tells_all_but_the_body() {
    let (status, headers, body) = asked(Page::of(&FILES), "HEAD", "/", &[]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(says(&headers, "content-length"), "15");
    assert_eq!(says(&headers, "etag"), "\"00cc\"");
}

#[tokio::test]
async fn without_a_page_people_are_told_how_to_get_one() {
    let (status, headers, body) = asked(Page::of(&[]), "GET", "/", &[HTML]).await;
    let said = String::from_utf8(body).expect("text");
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(says(&headers, "content-type"), "text/plain; charset=utf-8");
    assert!(said.contains("make web") && said.contains("/docs"), "{said}");
}
