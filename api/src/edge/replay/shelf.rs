//! What replays read of the log: one reader a stretch of a partition, shared by those who walk through it together.
//!
//! What must hold: so many readers at once and no more; what is kept of what they read is bounded in bytes; a reader that
//! nobody walks with any more is gone at once; one whose replays stand still gives way to one that is needed.

use super::super::metrics;
use crate::error::{Error, Name};
use bytes::Bytes;
use engine::domain::{Offset, Partition};
use engine::log::{self, Keys, Log, RangeLimits, Record, Topic};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// A part of a partition as it was read.
#[derive(Debug)]
pub(super) struct Chunk {
    first: Offset,
    /// Everything from `first` up to here is in it.
    pub(super) next: Offset,
    pub(super) records: Vec<Record>,
    /// Bytes that were read for it.
    pub(super) read_bytes: usize,
    /// Bytes that it keeps.
    bytes: usize,
    /// Of which rooms it has the records.
    keys: Keys,
}

/// Bounds of the shelf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Readers at once.
    pub(super) readers: usize,
    /// Bytes of chunks that each reader keeps for those who come behind.
    pub(super) kept_bytes: usize,
}

/// The readers of one edge.
pub(super) struct Shelf {
    log: Arc<dyn Log>,
    limits: Limits,
    streams: Mutex<Vec<Weak<Stream>>>,
    uses: AtomicU64,
    /// Told when a reader is free or gone.
    freed: Arc<Notify>,
}

/// One reader, and the chunks it read last.
struct Stream {
    partition: Partition,
    /// `None` once it has given way. Whoever holds the lock reads.
    reader: tokio::sync::Mutex<Option<Reader>>,
    kept: Mutex<Kept>,
    used: AtomicU64,
    /// It has given way, or its reader failed: it reads no more.
    over: AtomicBool,
    freed: Arc<Notify>,
}

/// A reader of the log, counted.
struct Reader(Box<dyn log::Reader>);

impl Reader {
    fn new(reader: Box<dyn log::Reader>) -> Self {
        metrics::replay_readers(1);
        Self(reader)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        metrics::replay_readers(-1);
    }
}

#[derive(Debug)]
struct Kept {
    /// The rooms that are walked through.
    keys: Keys,
    chunks: VecDeque<Arc<Chunk>>,
    bytes: usize,
    /// Where the reader stands.
    next: Offset,
}

/// One replay's place at the shelf.
pub(super) struct Seat {
    shelf: Arc<Shelf>,
    key: Bytes,
    partition: Partition,
    stream: Option<Arc<Stream>>,
}

impl Shelf {
    pub(super) fn new(log: Arc<dyn Log>, limits: Limits) -> Self {
        Self {
            log,
            limits,
            streams: Mutex::default(),
            uses: AtomicU64::new(0),
            freed: Arc::default(),
        }
    }

    /// A place for a walk through one room's records.
    pub(super) fn seat(self: &Arc<Self>, key: Bytes, partition: Partition) -> Seat {
        Seat {
            shelf: self.clone(),
            key,
            partition,
            stream: None,
        }
    }

    /// A stream that has `offset`, or reads it next; a new one if there is none; `None` when all readers are busy.
    fn stream_at(&self, key: &Bytes, partition: Partition, offset: Offset) -> Option<Arc<Stream>> {
        let mut streams = self.streams.lock();
        streams.retain(|stream| stream.upgrade().is_some_and(|stream| !stream.is_over()));
        let all = || streams.iter().filter_map(Weak::upgrade);
        if let Some(stream) = all().find(|stream| stream.partition == partition && stream.serves(key, offset)) {
            return Some(stream);
        }
        if streams.len() >= self.limits.readers {
            // The one that was used longest ago gives way, unless somebody reads with it right now.
            let mut idle: Vec<_> = all().collect();
            idle.sort_unstable_by_key(|stream| stream.used.load(Ordering::Relaxed));
            let gives_way = idle.into_iter().find(|stream| stream.give_way())?;
            streams.retain(|stream| !std::ptr::eq(stream.as_ptr(), Arc::as_ptr(&gives_way)));
        }
        let stream = Arc::new(Stream {
            partition,
            reader: tokio::sync::Mutex::new(Some(Reader::new(self.log.reader(Topic::Events, partition, offset)))),
            kept: Mutex::new(Kept {
                keys: Arc::new(std::iter::once(key.clone()).collect()),
                chunks: VecDeque::new(),
                bytes: 0,
                next: offset,
            }),
            used: AtomicU64::new(0),
            over: AtomicBool::new(false),
            freed: self.freed.clone(),
        });
        streams.push(Arc::downgrade(&stream));
        Some(stream)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.freed.notify_waiters();
    }
}

impl Stream {
    /// The chunk with `offset`, if it is kept and has the room's records.
    fn find(&self, key: &Bytes, offset: Offset) -> Option<Arc<Chunk>> {
        let kept = self.kept.lock();
        let newest_first = kept.chunks.iter().rev();
        newest_first
            .take_while(|chunk| chunk.next > offset)
            .find(|chunk| chunk.first <= offset && chunk.keys.contains(key))
            .cloned()
    }

