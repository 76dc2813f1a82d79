//! A consumer that reads a log of the corpus as edges and projectors do.

use super::file::{About, End, Record, Said, window};
use engine::codec::{Unread, decode};
use engine::domain::{Change, Header, Message, Partition, Reason, Recent, Room, Verdict};
use serde_json::json;

pub(crate) struct Replay {
    partition: Partition,
    partitions: u16,
    room: Room,
    recent: Recent,
}

impl Replay {
    pub(crate) fn of(about: &About) -> Self {
        Self {
            partition: about.partition,
            partitions: about.partitions(),
            room: Room::new(about.room),
            recent: Recent::default(),
        }
    }

    /// What it says of the next record.
    pub(crate) fn take(&mut self, record: &Record) -> Said {
        let record = record.bytes(self.partition);
        let record = record.borrowed();
        let decoded = match decode(record, self.partitions) {
            Ok(decoded) => decoded,
            Err(Unread::Future) => return Said::Future,
            Err(Unread::Bad(bad)) => return Said::Bad(bad.name().to_owned()),
        };
        assert_eq!(decoded.event.room_id, self.room.id(), "a file is one room's log");
        if self.room.exists() && decoded.rules > self.room.rules() {
            return ignored(Reason::UnsupportedRules);
        }
        let before = self.room.clone();
        let applied = self.room.apply(&decoded.event, decoded.datum, record.position);
        match applied.verdict {
            Verdict::Accepted { seq, digest } => {
                let (ordinal, at) = (self.room.messages(), record.position.appended_at);
                self.recent.apply(&decoded.event, seq, ordinal, at);
                Said::Accepted {
                    seq,
                    digest,
                    changes: applied.changes,
                }
            }
            Verdict::Ignored { reason } => {
                assert!(reason == Reason::UnsupportedRules || before == self.room);
                ignored(reason)
            }
        }
    }

    pub(crate) fn end(&self) -> End {
        End {
            header: self.room.header().cloned(),
            people: self.room.changes().collect(),
            window: window(self.room.window()),
            recent: self.recent.latest(usize::MAX).map(shown).collect(),
        }
    }

    /// As a store gives it back: header and deltas by way of text, the window, the latest messages.
    pub(crate) fn restored(&self) -> Self {
        let header = self.room.header().map(|header| {
            let text = serde_json::to_string(header).expect("JSON");
            serde_json::from_str::<Header>(&text).expect("a header")
        });
        let people = serde_json::to_string(&self.room.changes().collect::<Vec<Change>>()).expect("JSON");
        let people: Vec<Change> = serde_json::from_str(&people).expect("deltas");
        let room = match header {
            Some(header) => Room::restore(self.room.id(), header, people, self.room.window()).expect("a whole window"),
            None => Room::new(self.room.id()),
        };
        assert_eq!(room, self.room, "loaded is what was folded");
        Self {
            partition: self.partition,
            partitions: self.partitions,
            room,
            recent: Recent::restore(self.recent.latest(usize::MAX).cloned().collect()),
        }
    }
}

fn ignored(reason: Reason) -> Said {
    let original = match reason {
        Reason::Duplicate(original) => Some((original.seq, original.offset)),
        _ => None,
    };
    let reason = reason.name().to_owned();
    Said::Ignored { reason, original }
}

fn shown(message: &Message) -> serde_json::Value {
    let reactions = message.reactions.iter();
    let reactions: Vec<_> = reactions
        .map(|reaction| json!({"emoji": reaction.emoji, "users": reaction.users}))
        .collect();
    json!({
        "seq": message.seq,
        "ordinal": message.ordinal,
        "id": message.id,
        "from": {"id": message.from.id, "name": message.from.name},
        "at": message.at,
        "text": message.text,
        "edited_at": message.edited_at,
        "deleted": message.deleted,
        "reply_to": message.reply_to,
        "mentions": message.mentions,
        "reactions": reactions,
    })
}
