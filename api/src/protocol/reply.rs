//! Frames outwards that belong to one session alone: replies, errors, `hello`, `ping`, `bye`.
//!
//! What many sessions hear is encoded once, elsewhere.

use super::close::Code;
use crate::command::Ack;
use crate::error::{Error, Outcome};
use crate::rest::schema;
use crate::trace::Trace;
use bytes::Bytes;
use engine::domain::{Digest, Epoch, Offset, Partition, Seq, Timestamp, UserId};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Most bytes that a short frame usually takes: one allocation.
const SHORT: usize = 384;

/// `{"id":…,"ok":…}`.
#[must_use]
pub fn ok<T: Serialize>(id: u64, ok: &T) -> Bytes {
    #[derive(Serialize)]
    struct Reply<'a, T> {
        id: u64,
        ok: &'a T,
    }
    encode(&Reply { id, ok })
}

/// `{"id":…,"ok":…}` where the answer is JSON already.
#[must_use]
pub fn ok_raw(id: u64, ok: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(ok.len() + 32);
    frame.extend_from_slice(b"{\"id\":");
    frame.extend_from_slice(id.to_string().as_bytes());
    frame.extend_from_slice(b",\"ok\":");
    frame.extend_from_slice(ok);
    frame.push(b'}');
    frame.into()
}

/// `{"id":…,"error":…}`.
#[must_use]
pub fn error(id: u64, error: &Error, trace_id: &str) -> Bytes {
    #[derive(Serialize)]
    struct Reply<'a> {
        id: u64,
        error: Shown<'a>,
    }
    encode(&Reply {
        id,
        error: Shown { error, trace_id },
    })
}

/// An error as clients see it.
pub struct Shown<'a> {
    /// What went wrong.
    pub error: &'a Error,
    /// Where to look it up.
    pub trace_id: &'a str,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let Error {
            name,
            message,
            outcome,
            retry_after_ms,
            field,
        } = self.error;
        let mut object = serializer.serialize_struct("Error", 8)?;
        object.serialize_field("code", &name.code())?;
        object.serialize_field("name", name.text())?;
        object.serialize_field("message", message)?;
        object.serialize_field("retryable", &name.retryable())?;
        object.serialize_field("outcome", outcome_text(*outcome))?;
        if let Some(millis) = retry_after_ms {
            object.serialize_field("retry_after_ms", millis)?;
        }
        if let Some(field) = field {
            object.serialize_field("field", field)?;
        }
        object.serialize_field("trace_id", self.trace_id)?;
        object.end()
    }
}

/// An outcome's name.
#[must_use]
pub const fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::None => "none",
        Outcome::Unknown => "unknown",
    }
}

/// A receipt as clients see it: the `ok` of every write, by either door.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub struct Receipt {
    #[schema(value_type = schema::Cid)]
    cid: engine::domain::Cid,
    #[schema(value_type = schema::Seq)]
    seq: Seq,
    pos: Pos,
    /// When the log took it; null for a duplicate while history is away.
    #[schema(value_type = Option<schema::Time>, required = true)]
    at: Option<Timestamp>,
    /// The room's chain after it; null as `at`.
    #[schema(value_type = Option<schema::Digest>, required = true)]
    digest: Option<Digest>,
    /// An earlier try with the same cid is the one that counts: this is its receipt.
    duplicate: bool,
    /// The trace of this try.
    trace_id: String,
    /// Where to look at it; only where it is recorded and Jaeger's address is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_url: Option<String>,
}

/// Where something stands in the log.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Pos {
    /// Of which life of the log.
    #[schema(value_type = schema::Epoch)]
    pub epoch: Epoch,
    /// Which partition.
    #[schema(value_type = schema::Partition)]
    pub partition: Partition,
    /// Where in it.
    #[schema(value_type = schema::Offset)]
    pub offset: Offset,
}

impl Receipt {
    /// The receipt of an ack.
    #[must_use]
    pub fn of(ack: &Ack, epoch: Epoch, trace: &Trace) -> Self {
        Self {
            cid: ack.cid,
            seq: ack.seq,
            pos: Pos {
                epoch,
                partition: ack.partition,
                offset: ack.offset,
            },
            at: ack.at,
            digest: ack.digest,
            duplicate: ack.duplicate,
            trace_id: trace.id(),
            trace_url: trace.url(),
        }
    }
}

/// What `hello` says.
#[derive(Clone, Debug, Serialize)]
pub struct Hello<'a> {
    /// This session's own id.
    pub session: uuid::Uuid,
    /// Who you are.
    pub user: User<'a>,
    /// The log's life.
    pub epoch: Epoch,
    /// How often pings come.
    pub heartbeat_ms: u64,
    /// What a session is bounded by.
    pub limits: Limits,
}

/// A person as others see them.
#[derive(Clone, Debug, Serialize)]
pub struct User<'a> {
    /// Who.
    pub id: UserId,
    /// Their display name.
    pub name: &'a str,
}

/// The limits that a client does well to keep.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Commands waiting at once.
    pub commands: usize,
    /// Rooms subscribed at once.
    pub rooms: usize,
    /// Bytes of a message inwards.
    pub message_bytes: usize,
    /// Characters of a text.
    pub text: usize,
}

/// The push `hello`.
#[must_use]
pub fn hello(hello: &Hello<'_>) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        hello: &'a Hello<'a>,
    }
    encode(&Body { hello })
}

/// The push `ping`.
pub const PING: Bytes = Bytes::from_static(b"{\"ping\":{}}");

/// The push `bye`, which precedes a close.
#[must_use]
pub fn bye(code: u16, reason: &str, retry_after_ms: Option<u64>) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        bye: Bye<'a>,
    }
    #[derive(Serialize)]
    struct Bye<'a> {
        code: u16,
        reason: &'a str,
        resume: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    }
    encode(&Body {
        bye: Bye {
            code,
            reason,
            resume: Code::of(code).is_some_and(Code::resume),
            retry_after_ms,
        },
    })
}

fn encode<T: Serialize>(value: &T) -> Bytes {
    let mut frame = Vec::with_capacity(SHORT);
    serde_json::to_writer(&mut frame, value).expect("these types always encode");
    frame.into()
}
