//! `/v1/rooms/{room}/bans`, `…/mutes`, `…/invitations` and `…/reads`, and the same of any room for admins: a room's people by how
//! they stand there, with what they are called now.

use super::guard::{Admin, Asked, Signed};
use super::messages::query_seq;
use super::rooms::{Listing, page_limit};
use super::{App, path_id, schema};
use crate::edge::lists::{Asker, From};
use crate::edge::view::{Barred, Listed};
use crate::error::Error;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::domain::{Member, PersonName, Role, Seq, Timestamp, UserId};
use engine::people::Username;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Most people of a page.
const PAGE: usize = 200;

/// Somebody in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Listed)]
struct Called {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    /// Guests, people of an outside issuer and the deleted have none; absent also while accounts are away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Username, required = false)]
    username: Option<String>,
    /// As they are called now; absent while accounts are away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::DisplayName, required = false)]
    display_name: Option<PersonName>,
}

/// What people are called now; with accounts away nobody is called anything.
struct Names(HashMap<UserId, (Option<Username>, PersonName)>);

impl Names {
    async fn of(app: &App, ids: impl Iterator<Item = UserId>) -> Self {
        let ids: Vec<UserId> = ids.collect();
        match app.people.people(&ids).await {
            Ok(people) => Self(
                people
                    .into_iter()
                    .map(|person| (person.id, (person.username, person.display_name)))
                    .collect(),
            ),
            Err(error) => {
                tracing::warn!(%error, "people are listed without names");
                Self(HashMap::new())
            }
        }
    }

    fn called(&mut self, id: UserId) -> Called {
        let (username, display_name) = match self.0.remove(&id) {
            Some((username, display_name)) => (username.map(|name| name.to_string()), Some(display_name)),
            None => (None, None),
        };
        Called {
            id,
            username,
            display_name,
        }
    }
}

/// Somebody in a room.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct ShownMember {
    #[serde(flatten)]
    called: Called,
    #[schema(value_type = schema::Role)]
    role: Role,
    #[schema(value_type = schema::Time)]
    joined_at: Timestamp,
}

/// Members, in order of id.
#[derive(Serialize, ToSchema)]
pub(super) struct Members {
    members: Vec<ShownMember>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    after: Option<UserId>,
}

impl Members {
    /// A page of them with their names.
    pub(super) async fn of(app: &App, members: Listed<Member, UserId>) -> Self {
        let mut names = Names::of(app, members.items.iter().map(|member| member.user_id)).await;
        let shown = members.items.iter().map(|member| ShownMember {
            called: names.called(member.user_id),
            role: member.role,
            joined_at: member.joined_at,
        });
        Self {
            members: shown.collect(),
            after: members.after,
        }
    }
}

/// Somebody who is banned or muted.
#[derive(Serialize, ToSchema)]
#[schema(as = Barred)]
struct ShownBarred {
    #[serde(flatten)]
    called: Called,
    /// The first instant at which it is over; null: never.
    #[schema(value_type = Option<schema::Time>, required = true)]
    until: Option<Timestamp>,
}

async fn barred(app: &App, page: &Listed<Barred, UserId>) -> Vec<ShownBarred> {
    let mut names = Names::of(app, page.items.iter().map(|barred| barred.user_id)).await;
    let shown = page.items.iter().map(|barred| ShownBarred {
        called: names.called(barred.user_id),
        until: barred.until,
    });
    shown.collect()
}

/// Those who are banned now, in order of id.
#[derive(Serialize, ToSchema)]
pub(super) struct Bans {
    bans: Vec<ShownBarred>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    after: Option<UserId>,
}

/// Those who are muted now, in order of id.
#[derive(Serialize, ToSchema)]
pub(super) struct Mutes {
    mutes: Vec<ShownBarred>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    after: Option<UserId>,
}

async fn shown_bans(app: &App, asker: Asker<'_>, room: &str, page: &Listing) -> Result<Response, Error> {
    let (room, after, limit) = (path_id(room)?, page.after_person(), page.limit()?);
    let found = app.edge.barred(asker, room, From::Reading, after, limit).await?;
    let bans = barred(app, &found).await;
    let after = found.after;
    Ok(axum::Json(Bans { bans, after }).into_response())
}

async fn shown_mutes(app: &App, asker: Asker<'_>, room: &str, page: &Listing) -> Result<Response, Error> {
    let (room, after, limit) = (path_id(room)?, page.after_person(), page.limit()?);
    let found = app.edge.barred(asker, room, From::Speaking, after, limit).await?;
    let mutes = barred(app, &found).await;
    let after = found.after;
    Ok(axum::Json(Mutes { mutes, after }).into_response())
}

/// Who is kept out of a room now: for those who may let them in again.
#[utoipa::path(get, operation_id = "rooms_bans", path = "/v1/rooms/{room}/bans", tag = "moderation",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Bans)))]
pub(super) async fn bans(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    shown_bans(&app, Asker::Person(&signed.caller), &room, &page).await
}

