//! `/v1/admin/rooms…`: what admins may see and do of rooms. They see that a room is there and who is in it, never what is
//! said there; deleting one is kept in the audit.

use super::auth::error;
use super::guard::{Admin, Asked};
use super::rooms::Listing;
use super::{App, path_id, schema};
use crate::error::{Error, Name};
use crate::shown::ShownRoom;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::domain::{Header, Kind, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A room as admins see it in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = AnyRoom)]
struct ShownAny<'a> {
    #[schema(value_type = schema::RoomId)]
    id: RoomId,
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    #[schema(value_type = schema::Name)]
    name: &'a RoomName,
    #[schema(value_type = schema::Topic)]
    topic: &'a RoomTopic,
    /// `general` and direct rooms have none.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    owner: Option<UserId>,
    #[schema(value_type = schema::Time)]
    created_at: Timestamp,
    /// The seq of the last event.
    #[schema(value_type = schema::Seq)]
    head: Seq,
    /// Messages ever sent there.
    #[schema(value_type = schema::Count)]
    messages: u64,
    /// By its owner, or by an admin.
    deleted: bool,
}

impl<'a> ShownAny<'a> {
    fn of(app: &App, id: RoomId, header: &'a Header) -> Self {
        Self {
            id,
            kind: header.kind,
            name: &header.name,
            topic: &header.topic,
            owner: header.owner,
            created_at: header.created_at,
            head: header.head,
            messages: header.messages,
            deleted: header.deleted || app.edge.is_closed(id),
        }
    }
}

/// Rooms of every kind, in order of id, and where they go on.
#[derive(Serialize, ToSchema)]
#[schema(as = AnyRooms)]
pub(super) struct ShownRooms<'a> {
    rooms: Vec<ShownAny<'a>>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::RoomId>, required = true)]
    after: Option<RoomId>,
}

/// Every room there is, private, direct and deleted ones too.
#[utoipa::path(get, operation_id = "admin_rooms_list", path = "/v1/admin/rooms", tag = "admin", params(Listing),
    responses((status = 200, description = "A page of them.", body = ShownRooms<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    let found = app.edge.every_room(page.after(), page.limit()?).await?;
    let shown = ShownRooms {
        rooms: found
            .items
            .iter()
            .map(|(id, header)| ShownAny::of(&app, *id, header))
            .collect(),
        after: found.after,
    };
    Ok(axum::Json(shown).into_response())
}

/// A room of whatever kind, as it stands.
#[utoipa::path(get, operation_id = "admin_rooms_get", path = "/v1/admin/rooms/{room}", tag = "admin",
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 200, description = "The room.", body = ShownRoom<'_>)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(room): Path<String>,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    let mut view = app.edge.any_room(admin.user_id, room).await?;
    view.header.deleted |= app.edge.is_closed(room);
    Ok(axum::Json(ShownRoom::of(&view)).into_response())
}

/// Deletes a room of whatever kind, for good: for everyone it is as one that its owner deleted. The log keeps what it
/// holds.
#[utoipa::path(delete, operation_id = "admin_rooms_delete", path = "/v1/admin/rooms/{room}", tag = "admin",
    params(("room" = schema::RoomId, Path, description = "The room.")),
    responses((status = 204, description = "Deleted, as it may have been before.")))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(room): Path<String>,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    if room == RoomId::general() {
        return Err(Error::new(Name::Forbidden, "general is everybody's, and stays"));
    }
    app.edge.any_room(admin.user_id, room).await?;
    let closed = app.accounts.close_room(admin.user_id, room, app.clock.now()).await;
    closed.map_err(error)?;
    app.edge.close_room(room);
    Ok(StatusCode::NO_CONTENT.into_response())
}
