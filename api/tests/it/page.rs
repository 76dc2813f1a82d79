//! The page as the binary serves it: what stands in `web/dist`, byte for byte, or, where that was not built, what to do.

use crate::support::Server;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

async fn asked(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.http.get(format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// What was packed, unpacked.
fn unpacked(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        "br" => brotli::Decompressor::new(body, 4_096).read_to_end(&mut plain),
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain),
        _ => {
            plain.extend_from_slice(body);
            Ok(0)
        }
    }
    .unwrap();
    plain
}

#[tokio::test]
async fn what_was_built_is_served_and_nothing_else() {
    let server = Server::embedded().await;
    if !dist().join("index.html").is_file() {
        return it_says_that_it_was_not_built(&server).await;
    }
    let mut built = Vec::new();
    files(&dist(), &mut built);
    for file in &built {
        let path = format!("/{}", file.strip_prefix(dist()).unwrap().display());
        let bytes = fs::read(file).unwrap();
        for accepted in ["br", "gzip", "identity"] {
            let answer = asked(&server, &path, &[("accept-encoding", accepted)]).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let encoding = header(&answer, "content-encoding").to_owned();
            assert!(encoding.is_empty() || encoding == accepted, "{path}: {encoding}");
            assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
            let kept = header(&answer, "cache-control").to_owned();
            assert_eq!(
                kept.contains("immutable"),
                path.starts_with("/assets/"),
                "{path}: {kept}"
            );
            let tag = header(&answer, "etag").to_owned();
            let body = answer.bytes().await.unwrap();
            assert!(body.len() <= bytes.len(), "{path}: {accepted} is larger");
            assert!(
                unpacked(&encoding, &body) == bytes,
                "{path}: {accepted} is something else"
            );
            let again = [("accept-encoding", accepted), ("if-none-match", tag.as_str())];
            assert_eq!(
                asked(&server, &path, &again).await.status(),
                StatusCode::NOT_MODIFIED,
                "{path}"
            );
        }
    }
    let index = fs::read_to_string(dist().join("index.html")).unwrap();
    keeps_to_its_policy(&index);
    for path in [
        "/",
        "/room/11111111-1111-4111-8111-111111111111",
        "/log",
        "/admin",
        "/join/tea",
    ] {
        let answer = asked(&server, path, &[("accept", HTML)]).await;
        assert_eq!(header(&answer, "cache-control"), "no-cache");
        let policy = header(&answer, "content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert_eq!(answer.text().await.unwrap(), index, "{path}");
    }
    let head = server.http.head(format!("{}/", server.url)).send().await.unwrap();
    let length: usize = header(&head, "content-length").parse().unwrap();
    assert_eq!((head.status(), length), (StatusCode::OK, index.len()));
}

/// Nothing that the policy would keep from working: no code or style in it, nothing of another host.
fn keeps_to_its_policy(index: &str) {
    assert!(!index.contains("<style") && !index.contains(" style="), "{index}");
    assert!(!index.contains("://"), "{index}");
    for script in index.split("<script").skip(1) {
        let (attributes, rest) = script.split_once('>').unwrap();
        assert!(attributes.contains("src="), "{index}");
        assert!(rest.trim_start().starts_with("</script>"), "{index}");
    }
}

async fn it_says_that_it_was_not_built(server: &Server) {
    let answer = asked(server, "/", &[("accept", HTML)]).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&answer, "content-type"), "text/plain; charset=utf-8");
    assert!(answer.text().await.unwrap().contains("`make web`"));
    server.says(&["no page: it was built without one"]).await;
}

#[tokio::test]
async fn what_is_not_the_pages_is_answered_as_ever() {
    let server = Server::embedded().await;
    for (path, accepted) in [
        ("/v1/nothing", HTML),
        ("/assets/nothing.js", HTML),
        ("/log", "application/json"),
        ("/log", "*/*"),
    ] {
        is_unknown(asked(&server, path, &[("accept", accepted)]).await, path).await;
    }
    assert_eq!(
        asked(&server, "/livez", &[("accept", HTML)])
            .await
            .text()
            .await
            .unwrap(),
        "alive\n"
    );
    let docs = asked(&server, "/docs/", &[("accept", HTML)])
        .await
        .text()
        .await
        .unwrap();
    assert!(docs.contains("swagger"), "{docs}");
    let answer = server.http.post(format!("{}/", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_page_can_be_switched_off() {
    let server = Server::embedded_with(&[("ROOMLOG_PAGE__ENABLED", "false")]).await;
    for path in ["/", "/log", "/index.html"] {
        is_unknown(asked(&server, path, &[("accept", HTML)]).await, path).await;
    }
    server.says(&["no page: page.enabled is false"]).await;
}

async fn is_unknown(answer: Response, path: &str) {
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["name"], "unknown_command", "{path}");
}
