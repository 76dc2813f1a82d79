//! Out of a log: every partition is folded, and what was accepted is merged by append time, partition and offset.
//!
//! That order keeps the order of each room, and append times never go back in it: so an import into a log of any number of
//! partitions keeps them within each. The end is fixed when it begins.

use super::Error;
use super::container::{Entry, Sink};
use super::manifest::{Archived, FORMAT, Head, Manifest, manifest_path};
use crate::Config;
use crate::verify::Progress;
use engine::codec::{self, room_of_key};
use engine::domain::{Offset, Partition, Room, RoomId, Timestamp, Verdict};
use engine::log::{Extent, Log, RangeLimits, Reader, Record, Topic};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Events that go to the file at once.
const WRITTEN_AT_ONCE: usize = 1_000;
/// What a partition may read at least at a time, in bytes, however many there are.
const LEAST_READ_BYTES: usize = 16 << 10;

/// Writes an archive of everything, or of one room, and its manifest beside it. Neither may be there yet.
///
/// # Errors
/// [`Error`]; then there is no archive of that name.
pub async fn export(
    config: &Config,
    log: &Arc<dyn Log>,
    room: Option<RoomId>,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Manifest, Error> {
    for taken in [path.to_owned(), manifest_path(path)] {
        if taken.exists() {
            return Err(Error::damaged(
                &taken,
                "it is there already, and nothing is written over",
            ));
        }
    }
    let part = part_path(path);
    // What an export that was cut short left is of no use to anybody.
    let _ = std::fs::remove_file(&part);
    let exported = Export::begin(config, log, room, progress).await?.run(&part).await;
    let manifest = match exported {
        Ok(manifest) => manifest.of(log, room, path),
        Err(error) => {
            let _ = std::fs::remove_file(&part);
            return Err(error);
        }
    };
    std::fs::rename(&part, path).map_err(|error| Error::file(path, &error))?;
    manifest.write(path)?;
    Ok(manifest)
}

fn part_path(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// An export under way.
struct Export<'a> {
    feeds: Vec<Feed>,
    progress: &'a dyn Progress,
    room: Option<RoomId>,
    metadata: [(&'static str, String); 3],
}

/// What came of it.
struct Done {
    events: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    rooms: Vec<Head>,
    bytes: u64,
    blake3: String,
}

impl Done {
    fn of(self, log: &Arc<dyn Log>, room: Option<RoomId>, path: &Path) -> Manifest {
        let name = path.file_name().unwrap_or_default();
        Manifest {
            format: FORMAT,
            epoch: log.epoch(),
            topic: log.topic_name(Topic::Events),
            partitions: log.partitions(),
            room,
            events: self.events,
            from: self.from,
            to: self.to,
            rooms: self.rooms,
            file: Archived {
                name: name.to_string_lossy().into_owned(),
                bytes: self.bytes,
                blake3: self.blake3,
            },
        }
    }
}

impl<'a> Export<'a> {
    async fn begin(
        config: &Config,
        log: &Arc<dyn Log>,
        room: Option<RoomId>,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        let only = room.map(|room| log.partition_of(room.to_string().as_bytes()));
        let mut extents = log.extents(Topic::Events).await?;
        extents.retain(|extent| only.is_none_or(|only| only == extent.partition));
        if let Some(cut) = extents.iter().find(|extent| extent.low > Offset::ZERO) {
            return Err(Error::NotWhole(cut.partition, cut.low));
        }
        progress.begins("exporting", extents.iter().map(|extent| extent.high.get()).sum());
        let limits = RangeLimits {
            max_records: config.batch_records.max(1),
            max_bytes: (config.waiting_bytes / extents.len().max(1))
                .clamp(LEAST_READ_BYTES, config.batch_bytes.max(LEAST_READ_BYTES)),
        };
        let feed = |extent: &Extent| Feed {
            reader: log.reader(Topic::Events, extent.partition, extent.low),
            partition: extent.partition,
            partitions: log.partitions(),
            end: extent.high,
            limits,
            only: room,
            rooms: BTreeMap::new(),
            ready: VecDeque::new(),
        };
        Ok(Self {
            feeds: extents.iter().map(feed).collect(),
            progress,
            room,
            metadata: [
                ("roomlog.format", FORMAT.to_string()),
                ("roomlog.epoch", log.epoch().to_string()),
                ("roomlog.topic", log.topic_name(Topic::Events)),
            ],
        })
    }

    async fn run(mut self, part: &Path) -> Result<Done, Error> {
        let mut sink = Sink::create(part, &self.metadata)?;
        let (mut events, mut from, mut to) = (0, None, None);
        let mut heads = BinaryHeap::new();
        for number in 0..self.feeds.len() {
            heads.extend(self.head(number).await?);
        }
        let mut batch = Vec::with_capacity(WRITTEN_AT_ONCE);
        while let Some(Reverse((at, _, _, number))) = heads.pop() {
            batch.extend(self.feeds[number].ready.pop_front());
            events += 1;
            from = from.or(Some(at));
            to = to.max(Some(at));
            heads.extend(self.head(number).await?);
            if batch.len() == WRITTEN_AT_ONCE || heads.is_empty() {
                let entries = std::mem::replace(&mut batch, Vec::with_capacity(WRITTEN_AT_ONCE));
                sink = write(sink, entries).await?;
            }
        }
        let mut rooms: Vec<Head> = self.feeds.iter().flat_map(Feed::heads).collect();
        rooms.sort_by_key(|head| head.room);
        if let Some(room) = self.room.filter(|_| rooms.is_empty()) {
            return Err(Error::NoSuchRoom(room));
        }
        let finished = tokio::task::spawn_blocking(move || sink.finish()).await;
        let (bytes, blake3) = finished.map_err(Error::broken)??;
        Ok(Done {
            events,
            from,
            to,
            rooms,
            bytes,
            blake3,
        })
    }

    /// The next event of a partition as the merge sorts it; `None` when there is none any more.
    async fn head(&mut self, number: usize) -> Result<Option<Reverse<(Timestamp, Partition, Offset, usize)>>, Error> {
        let feed = &mut self.feeds[number];
        feed.fill(self.progress).await?;
        let head = |entry: &Entry| Reverse((entry.appended_at, entry.partition, entry.offset, number));
        Ok(feed.ready.front().map(head))
    }
}

/// Compressing and writing, off the runtime's threads.
async fn write(mut sink: Sink, entries: Vec<Entry>) -> Result<Sink, Error> {
    let written = tokio::task::spawn_blocking(move || {
        entries.into_iter().try_for_each(|entry| sink.write(entry))?;
        Ok(sink)
    });
    written.await.map_err(Error::broken)?
}

/// One partition, folded as far as it was read.
struct Feed {
    reader: Box<dyn Reader>,
    partition: Partition,
    partitions: u16,
    end: Offset,
    limits: RangeLimits,
    only: Option<RoomId>,
    rooms: BTreeMap<RoomId, Room>,
    /// Accepted events that wait for their turn.
    ready: VecDeque<Entry>,
}

impl Feed {
    /// Reads on until an event is ready or the end is reached.
    async fn fill(&mut self, progress: &dyn Progress) -> Result<(), Error> {
        while self.ready.is_empty() && self.reader.next_offset() < self.end {
            let before = self.reader.next_offset();
            let range = self.reader.next(self.end, self.limits).await?;
            range.records.iter().try_for_each(|record| self.take(record))?;
            progress.advanced(range.next.get() - before.get());
        }
        Ok(())
    }

    fn take(&mut self, record: &Record) -> Result<(), Error> {
        let room = record.key.as_deref().and_then(room_of_key);
        if self.only.is_some_and(|only| room != Some(only)) {
            return Ok(());
        }
        // What can't be read counts for nobody.
        let Ok(decoded) = codec::decode(record.borrowed(), self.partitions) else {
            return Ok(());
        };
        let id = decoded.event.room_id;
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(id));
        let applied = room.fold(&decoded.event, decoded.rules, decoded.datum, record.position);
        if room.unsupported() {
            return Err(Error::Unsupported(id));
        }
        if let Verdict::Accepted { seq, digest } = applied.verdict {
            self.ready.push_back(Entry {
                room: id,
                seq,
                appended_at: record.position.appended_at,
                partition: record.position.partition,
                offset: record.position.offset,
                digest,
                fingerprint: decoded.fingerprint,
                datum: decoded.datum.to_vec(),
            });
        }
        Ok(())
    }

    fn heads(&self) -> impl Iterator<Item = Head> + '_ {
        let existing = self.rooms.values().filter(|room| room.exists());
        existing.map(|room| Head {
            room: room.id(),
            partition: self.partition,
            head: room.head(),
            digest: room.digest(),
            messages: room.messages(),
        })
    }
}
