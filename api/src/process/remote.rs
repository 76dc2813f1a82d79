//! A running Roomlog, asked over REST by a command of this one.

use super::Error;
use crate::cli::past::Whose;
use reqwest::{Client, Response, Url};
use serde_json::Value;
use std::time::Duration;

/// A secret, so it is no setting and stands on no command line.
const TOKEN: &str = "ROOMLOG_TOKEN";
/// How long a connection may take, and how long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server, and who asks.
pub(super) struct Remote {
    http: Client,
    server: Url,
    token: String,
}

impl Remote {
    /// Finds the token. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no token, or the server's URL is none.
    pub(super) fn new(server: &str, whose: &Whose) -> Result<Self, Error> {
        engine::tls::choose_ring();
        let token = match &whose.token_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| Error::Usage(format!("cannot read the token from {}: {error}", file.display())))?,
            None => std::env::var(TOKEN).unwrap_or_default(),
        };
        let token = token.trim().to_owned();
        if token.is_empty() {
            return Err(Error::Usage(format!("no token: give --token-file, or set {TOKEN}")));
        }
        let server: Url = server
            .parse()
            .map_err(|error| Error::Usage(format!("--server {server}: {error}")))?;
        if server.cannot_be_a_base() {
            return Err(Error::Usage(format!(
                "--server {server}: it must begin with http:// or https://"
            )));
        }
        let http = Client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .build();
        Ok(Self {
            http: http.map_err(|error| Error::Impossible(format!("no HTTP client: {error}")))?,
            server,
            token,
        })
    }

    /// Asks for something of a room; the answer is a success, its body yet to be read.
    ///
    /// # Errors
    /// In the server's own words, where it refuses.
    pub(super) async fn room(&self, whose: &Whose, what: &str, query: &[(&str, String)]) -> Result<Response, Error> {
        let mut url = self.server.clone();
        let room = whose.room.to_string();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "rooms", &room, what]);
        }
        let named = [
            ("epoch", whose.epoch.map(|epoch| epoch.to_string())),
            ("partition", whose.partition.map(|partition| partition.to_string())),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query: Vec<_> = query.iter().cloned().chain(named).collect();
        let asked = self.http.get(url).bearer_auth(&self.token).query(&query).send().await;
        let answer = asked.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or("it does not say why");
        Err(Error::Impossible(format!("the server answers {status}: {detail}")))
    }
}

/// A server that can't be asked, or that stopped answering.
pub(super) fn unreachable(error: &reqwest::Error) -> Error {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(deeper) = source {
        why = format!("{why}: {deeper}");
        source = deeper.source();
    }
    Error::Impossible(why)
}
