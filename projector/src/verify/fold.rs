//! The own fold of a slice: its rooms as they should stand, and the rows that they should have.
//!
//! What must hold: a room is folded by [`Room::fold`] and a message changes by [`Message::apply`], as everywhere; beside it seq
//! and digest are counted on here by themselves, so that a chain is checked by something else than what made it.

use super::Common;
use super::compare::{Findings, Place, Said};
use super::report::LogReport;
use super::slices::Slice;
use super::walk::event_room;
use bytes::Bytes;
use engine::codec::{self, Decoded, Unread};
use engine::domain::{
    Body, Digest, Emoji, Message, Offset, Partition, Position, Recent, Room, RoomId, Seq, Timestamp, UserId, Verdict,
};
use engine::history::audit::{JournalLine, MentionLine, MessageLine, ReactionKey, ReactionLine};
use engine::log::Record;
use std::collections::{BTreeMap, BTreeSet};

/// What is kept of the rooms beside their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The rows of history.
    Rows,
    /// The latest messages.
    Recent,
    /// Nothing: the log alone is looked at.
    Nothing,
}

/// The rooms of a slice, folded up to somewhere.
pub(super) struct Fold {
    slice: Slice,
    /// The one room that is checked, if not all are.
    only: Option<RoomId>,
    partition: Partition,
    partitions: u16,
    keep: Keep,
    pub(super) rooms: BTreeMap<RoomId, Folded>,
    /// Looks at the log itself, if it is to.
    log: Option<LogReport>,
    last_appended_at: Timestamp,
}

/// One room.
pub(super) struct Folded {
    pub(super) room: Room,
    pub(super) recent: Recent,
    /// The rows of the slice's seqs, in order.
    journal: Vec<JournalLine>,
    messages: BTreeMap<Seq, Kept>,
    /// Counted on beside the fold.
    head: Seq,
    digest: Digest,
}

/// A message and the rows of its reactions.
struct Kept {
    message: Message,
    reactions: BTreeMap<(Emoji, UserId), (Seq, Seq)>,
    emoji_since: BTreeMap<Emoji, Seq>,
}

impl Fold {
    pub(super) fn new(slice: Slice, common: &Common<'_>, partition: Partition, keep: Keep) -> Self {
        Self {
            slice,
            only: common.room,
            partition,
            partitions: common.parts.log.partitions(),
            keep,
            rooms: BTreeMap::new(),
            log: None,
            last_appended_at: Timestamp::from_millis(i64::MIN),
        }
    }

    /// The same, with an eye on the log itself.
    pub(super) fn looking_at_the_log(mut self) -> Self {
        self.log = Some(LogReport::default());
        self
    }

    /// Lets go of what was kept of rows: from here on states alone are folded.
    pub(super) fn keep_nothing(&mut self) {
        self.keep = Keep::Nothing;
        for folded in self.rooms.values_mut() {
            folded.journal = Vec::new();
            folded.messages = BTreeMap::new();
            folded.recent = Recent::default();
        }
    }

    /// What was seen of the log.
    pub(super) fn into_log_report(self) -> Option<LogReport> {
        let (rooms, tells) = (self.rooms, self.slice.tells_rooms());
        let mut report = self.log?;
        if tells {
            report.rooms = rooms.values().map(|folded| u64::from(folded.room.exists())).sum();
        }
        Some(report)
    }

    /// Takes the partition's next record, whosever it is.
    pub(super) fn take(&mut self, record: &Record, findings: &mut Findings) {
        let room = event_room(record);
        if self.slice.is_first() {
            self.look_at(record.position, findings);
        }
        let ours = |room| self.slice.holds(room) && self.only.is_none_or(|only| only == room);
        if !room.map_or(self.only.is_none() && self.slice.is_first(), ours) {
            return;
        }
        match codec::decode(record.borrowed(), self.partitions) {
            Ok(decoded) => self.fold(&decoded, record.position, findings),
            Err(Unread::Future) => self.ignored("of the future"),
            Err(Unread::Bad(bad)) => self.ignored(bad.name()),
        }
    }

    /// Append times never go back within a partition.
    fn look_at(&mut self, position: Position, findings: &mut Findings) {
        let Some(log) = &mut self.log else { return };
        log.records += 1;
        if position.appended_at < self.last_appended_at {
            let before = self.last_appended_at;
            findings.tell(Place::log(self.partition), || Said {
                row: format!("offset {}", position.offset),
                column: "appended_at",
                expected: format!("at least {}", before.as_millis()),
                found: position.appended_at.as_millis().to_string(),
            });
        }
        self.last_appended_at = self.last_appended_at.max(position.appended_at);
    }

    fn ignored(&mut self, reason: &'static str) {
        if let Some(log) = self.log.as_mut().filter(|_| self.slice.tells_rooms()) {
            log.ignored.entry(reason).or_default().0 += 1;
        }
    }

