//! A small issuer: it publishes keys over HTTP and signs tokens with them, and can be told to misbehave.

#[path = "issuer/keys.rs"]
pub(crate) mod keys;

use engine::people::issuers;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const AUDIENCE: &str = "roomlog-tests";

/// What it answers whoever asks for its keys.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These keys.
    Keys(Vec<Value>),
    /// A status line and a body.
    Other(&'static str, String),
    /// A body without an end.
    Endless,
    /// Nothing, for as long as one waits.
    Silence,
}

/// The issuer; gone when it is dropped.
pub(crate) struct Issuer {
    pub(crate) name: String,
    url: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

/// One of its keys.
#[derive(Clone)]
pub(crate) struct Key {
    kid: String,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Key {
    pub(crate) fn new(kid: &str, algorithm: Algorithm, key: EncodingKey) -> Self {
        let kid = kid.to_owned();
        Self { kid, algorithm, key }
    }

    /// As it is published.
    pub(crate) fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        serde_json::to_value(jwk).unwrap()
    }

    /// A token.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(|_| {}, claims)
    }

    /// A token with another header.
    pub(crate) fn sign_with(&self, change: impl FnOnce(&mut Header), claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        change(&mut header);
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

impl Issuer {
    /// One that publishes nothing yet.
    pub(crate) async fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(Answer::Keys(Vec::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn(serve(listener, answer.clone(), asked.clone()));
        Self {
            name: name.to_owned(),
            url,
            answer,
            asked,
            serving,
        }
    }

    /// As a configuration names it.
    pub(crate) fn configured(&self, algorithms: &[&str]) -> issuers::Issuer {
        serde_json::from_value(json!({
            "issuer": self.name, "audience": AUDIENCE, "jwks_url": self.url, "algorithms": algorithms,
        }))
        .unwrap()
    }

    /// The same as a file of settings has it.
    #[allow(dead_code, reason = "the tests of servers need it")]
    pub(crate) fn as_settings(&self, algorithms: &str) -> String {
        format!(
            "[[people.issuers]]\nissuer = {:?}\naudience = {AUDIENCE:?}\njwks_url = {:?}\nalgorithms = {algorithms}\n",
            self.name, self.url
        )
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(crate) fn publishes(&self, keys: &[&Key]) {
        self.answers(Answer::Keys(keys.iter().map(|key| key.public()).collect()));
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What a token of somebody says, from `now` (milliseconds) on for a minute.
    pub(crate) fn claims(&self, subject: &str, now: i64) -> Value {
        json!({
            "iss": self.name, "aud": [AUDIENCE, "others"], "sub": subject, "name": subject,
            "iat": now / 1_000, "nbf": now / 1_000, "exp": now / 1_000 + 60,
        })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, answer: Arc<Mutex<Answer>>, asked: Arc<AtomicUsize>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        asked.fetch_add(1, Ordering::SeqCst);
        let answer = answer.lock().unwrap().clone();
        tokio::spawn(async move { reply(stream, answer).await.ok() });
    }
}

async fn reply(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let (status, body) = match answer {
        Answer::Keys(keys) => ("200 OK", json!({ "keys": keys }).to_string()),
        Answer::Other(status, body) => (status, body),
        Answer::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\":[").await?;
            loop {
                stream.write_all(&[b' '; 1_024]).await?;
            }
        }
        // Until the other side gives up.
        Answer::Silence => return stream.read_u8().await.map(drop),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
