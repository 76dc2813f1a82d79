//! `/v1/rooms…` and `/v1/direct…`: making, finding, changing and entering rooms.

use super::guard::{Asked, Json, Signed, Writer};
use super::{App, account_error, path_id};
use crate::command::{Ask, Caller, Write};
use crate::error::{Error, Name};
use crate::protocol::fields::GREATEST_INTEGER;
use crate::shown::{ShownPresence, ShownRoom};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::domain::{Kind, Role, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId};
use engine::people::Username;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Most rooms or members in one answer.
const PAGE: usize = 200;

/// `min_seq` of reads: read your own write.
#[derive(Debug, Deserialize)]
pub(super) struct MinSeq {
    min_seq: Option<u64>,
}

/// Where a listing goes on.
#[derive(Debug, Deserialize)]
pub(super) struct Listing<T> {
    after: Option<T>,
    limit: Option<usize>,
}

/// `POST /v1/rooms {name, kind, topic?}`.
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

/// `POST /v1/direct/{username}`: the one room of two people.
pub(super) async fn direct(writer: Writer, Path(username): Path<String>, json: Json) -> Result<Response, Error> {
    let nobody = || Error::new(Name::NotFound, "nobody has that username");
    let username = Username::new(&username).ok_or_else(nobody)?;
    let (app, caller) = (&writer.app, &writer.caller);
    let peer = app.people.by_username(&username).await;
    let (peer, _) = peer.map_err(|error| account_error(error.into()))?.ok_or_else(nobody)?;
    if peer.id == caller.user_id {
        return Err(Error::new(Name::Conflict, "a direct room is of two different people"));
    }
    let room_id = RoomId::direct(caller.user_id, peer.id);
    if let Ok(view) = app.edge.room(caller, room_id).await {
        return Ok(axum::Json(ShownRoom::of(&view)).into_response());
    }
    let write = Write {
        room_id,
        cid: writer.cid(&json.fields()?)?,
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

/// `GET /v1/rooms/{room}`.
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
    app.edge.reached(room, Seq::new(seq.min(GREATEST_INTEGER))).await
}

#[derive(Serialize)]
struct Mine {
    id: RoomId,
    kind: Kind,
    name: RoomName,
    topic: RoomTopic,
    head: Seq,
    read_seq: Seq,
    unread: u64,
}

/// `GET /v1/rooms`: those the person is a member of, in order of id.
pub(super) async fn mine(
    State(app): State<Arc<App>>,
    signed: Signed,
    Asked(page): Asked<Listing<RoomId>>,
) -> Result<Response, Error> {
    let user = signed.caller.user_id;
    let rooms = app
        .history
        .rooms_of(user, page.after, page.limit.unwrap_or(PAGE).min(PAGE))
        .await;
    let mut listed = Vec::new();
    for (id, header) in rooms.map_err(history_error)? {
        let read_seq = app.history.read_marker(id, user).await.map_err(history_error)?;
        listed.push(Mine {
            id,
            kind: header.kind,
            name: header.name,
            topic: header.topic,
            head: header.head,
            read_seq,
            unread: header.head.get().saturating_sub(read_seq.get()),
        });
    }
    Ok(axum::Json(serde_json::json!({ "rooms": listed })).into_response())
}

pub(super) fn history_error(error: engine::history::Error) -> Error {
    tracing::warn!(%error, "history failed");
    Error::new(Name::Unavailable, "history is not available now")
}

/// `PATCH /v1/rooms/{room} {name?, topic?}`.
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

/// `DELETE /v1/rooms/{room}`.
pub(super) async fn delete(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    writer.written(&room, &json.fields()?, Ask::DeleteRoom).await
}

/// `POST /v1/rooms/{room}/join`.
pub(super) async fn join(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    writer.written(&room, &json.fields()?, Ask::Join).await
}

/// `POST /v1/rooms/{room}/leave`.
pub(super) async fn leave(writer: Writer, Path(room): Path<String>, json: Json) -> Result<Response, Error> {
    writer.written(&room, &json.fields()?, Ask::Leave).await
}

#[derive(Serialize)]
struct ShownMember {
    id: UserId,
    role: Role,
    joined_at: Timestamp,
}

/// `GET /v1/rooms/{room}/members`.
pub(super) async fn members(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(page): Asked<Listing<UserId>>,
) -> Result<Response, Error> {
    let limit = page.limit.unwrap_or(PAGE).min(PAGE);
    let members = app
        .edge
        .members(&signed.caller, path_id(&room)?, page.after, limit)
        .await?;
    let shown: Vec<ShownMember> = members
        .iter()
        .map(|member| ShownMember {
            id: member.user_id,
            role: member.role,
            joined_at: member.joined_at,
        })
        .collect();
    Ok(axum::Json(serde_json::json!({ "members": shown })).into_response())
}

/// `GET /v1/rooms/{room}/presence`.
pub(super) async fn presence(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
) -> Result<Response, Error> {
    let presence = app.edge.presence(&signed.caller, path_id(&room)?).await?;
    Ok(axum::Json(ShownPresence::of(&presence)).into_response())
}

/// `POST /v1/rooms/{room}/read {seq}`.
pub(super) async fn read(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    json: Json,
) -> Result<Response, Error> {
    let seq = json.fields()?.seq().required(|value| value.seq())?;
    let read_seq = app.edge.read(&signed.caller, path_id(&room)?, seq).await?;
    Ok(axum::Json(serde_json::json!({ "read_seq": read_seq })).into_response())
}
