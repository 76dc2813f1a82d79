//! `/v1/rooms/{room}/at`: a room as it stood at a point of its log.

use super::guard::{Asked, Signed};
use super::messages::query_seq;
use super::{App, path_id, schema, search};
use crate::edge::travel::AskedPast;
use crate::edge::view::{Entries, PastMessage, PastView};
use crate::error::Error;
use crate::protocol::reply::Pos;
use crate::shown::{ShownMessage, is_false};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::domain::{
    Digest, Epoch, Kind, Offset, Partition, Role, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId,
};
use engine::travel::Point;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// When: exactly one of `offset`, `time` and `seq`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct When {
    /// After the record at this offset of the room's partition.
    #[param(value_type = schema::Offset, required = false)]
    offset: Option<u64>,
    /// After everything that was appended then or earlier.
    #[param(value_type = schema::Time, required = false)]
    time: Option<u64>,
    /// After the room's event of this seq.
    #[param(value_type = schema::Seq, required = false)]
    seq: Option<u64>,
    /// The log's life that you mean: refused if it is over.
    #[param(value_type = schema::Epoch, required = false)]
    epoch: Option<Uuid>,
    /// The partition that you mean: refused if it isn't the room's.
    #[param(value_type = schema::Partition, required = false)]
    partition: Option<u16>,
    /// Members after this one, where there were more than fit.
    #[param(value_type = schema::UserId, required = false)]
    members_after: Option<Uuid>,
}

impl When {
    fn point(&self) -> Result<Point, Error> {
        match (self.offset, self.time, self.seq) {
            (Some(offset), None, None) => Ok(Point::Offset(Offset::new(query_seq("offset", offset)?.get()))),
            (None, Some(time), None) => Ok(Point::Time(search::timestamp("time", time)?)),
            (None, None, Some(seq)) => Ok(Point::Seq(query_seq("seq", seq)?)),
            (None, None, None) => Err(Error::bad_field("offset", "one of offset, time and seq is needed")),
            _ => Err(Error::bad_field("offset", "offset, time and seq exclude each other")),
        }
    }
}

/// A member of then.
#[derive(Serialize, ToSchema)]
struct PastMember {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    #[schema(value_type = schema::Role)]
    role: Role,
    #[schema(value_type = schema::Time)]
    joined_at: Timestamp,
}

/// Somebody who was invited.
#[derive(Serialize, ToSchema)]
struct Invited {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    /// By whom.
    #[schema(value_type = schema::UserId)]
    by: UserId,
}

/// Somebody who was banned or muted.
#[derive(Serialize, ToSchema)]
struct Kept {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    /// The first instant at which it is over; null: never.
    #[schema(value_type = Option<schema::Time>, required = true)]
    until: Option<Timestamp>,
}

/// A message as it stood, its edits, deletion and reactions of then.
#[derive(Serialize, ToSchema)]
struct MessageOfThen<'a> {
    #[serde(flatten)]
    message: ShownMessage<'a>,
    /// It was deleted after that point: whoever is neither its author nor may delete it here is not told its words.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    deleted_since: bool,
    /// Its words are not told to you: it was deleted since, or that can't be known while history is away.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    text_withheld: bool,
}

/// What was folded to know how the room stood.
#[derive(Serialize, ToSchema)]
struct Folded {
    /// The snapshot that the fold began from; 0: the room's beginning.
    #[schema(value_type = schema::Seq)]
    from_seq: Seq,
    /// Where the events after it were read.
    #[schema(value_type = schema::Source)]
    source: &'static str,
    /// How many they were.
    #[schema(value_type = schema::Count)]
    events: u64,
}

