//! Live views in Redis. Every write is one script under the partition's watermark, so it counts whole or not at all.
//!
//! Redis should not evict (`maxmemory-policy noeviction`). Where it does, a damaged room is found out when it is next
//! written or read, and the partition is filled anew.

pub mod beside;
mod config;
mod encoding;
mod keys;
mod scripts;
mod views;
mod writer;

pub use config::RedisConfig;

use super::presence;
use super::{Error, PresenceView, Reader};
use crate::domain::{Epoch, Partition, RoomId};
use crate::history::StoredRoom;
use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{AsyncCommands, Client, RedisError};
use async_trait::async_trait;
use encoding::Field;
use keys::Keys;
use scripts::Scripts;
use std::time::Duration;
use views::Views;

/// How often the views that are shown may change while one question is asked.
const LOOKS: usize = 8;

/// Live views in Redis. Cheap to share: one multiplexed connection that mends itself.
pub struct RedisLive {
    connection: ConnectionManager,
    keys: Keys,
    views: Views,
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

fn is(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code)
}

/// Other views are shown than those that were asked.
fn swapped(error: &RedisError) -> bool {
    is(error, "SWAPPED")
}

impl RedisLive {
    /// Live views of the log `epoch`. Redis need not be there yet: the first call connects.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the URL is none of Redis.
    pub fn new(config: &RedisConfig, epoch: Epoch) -> Result<Self, Error> {
        Self::of(config, epoch, Views::shown())
    }

    fn of(config: &RedisConfig, epoch: Epoch, views: Views) -> Result<Self, Error> {
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
            views,
            epoch,
            presence_forget_after_ms: config.presence_forget_after_ms,
            presence_ttl_s: config.presence_ttl_s,
            scripts: Scripts::new(),
        })
    }

    /// Which views are shown of a partition.
    async fn look(&self, partition: Partition) -> Result<String, Error> {
        let pointer = self.keys.pointer(partition);
        let name: Option<String> = self.connection.clone().get(pointer).await.map_err(failed)?;
        let name = name.unwrap_or_default();
        self.views.read_on(partition, name.clone());
        Ok(name)
    }
}

fn unsettled() -> Error {
    Error::Unavailable("other views are shown each time they are asked".into())
}

#[async_trait]
impl Reader for RedisLive {
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Option<StoredRoom>, Error> {
        for _ in 0..LOOKS {
            let place = self.views.reading(&self.keys, partition);
            let (hash, window) = place.room(room);
            let found: Result<Option<(u64, Vec<Field>, Vec<Vec<u8>>)>, RedisError> = self
                .scripts
                .room
                .key(&place.shown)
                .key(place.watermark())
                .key(hash)
                .key(window)
                .key(place.rooms())
                .arg(&place.expected)
                .arg(self.epoch.to_string())
                .arg(room.to_string())
                .invoke_async(&mut self.connection.clone())
                .await;
            match found {
                Err(error) if swapped(&error) => drop(self.look(partition).await?),
                found => {
                    let found = found.map_err(failed)?;
                    return found
                        .map(|(next, fields, window)| encoding::read_room(next, fields, &window))
                        .transpose();
                }
            }
        }
        Err(unsettled())
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
