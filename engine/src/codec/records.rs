//! The records as `schemas/` has them, field by field, between Avro and the domain.

use crate::domain::{
    Cid, Emoji, EventId, Kind, MessageText, PersonName, Role, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// An id as lower-case text. (What an id's own serde makes of it depends on whether a format calls itself readable.)
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<T>(pub(super) T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use std::io::Write as _;
        let mut text = [0_u8; 36];
        write!(&mut text[..], "{}", self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de, T: From<uuid::Uuid>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads<T>(PhantomData<T>);

        impl<T: From<uuid::Uuid>> serde::de::Visitor<'_> for Reads<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a UUID as lower-case text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<T>, E> {
                let lower = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
                let id = lower.then(|| uuid::Uuid::try_parse(text).ok()).flatten();
                id.map(|id| Text(T::from(id)))
                    .ok_or_else(|| E::custom("an id that is no lower-case UUID"))
            }
        }

        deserializer.deserialize_str(Reads(PhantomData))
    }
}

/// How a [`MemberRemoved`] removes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Removal {
    Kick,
    Ban,
}

macro_rules! events {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(super) struct $name {
            pub(super) event_id: Text<EventId>,
            pub(super) room_id: Text<RoomId>,
            pub(super) actor_id: Text<UserId>,
            pub(super) actor_name: PersonName,
            pub(super) cid: Text<Cid>,
            pub(super) since: Option<Seq>,
            pub(super) sent_at: Timestamp,
            $(pub(super) $field: $type,)*
        }
    )*};
}

events! {
    RoomCreated { kind: Kind, name: RoomName, topic: RoomTopic, rules: u32, peer_id: Option<Text<UserId>> }
    RoomUpdated { name: Option<RoomName>, topic: Option<RoomTopic>, rules: Option<u32> }
    RoomDeleted {}
    MemberJoined {}
    MemberLeft {}
    MemberInvited { user_id: Text<UserId> }
    MemberRemoved { user_id: Text<UserId>, removal: Removal, until: Option<Timestamp> }
    MemberUnbanned { user_id: Text<UserId> }
    MemberMuted { user_id: Text<UserId>, until: Option<Timestamp> }
    MemberUnmuted { user_id: Text<UserId> }
    RoleChanged { user_id: Text<UserId>, role: Role }
    MessageSent { text: MessageText, reply_to: Option<Seq>, mentions: Vec<Text<UserId>> }
    MessageEdited { target_seq: Seq, target_author_id: Text<UserId>, text: MessageText, mentions: Vec<Text<UserId>> }
    MessageDeleted { target_seq: Seq, target_author_id: Text<UserId> }
    ReactionAdded { target_seq: Seq, target_author_id: Text<UserId>, emoji: Emoji }
    ReactionRemoved { target_seq: Seq, target_author_id: Text<UserId>, emoji: Emoji }
}