    fn fold(&mut self, decoded: &Decoded<'_>, at: Position, findings: &mut Findings) {
        let id = decoded.event.room_id;
        let folded = self.rooms.entry(id).or_insert_with(|| Folded::new(id));
        let applied = folded.room.fold(&decoded.event, decoded.rules, decoded.datum, at);
        let (seq, digest) = match applied.verdict {
            Verdict::Accepted { seq, digest } => (seq, digest),
            Verdict::Ignored { reason } => return self.ignored(reason.name()),
        };
        if let Some(log) = self.log.as_mut().filter(|_| self.slice.tells_rooms()) {
            log.accepted += 1;
            folded.check_chain(
                seq,
                digest,
                decoded.datum,
                at.offset,
                Place::log(self.partition).of(id),
                findings,
            );
        }
        match self.keep {
            Keep::Rows => folded.keep(&self.slice, decoded, seq, digest, at),
            Keep::Recent => {
                let ordinal = folded.room.messages();
                folded.recent.apply(&decoded.event, seq, ordinal, at.appended_at);
            }
            Keep::Nothing => {}
        }
    }
}

impl Folded {
    fn new(id: RoomId) -> Self {
        Self {
            room: Room::new(id),
            recent: Recent::default(),
            journal: Vec::new(),
            messages: BTreeMap::new(),
            head: Seq::ZERO,
            digest: Digest::of_room(id),
        }
    }

    fn check_chain(
        &mut self,
        seq: Seq,
        digest: Digest,
        datum: &[u8],
        offset: Offset,
        place: Place,
        findings: &mut Findings,
    ) {
        self.head = self.head.next();
        self.digest = self.digest.then(self.head, datum);
        if (seq, digest) != (self.head, self.digest) {
            let (expected, found) = ((self.head, self.digest), (seq, digest));
            findings.tell(place, || Said {
                row: format!("offset {offset}"),
                column: "chain",
                expected: format!("seq {}, digest {}", expected.0, expected.1),
                found: format!("seq {}, digest {}", found.0, found.1),
            });
        }
    }

    /// Keeps the rows that an accepted event makes, where they belong to the slice.
    fn keep(&mut self, slice: &Slice, decoded: &Decoded<'_>, seq: Seq, digest: Digest, at: Position) {
        let event = &decoded.event;
        if slice.holds_seq(seq) {
            self.journal.push(JournalLine {
                seq,
                author_id: event.actor.id,
                cid: event.cid,
                offset: at.offset,
                appended_at: at.appended_at,
                digest: Bytes::copy_from_slice(digest.as_bytes()),
                fingerprint: Bytes::copy_from_slice(&decoded.fingerprint),
                datum: Bytes::copy_from_slice(decoded.datum),
            });
            if let Some(message) = Message::sent(event, seq, self.room.messages(), at.appended_at) {
                self.messages.insert(seq, Kept::new(message));
            }
        }
        let target = event.body.target().map(|target| target.seq);
        if let Some(kept) = target.and_then(|target| self.messages.get_mut(&target)) {
            kept.apply(decoded, seq, at.appended_at);
        }
    }

    /// The rows that it should have; they are let go of here.
    pub(super) fn take_lines(&mut self) -> Lines {
        let room_id = self.room.id();
        let mut lines = Lines {
            journal: std::mem::take(&mut self.journal),
            ..Lines::default()
        };
        for (seq, kept) in std::mem::take(&mut self.messages) {
            lines.messages.push(MessageLine::of(&kept.message));
            for ((emoji, user_id), (emoji_since, since)) in kept.reactions {
                let key = ReactionKey::of(seq, &emoji, user_id);
                let line = ReactionLine {
                    key: key.clone(),
                    emoji_since,
                    since,
                };
                lines.reactions.insert(key, line);
            }
            let mention = |user_id| MentionLine { room_id, seq, user_id };
            lines.mentions.extend(kept.message.mentions.into_iter().map(mention));
        }
        lines
    }
}

/// Rows of one room as they should be, those of the slice's seqs.
#[derive(Default)]
pub(super) struct Lines {
    /// In order of seq.
    pub(super) journal: Vec<JournalLine>,
    /// In order of seq.
    pub(super) messages: Vec<MessageLine>,
    pub(super) reactions: BTreeMap<ReactionKey, ReactionLine>,
    pub(super) mentions: BTreeSet<MentionLine>,
}

impl Kept {
    const fn new(message: Message) -> Self {
        Self {
            message,
            reactions: BTreeMap::new(),
            emoji_since: BTreeMap::new(),
        }
    }

    /// An emoji that comes to the message has its place from there on, as long as somebody stays by it.
    fn apply(&mut self, decoded: &Decoded<'_>, seq: Seq, at: Timestamp) {
        let event = &decoded.event;
        let had = |message: &Message, emoji: &Emoji| message.reactions.iter().any(|one| one.emoji == *emoji);
        let new = matches!(&event.body, Body::ReactionAdded { emoji, .. } if !had(&self.message, emoji));
        if !self.message.apply(event, at) {
            return;
        }
        match &event.body {
            Body::ReactionAdded { emoji, .. } => {
                if new {
                    self.emoji_since.insert(emoji.clone(), seq);
                }
                let since = self.emoji_since.get(emoji).copied().unwrap_or(seq);
                self.reactions.insert((emoji.clone(), event.actor.id), (since, seq));
            }
            Body::ReactionRemoved { emoji, .. } => {
                self.reactions.remove(&(emoji.clone(), event.actor.id));
            }
            Body::MessageDeleted { .. } => self.reactions.clear(),
            _ => {}
        }
    }
}
