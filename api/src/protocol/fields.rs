//! The fields of commands and of REST bodies: one place knows how each is read and what is said when it is wrong.
//!
//! An object is split into raw slices first; only the fields that its command has are then read. `null` is absent.

use crate::error::{Error, Name};
use engine::domain::UserId;
use engine::domain::{
    Cid, Emoji, Invalid, Kind, MessageText, Offset, Partition, PersonName, Role, RoomName, RoomTopic,
};
use engine::domain::{Seq, Timestamp};
use engine::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::str::FromStr;

/// Most people that one message may name.
pub const MENTIONS: usize = 100;
/// The greatest integer that every JSON reader keeps exactly.
pub const GREATEST_INTEGER: u64 = (1 << 53) - 1;

macro_rules! fields {
    ($($name:ident),* $(,)?) => {
        /// An object's fields, not yet read.
        #[derive(Clone, Debug, Default, Deserialize)]
        pub struct Fields<'a> {
            $(#[serde(borrow, default)] $name: Option<&'a RawValue>,)*
        }

        impl<'a> Fields<'a> {
            $(
                #[allow(missing_docs, reason = "each is the field of its name")]
                #[allow(clippy::new_ret_no_self, reason = "a field may be called so")]
                #[must_use]
                pub fn $name(&self) -> Field<'a> {
                    Field { name: stringify!($name), raw: self.$name.map(RawValue::get) }
                }
            )*
        }
    };
}

fields!(
    room,
    cid,
    text,
    reply_to,
    mentions,
    since,
    seq,
    emoji,
    resume,
    recent,
    limit,
    token,
    epoch,
    user,
    until,
    role,
    name,
    kind,
    topic,
    username,
    password,
    display_name,
    refresh_token,
    old,
    new,
    texts,
    from,
    to,
    window,
    datum,
    replay,
    offset,
    time,
    partition,
);

impl<'a> Fields<'a> {
    /// Splits an object.
    ///
    /// # Errors
    /// `bad_request` naming `whole` when it is no object, or holds a field twice.
    pub fn of(json: &'a str, whole: &'static str) -> Result<Self, Error> {
        let object = json.trim_start().starts_with('{');
        object
            .then(|| serde_json::from_str(json).ok())
            .flatten()
            .ok_or_else(|| Error::bad_field(whole, "must be an object with each field once"))
    }
}

/// A field that may be there.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    name: &'static str,
    raw: Option<&'a str>,
}

/// A field that is there: JSON text, known to be well-formed.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    name: &'static str,
    raw: &'a str,
}

impl<'a> Field<'a> {
    /// Reads a field that must be there.
    ///
    /// # Errors
    /// `bad_request` naming the field.
    pub fn required<T>(self, read: impl FnOnce(Value<'a>) -> Result<T, Error>) -> Result<T, Error> {
        self.optional(read)?
            .ok_or_else(|| Error::bad_field(self.name, format!("{} is missing", self.name)))
    }

    /// Reads a field that may be absent.
    ///
    /// # Errors
    /// `bad_request` naming the field.
    pub fn optional<T>(self, read: impl FnOnce(Value<'a>) -> Result<T, Error>) -> Result<Option<T>, Error> {
        let name = self.name;
        self.raw.map(|raw| read(Value { name, raw })).transpose()
    }
}

impl<'a> Value<'a> {
    fn wrong(self, must: &str) -> Error {
        Error::bad_field(self.name, format!("{} {must}", self.name))
    }

    /// A string as it was written.
    ///
    /// # Errors
    /// `bad_request` naming the field, here and below.
    pub fn string(self) -> Result<Cow<'a, str>, Error> {
        let wrong = || self.wrong("must be a text");
        let inner = self.raw.strip_prefix('"').ok_or_else(wrong)?;
        match inner.strip_suffix('"') {
            Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            _ => serde_json::from_str(self.raw).map(Cow::Owned).map_err(|_| wrong()),
        }
    }

    /// A whole number from `least` to `most`.
    pub fn integer(self, least: u64, most: u64) -> Result<u64, Error> {
        let number = self.raw.parse().ok().or_else(|| whole(self.raw));
        let number = number.filter(|n| (least..=most).contains(n));
        number.ok_or_else(|| self.wrong(&format!("must be a whole number from {least} to {most}")))
    }

    /// A count that is used as a size.
    pub fn size(self, most: usize) -> Result<usize, Error> {
        let number = self.integer(0, u64::try_from(most).unwrap_or(u64::MAX))?;
        Ok(usize::try_from(number).unwrap_or(most))
    }

    /// Yes or no.
    pub fn boolean(self) -> Result<bool, Error> {
        self.raw.parse().map_err(|_| self.wrong("must be true or false"))
    }

    /// A UUID.
    pub fn id<T: FromStr>(self) -> Result<T, Error> {
        let parsed = self.string().ok().and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| self.wrong("must be a UUID"))
    }

