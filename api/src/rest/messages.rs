//! `/v1/rooms/{room}/messages…`: reading and writing what is said.

use super::guard::{Asked, Json, Signed, Writer};
use super::rooms::{MinSeq, page_limit, reached};
use super::{App, bodies, path_id, schema};
use crate::command::Ask;
use crate::edge::around::Place;
use crate::error::{Error, Name};
use crate::protocol::fields::GREATEST_INTEGER;
use crate::protocol::frame::ask;
use crate::protocol::reply::Receipt;
use crate::protocol::{RECENT_DEFAULT, Verb};
use crate::shown::ShownMessage;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::domain::{Emoji, RECENT, Seq, Timestamp};
use engine::history::Page;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most messages of a page.
const PAGE: usize = 200;

/// Which window of a room's messages; the latest without any of `before`, `after`, `around` and `time`, which exclude each other.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Window {
    /// Those before this seq.
    #[param(value_type = schema::Seq, required = false)]
    before: Option<u64>,
    /// Those after this seq.
    #[param(value_type = schema::Seq, required = false)]
    after: Option<u64>,
    /// Those around the message of this seq, or the next one after it.
    #[param(value_type = schema::Seq, required = false)]
    around: Option<u64>,
    /// Those around the first message of this time or later.
    #[param(value_type = schema::Time, required = false)]
    time: Option<u64>,
    /// How many; 50 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// A window that is asked for.
enum Wanted {
    Page(Page),
    Around(Place),
}

impl Window {
    fn wanted(&self) -> Result<Wanted, Error> {
        match (self.before, self.after, self.around, self.time) {
            (None, None, None, None) => Ok(Wanted::Page(Page::Latest)),
            (Some(seq), None, None, None) => Ok(Wanted::Page(Page::Before(query_seq("before", seq)?))),
            (None, Some(seq), None, None) => Ok(Wanted::Page(Page::After(query_seq("after", seq)?))),
            (None, None, Some(seq), None) => Ok(Wanted::Around(Place::Seq(query_seq("around", seq)?))),
            (None, None, None, Some(time)) => Ok(Wanted::Around(Place::Time(query_time("time", time)?))),
            _ => Err(Error::bad_field(
                "before",
                "before, after, around and time exclude each other",
            )),
        }
    }
}

/// Which replies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Replies {
    /// Those after this seq.
    #[param(value_type = schema::Seq, required = false)]
    after: Option<u64>,
    /// How many; 50 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// How many of the latest.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Latest {
    /// How many; 50 if absent.
    #[param(value_type = u64, required = false, maximum = 100)]
    limit: Option<usize>,
}

/// Messages as they stand, in order of seq.
#[derive(Serialize, ToSchema)]
#[schema(as = Messages)]
pub(super) struct Messages<'a> {
    messages: Vec<ShownMessage<'a>>,
}

/// A window of messages as they stand, in order of seq, and where it goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = MessagePage)]
pub(super) struct MessagePage<'a> {
    messages: Vec<ShownMessage<'a>>,
    /// Ask with this `before` for older ones; null where the room begins.
    #[schema(value_type = Option<schema::Seq>, required = true)]
    before: Option<Seq>,
    /// Ask with this `after` for newer ones; null at the room's end.
    #[schema(value_type = Option<schema::Seq>, required = true)]
    after: Option<Seq>,
    /// With `around` or `time` alone: the message there, or the next one after it; null where the room ends before, and the
    /// page is its latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Seq>, required = false)]
    anchor: Option<Option<Seq>>,
}

/// A message and what was said to it.
#[derive(Serialize, ToSchema)]
#[schema(as = Thread)]
pub(super) struct Thread<'a> {
    message: ShownMessage<'a>,
    /// In order of seq.
    replies: Vec<ShownMessage<'a>>,
    /// How many there are in all; 1,000 means 1,000 or more.
    #[schema(value_type = schema::Count)]
    count: u64,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::Seq>, required = true)]
    after: Option<Seq>,
}

