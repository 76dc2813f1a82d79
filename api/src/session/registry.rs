//! Every open session of this edge, to end some of them: all when the process is stopped, one login's when it is
//! revoked.

use crate::edge::outbox::{Close, Outbox};
use crate::protocol::close::Code;
use parking_lot::Mutex;
use rand::seq::SliceRandom as _;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The open sessions by their id.
#[derive(Debug, Default)]
pub struct Registry {
    sessions: Mutex<FxHashMap<Uuid, Entry>>,
}

#[derive(Debug)]
struct Entry {
    login: Uuid,
    outbox: Weak<Outbox>,
}

impl From<Code> for Close {
    fn from(code: Code) -> Self {
        Self {
            code: code.code(),
            reason: code.reason().into(),
        }
    }
}

impl Registry {
    pub(super) fn add(&self, session: Uuid, login: Uuid, outbox: &Arc<Outbox>) {
        let outbox = Arc::downgrade(outbox);
        self.sessions.lock().insert(session, Entry { login, outbox });
    }

    pub(super) fn remove(&self, session: Uuid) {
        let mut sessions = self.sessions.lock();
        sessions.remove(&session);
        if sessions.len() < sessions.capacity() / 4 {
            sessions.shrink_to_fit();
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.lock().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the sessions of a login that was signed out or revoked.
    pub fn revoke(&self, login: Uuid) {
        for entry in self.sessions.lock().values().filter(|entry| entry.login == login) {
            entry.close(Code::Unauthenticated);
        }
    }

    /// Tells every session to come back elsewhere, spread over the time, in random order; at once when `hurry` says so.
    pub async fn drain(&self, spread: Duration, hurry: &CancellationToken) {
        let mut entries: Vec<Weak<Outbox>> = self
            .sessions
            .lock()
            .values()
            .map(|entry| entry.outbox.clone())
            .collect();
        entries.shuffle(&mut rand::rng());
        let pause = spread / u32::try_from(entries.len().max(1)).unwrap_or(u32::MAX);
        let begun = tokio::time::Instant::now();
        for (i, outbox) in (0_u32..).zip(entries) {
            if let Some(outbox) = outbox.upgrade() {
                outbox.close(Code::Draining.into());
            }
            if !hurry.is_cancelled() {
                tokio::select! {
                    () = tokio::time::sleep_until(begun + pause * (i + 1)) => {}
                    () = hurry.cancelled() => {}
                }
            }
        }
        // Whoever came in between.
        for entry in self.sessions.lock().values() {
            entry.close(Code::Draining);
        }
    }
}

impl Entry {
    fn close(&self, code: Code) {
        if let Some(outbox) = self.outbox.upgrade() {
            outbox.close(code.into());
        }
    }
}
