//! `/v1/rooms`, `/v1/rooms/discover` and `/v1/invitations`: the rooms one has, and those one may join.

use super::cursor::Cursor as _;
use super::guard::{Asked, Signed};
use super::rooms::{Listing, page_limit};
use super::{App, schema};
use crate::error::Error;
use crate::shown::ShownMessage;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::domain::{Kind, Role, RoomId, RoomName, RoomTopic, Seq, UserId};
use engine::history::listings::{Found, Invitation, MyRoom, NamePlace};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most rooms of a page of discovery.
const FOUND: usize = 50;

/// A room that you have.
#[derive(Serialize, ToSchema)]
#[schema(as = MyRoom)]
struct ShownMine<'a> {
    #[schema(value_type = schema::RoomId)]
    id: RoomId,
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    #[schema(value_type = schema::Name)]
    name: &'a RoomName,
    #[schema(value_type = schema::Topic)]
    topic: &'a RoomTopic,
    /// Yours; in an open room everyone is a member.
    #[schema(value_type = schema::Role)]
    role: Role,
    /// The other one, of a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::UserId, required = false)]
    peer: Option<UserId>,
    /// The seq of the last event.
    #[schema(value_type = schema::Seq)]
    head: Seq,
    /// The latest message as it stands; null where nothing was said.
    last: Option<ShownMessage<'a>>,
    /// How far you have read.
    #[schema(value_type = schema::Seq)]
    read_seq: Seq,
    /// Messages after it.
    #[schema(value_type = schema::Count)]
    unread: u64,
    /// Of them those that mention you; 100 means 100 or more.
    #[schema(value_type = schema::Count)]
    mentions: u64,
}

impl<'a> ShownMine<'a> {
    fn of(room: &'a MyRoom, viewer: UserId) -> Self {
        Self {
            id: room.room_id,
            kind: room.header.kind,
            name: &room.header.name,
            topic: &room.header.topic,
            role: room.role,
            peer: room.peer,
            head: room.header.head,
            last: room.last.as_ref().map(|last| ShownMessage::of(last, viewer)),
            read_seq: room.read_seq,
            unread: room.unread,
            mentions: room.mentions,
        }
    }
}

/// Rooms, in order of id, and where they go on.
#[derive(Serialize, ToSchema)]
#[schema(as = MyRooms)]
pub(super) struct MyRooms<'a> {
    rooms: Vec<ShownMine<'a>>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::RoomId>, required = true)]
    after: Option<RoomId>,
}

/// The rooms that you have: those you are a member of, and the open ones in which you have a role or a read marker.
#[utoipa::path(get, operation_id = "rooms_mine", path = "/v1/rooms", tag = "rooms", params(Listing),
    responses((status = 200, description = "A page of them.", body = MyRooms<'_>)))]
pub(super) async fn mine(
    State(app): State<Arc<App>>,
    signed: Signed,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    let limit = page.limit()?;
    let rooms = app.edge.my_rooms(&signed.caller, page.after(), limit).await?;
    let shown = MyRooms {
        rooms: rooms
            .items
            .iter()
            .map(|room| ShownMine::of(room, signed.caller.user_id))
            .collect(),
        after: rooms.after,
    };
    Ok(axum::Json(shown).into_response())
}

/// A room that you may join.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
struct ShownInvitation<'a> {
    #[schema(value_type = schema::RoomId)]
    id: RoomId,
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    #[schema(value_type = schema::Name)]
    name: &'a RoomName,
    #[schema(value_type = schema::Topic)]
    topic: &'a RoomTopic,
    #[schema(value_type = schema::UserId)]
    invited_by: UserId,
}

impl<'a> ShownInvitation<'a> {
    const fn of(invitation: &'a Invitation) -> Self {
        Self {
            id: invitation.room_id,
            kind: invitation.kind,
            name: &invitation.name,
            topic: &invitation.topic,
            invited_by: invitation.invited_by,
        }
    }
}

/// Invitations, in order of the room's id, and where they go on.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitations)]
pub(super) struct Invitations<'a> {
    invitations: Vec<ShownInvitation<'a>>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::RoomId>, required = true)]
    after: Option<RoomId>,
}

/// The rooms that you are invited to.
#[utoipa::path(get, operation_id = "invitations_list", path = "/v1/invitations", tag = "rooms", params(Listing),
    responses((status = 200, description = "A page of them.", body = Invitations<'_>)))]
pub(super) async fn invitations(
    State(app): State<Arc<App>>,
    signed: Signed,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    let limit = page.limit()?;
    let invitations = app.edge.invitations(&signed.caller, page.after(), limit).await?;
    let shown = Invitations {
        invitations: invitations.items.iter().map(ShownInvitation::of).collect(),
        after: invitations.after,
    };
    Ok(axum::Json(shown).into_response())
}

/// Which rooms.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// What their names begin with, in whatever case; all of them if absent.
    #[param(value_type = schema::Prefix, required = false)]
    prefix: Option<String>,
    /// As the page before said.
    #[param(value_type = schema::Cursor, required = false)]
    after: Option<String>,
    /// How many; 50 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// A room that anybody may find.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundRoom)]
struct ShownFound<'a> {
    #[schema(value_type = schema::RoomId)]
    id: RoomId,
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    #[schema(value_type = schema::Name)]
    name: &'a RoomName,
    #[schema(value_type = schema::Topic)]
    topic: &'a RoomTopic,
    /// Messages ever sent there.
    #[schema(value_type = schema::Count)]
    messages: u64,
    /// How many; 1,000 means 1,000 or more; of open rooms nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Count, required = false)]
    members: Option<u64>,
}

impl<'a> ShownFound<'a> {
    const fn of(found: &'a Found) -> Self {
        Self {
            id: found.place.room_id,
            kind: found.kind,
            name: &found.name,
            topic: &found.topic,
            messages: found.messages,
            members: found.members,
        }
    }
}

/// Rooms in order of their names, and where they go on.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundRooms)]
pub(super) struct FoundRooms<'a> {
    rooms: Vec<ShownFound<'a>>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::Cursor>, required = true)]
    after: Option<String>,
}

/// Open and public rooms by the beginning of their names, but those you have or are banned from.
#[utoipa::path(get, operation_id = "rooms_discover", path = "/v1/rooms/discover", tag = "rooms", params(Wanted),
    responses((status = 200, description = "A page of them.", body = FoundRooms<'_>)))]
pub(super) async fn discover(
    State(app): State<Arc<App>>,
    signed: Signed,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Error> {
    let prefix = wanted.prefix.unwrap_or_default();
    if prefix.chars().count() > RoomName::MOST || prefix.contains(char::is_control) {
        return Err(Error::bad_field(
            "prefix",
            format!(
                "prefix must have at most {} characters and no control character",
                RoomName::MOST
            ),
        ));
    }
    let after = wanted.after.map(|text| NamePlace::parse("after", &text)).transpose()?;
    let limit = page_limit(wanted.limit, FOUND, FOUND)?;
    let found = app.edge.discover(&signed.caller, prefix, after, limit).await?;
    let shown = FoundRooms {
        rooms: found.items.iter().map(ShownFound::of).collect(),
        after: found.after.map(|place| place.text()),
    };
    Ok(axum::Json(shown).into_response())
}
