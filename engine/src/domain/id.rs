//! Ids: lower-case UUID text outside, sixteen bytes inside, never mixed up.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to be one of these.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Parses any spelling of a UUID; what leaves again is lower-case and hyphenated.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A room. As text it is the key of every one of its records.
    RoomId
);
id!(
    /// A person with an account, or a guest.
    UserId
);
id!(
    /// A client's own id for a command: chosen once, repeated on every retry.
    Cid
);
id!(
    /// One appended event (a UUIDv7 made by the edge).
    EventId
);

/// UUIDv5(URL namespace, "urn:roomlog"): the namespace of every derived id.
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:roomlog")
}

impl RoomId {
    /// The open room that exists in every Roomlog.
    #[must_use]
    pub fn general() -> Self {
        Self(Uuid::new_v5(&namespace(), b"general"))
    }

    /// The one direct room of two people, whoever starts it.
    #[must_use]
    pub fn direct(one: UserId, other: UserId) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self(Uuid::new_v5(
            &namespace(),
            format!("direct:{first}.{second}").as_bytes(),
        ))
    }
}

impl UserId {
    /// Somebody whom an outside issuer calls `subject`: always the same person.
    #[must_use]
    pub fn outside(issuer: &str, subject: &str) -> Self {
        Self(Uuid::new_v5(
            &namespace(),
            format!("issuer:{issuer}\n{subject}").as_bytes(),
        ))
    }
}

impl Cid {
    /// The cid of an `Idempotency-Key`: the key itself where it is a UUID, else derived from it.
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        Self(Uuid::parse_str(key).unwrap_or_else(|_| Uuid::new_v5(&namespace(), key.as_bytes())))
    }
}
