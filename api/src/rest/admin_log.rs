//! `/v1/admin/log…`: what admins may see of the log: what it holds, how far the projections are, dead letters, and records
//! as they come. They see who did what kind of thing where, never what was said; whoever opens the stream is in the audit.

use super::events::Author;
use super::guard::{Admin, Asked};
use super::rooms::page_limit;
use super::{App, account_error, path_id, schema};
use crate::error::Error;
use crate::inspect::letters::Dead;
use crate::inspect::line::{self, Read};
use crate::inspect::overview::Overview;
use crate::inspect::tail::{self, Seen, Watched};
use crate::inspect::{self, Inspector};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::domain::{Body as EventBody, RoomId};
use engine::log::{Record, Topic};
use engine::people::act::LOG_TAIL;
use engine::people::{Act, ERASED_NAME};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

/// Most dead letters in one answer.
const LETTERS: usize = 100;
/// Most records of each partition that a stream begins with.
const LAST: u64 = 100;

/// What the log holds, how fast it grows, and how far history and live views are behind it, as of a moment ago.
#[utoipa::path(get, operation_id = "admin_log_overview", path = "/v1/admin/log", tag = "admin",
    responses((status = 200, description = "The log as it stands.", body = Overview)))]
pub(super) async fn overview(State(app): State<Arc<App>>, _: Admin) -> Result<Response, Error> {
    let overview = app.inspector.overview().await?;
    Ok(axum::Json(&*overview).into_response())
}

/// How many dead letters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Latest {
    /// How many; 100 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The latest dead letters.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetters {
    /// Newest first.
    letters: Vec<Dead>,
}

/// The latest records that could not be read, or that a store refused: copied aside, and without effect.
#[utoipa::path(get, operation_id = "admin_log_dead_letters", path = "/v1/admin/log/dead-letters",
    tag = "admin", params(Latest),
    responses((status = 200, description = "Newest first.", body = DeadLetters)))]
pub(super) async fn dead_letters(
    State(app): State<Arc<App>>,
    _: Admin,
    Asked(latest): Asked<Latest>,
) -> Result<Response, Error> {
    let limit = page_limit(latest.limit, LETTERS, LETTERS)?;
    let letters = app.inspector.letters(limit).await?;
    Ok(axum::Json(DeadLetters { letters }).into_response())
}

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Watch {
    /// Of one room alone.
    #[param(value_type = String, format = "uuid", required = false)]
    room: Option<String>,
    /// Of one type alone: `message_sent`.
    #[serde(rename = "type")]
    #[param(value_type = schema::EventType, required = false)]
    kind: Option<String>,
    /// Begins with so many of the last records of each partition, whatever their type; 0 if absent.
    #[param(value_type = u64, required = false, maximum = 100)]
    last: Option<u64>,
}

/// A record of the log. What the fold says of it is not known here: an event that everybody ignores is shown like any other.
/// Where records came faster than they were read, a line `{"passed_over":…}` says how many are missing.
#[derive(ToSchema)]
#[schema(as = LogRecord)]
#[allow(
    dead_code,
    reason = "it describes what is encoded elsewhere, without a value of its own"
)]
struct Shown {
    /// `events`.
    topic: String,
    partition: schema::Partition,
    offset: schema::Offset,
    at: schema::Time,
    /// Its type, or what is wrong with it.
    r#type: String,
    readable: bool,
    room: Option<schema::RoomId>,
    /// Who did it, as they were called then.
    from: Option<Author>,
    /// What the event says, without what people said.
    #[schema(value_type = Object)]
    body: (),
    event_id: Option<schema::EventId>,
    cid: Option<schema::Cid>,
    /// `said`: what people said is not in `body`.
    withheld: Option<String>,
}

/// Records as the log takes them, decoded: lines of JSON, or server-sent events for who accepts those. It goes on until
/// whoever asked goes, and is kept in the audit. Admins see who did what where, never what was said.
#[utoipa::path(get, operation_id = "admin_log_tail", path = "/v1/admin/log/tail", tag = "admin", params(Watch),
    responses((status = 200, description = "Records as they come.",
        content((Shown = "application/x-ndjson"), (String = "text/event-stream")))))]
