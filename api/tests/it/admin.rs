//! Those who run it, over both ways to run: the first admin, and what admins do with accounts.

mod letters;
mod log;
mod rooms;
mod tail;

use crate::accounts::{is_refused, login};
use crate::support::both::{Site, both};
use crate::support::contract::{Answer, Contract};
use crate::support::server::{run_to_end, text};
use crate::support::{Person, Server, Wire, cid};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(
    the_first_admin_comes_from_the_command_line,
    admins_see_to_accounts_and_every_act_is_kept,
    the_audit_is_asked_by_who_what_and_when,
    people_are_listed_page_by_page,
);

const PASSWORD: &str = "correct horse battery";
/// Who acts on the command line.
const OPERATOR: &str = "00000000-0000-0000-0000-000000000000";

/// An admin, made as one is made.
pub(crate) async fn admin(site: &mut Site, username: &str) -> Person {
    let words = ["admin", "create", "--username", username];
    let ended = site.run(&words, &[("ROOMLOG_ADMIN_PASSWORD", PASSWORD)]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let body = json!({ "username": username, "password": PASSWORD });
    let answer: Value = site
        .edge()
        .post("/v1/auth/login", None, body)
        .await
        .json()
        .await
        .expect("JSON");
    Person {
        id: text(&answer["user"]["id"]),
        username: username.to_owned(),
        token: text(&answer["access_token"]),
        refresh_token: text(&answer["refresh_token"]),
    }
}

async fn the_first_admin_comes_from_the_command_line(mut site: Site) {
    let create = |username: &'static str| ["admin", "create", "--username", username];
    let ended = site.run(&create("root"), &[("ROOMLOG_ADMIN_PASSWORD", PASSWORD)]).await;
    assert_eq!(
        (ended.code, ended.stdout.trim()),
        (Some(0), "root is a new account, and an admin")
    );
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(PASSWORD));
    let ann = site.edge().register("ann").await;
    for (username, password, said) in [
        (ann.username.as_str(), "not the password", "this is not its password"),
        ("root", "not the password", "this is not its password"),
        ("another", "short", "password must have at least 8 characters"),
        ("No Name", PASSWORD, "username must be 3 to 32"),
    ] {
        let words = ["admin", "create", "--username", username];
        let ended = site.run(&words, &[("ROOMLOG_ADMIN_PASSWORD", password)]).await;
        assert_eq!(ended.code, Some(1), "{username}");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert!(!ended.stderr.contains(password), "{}", ended.stderr);
    }
    let ended = site.run(&create("another"), &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("ROOMLOG_ADMIN_PASSWORD") && ended.stderr.contains("stdin"),
        "{}",
        ended.stderr
    );
    let words = ["admin", "create", "--username", &ann.username];
    for said in [" is an admin now", " is an admin already"] {
        let ended = site.run(&words, &[("ROOMLOG_ADMIN_PASSWORD", PASSWORD)]).await;
        assert_eq!(
            (ended.code, ended.stdout.trim()),
            (Some(0), format!("{}{said}", ann.username).as_str())
        );
    }
    // The token that was given before is an admin's now: it is looked up.
    for edge in [site.edge(), site.other()] {
        let users = edge.told(&ann, "/v1/admin/users?prefix=root").await;
        assert_eq!(
            (&users["users"][0]["username"], &users["users"][0]["admin"]),
            (&json!("root"), &json!(true))
        );
    }
}

#[tokio::test]
async fn a_folder_in_use_is_left_alone() {
    let server = Server::embedded().await;
    let folder = server.data_dir().display().to_string();
    let settings = [
        ("ROOMLOG_DATA_DIR", folder.as_str()),
        ("ROOMLOG_ADMIN_PASSWORD", PASSWORD),
    ];
    let ended = run_to_end(&["admin", "create", "--username", "root"], &settings);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("stop `roomlog serve` first"), "{}", ended.stderr);
}

/// Asks without a body.
async fn ask(contract: &Contract, edge: &Server, who: Option<&Person>, method: Method, path: &str) -> Answer {
    let token = who.map(|who| who.token.as_str());
    contract.ask(edge, method, path, token, None).await
}

/// Neither who is not known nor who is no admin may do any of it.
async fn nobody_else_may(contract: &Contract, edge: &Server, ann: &Person) {
    let ben = edge.register("ben").await;
    let (disable, enable) = (
        format!("/v1/admin/users/{}/disable", ann.id),
        format!("/v1/admin/users/{}/enable", ann.id),
    );
    for (method, path) in [
        (Method::GET, "/v1/admin/users"),
        (Method::GET, "/v1/admin/audit"),
        (Method::POST, disable.as_str()),
        (Method::POST, enable.as_str()),
    ] {
        assert_eq!(
            ask(contract, edge, None, method.clone(), path).await.name(),
            "unauthenticated",
            "{path}"
        );
        assert_eq!(
            ask(contract, edge, Some(&ben), method, path).await.name(),
            "forbidden",
            "{path}"
        );
    }
    edge.told(ann, "/v1/me").await;
}

