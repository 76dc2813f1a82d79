//! The one error of the edge, and the one table of names, codes and statuses that the protocol, REST, the documents
//! and the clients are made from.

use std::borrow::Cow;

/// Whether anything may have been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was written.
    None,
    /// It may yet land: retry with the same cid.
    Unknown,
}

macro_rules! names {
    ($(#[doc = $about:literal] $name:ident = $text:literal, $code:literal, $status:literal, $retryable:literal;)*) => {
        /// Every error there is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Name {
            $(#[doc = $about] $name,)*
        }

        impl Name {
            /// Every error there is, in order of code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Their names, in the same order.
            pub const TEXTS: &'static [&'static str] = &[$($text,)*];

            /// Its stable name.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Its stable code.
            #[must_use]
            pub const fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// Its HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }

            /// Whether the same command can succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)* }
            }
        }
    };
}

names! {
    /// A field is missing, mistyped or out of bounds: `field` says which.
    BadRequest = "bad_request", 100, 400, false;
    /// No known command in the frame; in REST, no such path (404) or method (405).
    UnknownCommand = "unknown_command", 101, 404, false;
    /// A REST body over 64 KiB.
    TooLarge = "too_large", 102, 413, false;
    /// A REST body that is not JSON.
    UnsupportedMediaType = "unsupported_media_type", 103, 415, false;
    /// It is not known who asks.
    Unauthenticated = "unauthenticated", 110, 401, false;
    /// You know it exists, your role lacks it.
    Forbidden = "forbidden", 111, 403, false;
    /// No such thing, or none that you may know of.
    NotFound = "not_found", 200, 404, false;
    /// You are not in the room.
    NotAMember = "not_a_member", 201, 403, false;
    /// You are banned from the room.
    Banned = "banned", 202, 403, false;
    /// You are muted in the room.
    Muted = "muted", 203, 403, false;
    /// The room is deleted.
    RoomDeleted = "room_deleted", 210, 410, false;
    /// The room's state speaks against it.
    Conflict = "conflict", 211, 409, false;
    /// The command was never accepted and is too old to be: send it anew with a new cid.
    Expired = "expired", 212, 409, false;
    /// Too often.
    RateLimited = "rate_limited", 300, 429, true;
    /// Too much at once.
    Overloaded = "overloaded", 301, 503, true;
    /// Something that is needed is away.
    Unavailable = "unavailable", 302, 503, true;
    /// No answer in time.
    Timeout = "timeout", 303, 504, true;
    /// `min_seq` is not reached yet.
    Behind = "behind", 304, 503, true;
    /// An offset, seq or time outside what there is.
    OutOfRange = "out_of_range", 305, 416, false;
    /// The room needs a newer Roomlog.
    UnsupportedRules = "unsupported_rules", 306, 501, false;
}

/// What a person is told went wrong. Never holds a stack, SQL or a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", name.text())]
pub struct Error {
    /// Which.
    pub name: Name,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// Whether anything may have been written.
    pub outcome: Outcome,
    /// When to come back, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The field that is wrong.
    pub field: Option<Cow<'static, str>>,
}

impl Error {
    /// An error after which nothing was written.
    #[must_use]
    pub fn new(name: Name, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name,
            message: message.into(),
            outcome: Outcome::None,
            retry_after_ms: None,
            field: None,
        }
    }

    /// A field that is missing, mistyped or out of bounds.
    #[must_use]
    pub fn bad_field(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(Name::BadRequest, message)
        }
    }

    /// The same, when the record may yet land.
    #[must_use]
    pub fn outcome_unknown(self) -> Self {
        Self {
            outcome: Outcome::Unknown,
            ..self
        }
    }

    /// The same, with a time to come back.
    #[must_use]
    pub fn retry_after_ms(self, millis: u64) -> Self {
        Self {
            retry_after_ms: Some(millis),
            ..self
        }
    }
}
