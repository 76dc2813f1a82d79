//! Rows and words: what both adapters write and read alike, refusing what no row of ours can hold.

use super::plan::Loaded;
use super::{Error, JournalEntry, StoredRoom};
use crate::database::Failure;
use crate::domain::{
    Actor, Change, Cid, Digest, Emoji, EventId, Header, Kind, Message, Offset, PersonName, Reaction, Role, RoomId,
    RoomName, RoomTopic, Seq, Timestamp, UserId, WindowEntry,
};
use std::collections::HashMap;
use uuid::Uuid;

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) => Self::Unavailable(why),
            Failure::Refused(why) => Self::Rejected(why),
            Failure::Corrupt(why) => Self::Corrupt(why),
        }
    }
}

pub(super) fn corrupt(what: &str, of: impl std::fmt::Display) -> Error {
    Error::Corrupt(format!("{what} of {of}"))
}

pub(super) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Open => "open",
        Kind::Public => "public",
        Kind::Private => "private",
        Kind::Direct => "direct",
    }
}

pub(super) fn kind_of(name: &str) -> Option<Kind> {
    [Kind::Open, Kind::Public, Kind::Private, Kind::Direct]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
}

pub(super) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Moderator => "moderator",
        Role::Owner => "owner",
    }
}

pub(super) fn role_of(name: &str) -> Option<Role> {
    [Role::Member, Role::Moderator, Role::Owner]
        .into_iter()
        .find(|role| role_name(*role) == name)
}

/// A row of `rooms`.
pub(super) struct HeaderRow {
    pub(super) room_id: Uuid,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) owner: Option<Uuid>,
    pub(super) deleted: bool,
    pub(super) head_seq: i64,
    pub(super) messages: i64,
    pub(super) rules: i64,
    pub(super) digest: Vec<u8>,
    pub(super) created_at: i64,
}

impl HeaderRow {
    pub(super) fn read(self) -> Result<(RoomId, Header), Error> {
        let id = RoomId::new(self.room_id);
        let header = Header {
            kind: kind_of(&self.kind).ok_or_else(|| corrupt("kind", id))?,
            name: RoomName::new(self.name).map_err(|_| corrupt("name", id))?,
            topic: RoomTopic::new(self.topic).map_err(|_| corrupt("topic", id))?,
            owner: self.owner.map(UserId::new),
            deleted: self.deleted,
            head: Seq::new(self.head_seq.cast_unsigned()),
            messages: self.messages.cast_unsigned(),
            rules: u32::try_from(self.rules).map_err(|_| corrupt("rules", id))?,
            digest: digest_of(&self.digest).ok_or_else(|| corrupt("digest", id))?,
            created_at: Timestamp::from_millis(self.created_at),
        };
        Ok((id, header))
    }
}

fn digest_of(bytes: &[u8]) -> Option<Digest> {
    bytes.try_into().ok().map(Digest::from_bytes)
}

/// A row of one of the four lists of people.
pub(super) struct ChangeRow {
    pub(super) room_id: Uuid,
    pub(super) user_id: Uuid,
    /// Which list.
    pub(super) list: String,
    /// Of members.
    pub(super) role: Option<String>,
    /// Of invitations: by whom.
    pub(super) other: Option<Uuid>,
    /// Of members joined_at, of bans and mutes until.
    pub(super) time: Option<i64>,
}

impl ChangeRow {
    pub(super) fn read(self) -> Result<Change, Error> {
        let user_id = UserId::new(self.user_id);
        let time = self.time.map(Timestamp::from_millis);
        let wrong = || corrupt(&self.list, RoomId::new(self.room_id));
        Ok(match self.list.as_str() {
            "member" => Change::Member {
                user_id,
                role: self.role.as_deref().and_then(role_of).ok_or_else(wrong)?,
                joined_at: time.ok_or_else(wrong)?,
            },
            "invitation" => Change::Invitation {
                user_id,
                by: self.other.map(UserId::new).ok_or_else(wrong)?,
            },
            "ban" => Change::Ban { user_id, until: time },
            "mute" => Change::Mute { user_id, until: time },
            _ => return Err(wrong()),
        })
    }
}

/// An entry of the duplicate window, from a row of `journal`.
pub(super) struct WindowRow {
    pub(super) room_id: Uuid,
    pub(super) author_id: Uuid,
    pub(super) cid: Uuid,
    pub(super) seq: i64,
    pub(super) log_offset: i64,
}

impl From<WindowRow> for WindowEntry {
    fn from(row: WindowRow) -> Self {
        Self {
            author_id: UserId::new(row.author_id),
            cid: Cid::new(row.cid),
            seq: Seq::new(row.seq.cast_unsigned()),
            offset: Offset::new(row.log_offset.cast_unsigned()),
        }
    }
}

/// A row of `journal`.
pub(super) struct JournalRow {
    pub(super) seq: i64,
    pub(super) log_offset: i64,
    pub(super) appended_at: i64,
    pub(super) digest: Vec<u8>,
    pub(super) fingerprint: Vec<u8>,
    pub(super) datum: Vec<u8>,
}

