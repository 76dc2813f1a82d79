//! A cluster of one's own, by the scripts that also serve people.

use crate::support::crowd::Place;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

/// How many there are at once, however many threads run tests: each has all services to itself.
static ROOM_FOR: Semaphore = Semaphore::const_new(2);

/// A running cluster. It is wiped when dropped.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    /// HAProxy, `http://host:port`.
    pub(crate) url: String,
    /// Both edges, `host:port`.
    pub(crate) edges: [String; 2],
    http: reqwest::Client,
    _room: SemaphorePermit<'static>,
}

/// A person with a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(name)
}

/// Runs a script to its end, off the runtime; answers what it printed.
async fn run(name: &'static str, arguments: Vec<String>, settings: Vec<(String, String)>) -> String {
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(script(name))
            .args(&arguments)
            .envs(settings)
            .output()
            .map(|output| (arguments, output))
    });
    let (arguments, output) = ran.await.expect("no panic").expect("the script starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {}: {said}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn exported(text: &str, name: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("export {name}=")));
    line.unwrap_or_else(|| panic!("{name} is not in: {text}"))
        .trim_matches('\'')
        .to_owned()
}

async fn listens(cluster: &str, part: &str) -> String {
    let arguments = vec!["env".to_owned(), part.to_owned(), cluster.to_owned()];
    exported(&run("cluster", arguments, Vec::new()).await, "ROOMLOG_LISTEN")
}

