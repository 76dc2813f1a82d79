//! An import into the file: appends like any other, with times of their own.
//!
//! The table `importing` stands in the file as long as an import is under way, and nobody opens a file that has it.

use super::writer::Append;
use super::{Log, Shared};
use crate::domain::{Offset, Partition, Position, Timestamp};
use crate::log::import::must_be_empty;
use crate::log::{Error, Outgoing, Topic};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// An append under way, and where it must land.
type Pending = (Position, oneshot::Receiver<Result<Position, Error>>);

pub(super) struct Import {
    shared: Arc<Shared>,
    appends: mpsc::Sender<Append>,
    /// The next offset of each partition.
    next: Vec<Offset>,
    pending: VecDeque<Pending>,
    /// Most appends under way.
    most: usize,
}

impl Import {
    pub(super) async fn begin(log: &Log) -> Result<Self, Error> {
        let shared = log.shared.clone();
        must_be_empty("log.db", &crate::log::Log::extents(log, Topic::Events).await?)?;
        let appends = log.appends.lock().clone();
        let appends = appends.ok_or_else(|| Error::Unavailable("it is closed".into()))?;
        shared.file.mark_importing(true).await?;
        Ok(Self {
            next: vec![Offset::ZERO; shared.config.partitions.into()],
            most: shared.config.commit_max_records,
            pending: VecDeque::new(),
            shared,
            appends,
        })
    }

    /// Waits for the oldest append under way.
    async fn settle(&mut self) -> Result<(), Error> {
        let Some((expected, answer)) = self.pending.pop_front() else {
            return Ok(());
        };
        let found = answer
            .await
            .map_err(|_| Error::Unknown("the writer ended without an answer".into()))??;
        if found == expected {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "a record was to stand at offset {} of partition {} with time {}, and stands at {} with {}: times go back, or \
             somebody else writes",
            expected.offset,
            expected.partition,
            expected.appended_at.as_millis(),
            found.offset,
            found.appended_at.as_millis()
        )))
    }

    fn place(&mut self, partition: Partition, appended_at: Timestamp) -> Result<Position, Error> {
        let partitions = self.shared.config.partitions;
        let next = self.next.get_mut(usize::from(partition.get()));
        let next = next.ok_or_else(|| Error::Refused(format!("there is no partition {partition} of {partitions}")))?;
        let offset = *next;
        *next = offset.next();
        Ok(Position {
            partition,
            offset,
            appended_at,
        })
    }
}

#[async_trait]
impl crate::log::Import for Import {
    async fn append(&mut self, outgoing: Outgoing, appended_at: Timestamp) -> Result<Position, Error> {
        let position = self.place(outgoing.partition, appended_at)?;
        while self.pending.len() >= self.most {
            self.settle().await?;
        }
        let (append, answer) = Append::at(outgoing, appended_at);
        let handed_over = self.appends.send(append).await;
        handed_over.map_err(|_| Error::Unavailable("its writer has ended".into()))?;
        self.pending.push_back((position, answer));
        Ok(position)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), Error> {
        while !self.pending.is_empty() {
            self.settle().await?;
        }
        self.shared.file.mark_importing(false).await
    }

    async fn abandon(mut self: Box<Self>) -> Result<(), Error> {
        // What is under way lands or fails first, so that what the log holds by then is known.
        while !self.pending.is_empty() {
            let _ = self.settle().await;
        }
        if self.next.iter().any(|next| *next > Offset::ZERO) {
            return Ok(());
        }
        self.shared.file.mark_importing(false).await
    }
}