/// A room as it stood.
#[derive(Serialize, ToSchema)]
#[schema(as = Past)]
pub(crate) struct ShownPast<'a> {
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
    /// The rules in force.
    #[schema(minimum = 1)]
    rules: u32,
    /// Its last event of then.
    #[schema(value_type = schema::Seq)]
    seq: Seq,
    #[schema(value_type = schema::Digest)]
    digest: Digest,
    /// Where that event stands.
    position: Pos,
    /// When the log took it.
    #[schema(value_type = schema::Time)]
    at: Timestamp,
    /// In order of id, at most 1,000; in an open room those with a role.
    #[schema(max_items = 1_000)]
    members: Vec<PastMember>,
    /// How many there were in all.
    #[schema(value_type = schema::Count)]
    members_count: usize,
    /// Ask with this `members_after` for the next ones; null where there are no more.
    #[schema(value_type = Option<schema::UserId>, required = true)]
    members_after: Option<UserId>,
    /// In order of id, at most 1,000, like the two that follow.
    #[schema(max_items = 1_000)]
    invitations: Vec<Invited>,
    #[schema(value_type = schema::Count)]
    invitations_count: usize,
    /// Those that were in force.
    #[schema(max_items = 1_000)]
    bans: Vec<Kept>,
    #[schema(value_type = schema::Count)]
    bans_count: usize,
    /// Those that were in force.
    #[schema(max_items = 1_000)]
    mutes: Vec<Kept>,
    #[schema(value_type = schema::Count)]
    mutes_count: usize,
    /// The latest messages as they stood, in order of seq.
    #[schema(max_items = 100)]
    recent: Vec<MessageOfThen<'a>>,
    folded: Folded,
}

impl<'a> MessageOfThen<'a> {
    fn of(past: &'a PastMessage, viewer: UserId) -> Self {
        Self {
            message: ShownMessage::of(&past.message, viewer),
            deleted_since: past.deleted_since,
            text_withheld: past.text_withheld,
        }
    }
}

fn kept(entries: &Entries<Option<Timestamp>>) -> Vec<Kept> {
    let entries = entries.entries.iter();
    entries.map(|&(id, until)| Kept { id, until }).collect()
}

impl<'a> ShownPast<'a> {
    /// A past as somebody sees it.
    pub(crate) fn of(past: &'a PastView, viewer: UserId) -> Self {
        let header = &past.header;
        let members = past.members.items.iter().map(|member| PastMember {
            id: member.user_id,
            role: member.role,
            joined_at: member.joined_at,
        });
        let invited = past.invitations.entries.iter();
        Self {
            id: past.id,
            kind: header.kind,
            name: &header.name,
            topic: &header.topic,
            owner: header.owner,
            created_at: header.created_at,
            rules: header.rules,
            seq: header.head,
            digest: header.digest,
            position: Pos {
                epoch: past.epoch,
                partition: past.last.partition,
                offset: past.last.offset,
            },
            at: past.last.appended_at,
            members: members.collect(),
            members_count: past.member_count,
            members_after: past.members.after,
            invitations: invited.map(|&(id, by)| Invited { id, by }).collect(),
            invitations_count: past.invitations.count,
            bans: kept(&past.bans),
            bans_count: past.bans.count,
            mutes: kept(&past.mutes),
            mutes_count: past.mutes.count,
            recent: past.recent.iter().map(|one| MessageOfThen::of(one, viewer)).collect(),
            folded: Folded {
                from_seq: past.folded.from,
                source: past.folded.source.name(),
                events: past.folded.events,
            },
        }
    }
}

/// A room as it stood: its people, and its latest messages with their edits and reactions of then.
#[utoipa::path(get, operation_id = "rooms_at", path = "/v1/rooms/{room}/at", tag = "log",
    params(("room" = schema::RoomId, Path, description = "The room."), When),
    responses((status = 200, description = "The room of then.", body = ShownPast<'_>)))]
pub(super) async fn at(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(when): Asked<When>,
) -> Result<Response, Error> {
    let asked = AskedPast {
        room: path_id(&room)?,
        point: when.point()?,
        epoch: when.epoch.map(Epoch::new),
        partition: when.partition.map(Partition::new),
        members_after: when.members_after.map(UserId::new),
    };
    let past = app.edge.at(&signed.caller, &asked).await?;
    Ok(axum::Json(ShownPast::of(&past, signed.caller.user_id)).into_response())
}
