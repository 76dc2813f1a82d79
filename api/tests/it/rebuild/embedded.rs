//! In the embedded mode.

use crate::support::server::run_to_end;
use crate::support::{Server, cid};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn history_is_made_anew_while_nobody_serves() {
    let mut server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "private").await;
    let path = format!("/v1/rooms/{room}/messages");
    for number in 0..20 {
        let said = json!({ "text": format!("number {number}"), "cid": cid() });
        server.done(&ann, &path, said).await;
    }
    let before = server.told(&ann, &format!("{path}?min_seq=21")).await;
    let folder = server.data_dir().display().to_string();
    let settings = [("ROOMLOG_DATA_DIR", folder.as_str())];
    let rebuild = |arguments: &[&str]| run_to_end(arguments, &settings);

    let refused = rebuild(&["rebuild", "history"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("stop `roomlog serve` first"),
        "{}",
        refused.stderr
    );
    let nothing = rebuild(&["rebuild", "live"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stderr.contains("nothing to rebuild"), "{}", nothing.stderr);

    assert_eq!(server.stop().await, Some(0));
    let made = rebuild(&["rebuild", "history"]);
    assert_eq!(made.code, Some(0), "{}\n{}", made.stdout, made.stderr);
    assert!(made.stdout.contains("nothing differs"), "{}", made.stdout);
    assert!(server.data_dir().join("history.old.db").exists());
    server.again().await;
    assert_eq!(server.told(&ann, &format!("{path}?min_seq=21")).await, before);
    server.stop().await;
    let dropped = rebuild(&["rebuild", "history", "--drop-old", "--json"]);
    assert_eq!((dropped.code, dropped.stdout.trim()), (Some(0), r#"{"dropped":true}"#));
}
