//! A replay over a connection: one task that stays one step ahead of its reader, and ends with it.
//!
//! What must hold: what is ahead is one step and no more; a reader that is gone ends the replay at once, one that takes
//! nothing for so long ends it too, for its place is somebody else's then.

use super::super::metrics;
use super::{Replay, Span, Step, Wanted};
use crate::error::Error;
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// What is read and encoded before the reader has taken what came before.
const STEP: Wanted = Wanted {
    records: 2_048,
    bytes: 512 << 10,
};

/// A replay that is being read.
#[derive(Debug)]
pub struct Stream {
    span: Span,
    parts: mpsc::Receiver<Part>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Records, framed.
    Records(Bytes),
    /// There are no more.
    Done,
    /// It can't go on.
    Failed(Error),
}

impl Replay {
    /// Lets it run, a step ahead of whoever reads it.
    #[must_use]
    pub fn streamed(mut self) -> Stream {
        let span = self.span;
        let (tell, parts) = mpsc::channel(1);
        let core = self.core.clone();
        let patience = Duration::from_millis(core.config.replay_idle_ms);
        let name = tracing::debug_span!("replay", room = %self.hold.id, from = %span.from, to = %span.to);
        let stopping = core.stopping.clone();
        let driven = async move {
            loop {
                let part = tokio::select! {
                    () = tell.closed() => return,
                    () = stopping.cancelled() => return,
                    step = self.next(STEP) => match step {
                        Ok(Step::Records { frames, .. }) => Part::Records(frames),
                        Ok(Step::Done) => Part::Done,
                        Err(error) => Part::Failed(error),
                    },
                };
                let is_last = !matches!(part, Part::Records(_));
                match tell.send_timeout(part, patience).await {
                    Ok(()) if !is_last => {}
                    Ok(()) | Err(mpsc::error::SendTimeoutError::Closed(_)) => return,
                    Err(mpsc::error::SendTimeoutError::Timeout(_)) => return metrics::replay_idle(),
                }
            }
        };
        core.tasks.spawn(driven.instrument(name));
        Stream { span, parts }
    }
}

impl Stream {
    /// What it goes through.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// What comes next; `None` after the last part, or when it ended because nothing was taken of it. Cancel-safe.
    pub async fn next(&mut self) -> Option<Part> {
        self.parts.recv().await
    }
}
