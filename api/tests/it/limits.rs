//! How often one may ask: by address, by person, by room, by either door.

use crate::support::both::{Site, both};
use crate::support::wire::{Wire, request, request_with};
use crate::support::{Server, cid};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// Through a proxy that is trusted, from an address.
async fn from(server: &Server, address: &str, path: &str) -> Response {
    let request = server
        .http
        .get(format!("{}{path}", server.url))
        .header("x-forwarded-for", address);
    request.send().await.expect("an answer")
}

async fn told_when_to_come_back(answer: Response) -> u64 {
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(
        (&problem["name"], &problem["code"]),
        (&json!("rate_limited"), &json!(300))
    );
    assert_eq!(
        (&problem["retryable"], &problem["outcome"]),
        (&json!(true), &json!("none"))
    );
    let millis = problem["retry_after_ms"].as_u64().expect("a time");
    assert_eq!(seconds, millis.div_ceil(1_000));
    millis
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_too_often_is_refused_and_no_other() {
    let server = Server::embedded_with(&[
        ("ROOMLOG_HTTP__TRUSTED_PROXIES", "127.0.0.1/32"),
        ("ROOMLOG_LIMITS__ADDRESS_PER_SECOND", "1"),
        ("ROOMLOG_LIMITS__ADDRESS_BURST", "3"),
    ])
    .await;
    for _ in 0..3 {
        assert_eq!(
            from(&server, "192.0.2.1", "/v1/me").await.status(),
            StatusCode::UNAUTHORIZED
        );
    }
    told_when_to_come_back(from(&server, "192.0.2.1", "/v1/me").await).await;
    assert_eq!(
        from(&server, "192.0.2.2", "/v1/me").await.status(),
        StatusCode::UNAUTHORIZED
    );
    // What the client itself claims stands before what the proxy has seen, and does not count.
    told_when_to_come_back(from(&server, "192.0.2.77, 192.0.2.1", "/v1/me").await).await;
    // Those who watch over it are never refused.
    for _ in 0..9 {
        assert_eq!(from(&server, "192.0.2.1", "/livez").await.status(), StatusCode::OK);
    }
    let handshake = request_with(&server, "x-forwarded-for", "192.0.2.1");
    let refused = Wire::connect(&server, handshake).await.err().expect("refused");
    let tokio_tungstenite::tungstenite::Error::Http(answer) = *refused else {
        panic!("{refused:?}")
    };
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hides_behind_a_header_of_their_own() {
    let server = Server::embedded_with(&[
        ("ROOMLOG_LIMITS__ADDRESS_PER_SECOND", "1"),
        ("ROOMLOG_LIMITS__ADDRESS_BURST", "3"),
    ])
    .await;
    let mut refused = 0;
    for number in 0..6 {
        let answer = from(&server, &format!("192.0.2.{number}"), "/v1/me").await;
        refused += u32::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 1, "six requests of one address passed a burst of three");
}

mod by_room {
    use super::*;
    both!(with [("ROOMLOG_LIMITS__ROOM_PER_SECOND", "1"), ("ROOMLOG_LIMITS__ROOM_BURST", "5")] => a_room_is_written_so_often_and_no_more);
}

async fn a_room_is_written_so_often_and_no_more(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let room = server.room(&ann, "open").await;
    let path = format!("/v1/rooms/{room}/messages");
    let send = async |who, cid: &str| {
        let body = json!({ "text": "hello", "cid": cid });
        server.post(&path, Some(who), body).await
    };
    // What is refused for another reason costs the room nothing.
    let nonsense = json!({ "text": "" });
    for _ in 0..10 {
        let answer = server.post(&path, Some(&ben.token), nonsense.clone()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
    let mut passed = 0;
    let (limited, millis) = loop {
        let cid = cid();
        let answer = send(&ben.token, &cid).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            break (cid, told_when_to_come_back(answer).await);
        }
        assert_eq!(answer.status(), StatusCode::OK);
        passed += 1;
        assert!(passed < 200, "the room takes everything");
    };
    assert!(passed >= 3, "the burst is five, and one made the room: {passed}");
    assert_eq!(send(&ann.token, &cid()).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let other = server.room(&ben, "open").await;
    server
        .done(&ben, &format!("/v1/rooms/{other}/messages"), json!({ "text": "here" }))
        .await;
    tokio::time::sleep(Duration::from_millis(millis)).await;
    let answer: Value = crate::support::eventually("it is let through", async || {
        let answer = send(&ben.token, &limited).await;
        match answer.status() {
            StatusCode::OK => Ok(answer.json().await.expect("JSON")),
            status => Err(status.to_string()),
        }
    })
    .await;
    assert_eq!(answer["duplicate"], false, "what was refused had not been written");
}

mod by_person {
    use super::*;
    both!(with [
        ("ROOMLOG_LIMITS__PERSON_PER_SECOND", "1"),
        ("ROOMLOG_LIMITS__PERSON_BURST", "10"),
        ("ROOMLOG_LIMITS__REFUSALS_BEFORE_CLOSE", "20"),
    ] => a_person_asks_so_often_by_both_doors_together);
}

async fn a_person_asks_so_often_by_both_doors_together(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let mut wire = Wire::open(server, &ann).await;
    let limited = loop {
        if let Err(error) = wire.ask("ping", json!({})).await {
            break error;
        }
    };
    assert_eq!(
        (&limited["name"], &limited["retryable"]),
        (&json!("rate_limited"), &json!(true))
    );
    assert!(limited["retry_after_ms"].as_u64().is_some_and(|millis| millis >= 1));
    // One more may pass meanwhile, not many.
    let refused = loop {
        let answer = server.get("/v1/me", Some(&ann.token)).await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
    };
    told_when_to_come_back(refused).await;
    assert_eq!(server.get("/v1/me", Some(&ben.token)).await.status(), StatusCode::OK);
    // Whoever goes on all the same, with sense or without, is sent away, to come back later.
    for _ in 0..30 {
        wire.give("ping", json!({})).await;
        wire.give("nonsense", json!({})).await;
    }
    let bye = wire.bye().await;
    assert_eq!((&bye["code"], &bye["resume"]), (&json!(4102), &json!(true)));
    assert!(bye["retry_after_ms"].as_u64().is_some_and(|millis| millis > 0));
    Wire::connect(server, request(server))
        .await
        .expect("the address may come back");
}
