//! A second set of live views beside those that are shown: made, filled through the usual adapter, compared, shown.
//!
//! What must hold: a lock that lapses says that nobody else does the same; which set is being made and which was replaced
//! stands in Redis, so it outlives this process. Writers of the shown views are held, for a bounded time and by a key that
//! lapses, while both are looked at for the last time; the swap looks whether they were held all the while.

mod compare;
mod kept;
mod lock;

pub use kept::{drop_old, swap_back};

use super::keys::{Keys, Place};
use super::scripts::BesideScripts;
use super::views::Views;
use super::{RedisConfig, RedisLive, failed};
use crate::beside::{Beside, Difference, Differs, Error, Limits, Old, Stand};
use crate::domain::{Epoch, Offset, Partition, RoomId};
use crate::live;
use crate::log::Topic;
use ::redis::AsyncCommands as _;
use ::redis::aio::ConnectionManager;
use async_trait::async_trait;
use lock::Lock;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Rooms thrown away by one call.
const SWEEP: usize = 256;

/// See the module.
pub struct RedisBeside {
    shared: Shared,
    lock: Lock,
    limits: Limits,
    epoch: Epoch,
    /// The name of the set that is being made.
    next: String,
    new: Arc<RedisLive>,
    /// The name of the set that is shown, and a reader of it.
    shown: String,
    old: RedisLive,
    /// Where the shown views stood when their writers were held.
    stood: Vec<String>,
}

impl std::fmt::Debug for RedisBeside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBeside")
            .field("next", &self.next)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

/// What every part of a rebuild asks with.
#[derive(Clone)]
struct Shared {
    connection: ConnectionManager,
    keys: Keys,
    scripts: Arc<BesideScripts>,
    partitions: u16,
}

impl Shared {
    fn new(config: &RedisConfig, epoch: Epoch, partitions: u16) -> Result<Self, Error> {
        let live = RedisLive::new(config, epoch)?;
        Ok(Self {
            connection: live.connection,
            keys: live.keys,
            scripts: Arc::new(BesideScripts::new()),
            partitions,
        })
    }

    fn partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        (0..self.partitions).map(Partition::new)
    }

    async fn note(&self, name: &str) -> Result<Option<String>, Error> {
        let mut connection = self.connection.clone();
        Ok(connection.hget(self.keys.notes(), name).await.map_err(failed)?)
    }

    /// The name of the views that are shown. All partitions change together.
    async fn shown(&self) -> Result<String, Error> {
        let pointer = self.keys.pointer(Partition::new(0));
        let name: Option<String> = self.connection.clone().get(pointer).await.map_err(failed)?;
        Ok(name.unwrap_or_default())
    }

    fn held(&self) -> Vec<String> {
        self.partitions().map(|partition| self.keys.held(partition)).collect()
    }

    /// Holds writers; where the views stand that they wrote to.
    async fn hold(&self, token: &str, shown: &str, ms: u64) -> Result<Vec<String>, Error> {
        let mut call = self.scripts.hold.prepare_invoke();
        for partition in self.partitions() {
            let place = self.keys.shown(partition, shown.to_owned());
            call.key(place.held.as_str()).key(place.watermark());
        }
        call.arg(token).arg(ms);
        Ok(call.invoke_async(&mut self.connection.clone()).await.map_err(failed)?)
    }

    async fn release(&self, token: &str) -> Result<(), Error> {
        let mut call = self.scripts.release.prepare_invoke();
        for key in self.held() {
            call.key(key);
        }
        let released: i64 = call
            .arg(token)
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(failed)?;
        debug_assert_eq!(released, 1, "release.lua answers so");
        Ok(())
    }

    /// Shows other views; says whether writers were held until then.
    async fn show(&self, token: &str, (from, to): (&str, &str), stood: &[String]) -> Result<bool, Error> {
        let mut call = self.scripts.swap.prepare_invoke();
        call.key(self.keys.notes());
        for partition in self.partitions() {
            let place = self.keys.shown(partition, from.to_owned());
            call.key(place.shown.as_str())
                .key(place.held.as_str())
                .key(place.watermark());
        }
        call.arg(token).arg(from).arg(to);
        for stand in stood {
            call.arg(stand);
        }
        let shown: i64 = call.invoke_async(&mut self.connection.clone()).await.map_err(failed)?;
        Ok(shown == 1)
    }

    /// Throws a set of views away.
    async fn forget(&self, name: &str) -> Result<(), Error> {
        let mut connection = self.connection.clone();
        for partition in self.partitions() {
            let place = self.keys.beside(partition, name.to_owned());
            let () = connection.del(place.watermark()).await.map_err(failed)?;
            self.sweep(&place).await?;
        }
        Ok(())
    }

    async fn sweep(&self, place: &Place) -> Result<(), Error> {
        let mut connection = self.connection.clone();
        loop {
            let ids: Vec<String> = ::redis::cmd("SPOP")
                .arg(place.rooms())
                .arg(SWEEP)
                .query_async(&mut connection)
                .await
                .map_err(failed)?;
            if ids.is_empty() {
                return Ok(());
            }
            let keys = ids.iter().flat_map(|id| {
                let hash = format!("{}{id}", place.room_prefix());
                [format!("{hash}:window"), hash]
            });
            let keys: Vec<String> = keys.collect();
            let () = connection.unlink(keys).await.map_err(failed)?;
        }
    }
}

impl From<live::Error> for Error {
    fn from(error: live::Error) -> Self {
        if error.retryable() {
            Self::Away(error.to_string())
        } else {
            Self::Impossible(error.to_string())
        }
    }
}

