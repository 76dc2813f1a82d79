//! Live views in Redis. Every write is one script under the partition's watermark, so it counts whole or not at all.
//!
//! Redis should not evict (`maxmemory-policy noeviction`). Where it does, a damaged room is found out when it is next
//! written or read, and the partition is filled anew.

mod config;
mod encoding;
mod keys;
mod scripts;

pub use config::RedisConfig;

use super::presence::{self, Claim};
use super::{Batch, Error, Filling, PresenceClaim, PresenceView, Reader, RoomDelta, Writer};
use crate::domain::{Epoch, Header, Offset, Partition, RoomId, Seq, WINDOW};
use crate::history::StoredRoom;
use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{AsyncCommands, Client, RedisError};
use async_trait::async_trait;
use encoding::Field;
use futures_util::{StreamExt, TryStreamExt, stream};
use keys::Keys;
use scripts::Scripts;
use std::time::Duration;

/// Most fields or entries of one call that puts a room; a larger room comes in parts.
const PART: usize = 2_048;
/// Rooms that a refill has under way at once.
const PUTS_AT_ONCE: usize = 16;
/// Rooms thrown away by one call.
const SWEEP: usize = 256;
/// Presence claims of one pipeline.
const CLAIMS: usize = 256;

/// Live views in Redis. Cheap to share: one multiplexed connection that mends itself.
pub struct RedisLive {
    connection: ConnectionManager,
    keys: Keys,
    epoch: Epoch,
    presence_forget_after_ms: i64,
    presence_ttl_s: u64,
    scripts: Scripts,
}

impl std::fmt::Debug for RedisLive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisLive")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

fn failed(error: RedisError) -> Error {
    let damaged = matches!(
        error.kind(),
        ::redis::ErrorKind::UnexpectedReturnType | ::redis::ErrorKind::Parse
    ) || matches!(error.code(), Some("WRONGTYPE" | "EVICTED"));
    if damaged {
        Error::Corrupt(error.to_string())
    } else {
        Error::Unavailable(error.to_string())
    }
}

impl RedisLive {
    /// Live views of the log `epoch`. Redis need not be there yet: the first call connects.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the URL is none of Redis.
    pub fn new(config: &RedisConfig, epoch: Epoch) -> Result<Self, Error> {
        crate::tls::choose_ring();
        let unusable = |error: RedisError| Error::Corrupt(format!("the address of Redis can't be used: {error}"));
        let client = Client::open(config.url.as_str()).map_err(unusable)?;
        let manager = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_millis(config.connect_timeout_ms)))
            .set_response_timeout(Some(Duration::from_millis(config.response_timeout_ms)))
            // A call fails at once; it is the next call that connects anew.
            .set_number_of_retries(0);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, manager).map_err(unusable)?,
            keys: Keys::new(config.prefix.clone()),
            epoch,
            presence_forget_after_ms: config.presence_forget_after_ms,
            presence_ttl_s: config.presence_ttl_s,
            scripts: Scripts::new(),
        })
    }

    async fn put_room(&self, filling: &Filling, id: RoomId, room: &StoredRoom) -> Result<(), Error> {
        let (partition, at) = (filling.partition, filling.at);
        let fields = encoding::room_fields(room);
        let surplus = room
            .window
            .len()
            .saturating_sub(usize::try_from(WINDOW).unwrap_or(usize::MAX));
        let mut window = &room.window[surplus..];
        let mut parts = fields.chunks(PART).peekable();
        let mut place = "first";
        loop {
            let part = parts.next().unwrap_or_default();
            let (hash, list) = self.keys.room(partition, id);
            let mut call = self.scripts.put.prepare_invoke();
            call.key(self.keys.watermark(partition))
                .key(self.keys.rooms(partition))
                .key(hash)
                .key(list)
                .arg(filling.epoch.to_string())
                .arg(at.get())
                .arg(generation_text(filling.generation))
                .arg(id.to_string())
                .arg(place);
            push_fields(&mut call, part);
            call.arg(window.len());
            for entry in window {
                call.arg(encoding::entry(entry));
            }
            let last = parts.peek().is_none();
            if last {
                call.arg(room.header.head.get())
                    .arg(room.header.messages)
                    .arg(encoding::header(&room.header));
            }
            let answer = call.invoke_async(&mut self.connection.clone()).await.map_err(failed)?;
            judge(partition, at, answer)?;
            if last {
                return Ok(());
            }
            (place, window) = ("more", &[]);
        }
    }
}

