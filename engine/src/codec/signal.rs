//! The records of the other topics: read markers, presence, typing, and what became of accounts.

use super::lock::{Fingerprint, Lock, SignalType, Type};
use super::records::{Long, Text, Texts};
use super::{Encoded, Unread, datum_of, opened};
use crate::domain::{PersonName, RoomId, Seq, Timestamp, UserId};
use crate::log::RecordRef;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// What the topics `reads` and `signals` hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Somebody has read a room so far.
    ReadMarked {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
        /// How far.
        seq: Seq,
        /// The edge that says so.
        edge_id: Uuid,
        /// The session that moved it.
        session_id: Uuid,
    },
    /// Who is in some rooms of a partition, on one edge.
    Presence {
        /// Which edge.
        edge_id: Uuid,
        /// Those that changed, or all.
        rooms: Vec<RoomPresence>,
    },
    /// Somebody is writing.
    Typing {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
        /// As they are called.
        user_name: PersonName,
    },
    /// Somebody has been erased.
    Erased {
        /// Who.
        user_id: UserId,
        /// Whether their texts are empty from now on, too.
        texts: bool,
    },
    /// Logins were signed out or revoked.
    LoginsEnded {
        /// Whose.
        user_id: UserId,
        /// Which.
        logins: Vec<Uuid>,
    },
    /// An account was disabled, or enabled.
    PersonDisabled {
        /// Whose.
        user_id: UserId,
        /// Which of the two.
        disabled: bool,
        /// When, by the clock of the edge that did it; a record of the first version does not say.
        at: Option<Timestamp>,
    },
    /// An admin deleted a room.
    RoomClosed {
        /// Which.
        room_id: RoomId,
    },
}

/// Who is in one room, on one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomPresence {
    /// Which.
    pub room_id: RoomId,
    /// How many people; 0: nobody any more.
    pub count: u64,
    /// Who, up to 500.
    pub users: Vec<UserId>,
}

#[derive(Serialize, Deserialize)]
struct ReadMarked {
    room_id: Text<RoomId>,
    user_id: Text<UserId>,
    seq: Long,
    edge_id: Text<Uuid>,
    session_id: Text<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct Presence<'a> {
    edge_id: Text<Uuid>,
    rooms: Vec<PresenceOfRoom<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "RoomPresence")]
struct PresenceOfRoom<'a> {
    room_id: Text<RoomId>,
    count: Long,
    users: Texts<'a>,
}

#[derive(Serialize, Deserialize)]
struct Typing<'a> {
    room_id: Text<RoomId>,
    user_id: Text<UserId>,
    user_name: Cow<'a, PersonName>,
}

#[derive(Serialize, Deserialize)]
struct Erased {
    user_id: Text<UserId>,
    texts: bool,
}

#[derive(Serialize, Deserialize)]
struct LoginsEnded {
    user_id: Text<UserId>,
    logins: Vec<Text<Uuid>>,
}

