//! What a command's way needs to know of messages and commands that are not at hand: from the room's recent messages, else
//! from history.

use super::{About, Way};
use crate::edge::queries;
use crate::edge::refusal::refusal;
use crate::error::{Error, Name};
use engine::codec;
use engine::domain::{Body, Event, Reason, Seq, WINDOW};
use engine::history::JournalEntry;
use tokio::time::timeout;

impl Way<'_> {
    /// Without `since`: whether an earlier try was accepted longer ago than the window remembers.
    pub(super) async fn find_in_journal(&self) -> Option<JournalEntry> {
        if self.hold.open().room.head().get() < WINDOW {
            // The window still remembers everything.
            return None;
        }
        let (author, cid) = (self.caller.user_id, self.write.cid);
        let find = self
            .core
            .parts
            .history
            .find(self.hold.id, self.hold.partition, author, cid);
        match timeout(self.core.lookup_timeout(), find).await {
            Ok(Ok((entry, _))) => entry,
            _ => None,
        }
    }

    /// Who wrote the message at `seq`.
    pub(super) async fn about(&self, seq: Seq) -> Result<About, Error> {
        self.hold.reach(seq, self.core.lookup_timeout()).await;
        {
            let open = self.hold.open();
            let now = self.core.parts.clock.now();
            if !open.room.unsupported() && !open.room.may_know(self.caller.user_id, now) {
                return Err(refusal(Reason::NotFound));
            }
            if seq == Seq::ZERO || seq > open.room.head() {
                return Err(no_message());
            }
            if let Some(message) = open.recent.get(seq) {
                return Ok(About {
                    author_id: message.from.id,
                    is_deleted: message.deleted,
                });
            }
            if open.is_in_recent(seq) {
                return Err(no_message());
            }
        }
        let history = &self.core.parts.history;
        let away = |why| {
            Error::new(
                Name::Unavailable,
                format!("the message can't be looked up: history is {why}"),
            )
        };
        let patience = self.core.lookup_timeout();
        let message = timeout(patience, history.message(self.hold.id, seq)).await;
        let message = message.map_err(|_| away("slow"))?;
        if let Some(message) = message.map_err(|error| queries::history_away(&error))? {
            return Ok(About {
                author_id: message.from.id,
                is_deleted: message.deleted,
            });
        }
        let entry = self.journal_entry(seq).await.ok_or_else(|| away("behind"))?;
        match codec::decode_datum(entry.fingerprint, &entry.datum) {
            Some(Event {
                actor,
                body: Body::MessageSent { .. },
                ..
            }) => Ok(About {
                author_id: actor.id,
                is_deleted: false,
            }),
            _ => Err(no_message()),
        }
    }

    pub(super) async fn journal_entry(&self, seq: Seq) -> Option<JournalEntry> {
        let after = Seq::new(seq.get().saturating_sub(1));
        let history = &self.core.parts.history;
        let read = history.journal(self.hold.id, self.hold.partition, after, 1);
        match timeout(self.core.lookup_timeout(), read).await {
            Ok(Ok((entries, _))) => entries.into_iter().next().filter(|entry| entry.seq == seq),
            _ => None,
        }
    }

    /// Whether what it answers is a message of the room. Where that can't be known now (it is further back than what is
    /// at hand, and history is away or behind), the answer goes its way: the fold sees to it that something stands at
    /// that seq, and chatting goes on without history.
    pub(super) async fn answers_a_message(&self, seq: Seq) -> Result<(), Error> {
        match self.about(seq).await {
            Err(error) if error.name != Name::Unavailable => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn no_message() -> Error {
    Error::new(Name::NotFound, "there is no message at that seq")
}
