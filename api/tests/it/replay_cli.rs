//! `roomlog at` and `roomlog replay` over both ways to run: straight from the log and by a server they tell what REST tells.

use crate::support::both::{Site, both};
use crate::support::server::{Ended, run_to_end};
use crate::support::{DEADLINE, Person, Server, cid};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

both!(
    both_sources_tell_what_rest_tells,
    who_reads_the_log_reads_what_was_deleted_too,
);

async fn say(server: &Server, who: &Person, room: &str, text: &str) -> Value {
    let body = json!({ "text": text, "cid": cid() });
    server.done(who, &format!("/v1/rooms/{room}/messages"), body).await
}

async fn events(server: &Server, who: &Person, room: &str, query: &str) -> Vec<String> {
    let path = format!("/v1/rooms/{room}/events?{query}");
    let answer = server.get(&path, Some(&who.token)).await.text().await.expect("text");
    let mut lines: Vec<String> = answer.lines().map(ToOwned::to_owned).collect();
    assert!(lines.pop().expect("a last line").starts_with("{\"done\""), "{answer}");
    lines
}

/// Asks the server by the command line.
fn by_server(server: &Server, who: &Person, words: &[&str]) -> Ended {
    let asked = [words, &["--server", &server.url]].concat();
    run_to_end(&asked, &[("ROOMLOG_TOKEN", who.token.as_str())])
}

async fn both_sources_tell_what_rest_tells(mut site: Site) {
    let ann = site.edge().register("ann").await;
    let room = site.edge().room(&ann, "open").await;
    for number in 0..30 {
        say(site.edge(), &ann, &room, &format!("number {number}")).await;
    }
    let all = events(site.edge(), &ann, &room, "from_seq=1").await;
    assert_eq!(all.len(), 31);
    let some = events(site.edge(), &ann, &room, "from_seq=5&to_seq=9&datum=true").await;
    let then = site.edge().told(&ann, &format!("/v1/rooms/{room}/at?seq=7")).await;
    let replay = ["replay", "--room", &room, "--json"];
    let part = [
        "replay",
        "--room",
        &room,
        "--from-seq",
        "5",
        "--to-seq",
        "9",
        "--json",
        "--datum",
    ];
    let at = ["at", "--room", &room, "--seq", "7", "--json"];
    let mut told = Vec::new();
    for words in [&replay[..], &part, &at] {
        told.push((by_server(site.edge(), &ann, words), site.run(words, &[]).await));
    }
    let lines = |ended: &Ended| {
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout.lines().map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    for (place, expected) in [all, some].into_iter().enumerate() {
        assert_eq!(lines(&told[place].0), expected);
        assert_eq!(lines(&told[place].1), expected);
    }
    for ended in [&told[2].0, &told[2].1] {
        let past: Value = serde_json::from_str(&lines(ended)[0]).expect("JSON");
        for field in ["seq", "digest", "position", "at", "members", "recent", "name"] {
            assert_eq!(past[field], then[field], "{field}");
        }
    }
}

async fn who_reads_the_log_reads_what_was_deleted_too(mut site: Site) {
    let (ann, ben) = (site.edge().register("ann").await, site.edge().register("ben").await);
    let room = site.edge().room(&ann, "open").await;
    let secret = say(site.edge(), &ann, &room, "the secret").await;
    let path = format!("{}/v1/rooms/{room}/messages/{}", site.edge().url, secret["seq"]);
    let gone = site.edge().http.delete(path).bearer_auth(&ann.token).send().await;
    assert_eq!(gone.expect("an answer").status(), 200);
    for words in [
        vec!["replay", "--room", &room, "--json"],
        vec!["replay", "--room", &room],
        vec!["replay", "--room", &room, "--format", "html"],
        vec!["at", "--room", &room, "--seq", "2"],
        vec!["at", "--room", &room, "--seq", "2", "--json"],
    ] {
        let (ours, theirs) = (
            by_server(site.edge(), &ann, &words),
            by_server(site.edge(), &ben, &words),
        );
        assert!(
            ours.stdout.contains("the secret"),
            "its author: {}{}",
            ours.stdout,
            ours.stderr
        );
        assert_eq!(theirs.code, Some(0), "{}", theirs.stderr);
        assert!(!theirs.stdout.contains("the secret"), "{words:?}: {}", theirs.stdout);
        let straight = site.run(&words, &[]).await;
        assert!(
            straight.stdout.contains("the secret"),
            "{words:?}: {}{}",
            straight.stdout,
            straight.stderr
        );
    }
}

/// A command that goes on, and what it prints.
struct Following {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Following {
    fn start(server: &Server, who: &Person, room: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_roomlog"))
            .args(["replay", "--room", room, "--json", "--follow", "--server", &server.url])
            .env("ROOMLOG_TOKEN", &who.token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("roomlog starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, lines }
    }

    fn seq(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str::<Value>(&line).expect("JSON")["seq"].take()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_follows_ends_when_nobody_reads_it() {
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "open").await;
    let mut following = Following::start(&server, &ann, &room);
    assert_eq!(following.seq(), 1);
    for expected in 2..6 {
        say(&server, &ann, &room, "more").await;
        assert_eq!(following.seq(), expected);
    }
    let Following { mut child, lines } = following;
    drop(lines);
    say(&server, &ann, &room, "into the void").await;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        assert!(begun.elapsed() < DEADLINE, "it goes on");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut said)
        .expect("text");
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let room = cid();
    for (words, code, said) in [
        (
            vec!["replay", "--format", "html", "--follow"],
            2,
            "a page of HTML has an end",
        ),
        (vec!["replay", "--datum"], 2, "--datum goes with"),
        (
            vec!["replay", "--from-seq", "1", "--from-time", "0"],
            2,
            "cannot be used with",
        ),
        (vec!["replay", "--follow", "--to-seq", "1"], 2, "cannot be used with"),
        (vec!["replay", "--from-time", "yesterday"], 2, "neither RFC 3339"),
        (
            vec!["at", "--seq", "1", "--server", "http://127.0.0.1:1"],
            2,
            "no token",
        ),
        (vec!["at", "--seq", "1", "--token-file", "x"], 2, "--server"),
        (vec!["at", "--seq", "1"], 1, "set ROOMLOG_DATA_DIR"),
        (vec!["replay"], 1, "set ROOMLOG_DATA_DIR"),
    ] {
        let words = [&words[..], &["--room", &room]].concat();
        let ended = run_to_end(&words, &[("ROOMLOG_DATA_DIR", &data)]);
        assert_eq!(ended.code, Some(code), "{words:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{words:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    let made = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(made, 0, "a command that looks leaves nothing behind");
    let server = Server::embedded().await;
    let ann = server.register("ann").await;
    let unknown = by_server(&server, &ann, &["at", "--room", &room, "--seq", "1"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("404"), "{}", unknown.stderr);
    let token = folder.path().join("token");
    std::fs::write(&token, format!("{}\n", ann.token)).expect("a file");
    let general = engine::domain::RoomId::general().to_string();
    let words = [
        "at",
        "--room",
        &general,
        "--seq",
        "1",
        "--server",
        &server.url,
        "--token-file",
    ];
    let ended = run_to_end(&[&words[..], &[&token.display().to_string()]].concat(), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.starts_with("room        general (open, "),
        "{}",
        ended.stdout
    );
}
