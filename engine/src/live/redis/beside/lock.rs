//! The lock of rebuilds of live views: a key that lapses, unless its owner says again and again that it lives.

use super::{Shared, WATCH};
use crate::beside::Error;
use crate::live::redis::failed;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// After this the lock of a rebuild that was killed is free.
const LAPSES: Duration = Duration::from_secs(5);
/// How often its owner says that it lives.
const BEAT: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Lock {
    shared: Shared,
    token: String,
    ours: Arc<AtomicBool>,
    over: CancellationToken,
    beating: JoinHandle<()>,
}

/// Asks for it; whoever has it then.
async fn ask(shared: &Shared, token: &str, beat: u64) -> Result<String, Error> {
    let mut call = shared.scripts.lock.prepare_invoke();
    call.key(shared.keys.lock())
        .arg(token)
        .arg(beat)
        .arg(u64::try_from(LAPSES.as_millis()).unwrap_or(u64::MAX));
    Ok(call
        .invoke_async(&mut shared.connection.clone())
        .await
        .map_err(failed)?)
}

impl Lock {
    /// Takes it, at once or when its owner has given no sign of life until it lapsed.
    ///
    /// # Errors
    /// [`Error::Busy`] when its owner lives.
    pub(super) async fn take(shared: &Shared) -> Result<Self, Error> {
        let token = Uuid::new_v4().simple().to_string();
        let mut seen: Option<String> = None;
        let asked = Instant::now();
        loop {
            let owner = ask(shared, &token, 0).await?;
            if owner.starts_with(&token) {
                break;
            }
            // One that says something new lives; a lock that outlasts its time is renewed by somebody.
            let lives = seen.as_ref().is_some_and(|seen| *seen != owner) || asked.elapsed() > LAPSES * 2;
            if lives {
                return Err(Error::Busy(
                    "another rebuild of live views runs on this Redis: wait for its end, or stop it".into(),
                ));
            }
            seen = Some(owner);
            tokio::time::sleep(WATCH).await;
        }
        let (ours, over) = (Arc::new(AtomicBool::new(true)), CancellationToken::new());
        let beating = tokio::spawn(beat(shared.clone(), token.clone(), ours.clone(), over.clone()));
        Ok(Self {
            shared: shared.clone(),
            token,
            ours,
            over,
            beating,
        })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Whether nobody else can have it.
    pub(super) fn is_ours(&self) -> bool {
        self.ours.load(Ordering::Relaxed)
    }

    /// Others may have it.
    pub(super) async fn give_back(self) {
        self.over.cancel();
        // It ends with the token.
        let _ = self.beating.await;
        let mut call = self.shared.scripts.unlock.prepare_invoke();
        call.key(self.shared.keys.lock()).arg(&self.token);
        let given: Result<i64, _> = call.invoke_async(&mut self.shared.connection.clone()).await;
        if let Err(error) = given {
            tracing::debug!(%error, "the lock of rebuilds lapses by itself");
        }
    }
}

/// Says that its owner lives, until it is `over` or the lock is lost.
async fn beat(shared: Shared, token: String, ours: Arc<AtomicBool>, over: CancellationToken) {
    let (mut count, mut heard) = (0, Instant::now());
    while over.run_until_cancelled(tokio::time::sleep(BEAT)).await.is_some() {
        count += 1;
        match ask(&shared, &token, count).await {
            Ok(owner) if owner.starts_with(&token) => heard = Instant::now(),
            Ok(_) => break,
            // Redis is away: it may have lapsed when it is back.
            Err(_) if heard.elapsed() < LAPSES => {}
            Err(_) => break,
        }
    }
    if !over.is_cancelled() {
        ours.store(false, Ordering::Relaxed);
    }
}
