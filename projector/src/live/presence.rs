//! Presence: what edges say of it, as it comes. It is soft: nothing is kept of where this projection stands. A new
//! one begins with the signals that still count, and whatever is missing comes with the next repeat.

use crate::Error;
use crate::feed::{Feed, Next};
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::share::Projection;
use async_trait::async_trait;
use engine::codec::signal::{self, Signal};
use engine::domain::Timestamp;
use engine::live::{PresenceClaim, Writer};
use engine::log::{Record, Topic};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for records before looking again: there is nothing to look at.
const PATIENCE: Duration = Duration::from_secs(60);
const NAME: &str = "live-presence";

pub(super) struct PresenceClaims {
    pub(super) writer: Arc<dyn Writer>,
}

#[async_trait]
impl Projection for PresenceClaims {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topic(&self) -> Topic {
        Topic::Signals
    }

    async fn project(&self, feed: &mut Feed) -> Result<(), Halt> {
        let expiry_ms = i64::try_from(feed.common.config.presence_expiry_ms).unwrap_or(i64::MAX);
        let since = Timestamp::from_millis(engine::clock::now().as_millis().saturating_sub(expiry_ms));
        // The end as it stood before the question: what comes meanwhile is not passed over.
        let end = feed.extent().await?.high;
        let log = &feed.common.log;
        let start = log.offset_at(Topic::Signals, feed.partition, since).await?;
        feed.start(start.unwrap_or(end)).await;
        loop {
            let Next::Batch(batch) = feed.next(PATIENCE).await.map_err(too_old)? else {
                continue;
            };
            let Some(last) = batch.records.last() else { continue };
            let began = Instant::now();
            let claims: Vec<PresenceClaim> = batch.records.iter().flat_map(claims).collect();
            if !claims.is_empty() {
                self.writer.write_presence(&claims).await?;
            }
            let written = Written {
                records: &batch.records,
                events: claims.len(),
                took: began.elapsed(),
            };
            feed.written(last.position.offset.next(), written);
        }
    }
}

/// Signals are kept for minutes: whoever was away longer goes on with those that are there.
fn too_old(halt: Halt) -> Halt {
    match halt {
        Halt::Fatal(error @ Error::NotOnTheLog { .. }) => Halt::Away(error.to_string()),
        halt => halt,
    }
}

fn claims(record: &Record) -> Vec<PresenceClaim> {
    match signal::decode(record.borrowed()) {
        Ok(Signal::Presence { edge_id, rooms }) => rooms
            .into_iter()
            .map(|room| PresenceClaim {
                edge: edge_id,
                room_id: room.room_id,
                count: room.count,
                users: room.users,
                at: record.position.appended_at,
            })
            .collect(),
        Ok(_) => Vec::new(),
        Err(unread) => {
            metrics::unread(NAME, unread);
            Vec::new()
        }
    }
}
