//! Calls that nobody waits for any more, as when a client goes away or a time limit passes.

use std::pin::pin;
use std::task::Poll;

/// Polls `work` as often as it asks for it, but drops it after `polls`; answers whether it was done by then.
pub(crate) async fn given_up_after(polls: usize, work: impl Future) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| {
        left -= 1;
        match work.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            // At once, not when it would be polled again.
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
