//! What people write, within its bounds.
//!
//! A value of these types keeps the bounds; normalisation (CRLF, NFC, trimming) happens once at the door,
//! in `engine::text`, because the domain carries no Unicode tables. The fold checks the bounds again
//! ([`Invalid`]), for the log may hold what another producer wrote.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Nothing is left of it.
    Empty,
    /// It has more code points than it may.
    TooLong {
        /// Most code points allowed.
        most: usize,
    },
    /// It holds a control character that is not allowed there.
    Control,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("must not be empty"),
            Self::TooLong { most } => write!(f, "must have at most {most} characters"),
            Self::Control => f.write_str("must not hold control characters"),
        }
    }
}

impl std::error::Error for Invalid {}

fn bounded(text: &str, least: usize, most: usize, lines: Lines) -> Result<(), Invalid> {
    let allowed = |c: char| lines == Lines::Many && (c == '\n' || c == '\t');
    let count = text.chars().count();
    if count < least {
        return Err(Invalid::Empty);
    }
    if count > most {
        return Err(Invalid::TooLong { most });
    }
    if text.chars().any(|c| c.is_control() && !allowed(c)) {
        return Err(Invalid::Control);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $least:literal..=$most:literal, $lines:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Most code points it may have.
            pub const MOST: usize = $most;

            /// Keeps `text` if it is within bounds.
            ///
            /// # Errors
            /// [`Invalid`] says which bound it breaks.
            pub fn new(text: impl Into<Box<str>>) -> Result<Self, Invalid> {
                let text = text.into();
                bounded(&text, $least, $most, $lines)?;
                Ok(Self(text))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0.into_string()
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// What a message says.
    MessageText, 1..=4096, Lines::Many
);
text!(
    /// A room's name: one line.
    RoomName, 1..=80, Lines::One
);
text!(
    /// What a room is about: one line, may be empty.
    RoomTopic, 0..=500, Lines::One
);
text!(
    /// A person's display name: one line.
    PersonName, 1..=80, Lines::One
);
text!(
    /// A reaction: one emoji, or a short word for one.
    Emoji, 1..=32, Lines::One
);
