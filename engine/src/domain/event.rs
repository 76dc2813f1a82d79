//! What the log holds.

use super::{
    Cid, Emoji, EventId, Kind, MessageText, PersonName, Role, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId,
};

/// A command as it was appended. Whether it counts is the fold's verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its own id.
    pub event_id: EventId,
    /// The room it is for: the record's key.
    pub room_id: RoomId,
    /// Who asked.
    pub actor: Actor,
    /// The client's id for the command, the same in every retry.
    pub cid: Cid,
    /// The head that the client last saw when it first tried; `None` only where an edge could not know it.
    pub since: Option<Seq>,
    /// The edge's clock. For people to look at: nothing is judged by it.
    pub sent_at: Timestamp,
    /// What was asked.
    pub body: Body,
}

/// A person as they were called at that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub id: UserId,
    /// Their display name then.
    pub name: PersonName,
}

/// The message that an edit, a deletion or a reaction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its seq.
    pub seq: Seq,
    /// Who wrote it: this never changes, so the edge checked it and states it.
    pub author_id: UserId,
}

/// How somebody is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// They may come back.
    Kick,
    /// They may not, until then (`None`: for ever).
    Ban {
        /// Judged by a record's append time.
        until: Option<Timestamp>,
    },
}

/// One variant per event type of `schemas/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The room begins. The actor becomes its owner, but in direct rooms and in `general`.
    RoomCreated {
        /// For ever.
        kind: Kind,
        /// What it is called.
        name: RoomName,
        /// What it is about.
        topic: RoomTopic,
        /// The rules it starts with.
        rules: u32,
        /// The other person, of a direct room alone.
        peer: Option<UserId>,
    },
    /// What is `Some` changes.
    RoomUpdated {
        /// A new name.
        name: Option<RoomName>,
        /// A new topic.
        topic: Option<RoomTopic>,
        /// Newer rules.
        rules: Option<u32>,
    },
    /// The room ends; nothing is accepted after it.
    RoomDeleted,
    /// The actor joins.
    MemberJoined,
    /// The actor leaves.
    MemberLeft,
    /// The actor gives somebody the right to join.
    MemberInvited {
        /// Whom.
        user_id: UserId,
    },
    /// A kick or a ban.
    MemberRemoved {
        /// Whom.
        user_id: UserId,
        /// Which of the two.
        removal: Removal,
    },
    /// A ban is lifted.
    MemberUnbanned {
        /// Whose.
        user_id: UserId,
    },
    /// Somebody may not speak, until then (`None`: for ever).
    MemberMuted {
        /// Who.
        user_id: UserId,
        /// Judged by a record's append time.
        until: Option<Timestamp>,
    },
    /// They may speak again.
    MemberUnmuted {
        /// Who.
        user_id: UserId,
    },
    /// A role is given. `Owner` hands the room over: the old owner becomes a moderator.
    RoleChanged {
        /// To whom.
        user_id: UserId,
        /// Which.
        role: Role,
    },
    /// Something is said.
    MessageSent {
        /// What.
        text: MessageText,
        /// The message it answers.
        reply_to: Option<Seq>,
        /// Who is named in it.
        mentions: Vec<UserId>,
    },
    /// It is said otherwise.
    MessageEdited {
        /// Which message.
        target: Target,
        /// What it says now.
        text: MessageText,
        /// Who is named in it now.
        mentions: Vec<UserId>,
    },
    /// It is taken back: a tombstone stays.
    MessageDeleted {
        /// Which message.
        target: Target,
    },
    /// A reaction to a message.
    ReactionAdded {
        /// Which message.
        target: Target,
        /// With what.
        emoji: Emoji,
    },
    /// A reaction is taken back.
    ReactionRemoved {
        /// Which message.
        target: Target,
        /// Which reaction.
        emoji: Emoji,
    },
}

impl Body {
    /// Every name of a type, in the order of the variants.
    pub const TYPE_NAMES: [&'static str; 16] = [
        "room_created",
        "room_updated",
        "room_deleted",
        "member_joined",
        "member_left",
        "member_invited",
        "member_removed",
        "member_unbanned",
        "member_muted",
        "member_unmuted",
        "role_changed",
        "message_sent",
        "message_edited",
        "message_deleted",
        "reaction_added",
        "reaction_removed",
    ];

    /// The type's name on the wire of clients, in snake case.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::RoomCreated { .. } => "room_created",
            Self::RoomUpdated { .. } => "room_updated",
            Self::RoomDeleted => "room_deleted",
            Self::MemberJoined => "member_joined",
            Self::MemberLeft => "member_left",
            Self::MemberInvited { .. } => "member_invited",
            Self::MemberRemoved { .. } => "member_removed",
            Self::MemberUnbanned { .. } => "member_unbanned",
            Self::MemberMuted { .. } => "member_muted",
            Self::MemberUnmuted { .. } => "member_unmuted",
            Self::RoleChanged { .. } => "role_changed",
            Self::MessageSent { .. } => "message_sent",
            Self::MessageEdited { .. } => "message_edited",
            Self::MessageDeleted { .. } => "message_deleted",
            Self::ReactionAdded { .. } => "reaction_added",
            Self::ReactionRemoved { .. } => "reaction_removed",
        }
    }
}