    /// Whether the chunk with `offset` is kept, or comes next: then the room's records are in it from now on.
    fn serves(&self, key: &Bytes, offset: Offset) -> bool {
        if !self.is_over() {
            let mut kept = self.kept.lock();
            if kept.next == offset {
                if !kept.keys.contains(key) {
                    kept.keys = Arc::new(kept.keys.iter().chain([key]).cloned().collect());
                }
                return true;
            }
        }
        self.find(key, offset).is_some()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Ends, if nobody reads with it now.
    fn give_way(&self) -> bool {
        match self.reader.try_lock() {
            Ok(mut reader) => {
                *reader = None;
                self.over.store(true, Ordering::Release);
                let mut kept = self.kept.lock();
                kept.chunks.clear();
                kept.bytes = 0;
                true
            }
            Err(_) => false,
        }
    }

    fn keep(&self, chunk: &Arc<Chunk>, most_bytes: usize) {
        let mut kept = self.kept.lock();
        kept.next = chunk.next;
        kept.bytes += chunk.bytes;
        kept.chunks.push_back(chunk.clone());
        while kept.bytes > most_bytes && kept.chunks.len() > 1 {
            if let Some(oldest) = kept.chunks.pop_front() {
                kept.bytes -= oldest.bytes;
            }
        }
    }

    /// Reads on, if it stands at `offset`; `None` when it has gone past it or has given way.
    async fn read(
        &self,
        key: &Bytes,
        (offset, to): (Offset, Offset),
        limits: RangeLimits,
        kept_bytes: usize,
    ) -> Result<Option<Arc<Chunk>>, log::Error> {
        let mut reader = self.reader.lock().await;
        if let Some(chunk) = self.find(key, offset) {
            metrics::replay_shared();
            return Ok(Some(chunk));
        }
        // Until it is known how it ended, it can't be used: whoever gives up in the middle leaves no reader behind.
        let mut taken = Taken {
            slot: &mut reader,
            over: &self.over,
            whole: false,
        };
        let keys = self.kept.lock().keys.clone();
        let range = match taken.slot.as_mut() {
            Some(reader) if reader.0.next_offset() == offset && keys.contains(key) => {
                reader.0.next_of(Some(keys.clone()), to, limits).await?
            }
            other => {
                taken.whole = other.is_some();
                return Ok(None);
            }
        };
        taken.whole = true;
        drop(taken);
        let bytes = range.records.iter().map(size).sum();
        let chunk = Arc::new(Chunk {
            first: offset,
            next: range.next,
            records: range.records,
            read_bytes: range.bytes,
            bytes,
            keys,
        });
        self.keep(&chunk, kept_bytes);
        Ok(Some(chunk))
    }
}

/// A reader under way.
struct Taken<'a> {
    slot: &'a mut Option<Reader>,
    over: &'a AtomicBool,
    whole: bool,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.whole {
            *self.slot = None;
            self.over.store(true, Ordering::Release);
        }
    }
}

/// About what a record takes.
fn size(record: &Record) -> usize {
    let length = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    size_of::<Record>() + length(&record.key) + length(&record.value)
}

impl Seat {
    /// The chunk with `offset`, which lies before `to`, the partition's end or what was its end a while ago.
    ///
    /// # Errors
    /// When the log can't be read.
    pub(super) async fn chunk(&mut self, offset: Offset, to: Offset, limits: RangeLimits) -> Result<Arc<Chunk>, Error> {
        loop {
            let stream = self.stream(offset).await;
            let use_number = self.shelf.uses.fetch_add(1, Ordering::Relaxed);
            stream.used.store(use_number, Ordering::Relaxed);
            let read = match stream.find(&self.key, offset) {
                Some(chunk) => {
                    metrics::replay_shared();
                    Ok(Some(chunk))
                }
                None => {
                    let kept_bytes = self.shelf.limits.kept_bytes;
                    stream.read(&self.key, (offset, to), limits, kept_bytes).await
                }
            };
            self.shelf.freed.notify_waiters();
            match read {
                Ok(Some(chunk)) => {
                    self.stream = Some(stream);
                    return Ok(chunk);
                }
                Ok(None) => self.stream = None,
                Err(error) => {
                    self.stream = None;
                    return Err(unread(&error));
                }
            }
        }
    }

    /// The stream that was walked with, if it still serves; else another, for which it may have to wait.
    async fn stream(&mut self, offset: Offset) -> Arc<Stream> {
        if let Some(stream) = self.stream.take().filter(|stream| stream.serves(&self.key, offset)) {
            return stream;
        }
        loop {
            let freed = self.shelf.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Some(stream) = self.shelf.stream_at(&self.key, self.partition, offset) {
                return stream;
            }
            freed.await;
        }
    }
}

/// What whoever replays is told when the log can't be read.
pub(super) fn unread(error: &log::Error) -> Error {
    match error {
        log::Error::OutOfRange { .. } => Error::new(Name::OutOfRange, error.to_string()),
        _ => {
            tracing::debug!(%error, "a replay can't read the log");
            Error::new(Name::Unavailable, "the log can't be read now")
        }
    }
}
