//! What a batch means for the rows, worked out before the store is asked for anything but the messages it touches.
//!
//! Both adapters write the same plan, so they can differ in SQL alone. A message changes by [`Message::apply`] and nothing
//! else; messages sent and changed in one batch are written once, as they stand after it.

use super::{Batch, RoomBatch, Rows};
use crate::domain::{Change, Emoji, Event, Message, PersonName, Role, RoomId, Seq, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One person in one room: the key of every list.
pub(super) type Place = (RoomId, UserId);

/// The lists of people as a batch leaves them: the last change of a place wins, `None` takes the row away.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) members: BTreeMap<Place, Option<(Role, Timestamp)>>,
    pub(super) invitations: BTreeMap<Place, Option<UserId>>,
    pub(super) bans: BTreeMap<Place, Option<Option<Timestamp>>>,
    pub(super) mutes: BTreeMap<Place, Option<Option<Timestamp>>>,
}

impl Lists {
    pub(super) fn of(rooms: &[RoomBatch]) -> Self {
        let mut lists = Self::default();
        for room in rooms {
            for change in &room.changes {
                lists.take(room.room_id, *change);
            }
        }
        lists
    }

    fn take(&mut self, room: RoomId, change: Change) {
        match change {
            Change::Member {
                user_id,
                role,
                joined_at,
            } => drop(self.members.insert((room, user_id), Some((role, joined_at)))),
            Change::NoMember { user_id } => drop(self.members.insert((room, user_id), None)),
            Change::Invitation { user_id, by } => drop(self.invitations.insert((room, user_id), Some(by))),
            Change::NoInvitation { user_id } => drop(self.invitations.insert((room, user_id), None)),
            Change::Ban { user_id, until } => drop(self.bans.insert((room, user_id), Some(until))),
            Change::NoBan { user_id } => drop(self.bans.insert((room, user_id), None)),
            Change::Mute { user_id, until } => drop(self.mutes.insert((room, user_id), Some(until))),
            Change::NoMute { user_id } => drop(self.mutes.insert((room, user_id), None)),
        }
    }
}

/// A message as the store has it, before the batch.
pub(super) struct Loaded {
    pub(super) room_id: RoomId,
    pub(super) message: Message,
    /// The seq at which each of its emoji came.
    pub(super) emoji_since: Vec<(Emoji, Seq)>,
}

/// One person's reaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReactionKey {
    pub(super) room_id: RoomId,
    pub(super) seq: Seq,
    pub(super) emoji: Emoji,
    pub(super) user_id: UserId,
}

/// Its place among the others: by the seq at which its emoji came, then by its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) emoji_since: Seq,
    pub(super) since: Seq,
}

/// What becomes of the rows of messages and reactions.
#[derive(Default)]
pub(super) struct Messages {
    /// New rows, in order of room and seq.
    pub(super) sent: Vec<(RoomId, Message)>,
    /// Rows that stand differently now: text, mentions, edited_at, deleted.
    pub(super) changed: Vec<(RoomId, Message)>,
    /// Messages that lose every reaction they have in the store.
    pub(super) buried: Vec<(RoomId, Seq)>,
    /// Reactions taken back.
    pub(super) unreacted: Vec<ReactionKey>,
    /// Reactions given.
    pub(super) reacted: Vec<(ReactionKey, Order)>,
    /// People whom a message mentions now and did not before.
    pub(super) mentioned: Vec<Mention>,
    /// People whom it mentions no more.
    pub(super) unmentioned: Vec<Mention>,
}

/// Somebody is named in a message: a row of `mentions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) user_id: UserId,
    pub(super) room_id: RoomId,
    pub(super) seq: Seq,
}

/// The messages that a batch is about and does not itself send: to be loaded.
pub(super) fn targets(batch: &Batch) -> BTreeSet<(RoomId, Seq)> {
    let mut targets = BTreeSet::new();
    for room in &batch.rooms {
        // Entries come in order of seq: what the batch sends of this room begins at its first entry.
        let first = room.entries.first().map(|new| new.entry.seq);
        let old = room.entries.iter().filter_map(|new| new.event.body.target());
        targets.extend(
            old.filter(|target| Some(target.seq) < first)
                .map(|target| (room.room_id, target.seq)),
        );
    }
    targets
}