async fn admins_see_to_accounts_and_every_act_is_kept(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let (edge, other) = (site.edge(), site.other());
    let contract = Contract::of(edge).await;
    let ann = edge.register("ann").await;
    nobody_else_may(&contract, edge, &ann).await;
    let (disable, enable) = (
        format!("/v1/admin/users/{}/disable", ann.id),
        format!("/v1/admin/users/{}/enable", ann.id),
    );
    let mut wire = Wire::open(other, &ann).await;
    for _ in 0..2 {
        assert_eq!(
            ask(&contract, edge, Some(&root), Method::POST, &disable).await.status,
            StatusCode::NO_CONTENT
        );
    }
    let bye = wire.bye().await;
    assert_eq!((&bye["code"], &bye["resume"]), (&json!(4003), &json!(false)), "{bye}");
    for server in [edge, other] {
        is_refused(server, &ann, StatusCode::FORBIDDEN).await;
        assert_eq!(login(server, &ann, PASSWORD).await.0, StatusCode::FORBIDDEN);
        let refresh = json!({ "refresh_token": ann.refresh_token });
        assert_eq!(
            server.post("/v1/auth/refresh", None, refresh).await.status(),
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        ask(&contract, edge, Some(&root), Method::POST, &enable).await.status,
        StatusCode::NO_CONTENT
    );
    for server in [edge, other] {
        is_refused(server, &ann, StatusCode::OK).await;
    }
    Wire::open(other, &ann)
        .await
        .ask("ping", json!({}))
        .await
        .expect("the same login goes on");

    what_can_not_be_is_refused(&contract, edge, &root, &ann).await;
    the_audit_tells(&contract, edge, &root, &ann).await;
}

async fn what_can_not_be_is_refused(contract: &Contract, edge: &Server, root: &Person, ann: &Person) {
    let enable = format!("/v1/admin/users/{}/enable", ann.id);
    let oneself = ask(
        contract,
        edge,
        Some(root),
        Method::POST,
        &format!("/v1/admin/users/{}/disable", root.id),
    )
    .await;
    assert_eq!(oneself.name(), "conflict");
    for nobody in [cid().as_str(), "nonsense"] {
        let answer = ask(
            contract,
            edge,
            Some(root),
            Method::POST,
            &format!("/v1/admin/users/{nobody}/disable"),
        )
        .await;
        assert_eq!(answer.name(), "not_found");
    }
    let body = json!({ "password": PASSWORD });
    let gone = contract
        .ask(edge, Method::DELETE, "/v1/me", Some(&ann.token), Some(&body))
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        ask(contract, edge, Some(root), Method::POST, &enable).await.name(),
        "conflict",
        "deleted is deleted"
    );
}

async fn the_audit_tells(contract: &Contract, edge: &Server, root: &Person, ann: &Person) {
    let first = ask(contract, edge, Some(root), Method::GET, "/v1/admin/audit?limit=2")
        .await
        .body;
    let path = format!("/v1/admin/audit?after={}", text(&first["next"]));
    let rest = ask(contract, edge, Some(root), Method::GET, &path).await.body;
    let acts = [&first, &rest]
        .map(|page| page["acts"].as_array().expect("a list").clone())
        .concat();
    let told: Vec<_> = acts
        .iter()
        .map(|act| (&act["action"], &act["actor_id"], &act["target_id"]))
        .collect();
    let operator = json!(OPERATOR);
    let (root_id, ann_id) = (json!(root.id), json!(ann.id));
    assert_eq!(
        told,
        [
            (&json!("user.enable"), &root_id, &ann_id),
            (&json!("user.disable"), &root_id, &ann_id),
            (&json!("admin.create"), &operator, &root_id),
        ],
        "each act once, the latest first"
    );
    assert!(rest.get("next").is_none(), "{rest}");
    let names: Vec<_> = acts
        .iter()
        .map(|act| (&act["actor_username"], &act["target_username"]))
        .collect();
    let (named, nobody) = (json!(root.username), Value::Null);
    assert_eq!(
        names,
        [(&named, &nobody), (&named, &nobody), (&nobody, &named)],
        "ann is deleted, and the command line nobody"
    );
}

