//! What admins see and do of rooms.

use super::admin;
use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use crate::support::{Person, Wire, cid, eventually, so};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(an_admin_deletes_a_room_of_whatever_kind);

async fn an_admin_deletes_a_room_of_whatever_kind(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let (edge, other) = (site.edge(), site.other());
    let contract = Contract::of(edge).await;
    let (ann, ben, eve) = (
        edge.register("ann").await,
        edge.register("ben").await,
        edge.register("eve").await,
    );
    let hidden = edge.room(&ann, "private").await;
    edge.done(
        &ann,
        &format!("/v1/rooms/{hidden}/messages"),
        json!({ "text": "a secret" }),
    )
    .await;
    let direct = edge
        .done(&ann, &format!("/v1/direct/{}", ben.username), json!({}))
        .await["id"]
        .clone();
    let direct = direct.as_str().unwrap().to_owned();
    let public = edge.room(&ann, "public").await;
    let ask = async |who: Option<&Person>, method: Method, path: &str| {
        contract
            .ask(edge, method, path, who.map(|who| who.token.as_str()), None)
            .await
    };
    let of = |room: &str| format!("/v1/admin/rooms/{room}");
    for (method, path) in [
        (Method::GET, "/v1/admin/rooms".to_owned()),
        (Method::GET, of(&hidden)),
        (Method::DELETE, of(&hidden)),
    ] {
        assert_eq!(ask(None, method.clone(), &path).await.name(), "unauthenticated");
        assert_eq!(
            ask(Some(&ann), method, &path).await.name(),
            "forbidden",
            "also its owner"
        );
    }

    // A list of all of them, page by page, as history comes to know them.
    let listed = eventually("every room is listed", async || {
        let (mut rooms, mut after) = (Vec::<Value>::new(), String::new());
        loop {
            let page = ask(Some(&root), Method::GET, &format!("/v1/admin/rooms?limit=2{after}"))
                .await
                .body;
            rooms.extend(page["rooms"].as_array().unwrap().iter().cloned());
            match page["after"].as_str() {
                Some(id) => after = format!("&after={id}"),
                None => break,
            }
        }
        let missing = [&hidden, &direct, &public]
            .into_iter()
            .find(|id| !rooms.iter().any(|room| room["id"] == **id));
        so(missing.is_none(), missing).map(|()| rooms)
    })
    .await;
    assert!(listed.iter().all(|room| room["deleted"] == false), "{listed:?}");
    let seen = ask(Some(&root), Method::GET, &of(&hidden)).await.body;
    assert_eq!(
        (&seen["kind"], &seen["owner"], &seen["members"]),
        (&json!("private"), &json!(ann.id), &json!(1))
    );
    let said = format!("/v1/rooms/{hidden}/messages");
    assert_eq!(
        ask(Some(&root), Method::GET, &said).await.name(),
        "not_found",
        "what is said is not theirs to read"
    );
    assert_eq!(ask(Some(&root), Method::DELETE, &of(&cid())).await.name(), "not_found");
    let general = "a97685bd-efe0-5571-84e1-aa9bd8918750";
    assert_eq!(ask(Some(&root), Method::DELETE, &of(general)).await.name(), "forbidden");

    for room in [&hidden, &direct, &public] {
        let mut wire = Wire::open(other, &ann).await;
        wire.ask("subscribe", json!({ "room": room }))
            .await
            .expect("it is theirs");
        assert_eq!(
            ask(Some(&root), Method::DELETE, &of(room)).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            ask(Some(&root), Method::DELETE, &of(room)).await.status,
            StatusCode::NO_CONTENT,
            "so it is already"
        );
        let gone = wire.push("gone").await;
        assert_eq!((&gone["room"], &gone["reason"]), (&json!(room), &json!("room_deleted")));
        for server in [edge, other] {
            let send = json!({ "text": "still here?" });
            let answer = server
                .post(&format!("/v1/rooms/{room}/messages"), Some(&ann.token), send)
                .await;
            assert_eq!(answer.status(), StatusCode::GONE);
            let answer = server.get(&format!("/v1/rooms/{room}"), Some(&ann.token)).await;
            assert_eq!(answer.status(), StatusCode::GONE);
        }
        let refused = wire.ask("subscribe", json!({ "room": room })).await.expect_err("gone");
        assert_eq!(refused["name"], "room_deleted");
    }
    let stranger = ask(Some(&eve), Method::GET, &format!("/v1/rooms/{hidden}")).await;
    assert_eq!(
        stranger.name(),
        "not_found",
        "who may not know of it does not learn of its end"
    );
    let again = edge
        .post(&format!("/v1/direct/{}", ben.username), Some(&ann.token), json!({}))
        .await;
    assert_eq!(again.status(), StatusCode::GONE);
    let mine = edge.told(&ann, "/v1/rooms").await;
    assert_eq!(mine["rooms"], json!([]), "none of them is listed");
    let found = edge.told(&eve, "/v1/rooms/discover?prefix=a%20room").await;
    assert_eq!(found["rooms"], json!([]));
    let seen = ask(Some(&root), Method::GET, &of(&hidden)).await.body;
    assert_eq!(seen["deleted"], true);
    let acts = ask(Some(&root), Method::GET, "/v1/admin/audit").await.body;
    let acts = acts["acts"].as_array().unwrap();
    let deleted: Vec<&str> = acts
        .iter()
        .filter(|act| act["action"] == "room.delete")
        .map(|act| act["target_id"].as_str().unwrap())
        .collect();
    assert_eq!(deleted, [&public, &direct, &hidden], "each once, the latest first");
}
