//! What stands in Redis: the fields of a room's hash and the entries of its window.
//!
//! A room is one hash (`h` header, `m…` `i…` `b…` `u…` members, invitations, bans and mutes by the person's 16 bytes,
//! `r…` recent messages by ordinal; `g` `s` `c` are the scripts' own) and one list (the window, 48 bytes an entry).
//! The header leads with the version of all of it; another version can't be read, and is filled anew.

use crate::domain::{Change, Cid, Header, Message, Offset, Role, Seq, Timestamp, UserId};
use crate::history::{PackedMessage, StoredRoom, WindowEntry};
use crate::live::presence::Claim;
use crate::live::slot::{self, Effect, List};
use crate::live::{Error, RoomDelta};
use uuid::Uuid;

/// The version of everything here, and of how messages are packed.
const VERSION: u8 = b'1';
/// Bytes of a window entry: seq, offset, author, cid.
const ENTRY: usize = 48;

/// A field and its value.
pub(super) type Field = (Vec<u8>, Vec<u8>);

fn corrupt(what: &str) -> Error {
    Error::Corrupt(format!("a {what} that this version did not write"))
}

pub(super) fn header(header: &Header) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, header).expect("a header is JSON, and a vector takes every byte");
    bytes
}

fn read_header(bytes: &[u8]) -> Result<Header, Error> {
    match bytes.split_first() {
        Some((&VERSION, json)) => serde_json::from_slice(json).map_err(|_| corrupt("room header")),
        _ => Err(corrupt("room header")),
    }
}

const fn letter(list: List) -> u8 {
    match list {
        List::Members => b'm',
        List::Invitations => b'i',
        List::Bans => b'b',
        List::Mutes => b'u',
    }
}

fn slot_field(list: List, user: UserId) -> Vec<u8> {
    let mut field = Vec::with_capacity(17);
    field.push(letter(list));
    field.extend_from_slice(user.uuid().as_bytes());
    field
}

fn until(until: Option<Timestamp>) -> Vec<u8> {
    until.map_or_else(Vec::new, |time| time.as_millis().to_string().into_bytes())
}

/// The value of a delta that fills its slot.
fn slot_value(change: &Change) -> Vec<u8> {
    match change {
        Change::Member { role, joined_at, .. } => {
            let role = match role {
                Role::Member => 'm',
                Role::Moderator => 'd',
                Role::Owner => 'o',
            };
            format!("{role}{}", joined_at.as_millis()).into_bytes()
        }
        Change::Invitation { by, .. } => by.uuid().as_bytes().to_vec(),
        Change::Ban { until: time, .. } | Change::Mute { until: time, .. } => until(*time),
        Change::NoMember { .. } | Change::NoInvitation { .. } | Change::NoBan { .. } | Change::NoMute { .. } => {
            Vec::new()
        }
    }
}

fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn user(bytes: &[u8]) -> Option<UserId> {
    Uuid::from_slice(bytes).ok().map(UserId::new)
}

fn read_slot(letter: u8, key: &[u8], value: &[u8]) -> Option<Change> {
    let user_id = user(key)?;
    let time = || match value {
        [] => Some(None),
        digits => number(digits).map(|millis| Some(Timestamp::from_millis(millis))),
    };
    Some(match letter {
        b'm' => {
            let (role, joined_at) = value.split_first()?;
            let role = match role {
                b'm' => Role::Member,
                b'd' => Role::Moderator,
                b'o' => Role::Owner,
                _ => return None,
            };
            Change::Member {
                user_id,
                role,
                joined_at: Timestamp::from_millis(number(joined_at)?),
            }
        }
        b'i' => Change::Invitation {
            user_id,
            by: user(value)?,
        },
        b'b' => Change::Ban {
            user_id,
            until: time()?,
        },
        b'u' => Change::Mute {
            user_id,
            until: time()?,
        },
        _ => return None,
    })
}

fn message_field(message: &Message) -> Field {
    let json = serde_json::to_vec(&PackedMessage::from(message.clone())).expect("a message is JSON");
    (format!("r{}", message.ordinal).into_bytes(), json)
}

fn read_message(bytes: &[u8]) -> Result<Message, Error> {
    let packed: PackedMessage = serde_json::from_slice(bytes).map_err(|_| corrupt("message"))?;
    Ok(packed.into())
}

/// An entry of the window; its first 8 bytes alone name the seq.
pub(super) fn entry(entry: &WindowEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ENTRY);
    bytes.extend_from_slice(&entry.seq.get().to_be_bytes());
    bytes.extend_from_slice(&entry.offset.get().to_be_bytes());
    bytes.extend_from_slice(entry.author_id.uuid().as_bytes());
    bytes.extend_from_slice(entry.cid.uuid().as_bytes());
    bytes
}

