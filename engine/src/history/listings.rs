//! What people look for, as the second half of the reading port: their rooms, invitations, rooms to join, threads, and
//! messages by their words.
//!
//! What must hold: every answer comes from one snapshot and from a number of statements that does not grow with it; what
//! a person may not read is not in it, judged as the fold does it (`Room::judge_read`) by what history knows. Erasures
//! are applied by whoever asked, but texts that are to be empty are not looked through either.

mod query;
pub(super) mod rows;

pub use query::{BadQuery, Query};

use super::Error;
use crate::domain::{Header, Kind, Message, Role, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId};
use async_trait::async_trait;
use std::time::Duration;

/// Mentions of one room that are counted: so many means so many or more.
pub const MOST_MENTIONS: u64 = 100;
/// Members of a room, or replies to a message, that are counted: so many means so many or more.
pub const MOST_COUNTED: u64 = 1_000;

/// What listings are asked.
#[async_trait]
pub trait Listings: Send + Sync + 'static {
    /// The rooms that a person has: those they are a member of, and the open ones in which they have a role or a read
    /// marker; none that is deleted or that they are banned from. In order of id.
    async fn my_rooms(&self, asked: &MyRooms<'_>) -> Result<Vec<MyRoom>, Error>;

    /// The rooms that a person may join by invitation, in order of id.
    async fn invitations(&self, asked: &Invitations) -> Result<Vec<Invitation>, Error>;

    /// Open and public rooms by the beginning of their name, but those that the person has or is banned from. In order
    /// of the name without regard to case, then of id.
    async fn discover(&self, asked: &Discover) -> Result<Vec<Found>, Error>;

    /// Every room there is, deleted ones too, in order of id: for those who run Roomlog.
    async fn every_room(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<(RoomId, Header)>, Error>;

    /// The message at `seq` and up to `limit` of its replies after `after`; `None` if none was sent at `seq`.
    async fn thread(&self, room: RoomId, seq: Seq, after: Seq, limit: usize) -> Result<Option<Thread>, Error>;

    /// Messages by their words, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] also when it takes longer than it may.
    async fn search(&self, asked: &Search) -> Result<Vec<Hit>, Error>;
}

/// What [`Listings::my_rooms`] is asked.
pub struct MyRooms<'a> {
    /// Whose.
    pub user_id: UserId,
    /// Bans are judged by it.
    pub now: Timestamp,
    /// Those after this room.
    pub after: Option<RoomId>,
    /// Most of them.
    pub limit: usize,
    /// Read markers that may be newer than history's: of the two, the further one counts.
    pub known: &'a (dyn Fn(RoomId) -> Option<Seq> + Send + Sync),
}

/// A room that a person has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyRoom {
    /// Which.
    pub room_id: RoomId,
    /// As it stands.
    pub header: Header,
    /// As what the person is in it.
    pub role: Role,
    /// The other one, of a direct room.
    pub peer: Option<UserId>,
    /// The person's read marker.
    pub read_seq: Seq,
    /// Messages after it: a difference of ordinals, so messages that were deleted since count too.
    pub unread: u64,
    /// Of them those that mention the person, at most [`MOST_MENTIONS`].
    pub mentions: u64,
    /// The latest message as it stands.
    pub last: Option<Message>,
}

/// What [`Listings::invitations`] is asked.
#[derive(Clone, Copy, Debug)]
pub struct Invitations {
    /// Whose.
    pub user_id: UserId,
    /// Bans are judged by it.
    pub now: Timestamp,
    /// Those to rooms after this one.
    pub after: Option<RoomId>,
    /// Most of them.
    pub limit: usize,
}

/// The right to join a room, and what the invited may see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Which room.
    pub room_id: RoomId,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: RoomName,
    /// Its topic.
    pub topic: RoomTopic,
    /// By whom.
    pub invited_by: UserId,
}

/// What [`Listings::discover`] is asked.
#[derive(Clone, Debug)]
pub struct Discover {
    /// By whom.
    pub user_id: UserId,
    /// Bans are judged by it.
    pub now: Timestamp,
    /// What the name begins with; the case does not count.
    pub prefix: String,
    /// Those after this place.
    pub after: Option<NamePlace>,
    /// Most of them.
    pub limit: usize,
}

/// A place in the order of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePlace {
    /// The name as the store orders it: lower case.
    pub folded: String,
    /// The room, among those of that name.
    pub room_id: RoomId,
}

/// A room that anybody may find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place among the others: its id too.
    pub place: NamePlace,
    /// Open or public.
    pub kind: Kind,
    /// Its name.
    pub name: RoomName,
    /// Its topic.
    pub topic: RoomTopic,
    /// Messages ever sent there.
    pub messages: u64,
    /// Its members, at most [`MOST_COUNTED`]; `None` of an open room, which keeps no list.
    pub members: Option<u64>,
}

/// A message and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The message, as it stands.
    pub message: Message,
    /// Some of its replies as they stand, in order of seq.
    pub replies: Vec<Message>,
    /// How many there are in all, at most [`MOST_COUNTED`].
    pub count: u64,
}

/// What [`Listings::search`] is asked.
#[derive(Clone, Debug)]
pub struct Search {
    /// By whom: only what they may read is looked through.
    pub user_id: UserId,
    /// Bans are judged by it.
    pub now: Timestamp,
    /// The words.
    pub query: Query,
    /// In this room alone.
    pub room: Option<RoomId>,
    /// By this author alone.
    pub author: Option<UserId>,
    /// Sent then or later.
    pub from: Option<Timestamp>,
    /// Sent before then.
    pub to: Option<Timestamp>,
    /// Before this place: newest come first.
    pub before: Option<TimePlace>,
    /// Most of them.
    pub limit: usize,
    /// Authors whose texts are to be empty: not looked through.
    pub hidden: Vec<UserId>,
    /// How long the store may take.
    pub patience: Duration,
}

/// A place in the order of time over all rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimePlace {
    /// The append time.
    pub at: Timestamp,
    /// The room, among those with a message at that time.
    pub room_id: RoomId,
    /// Its seq there.
    pub seq: Seq,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub room_id: RoomId,
    /// What kind of room that is.
    pub kind: Kind,
    /// What it is called.
    pub name: RoomName,
    /// The message as it stands.
    pub message: Message,
}

impl Hit {
    /// Its place among the others.
    #[must_use]
    pub const fn place(&self) -> TimePlace {
        TimePlace {
            at: self.message.at,
            room_id: self.room_id,
            seq: self.message.seq,
        }
    }
}
