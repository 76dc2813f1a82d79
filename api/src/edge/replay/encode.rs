//! A replayed record as JSON: the event as it was pushed, with the fold's word on it and, where it was asked for, its bytes.
//!
//! What must hold: what may not be shown is not in the datum either; what is withheld is said.

use super::super::erasure::{self, List};
use super::super::push::{From, Pos, Shown};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::codec::Unread;
use engine::domain::{
    Body, Cid, Digest, Epoch, Event, EventId, Offset, Position, Reason, RoomId, Seq, Timestamp, UserId, Verdict,
};
use engine::replay::{self, Judged};
use engine::telemetry::TraceId;
use rustc_hash::FxHashSet;
use serde::Serialize;
use std::sync::LazyLock;

/// A record of the room as it is kept between judging and showing.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Where it stands.
    pub position: Position,
    /// The trace of the command that it comes from.
    pub trace: Option<TraceId>,
    /// What it is.
    pub what: What,
}

/// What stood at a position.
#[derive(Clone, Debug)]
pub enum What {
    /// An event.
    Event {
        /// What it says.
        event: Box<Event>,
        /// Its Avro bytes; `None` where nobody asked for them.
        datum: Option<Vec<u8>>,
        /// The fold's word.
        verdict: Verdict,
    },
    /// Nothing that can be read.
    Unread(Unread),
}

/// Why something is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// Its author was erased.
    Erased,
    /// The message was deleted since, or this says what it once was.
    Deleted,
    /// It was never part of the room.
    Ignored,
}

#[derive(Serialize)]
struct Line<'a> {
    room: RoomId,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    pos: Pos,
    at: Timestamp,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original: Option<Original>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    event: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<Withheld>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datum: Option<String>,
}

#[derive(Serialize)]
struct Original {
    seq: Seq,
    offset: Offset,
}

#[derive(Serialize)]
struct Said<'a> {
    event_id: EventId,
    #[serde(rename = "type")]
    kind: &'static str,
    from: From<'a>,
    cid: Cid,
    body: Shown<'a>,
}

/// Where records are from, and what of them may be shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Whose.
    pub room: RoomId,
    /// Of which life of the log.
    pub epoch: Epoch,
    /// Who is erased.
    pub(in crate::edge) erased: &'a List,
    /// Messages whose texts are not shown, though nobody is erased.
    pub(in crate::edge) hidden: Hidden<'a>,
}

impl View<'_> {
    /// Everything as it is on the log: for who reads the log itself.
    #[must_use]
    pub fn of_log(room: RoomId, epoch: Epoch) -> Self {
        static NOBODY: LazyLock<List> = LazyLock::new(List::default);
        Self {
            room,
            epoch,
            erased: &NOBODY,
            hidden: Hidden::Nothing,
        }
    }
}

/// Whose texts are not shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::edge) enum Hidden<'a> {
    /// Nobody's: whoever asks may see what was deleted.
    Nothing,
    /// Of messages that are deleted by now, and of what never counted, unless the viewer wrote it.
    Deleted {
        /// The messages that are.
        deleted: &'a FxHashSet<Seq>,
        /// Who asks.
        viewer: UserId,
    },
}

impl Replayed {
    /// A record that was judged, kept until it is shown; with its bytes if `datum`.
    #[must_use]
    pub fn of(judged: Judged<'_>, datum: bool) -> Self {
        let what = match judged.said {
            Err(unread) => What::Unread(unread),
            Ok(replay::Said { decoded, verdict }) => What::Event {
                datum: datum.then(|| decoded.datum.to_vec()),
                event: Box::new(decoded.event),
                verdict,
            },
        };
        Self {
            position: judged.position,
            trace: judged.trace,
            what,
        }
    }

    /// Appends it to `out`, as one line of JSON without its end.
    pub fn write(&self, view: &View<'_>, out: &mut Vec<u8>) {
        let line = self.line(view);
        serde_json::to_writer(out, &line).expect("these types always encode");
    }

    /// The message whose text it holds: its own seq, or the one that it changes. `None` for an ignored one.
    #[must_use]
    pub fn message(&self) -> Option<Seq> {
        let What::Event { event, verdict, .. } = &self.what else {
            return None;
        };
        match (&event.body, verdict) {
            (Body::MessageSent { .. }, Verdict::Accepted { seq, .. }) => Some(*seq),
            (Body::MessageEdited { target, .. }, Verdict::Accepted { .. }) => Some(target.seq),
            _ => None,
        }
    }

    fn line<'a>(&'a self, view: &View<'a>) -> Line<'a> {
        let mut line = Line {
            room: view.room,
            seq: None,
            pos: Pos {
                epoch: view.epoch,
                partition: self.position.partition,
                offset: self.position.offset,
            },
            at: self.position.appended_at,
            verdict: "unreadable",
            reason: None,
            original: None,
            digest: None,
            event: None,
            trace_id: self.trace,
            withheld: None,
            datum: None,
        };
        let (event, datum, verdict) = match &self.what {
            What::Event { event, datum, verdict } => (event, datum, verdict),
            What::Unread(unread) => {
                line.reason = Some(match unread {
                    Unread::Future => "future",
                    Unread::Bad(bad) => bad.name(),
                });
                return line;
            }
        };
        match *verdict {
            Verdict::Accepted { seq, digest } => {
                (line.verdict, line.seq, line.digest) = ("accepted", Some(seq), Some(digest));
            }
            Verdict::Ignored { reason } => {
                (line.verdict, line.reason) = ("ignored", Some(reason.name()));
                if let Reason::Duplicate(original) = reason {
                    line.original = Some(Original {
                        seq: original.seq,
                        offset: original.offset,
                    });
                }
            }
        }
        line.withheld = self.withheld(event, view);
        let textless = matches!(line.withheld, Some(Withheld::Deleted | Withheld::Ignored))
            || erasure::without_text(view.erased, event.actor.id);
        line.event = Some(Said {
            event_id: event.event_id,
            kind: event.body.type_name(),
            from: From {
                id: event.actor.id,
                name: erasure::name(view.erased, &event.actor),
            },
            cid: event.cid,
            body: Shown::of(&event.body, textless),
        });
        if line.withheld.is_none() {
            line.datum = datum.as_ref().map(|bytes| STANDARD.encode(bytes));
        }
        line
    }

    fn withheld(&self, event: &Event, view: &View<'_>) -> Option<Withheld> {
        if view.erased.contains_key(&event.actor.id) {
            // Their name is in the datum, whether their texts are shown or not.
            return Some(Withheld::Erased);
        }
        let Hidden::Deleted { deleted, viewer } = view.hidden else {
            return None;
        };
        let has_text = matches!(event.body, Body::MessageSent { .. } | Body::MessageEdited { .. });
        if !has_text || event.actor.id == viewer {
            return None;
        }
        match self.message() {
            None => Some(Withheld::Ignored),
            Some(seq) if deleted.contains(&seq) => Some(Withheld::Deleted),
            Some(_) => None,
        }
    }
}
