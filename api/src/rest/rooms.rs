//! `/v1/rooms…` and `/v1/direct…`: making, finding, changing and entering rooms.

use super::guard::{Asked, Json, Signed, Writer};
use super::lists::Members;
use super::messages::query_seq;
use super::{App, bodies, path_id, people, schema};
use crate::command::{Ask, Caller, Write};
use crate::error::{Error, Name};
use crate::protocol::reply::Receipt;
use crate::shown::{ShownPresence, ShownRoom};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::domain::{Kind, RoomId, RoomName, RoomTopic, Seq, UserId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Most rooms or members in one answer.
const PAGE: usize = 200;

/// `min_seq` of reads: read your own write.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MinSeq {
    /// Waits until the answer shows this seq, at most for 2 s (then `behind`).
    #[param(value_type = schema::Seq, required = false)]
    min_seq: Option<u64>,
}

/// Where a listing goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// The last id of the page before.
    #[param(value_type = String, format = "uuid", required = false)]
    after: Option<Uuid>,
    /// How many; 200 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl Listing {
    /// Where it goes on.
    pub(super) fn after(&self) -> Option<RoomId> {
        self.after.map(RoomId::new)
    }

    /// Where a list of people goes on.
    pub(super) fn after_person(&self) -> Option<UserId> {
        self.after.map(UserId::new)
    }

    /// How many are asked for.
    pub(super) fn limit(&self) -> Result<usize, Error> {
        page_limit(self.limit, PAGE, PAGE)
    }
}

/// The size of a page: 1 to `most`, `usual` if none is asked for.
pub(super) fn page_limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Error> {
    let limit = asked.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Error::bad_field("limit", format!("limit must be from 1 to {most}")));
    }
    Ok(limit)
}

