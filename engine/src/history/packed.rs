//! A message as it is kept inside something else: in a snapshot of its room, in a field of live views.
//!
//! What must hold: whoever keeps messages so has a version before them; another shape than this needs another version
//! wherever it is kept.

use crate::domain::{Actor, Emoji, EventId, Message, PersonName, Reaction, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A message as an array of its fields in order: names would be most of its bytes.
#[derive(Serialize, Deserialize)]
pub(crate) struct PackedMessage(
    Seq,
    u64,
    EventId,
    UserId,
    PersonName,
    Timestamp,
    String,
    Option<Timestamp>,
    bool,
    Option<Seq>,
    Vec<UserId>,
    Vec<(Emoji, Vec<UserId>)>,
);

impl From<Message> for PackedMessage {
    fn from(message: Message) -> Self {
        let m = message;
        let reactions = m.reactions.into_iter().map(|r| (r.emoji, r.users)).collect();
        Self(
            m.seq,
            m.ordinal,
            m.id,
            m.from.id,
            m.from.name,
            m.at,
            m.text,
            m.edited_at,
            m.deleted,
            m.reply_to,
            m.mentions,
            reactions,
        )
    }
}

impl From<PackedMessage> for Message {
    fn from(packed: PackedMessage) -> Self {
        let PackedMessage(seq, ordinal, id, from, name, at, text, edited_at, deleted, reply_to, mentions, reactions) =
            packed;
        let reactions = reactions.into_iter().map(|(emoji, users)| Reaction { emoji, users });
        Self {
            seq,
            ordinal,
            id,
            from: Actor { id: from, name },
            at,
            text,
            edited_at,
            deleted,
            reply_to,
            mentions,
            reactions: reactions.collect(),
        }
    }
}
