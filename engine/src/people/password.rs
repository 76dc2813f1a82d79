//! Passwords: argon2id, on threads of its own, a bounded number at once, behind all other work.
//!
//! What must hold: an answer takes as long for somebody who does not exist as for somebody who does, and a storm of
//! sign-ins costs a bounded share of memory and processors: past the bound, people are told to come back.

use crate::workers::Workers;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};

/// How passwords are hashed. The defaults are OWASP's least for argon2id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Hashes computed at once, each on a thread of its own.
    pub at_once: usize,
    /// Hashes that may wait for their turn; past that, [`Error::Busy`].
    pub waiting: usize,
    /// How far the threads that hash stand behind all others when there is not enough processor time: 0 to 19.
    pub niceness: i32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            at_once: 2,
            waiting: 256,
            niceness: 10,
        }
    }
}

/// What can go wrong with a password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Too many wait already.
    #[error("too many people are signing in")]
    Busy,
    /// The configuration is out of argon2's range, or a stored hash is none.
    #[error("passwords can't be hashed: {0}")]
    Broken(String),
}

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Hasher {
    argon2: Argon2<'static>,
    workers: Workers,
    queue: Arc<Semaphore>,
    /// A hash of nothing that anybody knows, to spend the same time on people who do not exist.
    nobody: String,
}

impl Hasher {
    /// A hasher; computes one hash to begin with, so call it at start.
    ///
    /// # Errors
    /// [`Error::Broken`] when the configuration is out of argon2's range.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let params = Params::new(config.memory_kib, config.passes, 1, None).map_err(broken)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, &rand::random::<[u8; 32]>())?;
        let at_once = config.at_once.max(1);
        let places = at_once + config.waiting;
        let workers = Workers::start("password", at_once, places, config.niceness).map_err(broken)?;
        Ok(Self {
            argon2,
            workers,
            queue: Arc::new(Semaphore::new(places)),
            nobody,
        })
    }

    /// The hash of a password, in PHC form, with a salt of its own.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        self.in_turn(move || hash(&argon2, password.as_bytes())).await
    }

    /// Whether `password` is the one that `stored` was made from; without `stored` it is not, after the same time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let argon2 = self.argon2.clone();
        let matches = self
            .in_turn(move || {
                let parsed = PasswordHash::new(&stored).map_err(broken)?;
                Ok(argon2.verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(matches && known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = self.queue.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        let (tell, told) = oneshot::channel();
        // The place goes with the work: who stops waiting for the answer does not free a thread that is still busy.
        let job = Box::new(move || {
            // Who waits no more gets no hash.
            let answer = (!tell.is_closed()).then(work);
            drop(place);
            if let Some(answer) = answer {
                // Nobody may be waiting any more by now.
                let _ = tell.send(answer);
            }
        });
        if !self.workers.give(job) {
            return Err(Error::Busy);
        }
        told.await.map_err(broken)?
    }

    /// Keeps every thread that hashes from hashing, until what is answered is dropped.
    #[cfg(test)]
    pub(super) fn hold(&self, threads: usize) -> std::sync::mpsc::Sender<()> {
        let (free, freed) = std::sync::mpsc::channel();
        let freed = Arc::new(std::sync::Mutex::new(freed));
        let (tell, told) = std::sync::mpsc::channel();
        for _ in 0..threads {
            let (freed, tell) = (freed.clone(), tell.clone());
            let held = self.workers.give(Box::new(move || {
                tell.send(()).expect("heard");
                // It ends with an error when the other half is dropped.
                let _ = freed.lock().map(|freed| freed.recv());
            }));
            assert!(held, "there is a place for it");
            told.recv().expect("it holds a thread");
        }
        free
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, Error> {
    Ok(argon2.hash_password(password).map_err(broken)?.to_string())
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Broken(error.to_string())
}
