//! What a page asks before anybody has signed in, and what it is told of who has.

use crate::admin::admin;
use crate::support::Server;
use crate::support::both::Site;
use crate::support::contract::Contract;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn about(server: &Server) -> Value {
    let contract = Contract::of(server).await;
    let answer = contract.ask(server, Method::GET, "/v1/about", None, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

#[tokio::test]
async fn anybody_is_told_how_to_come_in() {
    let server = Server::embedded().await;
    let said = about(&server).await;
    assert_eq!(
        (&said["name"], &said["registration"], &said["guests"]),
        (&json!("Roomlog"), &json!(true), &json!(true))
    );
    assert_eq!(
        (&said["version"], &said["jaeger_url"]),
        (&json!(env!("CARGO_PKG_VERSION")), &Value::Null)
    );
    let password = json!({ "least": 8, "most": 256 });
    assert_eq!(said["password"], password);
}

#[tokio::test]
async fn settings_say_who_may_come_in() {
    let settings = [
        ("ROOMLOG_PAGE__NAME", "The tea room"),
        ("ROOMLOG_PEOPLE__REGISTRATION", "false"),
        ("ROOMLOG_PEOPLE__GUESTS", "never"),
        ("ROOMLOG_TELEMETRY__JAEGER_URL", "http://traces.example/"),
    ];
    let mut site = Site::embedded(&settings).await;
    let root = admin(&mut site, "root").await;
    let server = site.edge();
    let said = about(server).await;
    assert_eq!(
        (&said["name"], &said["jaeger_url"]),
        (&json!("The tea room"), &json!("http://traces.example"))
    );
    assert_eq!((&said["registration"], &said["guests"]), (&json!(false), &json!(false)));
    let ann = json!({ "username": "ann", "password": "correct horse battery" });
    let refused = server.post("/v1/auth/register", None, ann).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["name"], "forbidden");
    assert_eq!(server.told(&root, "/v1/me").await["admin"], true);
}

#[tokio::test]
async fn nobody_is_an_admin_by_coming_in() {
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let contract = Contract::of(&server).await;
    let me = contract
        .ask(&server, Method::GET, "/v1/me", Some(&ann.token), None)
        .await;
    assert_eq!((&me.body["id"], &me.body["admin"]), (&json!(ann.id), &json!(false)));
}
