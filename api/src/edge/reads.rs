//! Read markers: each person's own, monotone, answered at once and appended seldom.
//!
//! What must hold: a marker never goes back; of those moved within the interval, the last is appended. It is soft: one
//! that is lost with its edge is moved again by the next read.

use super::core::Core;
use super::push;
use bytes::Bytes;
use engine::codec::signal::Signal;
use engine::domain::{RoomId, Seq, UserId};
use engine::log::Topic;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often it is looked whether a marker is due.
const TICK: Duration = Duration::from_millis(100);
/// Markers appended at the same time.
const AT_ONCE: usize = 64;

type Key = (RoomId, UserId);

/// The markers known here.
#[derive(Debug)]
pub(super) struct Reads {
    most: usize,
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    markers: FxHashMap<Key, Marker>,
    /// Markers to append, by the time when they may be.
    due: VecDeque<(Instant, Key)>,
}

#[derive(Clone, Copy, Debug)]
struct Marker {
    seq: Seq,
    appended: Seq,
    not_before: Instant,
    is_due: bool,
    /// The session that moved it last.
    session: Uuid,
}

impl Reads {
    pub(super) fn new(most: usize, interval_ms: u64) -> Self {
        Self {
            most,
            interval: Duration::from_millis(interval_ms),
            state: Mutex::default(),
        }
    }

    /// The marker, if it is known here.
    pub(super) fn known(&self, room: RoomId, user: UserId) -> Option<Seq> {
        self.state.lock().markers.get(&(room, user)).map(|marker| marker.seq)
    }

    /// What history says of a marker.
    pub(super) fn learn(&self, room: RoomId, user: UserId, seq: Seq) -> Seq {
        let mut state = self.state.lock();
        let marker = state.marker(self.most, (room, user));
        marker.seq = marker.seq.max(seq);
        marker.appended = marker.appended.max(seq);
        marker.seq
    }

    /// Moves a marker here; answers where it is now, and whether it moved.
    pub(super) fn advance(&self, room: RoomId, user: UserId, seq: Seq, session: Uuid) -> (Seq, bool) {
        let mut state = self.state.lock();
        let key = (room, user);
        let marker = state.marker(self.most, key);
        if seq <= marker.seq {
            return (marker.seq, false);
        }
        marker.seq = seq;
        marker.session = session;
        if !std::mem::replace(&mut marker.is_due, true) {
            let at = marker.not_before.max(Instant::now());
            state.due.push_back((at, key));
        }
        (seq, true)
    }

    /// Another edge's marker, from the log.
    pub(super) fn heard(&self, core: &Core, room: RoomId, user: UserId, seq: Seq) {
        let sessions = core.hub.sessions_of(user);
        let moved = {
            let mut state = self.state.lock();
            let key = (room, user);
            if sessions.is_empty() && !state.markers.contains_key(&key) {
                return;
            }
            let marker = state.marker(self.most, key);
            marker.appended = marker.appended.max(seq);
            let moved = seq > marker.seq;
            marker.seq = marker.seq.max(seq);
            moved
        };
        if moved {
            let frame = push::read(room, seq);
            sessions
                .iter()
                .for_each(|session| session.outbox.ephemeral(frame.clone()));
        }
    }

    /// Markers that may be appended now; all that are to be, when `all` says so.
    fn take_due(&self, all: bool) -> Vec<(Key, Seq, Uuid)> {
        let now = Instant::now();
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let mut due = Vec::new();
        let mut later = VecDeque::new();
        while due.len() < AT_ONCE {
            let Some((at, key)) = state.due.pop_front() else { break };
            if at > now && !all {
                later.push_back((at, key));
                continue;
            }
            if let Some(marker) = state.markers.get_mut(&key) {
                marker.is_due = false;
                marker.not_before = now + self.interval;
                if marker.seq > marker.appended {
                    marker.appended = marker.seq;
                    due.push((key, marker.seq, marker.session));
                }
            }
        }
        later.append(&mut state.due);
        state.due = later;
        due
    }

    /// It could not be appended: once more later.
    fn again(&self, key: Key) {
        let mut state = self.state.lock();
        let Some(marker) = state.markers.get_mut(&key) else {
            return;
        };
        marker.appended = Seq::ZERO;
        let at = marker.not_before;
        if !std::mem::replace(&mut marker.is_due, true) {
            state.due.push_back((at, key));
        }
    }
}

impl State {
    fn marker(&mut self, most: usize, key: Key) -> &mut Marker {
        if self.markers.len() >= most && !self.markers.contains_key(&key) {
            // Whoever is forgotten is asked of history again.
            self.markers.retain(|_, marker| marker.is_due);
        }
        self.markers.entry(key).or_insert_with(|| Marker {
            seq: Seq::ZERO,
            appended: Seq::ZERO,
            not_before: Instant::now(),
            is_due: false,
            session: Uuid::nil(),
        })
    }
}

/// Appends markers when they are due; at the end, all of them.
pub(super) async fn append_due(core: Arc<Core>) {
    while core.pause(TICK).await {
        append(&core, false).await;
    }
    append(&core, true).await;
}

async fn append(core: &Core, all: bool) {
    loop {
        let due = core.reads.take_due(all);
        let count = due.len();
        let appended = due
            .into_iter()
            .map(|(key, seq, session)| append_one(core, key, seq, session));
        let results = futures_util::future::join_all(appended).await;
        if count < AT_ONCE || (all && results.contains(&false)) {
            return;
        }
    }
}

async fn append_one(core: &Core, key: Key, seq: Seq, session_id: Uuid) -> bool {
    let (room_id, user_id) = key;
    let signal = Signal::ReadMarked {
        room_id,
        user_id,
        seq,
        edge_id: core.id,
        session_id,
    };
    let text = Bytes::from(format!("{room_id}:{user_id}"));
    let partition = core.partition_of(room_id);
    let appended = match core.parts.wire.signal(Topic::Reads, partition, text, &signal) {
        Ok(outgoing) => core.parts.log.append(outgoing).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = &appended {
        tracing::debug!(%error, "a read marker was not appended");
        core.reads.again(key);
    }
    appended.is_ok()
}
