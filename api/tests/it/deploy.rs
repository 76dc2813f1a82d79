//! What is done once before anything runs, in which order things may start, and what is said when something is not as it
//! must be.

use crate::support::cluster::Cluster;
use crate::support::server::{free_port, run_to_end};
use crate::support::{Server, Wire, cid, eventually, so};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Somebody registers, makes a room, speaks, and hears it.
async fn people_chat(edge: &Server) {
    let ann = edge.register("ann").await;
    let room = edge.room(&ann, "private").await;
    let mut wire = Wire::open(edge, &ann).await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let sent = json!({ "room": room, "cid": cid(), "text": "hello" });
    wire.ask("send", sent).await.expect("sent");
    assert_eq!(wire.push("event").await["body"]["text"], "hello");
}

/// The schemas of a cluster as its database and the registry know them.
async fn registered(cluster: &Cluster) -> (Vec<(String, i32)>, Value) {
    let pool = sqlx::PgPool::connect(cluster.setting("ROOMLOG_POSTGRES__URL"))
        .await
        .expect("PostgreSQL");
    let ids = sqlx::query_as("SELECT subject, id FROM people.schema_ids ORDER BY subject, id");
    let ids: Vec<(String, i32)> = ids.fetch_all(&pool).await.expect("asked");
    let mut versions = serde_json::Map::new();
    for (subject, _) in &ids {
        let path = format!(
            "{}/subjects/{subject}/versions",
            cluster.setting("ROOMLOG_KAFKA__SCHEMA_REGISTRY")
        );
        let known = reqwest::get(path).await.expect("asked").json().await.expect("JSON");
        versions.insert(subject.clone(), known);
    }
    (ids, versions.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_and_migrating_again_changes_nothing() {
    let cluster = Cluster::new().await;
    let log = cluster.log().await;
    let first = registered(&cluster).await;
    assert!(!first.0.is_empty());
    cluster.run(&["schemas", "register"]);
    assert_eq!(registered(&cluster).await, first);
    let again = cluster.run(&["migrate"]);
    let epoch = engine::log::Log::epoch(&log).to_string();
    assert!(again.contains(&epoch), "{again} does not name {epoch}");
    assert_eq!(registered(&cluster).await, first);
    people_chat(&cluster.edge().await).await;
    engine::log::Log::close(&log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_subject_that_is_not_as_the_lock_says() {
    let cluster = Cluster::new().await;
    cluster.run(&["schemas", "check"]);
    let prefix = cluster.setting("ROOMLOG_KAFKA__PREFIX");

    let other = cluster.with("ROOMLOG_KAFKA__PREFIX", format!("{prefix}_other"));
    let ended = other.try_run(&["schemas", "check"]);
    let missing = format!("{prefix}_other.events-roomlog.v1.MessageSent: schema ");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&missing), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("run `roomlog schemas register`"),
        "{}",
        ended.stderr
    );

    let subject = format!("{prefix}.events-roomlog.v1.MessageSent");
    let config = format!("{}/config/{subject}", cluster.setting("ROOMLOG_KAFKA__SCHEMA_REGISTRY"));
    let tampered = reqwest::Client::new()
        .put(config)
        .json(&json!({ "compatibility": "NONE" }));
    assert!(tampered.send().await.expect("asked").status().is_success());
    let ended = cluster.try_run(&["schemas", "check"]);
    assert_eq!(ended.code, Some(1));
    let named = format!("{subject}: compatibility is NONE, not FULL_TRANSITIVE");
    assert!(ended.stderr.contains(&named), "{}", ended.stderr);
    assert_eq!(
        ended.stderr.matches(prefix).count(),
        1,
        "the others are well: {}",
        ended.stderr
    );

    cluster.run(&["schemas", "register"]);
    cluster.run(&["schemas", "check"]);
}

#[test]
fn the_lock_is_that_of_the_schemas() {
    let ended = run_to_end(&["schemas", "lock"], &[]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), include_str!("../../../schemas/lock.json"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_registry_nothing_is_registered_and_yet_people_chat() {
    let cluster = Cluster::new().await;
    let away = cluster
        .with(
            "ROOMLOG_KAFKA__SCHEMA_REGISTRY",
            format!("http://127.0.0.1:{}", free_port()),
        )
        .with("ROOMLOG_STARTUP__DEPLOY_PATIENCE_MS", "500");
    for verb in ["register", "check"] {
        let ended = away.try_run(&["schemas", verb]);
        assert_eq!(ended.code, Some(1), "{verb}");
        let said = "the schema registry at http://127.0.0.1";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    people_chat(&away.edge().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_before_it_is_time_says_which_command_to_run() {
    let cluster = Cluster::unmade().await;
    let topic = format!("topic {}.", cluster.setting("ROOMLOG_KAFKA__PREFIX"));
    for part in [&["edge"][..], &["projector", "history"], &["projector", "live"]] {
        let missing = [&topic, "does not exist: run `roomlog migrate`"];
        cluster.spawn(part).gave_up(&missing).await;
    }
    cluster.run(&["migrate"]);
    let unregistered = ["was never registered: run `roomlog schemas register`"];
    cluster.spawn(&["edge"]).gave_up(&unregistered).await;
    cluster.run(&["schemas", "register"]);
    people_chat(&cluster.edge().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_with_other_settings_are_refused_by_name() {
    let cluster = Cluster::new().await;
    let other = cluster.with("ROOMLOG_KAFKA__PARTITIONS", "5");
    let topic = format!(
        "topic {}.events has 4 partitions, this log has 5",
        cluster.setting("ROOMLOG_KAFKA__PREFIX")
    );
    for part in [&["edge"][..], &["projector", "history"], &["projector", "live"]] {
        other.spawn(part).gave_up(&[&topic]).await;
    }
    let ended = other.try_run(&["migrate"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&topic), "{}", ended.stderr);
}

#[test]
fn a_part_alone_is_refused_in_the_embedded_mode() {
    for part in [&["edge"][..], &["projector", "history"], &["projector", "live"]] {
        let ended = run_to_end(part, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        let said = "roomlog: the embedded mode is one process with all its parts: run `roomlog serve`";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

/// Hands on what comes at `port` to a service, from now on.
async fn open_way(ways: &mut JoinSet<()>, port: u16, to: String) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    ways.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let to = to.clone();
            connections.spawn(async move {
                if let Ok(mut far) = TcpStream::connect(to).await {
                    // Either end may go away at any time.
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_waits_for_what_is_not_there_yet() {
    let cluster = Cluster::new().await;
    let (kafka, postgres) = (free_port(), free_port());
    let brokers = cluster.setting("ROOMLOG_KAFKA__BROKERS").to_owned();
    let url = reqwest::Url::parse(cluster.setting("ROOMLOG_POSTGRES__URL")).expect("a URL");
    let mut through = url.clone();
    through.set_port(Some(postgres)).expect("a port");
    let mut edge = cluster
        .with("ROOMLOG_KAFKA__BROKERS", format!("127.0.0.1:{kafka}"))
        .with("ROOMLOG_POSTGRES__URL", through)
        .with("ROOMLOG_STARTUP__RETRY_MOST_MS", "500")
        .spawn(&["edge"]);
    let mut ways = JoinSet::new();
    edge.says(&["waiting for Kafka"]).await;
    assert!(edge.runs());
    open_way(&mut ways, kafka, brokers).await;
    edge.says(&["waiting for PostgreSQL"]).await;
    assert!(edge.runs());
    let server = format!("127.0.0.1:{}", url.port().expect("a port"));
    open_way(&mut ways, postgres, server).await;
    edge.is_ready().await;
    people_chat(&edge).await;
    assert_eq!(edge.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_to_stop_while_waiting_stops() {
    let cluster = Cluster::new().await;
    let mut edge = cluster
        .with("ROOMLOG_KAFKA__BROKERS", format!("127.0.0.1:{}", free_port()))
        .spawn(&["edge"]);
    edge.says(&["waiting for Kafka"]).await;
    assert_eq!(edge.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_log_is_refused_by_everyone() {
    let cluster = Cluster::new().await;
    let (edge, history, live) = (cluster.edge().await, cluster.history().await, cluster.live().await);
    people_chat(&edge).await;
    let pool = sqlx::PgPool::connect(cluster.setting("ROOMLOG_POSTGRES__URL"))
        .await
        .expect("PostgreSQL");
    eventually("the projector has written", async || {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM history.messages");
        let count = count.fetch_one(&pool).await.expect("asked");
        so(count == 1, count)
    })
    .await;
    let log = cluster.log().await;
    let epoch = engine::log::Log::epoch(&log).to_string();
    engine::log::Log::close(&log).await;
    drop((edge, history, live));

    let prefix = format!("{}_anew", cluster.setting("ROOMLOG_KAFKA__PREFIX"));
    let anew = cluster.with("ROOMLOG_KAFKA__PREFIX", prefix);
    anew.run(&["migrate"]);
    for part in [&["projector", "history"][..], &["projector", "live"], &["edge"]] {
        let said = [&epoch, "rebuild it, or connect the log it belongs to"];
        anew.spawn(part).gave_up(&said).await;
    }
}
