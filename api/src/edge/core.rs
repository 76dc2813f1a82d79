//! What everything of one edge shares.

use super::catch_up::Ends;
use super::closed::{self, Closed};
use super::config::Config;
use super::delivery::Deliveries;
use super::erasure::{Erasures, List};
use super::hub::Hub;
use super::journal::Chunks;
use super::mentions::Names;
use super::presence::Board;
use super::pushes::{Budget, Share};
use super::queries::Typists;
use super::reads::Reads;
use super::replay::Replays;
use super::ring::Ring;
use super::{Parts, metrics};
use crate::error::{Error, Name};
use engine::domain::{Epoch, Offset, Partition, RoomId};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// A room's share of encoded events is never less than this.
const LEAST_SHARE: usize = 16 << 10;
/// People chat while one event comes so soon after another.
const LIVELY: Duration = Duration::from_secs(1);
/// How often what has become idle is given back.
const SWEEP: Duration = Duration::from_secs(10);
/// A room that does not exist is let go after this.
const UNBORN: Duration = Duration::from_secs(10);

/// One edge's own.
pub(super) struct Core {
    pub(super) config: Config,
    pub(super) parts: Parts,
    /// As its signals name it.
    pub(super) id: Uuid,
    pub(super) hub: Hub,
    /// By partition.
    pub(super) rings: Box<[Ring]>,
    pub(super) ends: Ends,
    pub(super) budget: Arc<Budget>,
    pub(super) erasures: Erasures,
    pub(super) erased: Notify,
    pub(super) closed: Closed,
    pub(super) chunks: Chunks,
    pub(super) deliveries: Deliveries,
    pub(super) presence: Board,
    pub(super) reads: Reads,
    pub(super) typists: Typists,
    pub(super) names: Names,
    pub(super) searches: Semaphore,
    pub(super) replays: Replays,
    pub(super) travels: Semaphore,
    pub(super) opening: Semaphore,
    pub(super) commands: Semaphore,
    pub(super) lost: AtomicBool,
    begun: Instant,
    /// When an event was folded here last, in milliseconds since it begun.
    lively_ms: AtomicU64,
    pub(super) tasks: TaskTracker,
    /// New commands are refused.
    pub(super) draining: CancellationToken,
    /// Background tasks end.
    pub(super) stopping: CancellationToken,
}

impl Core {
    pub(super) fn new(
        config: Config,
        parts: Parts,
        replays: Replays,
        starts: &[Offset],
        draining: CancellationToken,
    ) -> Self {
        let ring = |next: &Offset| Ring::new(*next, config.ring_records, config.ring_bytes);
        let id = Uuid::new_v4();
        Self {
            id,
            hub: Hub::new(),
            rings: starts.iter().map(ring).collect(),
            ends: Ends::default(),
            budget: Arc::default(),
            erasures: Erasures::default(),
            erased: Notify::new(),
            closed: Closed::default(),
            chunks: Chunks::new(config.journal_cache_bytes),
            deliveries: Deliveries::new(config.delivery_tasks),
            presence: Board::new(parts.log.partitions(), config.presence_expiry_ms),
            reads: Reads::new(config.max_read_markers, config.read_interval_ms),
            typists: Typists::default(),
            names: Names::new(config.mention_names, config.mention_names_ms),
            searches: Semaphore::new(config.max_searches),
            replays,
            travels: Semaphore::new(config.max_travels),
            opening: Semaphore::new(config.max_opening),
            commands: Semaphore::new(config.max_pending),
            lost: AtomicBool::new(false),
            begun: Instant::now(),
            lively_ms: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            draining,
            stopping: CancellationToken::new(),
            config,
            parts,
        }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.parts.log.epoch()
    }

    pub(super) fn partition_of(&self, room: RoomId) -> Partition {
        let mut text = uuid::Uuid::encode_buffer();
        let key = room.uuid().as_hyphenated().encode_lower(&mut text);
        self.parts.log.partition_of(key.as_bytes())
    }

    pub(super) fn ring(&self, partition: Partition) -> &Ring {
        &self.rings[usize::from(partition.get())]
    }

    /// A room's share of what all may keep for resumes.
    pub(super) fn share(&self) -> Share {
        let rooms = self.hub.len().max(1);
        Share {
            events: self.config.room_events,
            bytes: (self.config.room_events_bytes / rooms).max(LEAST_SHARE),
        }
    }

    /// An event of a held room was folded.
    pub(super) fn stir(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.lively_ms.store(now, Ordering::Relaxed);
    }

    /// Whether people chat here: the last event is not long ago.
    pub(super) fn is_lively(&self) -> bool {
        let last = Duration::from_millis(self.lively_ms.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(last) < LIVELY
    }

    /// How long a look-up in a store may take.
    pub(super) const fn lookup_timeout(&self) -> Duration {
        Duration::from_millis(self.config.lookup_timeout_ms)
    }

    /// Lets rooms go that nobody has needed for so long.
    pub(super) fn release_idle(&self, after: Duration) {
        for held in self.hub.rooms() {
            if held.pinned() {
                continue;
            }
            let exists = held.try_open().is_none_or(|open| open.room.exists());
            let after = if exists { after } else { after.min(UNBORN) };
            if held.idle_for() >= after {
                self.hub.release(held.id, |held| held.idle_for() >= after);
            }
        }
    }

    /// Gives back what is idle, for as long as the edge lives.
    pub(super) async fn sweep(self: Arc<Self>) {
        let after = Duration::from_millis(self.config.idle_release_ms);
        let every = SWEEP.min(after.max(Duration::from_millis(10)));
        while self.pause(every).await {
            self.release_idle(after);
            if self.budget.used() > self.config.room_events_bytes {
                let share = self.share();
                for held in self.hub.rooms() {
                    if let Some(mut open) = held.try_open() {
                        open.trim(share);
                    }
                }
            }
        }
    }

    /// Shows what is held, and what waits, now.
    pub(super) fn show(&self) {
        metrics::held(self.hub.len(), self.budget.used());
        let (all, most) = self.hub.waiting();
        metrics::waiting(all, most);
        let free = self.commands.available_permits();
        metrics::writes_in_flight(self.config.max_pending.saturating_sub(free));
    }

    /// Sleeps; false when the edge is being stopped.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.stopping.cancelled() => false,
        }
    }

    /// Reads the lists of erased people and of closed rooms again, whenever told to and now and then.
    pub(super) async fn watch_erasures(self: Arc<Self>) {
        loop {
            self.read_erasures().await;
            closed::read(&self).await;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(self.config.erasure_refresh_ms)) => {}
                () = self.erased.notified() => {}
                () = self.stopping.cancelled() => return,
            }
        }
    }

    /// Reads the list of erased people; if it can't be read, the last one stays in force.
    pub(super) async fn read_erasures(&self) {
        match self.parts.people.erased().await {
            Ok(list) => self.put_erasures(list.into_iter().collect()),
            Err(error) => {
                tracing::warn!(%error, "the list of erased people can't be read: the last one stays in force")
            }
        }
    }

    /// Puts a list in force and drops what was encoded under another.
    pub(super) fn put_erasures(&self, list: List) {
        if !self.erasures.replace(list) {
            return;
        }
        self.chunks.clear();
        for held in self.hub.rooms() {
            if let Some(mut open) = held.try_open() {
                open.pushes.clear();
            }
        }
    }

    /// Refuses while the edge is being drained.
    pub(super) fn admit(&self) -> Result<(), Error> {
        if self.draining.is_cancelled() {
            return Err(Error::new(Name::Unavailable, "this edge is being stopped").retry_after_ms(0));
        }
        Ok(())
    }
}
