//! What the edge answers: values of the domain, erasures applied; the doors make JSON of them.

use engine::domain::{
    Epoch, Header, Member, Message, Offset, Partition, Position, Role, RoomId, Seq, Timestamp, UserId,
};
use engine::history::listings::{Hit, Query, TimePlace};
use engine::travel::Folded;

/// A room as one person may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// Which.
    pub id: RoomId,
    /// Kind, name, topic, owner, head, digest, ….
    pub header: Header,
    /// Of this life of the log.
    pub epoch: Epoch,
    /// The room's partition.
    pub partition: Partition,
    /// Where the event at the head stands.
    pub head_offset: Option<Offset>,
    /// The person's role; `None`: not a member.
    pub role: Option<Role>,
    /// How many members it has; `None` in an open room.
    pub members: Option<usize>,
    /// Whether the person may read what is said, not just the room's name.
    pub may_read: bool,
}

/// Who is in a room now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceView {
    /// Different people; above the bound, the sum of the edges' counts.
    pub count: u64,
    /// Some of them, in order of id, at most [`PresenceView::USERS`].
    pub users: Vec<UserId>,
}

impl PresenceView {
    /// Most people that are named.
    pub const USERS: usize = 100;
}

/// Where a client wants to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The life of the log it has seen.
    pub epoch: Epoch,
    /// The last event it has seen; 0: none.
    pub seq: Seq,
}

/// What became of a resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// None was asked for.
    NotAsked,
    /// Every event after it comes, then `caught_up`.
    Recovered,
    /// Not possible: `recent` is the fresh start.
    Refused(NotRecovered),
}

impl Recovery {
    /// `recovered` as clients see it.
    #[must_use]
    pub const fn recovered(self) -> Option<bool> {
        match self {
            Self::NotAsked => None,
            Self::Recovered => Some(true),
            Self::Refused(_) => Some(false),
        }
    }

    /// `reason` as clients see it.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Refused(reason) => Some(reason.text()),
            _ => None,
        }
    }
}

/// Why a resume is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRecovered {
    /// Another life of the log.
    Epoch,
    /// Too many events missed, or not all of them can be had now.
    TooFar,
    /// Beyond the room's head.
    Ahead,
}

impl NotRecovered {
    /// As clients see it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::TooFar => "too_far",
            Self::Ahead => "ahead",
        }
    }
}

/// The answer to `subscribe`: room, recent and head of the same instant; the next push of the room is `seq + 1`
/// (or, recovered, the event after the resume's seq).
#[derive(Clone, Debug)]
pub struct Subscribed {
    /// The room at its head.
    pub room: RoomView,
    /// Whether a resume succeeded.
    pub recovery: Recovery,
    /// The latest messages as they stand, oldest first; empty when recovered.
    pub recent: Vec<Message>,
    /// Who is there, as last pushed to those who listen: deltas follow from it.
    pub presence: PresenceView,
    /// The person's read marker.
    pub read_seq: Seq,
}

/// A window of a room's messages, and where it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageView {
    /// As they stand, in order of seq.
    pub messages: Vec<Message>,
    /// Older ones are before this seq; `None` where the room begins.
    pub before: Option<Seq>,
    /// Newer ones are after this seq; `None` at the room's end.
    pub after: Option<Seq>,
}

/// A page of a listing. What is known here to be otherwise is left out of it, so it may be short and yet go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T, P> {
    /// In the listing's order.
    pub items: Vec<T>,
    /// More of them are after this place; `None` where there are no more.
    pub after: Option<P>,
}

impl<T, P> Listed<T, P> {
    /// A page of what was asked for with one more than its `limit`.
    pub(super) fn cut(mut items: Vec<T>, limit: usize, place: impl FnOnce(&T) -> P) -> Self {
        let goes_on = items.len() > limit;
        items.truncate(limit);
        let after = items.last().filter(|_| goes_on).map(place);
        Self { items, after }
    }

    /// The same page of something else.
    pub(super) fn map<U>(self, other: impl FnMut(T) -> U) -> Listed<U, P> {
        Listed {
            items: self.items.into_iter().map(other).collect(),
            after: self.after,
        }
    }
}

/// Somebody who is kept out of a room, or muted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barred {
    /// Who.
    pub user_id: UserId,
    /// The first instant at which it is over; `None`: never.
    pub until: Option<Timestamp>,
}

/// A page of messages around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// The first message at the place or after it; `None`: the room ends before it, and the page is its latest.
    pub anchor: Option<Seq>,
    /// The messages, and where it goes on both ways.
    pub page: PageView,
}

/// A message and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadView {
    /// The message, as it stands.
    pub message: Message,
    /// Some of its replies as they stand, in order of seq.
    pub replies: Vec<Message>,
    /// How many there are in all, up to what is counted.
    pub count: u64,
    /// More of them are after this seq; `None` where there are no more.
    pub after: Option<Seq>,
}

/// What somebody looks for.
#[derive(Clone, Debug)]
pub struct Sought {
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
    /// Before this place.
    pub before: Option<TimePlace>,
    /// Most of them.
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Older ones are before this place; `None` where there are no more.
    pub before: Option<TimePlace>,
}

/// A room as it stood.
#[derive(Clone, Debug)]
pub struct PastView {
    /// Which.
    pub id: RoomId,
    /// Kind, name, topic, owner, head, digest, … of then.
    pub header: Header,
    /// Of this life of the log.
    pub epoch: Epoch,
    /// The event at its head.
    pub last: Position,
    /// Members of then in order of id, at most [`PastView::PEOPLE`]; in an open room those with a role.
    pub members: Listed<Member, UserId>,
    /// How many there were in all.
    pub member_count: usize,
    /// Who was invited, and by whom.
    pub invitations: Entries<UserId>,
    /// Who was banned, and until when.
    pub bans: Entries<Option<Timestamp>>,
    /// Who was muted, and until when.
    pub mutes: Entries<Option<Timestamp>>,
    /// The latest messages as they stood, oldest first.
    pub recent: Vec<PastMessage>,
    /// What was folded to know it.
    pub folded: Folded,
}

impl PastView {
    /// Most people of each list.
    pub const PEOPLE: usize = 1_000;
}

/// One of a room's lists of people, in order of id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<T> {
    /// At most [`PastView::PEOPLE`] of them.
    pub entries: Vec<(UserId, T)>,
    /// How many there were in all.
    pub count: usize,
}

impl<T> Entries<T> {
    /// The first of them, all counted.
    pub(super) fn of(all: impl Iterator<Item = (UserId, T)>) -> Self {
        let (mut entries, mut count) = (Vec::new(), 0);
        for entry in all {
            count += 1;
            if entries.len() < PastView::PEOPLE {
                entries.push(entry);
            }
        }
        Self { entries, count }
    }
}

/// A message as it stood, without what may not be seen any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastMessage {
    /// The message.
    pub message: Message,
    /// It was deleted after that point.
    pub deleted_since: bool,
    /// Its words are not told: it was deleted, or that can't be known now, and whoever asks may not see them.
    pub text_withheld: bool,
}
