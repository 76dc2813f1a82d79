//! Requests one after the other on one connection, and how long each took.

use crate::cluster::Process;
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// Somebody who asks REST.
pub(crate) struct Asker {
    http: reqwest::Client,
    origin: String,
    token: String,
}

impl Asker {
    /// Asks `edge` as the holder of `token`.
    pub(crate) fn new(edge: &Process, token: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            origin: format!("http://{}", edge.address),
            token: token.to_owned(),
        }
    }

    /// How long a GET takes to its answer's last byte, and the answer.
    pub(crate) async fn ask(&self, path: &str) -> Result<(Duration, String)> {
        let request = self.http.get(format!("{}{path}", self.origin)).bearer_auth(&self.token);
        let begun = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        let took = begun.elapsed();
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok((took, text))
    }
}

/// How long something took, over and over.
pub(crate) struct Times(Histogram<u64>);

impl Times {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new(3)?))
    }

    pub(crate) fn note(&mut self, took: Duration) -> Result<()> {
        Ok(self.0.record(u64::try_from(took.as_micros())?)?)
    }

    /// Milliseconds that so many of a hundred did not exceed.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        self.0.value_at_percentile(percent) as f64 / 1_000.0
    }
}