/// What a rebuild that goes on must have in common with the one that began.
fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

impl RedisBeside {
    /// Begins a second set of views, or goes on with one that was begun. `anew` throws away what was begun.
    ///
    /// # Errors
    /// [`Error::Busy`] when another rebuild runs, [`Error::Impossible`] when something stands in the way.
    pub async fn open(
        config: &RedisConfig,
        epoch: Epoch,
        partitions: u16,
        limits: Limits,
        anew: bool,
    ) -> Result<Self, Error> {
        let shared = Shared::new(config, epoch, partitions)?;
        let lock = Lock::take(&shared).await?;
        let next = match begin(&shared, epoch, anew).await {
            Ok(next) => next,
            Err(error) => {
                lock.give_back().await;
                return Err(error);
            }
        };
        let shown = shared.shown().await?;
        Ok(Self {
            new: Arc::new(RedisLive::of(config, epoch, Views::Beside(next.clone()))?),
            old: RedisLive::of(config, epoch, Views::Beside(shown.clone()))?,
            shared,
            lock,
            limits,
            epoch,
            next,
            shown,
            stood: Vec::new(),
        })
    }

    /// The new views, to be read and written.
    #[must_use]
    pub fn store(&self) -> Arc<RedisLive> {
        self.new.clone()
    }
}

/// The name of the set to go on with.
async fn begin(shared: &Shared, epoch: Epoch, anew: bool) -> Result<String, Error> {
    let mut connection = shared.connection.clone();
    let begun = shared.note("next").await?;
    if let Some(name) = begun {
        if anew {
            shared.forget(&name).await?;
        } else {
            for (what, mine) in [("epoch", epoch.to_string()), ("version", version())] {
                let of = shared.note(what).await?.unwrap_or_else(|| "unknown".to_owned());
                if of != mine {
                    return Err(Error::Impossible(format!(
                        "a rebuild of live views was begun from another {what} ({of}, this one is {mine}): --anew throws \
                         it away"
                    )));
                }
            }
            return Ok(name);
        }
    }
    let name = Uuid::now_v7().simple().to_string();
    let notes = [
        ("next", name.clone()),
        ("epoch", epoch.to_string()),
        ("version", version()),
    ];
    let () = connection
        .hset_multiple(shared.keys.notes(), &notes)
        .await
        .map_err(failed)?;
    Ok(name)
}

#[async_trait]
impl Beside for RedisBeside {
    async fn keeps_old(&mut self) -> Result<bool, Error> {
        Ok(self.shared.note("old").await?.is_some())
    }

    async fn old(&mut self) -> Result<Old, Error> {
        let mut stands = Vec::new();
        for partition in self.shared.partitions() {
            let place = self.shared.keys.beside(partition, self.shown.clone());
            let (of, next, filling): (Option<String>, Option<u64>, Option<String>) = self
                .shared
                .connection
                .clone()
                .hmget(place.watermark(), &["e", "n", "f"])
                .await
                .map_err(failed)?;
            let (Some(of), Some(next)) = (of, next) else { continue };
            if of != self.epoch.to_string() {
                return Ok(match Uuid::parse_str(&of) {
                    Ok(of) => Old::OtherEpoch(Epoch::new(of)),
                    Err(_) => Old::Unreadable(format!("its epoch is {of:?}")),
                });
            }
            if filling.is_none() {
                stands.push(Stand {
                    topic: Topic::Events,
                    partition,
                    next: Offset::new(next),
                });
            }
        }
        Ok(Old::Stands(stands))
    }

    async fn complete(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn compare(&mut self, rooms: Option<&BTreeSet<RoomId>>) -> Result<Vec<Differs>, Error> {
        let rooms = match rooms {
            Some(rooms) => rooms.clone(),
            None => compare::rooms(&self.shared, [&self.shown, &self.next]).await?,
        };
        compare::compare(&self.shared, (&self.old, &self.new), &rooms).await
    }

    async fn explain(&mut self, at: &Differs, rows: usize) -> Result<Difference, Error> {
        compare::explain(&self.shared, (&self.old, &self.new), at, rows).await
    }

    async fn hold(&mut self) -> Result<(), Error> {
        let shown = self.shared.shown().await?;
        if shown != self.shown {
            return Err(Error::Impossible(
                "other live views are shown than when this began: run it again".into(),
            ));
        }
        let ms = self.limits.hold_ms;
        self.stood = self.shared.hold(self.lock.token(), &self.shown, ms).await?;
        Ok(())
    }

    async fn release(&mut self) -> Result<(), Error> {
        self.shared.release(self.lock.token()).await
    }

    async fn swap(&mut self) -> Result<(), Error> {
        if !self.lock.is_ours() {
            return Err(Error::Busy("the lock of rebuilds was lost: run it again".into()));
        }
        let names = (self.shown.as_str(), self.next.as_str());
        if self.shared.show(self.lock.token(), names, &self.stood).await? {
            return Ok(());
        }
        self.release().await?;
        Err(Error::Away(format!(
            "writers were not held for as long as it took ({} ms)",
            self.limits.hold_ms
        )))
    }

    async fn discard(&mut self) -> Result<(), Error> {
        self.shared.forget(&self.next).await?;
        let notes = ["next", "epoch", "version"];
        let mut connection = self.shared.connection.clone();
        Ok(connection
            .hdel(self.shared.keys.notes(), &notes)
            .await
            .map_err(failed)?)
    }

    async fn close(self: Box<Self>) {
        self.lock.give_back().await;
    }
}

/// How long somebody else's lock is watched before it is said to be in use.
const WATCH: Duration = Duration::from_millis(200);
