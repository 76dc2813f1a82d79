//! What admins did: the acts that are kept, and which of them are asked for.
//!
//! What must hold: an act says who did what to whom, never a secret, never what somebody wrote.

use crate::domain::{Timestamp, UserId};
use uuid::Uuid;

/// Made an admin.
pub const ADMIN_CREATE: &str = "admin.create";
/// Looked at the log as it comes.
pub const LOG_TAIL: &str = "log.tail";
/// Deleted a room.
pub const ROOM_DELETE: &str = "room.delete";
/// Disabled an account.
pub const USER_DISABLE: &str = "user.disable";
/// Enabled one again.
pub const USER_ENABLE: &str = "user.enable";

/// All that admins do: a word for what it is done to, and a verb.
pub const ACTIONS: [&str; 5] = [ADMIN_CREATE, LOG_TAIL, ROOM_DELETE, USER_DISABLE, USER_ENABLE];

/// Something an admin did.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// A UUIDv7: acts are listed in its order.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor_id: UserId,
    /// What: one of [`ACTIONS`], or of a later binary's.
    pub action: String,
    /// To whom or what.
    pub target_id: Option<Uuid>,
    /// What else is to be known of it. Never a secret, never what somebody wrote.
    pub detail: serde_json::Value,
}

impl Act {
    /// Who acts when there is no person: the command line.
    pub const OPERATOR: UserId = UserId::new(Uuid::nil());

    /// An act of now.
    #[must_use]
    pub fn new(actor_id: UserId, action: &str, target_id: Option<Uuid>, at: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            at,
            actor_id,
            action: action.to_owned(),
            target_id,
            detail: serde_json::Value::Object(serde_json::Map::new()),
        }
    }

    /// The same, with what else is to be known of it.
    #[must_use]
    pub fn with(self, detail: serde_json::Value) -> Self {
        Self { detail, ..self }
    }
}

/// Which acts: those for which all holds that is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActFilter {
    /// Who did it.
    pub actor_id: Option<UserId>,
    /// What.
    pub action: Option<String>,
    /// Not before then.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}
