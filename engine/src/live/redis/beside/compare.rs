//! What differs between two sets of live views, room by room: the header, each list of people, the window, recent.

use super::Shared;
use crate::beside::{Difference, Differs, Error, How, Row};
use crate::domain::{Partition, RoomId};
use crate::history::StoredRoom;
use crate::live::redis::{RedisLive, failed};
use crate::live::slot::{self, List};
use crate::live::{self, Reader as _};
use crate::log::partition_of;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rooms looked at together.
const AT_ONCE: usize = 32;
/// Members of a set that one call of SSCAN brings, about.
const SCAN: usize = 1_000;

/// The rooms that either of two sets of views says it has.
pub(super) async fn rooms(shared: &Shared, names: [&String; 2]) -> Result<BTreeSet<RoomId>, Error> {
    let mut rooms = BTreeSet::new();
    for name in names {
        for partition in shared.partitions() {
            let key = shared.keys.beside(partition, name.clone()).rooms();
            let mut cursor = 0_u64;
            loop {
                let (next, ids): (u64, Vec<String>) = ::redis::cmd("SSCAN")
                    .arg(&key)
                    .arg(cursor)
                    .arg("COUNT")
                    .arg(SCAN)
                    .query_async(&mut shared.connection.clone())
                    .await
                    .map_err(failed)?;
                rooms.extend(ids.iter().filter_map(|id| id.parse::<RoomId>().ok()));
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
    }
    Ok(rooms)
}

fn place_of(shared: &Shared, room: RoomId) -> Partition {
    partition_of(room.to_string().as_bytes(), shared.partitions)
}

pub(super) async fn compare(
    shared: &Shared,
    (old, new): (&RedisLive, &RedisLive),
    rooms: &BTreeSet<RoomId>,
) -> Result<Vec<Differs>, Error> {
    // All of them owned: what is under way together borrows nothing of the other.
    let looks: Vec<_> = rooms
        .iter()
        .map(|room| look((old, new), *room, place_of(shared, *room)))
        .collect();
    let mut looking = stream::iter(looks).buffer_unordered(AT_ONCE);
    let mut found = Vec::new();
    while let Some(looked) = looking.next().await {
        let (room, parts) = looked?;
        found.extend(parts.into_iter().map(|part| Differs {
            room: Some(room),
            part: part.to_owned(),
        }));
    }
    Ok(found)
}

/// Which parts of a room differ.
async fn look(
    (old, new): (&RedisLive, &RedisLive),
    room: RoomId,
    partition: Partition,
) -> Result<(RoomId, Vec<&'static str>), Error> {
    let (old, new) = (parts(old, room, partition).await?, parts(new, room, partition).await?);
    let names: BTreeSet<&'static str> = old.keys().chain(new.keys()).copied().collect();
    let differing = names.into_iter().filter(|name| old.get(name) != new.get(name));
    Ok((room, differing.collect()))
}

/// The entries of one part, by what they are found by.
type Entries = BTreeMap<String, Value>;

/// A room that can't be read is one part, which is the same as no readable room's.
const UNREADABLE: &str = "room";

async fn parts(live: &RedisLive, room: RoomId, partition: Partition) -> Result<BTreeMap<&'static str, Entries>, Error> {
    match live.room(room, partition).await {
        Ok(None) => Ok(BTreeMap::new()),
        Ok(Some(stored)) => Ok(entries(&stored)),
        Err(live::Error::Corrupt(why)) => {
            let unreadable = Entries::from([("it can't be read".to_owned(), Value::String(why))]);
            Ok(BTreeMap::from([(UNREADABLE, unreadable)]))
        }
        Err(error) => Err(error.into()),
    }
}

fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn entries(room: &StoredRoom) -> BTreeMap<&'static str, Entries> {
    let mut parts: BTreeMap<&'static str, Entries> = BTreeMap::new();
    let header = Entries::from([("the row".to_owned(), json(&room.header))]);
    parts.insert("header", header);
    for change in &room.changes {
        let (list, user, _) = slot::of(change);
        let name = match list {
            List::Members => "members",
            List::Invitations => "invitations",
            List::Bans => "bans",
            List::Mutes => "mutes",
        };
        let entries = parts.entry(name).or_default();
        entries.insert(format!("user_id={user}"), Value::String(format!("{change:?}")));
    }
    let window = room.window.iter().map(|entry| {
        let fields = serde_json::json!({ "author_id": entry.author_id, "cid": entry.cid, "offset": entry.offset });
        (format!("seq={}", entry.seq), fields)
    });
    parts.insert("window", window.collect());
    let recent = room.recent.iter().map(|message| {
        let reactions: Vec<_> = message.reactions.iter().map(|one| (&one.emoji, &one.users)).collect();
        let fields = serde_json::json!({
            "ordinal": message.ordinal, "id": message.id, "author_id": message.from.id, "author_name": message.from.name,
            "at": message.at, "text": message.text, "edited_at": message.edited_at, "deleted": message.deleted,
            "reply_to": message.reply_to, "mentions": message.mentions, "reactions": reactions,
        });
        (format!("seq={}", message.seq), fields)
    });
    parts.insert("recent", recent.collect());
    parts
}

/// Puts the entries of one room's part side by side.
pub(super) async fn explain(
    shared: &Shared,
    (old, new): (&RedisLive, &RedisLive),
    at: &Differs,
    most: usize,
) -> Result<Difference, Error> {
    let mut difference = Difference {
        at: at.clone(),
        note: None,
        differing: 0,
        rows: Vec::new(),
    };
    let Some(room) = at.room else { return Ok(difference) };
    let partition = place_of(shared, room);
    let part = at.part.as_str();
    let (mut old, mut new) = (parts(old, room, partition).await?, parts(new, room, partition).await?);
    let (old, new) = (
        old.remove(part).unwrap_or_default(),
        new.remove(part).unwrap_or_default(),
    );
    let mut keys: Vec<&String> = old
        .keys()
        .chain(new.keys().filter(|key| !old.contains_key(*key)))
        .collect();
    keys.sort_by_key(|key| (key.len(), *key));
    for key in keys {
        let how = match (old.get(key), new.get(key)) {
            (Some(_), None) => How::OldAlone,
            (None, _) => How::NewAlone,
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => How::Fields(fields(old, new)),
        };
        difference.differing += 1;
        if difference.rows.len() < most {
            difference.rows.push(Row { key: key.clone(), how });
        }
    }
    Ok(difference)
}

/// The names of those that are not the same.
fn fields(old: &Value, new: &Value) -> Vec<String> {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return vec!["it".to_owned()];
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    differing.cloned().collect()
}
