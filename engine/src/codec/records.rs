//! The records as `schemas/` has them, field by field, between Avro and the domain.

use crate::domain::{
    Cid, Emoji, EventId, Kind, MessageText, PersonName, Role, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
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

/// People in a row, each as [`Text`].
#[derive(Clone, Debug)]
pub(super) struct Texts<'a>(pub(super) Cow<'a, [UserId]>);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().copied().map(Text))
    }
}

impl<'de> Deserialize<'de> for Texts<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<Text<UserId>>::deserialize(deserializer)?;
        Ok(Self(texts.into_iter().map(|text| text.0).collect()))
    }
}

/// A count or a seq: Avro has no unsigned numbers, so it is a long that is never below zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Long(pub(super) u64);

impl From<Seq> for Long {
    fn from(seq: Seq) -> Self {
        Self(seq.get())
    }
}

impl From<Long> for Seq {
    fn from(long: Long) -> Self {
        Self::new(long.0)
    }
}

impl Serialize for Long {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.try_into().map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        number.try_into().map(Self).map_err(serde::de::Error::custom)
    }
}

/// A number of rules: an int that is never below zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Int(pub(super) u32);

impl Serialize for Int {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.0.try_into().map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i32::deserialize(deserializer)?;
        number.try_into().map(Self).map_err(serde::de::Error::custom)
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
    ($($name:ident<$life:lifetime> { $($field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(super) struct $name<$life> {
            pub(super) event_id: Text<EventId>,
            pub(super) room_id: Text<RoomId>,
            pub(super) actor_id: Text<UserId>,
            pub(super) actor_name: Cow<$life, PersonName>,
            pub(super) cid: Text<Cid>,
            pub(super) since: Option<Long>,
            pub(super) sent_at: Timestamp,
            $(pub(super) $field: $type,)*
        }
    )*};
}

events! {
    RoomCreated<'a> { kind: Kind, name: Cow<'a, RoomName>, topic: Cow<'a, RoomTopic>, rules: Int, peer_id: Option<Text<UserId>> }
    RoomUpdated<'a> { name: Option<Cow<'a, RoomName>>, topic: Option<Cow<'a, RoomTopic>>, rules: Option<Int> }
    RoomDeleted<'a> {}
    MemberJoined<'a> {}
    MemberLeft<'a> {}
    MemberInvited<'a> { user_id: Text<UserId> }
    MemberRemoved<'a> { user_id: Text<UserId>, removal: Removal, until: Option<Timestamp> }
    MemberUnbanned<'a> { user_id: Text<UserId> }
    MemberMuted<'a> { user_id: Text<UserId>, until: Option<Timestamp> }
    MemberUnmuted<'a> { user_id: Text<UserId> }
    RoleChanged<'a> { user_id: Text<UserId>, role: Role }
    MessageSent<'a> { text: Cow<'a, MessageText>, reply_to: Option<Long>, mentions: Texts<'a> }
    MessageEdited<'a> { target_seq: Long, target_author_id: Text<UserId>, text: Cow<'a, MessageText>, mentions: Texts<'a> }
    MessageDeleted<'a> { target_seq: Long, target_author_id: Text<UserId> }
    ReactionAdded<'a> { target_seq: Long, target_author_id: Text<UserId>, emoji: Cow<'a, Emoji> }
    ReactionRemoved<'a> { target_seq: Long, target_author_id: Text<UserId>, emoji: Cow<'a, Emoji> }
}
