//! Logins and what hangs on them, over both ways to run: what ends on one edge ends on every other within seconds.

use crate::accounts::{again, is_refused};
use crate::support::both::{Site, both};
use crate::support::cluster::Cluster;
use crate::support::contract::Contract;
use crate::support::{Person, Server, Wire};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};

both!(
    logins_are_listed_and_ended_one_by_one_or_all,
    who_logs_out_is_out_on_every_edge,
    a_stolen_refresh_token_ends_the_sessions_too,
);

async fn sessions(contract: &Contract, server: &Server, who: &Person) -> Vec<Value> {
    let answer = contract
        .ask(server, Method::GET, "/v1/me/sessions", Some(&who.token), None)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body["sessions"].as_array().expect("a list").clone()
}

fn current(sessions: &[Value]) -> String {
    let mut current = sessions.iter().filter(|session| session["current"] == true);
    let id = current.next().expect("one is current")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert!(current.next().is_none(), "and one alone");
    id
}

fn are_described(listed: &[Value]) {
    for session in listed {
        assert_eq!(session["address"], "127.0.0.1", "{session}");
        assert!(
            session["created_at"].as_u64() <= session["used_at"].as_u64(),
            "{session}"
        );
        assert!(
            session["used_at"].as_u64() < session["expires_at"].as_u64(),
            "{session}"
        );
    }
}

async fn logins_are_listed_and_ended_one_by_one_or_all(site: Site) {
    let (edge, other) = (site.edge(), site.other());
    let contract = Contract::of(edge).await;
    let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
    let body = json!({ "username": ann.username, "password": "correct horse battery" });
    let phone = other
        .http
        .post(format!("{}/v1/auth/login", other.url))
        .header("user-agent", "a phone");
    let phone: Value = phone
        .json(&body)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let phone = Person {
        token: phone["access_token"].as_str().expect("a token").to_owned(),
        ..ann.clone()
    };
    let third = again(other, &ann).await;

    let listed = sessions(&contract, edge, &ann).await;
    assert_eq!(listed.len(), 3, "{listed:?}");
    let agents: Vec<_> = listed
        .iter()
        .filter_map(|session| session["user_agent"].as_str())
        .collect();
    assert_eq!(agents, ["a phone"]);
    are_described(&listed);
    let ids = (
        current(&listed),
        current(&sessions(&contract, edge, &phone).await),
        current(&sessions(&contract, other, &ben).await),
    );
    let end = async |who: &Person, session: &str| {
        let path = format!("/v1/me/sessions/{session}");
        contract
            .ask(edge, Method::DELETE, &path, Some(&who.token), None)
            .await
            .status
    };
    let (mut on_phone, mut on_third) = (Wire::open(other, &phone).await, Wire::open(other, &third).await);
    assert_eq!(end(&ann, &ids.2).await, StatusCode::NOT_FOUND, "somebody else's");
    assert_eq!(end(&ann, "nonsense").await, StatusCode::NOT_FOUND);
    assert_eq!(end(&ann, &ids.1).await, StatusCode::NO_CONTENT);
    assert_eq!(end(&ann, &ids.1).await, StatusCode::NOT_FOUND, "it has ended");
    assert_eq!(on_phone.bye().await["code"], 4002);
    for server in [edge, other] {
        is_refused(server, &phone, StatusCode::UNAUTHORIZED).await;
    }
    on_third.ask("ping", json!({})).await.expect("it goes on");

    let mut of_ben = Wire::open(other, &ben).await;
    let all = contract
        .ask(edge, Method::DELETE, "/v1/me/sessions", Some(&ann.token), None)
        .await;
    assert_eq!(all.status, StatusCode::NO_CONTENT);
    assert_eq!(on_third.bye().await["code"], 4002);
    is_refused(other, &third, StatusCode::UNAUTHORIZED).await;
    let left = sessions(&contract, other, &ann).await;
    assert_eq!((left.len(), current(&left)), (1, ids.0.clone()));
    of_ben.ask("ping", json!({})).await.expect("another's goes on");
    // One's own may be ended like any other.
    assert_eq!(end(&ann, &ids.0).await, StatusCode::NO_CONTENT);
    is_refused(edge, &ann, StatusCode::UNAUTHORIZED).await;
    strangers_are_refused(&contract, edge).await;
}

