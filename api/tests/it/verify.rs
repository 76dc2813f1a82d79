//! `roomlog verify` on the command line: exit codes, what is said, and receipts as clients have them.

use crate::support::both::{Site, both};
use crate::support::server::{Ended, Server, run_to_end};
use crate::support::{Person, cid};
use serde_json::{Value, json};

both!(
    what_people_did_is_as_the_log_says,
    an_ack_is_checked_by_its_receipt,
    a_changed_row_is_named_and_fails_the_check,
);

/// Ann has a room and said something in it; the receipt.
async fn something_said(server: &Server) -> (Person, String, Value) {
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let path = format!("/v1/rooms/{room}/messages");
    server.done(&ann, &path, json!({ "text": "first", "cid": cid() })).await;
    let receipt = server
        .done(&ann, &path, json!({ "text": "second words", "cid": cid() }))
        .await;
    let seq = receipt["seq"].as_u64().expect("a seq");
    // History has it.
    server.told(&ann, &format!("{path}?min_seq={seq}")).await;
    (ann, room, receipt)
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

async fn what_people_did_is_as_the_log_says(mut site: Site) {
    let (_, room, _) = something_said(site.edge()).await;
    let ended = site.run(&["verify"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended
            .stdout
            .ends_with("well: everything that was compared is as the log says\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("2 rooms, "),
        "general and ann's: {}",
        ended.stdout
    );
    let ended = site.run(&["verify", "--json", "--room", &room], &[]).await;
    let told = report(&ended);
    assert_eq!(
        (ended.code, &told["well"], &told["log"]["rooms"]),
        (Some(0), &json!(true), &json!(1))
    );
    assert_eq!(told["compared"]["history.messages"], 2);
    assert!(!ended.stdout.contains("second words"), "what people wrote is not told");
    for (only, compared) in [("log", false), ("history", true)] {
        let told = report(&site.run(&["verify", "--json", "--only", only], &[]).await);
        assert_eq!(
            told["compared"].as_object().is_some_and(|it| !it.is_empty()),
            compared,
            "{told}"
        );
        assert_eq!(told["log"]["rooms"], if only == "log" { 2 } else { 0 });
    }
}

async fn an_ack_is_checked_by_its_receipt(mut site: Site) {
    let (_, room, receipt) = something_said(site.edge()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("receipt.json");
    let path = file.display().to_string();
    let mut check = async |said: &Value, room: Option<&str>| {
        std::fs::write(&file, said.to_string()).expect("written");
        let mut arguments = vec!["verify", "--json", "--receipt", path.as_str()];
        arguments.extend(room.iter().flat_map(|room| ["--room", room]));
        let ended = site.run(&arguments, &[]).await;
        (ended.code, report(&ended), ended.stderr)
    };
    for true_one in [receipt.clone(), json!({ "id": 7, "ok": receipt })] {
        let (code, judged, _) = check(&true_one, None).await;
        assert_eq!(
            (code, &judged["well"], &judged["room"]),
            (Some(0), &json!(true), &json!(room))
        );
    }
    let mut forged = receipt.clone();
    forged["digest"] = json!("00112233445566778899aabbccddeeff");
    let (code, judged, stderr) = check(&forged, Some(&room)).await;
    assert_eq!((code, &judged["well"]), (Some(1), &json!(false)));
    assert_eq!(judged["differences"][0]["field"], "digest");
    assert_eq!(judged["differences"][0]["expected"], receipt["digest"]);
    assert!(
        stderr.ends_with("roomlog: the receipt's digest is not so\n"),
        "{stderr}"
    );
    let mut elsewhere = receipt.clone();
    elsewhere["pos"]["epoch"] = json!(cid());
    let (code, judged, _) = check(&elsewhere, None).await;
    assert_eq!(
        (code, &judged["differences"][0]["field"]),
        (Some(1), &json!("pos.epoch"))
    );
    std::fs::write(&file, "{}").expect("written");
    let ended = site.run(&["verify", "--receipt", &path], &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("this is no receipt"), "{}", ended.stderr);
}

/// Gives an order to history past Roomlog.
async fn order(site: &Site, postgres: &str, sqlite: &str) {
    use sqlx::{Connection as _, Executor as _};
    match site.setting("ROOMLOG_POSTGRES__URL") {
        Some(url) => {
            let mut connection = sqlx::PgConnection::connect(url).await.expect("PostgreSQL");
            connection.execute(postgres).await.expect("done");
        }
        None => {
            let file = site.edge().data_dir().join("history.db");
            let mut connection = sqlx::SqliteConnection::connect(&file.display().to_string())
                .await
                .expect("SQLite");
            connection.execute(sqlite).await.expect("done");
            connection.close().await.expect("closed");
        }
    }
}

async fn a_changed_row_is_named_and_fails_the_check(mut site: Site) {
    let (_, room, receipt) = something_said(site.edge()).await;
    let change = "SET text = 'other words' WHERE text = 'second words'";
    order(
        &site,
        &format!("UPDATE history.messages {change}"),
        &format!("UPDATE messages {change}"),
    )
    .await;
    let ended = site.run(&["verify"], &[]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let named = format!(
        "history room {room}: messages, seq {}, text: expected 12 bytes, BLAKE3 ",
        receipt["seq"]
    );
    assert!(ended.stdout.contains(&named), "{}", ended.stdout);
    assert!(
        ended.stderr.ends_with("roomlog: 1 difference from the log\n"),
        "{}",
        ended.stderr
    );
    assert!(
        !ended.stdout.contains("words"),
        "what people wrote is not told: {}",
        ended.stdout
    );
    let told = report(&site.run(&["verify", "--json"], &[]).await);
    assert_eq!(told["differences"][0]["row"], format!("seq {}", receipt["seq"]));
    assert_eq!(told["differing"], json!({ "history.messages": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_or_without_a_log_is_told_so() {
    let server = Server::embedded().await;
    let folder = server.data_dir().display().to_string();
    let ended = run_to_end(&["verify"], &[("ROOMLOG_DATA_DIR", &folder)]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("is in use by process"), "{}", ended.stderr);
    assert!(ended.stderr.contains("stop `roomlog serve` first"), "{}", ended.stderr);
    let empty = tempfile::tempdir().expect("a folder");
    let ended = run_to_end(
        &["verify"],
        &[("ROOMLOG_DATA_DIR", &empty.path().display().to_string())],
    );
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("there is no "), "{}", ended.stderr);
    assert_eq!(
        std::fs::read_dir(empty.path()).expect("a folder").count(),
        0,
        "nothing is made"
    );
    let ended = run_to_end(&["verify", "--only", "live"], &[("ROOMLOG_DATA_DIR", &folder)]);
    assert!(ended.stderr.contains("there are none to check"), "{}", ended.stderr);
    assert_eq!(run_to_end(&["verify", "--room", "nonsense"], &[]).code, Some(2));
}
