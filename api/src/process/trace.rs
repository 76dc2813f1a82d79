//! `roomlog trace`: a trace as a tree, read from Jaeger's API; the trace of a message is named by the record itself.

mod tree;

use super::output::Output;
use super::{Error, remote, replay};
use crate::cli::trace::Trace;
use crate::config::Config;
use engine::telemetry::TraceId;
use serde_json::Value;
use std::time::Duration;
use tree::Tree;

/// How long Jaeger may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does it, to its end.
pub(super) async fn run(config: &Config, asked: &Trace) -> Result<(), Error> {
    let jaeger = asked.jaeger.as_deref().unwrap_or(&config.telemetry.jaeger_url);
    let jaeger = jaeger.trim_end_matches('/');
    if jaeger.is_empty() {
        return Err(Error::Usage(
            "where is Jaeger? give --jaeger URL, or set ROOMLOG_TELEMETRY__JAEGER_URL".into(),
        ));
    }
    let id = match (&asked.id, asked.message()) {
        (Some(id), _) => {
            TraceId::parse(id).ok_or_else(|| Error::Usage(format!("{id} is not 32 lower-case hex digits")))?
        }
        (None, Some(message)) => of_message(&replay::first(config, &message).await?)?,
        (None, None) => return Err(Error::Usage("give a trace's id, or --room and --seq".into())),
    };
    let found = ask(jaeger, id).await?;
    let tree = Tree::of(&found);
    if tree.is_empty() {
        return Err(Error::Impossible(format!(
            "Jaeger has no trace {id}: it was not recorded (telemetry.trace_ratio), is not there yet, or not any more"
        )));
    }
    let mut output = Output::default();
    if asked.json {
        tree.write_json(output.buffer());
    } else {
        tree.write(&format!("{jaeger}/trace/{id}"), output.buffer());
    }
    output.flush().map(drop)
}

/// The trace that a replayed event names.
fn of_message(line: &[u8]) -> Result<TraceId, Error> {
    let line: Value = serde_json::from_slice(line).unwrap_or_default();
    let id = line["trace_id"].as_str().and_then(TraceId::parse);
    id.ok_or_else(|| {
        Error::Impossible("the event carries no trace: it was imported, or written by another tool".into())
    })
}

async fn ask(jaeger: &str, id: TraceId) -> Result<Value, Error> {
    engine::tls::choose_ring();
    let http = reqwest::Client::builder().timeout(PATIENCE).build();
    let http = http.map_err(|error| Error::Impossible(format!("no HTTP client: {error}")))?;
    let answer = http.get(format!("{jaeger}/api/traces/{id}")).send().await;
    let answer = answer.map_err(|error| remote::unreachable(&error))?;
    let status = answer.status();
    // It says of a trace that it does not have that it is not found.
    if !status.is_success() && status != reqwest::StatusCode::NOT_FOUND {
        return Err(Error::Impossible(format!("Jaeger answers {status}")));
    }
    answer.json().await.map_err(|error| remote::unreachable(&error))
}
