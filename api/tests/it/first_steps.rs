//! What a new user pastes: the three lines as a real server prints them, in a shell, in the checkout.

use crate::support::server::{free_port, keep};
use crate::support::{Server, eventually, so};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn first_steps(url: &str) -> String {
    let lines = std::fs::read_to_string(checkout().join("docs/first-steps.sh")).expect("the lines");
    lines.replace("http://127.0.0.1:8080", url)
}

/// A program in the checkout, without what cargo tells a test: some build scripts look at that, and would build all anew.
fn as_a_user(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(checkout()).env_remove("LD_LIBRARY_PATH");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO")) {
        if !["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET_OFFLINE"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command
}

/// A shell that runs what is pasted into it; ended with all that it started when it is dropped.
struct Shell {
    child: Child,
    stdin: ChildStdin,
    output: Arc<Mutex<String>>,
}

impl Shell {
    fn open() -> Self {
        let mut child = as_a_user("bash")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let output = Arc::default();
        keep(child.stdout.take().expect("a pipe"), Arc::clone(&output));
        keep(child.stderr.take().expect("a pipe"), Arc::clone(&output));
        let stdin = child.stdin.take().expect("a pipe");
        Self { child, stdin, output }
    }

    fn paste(&mut self, lines: &str) {
        self.stdin.write_all(lines.as_bytes()).expect("bash reads");
    }

    /// Waits for a line of all of these words.
    async fn shows(&self, words: &[&str]) {
        eventually("it is shown", async || {
            let output = self.output.lock().expect("nobody panics with it").clone();
            let found = output.lines().any(|line| words.iter().all(|word| line.contains(word)));
            so(found, format!("no line has {words:?}:\n{output}"))
        })
        .await;
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}

/// As `make run` does, so that no deadline hangs on a compiler.
fn build_the_chat() {
    let built = as_a_user(env!("CARGO"))
        .args(["build", "-q", "-p", "roomlog-client", "--example", "chat"])
        .status();
    assert!(built.expect("cargo runs").success());
}

#[tokio::test]
async fn the_three_lines_that_are_printed_can_be_pasted_again_and_again() {
    build_the_chat();
    let mut server = Server::embedded().await;
    let lines = first_steps(&server.url);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    for after in ["a start", "another start"] {
        server.says(&[&lines]).await;
        let mut shell = Shell::open();
        shell.paste(&lines);
        // What the room answers to `send`, and what is heard of it.
        shell.shows(&["\"seq\":", "\"digest\":"]).await;
        shell.shows(&["  ann-", ": hello"]).await;
        let more = lines.lines().last().expect("three").replace("hello", after);
        shell.paste(&format!("{more}\n"));
        shell.shows(&["  ann-", &format!(": {after}")]).await;
        assert_eq!(server.stop().await, Some(0));
        server.forget_output();
        server.again().await;
        // The listener comes back by itself.
        shell.paste(&format!("{}\n", more.replace(after, "back again")));
        shell.shows(&["  ann-", ": back again"]).await;
    }
}

#[tokio::test]
async fn what_is_typed_is_sent_and_the_end_of_it_ends_the_chat() {
    build_the_chat();
    let server = Server::embedded().await;
    let (ann, url) = (server.register("ann").await, &server.url);
    let mut shell = Shell::open();
    shell.paste(&format!(
        "printf 'one\\n\\ntwo\\n' | TOKEN={} cargo run -q -p roomlog-client --example chat -- {url}; echo ended: $?\n",
        ann.token
    ));
    shell.shows(&["ended: 0"]).await;
    let room = engine::domain::RoomId::general();
    let page = server.told(&ann, &format!("/v1/rooms/{room}/messages?min_seq=3")).await;
    let texts: Vec<_> = page["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| &message["text"])
        .collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test]
async fn a_chat_that_cannot_be_says_why() {
    build_the_chat();
    let server = Server::embedded().await;
    let (url, nobody) = (&server.url, free_port());
    let mut shell = Shell::open();
    let chat = "cargo run -q -p roomlog-client --example chat -- --listen";
    for (line, said) in [
        (format!("TOKEN=x {chat} {url}"), "does not take this TOKEN"),
        (format!("TOKEN=x {chat} http://127.0.0.1:{nobody}"), "is it running?"),
        (format!("TOKEN= {chat} {url}"), "TOKEN is not set"),
        (format!("TOKEN=x {chat}"), "http://HOST:PORT [ROOM]"),
    ] {
        shell.paste(&format!("{line}; echo ended: $?\n"));
        shell.shows(&["chat: ", said]).await;
    }
}

#[test]
fn the_readme_shows_the_same_lines() {
    let readme = std::fs::read_to_string(checkout().join("README.md")).expect("a page");
    let block = format!("```sh\n{}```\n", first_steps("http://127.0.0.1:8080"));
    assert!(
        readme.contains(&block),
        "README.md does not show docs/first-steps.sh as it is"
    );
}
