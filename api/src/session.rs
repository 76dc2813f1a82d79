//! WebSocket sessions: from the handshake to the close frame.
//!
//! `handshake` answers the HTTP request, `run` is a session's one task, `commands` is what its frames ask for, `socket`
//! is its bytes, `registry` knows all of them. Nothing here knows the log or the stores: the edge does.

mod commands;
mod handshake;
mod registry;
mod run;
mod socket;

pub use handshake::upgrade;
pub use registry::Registry;

use crate::command::Caller;
use crate::config;
use crate::edge::outbox::Outbox;
use crate::edge::{Edge, clock::Clock};
use crate::error::Error;
use crate::limits::Limiter;
use crate::metrics::doors::Asked;
use crate::protocol::close::Code;
use crate::protocol::{MESSAGE_BYTES, Verb, reply};
use crate::trace::Trace;
use bytes::Bytes;
use commands::Done;
use engine::domain::{MessageText, Timestamp, UserId};
use engine::people::Accounts;
use engine::people::accounts::Error as AccountError;
use engine::people::token::Refusal;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// When a session that was sent away with 41xx is to come back, milliseconds.
const BACK_OFF_MS: u64 = 5_000;

/// What all sessions share.
pub struct Door {
    /// What they ask.
    pub edge: Arc<Edge>,
    /// Who they are.
    pub accounts: Arc<Accounts>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How often each may ask.
    pub people: Limiter<UserId>,
    /// So many refusals in a row, and a session that asks too often is closed.
    pub refusals_before_close: u32,
    /// Their bounds.
    pub config: config::Session,
    /// All of them.
    pub registry: Arc<Registry>,
    /// Their tasks.
    pub tasks: TaskTracker,
}

/// Who a token speaks for, and how long.
struct Identity {
    caller: Caller,
    /// `None`: at an outside issuer.
    login: Option<Uuid>,
    expires_at: Timestamp,
}

/// Why a token is not good, and how a session that has no other ends.
struct Refused {
    error: Error,
    code: Code,
}

/// Somebody in a session.
struct Who {
    caller: Caller,
    expires_at: Timestamp,
    door: Arc<Door>,
    member: crate::edge::Session,
}

impl Door {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn identify(&self, token: &str) -> Result<Identity, Refused> {
        match self.accounts.verify(token, self.now()).await {
            Ok(caller) => Ok(Identity {
                login: caller.sid,
                expires_at: caller.expires_at,
                caller: Caller {
                    user_id: caller.user_id,
                    name: caller.name,
                },
            }),
            Err(error) => {
                let code = code_of(&error);
                let error = crate::rest::account_error(error);
                Err(Refused { error, code })
            }
        }
    }

    /// Whether what was good a moment ago is good still: it may have ended before the session was known to be there.
    fn still_good(&self, user: UserId, login: Option<Uuid>) -> Result<(), Code> {
        self.accounts.still_good(user, login).map_err(|error| code_of(&error))
    }

    async fn authenticate(&self, id: u64, trace: Trace, token: &str) -> Done {
        let asked = Asked::begin(Verb::Auth.name());
        let result = self.identify(token).await;
        asked.answered(result.as_ref().err().map(|refused| refused.error.name));
        Done::Auth { id, trace, result }
    }

    /// A token ran out: its session ends, unless the store that could give a new one is away.
    async fn expired(&self) -> Done {
        match self.accounts.ping().await {
            Ok(()) => Done::Expired,
            Err(_) => Done::Silent,
        }
    }

    fn hello(&self, session: Uuid, identity: &Identity) -> Bytes {
        reply::hello(&reply::Hello {
            session,
            user: reply::User {
                id: identity.caller.user_id,
                name: identity.caller.name.as_str(),
            },
            epoch: self.edge.epoch(),
            heartbeat_ms: self.config.ping_interval_ms,
            limits: reply::Limits {
                commands: self.config.max_commands,
                rooms: self.edge.config().session_rooms,
                message_bytes: MESSAGE_BYTES,
                text: MessageText::MOST,
            },
        })
    }

    fn enter(self: &Arc<Self>, identity: Identity, outbox: Arc<Outbox>) -> Who {
        Who {
            member: self.edge.session(identity.caller.user_id, outbox),
            caller: identity.caller,
            expires_at: identity.expires_at,
            door: self.clone(),
        }
    }

    fn comeback_ms(&self, code: u16) -> Option<u64> {
        match code {
            4100..=4199 => Some(BACK_OFF_MS),
            4200..=4299 => Some(0),
            _ => None,
        }
    }
}

/// How a session ends whose token is refused so.
const fn code_of(error: &AccountError) -> Code {
    match error {
        AccountError::Token(Refusal::Expired) => Code::TokenExpired,
        AccountError::Token(_) | AccountError::LoginEnded => Code::Unauthenticated,
        AccountError::Disabled | AccountError::Erased => Code::Disabled,
        _ => Code::Overloaded,
    }
}