/// A window of a room's messages as they stand.
#[utoipa::path(get, operation_id = "messages_page", path = "/v1/rooms/{room}/messages", tag = "messages",
    params(("room" = schema::RoomId, Path, description = "The room."), Window, MinSeq),
    responses((status = 200, description = "Messages in order of seq.", body = MessagePage<'_>)))]
pub(super) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(window): Asked<Window>,
    Asked(min): Asked<MinSeq>,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    let wanted = window.wanted()?;
    let limit = page_limit(window.limit, RECENT_DEFAULT, PAGE)?;
    reached(&app, &signed.caller, room, &min).await?;
    let (page, anchor) = match wanted {
        Wanted::Page(page) => (app.edge.page(&signed.caller, room, page, limit).await?, None),
        Wanted::Around(place) => {
            let around = app.edge.around(&signed.caller, room, place, limit).await?;
            (around.page, Some(around.anchor))
        }
    };
    let shown = MessagePage {
        messages: ShownMessage::all(&page.messages, signed.caller.user_id),
        before: page.before,
        after: page.after,
        anchor,
    };
    Ok(axum::Json(shown).into_response())
}

/// One message as it stands.
#[utoipa::path(get, operation_id = "messages_get", path = "/v1/rooms/{room}/messages/{seq}", tag = "messages",
    params(("room" = schema::RoomId, Path, description = "The room."), ("seq" = schema::Seq, Path, description = "The message."), MinSeq),
    responses((status = 200, description = "The message.", body = ShownMessage<'_>)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((room, seq)): Path<(String, String)>,
    Asked(min): Asked<MinSeq>,
) -> Result<Response, Error> {
    let (room, seq) = (path_id(&room)?, path_seq(&seq)?);
    reached(&app, &signed.caller, room, &min).await?;
    let message = app.edge.message(&signed.caller, room, seq).await?;
    Ok(axum::Json(ShownMessage::of(&message, signed.caller.user_id)).into_response())
}

/// A message and the replies to it.
#[utoipa::path(get, operation_id = "messages_thread", path = "/v1/rooms/{room}/messages/{seq}/thread", tag = "messages",
    params(("room" = schema::RoomId, Path, description = "The room."), ("seq" = schema::Seq, Path, description = "The message."), Replies, MinSeq),
    responses((status = 200, description = "The message and a page of its replies.", body = Thread<'_>)))]
pub(super) async fn thread(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((room, seq)): Path<(String, String)>,
    Asked(replies): Asked<Replies>,
    Asked(min): Asked<MinSeq>,
) -> Result<Response, Error> {
    let (room, seq) = (path_id(&room)?, path_seq(&seq)?);
    let after = query_seq("after", replies.after.unwrap_or(0))?;
    let limit = page_limit(replies.limit, RECENT_DEFAULT, PAGE)?;
    reached(&app, &signed.caller, room, &min).await?;
    let thread = app.edge.thread(&signed.caller, room, seq, after, limit).await?;
    let viewer = signed.caller.user_id;
    let shown = Thread {
        message: ShownMessage::of(&thread.message, viewer),
        replies: ShownMessage::all(&thread.replies, viewer),
        count: thread.count,
        after: thread.after,
    };
    Ok(axum::Json(shown).into_response())
}

/// The latest messages, exactly as they stand at the room's head.
#[utoipa::path(get, operation_id = "messages_recent", path = "/v1/rooms/{room}/recent", tag = "messages",
    params(("room" = schema::RoomId, Path, description = "The room."), Latest, MinSeq),
    responses((status = 200, description = "Messages in order of seq.", body = Messages<'_>)))]
pub(super) async fn recent(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(latest): Asked<Latest>,
    Asked(min): Asked<MinSeq>,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    let limit = latest.limit.unwrap_or(RECENT_DEFAULT);
    if limit > RECENT {
        return Err(Error::bad_field("limit", format!("limit must be at most {RECENT}")));
    }
    reached(&app, &signed.caller, room, &min).await?;
    let messages = app.edge.recent(&signed.caller, room, limit).await?;
    let messages = ShownMessage::all(&messages, signed.caller.user_id);
    Ok(axum::Json(Messages { messages }).into_response())
}

/// Says something.
#[utoipa::path(post, operation_id = "messages_send", path = "/v1/rooms/{room}/messages",
    tag = "messages", request_body = bodies::NewMessage,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "It is said.", body = Receipt)))]
pub(super) async fn send(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = ask(Verb::Send, &fields)?;
    writer.written(&room, &fields, ask).await
}

/// Says it otherwise: one's own message alone.
#[utoipa::path(patch, operation_id = "messages_edit", path = "/v1/rooms/{room}/messages/{seq}",
    tag = "messages", request_body = bodies::MessageChange,
    params(("room" = schema::RoomId, Path, description = "The room."), ("seq" = schema::Seq, Path, description = "The message.")),
    responses((status = 200, description = "It says so now.", body = Receipt)))]
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

