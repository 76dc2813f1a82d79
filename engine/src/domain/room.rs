//! A room as the fold knows it, and the fold itself: [`Room::apply`].
//!
//! What must hold: the same events in the same order give the same verdicts, state and digest, in every process and
//! however the log is cut into a snapshot and the rest. There is no clock, no I/O and no randomness here; "until" is
//! judged by the record's own append time.

mod evolve;
mod judge;
mod people;
mod window;

pub use evolve::STOPPED;
pub use people::Member;
pub use window::{TornWindow, WindowEntry};

use super::{
    Applied, Change, Cid, Digest, Event, Header, Kind, Original, Position, RULES, Reason, Role, RoomId, Seq, Timestamp,
    UserId, Verdict,
};
use people::People;
use window::Window;

/// A room's state. Two rooms are equal when everything that can decide a verdict is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    id: RoomId,
    /// `None` until a creation is accepted.
    header: Option<Header>,
    people: People,
    window: Window,
}

impl Room {
    /// A room of which nothing is in the log yet.
    #[must_use]
    pub fn new(id: RoomId) -> Self {
        Self {
            id,
            header: None,
            people: People::default(),
            window: Window::default(),
        }
    }

    /// A room as a store kept it: its header, its deltas (in any order that ends with the last for a person and
    /// list), and the last [`super::WINDOW`] accepted events, oldest first.
    ///
    /// # Errors
    /// [`TornWindow`] when the window does not belong to the header: folding on would miss duplicates.
    pub fn restore(
        id: RoomId,
        header: Header,
        changes: impl IntoIterator<Item = Change>,
        window: impl IntoIterator<Item = WindowEntry>,
    ) -> Result<Self, TornWindow> {
        let window = Window::restore(header.head, window)?;
        let mut people = People::default();
        for change in changes {
            people.apply(change);
        }
        Ok(Self {
            id,
            header: Some(header),
            people,
            window,
        })
    }

    /// The fold over what the log holds: [`Room::apply`], for an event that was written with a schema of `rules`.
    /// An event above its room's rules is ignored by everyone, whether they know its schema or not, and leaves no
    /// trace in the room (DESIGN §2, "Rules"). Edges and projectors call this, and nothing else.
    pub fn fold(&mut self, event: &Event, rules: u32, datum: &[u8], at: Position) -> Applied {
        if self.exists() && rules > self.rules() {
            return Applied {
                verdict: Verdict::Ignored {
                    reason: Reason::UnsupportedRules,
                },
                changes: Vec::new(),
            };
        }
        self.apply(event, datum, at)
    }

    /// Judges `event` as it was appended at `at`, and takes it if it counts. `datum` is its Avro bytes without any
    /// header, for the digest alone.
    ///
    /// Whoever keeps rooms writes [`Room::header`] after every accepted event, and also after one ignored for
    /// [`Reason::UnsupportedRules`]: that the room stands still must outlive this process.
    pub fn apply(&mut self, event: &Event, datum: &[u8], at: Position) -> Applied {
        if let Err(reason) = self.judge(event, at.appended_at) {
            if reason == Reason::UnsupportedRules {
                self.stop(event, at);
            }
            return Applied {
                verdict: Verdict::Ignored { reason },
                changes: Vec::new(),
            };
        }
        let changes = self.evolve(event, datum, at);
        Applied {
            verdict: Verdict::Accepted {
                seq: self.head(),
                digest: self.digest(),
            },
            changes,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> RoomId {
        self.id
    }

    /// The part that is one row; `None` while the room does not exist.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The deltas that make its people again: for [`Room::restore`] together with header and window.
    pub fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.people.changes()
    }

    /// The duplicate window, oldest first.
    pub fn window(&self) -> impl ExactSizeIterator<Item = WindowEntry> + '_ {
        self.window.entries()
    }

    /// The accepted event of this author and cid, if it is among the last [`super::WINDOW`].
    #[must_use]
    pub fn find(&self, author_id: UserId, cid: Cid) -> Option<Original> {
        self.window.find(author_id, cid)
    }

