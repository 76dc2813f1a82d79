//! Finding somebody by their username, over both ways to run.

use crate::admin::admin;
use crate::support::both::{Site, both};
use crate::support::contract::{Answer, Contract};
use crate::support::{Person, Server};
use reqwest::{Method, StatusCode};
use serde_json::json;

both!(who_has_a_username_is_told_to_who_is_signed_in);

const PASSWORD: &str = "correct horse battery";

async fn find(contract: &Contract, edge: &Server, who: &Person, username: &str) -> Answer {
    let path = format!("/v1/people/{username}");
    contract.ask(edge, Method::GET, &path, Some(&who.token), None).await
}

async fn who_has_a_username_is_told_to_who_is_signed_in(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
    let shown = json!({ "id": ben.id, "username": ben.username, "display_name": "ben" });
    for server in [edge, site.other()] {
        let found = find(&contract, server, &ann, &ben.username).await;
        assert_eq!((found.status, &found.body), (StatusCode::OK, &shown));
    }
    let wide: String = ben.username.replacen('b', "%EF%BD%82", 1);
    assert_eq!(
        find(&contract, edge, &ann, &wide).await.body,
        shown,
        "letters in another guise"
    );
    assert_eq!(
        find(&contract, edge, &ben, &ben.username).await.body,
        shown,
        "oneself too"
    );
    let mine = edge.told(&ann, "/v1/rooms").await;
    assert_eq!(mine["rooms"], json!([]), "looking begins no room");

    let path = format!("/v1/people/{}", ben.username);
    let nobody = contract.ask(edge, Method::GET, &path, None, None).await;
    assert_eq!(nobody.name(), "unauthenticated");
    let beginning = &ben.username[..ben.username.len() - 1];
    let upper = ben.username.to_uppercase();
    for name in [
        "nobody-at-all",
        beginning,
        &upper,
        "%25",
        "a%2Fb",
        "%00",
        &"a".repeat(300),
        &ben.id,
    ] {
        assert_eq!(find(&contract, edge, &ann, name).await.name(), "not_found", "{name}");
    }
    who_can_not_come_is_not_found(&contract, edge, &root, [&ann, &ben]).await;
}

async fn who_can_not_come_is_not_found(contract: &Contract, edge: &Server, root: &Person, [ann, ben]: [&Person; 2]) {
    for (act, found) in [("disable", "not_found"), ("enable", "ok")] {
        let path = format!("/v1/admin/users/{}/{act}", ben.id);
        let done = contract.ask(edge, Method::POST, &path, Some(&root.token), None).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT);
        assert_eq!(find(contract, edge, ann, &ben.username).await.name(), found, "{act}");
    }
    // What an edge hears of its own doings, late as it comes, does not undo what was done since.
    for round in 0..10 {
        for act in ["disable", "enable"] {
            let path = format!("/v1/admin/users/{}/{act}", ben.id);
            let done = contract.ask(edge, Method::POST, &path, Some(&root.token), None).await;
            assert_eq!(done.status, StatusCode::NO_CONTENT);
        }
        let me = contract.ask(edge, Method::GET, "/v1/me", Some(&ben.token), None).await;
        assert_eq!(me.name(), "ok", "round {round}");
    }
    let goodbye = json!({ "password": PASSWORD });
    let gone = contract
        .ask(edge, Method::DELETE, "/v1/me", Some(&ben.token), Some(&goodbye))
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        find(contract, edge, ann, &ben.username).await.name(),
        "not_found",
        "deleted"
    );
}