impl RedisLive {
    async fn write_claims(&self, claims: &[PresenceClaim]) -> Result<(), Error> {
        let mut connection = self.connection.clone();
        let mut clock = self.scripts.clock.prepare_invoke();
        clock.key(self.keys.presence_clock()).arg(self.presence_forget_after_ms);
        for said in claims {
            clock.arg(said.at.as_millis());
        }
        let times: Vec<i64> = clock.invoke_async(&mut connection).await.map_err(failed)?;
        let mut pipe = ::redis::pipe();
        pipe.load_script(&self.scripts.presence).ignore();
        for (said, at) in claims.iter().zip(times) {
            let kept = Claim {
                at,
                count: said.count,
                users: said.users.clone(),
            };
            let value = match said.count {
                0 => Vec::new(),
                _ => encoding::claim(&kept),
            };
            let mut call = self.scripts.presence.prepare_invoke();
            call.key(self.keys.presence(said.room_id))
                .arg(said.edge.to_string())
                .arg(value)
                .arg(at)
                .arg(self.presence_forget_after_ms)
                .arg(self.presence_ttl_s);
            pipe.invoke_script(&call).ignore();
        }
        pipe.query_async(&mut connection).await.map_err(failed)
    }
}

/// A generation as the scripts know it.
fn generation_text(generation: u64) -> String {
    format!("{generation:016x}")
}

type Answer = (String, Option<u64>);

/// What a script that looks at the watermark said.
fn judge(partition: Partition, expected: Offset, (word, next): Answer) -> Result<(), Error> {
    if word == "ok" {
        return Ok(());
    }
    Err(Error::Watermark {
        partition,
        expected,
        found: next.map(Offset::new),
    })
}

fn push_fields(call: &mut ::redis::ScriptInvocation<'_>, fields: &[Field]) {
    call.arg(fields.len() * 2);
    for (field, value) in fields {
        call.arg(field.as_slice()).arg(value.as_slice());
    }
}

fn push_delta(call: &mut ::redis::ScriptInvocation<'_>, delta: &RoomDelta) {
    let Header { head, messages, .. } = delta.header;
    let first = delta.window.first().map_or(head.next(), |entry| entry.seq);
    let expected = Seq::new(first.get().saturating_sub(1));
    call.arg(delta.room_id.to_string())
        .arg(expected.get())
        .arg(&expected.get().to_be_bytes()[..])
        .arg(head.get())
        .arg(messages)
        .arg(encoding::header(&delta.header));
    let (set, delete) = encoding::delta_fields(delta);
    push_fields(call, &set);
    call.arg(delete.len());
    for field in &delete {
        call.arg(field.as_slice());
    }
    call.arg(delta.window.len());
    for entry in &delta.window {
        call.arg(encoding::entry(entry));
    }
}

#[async_trait]
impl Reader for RedisLive {
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Option<StoredRoom>, Error> {
        let (hash, window) = self.keys.room(partition, room);
        let found: Option<(u64, Vec<Field>, Vec<Vec<u8>>)> = self
            .scripts
            .room
            .key(self.keys.watermark(partition))
            .key(hash)
            .key(window)
            .key(self.keys.rooms(partition))
            .arg(self.epoch.to_string())
            .arg(room.to_string())
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(failed)?;
        found
            .map(|(next, fields, window)| encoding::read_room(next, fields, &window))
            .transpose()
    }

