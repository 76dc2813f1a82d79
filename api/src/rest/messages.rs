//! `/v1/rooms/{room}/messages…`: reading and writing what is said.

use super::guard::{Asked, Json, Retry, Signed};
use super::rooms::{MinSeq, reached, written};
use super::{App, path_id};
use crate::command::Ask;
use crate::error::{Error, Name};
use crate::protocol::frame::ask;
use crate::protocol::{RECENT_DEFAULT, Verb};
use crate::shown::ShownMessage;
use crate::trace::Trace;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::domain::{Message, RECENT, Seq, UserId};
use engine::history::Page;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most messages of a page.
const PAGE: usize = 200;

/// Which window of a room's messages.
#[derive(Debug, Deserialize)]
pub(super) struct Window {
    before: Option<u64>,
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Messages<'a> {
    messages: Vec<ShownMessage<'a>>,
}

fn shown(messages: &[Message], viewer: UserId) -> Response {
    let messages = ShownMessage::all(messages, viewer);
    axum::Json(Messages { messages }).into_response()
}

/// `GET /v1/rooms/{room}/messages?before=|after=&limit=&min_seq=`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(window): Asked<Window>,
    Asked(min): Asked<MinSeq>,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    let page = match (window.before, window.after) {
        (None, None) => Page::Latest,
        (Some(seq), None) => Page::Before(Seq::new(seq)),
        (None, Some(seq)) => Page::After(Seq::new(seq)),
        (Some(_), Some(_)) => return Err(Error::bad_field("before", "before and after exclude each other")),
    };
    let limit = window.limit.unwrap_or(RECENT_DEFAULT);
    if limit > PAGE {
        return Err(Error::bad_field("limit", format!("limit must be at most {PAGE}")));
    }
    reached(&app, &signed.caller, room, &min).await?;
    let messages = app.edge.page(&signed.caller, room, page, limit).await?;
    Ok(shown(&messages, signed.caller.user_id))
}

/// `GET /v1/rooms/{room}/recent?limit=`.
pub(super) async fn recent(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(window): Asked<Window>,
) -> Result<Response, Error> {
    let limit = window.limit.unwrap_or(RECENT_DEFAULT).min(RECENT);
    let messages = app.edge.recent(&signed.caller, path_id(&room)?, limit).await?;
    Ok(shown(&messages, signed.caller.user_id))
}

/// `POST /v1/rooms/{room}/messages {text, cid?, reply_to?, mentions?, since?}`.
pub(super) async fn send(
    State(app): State<Arc<App>>,
    signed: Signed,
    Extension(trace): Extension<Trace>,
    retry: Retry,
    Path(room): Path<String>,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = ask(Verb::Send, &fields)?;
    written(&app, &signed.caller, &room, &fields, retry, ask, &trace).await
}

/// `PATCH /v1/rooms/{room}/messages/{seq} {text, mentions?}`.
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    signed: Signed,
    Extension(trace): Extension<Trace>,
    retry: Retry,
    Path((room, seq)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = Ask::Edit {
        seq: path_seq(&seq)?,
        text: fields.text().required(|value| value.message())?,
        mentions: fields
            .mentions()
            .optional(|value| value.mentions())?
            .unwrap_or_default(),
    };
    written(&app, &signed.caller, &room, &fields, retry, ask, &trace).await
}

/// `DELETE /v1/rooms/{room}/messages/{seq}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    signed: Signed,
    Extension(trace): Extension<Trace>,
    retry: Retry,
    Path((room, seq)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let ask = Ask::Delete { seq: path_seq(&seq)? };
    written(&app, &signed.caller, &room, &json.fields()?, retry, ask, &trace).await
}

/// `POST /v1/rooms/{room}/messages/{seq}/react {emoji}`.
pub(super) async fn react(
    State(app): State<Arc<App>>,
    signed: Signed,
    Extension(trace): Extension<Trace>,
    retry: Retry,
    Path((room, seq)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = Ask::React {
        seq: path_seq(&seq)?,
        emoji: fields.emoji().required(|value| value.emoji())?,
    };
    written(&app, &signed.caller, &room, &fields, retry, ask, &trace).await
}

/// `POST /v1/rooms/{room}/messages/{seq}/unreact {emoji}`.
pub(super) async fn unreact(
    State(app): State<Arc<App>>,
    signed: Signed,
    Extension(trace): Extension<Trace>,
    retry: Retry,
    Path((room, seq)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = Ask::Unreact {
        seq: path_seq(&seq)?,
        emoji: fields.emoji().required(|value| value.emoji())?,
    };
    written(&app, &signed.caller, &room, &fields, retry, ask, &trace).await
}

fn path_seq(text: &str) -> Result<Seq, Error> {
    let seq = text.parse().map(Seq::new);
    seq.map_err(|_| Error::new(Name::NotFound, "there is no message at that seq"))
}
