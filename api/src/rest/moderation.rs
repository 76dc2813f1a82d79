//! `POST /v1/rooms/{room}/{invite|kick|ban|unban|mute|unmute|role}`: what members do to each other.

use super::guard::{Json, Writer};
use super::{bodies, schema};
use crate::command::Ask;
use crate::error::Error;
use crate::protocol::fields::Fields;
use crate::protocol::reply::Receipt;
use axum::extract::Path;
use axum::response::Response;
use engine::domain::{Timestamp, UserId};

type Answer = Result<Response, Error>;

async fn towards(
    writer: Writer,
    room: &str,
    json: Json,
    ask: impl FnOnce(UserId, &Fields<'_>) -> Result<Ask, Error>,
) -> Answer {
    let fields = json.fields()?;
    let user_id = fields.user().required(|value| value.id())?;
    let ask = ask(user_id, &fields)?;
    writer.written(room, &fields, ask).await
}

fn until(fields: &Fields<'_>) -> Result<Option<Timestamp>, Error> {
    fields.until().optional(|value| value.timestamp())
}

/// Gives somebody the right to join a public or private room.
#[utoipa::path(post, operation_id = "rooms_invite", path = "/v1/rooms/{room}/invite",
    tag = "moderation", request_body = bodies::Towards,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn invite(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, _| Ok(Ask::Invite { user_id })).await
}

/// Ends somebody's membership, or withdraws their invitation; they may come back.
#[utoipa::path(post, operation_id = "rooms_kick", path = "/v1/rooms/{room}/kick",
    tag = "moderation", request_body = bodies::Towards,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn kick(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, _| Ok(Ask::Kick { user_id })).await
}

/// Takes reading, speaking and joining away from somebody.
#[utoipa::path(post, operation_id = "rooms_ban", path = "/v1/rooms/{room}/ban",
    tag = "moderation", request_body = bodies::TowardsUntil,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn ban(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, fields| {
        Ok(Ask::Ban {
            user_id,
            until: until(fields)?,
        })
    })
    .await
}

/// Lifts a ban.
#[utoipa::path(post, operation_id = "rooms_unban", path = "/v1/rooms/{room}/unban",
    tag = "moderation", request_body = bodies::Towards,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn unban(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, _| Ok(Ask::Unban { user_id })).await
}

/// Takes speaking away from somebody.
#[utoipa::path(post, operation_id = "rooms_mute", path = "/v1/rooms/{room}/mute",
    tag = "moderation", request_body = bodies::TowardsUntil,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn mute(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, fields| {
        Ok(Ask::Mute {
            user_id,
            until: until(fields)?,
        })
    })
    .await
}

/// Lets somebody speak again.
#[utoipa::path(post, operation_id = "rooms_unmute", path = "/v1/rooms/{room}/unmute",
    tag = "moderation", request_body = bodies::Towards,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn unmute(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, _| Ok(Ask::Unmute { user_id })).await
}

/// Gives a role, or hands the room over.
#[utoipa::path(post, operation_id = "rooms_set_role", path = "/v1/rooms/{room}/role",
    tag = "moderation", request_body = bodies::NewRole,
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "Done.", body = Receipt)))]
pub(super) async fn role(writer: Writer, Path(room): Path<String>, json: Json) -> Answer {
    towards(writer, &room, json, |user_id, fields| {
        Ok(Ask::SetRole {
            user_id,
            role: fields.role().required(|value| value.role())?,
        })
    })
    .await
}
