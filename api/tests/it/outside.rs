//! People of an outside issuer, over both ways to run: in by either door with the issuer's own tokens.

use crate::accounts::is_refused;
use crate::issuer::{Answer, Issuer, Key, keys};
use crate::support::both::Site;
use crate::support::wire::{Wire, request, request_with};
use crate::support::{Person, Server, cid};
use engine::domain::UserId;
use jsonwebtoken::Algorithm;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

/// An issuer, and the file of settings that names it.
struct Scene {
    issuer: Issuer,
    key: Key,
    file: PathBuf,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let issuer = Issuer::start("https://issuer.example").await;
        let key = Key::new("first", Algorithm::ES256, keys::p256());
        issuer.publishes(&[&key]);
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("settings.toml");
        let settings = format!(
            "[people.outside]\nretry_ms = 0\n{}",
            issuer.as_settings(r#"["ES256", "EdDSA"]"#)
        );
        std::fs::write(&file, settings).expect("written");
        Self {
            issuer,
            key,
            file,
            _folder: folder,
        }
    }

    fn words(&self) -> [&str; 2] {
        ["--config", self.file.to_str().expect("a path")]
    }

    fn claims(&self, subject: &str) -> Value {
        self.issuer.claims(subject, engine::clock::now().as_millis())
    }

    fn somebody(&self, subject: &str) -> Person {
        Person {
            id: UserId::outside(&self.issuer.name, subject).to_string(),
            username: String::new(),
            token: self.key.sign(&self.claims(subject)),
            refresh_token: String::new(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded() {
    let scene = Scene::new().await;
    let site = Site::embedded_from(&scene.words(), &[]).await;
    people_from_outside_are_people(site, scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cluster() {
    let scene = Scene::new().await;
    let site = Site::cluster_from(&scene.words(), &[]).await;
    people_from_outside_are_people(site, scene).await;
}

/// The close code of a session that begins with this token in its first frame.
async fn refused_code(server: &Server, token: &str) -> Value {
    let mut wire = Wire::connect(server, request(server)).await.expect("connected");
    let refused = wire.ask("auth", json!({ "token": token })).await.expect_err("refused");
    assert_eq!(refused["name"], "unauthenticated");
    wire.bye().await["code"].clone()
}

async fn people_from_outside_are_people(mut site: Site, scene: Scene) {
    let ann = scene.somebody("ann");
    for edge in [site.edge(), site.other()] {
        let me = edge.told(&ann, "/v1/me").await;
        assert_eq!(me, json!({ "id": ann.id, "display_name": "ann", "admin": false }));
    }
    let room = site.edge().room(&ann, "private").await;
    let mut wire = Wire::open(site.edge(), &ann).await;
    let sent = json!({ "room": room, "cid": cid(), "text": "from outside" });
    wire.ask("send", sent).await.expect("sent");
    let mut late = Wire::connect(site.other(), request(site.other()))
        .await
        .expect("connected");
    late.ask("auth", json!({ "token": ann.token }))
        .await
        .expect("by its first frame, too");
    for path in ["/v1/auth/logout", "/v1/me/password"] {
        let body = json!({ "old": "x", "new": "long enough" });
        let answer = site.edge().post(path, Some(&ann.token), body).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{path}: that is the issuer's");
    }
    let sessions = site.edge().told(&ann, "/v1/me/sessions").await;
    assert_eq!(sessions, json!({ "sessions": [] }));

    let none = "eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QifQ";
    let body = ann.token.split('.').nth(1).expect("a body").to_owned();
    let stranger = Key::new("first", Algorithm::ES256, keys::p256());
    let mut other_audience = scene.claims("ann");
    other_audience["aud"] = json!("others");
    let unknown = Key::new("unknown", Algorithm::EdDSA, keys::ed25519());
    for bad in [
        format!("{none}.{body}."),
        stranger.sign(&other_audience),
        unknown.sign(&scene.claims("ann")),
    ] {
        assert_eq!(
            site.edge().get("/v1/me", Some(&bad)).await.status(),
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(refused_code(site.other(), &bad).await, 4002);
    }
    // Another key, which the issuer publishes from now on.
    let second = Key::new("second", Algorithm::EdDSA, keys::ed25519());
    scene.issuer.publishes(&[&scene.key, &second]);
    let rotated = Person {
        token: second.sign(&scene.claims("ann")),
        ..ann.clone()
    };
    site.edge().told(&rotated, "/v1/me").await;
    // An issuer that is away locks nobody out who has a key that is known.
    scene.issuer.answers(Answer::Silence);
    site.edge().told(&ann, "/v1/me").await;

    let words = ["admin", "create", "--username", "root"];
    drop((wire, late));
    let ended = site
        .run(&words, &[("ROOMLOG_ADMIN_PASSWORD", "correct horse battery")])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.issuer.publishes(&[&scene.key, &second]);
    who_is_disabled_is_out(&site, &scene).await;
}

async fn who_is_disabled_is_out(site: &Site, scene: &Scene) {
    let ann = scene.somebody("ann");
    let login = json!({ "username": "root", "password": "correct horse battery" });
    let root: Value = site
        .edge()
        .post("/v1/auth/login", None, login)
        .await
        .json()
        .await
        .expect("JSON");
    let root = root["access_token"].as_str();
    let mut wire = Wire::open(site.other(), &ann).await;
    let disable = format!("/v1/admin/users/{}/disable", ann.id);
    let disabled = site.edge().post(&disable, root, json!({})).await;
    assert_eq!(disabled.status(), StatusCode::NO_CONTENT);
    assert_eq!(wire.bye().await["code"], 4003);
    for edge in [site.edge(), site.other()] {
        is_refused(edge, &ann, StatusCode::FORBIDDEN).await;
    }
    let bearer = format!("Bearer {}", ann.token);
    let request = request_with(site.other(), "authorization", &bearer);
    let mut refused = Wire::connect(site.other(), request).await.expect("connected");
    assert_eq!(refused.bye().await["code"], 4003);
}