async fn strangers_are_refused(contract: &Contract, edge: &Server) {
    for (method, path) in [
        (Method::GET, "/v1/me/sessions"),
        (Method::DELETE, "/v1/me/sessions"),
        (Method::DELETE, "/v1/me/sessions/0e3f2ba5-6d3f-4e3b-8e39-0a2e6f1c8a11"),
    ] {
        let answer = contract.ask(edge, method, path, None, None).await;
        assert_eq!(answer.name(), "unauthenticated");
    }
}

async fn who_logs_out_is_out_on_every_edge(site: Site) {
    let (edge, other) = (site.edge(), site.other());
    let ann = edge.register("ann").await;
    let second = again(edge, &ann).await;
    let (mut here, mut there) = (Wire::open(edge, &ann).await, Wire::open(other, &ann).await);
    let mut on = Wire::open(other, &second).await;
    let out = edge.post("/v1/auth/logout", Some(&ann.token), json!({})).await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    for wire in [&mut here, &mut there] {
        let bye = wire.bye().await;
        assert_eq!((&bye["code"], &bye["resume"]), (&json!(4002), &json!(false)), "{bye}");
    }
    for server in [edge, other] {
        is_refused(server, &ann, StatusCode::UNAUTHORIZED).await;
        server.told(&second, "/v1/me").await;
    }
    on.ask("ping", json!({})).await.expect("the other device stays");
}

async fn a_stolen_refresh_token_ends_the_sessions_too(site: Site) {
    let (edge, other) = (site.edge(), site.other());
    let ann = edge.register("ann").await;
    let mut wire = Wire::open(other, &ann).await;
    let login = crate::support::server::text(&edge.told(&ann, "/v1/me/sessions").await["sessions"][0]["id"]);
    let refresh = async |token: &str| {
        let answer = edge
            .post("/v1/auth/refresh", None, json!({ "refresh_token": token }))
            .await;
        let status = answer.status();
        (status, answer.json::<Value>().await.expect("JSON"))
    };
    // Whoever knows the login's id alone ends nothing.
    let made_up = format!("{login}.{}", "0".repeat(64));
    assert_eq!(refresh(&made_up).await.0, StatusCode::UNAUTHORIZED);
    let (status, second) = refresh(&ann.refresh_token).await;
    assert_eq!(status, StatusCode::OK, "it goes on");
    let (status, _) = refresh(second["refresh_token"].as_str().expect("a token")).await;
    assert_eq!(status, StatusCode::OK);
    wire.ask("ping", json!({})).await.expect("it goes on");
    // The first of three is no tab that was a little late.
    assert_eq!(refresh(&ann.refresh_token).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(wire.bye().await["code"], 4002);
    is_refused(other, &ann, StatusCode::UNAUTHORIZED).await;
}

/// No signal tells of it, as when the log was away: the edges find it in people's store.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_signal_told_is_found_in_the_store() {
    let cluster = Cluster::new().await.with("ROOMLOG_PEOPLE__ENDED_REFRESH_MS", "200");
    let edge = cluster.edge().await;
    let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
    let (mut of_ann, mut of_ben) = (Wire::open(&edge, &ann).await, Wire::open(&edge, &ben).await);
    let mut people = sqlx::PgConnection::connect(cluster.setting("ROOMLOG_POSTGRES__URL"))
        .await
        .expect("PostgreSQL");
    let now = "(EXTRACT(EPOCH FROM now()) * 1000)::bigint";
    for change in [
        format!(
            "UPDATE people.logins SET revoked = true, ended_at = {now} WHERE user_id = '{}'",
            ann.id
        ),
        format!(
            "UPDATE people.users SET disabled = true, disabled_at = {now} WHERE user_id = '{}'",
            ben.id
        ),
    ] {
        people.execute(change.as_str()).await.expect("changed");
    }
    assert_eq!(of_ann.bye().await["code"], 4002);
    assert_eq!(of_ben.bye().await["code"], 4003);
    is_refused(&edge, &ann, StatusCode::UNAUTHORIZED).await;
    is_refused(&edge, &ben, StatusCode::FORBIDDEN).await;
}