fn read_entry(bytes: &[u8]) -> Result<WindowEntry, Error> {
    let bytes: &[u8; ENTRY] = bytes.try_into().map_err(|_| corrupt("window entry"))?;
    let number = |at: usize| u64::from_be_bytes(std::array::from_fn(|i| bytes[at + i]));
    let id = |at: usize| Uuid::from_bytes(std::array::from_fn(|i| bytes[at + i]));
    Ok(WindowEntry {
        seq: Seq::new(number(0)),
        offset: Offset::new(number(8)),
        author_id: UserId::new(id(16)),
        cid: Cid::new(id(32)),
    })
}

/// The fields that a whole room sets, but the header's.
pub(super) fn room_fields(room: &StoredRoom) -> Vec<Field> {
    let slots = room.changes.iter().filter_map(|change| match slot::of(change) {
        (list, user, Effect::Fill) => Some((slot_field(list, user), slot_value(change))),
        (_, _, Effect::Empty) => None,
    });
    slots.chain(room.recent.iter().map(message_field)).collect()
}

/// The fields that a delta sets, and those that it deletes. A slot that is filled and emptied in one delta stands in one of
/// them only: the last word counts.
pub(super) fn delta_fields(delta: &RoomDelta) -> (Vec<Field>, Vec<Vec<u8>>) {
    let mut last = std::collections::BTreeMap::new();
    for change in &delta.changes {
        let (list, user, effect) = slot::of(change);
        last.insert((list, user), (effect, change));
    }
    let mut set = Vec::new();
    let mut delete = Vec::new();
    for ((list, user), (effect, change)) in last {
        match effect {
            Effect::Fill => set.push((slot_field(list, user), slot_value(change))),
            Effect::Empty => delete.push(slot_field(list, user)),
        }
    }
    let oldest = (delta.header.messages + 1).saturating_sub(crate::domain::RECENT as u64);
    set.extend(delta.recent.iter().filter(|m| m.ordinal >= oldest).map(message_field));
    (set, delete)
}

/// A room from its hash and its window, unless parts of it are missing (a store that evicts).
pub(super) fn read_room(next: u64, fields: Vec<Field>, window: &[Vec<u8>]) -> Result<StoredRoom, Error> {
    let mut head = None;
    let mut changes = Vec::new();
    let mut recent = Vec::new();
    for (field, value) in fields {
        match field.split_first() {
            Some((b'h', [])) => head = Some(read_header(&value)?),
            Some((b'g' | b's' | b'c', [])) => {}
            Some((b'r', _)) => recent.push(read_message(&value)?),
            Some((&letter, key)) => changes.push(read_slot(letter, key, &value).ok_or_else(|| corrupt("member"))?),
            None => return Err(corrupt("field")),
        }
    }
    let window = window.iter().map(|e| read_entry(e)).collect::<Result<Vec<_>, _>>()?;
    recent.sort_unstable_by_key(|message: &Message| message.ordinal);
    let complete = |header: &Header| window.last().map_or(Seq::ZERO, |entry| entry.seq) == header.head;
    let evicted = || Error::Corrupt("a room of which a part is gone: Redis should not evict".to_owned());
    let header = head.filter(complete).ok_or_else(evicted)?;
    Ok(StoredRoom {
        header,
        changes,
        window,
        recent,
        next: Offset::new(next),
    })
}

/// One edge's claim: its time by the clock in decimal, `|`, the count in decimal, `|`, 16 bytes a person.
pub(super) fn claim(claim: &Claim) -> Vec<u8> {
    let mut bytes = format!("{}|{}|", claim.at, claim.count).into_bytes();
    for user in &claim.users {
        bytes.extend_from_slice(user.uuid().as_bytes());
    }
    bytes
}

pub(super) fn read_claim(bytes: &[u8]) -> Result<Claim, Error> {
    let mut parts = bytes.splitn(3, |byte| *byte == b'|');
    let mut part = || parts.next().ok_or_else(|| corrupt("presence claim"));
    let (at, count, users) = (part()?, part()?, part()?);
    let users = users.chunks(16).map(user).collect::<Option<Vec<_>>>();
    Ok(Claim {
        at: number(at).ok_or_else(|| corrupt("presence claim"))?,
        count: number(count).ok_or_else(|| corrupt("presence claim"))?,
        users: users.ok_or_else(|| corrupt("presence claim"))?,
    })
}
