//! A record as one line: for people in colour, for programs as JSON.

use super::time;
use crate::edge::push::shown_body;
use anstyle::{AnsiColor, Style};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::codec::signal::{self, Signal};
use engine::codec::{self, Unread};
use engine::domain::RoomId;
use engine::log::{Record, Topic};
use serde_json::{Value, json};

/// What a record says.
pub(super) struct Read {
    /// Its type's name, or why it can't be read.
    pub(super) kind: String,
    sound: bool,
    room: Option<RoomId>,
    body: Value,
    from: Option<(String, String)>,
    rest: Value,
}

/// Reads a record of a topic.
pub(super) fn read(topic: Topic, record: &Record, partitions: u16) -> Read {
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
            from: Some((
                decoded.event.actor.id.to_string(),
                decoded.event.actor.name.as_str().to_owned(),
            )),
            rest: json!({
                "event_id": decoded.event.event_id, "cid": decoded.event.cid, "since": decoded.event.since,
                "sent_at": decoded.event.sent_at,
            }),
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
        Ok(Signal::PersonDisabled { user_id, disabled }) => {
            of("PersonDisabled", None, json!({ "user": user_id, "disabled": disabled }))
        }
        Ok(Signal::RoomClosed { room_id }) => of("RoomClosed", Some(room_id), json!({})),
    }
}

/// What nobody could read is told by its size.
fn letter(record: &Record) -> Read {
    Read {
        kind: "dead_letter".into(),
        sound: false,
        room: record.key.as_deref().and_then(codec::room_of_key),
        body: json!({ "value_bytes": record.value.as_ref().map(bytes::Bytes::len) }),
        from: None,
        rest: json!({}),
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
    }
}

impl Read {
    /// One JSON object.
    pub(super) fn json(&self, topic: Topic, record: &Record) -> String {
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
        }
        line.to_string()
    }

    /// One line in colour; whoever writes it sees to it that a pipe gets none.
    pub(super) fn coloured(&self, record: &Record) -> String {
        let at = record.position;
        let (dim, kind, name) = (Style::new().dimmed(), self.style().bold(), Style::new().bold());
        let mut line = format!(
            "{dim}{} {:>3}@{:<8}{dim:#} {kind}{:<16}{kind:#}",
            time::shown(at.appended_at),
            at.partition.get(),
            at.offset.get(),
            self.kind
        );
        match (self.room, &record.key) {
            (Some(room), _) => line.push_str(&format!(" {room}")),
            (None, Some(key)) => line.push_str(&format!(" key {}", key.escape_ascii())),
            (None, None) => {}
        }
        if let Some((_, from)) = &self.from {
            line.push_str(&format!(" {name}{}{name:#}", clean(from)));
        }
        if let Some(body) = self.body.as_object().filter(|body| !body.is_empty()) {
            for (field, value) in body {
                line.push_str(&format!(" {dim}{field}{dim:#} {}", clean(&value.to_string())));
            }
        }
        line
    }

    fn style(&self) -> Style {
        let colour = match self.kind.split('_').next() {
            _ if !self.sound => AnsiColor::Red,
            Some("message") => AnsiColor::Green,
            Some("reaction") => AnsiColor::Magenta,
            Some("room") => AnsiColor::Cyan,
            _ => AnsiColor::Yellow,
        };
        colour.on_default()
    }
}

/// What somebody wrote must not steer the terminal: the names of old events may hold what today's door keeps out.
fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}
