//! What is left of a body that was answered before it was read whole.
//!
//! A connection that is closed while its peer still writes is reset, and the peer may never see the answer that came
//! before. So the rest is read and thrown away, beside the answer, within bounds of bytes and time; what is still left
//! then is cut off with the connection.

use crate::config::{Http, millis};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

/// Reads what others leave; the server awaits its tasks.
#[derive(Clone, Debug)]
pub struct UnreadBodies {
    tasks: TaskTracker,
    most_bytes: u64,
    patience: Duration,
}

/// Where a body comes back to when whoever had it lets go of it. Dropped, it takes the rest of the body with it.
pub(super) struct Rest {
    unread: UnreadBodies,
    back: oneshot::Receiver<Body>,
}

/// A body that comes back.
struct Lent {
    body: Body,
    /// Whether a peer that waits to be asked for its body was asked: nothing is left of what was never begun.
    asked: bool,
    ended: bool,
    home: Option<oneshot::Sender<Body>>,
}

impl UnreadBodies {
    /// Bounds of the configuration; `tasks` are those of whoever closes the connections.
    #[must_use]
    pub fn new(config: &Http, tasks: TaskTracker) -> Self {
        Self {
            tasks,
            most_bytes: config.unread_body_bytes,
            patience: millis(config.unread_body_timeout_ms),
        }
    }

    /// Lends the request's body to its handler; nothing where none comes.
    pub(super) fn lend(self, request: Request) -> (Request, Option<Rest>) {
        if request.body().is_end_stream() {
            return (request, None);
        }
        let (home, back) = oneshot::channel();
        // RFC 9110 §10.1.1: such a peer sends its body only when we begin to read it.
        let asked = !request.headers().contains_key(header::EXPECT);
        let request = request.map(|body| {
            Body::new(Lent {
                body,
                asked,
                ended: false,
                home: Some(home),
            })
        });
        (request, Some(Rest { unread: self, back }))
    }

    async fn drain(self, body: Body) {
        let mut left = self.most_bytes;
        let mut data = body.into_data_stream();
        let all = async {
            while let Some(Ok(some)) = data.next().await {
                match left.checked_sub(some.len() as u64) {
                    Some(fewer) => left = fewer,
                    None => return,
                }
            }
        };
        // What is left then is cut off with the connection.
        let _ = tokio::time::timeout(self.patience, all).await;
    }
}

impl Rest {
    /// The request is answered: reads what is left, if anything is.
    pub(super) fn drain(mut self) {
        if let Ok(body) = self.back.try_recv() {
            let tasks = self.unread.tasks.clone();
            tasks.spawn(self.unread.drain(body));
        }
    }
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.asked = true;
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // After an error nothing comes either.
        self.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.asked
            && !self.ended
            && !self.body.is_end_stream()
            && let Some(home) = self.home.take()
        {
            // The request itself may be gone.
            let _ = home.send(std::mem::take(&mut self.body));
        }
    }
}
