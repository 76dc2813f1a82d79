//! What a client asks over HTTP: to come in, to make a room, to read back.
//!
//! A write keeps its cid over every try, as on the socket: an answer that was lost is asked for again.

use crate::protocol::{Ack, Refusal};
use rand::RngExt as _;
use reqwest::{Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// How long one try may take: a server answers within 10 s.
const ANSWER: Duration = Duration::from_secs(15);
/// Tries of a write whose outcome is unknown.
const TRIES: u32 = 5;
/// The largest pause before the second try; it doubles with each.
const PAUSE: Duration = Duration::from_millis(200);

/// A person, as the server knows them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Who.
    pub id: Uuid,
    /// The name they sign in with; guests have none.
    pub username: Option<String>,
    /// The name others see.
    pub display_name: String,
}

/// The answer to whoever came in.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct SignedIn {
    /// Who they are.
    pub user: User,
    /// What says so from now on.
    pub access_token: String,
    /// Until then, ms since 1970.
    pub expires_at: i64,
}

impl std::fmt::Debug for SignedIn {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user, expires_at, .. } = self;
        f.debug_struct("SignedIn")
            .field("user", user)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

/// A room, as far as its maker must know it; the rest is in `more`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Room {
    /// Its id.
    pub id: Uuid,
    /// All else that the server says of it.
    #[serde(flatten)]
    pub more: serde_json::Map<String, Value>,
}

/// A window of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The latest.
    Latest,
    /// Those before this seq.
    Before(u64),
    /// Those after this seq.
    After(u64),
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No answer came: a write may have landed all the same.
    #[error("no answer: {0}")]
    Lost(#[source] reqwest::Error),
    /// The answer is not the protocol's.
    #[error("an answer that can't be read: {0}")]
    Unreadable(String),
}

impl Error {
    /// Whether the same request can succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.retryable,
            Self::Lost(_) => true,
            Self::Unreadable(_) => false,
        }
    }
}

/// A server's REST interface, asked as somebody or as nobody yet.
#[derive(Clone)]
pub struct Rest {
    base: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl std::fmt::Debug for Rest {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("base", &self.base).finish_non_exhaustive()
    }
}

/// RFC 9457, with the server's own members.
#[derive(Deserialize)]
struct Problem {
    code: u16,
    name: String,
    detail: String,
    retryable: bool,
    outcome: String,
    retry_after_ms: Option<u64>,
    field: Option<String>,
}

impl Rest {
    /// The server at `base` (`http://host:port`).
    ///
    /// # Errors
    /// [`Error::Lost`] when no HTTP client can be made.
    pub fn new(base: &str) -> Result<Self, Error> {
        // A client can't be made without one, not even for plain HTTP; whoever was first stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(ANSWER)
            .build()
            .map_err(Error::Lost)?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            http,
            token: None,
        })
    }

    /// The same server, asked as whom this access token says.
    #[must_use]
    pub fn signed_in(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// Makes an account. Tried once: a second try would find the name taken.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn register(&self, username: &str, password: &str) -> Result<SignedIn, Error> {
        let body = json!({ "username": username, "password": password });
        self.call(Method::POST, "/v1/auth/register", Some(&body)).await
    }

    /// Signs in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn login(&self, username: &str, password: &str) -> Result<SignedIn, Error> {
        let body = json!({ "username": username, "password": password });
        self.call(Method::POST, "/v1/auth/login", Some(&body)).await
    }

    /// Comes in without an account, where that is allowed.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn guest(&self, display_name: &str) -> Result<SignedIn, Error> {
        let body = json!({ "display_name": display_name });
        self.call(Method::POST, "/v1/auth/guest", Some(&body)).await
    }

    /// Makes a room of this kind (`open`, `public` or `private`).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_room(&self, name: &str, kind: &str) -> Result<Room, Error> {
        self.write("/v1/rooms", json!({ "name": name, "kind": kind })).await
    }

    /// A room as it stands.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn room(&self, room: Uuid) -> Result<Room, Error> {
        self.call(Method::GET, &format!("/v1/rooms/{room}"), None).await
    }

    /// Becomes a member.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn join(&self, room: Uuid) -> Result<Ack, Error> {
        self.write(&format!("/v1/rooms/{room}/join"), json!({})).await
    }

    /// Stops being one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn leave(&self, room: Uuid) -> Result<Ack, Error> {
        self.write(&format!("/v1/rooms/{room}/leave"), json!({})).await
    }

    /// Up to `limit` (at most 200) messages as they stand, in order of seq.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn messages(&self, room: Uuid, page: Page, limit: usize) -> Result<Vec<Value>, Error> {
        #[derive(Deserialize)]
        struct Messages {
            messages: Vec<Value>,
        }
        let from = match page {
            Page::Latest => String::new(),
            Page::Before(seq) => format!("before={seq}&"),
            Page::After(seq) => format!("after={seq}&"),
        };
        let path = format!("/v1/rooms/{room}/messages?{from}limit={limit}");
        let answer: Messages = self.call(Method::GET, &path, None).await?;
        Ok(answer.messages)
    }

    /// A command that the log will hold, with one cid over every try.
    async fn write<T: DeserializeOwned>(&self, path: &str, mut body: Value) -> Result<T, Error> {
        body["cid"] = json!(Uuid::new_v4());
        let mut tries = 1;
        loop {
            match self.call(Method::POST, path, Some(&body)).await {
                Err(error) if error.retryable() && tries < TRIES => {
                    tokio::time::sleep(pause(&error, tries)).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn call<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&Value>) -> Result<T, Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        read(request.send().await.map_err(Error::Lost)?).await
    }
}

/// What the server asked for, else full jitter.
fn pause(error: &Error, tries: u32) -> Duration {
    let asked = match error {
        Error::Refused(refusal) => refusal.retry_after_ms.map(Duration::from_millis),
        Error::Lost(_) | Error::Unreadable(_) => None,
    };
    asked.unwrap_or_else(|| rand::rng().random_range(Duration::ZERO..=PAUSE.saturating_mul(1 << tries)))
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Error> {
    let status = answer.status();
    let body = answer.bytes().await.map_err(Error::Lost)?;
    let unreadable = |error: serde_json::Error| Error::Unreadable(format!("{status}: {error}"));
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(unreadable);
    }
    let problem: Problem = serde_json::from_slice(&body).map_err(unreadable)?;
    Err(Error::Refused(Refusal {
        code: problem.code,
        name: problem.name,
        message: problem.detail,
        retryable: problem.retryable,
        outcome: problem.outcome,
        retry_after_ms: problem.retry_after_ms,
        field: problem.field,
    }))
}
