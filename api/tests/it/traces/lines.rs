//! Log lines: which are written can be changed while a process runs.

use crate::support::{Server, eventually, so};
use serde_json::Value;

/// The database's library says each statement at this level.
const STATEMENTS: &str = "info,sqlx=debug";

/// Asks something that asks the database, until lines are written of it, or none.
async fn written(server: &Server, token: &str, wanted: bool) {
    eventually("lines are written as they were told", async || {
        let before = server.output().len();
        let answer = server.get("/v1/me", Some(token)).await;
        assert!(answer.status().is_success());
        let output = server.output();
        let lines = output[before..].lines().filter(|line| line.contains("sqlx::query"));
        let lines: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        so(lines.is_empty() != wanted, lines)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_are_changed_by_signals() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("roomlog.toml");
    let settings = |level: &str, verbose: &str| {
        let text = format!("[telemetry]\nformat = \"json\"\nlevel = \"{level}\"\nverbose_level = \"{verbose}\"\n");
        std::fs::write(&file, text).expect("written");
    };
    settings("info", STATEMENTS);
    let file_name = file.to_str().expect("text");
    let server = Server::start(&["--config", file_name, "serve"], &[]).await;
    let ann = server.register("ann").await;
    written(&server, &ann.token, false).await;
    server.signal("USR1");
    written(&server, &ann.token, true).await;
    server.signal("USR1");
    written(&server, &ann.token, false).await;

    settings(STATEMENTS, "info");
    server.signal("HUP");
    written(&server, &ann.token, true).await;
    // What can't be read changes nothing.
    settings("engine=loud", "info");
    server.signal("HUP");
    server.says(&["everything stays as it is"]).await;
    written(&server, &ann.token, true).await;
}
