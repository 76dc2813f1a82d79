//! Every open session of this edge, to end some of them: all when the process is stopped, those of a login when it is
//! revoked, those of a person when they are disabled or deleted.

use crate::edge::outbox::{Close, Outbox};
use crate::protocol::close::Code;
use engine::domain::UserId;
use parking_lot::Mutex;
use rand::seq::SliceRandom as _;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The open sessions, by whose they are.
#[derive(Debug, Default)]
pub struct Registry {
    people: Mutex<FxHashMap<UserId, Vec<Entry>>>,
    count: AtomicUsize,
}

#[derive(Debug)]
struct Entry {
    session: Uuid,
    /// Nobody's here when the token is an outside issuer's.
    login: Option<Uuid>,
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
    pub(super) fn add(&self, user: UserId, session: Uuid, login: Option<Uuid>, outbox: &Arc<Outbox>) {
        let entry = Entry {
            session,
            login,
            outbox: Arc::downgrade(outbox),
        };
        self.people.lock().entry(user).or_default().push(entry);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// A session goes on by a token of another login of the same person.
    pub(super) fn replace_login(&self, user: UserId, session: Uuid, login: Option<Uuid>) {
        if let Some(entries) = self.people.lock().get_mut(&user) {
            for entry in entries.iter_mut().filter(|entry| entry.session == session) {
                entry.login = login;
            }
        }
    }

    pub(super) fn remove(&self, user: UserId, session: Uuid) {
        let mut people = self.people.lock();
        let Some(entries) = people.get_mut(&user) else { return };
        let before = entries.len();
        entries.retain(|entry| entry.session != session);
        self.count.fetch_sub(before - entries.len(), Ordering::Relaxed);
        if entries.is_empty() {
            people.remove(&user);
        }
        if people.len() < people.capacity() / 4 {
            people.shrink_to_fit();
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the sessions of a person's logins that were signed out or revoked.
    pub fn revoke(&self, user: UserId, logins: &[Uuid]) {
        for entry in self.people.lock().get(&user).into_iter().flatten() {
            if entry.login.is_some_and(|login| logins.contains(&login)) {
                entry.close(Code::Unauthenticated);
            }
        }
    }

    /// Ends every session of a person who was disabled or deleted.
    pub fn shut_out(&self, user: UserId) {
        for entry in self.people.lock().get(&user).into_iter().flatten() {
            entry.close(Code::Disabled);
        }
    }

    /// Tells every session to come back elsewhere, spread over the time, in random order; at once when `hurry` says so.
    pub async fn drain(&self, spread: Duration, hurry: &CancellationToken) {
        let mut entries: Vec<Weak<Outbox>> = self
            .people
            .lock()
            .values()
            .flatten()
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
        for entry in self.people.lock().values().flatten() {
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