/// Takes it back, one's own or, as a moderator, another's; a tombstone stays.
#[utoipa::path(delete, operation_id = "messages_delete", path = "/v1/rooms/{room}/messages/{seq}",
    tag = "messages", request_body = Option<bodies::Command>,
    params(("room" = schema::RoomId, Path, description = "The room."), ("seq" = schema::Seq, Path, description = "The message.")),
    responses((status = 200, description = "It is taken back.", body = Receipt)))]
pub(super) async fn delete(
    writer: Writer,
    Path((room, seq)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let ask = Ask::Delete { seq: path_seq(&seq)? };
    writer.written(&room, &json.fields()?, ask).await
}

/// Reacts to a message.
#[utoipa::path(post, operation_id = "messages_react", path = "/v1/rooms/{room}/messages/{seq}/react",
    tag = "messages", request_body = bodies::NewReaction,
    params(("room" = schema::RoomId, Path, description = "The room."), ("seq" = schema::Seq, Path, description = "The message.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn react(writer: Writer, Path(path): Path<(String, String)>, json: Json) -> Result<Response, Error> {
    reacting(&writer, path, &json, |seq, emoji| Ask::React { seq, emoji }).await
}

/// Takes a reaction back.
#[utoipa::path(post, operation_id = "messages_unreact", path = "/v1/rooms/{room}/messages/{seq}/unreact",
    tag = "messages", request_body = bodies::NewReaction,
    params(("room" = schema::RoomId, Path, description = "The room."), ("seq" = schema::Seq, Path, description = "The message.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn unreact(writer: Writer, Path(path): Path<(String, String)>, json: Json) -> Result<Response, Error> {
    reacting(&writer, path, &json, |seq, emoji| Ask::Unreact { seq, emoji }).await
}

async fn reacting(
    writer: &Writer,
    (room, seq): (String, String),
    json: &Json,
    ask: fn(Seq, Emoji) -> Ask,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = ask(path_seq(&seq)?, fields.emoji().required(|value| value.emoji())?);
    writer.written(&room, &fields, ask).await
}

fn path_seq(text: &str) -> Result<Seq, Error> {
    let seq = text.parse().ok().filter(|seq| *seq <= GREATEST_INTEGER).map(Seq::new);
    seq.ok_or_else(|| Error::new(Name::NotFound, "there is no message at that seq"))
}

/// A time of a query.
fn query_time(name: &'static str, time: u64) -> Result<Timestamp, Error> {
    let millis = i64::try_from(time).ok().filter(|_| time <= GREATEST_INTEGER);
    let rule = || Error::bad_field(name, format!("{name} must be at most {GREATEST_INTEGER}"));
    millis.map(Timestamp::from_millis).ok_or_else(rule)
}

/// A seq of a query.
pub(super) fn query_seq(name: &'static str, seq: u64) -> Result<Seq, Error> {
    if seq > GREATEST_INTEGER {
        return Err(Error::bad_field(
            name,
            format!("{name} must be at most {GREATEST_INTEGER}"),
        ));
    }
    Ok(Seq::new(seq))
}
