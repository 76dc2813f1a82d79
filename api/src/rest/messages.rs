//! `/v1/rooms/{room}/messages…`: reading and writing what is said.

use super::guard::{Asked, Json, Signed, Writer};
use super::rooms::{MinSeq, reached};
use super::{App, path_id};
use crate::command::Ask;
use crate::error::{Error, Name};
use crate::protocol::frame::ask;
use crate::protocol::{RECENT_DEFAULT, Verb};
use crate::shown::ShownMessage;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use engine::domain::{Emoji, Message, RECENT, Seq, UserId};
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
pub(super) async fn send(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = ask(Verb::Send, &fields)?;
    writer.written(&room, &fields, ask).await
}

/// `PATCH /v1/rooms/{room}/messages/{seq} {text, mentions?}`.
pub(super) async fn edit(
    writer: Writer,
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
    writer.written(&room, &fields, ask).await
}

/// `DELETE /v1/rooms/{room}/messages/{seq}`.
pub(super) async fn delete(
    writer: Writer,
    Path((room, seq)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let ask = Ask::Delete { seq: path_seq(&seq)? };
    writer.written(&room, &json.fields()?, ask).await
}

/// `POST /v1/rooms/{room}/messages/{seq}/react {emoji}`.
pub(super) fn react() -> MethodRouter<Arc<App>> {
    reacting(|seq, emoji| Ask::React { seq, emoji })
}

/// `POST /v1/rooms/{room}/messages/{seq}/unreact {emoji}`.
pub(super) fn unreact() -> MethodRouter<Arc<App>> {
    reacting(|seq, emoji| Ask::Unreact { seq, emoji })
}

fn reacting(ask: fn(Seq, Emoji) -> Ask) -> MethodRouter<Arc<App>> {
    post(
        async move |writer: Writer, Path((room, seq)): Path<(String, String)>, json: Json| {
            let fields = json.fields()?;
            let ask = ask(path_seq(&seq)?, fields.emoji().required(|value| value.emoji())?);
            writer.written(&room, &fields, ask).await
        },
    )
}

fn path_seq(text: &str) -> Result<Seq, Error> {
    let seq = text.parse().map(Seq::new);
    seq.map_err(|_| Error::new(Name::NotFound, "there is no message at that seq"))
}