impl TryFrom<JournalRow> for JournalEntry {
    type Error = Error;

    fn try_from(row: JournalRow) -> Result<Self, Error> {
        let seq = Seq::new(row.seq.cast_unsigned());
        Ok(Self {
            seq,
            offset: Offset::new(row.log_offset.cast_unsigned()),
            appended_at: Timestamp::from_millis(row.appended_at),
            digest: digest_of(&row.digest).ok_or_else(|| corrupt("digest of event", seq))?,
            fingerprint: row
                .fingerprint
                .try_into()
                .map_err(|_| corrupt("fingerprint of event", seq))?,
            datum: row.datum.into(),
        })
    }
}

/// A row of `messages`.
pub(super) struct MessageRow {
    pub(super) room_id: Uuid,
    pub(super) seq: i64,
    pub(super) ordinal: i64,
    pub(super) id: Uuid,
    pub(super) author_id: Uuid,
    pub(super) author_name: String,
    pub(super) at: i64,
    pub(super) text: String,
    pub(super) edited_at: Option<i64>,
    pub(super) deleted: bool,
    pub(super) reply_to: Option<i64>,
    pub(super) mentions: Vec<Uuid>,
}

/// A row of `reactions`; rows of a message come in order of `emoji_since`, then `since`.
pub(super) struct ReactionRow {
    pub(super) room_id: Uuid,
    pub(super) seq: i64,
    pub(super) emoji: String,
    pub(super) user_id: Uuid,
    pub(super) emoji_since: i64,
}

impl MessageRow {
    fn read(self) -> Result<Loaded, Error> {
        let wrong = |what: &str| corrupt(what, format_args!("message {} of room {}", self.seq, self.room_id));
        let message = Message {
            seq: Seq::new(self.seq.cast_unsigned()),
            ordinal: self.ordinal.cast_unsigned(),
            id: EventId::new(self.id),
            from: Actor {
                id: UserId::new(self.author_id),
                name: PersonName::new(self.author_name).map_err(|_| wrong("author_name"))?,
            },
            at: Timestamp::from_millis(self.at),
            text: self.text,
            edited_at: self.edited_at.map(Timestamp::from_millis),
            deleted: self.deleted,
            reply_to: self.reply_to.map(|seq| Seq::new(seq.cast_unsigned())),
            mentions: self.mentions.into_iter().map(UserId::new).collect(),
            reactions: Vec::new(),
        };
        Ok(Loaded {
            room_id: RoomId::new(self.room_id),
            message,
            emoji_since: Vec::new(),
        })
    }
}

/// Puts messages (in any order, which stays) and their reactions (each message's in theirs) together.
pub(super) fn join(messages: Vec<MessageRow>, reactions: Vec<ReactionRow>) -> Result<Vec<Loaded>, Error> {
    let mut places = HashMap::with_capacity(messages.len());
    let mut loaded = Vec::with_capacity(messages.len());
    for row in messages {
        places.insert((row.room_id, row.seq), loaded.len());
        loaded.push(row.read()?);
    }
    for row in reactions {
        let Some(&place) = places.get(&(row.room_id, row.seq)) else {
            continue;
        };
        let one: &mut Loaded = &mut loaded[place];
        let user_id = UserId::new(row.user_id);
        match one.message.reactions.last_mut() {
            Some(last) if last.emoji.as_str() == row.emoji => last.users.push(user_id),
            _ => {
                let emoji = Emoji::new(row.emoji).map_err(|_| corrupt("emoji of message", row.seq))?;
                one.emoji_since
                    .push((emoji.clone(), Seq::new(row.emoji_since.cast_unsigned())));
                one.message.reactions.push(Reaction {
                    emoji,
                    users: vec![user_id],
                });
            }
        }
    }
    Ok(loaded)
}

/// Puts rooms (in order of their headers) together; the window's and the messages' rows come newest first.
pub(super) fn assemble(
    headers: Vec<HeaderRow>,
    changes: Vec<ChangeRow>,
    window: Vec<WindowRow>,
    recent: Vec<Loaded>,
    next: Offset,
) -> Result<Vec<(RoomId, StoredRoom)>, Error> {
    let mut places = HashMap::with_capacity(headers.len());
    let mut rooms = Vec::with_capacity(headers.len());
    for row in headers {
        let (id, header) = row.read()?;
        places.insert(id, rooms.len());
        rooms.push((
            id,
            StoredRoom {
                header,
                changes: Vec::new(),
                window: Vec::new(),
                recent: Vec::new(),
                next,
            },
        ));
    }
    let place = |id: RoomId| places.get(&id).copied();
    for row in changes {
        if let Some(place) = place(RoomId::new(row.room_id)) {
            rooms[place].1.changes.push(row.read()?);
        }
    }
    for row in window.into_iter().rev() {
        if let Some(place) = place(RoomId::new(row.room_id)) {
            rooms[place].1.window.push(row.into());
        }
    }
    for loaded in recent.into_iter().rev() {
        if let Some(place) = place(loaded.room_id) {
            rooms[place].1.recent.push(loaded.message);
        }
    }
    Ok(rooms)
}
