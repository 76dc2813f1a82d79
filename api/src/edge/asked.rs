//! What a command asks, as the event that the log will hold.

use crate::command::Ask;
use engine::domain::{Body, MessageText, RULES, Removal, Seq, Target, UserId};

impl Ask {
    /// The seq of the message that it is about.
    pub(super) const fn target(&self) -> Option<Seq> {
        match self {
            Self::Edit { seq, .. } | Self::Delete { seq } | Self::React { seq, .. } | Self::Unreact { seq, .. } => {
                Some(*seq)
            }
            _ => None,
        }
    }

    /// What is said by it, and whom the client names.
    pub(super) fn said(&self) -> Option<(&MessageText, &[UserId])> {
        match self {
            Self::Send { text, mentions, .. } | Self::Edit { text, mentions, .. } => Some((text, mentions)),
            _ => None,
        }
    }

    /// The message that it answers.
    pub(super) const fn reply_to(&self) -> Option<Seq> {
        match self {
            Self::Send { reply_to, .. } => *reply_to,
            _ => None,
        }
    }

    /// Whether something is looked up before it is appended.
    pub(super) fn looks_up(&self) -> bool {
        let names = |text: &MessageText| text.as_str().contains('@');
        self.target().is_some() || self.reply_to().is_some() || self.said().is_some_and(|(text, _)| names(text))
    }

    /// What the log will hold of it.
    pub(super) fn body(&self, author: Option<UserId>) -> Body {
        let target = |seq: Seq| Target {
            seq,
            author_id: author.expect("looked up for everything with a target"),
        };
        match self.clone() {
            Self::Create {
                kind,
                name,
                topic,
                peer,
            } => Body::RoomCreated {
                kind,
                name,
                topic,
                rules: RULES,
                peer,
            },
            Self::Update { name, topic } => Body::RoomUpdated {
                name,
                topic,
                rules: None,
            },
            Self::DeleteRoom => Body::RoomDeleted,
            Self::Join => Body::MemberJoined,
            Self::Leave => Body::MemberLeft,
            Self::Invite { user_id } => Body::MemberInvited { user_id },
            Self::Kick { user_id } => Body::MemberRemoved {
                user_id,
                removal: Removal::Kick,
            },
            Self::Ban { user_id, until } => Body::MemberRemoved {
                user_id,
                removal: Removal::Ban { until },
            },
            Self::Unban { user_id } => Body::MemberUnbanned { user_id },
            Self::Mute { user_id, until } => Body::MemberMuted { user_id, until },
            Self::Unmute { user_id } => Body::MemberUnmuted { user_id },
            Self::SetRole { user_id, role } => Body::RoleChanged { user_id, role },
            Self::Send {
                text,
                reply_to,
                mentions,
            } => Body::MessageSent {
                text,
                reply_to,
                mentions,
            },
            Self::Edit { seq, text, mentions } => Body::MessageEdited {
                target: target(seq),
                text,
                mentions,
            },
            Self::Delete { seq } => Body::MessageDeleted { target: target(seq) },
            Self::React { seq, emoji } => Body::ReactionAdded {
                target: target(seq),
                emoji,
            },
            Self::Unreact { seq, emoji } => Body::ReactionRemoved {
                target: target(seq),
                emoji,
            },
        }
    }
}