async fn the_audit_is_asked_by_who_what_and_when(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let edge = site.edge();
    let contract = Contract::of(edge).await;
    let (ann, ben) = (edge.register("ann").await, edge.register("ben").await);
    for (person, act) in [(&ann, "disable"), (&ben, "disable"), (&ann, "enable")] {
        let path = format!("/v1/admin/users/{}/{act}", person.id);
        let done = ask(&contract, edge, Some(&root), Method::POST, &path).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT);
    }
    let list = async |query: &str| {
        let path = format!("/v1/admin/audit?{query}");
        ask(&contract, edge, Some(&root), Method::GET, &path).await
    };
    let told = async |query: &str| -> Vec<(String, Value)> {
        let page = list(query).await.body;
        let acts = page["acts"].as_array().expect("a list").iter();
        acts.map(|act| (text(&act["action"]), act["target_username"].clone()))
            .collect()
    };
    let act = |action: &str, person: &Person| (action.to_owned(), json!(person.username));
    let (disabled, enabled) = (act("user.disable", &ben), act("user.enable", &ann));
    let (first, made) = (act("user.disable", &ann), act("admin.create", &root));
    let all = told("").await;
    assert_eq!(all, [enabled.clone(), disabled.clone(), first.clone(), made.clone()]);
    let mine = format!("actor={}", root.id);
    assert_eq!(told(&mine).await, all[..3]);
    assert_eq!(told(&format!("actor={OPERATOR}")).await, [made]);
    assert_eq!(told("action=user.enable").await, [enabled]);
    assert_eq!(told("action=room.delete").await, []);
    let page = list(&format!("{mine}&action=user.disable&limit=1")).await.body;
    let rest = format!("{mine}&action=user.disable&limit=1&after={}", text(&page["next"]));
    assert_eq!(told(&rest).await, [first], "page by page by the same filter");

    // Times as the acts themselves say them: two may have come in one millisecond, so the bounds are taken from what is there.
    let acts = list("").await.body;
    let times: Vec<u64> = acts["acts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|act| act["at"].as_u64().unwrap())
        .collect();
    let from = times[1];
    let since = times.iter().filter(|at| **at >= from).count();
    assert_eq!(told(&format!("since={from}")).await, all[..since]);
    assert_eq!(told(&format!("until={from}")).await, all[since..]);
    assert_eq!(told(&format!("since={from}&until={from}")).await, []);
    for (query, field) in [
        ("actor=root", "actor"),
        ("action=user.befriend", "action"),
        ("action=", "action"),
        ("since=-1", "since"),
        ("until=9007199254740992", "until"),
        ("after=nonsense", "after"),
        ("limit=201", "limit"),
    ] {
        let answer = list(query).await;
        let said = (answer.name(), answer.body["field"].as_str());
        assert_eq!(said, ("bad_request", Some(field)), "{query}");
    }
}

async fn people_are_listed_page_by_page(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let (edge, contract) = (site.edge(), Contract::of(site.edge()).await);
    let mut registered = vec![root.username.clone()];
    for name in ["ann", "anna", "ben", "carl", "dora"] {
        registered.push(edge.register(name).await.username);
    }
    let guest = edge
        .post("/v1/auth/guest", None, json!({ "display_name": "Guest" }))
        .await;
    assert_eq!(guest.status(), StatusCode::CREATED);
    let list = async |query: &str| {
        let path = format!("/v1/admin/users?{query}");
        contract.ask(edge, Method::GET, &path, Some(&root.token), None).await
    };
    let all = async |query: &str| {
        let (mut names, mut after) = (Vec::new(), String::new());
        loop {
            let page = list(&format!("{query}limit=2{after}")).await.body;
            for user in page["users"].as_array().expect("a list") {
                names.push(user["username"].as_str().unwrap_or("a guest").to_owned());
            }
            let Some(next) = page["next"].as_str() else {
                return names;
            };
            after = format!("&after={next}");
        }
    };
    let mut expected = registered.clone();
    expected.push("a guest".to_owned());
    assert_eq!(all("").await, expected, "in the order of their coming");
    let mut expected: Vec<_> = registered
        .iter()
        .filter(|name| name.starts_with("ann"))
        .cloned()
        .collect();
    expected.sort();
    assert_eq!(all("prefix=ann&").await, expected);
    assert_eq!(all("prefix=zz&").await, Vec::<String>::new());
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("prefix=%25", "prefix"),
        ("prefix=", "prefix"),
        ("after=nonsense", "after"),
        ("prefix=a&after=!", "after"),
    ] {
        let answer = list(query).await;
        assert_eq!(
            (answer.name(), answer.body["field"].as_str()),
            ("bad_request", Some(field)),
            "{query}"
        );
    }
}
