//! Filling a partition of live views anew.
//!
//! What must hold: every room is put as it stood at the one offset that becomes the watermark; so all of them come from
//! one snapshot of history. Until the end the partition counts as not filled, and whoever finds it so begins again.

use super::events::Events;
use crate::feed::Feed;
use crate::halt::Halt;
use crate::history::torn_room;
use crate::{Error, metrics};
use engine::domain::{Offset, Room};
use engine::history;
use std::sync::atomic::{AtomicUsize, Ordering};

impl Events {
    /// Fills the partition anew; answers its watermark.
    pub(super) async fn refill(&self, feed: &Feed, why: &str) -> Result<Offset, Halt> {
        let _under_way = self.under_way(why);
        let _turn = tokio::select! {
            () = feed.over.cancelled() => return Err(Halt::Over),
            turn = self.refills.acquire() => turn.expect("it is never closed"),
        };
        tracing::debug!(partition = %feed.partition, why, "a partition of live views is filled anew");
        match self.refill_from_history(feed).await {
            Err(Refused::History(away)) => self.refill_from_log(feed, away).await,
            Err(Refused::Halt(halt)) => Err(halt),
            Ok(next) => Ok(next),
        }
    }

    async fn refill_from_history(&self, feed: &Feed) -> Result<Offset, Refused> {
        let (epoch, partition) = (feed.common.log.epoch(), feed.partition);
        let checkpoints = self.history.checkpoints().await?;
        if let Some(other) = checkpoints.iter().find(|checkpoint| checkpoint.epoch != epoch) {
            return Err(Halt::Fatal(Error::OtherEpoch {
                projection: "history",
                stored: other.epoch,
                found: epoch,
            })
            .into());
        }
        let mut snapshot = self.history.snapshot(partition).await?;
        let at = snapshot.next();
        feed.check(at).await?;
        let filling = self
            .store
            .writer
            .reset(epoch, partition, at)
            .await
            .map_err(Halt::from)?;
        let mut count = 0;
        loop {
            if feed.over() {
                return Err(Halt::Over.into());
            }
            let rooms = snapshot.rooms(feed.common.config.refill_rooms.max(1)).await?;
            if rooms.is_empty() {
                break;
            }
            for (id, stored) in &rooms {
                let room = Room::restore(*id, stored.header.clone(), [], stored.window.iter().copied());
                room.map_err(|torn| torn_room(*id, &torn))?;
            }
            let put = self.store.writer.put_rooms(&filling, &rooms).await;
            put.map_err(Halt::from)?;
            count += rooms.len();
            metrics::refilled_rooms(rooms.len());
        }
        drop(snapshot);
        self.store.writer.refilled(&filling).await.map_err(Halt::from)?;
        metrics::refilled("history");
        tracing::debug!(%partition, rooms = count, %at, "a partition of live views is filled from history");
        Ok(at)
    }

    /// History is away: a log that is short enough makes all of it again.
    async fn refill_from_log(&self, feed: &Feed, away: history::Error) -> Result<Offset, Halt> {
        let (epoch, partition) = (feed.common.log.epoch(), feed.partition);
        let extent = feed.extent().await?;
        let most = feed.common.config.refill_from_log_records;
        if extent.low > Offset::ZERO || extent.high.get() > most {
            return Err(away.into());
        }
        let filling = self.store.writer.reset(epoch, partition, Offset::ZERO).await?;
        self.store.writer.refilled(&filling).await?;
        metrics::refilled("log");
        tracing::debug!(%partition, "history is away: a partition of live views is filled from the log alone");
        Ok(Offset::ZERO)
    }
}

/// A refill that waits or is under way; one line in the log tells of all that are so together.
pub(super) struct UnderWay<'a>(&'a AtomicUsize);

impl Events {
    fn under_way(&self, why: &str) -> UnderWay<'_> {
        if self.filling.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::info!(why, "live views are filled anew");
        }
        UnderWay(&self.filling)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a refill from history came to nothing.
enum Refused {
    /// History is away.
    History(history::Error),
    Halt(Halt),
}

impl From<Halt> for Refused {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<history::Error> for Refused {
    fn from(error: history::Error) -> Self {
        if error.retryable() {
            Self::History(error)
        } else {
            Self::Halt(error.into())
        }
    }
}