impl Messages {
    pub(super) fn of(batch: &Batch, loaded: Vec<Loaded>) -> Self {
        let mut standing = Standing::of(loaded);
        for room in &batch.rooms {
            for new in &room.entries {
                let (seq, at) = (new.entry.seq, new.entry.appended_at);
                let ordinal = new.ordinal.unwrap_or_default();
                if let Some(message) = Message::sent(&new.event, seq, ordinal, at) {
                    let message = match new.rows {
                        Rows::All => message,
                        Rows::Journal => stand_in(message),
                    };
                    standing.0.insert((room.room_id, seq), One::new(message, Origin::Batch));
                } else if new.rows == Rows::Journal {
                    // Nothing that it says reaches a row.
                } else if let Some(target) = new.event.body.target()
                    && let Some(one) = standing.0.get_mut(&(room.room_id, target.seq))
                {
                    one.apply(&new.event, seq, at);
                }
            }
        }
        standing.finish()
    }
}

impl Messages {
    /// What is different about whom a message mentions.
    fn mention(&mut self, room_id: RoomId, one: &One) {
        let seq = one.message.seq;
        let row = |&user_id: &UserId| Mention { user_id, room_id, seq };
        let now: BTreeSet<UserId> = one.message.mentions.iter().copied().collect();
        self.mentioned.extend(now.difference(&one.mentioned).map(row));
        self.unmentioned.extend(one.mentioned.difference(&now).map(row));
    }
}

/// What stands for a message that the store refuses: its place, and nothing that somebody wrote.
fn stand_in(message: Message) -> Message {
    let mut from = message.from;
    from.name = PersonName::new("?").expect("one character is a name");
    Message {
        from,
        text: String::new(),
        deleted: true,
        mentions: Vec::new(),
        ..message
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Store,
    Batch,
}

/// The messages at hand, by room and seq.
struct Standing(BTreeMap<(RoomId, Seq), One>);

/// One message on its way through the batch.
struct One {
    message: Message,
    origin: Origin,
    rewritten: bool,
    /// Whom the store has as mentioned in it.
    mentioned: BTreeSet<UserId>,
    emoji_since: HashMap<Emoji, Seq>,
    /// What the batch did to reactions, the last per emoji and person: `None` takes the row away.
    reactions: BTreeMap<(Emoji, UserId), Option<Order>>,
}

impl One {
    fn new(message: Message, origin: Origin) -> Self {
        let mentioned = match origin {
            Origin::Store => message.mentions.iter().copied().collect(),
            Origin::Batch => BTreeSet::new(),
        };
        Self {
            message,
            origin,
            rewritten: false,
            mentioned,
            emoji_since: HashMap::new(),
            reactions: BTreeMap::new(),
        }
    }

    fn apply(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        use crate::domain::Body::{ReactionAdded, ReactionRemoved};
        let had = |message: &Message, emoji: &Emoji| message.reactions.iter().any(|one| one.emoji == *emoji);
        let known = match &event.body {
            ReactionAdded { emoji, .. } => had(&self.message, emoji),
            _ => false,
        };
        if !self.message.apply(event, at) {
            return;
        }
        match &event.body {
            ReactionAdded { emoji, .. } => {
                if !known {
                    self.emoji_since.insert(emoji.clone(), seq);
                }
                let emoji_since = self.emoji_since.get(emoji).copied().unwrap_or(seq);
                let order = Order {
                    emoji_since,
                    since: seq,
                };
                self.reactions.insert((emoji.clone(), event.actor.id), Some(order));
            }
            ReactionRemoved { emoji, .. } => {
                self.reactions.insert((emoji.clone(), event.actor.id), None);
            }
            _ => self.rewritten = true,
        }
        if self.message.deleted {
            self.reactions.clear();
        }
    }
}

impl Standing {
    fn of(loaded: Vec<Loaded>) -> Self {
        let one = |loaded: Loaded| {
            let mut one = One::new(loaded.message, Origin::Store);
            one.emoji_since = loaded.emoji_since.into_iter().collect();
            ((loaded.room_id, one.message.seq), one)
        };
        Self(loaded.into_iter().map(one).collect())
    }

    fn finish(self) -> Messages {
        let mut rows = Messages::default();
        for ((room_id, seq), one) in self.0 {
            rows.mention(room_id, &one);
            for ((emoji, user_id), order) in one.reactions {
                let key = ReactionKey {
                    room_id,
                    seq,
                    emoji,
                    user_id,
                };
                match order {
                    Some(order) => rows.reacted.push((key, order)),
                    None if one.origin == Origin::Store => rows.unreacted.push(key),
                    None => {}
                }
            }
            match one.origin {
                Origin::Batch => rows.sent.push((room_id, one.message)),
                Origin::Store if one.rewritten => {
                    if one.message.deleted {
                        rows.buried.push((room_id, seq));
                    }
                    rows.changed.push((room_id, one.message));
                }
                Origin::Store => {}
            }
        }
        rows
    }
}