    /// Whether it was created, and maybe deleted since.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.header.is_some()
    }

    /// Whether its rules are above those that this binary knows: it is not folded on, and says nothing of itself.
    #[must_use]
    pub fn unsupported(&self) -> bool {
        self.rules() > RULES
    }

    /// Whether it was deleted: nothing is accepted any more.
    #[must_use]
    pub fn deleted(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.deleted)
    }

    /// Its kind; `None` while it does not exist.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.header.as_ref().map(|header| header.kind)
    }

    /// Its name; empty while it does not exist.
    #[must_use]
    pub fn name(&self) -> &str {
        self.header.as_ref().map_or("", |header| header.name.as_str())
    }

    /// Its topic; empty also while it does not exist.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.header.as_ref().map_or("", |header| header.topic.as_str())
    }

    /// Its owner; `general` and direct rooms have none.
    #[must_use]
    pub fn owner(&self) -> Option<UserId> {
        self.header.as_ref().and_then(|header| header.owner)
    }

    /// The last accepted event.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.header.as_ref().map_or(Seq::ZERO, |header| header.head)
    }

    /// The chain at the head.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.header
            .as_ref()
            .map_or_else(|| Digest::of_room(self.id), |header| header.digest)
    }

    /// Messages ever sent here: the ordinal of the last one.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.header.as_ref().map_or(0, |header| header.messages)
    }

    /// The rules in force; 0 while it does not exist, [`STOPPED`] when this or another binary stopped folding it.
    #[must_use]
    pub fn rules(&self) -> u32 {
        self.header.as_ref().map_or(0, |header| header.rules)
    }

    /// The person's role; `None` when they are no member. In an open room everyone is at least a member: who is
    /// banned there is said by [`Room::is_banned`].
    #[must_use]
    pub fn role_of(&self, user_id: UserId) -> Option<Role> {
        let open = (self.kind() == Some(Kind::Open)).then_some(Role::Member);
        self.people.role_of(user_id).or(open)
    }

    /// Whether the person is in the room; in an open room everyone is.
    #[must_use]
    pub fn is_member(&self, user_id: UserId) -> bool {
        self.role_of(user_id).is_some()
    }

    /// Whether the person may join by invitation.
    #[must_use]
    pub fn is_invited(&self, user_id: UserId) -> bool {
        self.people.is_invited(user_id)
    }

    /// Whether the person is banned at `at`.
    #[must_use]
    pub fn is_banned(&self, user_id: UserId, at: Timestamp) -> bool {
        self.people.is_banned(user_id, at)
    }

    /// Whether the person is muted at `at`.
    #[must_use]
    pub fn is_muted(&self, user_id: UserId, at: Timestamp) -> bool {
        self.people.is_muted(user_id, at)
    }

    /// Whether the person may read what is said here, at `at`; [`Room::judge_read`] says why not.
    #[must_use]
    pub fn may_read(&self, user_id: UserId, at: Timestamp) -> bool {
        self.judge_read(user_id, at).is_ok()
    }

    /// Whether the person may know at `at` that the room exists, or did. For everyone else it is `not_found`.
    #[must_use]
    pub fn may_know(&self, user_id: UserId, at: Timestamp) -> bool {
        match self.kind() {
            None => false,
            Some(Kind::Open | Kind::Public) => true,
            Some(Kind::Direct) => self.is_member(user_id),
            Some(Kind::Private) => {
                (self.is_member(user_id) || self.is_invited(user_id)) && !self.is_banned(user_id, at)
            }
        }
    }

    /// Members in order of id, those after `after`. In an open room only who has a role is kept.
    pub fn members(&self, after: Option<UserId>) -> impl Iterator<Item = Member> + '_ {
        self.people.members(after)
    }

    /// Who is invited, and by whom, in order of id, those after `after`.
    pub fn invitations(&self, after: Option<UserId>) -> impl Iterator<Item = (UserId, UserId)> + '_ {
        self.people.invitations(after)
    }

    /// Who is banned at `at`, and until when (`None`: for ever), in order of id, those after `after`.
    pub fn bans(&self, after: Option<UserId>, at: Timestamp) -> impl Iterator<Item = (UserId, Option<Timestamp>)> + '_ {
        self.people.bans(after, at)
    }

    /// Who is muted at `at`, and until when (`None`: for ever), in order of id, those after `after`.
    pub fn mutes(
        &self,
        after: Option<UserId>,
        at: Timestamp,
    ) -> impl Iterator<Item = (UserId, Option<Timestamp>)> + '_ {
        self.people.mutes(after, at)
    }

    /// How many members it has; `None` in an open room, which counts none.
    #[must_use]
    pub fn member_count(&self) -> Option<usize> {
        (self.kind() != Some(Kind::Open)).then(|| self.people.member_count())
    }

    /// Entries of its lists of people: as many as [`Room::changes`] gives.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.people.listed()
    }
}
