//! What admins see and do of rooms.

use super::admin;
use crate::support::both::{Site, both};
use crate::support::contract::{Answer, Contract};
use crate::support::{Person, Wire, cid, eventually, so};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(
    an_admin_sees_every_room_and_nothing_that_is_said_there,
    an_admin_deletes_a_room_of_whatever_kind,
);

/// An admin, and rooms that are none of theirs.
struct Scene<'a> {
    site: &'a Site,
    contract: Contract,
    root: Person,
    ann: Person,
    ben: Person,
    hidden: String,
    direct: String,
    public: String,
}

impl<'a> Scene<'a> {
    async fn set(site: &'a mut Site) -> Self {
        let root = admin(site, "root").await;
        let edge = site.edge();
        let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
        let hidden = edge.room(&ann, "private").await;
        let said = format!("/v1/rooms/{hidden}/messages");
        edge.done(&ann, &said, json!({ "text": "a secret" })).await;
        let direct = format!("/v1/direct/{}", ben.username);
        let direct = edge.done(&ann, &direct, json!({})).await;
        Self {
            contract: Contract::of(edge).await,
            direct: direct["id"].as_str().unwrap().to_owned(),
            public: edge.room(&ann, "public").await,
            site,
            root,
            ann,
            ben,
            hidden,
        }
    }

    async fn ask(&self, who: Option<&Person>, method: Method, path: &str) -> Answer {
        let token = who.map(|who| who.token.as_str());
        self.contract.ask(self.site.edge(), method, path, token, None).await
    }

    async fn see(&self, path: &str) -> Answer {
        self.ask(Some(&self.root), Method::GET, path).await
    }

    async fn delete(&self, room: &str) -> Answer {
        self.ask(Some(&self.root), Method::DELETE, &of(room)).await
    }

    /// Every room there is, page by page.
    async fn listed(&self) -> Vec<Value> {
        let (mut rooms, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.see(&format!("/v1/admin/rooms?limit=2{after}")).await.body;
            rooms.extend(page["rooms"].as_array().unwrap().iter().cloned());
            match page["after"].as_str() {
                Some(id) => after = format!("&after={id}"),
                None => return rooms,
            }
        }
    }

    /// Nobody can do anything with the room any more, on whatever edge.
    async fn is_gone(&self, room: &str) {
        for server in [self.site.edge(), self.site.other()] {
            let (path, token) = (format!("/v1/rooms/{room}"), Some(self.ann.token.as_str()));
            let send = json!({ "text": "still here?" });
            let answer = server.post(&format!("{path}/messages"), token, send).await;
            assert_eq!(answer.status(), StatusCode::GONE);
            assert_eq!(server.get(&path, token).await.status(), StatusCode::GONE);
        }
    }
}

fn of(room: &str) -> String {
    format!("/v1/admin/rooms/{room}")
}

async fn an_admin_sees_every_room_and_nothing_that_is_said_there(mut site: Site) {
    let scene = Scene::set(&mut site).await;
    for (method, path) in [
        (Method::GET, "/v1/admin/rooms".to_owned()),
        (Method::GET, of(&scene.hidden)),
        (Method::DELETE, of(&scene.hidden)),
    ] {
        assert_eq!(scene.ask(None, method.clone(), &path).await.name(), "unauthenticated");
        let owner = scene.ask(Some(&scene.ann), method, &path).await;
        assert_eq!(owner.name(), "forbidden", "also for its owner");
    }
    let all = [&scene.hidden, &scene.direct, &scene.public];
    let listed = eventually("every room is listed", async || {
        let rooms = scene.listed().await;
        let missing = all.iter().find(|id| !rooms.iter().any(|room| room["id"] == ***id));
        so(missing.is_none(), missing).map(|()| rooms)
    })
    .await;
    assert!(listed.iter().all(|room| room["deleted"] == false), "{listed:?}");
    let seen = scene.see(&of(&scene.hidden)).await.body;
    assert_eq!(
        (&seen["kind"], &seen["owner"], &seen["members"]),
        (&json!("private"), &json!(scene.ann.id), &json!(1))
    );
    let said = format!("/v1/rooms/{}/messages", scene.hidden);
    assert_eq!(scene.see(&said).await.name(), "not_found");
}

async fn an_admin_deletes_a_room_of_whatever_kind(mut site: Site) {
    let scene = Scene::set(&mut site).await;
    let (edge, other) = (scene.site.edge(), scene.site.other());
    let eve = edge.register("eve").await;
    assert_eq!(scene.delete(&cid()).await.name(), "not_found");
    let general = "a97685bd-efe0-5571-84e1-aa9bd8918750";
    assert_eq!(scene.delete(general).await.name(), "forbidden");
    for room in [&scene.hidden, &scene.direct, &scene.public] {
        let mut wire = Wire::open(other, &scene.ann).await;
        let subscribe = json!({ "room": room });
        wire.ask("subscribe", subscribe.clone()).await.expect("it is theirs");
        for _ in 0..2 {
            assert_eq!(scene.delete(room).await.status, StatusCode::NO_CONTENT);
        }
        let gone = wire.push("gone").await;
        assert_eq!((&gone["room"], &gone["reason"]), (&json!(room), &json!("room_deleted")));
        scene.is_gone(room).await;
        let refused = wire.ask("subscribe", subscribe).await.expect_err("gone");
        assert_eq!(refused["name"], "room_deleted");
    }
    let stranger = scene
        .ask(Some(&eve), Method::GET, &format!("/v1/rooms/{}", scene.hidden))
        .await;
    assert_eq!(
        stranger.name(),
        "not_found",
        "who may not know of it does not learn of its end"
    );
    let direct = format!("/v1/direct/{}", scene.ben.username);
    let again = edge.post(&direct, Some(&scene.ann.token), json!({})).await;
    assert_eq!(again.status(), StatusCode::GONE);
    assert_eq!(edge.told(&scene.ann, "/v1/rooms").await["rooms"], json!([]));
    let found = edge.told(&eve, "/v1/rooms/discover?prefix=a%20room").await;
    assert_eq!(found["rooms"], json!([]));
    assert_eq!(scene.see(&of(&scene.hidden)).await.body["deleted"], true);
    let acts = scene.see("/v1/admin/audit").await.body;
    let acts = acts["acts"].as_array().unwrap().iter();
    let deleted = acts.filter(|act| act["action"] == "room.delete");
    let deleted: Vec<&Value> = deleted.map(|act| &act["target_id"]).collect();
    let expected = [&scene.public, &scene.direct, &scene.hidden].map(|room| json!(room));
    assert!(
        deleted.iter().copied().eq(&expected),
        "each once, the latest first: {deleted:?}"
    );
}
