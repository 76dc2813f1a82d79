//! Whoever tries passwords, or comes in anew, too often.

use super::{OTHER, PASSWORD};
use crate::support::Server;
use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(with STRICT => whoever_guesses_is_told_when_to_come_back);

const STRICT: [(&str, &str); 5] = [
    ("ROOMLOG_PEOPLE__ATTEMPTS__ACCOUNT_BURST", "3"),
    ("ROOMLOG_PEOPLE__ATTEMPTS__ACCOUNT_INTERVAL_MS", "600000"),
    ("ROOMLOG_PEOPLE__ATTEMPTS__NEWCOMER_BURST", "2"),
    ("ROOMLOG_PEOPLE__ATTEMPTS__NEWCOMER_INTERVAL_MS", "600000"),
    ("ROOMLOG_HTTP__TRUSTED_PROXIES", "127.0.0.1/32"),
];

/// Asks through a trusted proxy, from an address.
async fn from(server: &Server, address: &str, path: &str, body: &Value) -> reqwest::Response {
    let request = server
        .http
        .post(format!("{}{path}", server.url))
        .header("x-forwarded-for", address);
    request.json(body).send().await.expect("an answer")
}

async fn whoever_guesses_is_told_when_to_come_back(site: Site) {
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let ann = json!({ "username": "ann-who-is-guessed", "password": PASSWORD });
    assert_eq!(
        from(edge, "192.0.2.1", "/v1/auth/register", &ann).await.status(),
        StatusCode::CREATED
    );
    for (username, address) in [("ann-who-is-guessed", "192.0.2.2"), ("nobody-at-all", "192.0.2.3")] {
        let guess = json!({ "username": username, "password": OTHER });
        for _ in 0..3 {
            let answer = from(edge, address, "/v1/auth/login", &guess).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        }
        // From anywhere, and with the right password too.
        let right = json!({ "username": username, "password": PASSWORD });
        let answer = from(edge, "192.0.2.9", "/v1/auth/login", &right).await;
        assert!(answer.headers().contains_key("retry-after"));
        let answer = contract.check(&Method::POST, "/v1/auth/login", answer).await;
        assert_eq!(answer.name(), "rate_limited");
        assert!(
            answer.body["retry_after_ms"]
                .as_u64()
                .is_some_and(|wait| wait <= 600_000),
            "{}",
            answer.body
        );
    }
    let guest = json!({ "display_name": "Guest" });
    assert_eq!(
        from(edge, "192.0.2.1", "/v1/auth/guest", &guest).await.status(),
        StatusCode::CREATED
    );
    for (path, body) in [("/v1/auth/guest", &guest), ("/v1/auth/register", &ann)] {
        let answer = from(edge, "192.0.2.1", path, body).await;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    assert_eq!(
        from(edge, "192.0.2.4", "/v1/auth/guest", &guest).await.status(),
        StatusCode::CREATED
    );
}
