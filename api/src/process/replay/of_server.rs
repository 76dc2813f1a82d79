//! A replay by a running server: lines of JSON over HTTP, taken as they come.

use super::{LOOK_AGAIN, Lines};
use crate::cli::past::Replay;
use crate::process::Error;
use crate::process::remote::{self, Remote};
use engine::travel::Point;
use serde_json::Value;
use std::ops::ControlFlow;

/// Most bytes of a line: an event of Kafka's size in base64, and what is around it.
const MOST_LINE: usize = 4 << 20;

type Query = Vec<(&'static str, String)>;

pub(super) async fn run(server: &str, asked: &Replay, shown: &mut dyn Lines) -> Result<ControlFlow<()>, Error> {
    let remote = Remote::new(server, &asked.whose)?;
    let mut query: Query = Vec::new();
    query.extend(
        asked
            .from
            .point()
            .map(|point| named(["from_offset", "from_time", "from_seq"], point)),
    );
    query.extend(
        asked
            .to
            .point()
            .map(|point| named(["to_offset", "to_time", "to_seq"], point)),
    );
    if asked.datum {
        query.push(("datum", true.to_string()));
    }
    loop {
        let Some(next) = once(&remote, asked, &query, shown).await? else {
            return Ok(ControlFlow::Break(()));
        };
        if !asked.follow {
            return Ok(ControlFlow::Continue(()));
        }
        if shown.pause()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        query.retain(|(name, _)| *name == "datum");
        query.push(("from_offset", next.to_string()));
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn named([offset, time, seq]: [&'static str; 3], point: Point) -> (&'static str, String) {
    match point {
        Point::Offset(at) => (offset, at.to_string()),
        Point::Time(at) => (time, at.as_millis().to_string()),
        Point::Seq(at) => (seq, at.to_string()),
    }
}

/// One replay to its end; where the next one goes on, `None` where nobody reads any more.
async fn once(remote: &Remote, asked: &Replay, query: &Query, shown: &mut dyn Lines) -> Result<Option<u64>, Error> {
    let mut answer = remote.room(&asked.whose, "events", query).await?;
    let mut rest = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| remote::unreachable(&error))? {
        rest.extend_from_slice(&chunk);
        let mut done = 0;
        while let Some(end) = rest[done..].iter().position(|byte| *byte == b'\n') {
            let line = &rest[done..done + end];
            done += end + 1;
            if let Some(to) = ended(line)? {
                return Ok(Some(to));
            }
            if shown.line(line)?.is_break() {
                return Ok(None);
            }
        }
        rest.drain(..done);
        if rest.len() > MOST_LINE {
            return Err(Error::Impossible("the server sends a line that is too long".into()));
        }
    }
    Err(Error::Impossible("the server ended the replay in its middle".into()))
}

/// Whether this is the last line, and where the replay ended. Records begin with their room.
fn ended(line: &[u8]) -> Result<Option<u64>, Error> {
    if line.starts_with(br#"{"room""#) {
        return Ok(None);
    }
    let last: Value = serde_json::from_slice(line).unwrap_or_default();
    if let Some(to) = last["done"]["to"].as_u64() {
        return Ok(Some(to));
    }
    let why = last["error"]["message"].as_str().unwrap_or("it does not say why");
    Err(Error::Impossible(format!("the server can't go on: {why}")))
}