    /// A client's id for a command.
    pub fn cid(self) -> Result<Cid, Error> {
        self.id()
    }

    /// A seq; 0 stands before the first event.
    pub fn seq(self) -> Result<Seq, Error> {
        self.integer(0, GREATEST_INTEGER).map(Seq::new)
    }

    /// An offset of a partition.
    pub fn offset(self) -> Result<Offset, Error> {
        self.integer(0, GREATEST_INTEGER).map(Offset::new)
    }

    /// A partition.
    pub fn partition(self) -> Result<Partition, Error> {
        let number = self.integer(0, u16::MAX.into())?;
        Ok(Partition::new(u16::try_from(number).unwrap_or(u16::MAX)))
    }

    /// A time, milliseconds since 1970.
    pub fn timestamp(self) -> Result<Timestamp, Error> {
        let millis = self.integer(0, GREATEST_INTEGER)?;
        Ok(Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
    }

    fn bounded<T>(self, read: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<T, Error> {
        read(&self.string()?).map_err(|invalid| self.wrong(&invalid.to_string()))
    }

    /// What a message says.
    pub fn message(self) -> Result<MessageText, Error> {
        self.bounded(text::message)
    }

    /// A room's name.
    pub fn room_name(self) -> Result<RoomName, Error> {
        self.bounded(text::room_name)
    }

    /// A room's topic.
    pub fn room_topic(self) -> Result<RoomTopic, Error> {
        self.bounded(text::room_topic)
    }

    /// A person's display name.
    pub fn person_name(self) -> Result<PersonName, Error> {
        self.bounded(text::person_name)
    }

    /// A reaction.
    pub fn emoji(self) -> Result<Emoji, Error> {
        self.bounded(text::emoji)
    }

    /// The people whom a message names.
    pub fn mentions(self) -> Result<Vec<UserId>, Error> {
        let ids: Option<Vec<UserId>> = serde_json::from_str(self.raw).ok();
        ids.filter(|ids| ids.len() <= MENTIONS)
            .ok_or_else(|| self.wrong(&format!("must be a list of at most {MENTIONS} ids of people")))
    }

    /// A role.
    pub fn role(self) -> Result<Role, Error> {
        serde_json::from_str(self.raw).map_err(|_| self.wrong("must be owner, moderator or member"))
    }

    /// A kind of room that one can ask for.
    pub fn kind(self) -> Result<Kind, Error> {
        let kind = serde_json::from_str(self.raw).ok();
        kind.filter(|kind| *kind != Kind::Direct)
            .ok_or_else(|| self.wrong("must be open, public or private"))
    }

    /// An object within.
    pub fn object(self) -> Result<Fields<'a>, Error> {
        Fields::of(self.raw, self.name)
    }
}

/// A whole number that is written as 5.0 or 5e3, as some writers of JSON do; only those that a float keeps exactly.
fn whole(raw: &str) -> Option<u64> {
    let number: f64 = raw.parse().ok()?;
    let exact = number.fract() == 0.0 && (0.0..=GREATEST_INTEGER as f64).contains(&number);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within bounds"
    )]
    exact.then_some(number as u64)
}

/// Reads a whole body; `null` is as good as none.
///
/// # Errors
/// `bad_request` without a field when it is not JSON.
pub fn body(bytes: &[u8]) -> Result<Fields<'_>, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::new(Name::BadRequest, "the body is not UTF-8"))?;
    if matches!(text.trim(), "" | "null") {
        return Ok(Fields::default());
    }
    serde_json::from_str::<&RawValue>(text)
        .map_err(|error| Error::new(Name::BadRequest, format!("the body is not JSON: {error}")))
        .and_then(|raw| Fields::of(raw.get(), "body"))
}
