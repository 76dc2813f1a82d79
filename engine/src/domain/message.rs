//! A message as it stands: what `recent`, pages and search show.

use super::{Actor, Body, Emoji, Event, EventId, Seq, Target, Timestamp, UserId};

/// A message with its edits, its deletion and its reactions so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its seq.
    pub seq: Seq,
    /// Its number among the room's messages, from 1.
    pub ordinal: u64,
    /// The event that sent it.
    pub id: EventId,
    /// Who wrote it.
    pub from: Actor,
    /// When the log took it.
    pub at: Timestamp,
    /// What it says; empty once deleted.
    pub text: String,
    /// The append time of the last edit.
    pub edited_at: Option<Timestamp>,
    /// A tombstone.
    pub deleted: bool,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// Who is named in it.
    pub mentions: Vec<UserId>,
    /// In the order in which each emoji first came.
    pub reactions: Vec<Reaction>,
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub emoji: Emoji,
    /// Who, in the order they came; never empty.
    pub users: Vec<UserId>,
}

/// Different emoji that a message may have.
pub const MOST_EMOJI: usize = 20;

/// Reactions that a message may have, of all emoji and people together.
pub const MOST_REACTIONS: usize = 1_000;

impl Message {
    /// The message that `event` sent at `seq`, as the room's `ordinal`-th; `None` if it sent none.
    #[must_use]
    pub fn sent(event: &Event, seq: Seq, ordinal: u64, at: Timestamp) -> Option<Self> {
        let Body::MessageSent {
            text,
            reply_to,
            mentions,
        } = &event.body
        else {
            return None;
        };
        Some(Self {
            seq,
            ordinal,
            id: event.event_id,
            from: event.actor.clone(),
            at,
            text: text.as_str().to_owned(),
            edited_at: None,
            deleted: false,
            reply_to: *reply_to,
            mentions: mentions.clone(),
            reactions: Vec::new(),
        })
    }

    /// What an accepted event, appended at `at`, makes of the message; answers whether it stands differently now.
    ///
    /// Without effect is an event about another message, one that states another author than the message has (the
    /// fold could not know), everything on a tombstone, the same reaction of the same person again, and a
    /// reaction over [`MOST_EMOJI`] or [`MOST_REACTIONS`].
    pub fn apply(&mut self, event: &Event, at: Timestamp) -> bool {
        let about_it = |target: Target| target.seq == self.seq && target.author_id == self.from.id;
        if self.deleted || !event.body.target().is_some_and(about_it) {
            return false;
        }
        match &event.body {
            Body::MessageEdited { text, mentions, .. } => {
                text.as_str().clone_into(&mut self.text);
                self.mentions.clone_from(mentions);
                self.edited_at = Some(at);
                true
            }
            Body::MessageDeleted { .. } => {
                self.bury();
                true
            }
            Body::ReactionAdded { emoji, .. } => self.react(emoji, event.actor.id),
            Body::ReactionRemoved { emoji, .. } => self.unreact(emoji, event.actor.id),
            _ => false,
        }
    }

    /// A tombstone keeps its place, its author and what it answered.
    fn bury(&mut self) {
        self.deleted = true;
        self.text = String::new();
        self.edited_at = None;
        self.mentions = Vec::new();
        self.reactions = Vec::new();
    }

    fn react(&mut self, emoji: &Emoji, user_id: UserId) -> bool {
        let total: usize = self.reactions.iter().map(|reaction| reaction.users.len()).sum();
        if total >= MOST_REACTIONS {
            return false;
        }
        let emoji_count = self.reactions.len();
        match self.reactions.iter_mut().find(|reaction| reaction.emoji == *emoji) {
            Some(reaction) if reaction.users.contains(&user_id) => false,
            Some(reaction) => {
                reaction.users.push(user_id);
                true
            }
            None if emoji_count < MOST_EMOJI => {
                self.reactions.push(Reaction {
                    emoji: emoji.clone(),
                    users: vec![user_id],
                });
                true
            }
            None => false,
        }
    }

    fn unreact(&mut self, emoji: &Emoji, user_id: UserId) -> bool {
        let Some(place) = self.reactions.iter().position(|reaction| reaction.emoji == *emoji) else {
            return false;
        };
        let users = &mut self.reactions[place].users;
        let Some(user) = users.iter().position(|&user| user == user_id) else {
            return false;
        };
        users.remove(user);
        if users.is_empty() {
            self.reactions.remove(place);
        }
        true
    }
}
