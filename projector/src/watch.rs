//! Whether history is there while nothing is written to it, so that its absence is known before the next write.

use crate::Status;
use crate::backoff::pause;
use engine::history::Reader;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Asks until it is `over`, once in `interval`, which is also how long an answer may take.
pub(crate) async fn watch(history: Arc<dyn Reader>, interval: Duration, status: Status, over: CancellationToken) {
    let mut known = None;
    while pause(interval, &over).await {
        let Some(answer) = over
            .run_until_cancelled(tokio::time::timeout(interval, history.ping()))
            .await
        else {
            return;
        };
        let away = match answer {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer in {} ms", interval.as_millis())),
        };
        match (&known, &away) {
            (None, Some(why)) => tracing::warn!(why, "history is away"),
            (Some(_), None) => tracing::info!("history is back"),
            _ => {}
        }
        status.store("history", away.clone());
        known = away;
    }
}
