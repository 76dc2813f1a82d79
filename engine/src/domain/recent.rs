//! The latest messages of a room as they stand at its head.
//!
//! What must hold: it takes accepted events alone, all of them, in order; then it equals the last [`RECENT`] of the
//! messages folded from the beginning, wherever it was picked up. A message changes by [`Message::apply`] and nothing
//! else, here and in every store.

use super::{Body, Event, Message, RECENT, Seq, Timestamp};
use std::collections::VecDeque;

/// The latest [`RECENT`] messages, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    messages: VecDeque<Message>,
}

impl Recent {
    /// What a store kept, in order of seq; of more than [`RECENT`] the latest.
    #[must_use]
    pub fn restore(messages: Vec<Message>) -> Self {
        let mut messages = VecDeque::from(messages);
        let surplus = messages.len().saturating_sub(RECENT);
        messages.drain(..surplus);
        Self { messages }
    }

    /// Takes an accepted event: `seq` is its own, `ordinal` the room's count of messages after it
    /// ([`super::Room::messages`]), `at` its append time. Answers with the message that is new or stands differently
    /// now, if one does: an event touches one at most.
    pub fn apply(&mut self, event: &Event, seq: Seq, ordinal: u64, at: Timestamp) -> Option<Seq> {
        if let Some(message) = Message::sent(event, seq, ordinal, at) {
            if self.messages.len() == RECENT {
                self.messages.pop_front();
            }
            self.messages.push_back(message);
            return Some(seq);
        }
        let target = event.body.target()?.seq;
        let message = self.find_mut(target)?;
        message.apply(event, at).then_some(target)
    }

    /// The latest `limit` of them, oldest first.
    pub fn latest(&self, limit: usize) -> impl ExactSizeIterator<Item = &Message> + '_ {
        self.messages.range(self.messages.len().saturating_sub(limit)..)
    }

    /// The message sent at `seq`, if it is among them.
    #[must_use]
    pub fn get(&self, seq: Seq) -> Option<&Message> {
        let place = self.messages.binary_search_by_key(&seq, |message| message.seq).ok()?;
        self.messages.get(place)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether nothing was said yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    fn find_mut(&mut self, seq: Seq) -> Option<&mut Message> {
        let place = self.messages.binary_search_by_key(&seq, |message| message.seq).ok()?;
        self.messages.get_mut(place)
    }
}

impl Body {
    /// The message that it is about, of edits, deletions and reactions.
    #[must_use]
    pub const fn target(&self) -> Option<super::Target> {
        match self {
            Self::MessageEdited { target, .. }
            | Self::MessageDeleted { target }
            | Self::ReactionAdded { target, .. }
            | Self::ReactionRemoved { target, .. } => Some(*target),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
