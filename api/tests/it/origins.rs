//! A cookie counts only where the page that sends it is ours or listed.

use crate::support::both::{Site, both};
use crate::support::wire::request_with;
use crate::support::{Server, Wire, cid};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

const LISTED: &str = "https://chat.example";

both!(with [("ROOMLOG_HTTP__ORIGINS", LISTED)] =>
    a_socket_with_a_cookie_must_come_from_a_known_page,
    a_write_with_a_cookie_must_come_from_a_known_page,
    listed_pages_may_read_what_others_may_not,
    a_page_lives_by_cookies_alone,
);

async fn a_socket_with_a_cookie_must_come_from_a_known_page(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let with = |origin: Option<&str>| {
        let mut request = request_with(server, "cookie", &format!("roomlog_access={}", ann.token));
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().expect("a header"));
        }
        request
    };
    for origin in [Some(server.url.as_str()), Some(LISTED)] {
        let mut wire = Wire::connect(server, with(origin)).await.expect("connected");
        assert_eq!(wire.push("hello").await["user"]["id"], ann.id.as_str());
    }
    for origin in [Some("https://evil.example"), Some("null"), None] {
        let refused = Wire::connect(server, with(origin)).await.err().expect("refused");
        let Error::Http(answer) = *refused else {
            panic!("{refused}")
        };
        assert_eq!(answer.status(), 403, "{origin:?}");
    }
}

async fn a_write_with_a_cookie_must_come_from_a_known_page(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let url = format!("{}/v1/rooms", server.url);
    let room = json!({ "name": "a room", "kind": "public" });
    let with = |headers: &[(&str, &str)]| {
        let cookie = format!("roomlog_access={}", ann.token);
        let request = server.http.post(&url).json(&room).header("cookie", cookie);
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .send()
    };
    for headers in [
        &[("origin", server.url.as_str()), ("sec-fetch-site", "same-origin")][..],
        &[("origin", LISTED), ("sec-fetch-site", "cross-site")],
        &[],
    ] {
        assert_eq!(with(headers).await.expect("an answer").status(), 201, "{headers:?}");
    }
    for headers in [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let answer = with(headers).await.expect("an answer");
        assert_eq!(answer.status(), 403, "{headers:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}

async fn listed_pages_may_read_what_others_may_not(site: Site) {
    let server = site.edge();
    let ask = |origin: &'static str| {
        server
            .http
            .get(format!("{}/v1/me", server.url))
            .header("origin", origin)
            .send()
    };
    let listed = ask(LISTED).await.expect("an answer");
    assert_eq!(listed.headers()["access-control-allow-origin"], LISTED);
    let other = ask("https://evil.example").await.expect("an answer");
    assert!(!other.headers().contains_key("access-control-allow-origin"));
}

async fn a_page_lives_by_cookies_alone(site: Site) {
    let server = site.edge();
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let post = |path: &str, origin: &str| {
        let request = browser.post(format!("{}{path}", server.url));
        request.header("origin", origin).header("sec-fetch-mode", "cors")
    };
    let ann = json!({ "username": format!("ann-{}", cid()[..8].to_owned()), "password": "correct horse battery" });
    let begun = post("/v1/auth/register", &server.url).json(&ann).send().await.unwrap();
    let begun: Value = begun.json().await.unwrap();
    let me = async || {
        browser
            .get(format!("{}/v1/me", server.url))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(me().await, 200);
    // Another page can't have it refreshed, and the browser's own script never sees the token that is good for long.
    let foreign = post("/v1/auth/refresh", "https://evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    for _ in 0..2 {
        let fresh = post("/v1/auth/refresh", &server.url).send().await.unwrap();
        assert_eq!(fresh.status(), 200);
        let cookies = fresh.headers().get_all("set-cookie").iter().count();
        let fresh: Value = fresh.json().await.unwrap();
        assert_eq!((cookies, fresh.get("refresh_token")), (2, None), "{fresh}");
        assert_eq!(fresh["user"], begun["user"]);
    }
    let room = json!({ "name": "by cookie", "kind": "public" });
    let made = post("/v1/rooms", &server.url).json(&room).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let foreign = post("/v1/auth/logout", "https://evil.example").send().await.unwrap();
    assert_eq!((foreign.status().as_u16(), me().await.as_u16()), (403, 200));
    assert_eq!(post("/v1/auth/logout", &server.url).send().await.unwrap().status(), 204);
    assert_eq!(me().await, 401);
    assert_eq!(
        post("/v1/auth/refresh", &server.url).send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn behind_tls_everything_is_for_https_alone() {
    let server = Server::embedded_with(&[("ROOMLOG_HTTP__SECURE_COOKIES", "true")]).await;
    let body = json!({ "username": "ann", "password": "correct horse battery" });
    let answer = server.post("/v1/auth/register", None, body).await;
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let cookies: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert!(
        cookies.len() == 2 && cookies.iter().all(|cookie| cookie.ends_with("; Secure")),
        "{cookies:?}"
    );
    let plain = Server::embedded().await.get("/livez", None).await;
    assert!(!plain.headers().contains_key("strict-transport-security"));
}
