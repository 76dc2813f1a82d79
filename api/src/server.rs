//! The listening socket: accepts connections within a bound, speaks HTTP/1.1 on them and ends them in stages.
//!
//! What must hold: a connection that says nothing is dropped in bounded time; when the process is stopped no new
//! connection is accepted, requests under way are answered, and what is left is cut off by whoever owns the server.

use crate::config::{Http, millis};
use crate::rest::UnreadBodies;
use crate::rest::address::Peer;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: u32 = 4_096;
/// How long to wait when the process has no file descriptor left.
const OUT_OF_FILES_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// Where hyper's read buffer ends growing: a request's head must fit.
const HEAD_BYTES: usize = 32 * 1024;

/// Where a connection counts as long as it lives, also after it became a WebSocket.
#[derive(Clone, Debug)]
pub struct Place(#[allow(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// Binds the address.
///
/// # Errors
/// As the system says.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts and serves until `stop`; then waits until every connection's request under way is answered.
pub async fn serve(listener: TcpListener, router: Router, config: &Http, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(config.max_connections));
    let connections = TaskTracker::new();
    let head_timeout = millis(config.header_timeout_ms);
    let router = router.layer(axum::Extension(UnreadBodies::new(config, connections.clone())));
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        // What is known of the connection goes into each of its requests.
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(place.clone());
            request.extensions_mut().insert(peer);
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let stop = stop.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            // A broken connection is its peer's affair.
            let _ = connection.await;
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, Peer, Place)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => {
            // Frames are small and leave together: never wait for more.
            stream.set_nodelay(true).ok()?;
            Some((stream, Peer(address.ip()), Place(Arc::new(place))))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(OUT_OF_FILES_PAUSE).await;
            None
        }
    }
}
