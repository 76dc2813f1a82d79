//! The journal as pushes, in chunks that all resumes share: after a crash, thousands come back and miss the same.
//!
//! What must hold: a chunk is kept only when it is whole, for then it never changes (but for erasures, which clear
//! it); it is read once, however many ask; all chunks together are bounded in bytes.

use super::core::Core;
use super::push;
use bytes::Bytes;
use engine::codec;
use engine::domain::{Partition, Position, RoomId, Seq};
use engine::history::JournalEntry;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Events of a chunk.
const CHUNK: u64 = 256;

type Key = (RoomId, u64);
type Cell = Arc<OnceCell<Arc<Chunk>>>;

/// Consecutive events, encoded.
#[derive(Debug)]
pub(super) struct Chunk {
    first: Seq,
    frames: Vec<Bytes>,
}

impl Chunk {
    /// Those after `seq`, which the chunk must be the one of.
    pub(super) fn after(&self, seq: Seq) -> &[Bytes] {
        let skip = usize::try_from(seq.next().get() - self.first.get()).unwrap_or(usize::MAX);
        self.frames.get(skip..).unwrap_or_default()
    }
}

/// The chunks that are kept.
#[derive(Debug)]
pub(super) struct Chunks {
    most_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    cells: FxHashMap<Key, Cell>,
    /// In the order in which they became whole.
    whole: VecDeque<(Key, usize)>,
    bytes: usize,
}

/// Why there is no whole chunk.
enum Missing {
    /// The journal ends within it.
    Partial(Chunk),
    /// It can't be read.
    Away,
}

impl Chunks {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            state: Mutex::default(),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        *self.state.lock() = State::default();
    }

    /// The chunk with the event after `seq`, as far as the journal has it; `None` when it can't be had now.
    pub(super) async fn after(core: &Core, room: RoomId, partition: Partition, seq: Seq) -> Option<Arc<Chunk>> {
        let key = (room, seq.get() / CHUNK);
        let cell = core.chunks.state.lock().cells.entry(key).or_default().clone();
        let fetched = cell.get_or_try_init(|| async {
            let chunk = fetch(core, key, partition).await?;
            Ok(Arc::new(chunk))
        });
        match fetched.await {
            Ok(chunk) => {
                core.chunks.keep(key, &cell, chunk);
                Some(chunk.clone())
            }
            Err(missing) => {
                core.chunks.drop_unread(key, &cell);
                match missing {
                    Missing::Partial(chunk) => Some(Arc::new(chunk)),
                    Missing::Away => None,
                }
            }
        }
    }

    fn keep(&self, key: Key, cell: &Cell, chunk: &Chunk) {
        let mut state = self.state.lock();
        let is_current = state.cells.get(&key).is_some_and(|there| Arc::ptr_eq(there, cell));
        if !is_current || state.whole.iter().any(|(there, _)| *there == key) {
            return;
        }
        let bytes = chunk.frames.iter().map(Bytes::len).sum::<usize>() + chunk.frames.len() * size_of::<Bytes>();
        state.whole.push_back((key, bytes));
        state.bytes += bytes;
        while state.bytes > self.most_bytes {
            let Some((oldest, bytes)) = state.whole.pop_front() else {
                break;
            };
            state.bytes -= bytes;
            state.cells.remove(&oldest);
        }
    }

    fn drop_unread(&self, key: Key, cell: &Cell) {
        let mut state = self.state.lock();
        if state.cells.get(&key).is_some_and(|there| Arc::ptr_eq(there, cell)) {
            state.cells.remove(&key);
        }
    }
}

async fn fetch(core: &Core, (room, number): Key, partition: Partition) -> Result<Chunk, Missing> {
    let before = Seq::new(number * CHUNK);
    let limit = usize::try_from(CHUNK).unwrap_or(usize::MAX);
    let patience = Duration::from_millis(core.config.command_timeout_ms);
    let read = core.parts.history.journal(room, partition, before, limit);
    let entries = match tokio::time::timeout(patience, read).await {
        Ok(Ok((entries, _))) => entries,
        Ok(Err(error)) => {
            tracing::debug!(%room, %error, "a resume can't read the journal");
            return Err(Missing::Away);
        }
        Err(_) => return Err(Missing::Away),
    };
    let erased = core.erasures.list();
    let mut frames = Vec::with_capacity(entries.len());
    for entry in &entries {
        let expected = before.get() + 1 + frames.len() as u64;
        let Some(frame) = encode(core, partition, entry, &erased).filter(|_| entry.seq.get() == expected) else {
            tracing::error!(%room, seq = %entry.seq, "the journal has a gap or an event that can't be read");
            return Err(Missing::Away);
        };
        frames.push(frame);
    }
    let is_whole = frames.len() == limit;
    let first = before.next();
    let chunk = Chunk { first, frames };
    if is_whole {
        Ok(chunk)
    } else {
        Err(Missing::Partial(chunk))
    }
}

fn encode(core: &Core, partition: Partition, entry: &JournalEntry, erased: &super::erasure::List) -> Option<Bytes> {
    let event = codec::decode_datum(entry.fingerprint, &entry.datum)?;
    let position = Position {
        partition,
        offset: entry.offset,
        appended_at: entry.appended_at,
    };
    Some(push::event(core.epoch(), &event, entry.seq, position, erased))
}
