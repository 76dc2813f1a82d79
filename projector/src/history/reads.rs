//! The read markers of one partition, from their own checkpoint on.

use crate::Error;
use crate::dead_letters;
use crate::feed::{Feed, Next};
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::share::Projection;
use async_trait::async_trait;
use engine::codec::Unread;
use engine::codec::signal::{self, Signal};
use engine::history::{self, ReadMark, Writer};
use engine::log::{Record, Topic};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for records before looking again: there is nothing to look at.
const PATIENCE: Duration = Duration::from_secs(60);
const NAME: &str = "history-reads";

pub(super) struct Reads {
    pub(super) writer: Arc<dyn Writer>,
}

#[async_trait]
impl Projection for Reads {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topic(&self) -> Topic {
        Topic::Reads
    }

    async fn project(&self, feed: &mut Feed) -> Result<(), Halt> {
        let epoch = feed.common.log.epoch();
        let (owner, mut next) = self.writer.claim_reads(epoch, feed.partition).await?;
        // Compaction may have taken what the checkpoint would read next: the last marker of each person stays.
        let start = next.max(feed.extent().await?.low);
        feed.check(start).await?;
        feed.well();
        feed.start(start).await;
        loop {
            let Next::Batch(batch) = feed.next(PATIENCE).await? else {
                continue;
            };
            let Some(last) = batch.records.last() else { continue };
            let began = Instant::now();
            let (marks, bad) = sort(&batch.records);
            dead_letters::write(&*feed.common.log, Topic::Reads, &bad).await?;
            let to = last.position.offset.next();
            let written = self
                .writer
                .write_reads(epoch, feed.partition, owner, next, to, &marks)
                .await;
            written.map_err(refused)?;
            next = to;
            let written = Written {
                records: batch.records.len(),
                events: marks.len(),
                took: began.elapsed(),
                last_appended_at: last.position.appended_at,
            };
            feed.written(next, written);
        }
    }
}

/// Three numbers and two ids are nothing that a sound store refuses.
fn refused(error: history::Error) -> Halt {
    match error {
        history::Error::Rejected(why) => Halt::Fatal(Error::History(history::Error::Rejected(format!(
            "{why} (read markers: the store is damaged, rebuild it)"
        )))),
        error => error.into(),
    }
}

fn sort(records: &[Record]) -> (Vec<ReadMark>, Vec<dead_letters::Letter<'_>>) {
    let (mut marks, mut bad) = (Vec::new(), Vec::new());
    // A tombstone is how the compacted topic forgets a key.
    for record in records.iter().filter(|record| record.value.is_some()) {
        match signal::decode(record.borrowed()) {
            Ok(Signal::ReadMarked {
                room_id, user_id, seq, ..
            }) => marks.push(ReadMark { room_id, user_id, seq }),
            // Another signal has no business here, and does no harm.
            Ok(_) => {}
            Err(unread) => {
                metrics::unread(NAME, unread);
                if let Unread::Bad(reason) = unread {
                    bad.push((record, reason.name()));
                }
            }
        }
    }
    (marks, bad)
}
