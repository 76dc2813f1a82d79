//! Rows of listings: what both adapters read alike.

use super::{Found, Hit, Invitation, MyRoom, NamePlace, Thread};
use crate::domain::{Message, Role, RoomId, RoomName, RoomTopic, Seq, UserId};
use crate::history::Error;
use crate::history::rows::{HeaderRow, MessageRow, ReactionRow, corrupt, join, kind_of, role_of};
use std::collections::HashMap;
use uuid::Uuid;

/// A room that somebody has.
pub(in crate::history) struct MyRoomRow {
    pub(in crate::history) room_id: Uuid,
    pub(in crate::history) kind: String,
    pub(in crate::history) name: String,
    pub(in crate::history) topic: String,
    pub(in crate::history) owner: Option<Uuid>,
    pub(in crate::history) deleted: bool,
    pub(in crate::history) head_seq: i64,
    pub(in crate::history) messages: i64,
    pub(in crate::history) rules: i64,
    pub(in crate::history) digest: Vec<u8>,
    pub(in crate::history) created_at: i64,
    /// `None`: no row says so, as of most people in an open room.
    pub(in crate::history) role: Option<String>,
    pub(in crate::history) peer: Option<Uuid>,
    pub(in crate::history) read_seq: i64,
    pub(in crate::history) unread: i64,
    pub(in crate::history) mentions: i64,
}

impl MyRoomRow {
    fn read(self, last: Option<Message>) -> Result<MyRoom, Error> {
        let role = match &self.role {
            Some(role) => role_of(role).ok_or_else(|| corrupt("role", self.room_id))?,
            None => Role::Member,
        };
        let header = HeaderRow {
            room_id: self.room_id,
            kind: self.kind,
            name: self.name,
            topic: self.topic,
            owner: self.owner,
            deleted: self.deleted,
            head_seq: self.head_seq,
            messages: self.messages,
            rules: self.rules,
            digest: self.digest,
            created_at: self.created_at,
        };
        let (room_id, header) = header.read()?;
        Ok(MyRoom {
            room_id,
            header,
            role,
            peer: self.peer.map(UserId::new),
            read_seq: Seq::new(self.read_seq.cast_unsigned()),
            unread: count(self.unread),
            mentions: count(self.mentions),
            last,
        })
    }
}

/// Rooms and the latest message of each, put together.
pub(in crate::history) fn my_rooms(
    rooms: Vec<MyRoomRow>,
    latest: Vec<MessageRow>,
    reactions: Vec<ReactionRow>,
) -> Result<Vec<MyRoom>, Error> {
    let latest = join(latest, reactions)?.into_iter();
    let mut latest: HashMap<RoomId, Message> = latest.map(|one| (one.room_id, one.message)).collect();
    let with_last = |row: MyRoomRow| {
        let last = latest.remove(&RoomId::new(row.room_id));
        row.read(last)
    };
    rooms.into_iter().map(with_last).collect()
}

/// An invitation and its room.
pub(in crate::history) struct InvitationRow {
    pub(in crate::history) room_id: Uuid,
    pub(in crate::history) kind: String,
    pub(in crate::history) name: String,
    pub(in crate::history) topic: String,
    pub(in crate::history) invited_by: Uuid,
}

impl InvitationRow {
    pub(in crate::history) fn read(self) -> Result<Invitation, Error> {
        let id = RoomId::new(self.room_id);
        Ok(Invitation {
            room_id: id,
            kind: kind_of(&self.kind).ok_or_else(|| corrupt("kind", id))?,
            name: RoomName::new(self.name).map_err(|_| corrupt("name", id))?,
            topic: RoomTopic::new(self.topic).map_err(|_| corrupt("topic", id))?,
            invited_by: UserId::new(self.invited_by),
        })
    }
}

/// A room that anybody may find.
pub(in crate::history) struct FoundRow {
    pub(in crate::history) room_id: Uuid,
    pub(in crate::history) kind: String,
    pub(in crate::history) name: String,
    pub(in crate::history) topic: String,
    pub(in crate::history) messages: i64,
    pub(in crate::history) folded: String,
    pub(in crate::history) members: Option<i64>,
}

impl FoundRow {
    pub(in crate::history) fn read(self) -> Result<Found, Error> {
        let room_id = RoomId::new(self.room_id);
        Ok(Found {
            kind: kind_of(&self.kind).ok_or_else(|| corrupt("kind", room_id))?,
            name: RoomName::new(self.name).map_err(|_| corrupt("name", room_id))?,
            topic: RoomTopic::new(self.topic).map_err(|_| corrupt("topic", room_id))?,
            messages: count(self.messages),
            members: self.members.map(count),
            place: NamePlace {
                folded: self.folded,
                room_id,
            },
        })
    }
}

/// A message that was found, beside its row: the kind and the name of its room.
pub(in crate::history) struct RoomOfHit {
    pub(in crate::history) kind: String,
    pub(in crate::history) name: String,
}

/// Messages that were found (their rooms in the same order) and their reactions, put together.
pub(in crate::history) fn hits(
    messages: Vec<MessageRow>,
    rooms: Vec<RoomOfHit>,
    reactions: Vec<ReactionRow>,
) -> Result<Vec<Hit>, Error> {
    let found = join(messages, reactions)?.into_iter().zip(rooms);
    let hit = |(one, room): (crate::history::plan::Loaded, RoomOfHit)| {
        Ok(Hit {
            room_id: one.room_id,
            kind: kind_of(&room.kind).ok_or_else(|| corrupt("kind", one.room_id))?,
            name: RoomName::new(room.name).map_err(|_| corrupt("name", one.room_id))?,
            message: one.message,
        })
    };
    found.map(hit).collect()
}

/// A message (the first row, if it is there) and its replies.
pub(in crate::history) fn thread(
    messages: Vec<MessageRow>,
    reactions: Vec<ReactionRow>,
    replies: i64,
) -> Result<Option<Thread>, Error> {
    let mut messages = join(messages, reactions)?.into_iter().map(|one| one.message);
    Ok(messages.next().map(|message| Thread {
        message,
        replies: messages.collect(),
        count: count(replies),
    }))
}

/// A count is never below zero.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
