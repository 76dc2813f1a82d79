//! What tests over real sockets share: processes of `roomlog`, people, and a WebSocket client that hides nothing.

pub(crate) mod both;
pub(crate) mod chain;
pub(crate) mod cluster;
pub(crate) mod contract;
pub(crate) mod crowd;
pub(crate) mod samples;
pub(crate) mod server;
pub(crate) mod wire;

pub(crate) use server::{Person, Server};
pub(crate) use wire::Wire;

use std::future::Future;
use std::time::{Duration, Instant};

/// How long something that must come to pass may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Waits until `probe` answers something, at most [`DEADLINE`]; what it says instead is why not yet.
pub(crate) async fn eventually<T, F: Future<Output = Result<T, String>>>(
    what: &str,
    mut probe: impl FnMut() -> F,
) -> T {
    let begun = Instant::now();
    loop {
        match probe().await {
            Ok(found) => return found,
            Err(yet) => assert!(begun.elapsed() < DEADLINE, "{what}, after {DEADLINE:?}: {yet}"),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// For [`eventually`]: whether it is so.
pub(crate) fn so(is: bool, seen: impl std::fmt::Debug) -> Result<(), String> {
    if is { Ok(()) } else { Err(format!("{seen:?}")) }
}

/// A new cid.
pub(crate) fn cid() -> String {
    uuid::Uuid::new_v4().to_string()
}
