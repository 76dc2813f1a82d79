//! One process of `roomlog`, on a port of its own.

use super::crowd::Place;
use super::{DEADLINE, POLL, eventually};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tempfile::TempDir;

/// A running process; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    arguments: Vec<String>,
    settings: HashMap<String, String>,
    output: Arc<Mutex<String>>,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// Asks REST.
    pub(crate) http: Client,
    /// Kept as long as the server, over restarts.
    pub(crate) folder: Arc<TempDir>,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

impl Server {
    /// `roomlog serve`, embedded, in a folder of its own.
    pub(crate) async fn embedded() -> Self {
        Self::embedded_with(&[]).await
    }

    /// The same with settings of the environment (`ROOMLOG_…`).
    pub(crate) async fn embedded_with(settings: &[(&str, &str)]) -> Self {
        Self::start(&["serve"], settings).await
    }

    /// Any part of Roomlog, with settings of the environment; waits until it is ready.
    pub(crate) async fn start(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut server = Self::spawn(arguments, settings);
        server.is_ready().await;
        server
    }

    /// The same without waiting.
    pub(crate) fn spawn(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        engine::tls::choose_ring();
        let folder = Arc::new(TempDir::new().expect("a folder"));
        let listen = format!("127.0.0.1:{}", free_port());
        let mut all = HashMap::from([
            ("ROOMLOG_LISTEN".to_owned(), listen),
            ("ROOMLOG_DATA_DIR".to_owned(), folder.path().display().to_string()),
            ("ROOMLOG_DRAIN__NOTICE_MS".to_owned(), "0".to_owned()),
            ("ROOMLOG_DRAIN__SPREAD_MS".to_owned(), "200".to_owned()),
            // Tests ask as fast as they can; how often one may is tested by itself.
            ("ROOMLOG_LIMITS__ADDRESS_PER_SECOND".to_owned(), "0".to_owned()),
            ("ROOMLOG_LIMITS__PERSON_PER_SECOND".to_owned(), "0".to_owned()),
            ("ROOMLOG_LIMITS__ROOM_PER_SECOND".to_owned(), "0".to_owned()),
            (
                "ROOMLOG_PEOPLE__ATTEMPTS__ACCOUNT_INTERVAL_MS".to_owned(),
                "0".to_owned(),
            ),
            (
                "ROOMLOG_PEOPLE__ATTEMPTS__ADDRESS_INTERVAL_MS".to_owned(),
                "0".to_owned(),
            ),
            (
                "ROOMLOG_PEOPLE__ATTEMPTS__NEWCOMER_INTERVAL_MS".to_owned(),
                "0".to_owned(),
            ),
        ]);
        all.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let output = Arc::default();
        let child = run(&arguments, &all, &output);
        Self {
            child,
            url: format!("http://{}", all["ROOMLOG_LISTEN"]),
            arguments,
            settings: all,
            output,
            http: Client::new(),
            folder,
        }
    }

    /// Ends with `kill -9`, if it still runs.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let (name, id) = (format!("-{name}"), self.child.id().to_string());
        let sent = Command::new("kill").args([name, id]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Sends SIGTERM and waits; the exit code.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        self.terminate();
        self.exit().await
    }

