//! What is said on the wire, as far as a client must understand it. Unknown fields and pushes are passed over.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The subprotocol this client speaks.
pub const SUBPROTOCOL: &str = "roomlog.v1.json";

/// The open room that every Roomlog has.
#[must_use]
pub fn general() -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:roomlog"), b"general")
}

/// Where an event stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pos {
    /// The life of the log.
    pub epoch: Uuid,
    /// The room's partition.
    pub partition: u16,
    /// The place there.
    pub offset: u64,
}

/// A person as an event names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct From {
    /// Who.
    pub id: Uuid,
    /// As they were called.
    pub name: String,
}

/// An accepted event of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Where.
    pub room: Uuid,
    /// Its place in the room, gap-free.
    pub seq: u64,
    /// Its place in the log.
    pub pos: Pos,
    /// Its own id.
    pub event_id: Uuid,
    /// In snake case, as `message_sent`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who did it.
    pub from: From,
    /// The command's id.
    pub cid: Uuid,
    /// When the log took it, ms since 1970.
    pub at: i64,
    /// What the type carries.
    pub body: Value,
}

/// The receipt of a command that the log holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The command's id.
    pub cid: Uuid,
    /// Its place in the room.
    pub seq: u64,
    /// Its place in the log.
    pub pos: Pos,
    /// When the log took it, ms since 1970; `None` for a duplicate whose original can't be shown now.
    pub at: Option<i64>,
    /// The room's digest after it, hex.
    pub digest: Option<String>,
    /// Whether an earlier try was the one that counted.
    pub duplicate: bool,
    /// The trace of this try.
    pub trace_id: Option<String>,
}

/// What the server says went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{name} ({code}): {message}")]
pub struct Refusal {
    /// Stable number.
    pub code: u16,
    /// Stable name.
    pub name: String,
    /// A sentence for people.
    pub message: String,
    /// Whether the same command can succeed later.
    pub retryable: bool,
    /// `none` or `unknown`.
    pub outcome: String,
    /// When to come back.
    pub retry_after_ms: Option<u64>,
    /// The field that is wrong.
    pub field: Option<String>,
}

/// What a subscription begins with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Subscribed {
    /// The life of the log.
    pub epoch: Uuid,
    /// The room's head: the next event is one more.
    pub seq: u64,
    /// The room's digest there, hex.
    pub digest: String,
    /// `None` when no resume was asked.
    pub recovered: Option<bool>,
    /// Why it was not recovered.
    pub reason: Option<String>,
    /// The latest messages as they stand.
    #[serde(default)]
    pub recent: Vec<Value>,
}

/// The server's greeting.
#[derive(Clone, Debug, Deserialize)]
pub struct Hello {
    /// The life of the log.
    pub epoch: Uuid,
    /// How often pings come.
    pub heartbeat_ms: u64,
}

/// The announcement of a close.
#[derive(Clone, Debug, Deserialize)]
pub struct Bye {
    /// The close code to come.
    pub code: u16,
    /// Why, for people.
    pub reason: String,
    /// When to come back.
    pub retry_after_ms: Option<u64>,
}

/// A room and a place in it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Mark {
    /// Where.
    pub room: Uuid,
    /// How far.
    pub seq: u64,
}

/// The end of a subscription.
#[derive(Clone, Debug, Deserialize)]
pub struct Gone {
    /// Where.
    pub room: Uuid,
    /// Why.
    pub reason: String,
}

/// One frame from the server.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Frame {
    /// Present in replies.
    pub id: Option<u64>,
    /// A reply's good half.
    pub ok: Option<Value>,
    /// A reply's bad half.
    pub error: Option<Refusal>,
    /// Push.
    pub hello: Option<Hello>,
    /// Push.
    pub event: Option<Event>,
    /// Push.
    pub caught_up: Option<Mark>,
    /// Push.
    pub lagged: Option<Mark>,
    /// Push.
    pub gone: Option<Gone>,
    /// Push.
    pub bye: Option<Bye>,
    /// Push.
    pub ping: Option<Value>,
    /// Push.
    pub presence: Option<Value>,
    /// Push.
    pub typing: Option<Value>,
}

/// What a close code asks of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comeback {
    /// 40xx: don't.
    Never,
    /// 41xx, or no word at all: after a while.
    Later,
    /// 42xx: at once.
    Now,
}

impl Comeback {
    /// By the class of the code.
    #[must_use]
    pub const fn of_code(code: u16) -> Self {
        match code {
            4000..=4099 => Self::Never,
            4200..=4299 => Self::Now,
            _ => Self::Later,
        }
    }
}