/// Makes a room; you own it.
#[utoipa::path(post, operation_id = "rooms_create", path = "/v1/rooms", tag = "rooms", request_body = bodies::NewRoom,
    responses((status = 201, description = "The room.", body = ShownRoom<'_>)))]
pub(super) async fn create(writer: Writer, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = Ask::Create {
        kind: fields.kind().required(|value| value.kind())?,
        name: fields.name().required(|value| value.room_name())?,
        topic: fields
            .topic()
            .optional(|value| value.room_topic())?
            .unwrap_or_else(no_topic),
        peer: None,
    };
    let cid = writer.cid(&fields)?;
    // The same command made the same room: its id follows from who asks and the cid.
    let room_id = RoomId::new(Uuid::new_v5(&writer.caller.user_id.uuid(), cid.uuid().as_bytes()));
    let write = Write {
        room_id,
        cid,
        since: Some(Seq::ZERO),
        ask,
        trace: writer.trace(),
    };
    begun(&writer.app, &writer.caller, write).await
}

/// The one room of you and somebody else, begun if there is none.
#[utoipa::path(post, operation_id = "rooms_direct", path = "/v1/direct/{username}",
    tag = "rooms", request_body = Option<bodies::Begin>,
    params(("username" = schema::Username, Path, description = "The other person.")),
    responses(
        (status = 200, description = "The room, as it was.", body = ShownRoom<'_>),
        (status = 201, description = "The room, just begun.", body = ShownRoom<'_>)))]
pub(super) async fn direct(writer: Writer, Path(username): Path<String>, json: Json) -> Result<Response, Error> {
    let cid = writer.cid(&json.fields()?)?;
    let (app, caller) = (&writer.app, &writer.caller);
    let peer = people::by_username(app, &username).await?;
    if peer.id == caller.user_id {
        return Err(Error::new(Name::Conflict, "a direct room is of two different people"));
    }
    let room_id = RoomId::direct(caller.user_id, peer.id);
    if let Ok(view) = app.edge.room(caller, room_id).await {
        return Ok(axum::Json(ShownRoom::of(&view)).into_response());
    }
    let write = Write {
        room_id,
        cid,
        since: Some(Seq::ZERO),
        ask: Ask::Create {
            kind: Kind::Direct,
            name: RoomName::new("direct").expect("a name within bounds"),
            topic: no_topic(),
            peer: Some(peer.id),
        },
        trace: writer.trace(),
    };
    match begun(app, caller, write).await {
        // The other one was faster.
        Err(error) if error.name == Name::Conflict => shown(app, caller, room_id, StatusCode::OK).await,
        answer => answer,
    }
}

fn no_topic() -> RoomTopic {
    RoomTopic::new("").expect("a topic may be empty")
}

async fn begun(app: &App, caller: &Caller, write: Write) -> Result<Response, Error> {
    let room_id = write.room_id;
    app.edge.write(caller, write).await?;
    shown(app, caller, room_id, StatusCode::CREATED).await
}

async fn shown(app: &App, caller: &Caller, room: RoomId, status: StatusCode) -> Result<Response, Error> {
    let view = app.edge.room(caller, room).await?;
    Ok((status, axum::Json(ShownRoom::of(&view))).into_response())
}

/// A room as you may see it.
#[utoipa::path(get, operation_id = "rooms_get", path = "/v1/rooms/{room}", tag = "rooms",
    params(("room" = schema::RoomId, Path, description = "The room."), MinSeq),
    responses((status = 200, description = "The room.", body = ShownRoom<'_>)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(min): Asked<MinSeq>,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    reached(&app, &signed.caller, room, &min).await?;
    shown(&app, &signed.caller, room, StatusCode::OK).await
}

/// Waits for `min_seq`, if the caller may know of the room at all.
pub(super) async fn reached(app: &App, caller: &Caller, room: RoomId, min: &MinSeq) -> Result<(), Error> {
    let Some(seq) = min.min_seq else { return Ok(()) };
    app.edge.room(caller, room).await?;
    app.edge.reached(room, query_seq("min_seq", seq)?).await
}

/// Changes a room's name or topic.
#[utoipa::path(patch, operation_id = "rooms_update", path = "/v1/rooms/{room}",
    tag = "rooms", request_body = bodies::RoomChange,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn update(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let ask = Ask::Update {
        name: fields.name().optional(|value| value.room_name())?,
        topic: fields.topic().optional(|value| value.room_topic())?,
    };
    if matches!(
        ask,
        Ask::Update {
            name: None,
            topic: None
        }
    ) {
        return Err(Error::bad_field("name", "name or topic is needed"));
    }
    writer.written(&room, &fields, ask).await
}

/// Ends a room, for good.
#[utoipa::path(delete, operation_id = "rooms_delete", path = "/v1/rooms/{room}",
    tag = "rooms", request_body = Option<bodies::Command>,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn delete(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    writer.written(&room, &json.fields()?, Ask::DeleteRoom).await
}

/// Becomes a member, which uses up an invitation; in an open room it is an announcement.
#[utoipa::path(post, operation_id = "rooms_join", path = "/v1/rooms/{room}/join",
    tag = "rooms", request_body = Option<bodies::Command>,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn join(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    writer.written(&room, &json.fields()?, Ask::Join).await
}

/// Stops being a member; in an open room it is an announcement.
#[utoipa::path(post, operation_id = "rooms_leave", path = "/v1/rooms/{room}/leave",
    tag = "rooms", request_body = Option<bodies::Command>,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn leave(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    writer.written(&room, &json.fields()?, Ask::Leave).await
}

/// A room's members; of an open room those with a role.
#[utoipa::path(get, operation_id = "rooms_members", path = "/v1/rooms/{room}/members", tag = "rooms",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Members)))]
pub(super) async fn members(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    let limit = page.limit()?;
    let members = app
        .edge
        .members(&signed.caller, path_id(&room)?, page.after_person(), limit)
        .await?;
    Ok(axum::Json(Members::of(&app, members).await).into_response())
}

/// Who is in the room now.
#[utoipa::path(get, operation_id = "rooms_presence", path = "/v1/rooms/{room}/presence", tag = "rooms",
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "How many, and who.", body = ShownPresence<'_>)))]
pub(super) async fn presence(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
) -> Result<Response, Error> {
    let presence = app.edge.presence(&signed.caller, path_id(&room)?).await?;
    Ok(axum::Json(ShownPresence::of(&presence)).into_response())
}

/// Where your read marker is.
#[derive(Serialize, ToSchema)]
pub(super) struct ReadTo {
    #[schema(value_type = schema::Seq)]
    read_seq: Seq,
}

/// Moves your read marker, forwards only.
#[utoipa::path(post, operation_id = "rooms_read", path = "/v1/rooms/{room}/read",
    tag = "messages", request_body = bodies::Read,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Where it is now.", body = ReadTo)))]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    json: Json,
) -> Result<Response, Error> {
    let seq = json.fields()?.seq().required(|value| value.seq())?;
    let read_seq = app.edge.read(&signed.caller, path_id(&room)?, seq).await?;
    Ok(axum::Json(ReadTo { read_seq }).into_response())
}