    async fn presence(&self, room: RoomId, users: usize) -> Result<PresenceView, Error> {
        let (claims, now): (Vec<Vec<u8>>, Option<i64>) = ::redis::pipe()
            .hvals(self.keys.presence(room))
            .hget(self.keys.presence_clock(), "now")
            .query_async(&mut self.connection.clone())
            .await
            .map_err(failed)?;
        let claims = claims
            .iter()
            .map(|claim| encoding::read_claim(claim))
            .collect::<Result<Vec<_>, _>>()?;
        let forget_after_ms = self.presence_forget_after_ms;
        Ok(presence::view(
            claims.iter(),
            now.unwrap_or_default(),
            forget_after_ms,
            users,
        ))
    }

    async fn ping(&self) -> Result<(), Error> {
        let pong: String = self.connection.clone().ping().await.map_err(failed)?;
        if pong == "PONG" {
            Ok(())
        } else {
            Err(Error::Unavailable("it answers, but not as Redis does".into()))
        }
    }
}

#[async_trait]
impl Writer for RedisLive {
    async fn watermark(&self, epoch: Epoch, partition: Partition) -> Result<Option<Offset>, Error> {
        let (found, next, filling): (Option<String>, Option<u64>, Option<String>) = self
            .connection
            .clone()
            .hmget(self.keys.watermark(partition), &["e", "n", "f"])
            .await
            .map_err(failed)?;
        let filled = found.is_some_and(|found| found == epoch.to_string()) && filling.is_none();
        Ok(next.filter(|_| filled).map(Offset::new))
    }

    async fn reset(&self, epoch: Epoch, partition: Partition, next: Offset) -> Result<Filling, Error> {
        let filling = Filling {
            epoch,
            partition,
            at: next,
            generation: rand::random(),
        };
        let generation = generation_text(filling.generation);
        let watermark = self.keys.watermark(partition);
        let fields = [
            ("e", epoch.to_string()),
            ("n", next.get().to_string()),
            ("g", generation.clone()),
            ("f", "1".into()),
        ];
        let mut connection = self.connection.clone();
        let () = ::redis::pipe()
            .atomic()
            .del(&watermark)
            .hset_multiple(&watermark, &fields)
            .query_async(&mut connection)
            .await
            .map_err(failed)?;
        loop {
            let swept: i64 = self
                .scripts
                .sweep
                .key(&watermark)
                .key(self.keys.rooms(partition))
                .arg(&generation)
                .arg(SWEEP)
                .arg(self.keys.room_prefix(partition))
                .invoke_async(&mut connection)
                .await
                .map_err(failed)?;
            match swept {
                0 => return Ok(filling),
                1.. => {}
                _ => return Err(filling.over()),
            }
        }
    }

    async fn put_rooms(&self, filling: &Filling, rooms: &[(RoomId, StoredRoom)]) -> Result<(), Error> {
        let puts: Vec<_> = rooms
            .iter()
            .map(|(id, room)| self.put_room(filling, *id, room))
            .collect();
        stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_collect().await
    }

    async fn refilled(&self, filling: &Filling) -> Result<(), Error> {
        let answer = self
            .scripts
            .refilled
            .key(self.keys.watermark(filling.partition))
            .arg(filling.epoch.to_string())
            .arg(filling.at.get())
            .arg(generation_text(filling.generation))
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(failed)?;
        judge(filling.partition, filling.at, answer)
    }

    async fn write(&self, batch: &Batch) -> Result<(), Error> {
        let mut call = self.scripts.write.prepare_invoke();
        call.key(self.keys.watermark(batch.partition))
            .key(self.keys.rooms(batch.partition))
            .arg(batch.epoch.to_string())
            .arg(batch.from.get())
            .arg(batch.to.get());
        for delta in &batch.rooms {
            let (hash, window) = self.keys.room(batch.partition, delta.room_id);
            call.key(hash).key(window);
            push_delta(&mut call, delta);
        }
        let answer = call.invoke_async(&mut self.connection.clone()).await.map_err(failed)?;
        judge(batch.partition, batch.from, answer)
    }

    async fn write_presence(&self, claims: &[PresenceClaim]) -> Result<(), Error> {
        for part in claims.chunks(CLAIMS) {
            self.write_claims(part).await?;
        }
        Ok(())
    }
}