pub(super) async fn tail(
    State(app): State<Arc<App>>,
    admin: Admin,
    Asked(watch): Asked<Watch>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let room = watch.room.as_deref().map(path_id::<RoomId>).transpose();
    let room = room.map_err(|_| Error::bad_field("room", "room must be a room's id"))?;
    if let Some(kind) = watch
        .kind
        .as_deref()
        .filter(|kind| !EventBody::TYPE_NAMES.contains(kind))
    {
        let known = EventBody::TYPE_NAMES.join(", ");
        return Err(Error::bad_field(
            "type",
            format!("there is no type {kind}: there are {known}"),
        ));
    }
    let last = watch.last.unwrap_or(0);
    if last > LAST {
        return Err(Error::bad_field("last", format!("last must be at most {LAST}")));
    }
    let inspector = app.inspector.clone();
    let place = inspector.place()?;
    let act = Act::new(admin.user_id, LOG_TAIL, room.map(RoomId::uuid), app.clock.now());
    let act = act.with(json!({ "type": watch.kind, "last": last }));
    app.accounts.audit(&act).await.map_err(account_error)?;
    let asked = tail::Asked {
        topic: Topic::Events,
        room,
        last,
        queue: inspector.config.log_tail_queue_records,
    };
    let watched = tail::begin(&*inspector.log, asked).await;
    let streamed = Streamed {
        watched: watched.map_err(|error| inspect::log_away(&error))?,
        server_sent: super::events::accepts_events(&headers),
        kind: watch.kind,
        app,
        inspector,
        _place: place,
    };
    let kind = match streamed.server_sent {
        true => super::events::EVENTS,
        false => super::events::LINES,
    };
    Ok(([(header::CONTENT_TYPE, kind)], streamed.body()).into_response())
}

/// A stream of records to one admin; when they go, it is dropped, and its place is free.
struct Streamed {
    watched: Watched,
    server_sent: bool,
    kind: Option<String>,
    app: Arc<App>,
    inspector: Arc<Inspector>,
    _place: OwnedSemaphorePermit,
}

impl Streamed {
    fn body(self) -> Body {
        let lines = stream::unfold(self, |mut streamed| async move {
            let next = streamed.next().await?;
            Some((Ok::<Bytes, Infallible>(next), streamed))
        });
        Body::from_stream(lines)
    }

    /// What is sent next: a record, with what was passed over before it, or a sign of life.
    async fn next(&mut self) -> Option<Bytes> {
        let pause = crate::config::millis(self.inspector.config.log_tail_keep_alive_ms.max(1));
        let stopping = self.inspector.stopping.clone();
        loop {
            let seen = tokio::select! {
                () = stopping.cancelled() => return None,
                seen = self.watched.next() => seen?,
                () = tokio::time::sleep(pause) => return Some(self.alive()),
            };
            let line = match seen {
                Seen::Record(record) => self.line(&record),
                Seen::Lost(partition, error) => {
                    tracing::warn!(%error, %partition, "the log's end is not to be seen any more");
                    return None;
                }
            };
            if let Some(line) = line {
                let lost = self.watched.passed_over();
                let lost =
                    (lost > 0).then(|| self.framed(Some("passed_over"), &json!({ "passed_over": lost }).to_string()));
                return Some(format!("{}{}", lost.unwrap_or_default(), self.framed(None, &line)).into());
            }
        }
    }

    fn line(&self, record: &Record) -> Option<String> {
        let read = line::read(Topic::Events, record, self.inspector.log.partitions());
        if self.kind.as_ref().is_some_and(|kind| *kind != read.kind) {
            return None;
        }
        Some(self.shown(read.unsaid()).json(Topic::Events, record))
    }

    /// Without the names of those who were erased.
    fn shown(&self, mut read: Read) -> Read {
        if let Some((id, name)) = &mut read.from
            && self.app.edge.is_erased(*id)
        {
            ERASED_NAME.clone_into(name);
        }
        read
    }

    fn framed(&self, event: Option<&str>, line: &str) -> String {
        match (self.server_sent, event) {
            (true, Some(event)) => format!("event: {event}\ndata: {line}\n\n"),
            (true, None) => format!("data: {line}\n\n"),
            (false, _) => format!("{line}\n"),
        }
    }

    /// An empty line, or a comment: nothing to who reads, something to what stands between.
    fn alive(&self) -> Bytes {
        Bytes::from_static(if self.server_sent { b":\n\n" } else { b"\n" })
    }
}
