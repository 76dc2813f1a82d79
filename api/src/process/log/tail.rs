//! `roomlog log tail`: records as they come.
//!
//! What must hold: the log's reader never waits for the terminal (`inspect::tail`), and Ctrl-C ends it at once, also while
//! the terminal stands still.

use super::colour;
use crate::cli::log::Tail;
use crate::config::Config;
use crate::inspect::line;
use crate::inspect::tail::{Asked, Seen, begin};
use crate::process::{Error, direct};
use engine::log::{Record, Topic};
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
    let begun = begin(
        &*log,
        Asked {
            topic,
            room: asked.room,
            last: asked.last,
            queue: config.tools.tail_queue_records,
        },
    );
    let (seen, passed_over, tail) = begun.await?.split();
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
            false => colour::coloured(&read, record),
        })
    }
}
