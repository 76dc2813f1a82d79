//! A record, decoded, and as one JSON object.

use crate::edge::push::shown_body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::codec::signal::{self, Signal};
use engine::codec::{self, Unread};
use engine::domain::{RoomId, UserId};
use engine::log::{Record, Topic};
use serde_json::{Value, json};

/// What a record says.
pub(crate) struct Read {
    /// Its type's name, or why it can't be read.
    pub(crate) kind: String,
    /// Whether it could be read.
    pub(crate) sound: bool,
    /// Whose record it is.
    pub(crate) room: Option<RoomId>,
    /// What it says.
    pub(crate) body: Value,
    /// Who did it, and what they were called then.
    pub(crate) from: Option<(UserId, String)>,
    rest: Value,
    /// Whether something of its body is not shown.
    withheld: bool,
}

/// Reads a record of a topic.
pub(crate) fn read(topic: Topic, record: &Record, partitions: u16) -> Read {
    match topic {
        Topic::Events => event(record, partitions),
        Topic::Reads | Topic::Signals => marked(record),
        Topic::DeadLetters => letter(record),
    }
}

fn event(record: &Record, partitions: u16) -> Read {
    match codec::decode(record.borrowed(), partitions) {
        Err(unread) => unreadable(unread),
        Ok(decoded) => Read {
            kind: decoded.event.body.type_name().to_owned(),
            sound: true,
            room: Some(decoded.event.room_id),
            body: shown_body(&decoded.event.body),
            from: Some((decoded.event.actor.id, decoded.event.actor.name.as_str().to_owned())),
            rest: json!({
                "event_id": decoded.event.event_id, "cid": decoded.event.cid, "since": decoded.event.since,
                "sent_at": decoded.event.sent_at,
            }),
            withheld: false,
        },
    }
}

fn marked(record: &Record) -> Read {
    let of = |kind: &str, room, body| Read {
        kind: kind.to_owned(),
        sound: true,
        room,
        body,
        from: None,
        rest: json!({}),
        withheld: false,
    };
    if record.value.is_none() {
        return of("tombstone", None, json!({}));
    }
    match signal::decode(record.borrowed()) {
        Err(unread) => unreadable(unread),
        Ok(Signal::ReadMarked {
            room_id, user_id, seq, ..
        }) => of("ReadMarked", Some(room_id), json!({ "user": user_id, "seq": seq })),
        Ok(Signal::Presence { edge_id, rooms }) => {
            let rooms: Vec<Value> = rooms
                .iter()
                .map(|room| json!({ "room": room.room_id, "count": room.count, "users": room.users.len() }))
                .collect();
            of("Presence", None, json!({ "edge": edge_id, "rooms": rooms }))
        }
        Ok(Signal::Typing { room_id, user_id, .. }) => of("Typing", Some(room_id), json!({ "user": user_id })),
        Ok(Signal::Erased { user_id, texts }) => of("Erased", None, json!({ "user": user_id, "texts": texts })),
        Ok(Signal::LoginsEnded { user_id, logins }) => {
            of("LoginsEnded", None, json!({ "user": user_id, "logins": logins.len() }))
        }
        Ok(Signal::PersonDisabled { user_id, disabled, .. }) => {
            of("PersonDisabled", None, json!({ "user": user_id, "disabled": disabled }))
        }
        Ok(Signal::RoomClosed { room_id }) => of("RoomClosed", Some(room_id), json!({})),
    }
}

/// What nobody could read is told by its size, and by what the letter says of it.
fn letter(record: &Record) -> Read {
    let mut body = json!({ "value_bytes": record.value.as_ref().map(bytes::Bytes::len) });
    if let Some(letter) = record.letter.as_deref() {
        body["reason"] = json!(letter.reason);
        body["origin"] = json!({ "topic": letter.topic, "partition": letter.partition, "offset": letter.offset });
    }
    Read {
        kind: "dead_letter".into(),
        sound: false,
        room: record.key.as_deref().and_then(codec::room_of_key),
        body,
        from: None,
        rest: json!({}),
        withheld: false,
    }
}

fn unreadable(unread: Unread) -> Read {
    let kind = match unread {
        Unread::Future => "of the future".to_owned(),
        Unread::Bad(bad) => format!("bad: {}", bad.name()),
    };
    Read {
        kind,
        sound: false,
        room: None,
        body: json!({}),
        from: None,
        rest: json!({}),
        withheld: false,
    }
}

/// What people said, of all that a body holds.
const SAID: [&str; 2] = ["text", "emoji"];

impl Read {
    /// Without what people said in the room: for who may see that something happened, and not what was said.
    pub(crate) fn unsaid(mut self) -> Self {
        if let Some(body) = self.body.as_object_mut() {
            for field in SAID {
                self.withheld |= body.remove(field).is_some();
            }
        }
        self
    }

    /// One JSON object.
    pub(crate) fn json(&self, topic: Topic, record: &Record) -> String {
        let at = record.position;
        let key = record.key.as_deref().map(|key| match std::str::from_utf8(key) {
            Ok(text) => json!(text),
            Err(_) => json!({ "base64": STANDARD.encode(key) }),
        });
        let from = self.from.as_ref().map(|(id, name)| json!({ "id": id, "name": name }));
        let mut line = json!({
            "topic": topic.suffix(), "partition": at.partition, "offset": at.offset, "at": at.appended_at, "key": key,
            "type": self.kind, "readable": self.sound, "room": self.room, "from": from, "body": self.body,
        });
        if let (Some(line), Some(rest)) = (line.as_object_mut(), self.rest.as_object()) {
            line.extend(rest.clone());
            if self.withheld {
                line.insert("withheld".to_owned(), json!("said"));
            }
        }
        line.to_string()
    }
}
