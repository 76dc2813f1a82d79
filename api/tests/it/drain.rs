//! Being stopped, in stages.

use crate::support::{Server, Wire, cid, eventually, so};
use serde_json::{Value, json};

#[tokio::test]
async fn sessions_are_sent_elsewhere_and_the_process_ends_well() {
    let mut server = Server::embedded_with(&[
        ("ROOMLOG_DRAIN__NOTICE_MS", "1500"),
        ("ROOMLOG_DRAIN__SPREAD_MS", "500"),
    ])
    .await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let mut wires = Vec::new();
    for _ in 0..20 {
        wires.push(Wire::open(&server, &ann).await);
    }
    server.terminate();
    eventually("/readyz fails while sessions go on", async || {
        let status = server.get("/readyz", None).await.status();
        so(status == 503, status)
    })
    .await;
    let ready: Value = server.get("/readyz", None).await.json().await.expect("JSON");
    assert_eq!(ready["draining"], true);
    let sent = json!({ "room": room, "cid": cid(), "text": "to the end" });
    wires[0].ask("send", sent).await.expect("sessions still work");
    for wire in &mut wires {
        let bye = wire.bye().await;
        assert_eq!((&bye["code"], &bye["resume"]), (&json!(4201), &json!(true)));
    }
    assert_eq!(server.exit().await, Some(0));
}

#[tokio::test]
async fn a_second_process_in_the_same_folder_is_refused() {
    let server = Server::embedded().await;
    let folder = server.data_dir().display().to_string();
    let mut second = Server::spawn(&["serve"], &[("ROOMLOG_DATA_DIR", &folder)]);
    assert_eq!(second.exit().await, Some(1));
    assert!(second.output().contains(&folder), "{}", second.output());
    assert_eq!(server.get("/readyz", None).await.status(), 200);
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_nothing_starts() {
    let mut server = Server::spawn(&["serve"], &[("ROOMLOG_KAFKA__BROKERS", "127.0.0.1:1")]);
    assert_eq!(server.exit().await, Some(2));
    let said = server.output();
    assert!(
        said.contains("ROOMLOG_POSTGRES__URL") && said.contains("ROOMLOG_REDIS__URL"),
        "{said}"
    );
    let mut server = Server::spawn(&["serve"], &[("ROOMLOG_LISTENN", "127.0.0.1:1")]);
    assert_eq!(server.exit().await, Some(2));
    assert!(
        server.output().contains("did you mean ROOMLOG_LISTEN?"),
        "{}",
        server.output()
    );
}

#[tokio::test]
async fn config_prints_what_is_in_force_without_passwords() {
    let mut server = Server::spawn(
        &["config"],
        &[("ROOMLOG_POSTGRES__URL", "postgres://ann:hidden@db/roomlog")],
    );
    assert_eq!(server.exit().await, Some(0));
    eventually("it is printed", async || {
        let said = server.output();
        so(said.contains("postgres://ann:***@db/roomlog"), said)
    })
    .await;
    assert!(!server.output().contains("hidden"));
}
