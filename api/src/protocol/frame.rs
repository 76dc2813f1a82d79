//! One frame inwards: `{"id":7,"send":{…}}` or `{"pong":{}}`.
//!
//! A frame with a usable id is always answered, whatever else is wrong with it; one without is a bad frame and ends
//! its session. Unknown fields are passed over, beside the command too.

use super::fields::{Fields, GREATEST_INTEGER, Value};
use super::{RECENT_DEFAULT, Verb};
use crate::command::{Ask, Write};
use crate::edge::replay::{self, Point};
use crate::edge::view::Resume;
use crate::error::{Error, Name};
use engine::domain::{Epoch, RECENT, RoomId, Seq};
use engine::telemetry::TraceContext;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;

/// A frame that can't be answered: not JSON, no usable id, and no `pong` either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFrame;

/// A frame that can.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The answer to a ping.
    Pong,
    /// A command, or what is wrong with it; its reply carries `id`.
    Command {
        /// 1 to 2⁵³−1.
        id: u64,
        /// The command's name, for traces and metrics; `refused` where there is none.
        verb: &'static str,
        /// The caller's own trace, where it has one.
        trace: Option<TraceContext>,
        /// What is asked.
        command: Result<Command, Error>,
    },
}

/// What a session is asked.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are described in the table of verbs")]
pub enum Command {
    Auth {
        token: String,
    },
    Subscribe {
        room: RoomId,
        resume: Option<Resume>,
        recent: usize,
    },
    Unsubscribe {
        room: RoomId,
    },
    /// All that the log will hold.
    Write(Box<Write>),
    Read {
        room: RoomId,
        seq: Seq,
    },
    Typing {
        room: RoomId,
    },
    Recent {
        room: RoomId,
        limit: usize,
    },
    Presence {
        room: RoomId,
    },
    Replay(replay::Command),
    More {
        replay: u64,
        window: u64,
    },
    Cancel {
        replay: u64,
    },
    Ping,
}

impl Frame {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`BadFrame`] when it can't be answered.
    pub fn parse(text: &str) -> Result<Self, BadFrame> {
        let outline: Outline<'_> = serde_json::from_str(text).map_err(|_| BadFrame)?;
        let Some(id) = outline.id else {
            return if outline.pong { Ok(Self::Pong) } else { Err(BadFrame) };
        };
        let verb = outline.command.map_or("refused", |(verb, _)| verb.name());
        let command = match (outline.command, outline.commands) {
            (None, _) => Err(Error::new(
                Name::UnknownCommand,
                "the frame holds no command that this edge knows",
            )),
            (Some((verb, body)), 1) => Command::read(verb, body.get()),
            (Some(_), _) => Err(Error::new(Name::BadRequest, "a frame holds one command")),
        };
        Ok(Self::Command {
            id,
            verb,
            trace: outline.trace,
            command,
        })
    }
}

impl Command {
    fn read(verb: Verb, body: &str) -> Result<Self, Error> {
        let fields = Fields::of(body, verb.name())?;
        let room = || fields.room().required(|value| value.id());
        Ok(match verb {
            Verb::Auth => Self::Auth {
                token: fields.token().required(|value| value.string())?.into_owned(),
            },
            Verb::Subscribe => Self::Subscribe {
                room: room()?,
                resume: fields.resume().optional(|value| resume(&value.object()?))?,
                recent: fields
                    .recent()
                    .optional(|value| value.size(RECENT))?
                    .unwrap_or(RECENT_DEFAULT),
            },
            Verb::Unsubscribe => Self::Unsubscribe { room: room()? },
            Verb::Read => Self::Read {
                room: room()?,
                seq: fields.seq().required(|value| value.seq())?,
            },
            Verb::Typing => Self::Typing { room: room()? },
            Verb::Recent => Self::Recent {
                room: room()?,
                limit: fields
                    .limit()
                    .optional(|value| value.size(RECENT))?
                    .unwrap_or(RECENT_DEFAULT),
            },
            Verb::Presence => Self::Presence { room: room()? },
            Verb::Replay => Self::Replay(replay_command(&fields)?),
            Verb::More => Self::More {
                replay: replay_number(&fields)?,
                window: fields.window().required(window)?,
            },
            Verb::Cancel => Self::Cancel {
                replay: replay_number(&fields)?,
            },
            Verb::Ping => Self::Ping,
            Verb::Send | Verb::Edit | Verb::Delete | Verb::React | Verb::Unreact | Verb::Join | Verb::Leave => {
                Self::Write(Box::new(Write {
                    room_id: room()?,
                    cid: fields.cid().required(|value| value.cid())?,
                    ask: ask(verb, &fields)?,
                    since: fields.since().optional(|value| value.seq())?,
                    trace: None,
                }))
            }
        })
    }

    /// The trace it is to be written with.
    pub fn set_trace(&mut self, trace: &TraceContext) {
        if let Self::Write(write) = self {
            write.trace = Some(trace.clone());
        }
    }
}

