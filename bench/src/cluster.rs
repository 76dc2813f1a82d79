//! A Roomlog to measure: the services that the environment names, with topics, schemas and keys of its own.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::env;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_DEADLINE: Duration = Duration::from_secs(30);

/// Settings that give one measurement a log, a database and keys of its own.
pub(crate) struct Cluster {
    settings: BTreeMap<String, String>,
    binary: PathBuf,
    /// Where Kafka listens.
    pub brokers: String,
    /// The database of this measurement.
    pub postgres: String,
    /// What its topics begin with.
    pub prefix: String,
    http: reqwest::Client,
}

/// A Roomlog process; it ends with this value.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Process {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails when it has ended.
    pub(crate) fn ensure_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("roomlog ended early: {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A benchmark measures no shutdown, and a process that is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn service(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set: run `make bench`, or scripts/services up"))
}

impl Cluster {
    /// Migrates and registers a new Roomlog on the running services.
    pub(crate) async fn start() -> Result<Self> {
        let name = format!("bench_{}", uuid::Uuid::new_v4().simple());
        let (brokers, admin) = (service("ROOMLOG_TEST_KAFKA")?, service("ROOMLOG_TEST_POSTGRES")?);
        let pool = sqlx::PgPool::connect(&admin).await.context("PostgreSQL")?;
        sqlx::query(&format!("CREATE DATABASE {name}")).execute(&pool).await?;
        let postgres = admin
            .rsplit_once('/')
            .context("a database URL has a path")?
            .0
            .to_owned()
            + "/"
            + &name;
        let settings = BTreeMap::from([
            ("ROOMLOG_KAFKA__BROKERS".to_owned(), brokers.clone()),
            ("ROOMLOG_KAFKA__PREFIX".to_owned(), name.clone()),
            (
                "ROOMLOG_KAFKA__SCHEMA_REGISTRY".to_owned(),
                service("ROOMLOG_TEST_REGISTRY")?,
            ),
            ("ROOMLOG_POSTGRES__URL".to_owned(), postgres.clone()),
            ("ROOMLOG_REDIS__URL".to_owned(), service("ROOMLOG_TEST_REDIS")?),
            ("ROOMLOG_REDIS__PREFIX".to_owned(), name.clone()),
            // What is measured is what it can do, not what it lets one person do.
            ("ROOMLOG_LIMITS__ADDRESS_PER_SECOND".to_owned(), "0".to_owned()),
            ("ROOMLOG_LIMITS__PERSON_PER_SECOND".to_owned(), "0".to_owned()),
            ("ROOMLOG_LIMITS__ROOM_PER_SECOND".to_owned(), "0".to_owned()),
        ]);
        let binary = env::current_exe()?.parent().context("target folder")?.join("roomlog");
        ensure!(
            binary.exists(),
            "{} is missing: cargo build --release -p api",
            binary.display()
        );
        let cluster = Self {
            settings,
            binary,
            brokers,
            postgres,
            prefix: name,
            http: reqwest::Client::new(),
        };
        cluster.once(&["migrate"])?;
        cluster.once(&["schemas", "register"])?;
        Ok(cluster)
    }

    /// Its log, for those who fill it.
    pub(crate) async fn log(&self) -> Result<engine::log::kafka::Log> {
        let config = engine::log::kafka::Config {
            brokers: self.brokers.clone(),
            prefix: self.prefix.clone(),
            ..engine::log::kafka::Config::default()
        };
        Ok(engine::log::kafka::Log::open(config, false).await?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .envs(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Runs `roomlog ARGUMENTS` to its end, which must be good; what it printed.
    pub(crate) fn output(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(arguments)
            .env("ROOMLOG_TELEMETRY__LEVEL", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "roomlog {} failed", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn once(&self, arguments: &[&str]) -> Result<()> {
        let status = self.command(arguments).status()?;
        ensure!(status.success(), "roomlog {} failed", arguments.join(" "));
        Ok(())
    }

    /// Starts `roomlog ARGUMENTS`.
    pub(crate) fn begin(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Result<Process> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = self
            .command(arguments)
            .env("ROOMLOG_LISTEN", address.to_string())
            .env("ROOMLOG_TELEMETRY__LEVEL", "warn")
            .envs(settings.iter().copied())
            .spawn()?;
        Ok(Process { child, address })
    }

    /// Starts `roomlog ARGUMENTS` and waits until it is ready.
    pub(crate) async fn process(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Result<Process> {
        let mut process = self.begin(arguments, settings)?;
        let address = process.address;
        let (url, begun) = (format!("http://{address}/readyz"), Instant::now());
        loop {
            if let Ok(answer) = self.http.get(&url).send().await
                && answer.status().is_success()
            {
                return Ok(process);
            }
            process.ensure_alive()?;
            ensure!(
                begun.elapsed() < START_DEADLINE,
                "roomlog {} did not get ready",
                arguments.join(" ")
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Registers a person; answers their access token.
    pub(crate) async fn register(&self, edge: &Process, username: &str) -> Result<String> {
        let body = json!({ "username": username, "password": "a password for benchmarks" });
        let answer = self.post(edge, "/v1/auth/register", None, &body).await?;
        Ok(answer["access_token"].as_str().context("access_token")?.to_owned())
    }

    /// Makes an open room; answers its id.
    pub(crate) async fn open_room(&self, edge: &Process, token: &str, name: &str) -> Result<String> {
        let answer = self
            .post(edge, "/v1/rooms", Some(token), &json!({ "name": name, "kind": "open" }))
            .await?;
        Ok(answer["id"].as_str().context("id")?.to_owned())
    }

    async fn post(&self, edge: &Process, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
        let mut request = self.http.post(format!("http://{}{path}", edge.address)).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

/// The headers that open a Roomlog session.
pub(crate) fn session_headers(token: &str) -> Vec<String> {
    vec![
        "Sec-WebSocket-Protocol: roomlog.v1.json".to_owned(),
        format!("Authorization: Bearer {token}"),
    ]
}
