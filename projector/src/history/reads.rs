//! The read markers of one partition, from their own checkpoint on.

use crate::Error;
use crate::course::Course;
use crate::dead_letters;
use crate::feed::{Feed, Next};
use crate::halt::Halt;
use crate::metrics::{self, Written};
use crate::share::Projection;
use async_trait::async_trait;
use engine::codec::Unread;
use engine::codec::signal::{self, Signal};
use engine::domain::{Epoch, Offset, Partition};
use engine::history::{self, Owner, ReadMark, Writer};
use engine::log::{Record, Topic};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
        let mut marks = Marks::claim(NAME, self.writer.clone(), feed.common.log.epoch(), feed.partition).await?;
        // Compaction may have taken what the checkpoint would read next: the last marker of each person stays.
        let start = marks.next().max(feed.extent().await?.low);
        feed.check(start).await?;
        feed.well();
        feed.start(start).await;
        let patience = Duration::from_millis(feed.common.config.watermark_check_ms);
        loop {
            match feed.next(patience).await? {
                Next::Batch(batch) => marks.project(&batch.records, feed).await?,
                Next::Idle => marks.look().await?,
            }
        }
    }
}

/// The read markers of a partition that somebody has claimed.
pub(crate) struct Marks {
    /// As metrics call whoever projects.
    name: &'static str,
    writer: Arc<dyn Writer>,
    epoch: Epoch,
    partition: Partition,
    owner: Owner,
    /// The checkpoint, as this owner has moved it.
    next: Offset,
}

impl Marks {
    /// Takes the partition's checkpoint over.
    pub(crate) async fn claim(
        name: &'static str,
        writer: Arc<dyn Writer>,
        epoch: Epoch,
        partition: Partition,
    ) -> Result<Self, Halt> {
        let (owner, next) = writer.claim_reads(epoch, partition).await?;
        Ok(Self {
            name,
            writer,
            epoch,
            partition,
            owner,
            next,
        })
    }

    pub(crate) const fn next(&self) -> Offset {
        self.next
    }

    /// Whether the checkpoint is still where it was left; it is no more when another history was swapped in.
    async fn look(&self) -> Result<(), Halt> {
        let ours = self.writer.owns_reads(self.partition, self.owner).await?;
        ours.then_some(()).ok_or(Halt::Fenced)
    }

    /// Writes the records in one batch.
    pub(crate) async fn project(&mut self, records: &[Record], course: &mut dyn Course) -> Result<(), Halt> {
        let Some(last) = records.last() else { return Ok(()) };
        let began = Instant::now();
        let (marks, bad) = sort(self.name, records);
        course.tell(Topic::Reads, &bad).await?;
        self.write(last.position.offset.next(), &marks).await?;
        let written = Written {
            records,
            events: marks.len(),
            took: began.elapsed(),
        };
        course.written(self.next, written);
        Ok(())
    }

    /// Moves the checkpoint to `to` without a marker: what lay before it was compacted away.
    pub(crate) async fn pass(&mut self, to: Offset) -> Result<(), Halt> {
        self.write(to, &[]).await
    }

    async fn write(&mut self, to: Offset, marks: &[ReadMark]) -> Result<(), Halt> {
        let written = self
            .writer
            .write_reads(self.epoch, self.partition, self.owner, self.next, to, marks)
            .await;
        written.map_err(refused)?;
        self.next = to;
        Ok(())
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

fn sort<'a>(name: &'static str, records: &'a [Record]) -> (Vec<ReadMark>, Vec<dead_letters::Letter<'a>>) {
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
                metrics::unread(name, unread);
                if let Unread::Bad(reason) = unread {
                    bad.push((record, reason.name()));
                }
            }
        }
    }
    (marks, bad)
}
