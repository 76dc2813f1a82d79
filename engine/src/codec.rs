//! The bytes of what the log holds: Avro, read by the fingerprint in a record's header, never by asking a registry.
//!
//! What must hold: how a record is read depends on its own bytes and the partition it stands in alone, so that every
//! consumer, of any age and anywhere, sees the same event, the same gap or the same damage. The lock ([`lock`]) says which writer's schemas
//! there are; it is embedded in the binary.

pub mod compatibility;
mod convert;
pub mod lock;
mod records;
pub mod registry;
pub mod schema;
pub mod signal;
mod wire;

pub use wire::{Wire, datum_of};

use crate::domain::{Event, RoomId};
use crate::log::{RecordRef, partition_of};
use bytes::Bytes;
use lock::{Fingerprint, Lock, Type};

/// An event as bytes, without the header of any wire format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Of the schema it is written with: the record's header `schema`.
    pub fingerprint: Fingerprint,
    /// The Avro bytes: what digests are made of.
    pub datum: Bytes,
}

/// An event that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// What it says.
    pub event: Event,
    /// Its Avro bytes without any header.
    pub datum: &'a [u8],
    /// Of the schema it was written with.
    pub fingerprint: Fingerprint,
    /// The rules that this schema belongs to: a room below them ignores the event.
    pub rules: u32,
}

/// A record that is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Of a schema this binary doesn't know: skipped and counted, no seq, no dead letter.
    Future,
    /// Damaged, for everyone.
    Bad(Bad),
}

/// What is wrong with a damaged record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// No header `schema`, or more than one, or not of 8 bytes.
    Header,
    /// No value, or one that does not begin as a wire format does, or names another schema than the header.
    Magic,
    /// No key, or one that is not the record's room in lower-case text.
    Key,
    /// It stands in another partition than its key's: a writer with a partitioner of its own put it there. Between two
    /// partitions there is no order, so nobody may fold it.
    Partition,
    /// The bytes are not the schema's, end early, go on too long, or break a bound that every edge keeps.
    Datum,
}

impl Bad {
    /// Its name: the header `reason` of the dead letter, and the label of metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Magic => "magic",
            Self::Key => "key",
            Self::Partition => "partition",
            Self::Datum => "datum",
        }
    }
}

/// Writes an event with the newest schema that a room of these rules allows; `None` if there is none yet, or a number is
/// beyond what Avro's long holds (no seq ever is).
#[must_use]
pub fn encode(event: &Event, rules: u32) -> Option<Encoded> {
    let entry = Lock::embedded().newest(convert::type_of(&event.body), rules)?;
    let datum = convert::write(event, &entry.schema)?;
    Some(Encoded {
        fingerprint: entry.fingerprint,
        datum: datum.into(),
    })
}

/// Reads a record of the events topic of a log with so many `partitions`.
///
/// # Errors
/// [`Unread`], by the record's bytes and place alone.
pub fn decode(record: RecordRef<'_>, partitions: u16) -> Result<Decoded<'_>, Unread> {
    const BAD: fn(Bad) -> Unread = Unread::Bad;
    let (entry, value) = opened(&record)?;
    let Type::Event(kind) = entry.kind else {
        return Err(BAD(Bad::Header));
    };
    let datum = datum_of(value, entry.fingerprint).ok_or(BAD(Bad::Magic))?;
    let event = convert::read(kind, &entry.schema, datum).ok_or(BAD(Bad::Datum))?;
    let key = record.key.filter(|key| room_of_key(key) == Some(event.room_id));
    let key = key.ok_or(BAD(Bad::Key))?;
    if partition_of(key, partitions) != record.position.partition {
        return Err(BAD(Bad::Partition));
    }
    Ok(Decoded {
        event,
        datum,
        fingerprint: entry.fingerprint,
        rules: entry.rules,
    })
}

/// The room a key names; `None` for what is not lower-case hyphenated UUID text.
#[must_use]
pub fn room_of_key(key: &[u8]) -> Option<RoomId> {
    let text = std::str::from_utf8(key).ok()?;
    let proper = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    proper.then(|| text.parse().ok()).flatten()
}

/// Reads an event as the journal keeps it; `None` if it can't be read.
#[must_use]
pub fn decode_datum(fingerprint: Fingerprint, datum: &[u8]) -> Option<Event> {
    let entry = Lock::embedded().find(fingerprint)?;
    let Type::Event(kind) = entry.kind else { return None };
    convert::read(kind, &entry.schema, datum)
}

/// The header first: what it says decides whether anything else is looked at.
fn opened<'a>(record: &RecordRef<'a>) -> Result<(&'static lock::Entry, &'a [u8]), Unread> {
    let header = record.headers.schema.filter(|_| record.headers.schema_count == 1);
    let fingerprint: Fingerprint = header
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Unread::Bad(Bad::Header))?;
    let entry = Lock::embedded().find(fingerprint).ok_or(Unread::Future)?;
    Ok((entry, record.value.ok_or(Unread::Bad(Bad::Magic))?))
}

#[cfg(test)]
mod any_tests;
#[cfg(test)]
mod tests;