/// Who is muted in a room now: for those who may let them speak again.
#[utoipa::path(get, operation_id = "rooms_mutes", path = "/v1/rooms/{room}/mutes", tag = "moderation",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Mutes)))]
pub(super) async fn mutes(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    shown_mutes(&app, Asker::Person(&signed.caller), &room, &page).await
}

/// Somebody who may join.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitee)]
struct ShownInvitee {
    #[serde(flatten)]
    called: Called,
    #[schema(value_type = schema::UserId)]
    invited_by: UserId,
}

/// Those who are invited, in order of id.
#[derive(Serialize, ToSchema)]
pub(super) struct Invitees {
    invitations: Vec<ShownInvitee>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    after: Option<UserId>,
}

/// Who is invited to a room and has not joined yet: for its members.
#[utoipa::path(get, operation_id = "rooms_invitations", path = "/v1/rooms/{room}/invitations", tag = "moderation",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Invitees)))]
pub(super) async fn invitees(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    let (room, after, limit) = (path_id(&room)?, page.after_person(), page.limit()?);
    let found = app.edge.invited(&signed.caller, room, after, limit).await?;
    let mut names = Names::of(&app, found.items.iter().map(|(user, _)| *user)).await;
    let shown = found.items.iter().map(|&(user, invited_by)| ShownInvitee {
        called: names.called(user),
        invited_by,
    });
    Ok(axum::Json(Invitees {
        invitations: shown.collect(),
        after: found.after,
    })
    .into_response())
}

/// Whose markers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Reached {
    /// Of those who have read up to this seq or further; 1 if absent.
    #[param(value_type = schema::Seq, required = false)]
    from_seq: Option<u64>,
    /// The last id of the page before.
    #[param(value_type = String, format = "uuid", required = false)]
    after: Option<Uuid>,
    /// How many; 200 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// How far somebody has read.
#[derive(Serialize, ToSchema)]
#[schema(as = Reader)]
struct ShownReader {
    #[serde(flatten)]
    called: Called,
    #[schema(value_type = schema::Seq)]
    seq: Seq,
}

/// How far people have read, in order of id.
#[derive(Serialize, ToSchema)]
pub(super) struct Readers {
    reads: Vec<ShownReader>,
    /// Ask with this `after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    after: Option<UserId>,
}

/// How far the room's members have read: for its members. With `from_seq` of a message, who has seen it. Others' markers are
/// told within seconds, not at once.
#[utoipa::path(get, operation_id = "rooms_reads", path = "/v1/rooms/{room}/reads", tag = "messages",
    params(("room" = schema::RoomId, Path, description = "The room."), Reached),
    responses((status = 200, description = "A page of them.", body = Readers)))]
pub(super) async fn reads(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(reached): Asked<Reached>,
) -> Result<Response, Error> {
    let limit = page_limit(reached.limit, PAGE, PAGE)?;
    let from = query_seq("from_seq", reached.from_seq.unwrap_or(1))?;
    let after = reached.after.map(UserId::new);
    let found = app
        .edge
        .readers(&signed.caller, path_id(&room)?, from, after, limit)
        .await?;
    let mut names = Names::of(&app, found.items.iter().map(|(user, _)| *user)).await;
    let shown = found.items.iter().map(|&(user, seq)| ShownReader {
        called: names.called(user),
        seq,
    });
    Ok(axum::Json(Readers {
        reads: shown.collect(),
        after: found.after,
    })
    .into_response())
}

/// A room's members, whatever its kind; of an open room those with a role.
#[utoipa::path(get, operation_id = "admin_rooms_members", path = "/v1/admin/rooms/{room}/members", tag = "admin",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Members)))]
pub(super) async fn any_members(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    let (room, after, limit) = (path_id(&room)?, page.after_person(), page.limit()?);
    let members = app.edge.any_members(room, after, limit).await?;
    Ok(axum::Json(Members::of(&app, members).await).into_response())
}

/// Who is kept out of a room of whatever kind now.
#[utoipa::path(get, operation_id = "admin_rooms_bans", path = "/v1/admin/rooms/{room}/bans", tag = "admin",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Bans)))]
pub(super) async fn any_bans(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    shown_bans(&app, Asker::Admin, &room, &page).await
}

/// Who is muted in a room of whatever kind now.
#[utoipa::path(get, operation_id = "admin_rooms_mutes", path = "/v1/admin/rooms/{room}/mutes", tag = "admin",
    params(("room" = schema::RoomId, Path, description = "The room."), Listing),
    responses((status = 200, description = "A page of them.", body = Mutes)))]
pub(super) async fn any_mutes(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(room): Path<String>,
    Asked(page): Asked<Listing>,
) -> Result<Response, Error> {
    shown_mutes(&app, Asker::Admin, &room, &page).await
}
