//! What a person asks, parsed: the same value whichever door it came by.

use engine::domain::{
    Cid, Digest, Emoji, Kind, MessageText, Offset, Partition, PersonName, Role, RoomId, RoomName, RoomTopic, Seq,
    Timestamp, UserId,
};
use engine::telemetry::TraceContext;

/// Who asks, as the token said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// As they are called now.
    pub name: PersonName,
}

/// A command that is appended to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// For which room.
    pub room_id: RoomId,
    /// The client's own id for it.
    pub cid: Cid,
    /// The head the client last saw when it first tried.
    pub since: Option<Seq>,
    /// What is asked.
    pub ask: Ask,
    /// The span that it comes from; `None` for what nobody asked for.
    pub trace: Option<TraceContext>,
}

/// What is asked of a room. Everything that the log will hold has one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the fields are the event's, documented in `engine::domain::Body`"
)]
pub enum Ask {
    /// Begin a room. `peer` for direct rooms alone.
    Create {
        kind: Kind,
        name: RoomName,
        topic: RoomTopic,
        peer: Option<UserId>,
    },
    /// Change its name or topic.
    Update {
        name: Option<RoomName>,
        topic: Option<RoomTopic>,
    },
    /// End it.
    DeleteRoom,
    /// Become a member.
    Join,
    /// Stop being one.
    Leave,
    /// Give somebody the right to join.
    Invite { user_id: UserId },
    /// End somebody's membership.
    Kick { user_id: UserId },
    /// End it, and keep them out.
    Ban { user_id: UserId, until: Option<Timestamp> },
    /// Lift a ban.
    Unban { user_id: UserId },
    /// Silence somebody.
    Mute { user_id: UserId, until: Option<Timestamp> },
    /// Let them speak again.
    Unmute { user_id: UserId },
    /// Give a role.
    SetRole { user_id: UserId, role: Role },
    /// Say something.
    Send {
        text: MessageText,
        reply_to: Option<Seq>,
        mentions: Vec<UserId>,
    },
    /// Say it otherwise.
    Edit {
        seq: Seq,
        text: MessageText,
        mentions: Vec<UserId>,
    },
    /// Take it back.
    Delete { seq: Seq },
    /// React to it.
    React { seq: Seq, emoji: Emoji },
    /// Take a reaction back.
    Unreact { seq: Seq, emoji: Emoji },
}

/// The answer to a [`Write`]: a receipt that anyone can check against the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The command's.
    pub cid: Cid,
    /// Its place in the room.
    pub seq: Seq,
    /// Its partition of the log.
    pub partition: Partition,
    /// Its place there.
    pub offset: Offset,
    /// When the log took it; `None` for a duplicate whose original neither ring nor journal can show now.
    pub at: Option<Timestamp>,
    /// The room's chain after it; `None` as `at`.
    pub digest: Option<Digest>,
    /// Whether an earlier try was the one that counted.
    pub duplicate: bool,
}
