//! Records as they come, for one who looks on.
//!
//! What must hold: the log's reader never waits for who looks: what does not fit into the queue between the two is passed
//! over, and it is said how much.

use engine::codec::room_of_key;
use engine::domain::{Offset, Partition, RoomId};
use engine::log::{self, Handler, Log, Record, RecordRef, Topic};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// In which topic.
    pub(crate) topic: Topic,
    /// One room's records alone.
    pub(crate) room: Option<RoomId>,
    /// So many of the last records of each partition come first.
    pub(crate) last: u64,
    /// Records that wait for who looks.
    pub(crate) queue: usize,
}

/// A tail that is looked at. Dropping it ends it.
pub(crate) struct Watched {
    seen: mpsc::Receiver<Seen>,
    passed_over: Arc<AtomicU64>,
    tail: Box<dyn log::Tail>,
}

/// What comes next.
pub(crate) enum Seen {
    /// A record.
    Record(Record),
    /// Nothing more comes of this partition.
    Lost(Partition, log::Error),
}

/// Begins to look.
///
/// # Errors
/// Of the log.
pub(crate) async fn begin(log: &dyn Log, asked: Asked) -> Result<Watched, log::Error> {
    let only = asked.room.map(|room| log.partition_of(room.to_string().as_bytes()));
    let mut starts = Vec::new();
    for extent in log.extents(asked.topic).await? {
        if only.is_none_or(|only| only == extent.partition) {
            let from = extent.high.get().saturating_sub(asked.last).max(extent.low.get());
            starts.push((asked.topic, extent.partition, Offset::new(from)));
        }
    }
    let (sender, seen) = mpsc::channel(asked.queue.max(1));
    let passed_over = Arc::new(AtomicU64::new(0));
    let feeder = Feeder {
        sender,
        room: asked.room,
        passed_over: passed_over.clone(),
    };
    let tail = log.tail(starts, Box::new(feeder))?;
    Ok(Watched {
        seen,
        passed_over,
        tail,
    })
}

impl Watched {
    /// What comes next; cancel-safe. `None` when the tail has ended.
    pub(crate) async fn next(&mut self) -> Option<Seen> {
        self.seen.recv().await
    }

    /// Records that were passed over since this was asked last.
    pub(crate) fn passed_over(&self) -> u64 {
        self.passed_over.swap(0, Ordering::Relaxed)
    }

    /// What comes, to be waited for on a thread of one's own, and the tail that it comes from.
    pub(crate) fn split(self) -> (mpsc::Receiver<Seen>, Arc<AtomicU64>, Box<dyn log::Tail>) {
        (self.seen, self.passed_over, self.tail)
    }
}

/// Stands on the tail's own thread.
struct Feeder {
    sender: mpsc::Sender<Seen>,
    room: Option<RoomId>,
    passed_over: Arc<AtomicU64>,
}

impl Handler for Feeder {
    fn on_record(&mut self, _topic: Topic, record: RecordRef<'_>) {
        if self.room.is_some_and(|room| key_room(record.key) != Some(room)) {
            return;
        }
        if self.sender.try_send(Seen::Record(record.to_record())).is_err() {
            self.passed_over.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn on_end(&mut self, _topic: Topic, _partition: Partition, _next: Offset) {}

    fn on_lost(&mut self, _topic: Topic, partition: Partition, error: &log::Error) {
        // One a partition at most: where even that finds no place, the records that are missing are counted.
        let _ = self.sender.try_send(Seen::Lost(partition, error.clone()));
    }
}

/// The room of a key: of an event the whole of it, of a read marker what stands before the colon.
fn key_room(key: Option<&[u8]>) -> Option<RoomId> {
    let key = key?;
    let end = key.iter().position(|byte| *byte == b':').unwrap_or(key.len());
    room_of_key(&key[..end])
}
