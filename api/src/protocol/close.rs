//! How a session ends: one table of close codes. 40xx do not come back, 41xx back off, 42xx come back now.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal, $about:literal;)*) => {
        /// Why a session ends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each says why in its own table row")]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            /// Every code there is, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Their numbers, in the same order.
            pub const NUMBERS: &'static [&'static str] = &[$(stringify!($code),)*];

            /// The WebSocket close code.
            #[must_use]
            pub const fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// The word that `bye` and the close frame carry.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }

            /// When it comes, for the documents.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

codes! {
    BadFrame = 4001, "bad frame", "Not JSON, no usable id, binary, or over 64 KiB.";
    Unauthenticated = 4002, "unauthenticated", "It is not known who you are, or the session was revoked.";
    Disabled = 4003, "account disabled", "The account is disabled or deleted.";
    AuthTimeout = 4004, "auth timeout", "No `auth` within 10 s.";
    Version = 4005, "version", "Not the subprotocol `roomlog.v1.json`.";
    Overloaded = 4101, "overloaded", "The edge has no room for another session.";
    RateLimited = 4102, "rate limit", "Too often.";
    NoPong = 4103, "no pong", "Nothing came within 8 s of a ping.";
    Draining = 4201, "draining", "The edge is being stopped.";
    TooSlow = 4202, "too slow", "You read too slowly even to be told.";
    TokenExpired = 4204, "token expired", "The access token ran out and was not replaced.";
}

impl Code {
    /// Whether the client may come back.
    #[must_use]
    pub const fn resume(self) -> bool {
        self.code() >= 4100
    }

    /// The code of a number, where it is one of ours.
    #[must_use]
    pub fn of(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}