/// What a command asks of its room; REST's bodies are read by it too.
///
/// # Errors
/// `bad_request` naming the field.
pub fn ask(verb: Verb, fields: &Fields<'_>) -> Result<Ask, Error> {
    let seq = || fields.seq().required(|value| value.seq());
    let text = || fields.text().required(|value| value.message());
    let emoji = || fields.emoji().required(|value| value.emoji());
    let mentions = || {
        Ok::<_, Error>(
            fields
                .mentions()
                .optional(|value| value.mentions())?
                .unwrap_or_default(),
        )
    };
    Ok(match verb {
        Verb::Send => Ask::Send {
            text: text()?,
            reply_to: fields.reply_to().optional(|value| value.seq())?,
            mentions: mentions()?,
        },
        Verb::Edit => Ask::Edit {
            seq: seq()?,
            text: text()?,
            mentions: mentions()?,
        },
        Verb::Delete => Ask::Delete { seq: seq()? },
        Verb::React => Ask::React {
            seq: seq()?,
            emoji: emoji()?,
        },
        Verb::Unreact => Ask::Unreact {
            seq: seq()?,
            emoji: emoji()?,
        },
        Verb::Join => Ask::Join,
        Verb::Leave => Ask::Leave,
        _ => return Err(Error::new(Name::UnknownCommand, "the log holds no such command")),
    })
}

/// Events that a client may ask for ahead; an edge may be told to allow less.
pub(super) const GREATEST_WINDOW: u64 = 10_000;
/// Events of a replay that come without being asked for further.
const WINDOW: u64 = 256;

fn replay_command(fields: &Fields<'_>) -> Result<replay::Command, Error> {
    let from = fields.from().required(|value| value.object())?;
    Ok(replay::Command {
        room: fields.room().required(|value| value.id())?,
        ask: replay::Ask {
            from: point("from", &from)?,
            to: fields.to().optional(|value| point("to", &value.object()?))?,
            epoch: from.epoch().optional(|value| value.id::<Uuid>())?.map(Epoch::new),
            partition: from.partition().optional(|value| value.partition())?,
            datum: fields.datum().optional(|value| value.boolean())?.unwrap_or(false),
        },
        window: fields.window().optional(window)?.unwrap_or(WINDOW),
    })
}

fn point(name: &'static str, fields: &Fields<'_>) -> Result<Point, Error> {
    let offset = fields.offset().optional(|value| value.offset())?.map(Point::Offset);
    let time = fields.time().optional(|value| value.timestamp())?.map(Point::Time);
    let seq = fields.seq().optional(|value| value.seq())?.map(Point::Seq);
    replay::one_of(name, [offset, time, seq])
}

fn window(value: Value<'_>) -> Result<u64, Error> {
    value.integer(1, GREATEST_WINDOW)
}

fn replay_number(fields: &Fields<'_>) -> Result<u64, Error> {
    fields.replay().required(|value| value.integer(1, GREATEST_INTEGER))
}

fn resume(fields: &Fields<'_>) -> Result<Resume, Error> {
    Ok(Resume {
        epoch: Epoch::new(fields.epoch().required(|value| value.id::<Uuid>())?),
        seq: fields.seq().required(|value| value.seq())?,
    })
}

/// A frame's outer object.
#[derive(Default)]
struct Outline<'a> {
    id: Option<u64>,
    pong: bool,
    trace: Option<TraceContext>,
    command: Option<(Verb, &'a RawValue)>,
    commands: usize,
}

enum Key {
    Id,
    Pong,
    Trace,
    Command(Verb),
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(match name {
                    "id" => Key::Id,
                    "pong" => Key::Pong,
                    "trace" => Key::Trace,
                    name => Verb::named(name).map_or(Key::Other, Key::Command),
                })
            }
        }
        deserializer.deserialize_identifier(Named)
    }
}

impl<'de> Deserialize<'de> for Outline<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Outer;
        impl<'de> Visitor<'de> for Outer {
            type Value = Outline<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline<'de>, A::Error> {
                let mut outline = Outline::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Id => outline.id = usable_id(map.next_value::<&RawValue>()?),
                        Key::Pong => {
                            map.next_value::<IgnoredAny>()?;
                            outline.pong = true;
                        }
                        Key::Trace => outline.trace = trace(map.next_value::<&RawValue>()?),
                        Key::Command(verb) => {
                            outline.command = Some((verb, map.next_value()?));
                            outline.commands += 1;
                        }
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(outline)
            }
        }
        deserializer.deserialize_map(Outer)
    }
}

fn usable_id(raw: &RawValue) -> Option<u64> {
    raw.get().parse().ok().filter(|id| (1..=GREATEST_INTEGER).contains(id))
}

/// `{"traceparent":"…","tracestate":"…"}`; what can't be read is passed over, as W3C Trace Context has it.
fn trace(raw: &RawValue) -> Option<TraceContext> {
    #[derive(serde::Deserialize)]
    struct Sent<'a> {
        #[serde(borrow)]
        traceparent: Cow<'a, str>,
        #[serde(borrow)]
        tracestate: Option<Cow<'a, str>>,
    }
    let sent: Sent<'_> = serde_json::from_str(raw.get()).ok()?;
    TraceContext::parse(&sent.traceparent, sent.tracestate.as_deref())
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