#[derive(Serialize, Deserialize)]
struct PersonDisabled {
    user_id: Text<UserId>,
    disabled: bool,
    #[serde(default)]
    at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct RoomClosed {
    room_id: Text<RoomId>,
}

/// Writes a signal with the newest schema of its type.
#[must_use]
pub fn encode(signal: &Signal) -> Encoded {
    match signal {
        Signal::ReadMarked {
            room_id,
            user_id,
            seq,
            edge_id,
            session_id,
        } => write(
            SignalType::ReadMarked,
            &ReadMarked {
                room_id: Text(*room_id),
                user_id: Text(*user_id),
                seq: (*seq).into(),
                edge_id: Text(*edge_id),
                session_id: Text(*session_id),
            },
        ),
        Signal::Presence { edge_id, rooms } => {
            let rooms = rooms.iter().map(|room| PresenceOfRoom {
                room_id: Text(room.room_id),
                count: Long(room.count),
                users: Texts(Cow::Borrowed(&room.users)),
            });
            write(
                SignalType::Presence,
                &Presence {
                    edge_id: Text(*edge_id),
                    rooms: rooms.collect(),
                },
            )
        }
        Signal::Typing {
            room_id,
            user_id,
            user_name,
        } => write(
            SignalType::Typing,
            &Typing {
                room_id: Text(*room_id),
                user_id: Text(*user_id),
                user_name: Cow::Borrowed(user_name),
            },
        ),
        Signal::Erased { user_id, texts } => write(
            SignalType::Erased,
            &Erased {
                user_id: Text(*user_id),
                texts: *texts,
            },
        ),
        Signal::LoginsEnded { user_id, logins } => write(
            SignalType::LoginsEnded,
            &LoginsEnded {
                user_id: Text(*user_id),
                logins: logins.iter().copied().map(Text).collect(),
            },
        ),
        Signal::PersonDisabled { user_id, disabled, at } => write(
            SignalType::PersonDisabled,
            &PersonDisabled {
                user_id: Text(*user_id),
                disabled: *disabled,
                at: *at,
            },
        ),
        Signal::RoomClosed { room_id } => write(
            SignalType::RoomClosed,
            &RoomClosed {
                room_id: Text(*room_id),
            },
        ),
    }
}

fn write<T: Serialize>(kind: SignalType, record: &T) -> Encoded {
    let entry = Lock::embedded().signal(kind);
    Encoded {
        fingerprint: entry.fingerprint,
        datum: entry
            .schema
            .write(record)
            .expect("a signal's numbers are seqs of rooms and counts of people: below 2^63")
            .into(),
    }
}

/// Reads a record of the topics `reads` and `signals`; a tombstone is not one.
///
/// # Errors
/// [`Unread`], by the record's bytes alone.
pub fn decode(record: RecordRef<'_>) -> Result<Signal, Unread> {
    use super::Bad;
    let (entry, value) = opened(&record)?;
    let Type::Signal(kind) = entry.kind else {
        return Err(Unread::Bad(Bad::Header));
    };
    let datum = datum_of(value, entry.fingerprint).ok_or(Unread::Bad(Bad::Magic))?;
    read(kind, entry.fingerprint, datum).ok_or(Unread::Bad(Bad::Datum))
}

fn read(kind: SignalType, fingerprint: Fingerprint, datum: &[u8]) -> Option<Signal> {
    let schema = &Lock::embedded().find(fingerprint)?.schema;
    Some(match kind {
        SignalType::ReadMarked => {
            let read: ReadMarked = schema.read(datum)?;
            Signal::ReadMarked {
                room_id: read.room_id.0,
                user_id: read.user_id.0,
                seq: read.seq.into(),
                edge_id: read.edge_id.0,
                session_id: read.session_id.0,
            }
        }
        SignalType::Presence => {
            let read: Presence<'_> = schema.read(datum)?;
            let rooms = read.rooms.into_iter().map(|room| RoomPresence {
                room_id: room.room_id.0,
                count: room.count.0,
                users: room.users.0.into_owned(),
            });
            Signal::Presence {
                edge_id: read.edge_id.0,
                rooms: rooms.collect(),
            }
        }
        SignalType::Typing => {
            let read: Typing<'_> = schema.read(datum)?;
            Signal::Typing {
                room_id: read.room_id.0,
                user_id: read.user_id.0,
                user_name: read.user_name.into_owned(),
            }
        }
        SignalType::Erased => {
            let read: Erased = schema.read(datum)?;
            Signal::Erased {
                user_id: read.user_id.0,
                texts: read.texts,
            }
        }
        SignalType::LoginsEnded => {
            let read: LoginsEnded = schema.read(datum)?;
            Signal::LoginsEnded {
                user_id: read.user_id.0,
                logins: read.logins.into_iter().map(|login| login.0).collect(),
            }
        }
        SignalType::PersonDisabled => {
            let read: PersonDisabled = schema.read(datum)?;
            Signal::PersonDisabled {
                user_id: read.user_id.0,
                disabled: read.disabled,
                at: read.at,
            }
        }
        SignalType::RoomClosed => {
            let read: RoomClosed = schema.read(datum)?;
            Signal::RoomClosed {
                room_id: read.room_id.0,
            }
        }
    })
}
