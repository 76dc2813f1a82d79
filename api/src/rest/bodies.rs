//! How request bodies look, for the OpenAPI document.
//!
//! They are read field by field in `protocol::fields`, which can say what is wrong with which; nothing makes a value of
//! these types. A field that may be absent may be `null` too, and unknown fields are passed over.

#![allow(dead_code, reason = "they describe what is read elsewhere")]

use super::schema::{
    Cid, DisplayName, Mentions, Name, NewKind, Password, Reaction, Role, Seq, Text, Time, Token, Topic, UserId,
    Username,
};
use utoipa::ToSchema;

/// A new account.
#[derive(ToSchema)]
pub(super) struct Register {
    username: Username,
    password: Password,
    /// The username, if absent.
    display_name: Option<DisplayName>,
}

/// Who one says one is.
#[derive(ToSchema)]
pub(super) struct Login {
    username: String,
    password: String,
}

/// Somebody without an account.
#[derive(ToSchema)]
pub(super) struct Guest {
    display_name: DisplayName,
}

/// The refresh token, where no cookie carries it.
#[derive(ToSchema)]
pub(super) struct Refresh {
    refresh_token: Option<Token>,
}

/// Another name.
#[derive(ToSchema)]
pub(super) struct Rename {
    display_name: DisplayName,
}

/// The password that is in force, and the next one.
#[derive(ToSchema)]
pub(super) struct NewPassword {
    old: Password,
    new: Password,
}

/// What is to be deleted for ever.
#[derive(ToSchema)]
pub(super) struct Goodbye {
    /// Your password, if you have one.
    password: Option<Password>,
    /// Whether what you said is to be empty; false if absent: then only your name goes.
    texts: Option<bool>,
}

/// A new room.
#[derive(ToSchema)]
pub(super) struct NewRoom {
    name: Name,
    kind: NewKind,
    topic: Option<Topic>,
    cid: Option<Cid>,
}

/// Nothing but what makes a retry safe; the body may be absent.
#[derive(ToSchema)]
pub(super) struct Begin {
    cid: Option<Cid>,
}

/// What is to be changed of a room: at least one of name and topic.
#[derive(ToSchema)]
pub(super) struct RoomChange {
    name: Option<Name>,
    topic: Option<Topic>,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// Nothing but what makes a retry safe; the body may be absent.
#[derive(ToSchema)]
pub(super) struct Command {
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// How far you have read.
#[derive(ToSchema)]
pub(super) struct Read {
    seq: Seq,
}

/// Whom it is done to.
#[derive(ToSchema)]
pub(super) struct Towards {
    user: UserId,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// Whom it is done to, and for how long.
#[derive(ToSchema)]
pub(super) struct TowardsUntil {
    user: UserId,
    /// The first instant at which it is over; for ever, if absent.
    until: Option<Time>,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// Who gets which role.
#[derive(ToSchema)]
pub(super) struct NewRole {
    user: UserId,
    /// `owner` hands the room over.
    role: Role,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// Something to say.
#[derive(ToSchema)]
pub(super) struct NewMessage {
    text: Text,
    /// The message that it answers.
    reply_to: Option<Seq>,
    mentions: Option<Mentions>,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// What a message is to say now.
#[derive(ToSchema)]
pub(super) struct MessageChange {
    text: Text,
    mentions: Option<Mentions>,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}

/// With what one reacts.
#[derive(ToSchema)]
pub(super) struct NewReaction {
    emoji: Reaction,
    cid: Option<Cid>,
    /// The head that you last saw when you first tried.
    since: Option<Seq>,
}
