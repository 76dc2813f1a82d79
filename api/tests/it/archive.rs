//! `roomlog export` and `roomlog import` on the command line: from a small Roomlog to a cluster, and back.

use crate::support::cid;
use crate::support::cluster::Cluster;
use crate::support::server::{Server, run_to_end};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_small_roomlog_grows_into_a_cluster_and_back() {
    let mut server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}/messages");
    let mut receipt = Value::Null;
    for number in 0..30 {
        let said = json!({ "text": format!("number {number}"), "cid": cid() });
        receipt = server.done(&ann, &path, said).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (file, back) = (
        folder.path().join("a.avro").display().to_string(),
        folder.path().join("b.avro").display().to_string(),
    );
    let data = server.data_dir().display().to_string();
    let embedded = [("ROOMLOG_DATA_DIR", data.as_str())];
    let ended = run_to_end(&["export", &file], &embedded);
    assert_eq!(ended.code, Some(1), "while it is served");
    assert!(ended.stderr.contains("stop `roomlog serve` first"), "{}", ended.stderr);
    server.stop().await;
    let ended = run_to_end(&["export", &file, "--json"], &embedded);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let manifest: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&manifest["events"], &manifest["format"]), (&json!(32), &json!(1)));

    let cluster = Cluster::new().await;
    let told = cluster.run(&["import", &file]);
    assert!(told.starts_with("imported 32 events of 2 rooms"), "{told}");
    let again = cluster.try_run(&["import", &file]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("needs an empty log"), "{}", again.stderr);
    // It serves, and stands where the receipt says, but for the place in this log.
    let (edge, history) = (cluster.edge().await, cluster.history().await);
    let ben = edge.register("ben").await;
    edge.done(&ben, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let page = edge.told(&ben, &format!("{path}?limit=1&min_seq=32")).await;
    assert_eq!(
        (&page["messages"][0]["seq"], &page["messages"][0]["at"]),
        (&receipt["seq"], &receipt["at"])
    );
    drop((edge, history));
    let verified = cluster.run(&["verify"]);
    assert!(verified.contains("well: everything"), "{verified}");

    cluster.run(&["export", &back]);
    let empty = tempfile::tempdir().expect("a folder");
    let data = empty.path().display().to_string();
    let embedded = [
        ("ROOMLOG_DATA_DIR", data.as_str()),
        ("ROOMLOG_EMBEDDED__PARTITIONS", "3"),
    ];
    let ended = run_to_end(&["import", &back, "--json"], &embedded);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let returned: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let head = |manifest: &Value| {
        let rooms = manifest["rooms"].as_array().cloned().unwrap_or_default();
        rooms
            .into_iter()
            .find(|head| head["room"] == room.as_str())
            .unwrap_or_default()
    };
    assert_eq!(head(&returned)["head"], 32, "ben joined since");
    assert_eq!(head(&manifest)["head"], 31);
    let mut server = Server::embedded_with(&embedded).await;
    let eve = server.register("eve").await;
    server.done(&eve, &format!("/v1/rooms/{room}/join"), json!({})).await;
    let page = server.told(&eve, &format!("{path}?limit=1&min_seq=33")).await;
    assert_eq!(
        (&page["messages"][0]["seq"], &page["messages"][0]["at"]),
        (&receipt["seq"], &receipt["at"])
    );
    server.stop().await;
    let verified = run_to_end(&["verify"], &embedded);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}
