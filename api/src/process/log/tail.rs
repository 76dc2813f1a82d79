//! `roomlog log tail`: records as they come.
//!
//! What must hold: the log's reader never waits for the terminal: what does not fit into the queue between the two is passed
//! over, and it is said how much. Ctrl-C ends it at once, also while the terminal stands still.

use super::line;
use crate::cli::log::Tail;
use crate::config::Config;
use crate::process::{Error, direct};
use engine::codec::room_of_key;
use engine::domain::{Offset, Partition, RoomId};
use engine::log::{self, Handler, Record, RecordRef, Topic};
use std::io::{ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Shows records until it is told to stop or nobody looks any more.
pub(super) async fn run(config: &Config, asked: &Tail) -> Result<(), Error> {
    asked.check().map_err(Error::Usage)?;
    let stop = |kind| signal(kind).map_err(|error| Error::Impossible(format!("no signals: {error}")));
    let (mut interrupted, mut terminated) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    let log = direct::log(config).await?;
    let topic = Topic::from(asked.topic);
    let room_partition = asked.room.map(|room| log.partition_of(room.to_string().as_bytes()));
    let mut starts = Vec::new();
    for extent in log.extents(topic).await? {
        if room_partition.is_none_or(|only| only == extent.partition) {
            let from = extent.high.get().saturating_sub(asked.last).max(extent.low.get());
            starts.push((topic, extent.partition, Offset::new(from)));
        }
    }
    let (sender, seen) = mpsc::channel(config.tools.tail_queue_records.max(1));
    let passed_over = Arc::new(AtomicU64::new(0));
    let feeder = Feeder {
        sender,
        room: asked.room,
        passed_over: passed_over.clone(),
    };
    let tail = log.tail(starts, Box::new(feeder))?;
    let printer = Printer {
        asked: asked.clone(),
        topic,
        partitions: log.partitions(),
        passed_over,
    };
    let mut printing = tokio::task::spawn_blocking(move || printer.run(seen));
    let ended = tokio::select! {
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
        printed = &mut printing => printed.unwrap_or_else(|error| Err(Error::Impossible(error.to_string()))),
    };
    tail.stop().await;
    log.close().await;
    ended
}

/// What the printer is told.
enum Seen {
    Record(Record),
    Lost(Partition, log::Error),
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

/// Stands on a thread that may wait for the terminal.
struct Printer {
    asked: Tail,
    topic: Topic,
    partitions: u16,
    passed_over: Arc<AtomicU64>,
}

impl Printer {
    fn run(&self, mut seen: mpsc::Receiver<Seen>) -> Result<(), Error> {
        let mut stdout = anstream::stdout().lock();
        while let Some(next) = seen.blocking_recv() {
            let passed_over = self.passed_over.swap(0, Ordering::Relaxed);
            let line = match next {
                Seen::Lost(partition, error) => {
                    return Err(Error::Impossible(format!("partition {partition}: {error}")));
                }
                Seen::Record(record) => self.line(&record),
            };
            let lines = [self.note(passed_over), line];
            let written = lines.iter().flatten().try_for_each(|line| writeln!(stdout, "{line}"));
            match written.and_then(|()| stdout.flush()) {
                Ok(()) => {}
                // Whoever has seen enough hears no more.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Error::Impossible(format!("cannot write: {error}"))),
            }
        }
        Ok(())
    }

    fn note(&self, passed_over: u64) -> Option<String> {
        let note = || match self.asked.json {
            true => format!("{{\"passed_over\":{passed_over}}}"),
            false => format!("({passed_over} records were passed over: they came faster than they could be shown)"),
        };
        (passed_over > 0).then(note)
    }

    fn line(&self, record: &Record) -> Option<String> {
        let read = line::read(self.topic, record, self.partitions);
        if self.asked.kind.as_ref().is_some_and(|kind| *kind != read.kind) {
            return None;
        }
        Some(match self.asked.json {
            true => read.json(self.topic, record),
            false => read.coloured(record),
        })
    }
}