    /// Waits until the process has ended by itself; the exit code.
    pub(crate) async fn exit(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(begun.elapsed() < DEADLINE, "it still runs:\n{}", self.output());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts again after it ended: same port, same folder, same settings.
    pub(crate) async fn again(&mut self) {
        self.respawn();
        self.is_ready().await;
    }

    /// The same without waiting.
    pub(crate) fn respawn(&mut self) {
        self.child = run(&self.arguments, &self.settings, &self.output);
    }

    /// What it writes from now on is kept apart from what it wrote before.
    pub(crate) fn forget_output(&mut self) {
        self.output = Arc::default();
    }

    /// Waits until it has ended because it can't go on, and has said why.
    pub(crate) async fn gave_up(&mut self, words: &[&str]) {
        assert_eq!(self.exit().await, Some(1), "{}", self.output());
        self.says(words).await;
    }

    /// Waits until it has written all of these words.
    pub(crate) async fn says(&self, words: &[&str]) {
        eventually("it says so", async || {
            let said = self.output();
            let missing: Vec<_> = words.iter().filter(|word| !said.contains(**word)).collect();
            super::so(missing.is_empty(), format!("{missing:?} is not in:\n{said}"))
        })
        .await;
    }

    /// Whether it has not ended.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// What it wrote, stdout and stderr.
    pub(crate) fn output(&self) -> String {
        self.output.lock().expect("nobody panics with it").clone()
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn ws_url(&self) -> String {
        format!("{}/v1/ws", self.url.replacen("http", "ws", 1))
    }

    /// Waits until /readyz says so.
    pub(crate) async fn is_ready(&mut self) {
        let (ready, begun) = (format!("{}/readyz", self.url), Instant::now());
        loop {
            let answer = self.http.get(&ready).send().await;
            if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            assert!(self.runs(), "it ended:\n{}", self.output());
            assert!(begun.elapsed() < DEADLINE, "not ready: {answer:?}\n{}", self.output());
            tokio::time::sleep(POLL).await;
        }
    }

    /// A new person of this name (made unique).
    pub(crate) async fn register(&self, name: &str) -> Person {
        let username = format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let body = json!({ "username": username, "password": "correct horse battery", "display_name": name });
        let answer = self.post("/v1/auth/register", None, body).await;
        assert_eq!(
            answer.status(),
            StatusCode::CREATED,
            "{}",
            answer.text().await.unwrap_or_default()
        );
        let answer: Value = answer.json().await.expect("JSON");
        Person {
            id: text(&answer["user"]["id"]),
            username,
            token: text(&answer["access_token"]),
            refresh_token: text(&answer["refresh_token"]),
        }
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.url)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer")
    }

    /// What REST answers a person, which must be a success. Who reads their own write (`min_seq`) and is told that history
    /// is behind asks again, as they should: a projector that has just been started on a busy machine takes longer than
    /// a request waits for it.
    pub(crate) async fn told(&self, who: &Person, path: &str) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.get(path, Some(&who.token)).await;
            let status = answer.status();
            let body: Value = answer.json().await.expect("JSON");
            if status.is_success() {
                return body;
            }
            let behind = body["name"] == "behind" && begun.elapsed() < DEADLINE;
            assert!(behind, "GET {path}: {status} {body}");
        }
    }

    /// What REST answers a person's request, which must be a success.
    pub(crate) async fn done(&self, who: &Person, path: &str, body: Value) -> Value {
        let answer = self.post(path, Some(&who.token), body).await;
        let status = answer.status();
        let body = answer.text().await.expect("a text");
        assert!(status.is_success(), "POST {path}: {status} {body}");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    /// A new room of this person's; its id.
    pub(crate) async fn room(&self, owner: &Person, kind: &str) -> String {
        let room = self
            .done(owner, "/v1/rooms", json!({ "name": "a room", "kind": kind }))
            .await;
        text(&room["id"])
    }
}

impl Place for Server {
    async fn somebody(&self, username: &str) -> String {
        self.register(username).await.token
    }

    async fn open_room(&self, token: &str, name: &str) -> uuid::Uuid {
        let body = json!({ "name": name, "kind": "open" });
        let answer = self.post("/v1/rooms", Some(token), body).await;
        let room: Value = answer.json().await.expect("JSON");
        text(&room["id"]).parse().expect("an id")
    }

    fn addresses(&self, _number: usize) -> Vec<String> {
        vec![self.url.replacen("http", "ws", 1)]
    }
}

impl Drop for Server {
    #[allow(clippy::print_stderr, reason = "a test that fails shows what the process said")]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- roomlog {} said:\n{}", self.arguments.join(" "), self.output());
        }
    }
}

/// How a command of `roomlog` ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `roomlog` to its end, with settings of the environment alone.
pub(crate) fn run_to_end(arguments: &[&str], settings: &[(&str, &str)]) -> Ended {
    let output = command(arguments.iter().copied(), settings.iter().copied())
        .output()
        .expect("roomlog runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ended {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// `roomlog` with these settings, and none that the tests themselves were given.
fn command<'a>(
    arguments: impl IntoIterator<Item = &'a str>,
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roomlog"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROOMLOG_") || name.starts_with("OTEL_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(settings).stdin(Stdio::null());
    command
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// A port that is free now. Between asking and binding somebody else may take it: then the start fails loudly.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn run(arguments: &[String], settings: &HashMap<String, String>, output: &Arc<Mutex<String>>) -> Child {
    let settings = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut child = command(arguments.iter().map(String::as_str), settings)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("roomlog starts");
    if let Some(stdout) = child.stdout.take() {
        keep(stdout, output.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        keep(stderr, output.clone());
    }
    child
}

/// Keeps what a process writes to a stream, by the line, until it ends.
pub(crate) fn keep(stream: impl std::io::Read + Send + 'static, output: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream.take(64 * 1024 * 1024));
        let mut line = String::new();
        while matches!(reader.read_line(&mut line), Ok(1..)) {
            output.lock().expect("nobody panics with it").push_str(&line);
            line.clear();
        }
    });
}