impl Cluster {
    /// Starts one; `settings` reach every part.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        engine::tls::choose_ring();
        let room = ROOM_FOR.acquire().await.expect("it is never closed");
        let folder = tempfile::Builder::new().prefix("roomlog-proof-").tempdir().unwrap();
        let mut environment = vec![("ROOMLOG_BIN".to_owned(), env!("CARGO_BIN_EXE_roomlog").to_owned())];
        // As anybody runs it; the script itself has every trace recorded, for those who try it.
        let ratio = engine::telemetry::Config::default().trace_ratio.to_string();
        environment.push(("ROOMLOG_TELEMETRY__TRACE_RATIO".to_owned(), ratio));
        // Crowds of the same person, at one address.
        for limit in ["ADDRESS", "PERSON", "ROOM"] {
            environment.push((format!("ROOMLOG_LIMITS__{limit}_PER_SECOND"), "0".to_owned()));
        }
        for limit in ["ADDRESS", "NEWCOMER"] {
            environment.push((format!("ROOMLOG_PEOPLE__ATTEMPTS__{limit}_INTERVAL_MS"), "0".to_owned()));
        }
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let path = folder.path().join("cluster").display().to_string();
        run("cluster", vec!["up".to_owned(), path.clone()], environment).await;
        let url = exported(
            &run("cluster", vec!["env".to_owned(), path.clone()], Vec::new()).await,
            "ROOMLOG_URL",
        );
        let edges = [listens(&path, "edge1").await, listens(&path, "edge2").await];
        Self {
            folder,
            url,
            edges,
            http: reqwest::Client::new(),
            _room: room,
        }
    }

    /// Where a process of Roomlog listens, `host:port`.
    pub(crate) async fn address(&self, part: &str) -> String {
        listens(&self.path(), part).await
    }

    /// Starts Prometheus beside it, which judges in haste; where it answers.
    pub(crate) async fn prometheus(&self) -> String {
        let haste = vec![("ROOMLOG_TEST_HASTY_PROMETHEUS".to_owned(), "1".to_owned())];
        let path = self.path();
        let start = vec!["start".to_owned(), "prometheus".to_owned(), path.clone()];
        run("cluster", start, haste).await;
        let asked = vec!["env".to_owned(), "prometheus".to_owned(), path];
        exported(&run("cluster", asked, Vec::new()).await, "ROOMLOG_PROMETHEUS")
    }

    /// Sends a signal to a part, or to a service by `services/NAME`.
    #[cfg(feature = "observability")]
    pub(crate) fn signal(&self, signal: &str, part: &str) {
        let sent = Command::new("kill").args([signal, &self.pid(part)]).status();
        assert!(sent.unwrap().success(), "{signal} to {part}");
    }

    /// The process of a part, or of a service by `services/NAME`.
    #[cfg(feature = "observability")]
    pub(crate) fn pid(&self, part: &str) -> String {
        let file = match part.strip_prefix("services/") {
            Some(service) => format!("{}/services/pids/{service}", self.path()),
            None => format!("{}/pids/{part}", self.path()),
        };
        let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        kept.split_whitespace().next().expect("a number").to_owned()
    }

    /// Where it is kept.
    pub(crate) fn path(&self) -> String {
        self.folder.path().join("cluster").display().to_string()
    }

    /// `kill`, `stop`, `start` or `restart` of `edge1`, `edge2`, `history`, `live` or `haproxy`.
    pub(crate) async fn part(&self, verb: &str, part: &str) {
        self.part_with(verb, part, &[]).await;
    }

    /// The same with settings that a part which is started has.
    pub(crate) async fn part_with(&self, verb: &str, part: &str, settings: &[(&str, &str)]) {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let arguments = vec![verb.to_owned(), part.to_owned(), self.path()];
        run("cluster", arguments, settings.collect()).await;
    }

    /// How many sessions an edge has by its own count; `None` of a part that has none.
    pub(crate) async fn sessions(&self, part: &str) -> Option<u64> {
        if !part.starts_with("edge") {
            return None;
        }
        let url = format!("http://{}/metrics", self.address(part).await);
        let metrics = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("roomlog_sessions "));
        // It is counted from the first session on.
        Some(line.map_or(0, |count| count.parse().unwrap()))
    }

    /// `kill`, `stop`, `start` or `restart` of `kafka`, `registry`, `postgres` or `redis`.
    pub(crate) async fn service(&self, verb: &str, part: &str) {
        run(
            "services",
            vec![verb.to_owned(), part.to_owned(), self.path() + "/services"],
            Vec::new(),
        )
        .await;
    }

    /// A setting of the product on these services, such as `ROOMLOG_POSTGRES__URL`.
    pub(crate) async fn setting(&self, name: &str) -> String {
        let arguments = vec!["env".to_owned(), "--product".to_owned(), self.path() + "/services"];
        exported(&run("services", arguments, Vec::new()).await, name)
    }

    /// The end of what each process said: a failed test alone rarely says why.
    #[allow(clippy::print_stderr, reason = "a test that fails shows what the processes said")]
    fn print_logs(&self) {
        const LINES: usize = 12;
        for part in ["edge1", "edge2", "history", "live"] {
            let said = std::fs::read_to_string(format!("{}/logs/{part}.log", self.path())).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            eprintln!(
                "--- {part} said:\n{}",
                lines[lines.len().saturating_sub(LINES)..].join("\n")
            );
        }
    }

    /// Registers somebody.
    pub(crate) async fn register(&self, username: &str) -> Person {
        let body = json!({ "username": username, "password": "correct horse battery" });
        let answer = self.post("/v1/auth/register", None, &body).await;
        Person {
            id: answer["user"]["id"].as_str().unwrap().parse().unwrap(),
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Makes a room.
    pub(crate) async fn room(&self, owner: &Person, name: &str, kind: &str) -> Uuid {
        let answer = self
            .post("/v1/rooms", Some(&owner.token), &json!({ "name": name, "kind": kind }))
            .await;
        answer["id"].as_str().unwrap().parse().unwrap()
    }

    /// What an edge answers somebody who asks for a path: the status and what it says.
    pub(crate) async fn told(&self, edge: usize, who: &Person, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("http://{}{path}", self.edges[edge]));
        let answer = request.bearer_auth(&who.token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Makes a room by one edge: the other has nothing to do with it.
    pub(crate) async fn room_of(&self, edge: usize, owner: &Person, name: &str) -> Uuid {
        let url = format!("http://{}", self.edges[edge]);
        let body = json!({ "name": name, "kind": "open" });
        let answer = self.post_to(&url, "/v1/rooms", Some(&owner.token), &body).await;
        answer["id"].as_str().unwrap().parse().unwrap()
    }

    /// Posts to the balancer; panics when it is refused.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        self.post_to(&self.url, path, token, body).await
    }

    async fn post_to(&self, url: &str, path: &str, token: Option<&str>, body: &Value) -> Value {
        let mut request = self.http.post(format!("{url}{path}")).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}

impl Place for Cluster {
    async fn somebody(&self, username: &str) -> String {
        self.register(username).await.token
    }

    async fn open_room(&self, token: &str, name: &str) -> Uuid {
        let body = json!({ "name": name, "kind": "open" });
        let answer = self.post("/v1/rooms", Some(token), &body).await;
        answer["id"].as_str().unwrap().parse().unwrap()
    }

    /// Turn by turn on the two edges.
    fn addresses(&self, number: usize) -> Vec<String> {
        let edges = [number % 2, (number + 1) % 2];
        edges.map(|edge| format!("ws://{}", self.edges[edge])).into()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.print_logs();
        }
        let wiped = Command::new(script("cluster")).args(["wipe", &self.path()]).status();
        assert!(
            wiped.is_ok_and(|status| status.success()) || std::thread::panicking(),
            "the cluster was not wiped"
        );
    }
}
