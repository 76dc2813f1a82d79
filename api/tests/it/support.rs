//! What tests over real sockets share: processes of `roomlog`, people, and a WebSocket client that hides nothing.

pub(crate) mod cluster;
pub(crate) mod server;
pub(crate) mod wire;

pub(crate) use server::{Person, Server};
pub(crate) use wire::Wire;

use std::future::Future;
use std::time::{Duration, Instant};

/// When a test gives up on something that should have happened long ago.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Waits until `condition` holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// A new cid.
pub(crate) fn cid() -> String {
    uuid::Uuid::new_v4().to_string()
}
