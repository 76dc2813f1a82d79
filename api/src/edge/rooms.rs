//! Opening a room: its state from live views or history, folded on through the log until it joins the tail.
//!
//! What must hold: a room joins under its own lock, with everything that the tail's ring has seen of it folded; what
//! the tail brings after that waits for the lock and is folded there. So nothing is missed, and `next` sees to it that
//! nothing is folded twice.

use super::core::Core;
use super::held::{Held, Open};
use super::hub::Hold;
use super::metrics;
use super::ring::Look;
use crate::error::{Error, Name};
use engine::domain::{Offset, Recent, Room, RoomId};
use engine::history::StoredRoom;
use engine::log::{RangeLimits, Topic};
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;

/// How much is read of the log at once.
const PART: RangeLimits = RangeLimits {
    max_records: 2_000,
    max_bytes: 4 << 20,
};
/// So many records may be folded while the tail waits.
const LAST_FOLD: usize = 64;
/// Live views that are further behind than this are compared with history first.
const STALE: u64 = 10_000;
/// When to come back to an edge that holds as many rooms as it may.
const FULL_RETRY_MS: u64 = 1_000;

/// The room, open. Many may ask at once: it is opened once.
///
/// # Errors
/// `unavailable` when neither store nor log can say how it stands, `overloaded` when too many rooms are held.
pub(super) async fn hold(core: &Arc<Core>, room: RoomId) -> Result<Hold, Error> {
    if let Some(hold) = core.hub.hold(room) {
        hold.opened().await?;
        return Ok(hold);
    }
    if core.hub.len() >= core.config.max_rooms {
        core.release_idle(Duration::ZERO);
        if core.hub.len() >= core.config.max_rooms {
            let error = Error::new(Name::Overloaded, "this edge holds as many rooms as it may");
            return Err(error.retry_after_ms(FULL_RETRY_MS));
        }
    }
    let partition = core.partition_of(room);
    let (hold, is_new) = core.hub.hold_or_insert(room, || Held::new(room, partition));
    if is_new {
        core.tasks.spawn(run(core.clone(), hold.clone()));
    }
    hold.opened().await?;
    Ok(hold)
}

async fn run(core: Arc<Core>, hold: Hold) {
    let opened = tokio::select! {
        opened = open(&core, &hold) => opened,
        () = core.stopping.cancelled() => Err(not_opened("the edge is being stopped")),
    };
    if let Err(error) = opened {
        core.hub.discard(&hold);
        hold.fail(&error);
    }
}

/// The error of a room whose state can't be had.
pub(super) fn not_opened(why: &str) -> Error {
    Error::new(Name::Unavailable, format!("the room can't be opened now: {why}"))
}

async fn open(core: &Core, held: &Held) -> Result<(), Error> {
    let _turn = core
        .opening
        .acquire()
        .await
        .map_err(|_| not_opened("the edge is being stopped"))?;
    let mut open = Box::new(load(core, held).await?);
    let mut budget = core.config.max_fold_on;
    loop {
        match core.ring(held.partition).look(&held.key, open.next) {
            Look::Behind { first } => read_on(core, held, &mut open, first, &mut budget).await?,
            Look::Records { records, next } if records.len() > LAST_FOLD => {
                records
                    .iter()
                    .for_each(|record| open.fold(core, held, record.borrowed(), &Span::none()));
                open.next = next;
            }
            Look::Records { .. } => match held.join_tail(open, |open| catch_tail(core, held, open)) {
                Ok(()) => return Ok(()),
                Err((still_open, ())) => open = still_open,
            },
        }
    }
}

/// The last step, under the room's lock.
fn catch_tail(core: &Core, held: &Held, open: &mut Open) -> Result<(), ()> {
    match core.ring(held.partition).look(&held.key, open.next) {
        Look::Behind { .. } => Err(()),
        Look::Records { records, next } => {
            records
                .iter()
                .for_each(|record| open.fold(core, held, record.borrowed(), &Span::none()));
            open.next = next;
            Ok(())
        }
    }
}

/// Folds a part of the log that the ring does not reach back to.
async fn read_on(core: &Core, held: &Held, open: &mut Open, to: Offset, budget: &mut u64) -> Result<(), Error> {
    let missing = to.get() - open.next.get();
    if missing > *budget {
        return Err(not_opened("the projections are too far behind the log"));
    }
    let log = &core.parts.log;
    let range = log.range(Topic::Events, held.partition, open.next, to, PART).await;
    let range = range.map_err(|error| not_opened(&error.to_string()))?;
    *budget -= (range.next.get().saturating_sub(open.next.get())).min(*budget);
    let ours = range
        .records
        .iter()
        .filter(|record| record.key.as_ref() == Some(&held.key));
    ours.for_each(|record| open.fold(core, held, record.borrowed(), &Span::none()));
    if range.next <= open.next && range.next < to {
        return Err(not_opened("the log gives no more of its records"));
    }
    open.next = range.next;
    Ok(())
}

/// What the stores know of the room: the further of the two where live views are far behind.
async fn load(core: &Core, held: &Held) -> Result<Open, Error> {
    let live = tokio::time::timeout(core.lookup_timeout(), core.parts.live.room(held.id, held.partition)).await;
    let live = match live {
        Ok(Ok(stored)) => stored.and_then(|stored| restore(core, held, stored)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a room is not opened from live views");
            None
        }
        Err(_) => None,
    };
    let tail = core.ring(held.partition).next().get();
    let (fresh, live) = match live {
        Some(open) if tail.saturating_sub(open.next.get()) <= STALE => (Some(open), None),
        other => (None, other),
    };
    if let Some(open) = fresh {
        metrics::opened("live");
        return Ok(open);
    }
    let patience = Duration::from_millis(core.config.command_timeout_ms / 2);
    let history = tokio::time::timeout(patience, core.parts.history.room(held.id, held.partition)).await;
    let history = match history {
        Ok(Ok(Ok(stored))) => restore(core, held, stored).ok_or("history holds a torn room"),
        Ok(Ok(Err(upto))) => Ok(Open::new(Room::new(held.id), Recent::default(), upto, core)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a room is not opened from history");
            Err("neither live views nor history answer")
        }
        Err(_) => Err("neither live views nor history answer in time"),
    };
    match (live, history) {
        (Some(live), Ok(history)) if live.next < history.next => Ok(history),
        (Some(live), _) => Ok(live),
        (None, Ok(history)) => Ok(history),
        (None, Err(why)) => Err(not_opened(why)),
    }
    .inspect(|_| metrics::opened("history"))
}

fn restore(core: &Core, held: &Held, stored: StoredRoom) -> Option<Open> {
    let StoredRoom {
        header,
        changes,
        window,
        recent,
        next,
    } = stored;
    match Room::restore(held.id, header, changes, window) {
        Ok(room) => Some(Open::new(room, Recent::restore(recent), next, core)),
        Err(error) => {
            tracing::warn!(room = %held.id, ?error, "a stored room is torn: it is not used");
            None
        }
    }
}
