//! What is done with the views that a swap kept.

use super::lock::Lock;
use super::{RedisConfig, Shared};
use crate::beside::{Error, Limits};
use crate::domain::Epoch;
use crate::live::redis::failed;
use ::redis::AsyncCommands as _;
use uuid::Uuid;

/// Throws away the views that a swap kept; says whether there were any.
///
/// # Errors
/// [`Error::Busy`] while a rebuild runs.
pub async fn drop_old(config: &RedisConfig, partitions: u16, _limits: &Limits) -> Result<bool, Error> {
    let shared = Shared::new(config, Epoch::new(Uuid::nil()), partitions)?;
    let lock = Lock::take(&shared).await?;
    let dropped = async {
        let Some(name) = shared.note("old").await? else {
            return Ok(false);
        };
        if name != shared.shown().await? {
            shared.forget(&name).await?;
        }
        let () = shared
            .connection
            .clone()
            .hdel(shared.keys.notes(), "old")
            .await
            .map_err(failed)?;
        Ok(true)
    };
    let dropped = dropped.await;
    lock.give_back().await;
    dropped
}

/// Shows the views again that a swap kept, and keeps the others.
///
/// # Errors
/// [`Error::Impossible`] when none are kept, [`Error::Away`] when writers could not be held.
pub async fn swap_back(config: &RedisConfig, partitions: u16, limits: &Limits) -> Result<(), Error> {
    let shared = Shared::new(config, Epoch::new(Uuid::nil()), partitions)?;
    let lock = Lock::take(&shared).await?;
    let swapped = async {
        let Some(kept) = shared.note("old").await? else {
            return Err(Error::Impossible(
                "no live views are kept: none were swapped, or they were thrown away".into(),
            ));
        };
        let shown = shared.shown().await?;
        let stood = shared.hold(lock.token(), &shown, limits.hold_ms).await?;
        if shared.show(lock.token(), (&shown, &kept), &stood).await? {
            return Ok(());
        }
        shared.release(lock.token()).await?;
        Err(Error::Away(
            "writers were not held long enough: nothing was swapped".into(),
        ))
    };
    let swapped = swapped.await;
    lock.give_back().await;
    swapped
}
