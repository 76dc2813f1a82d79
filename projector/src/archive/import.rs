//! Into an empty log: the archive is checked whole, then folded as it is written. Each event must get the seq and the digest that it
//! had, and at the end every room must stand where the manifest says; only then the log is one like any other.

use super::Error;
use super::container::{self, Entry};
use super::manifest::Manifest;
use crate::verify::Progress;
use bytes::Bytes;
use engine::codec::lock::{Fingerprint, Lock};
use engine::codec::{self, Encoded, Wire};
use engine::domain::{Event, Room, RoomId, Verdict};
use engine::log::{Import, Log, Outgoing, Topic};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Events that come from the file at once.
const READ_AT_ONCE: usize = 1_000;
/// How many times as many may wait.
const WAITING: usize = 4;
/// The header that names the writer's schema.
const SCHEMA: &str = "schema";

/// Which header stands before the bytes of a schema's events in this log: an error says why there is none.
pub type Wires<'a> = &'a (dyn Fn(Fingerprint) -> Result<Wire, String> + Send + Sync);

/// Fills an empty log from an archive.
///
/// # Errors
/// [`Error`]; a log into which anything was written by then holds half an import, and says so at every start.
pub async fn import(
    log: &Arc<dyn Log>,
    wires: Wires<'_>,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Manifest, Error> {
    let manifest = Manifest::read(path)?;
    let archive = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || container::hash(&archive)).await;
    let found = hashed.map_err(Error::broken)??;
    if found != (manifest.file.bytes, manifest.file.blake3.clone()) {
        let why = format!(
            "{} bytes with BLAKE3 {}, and the manifest says {} with {}: it was damaged, or is another archive",
            found.0, found.1, manifest.file.bytes, manifest.file.blake3
        );
        return Err(Error::damaged(path, why));
    }
    progress.begins("importing", manifest.events);
    let mut filling = Filling {
        log,
        wires,
        import: log.import().await?,
        rooms: BTreeMap::new(),
        events: 0,
    };
    let (reading, entries) = read(path.to_owned());
    let filled = filling.take_all(entries, progress).await;
    // It ends with its channel.
    let read = reading.await.map_err(Error::broken);
    let whole = filled.and(read).and_then(|()| filling.must_be(&manifest));
    let import = filling.import;
    match whole {
        Ok(()) => import.finish().await?,
        Err(error) => {
            import.abandon().await?;
            return Err(error);
        }
    }
    Ok(manifest)
}

/// Reads and decompresses on a thread of its own.
fn read(path: PathBuf) -> (JoinHandle<()>, mpsc::Receiver<Result<Vec<Entry>, Error>>) {
    let (sender, entries) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        let mut events = match container::read(&path) {
            Ok(events) => events.peekable(),
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        while events.peek().is_some() {
            let batch: Result<Vec<Entry>, Error> = events.by_ref().take(READ_AT_ONCE).collect();
            let failed = batch.is_err();
            // Nobody takes them any more: the import has failed.
            if sender.blocking_send(batch).is_err() || failed {
                return;
            }
        }
    });
    (reading, entries)
}

/// An import under way.
struct Filling<'a> {
    log: &'a Arc<dyn Log>,
    wires: Wires<'a>,
    import: Box<dyn Import>,
    rooms: BTreeMap<RoomId, Room>,
    events: u64,
}

impl Filling<'_> {
    async fn take_all(
        &mut self,
        mut entries: mpsc::Receiver<Result<Vec<Entry>, Error>>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        while let Some(batch) = entries.recv().await {
            let batch = batch?;
            let count = batch.len() as u64;
            for entry in batch {
                self.take(entry).await?;
            }
            progress.advanced(count);
        }
        Ok(())
    }
    /// Writes one event and folds it where it stands: it must count as it did.
    async fn take(&mut self, entry: Entry) -> Result<(), Error> {
        self.events += 1;
        let number = self.events;
        let (room, seq) = (entry.room, entry.seq.get());
        let differs = |why: String| Error::Differs { number, room, seq, why };
        let (event, rules) = decode(&entry).map_err(differs)?;
        let encoded = Encoded {
            fingerprint: entry.fingerprint,
            datum: entry.datum.into(),
        };
        let wire = (self.wires)(entry.fingerprint).map_err(Error::Unwritable)?;
        let key = Bytes::from(room.to_string());
        let outgoing = Outgoing {
            topic: Topic::Events,
            partition: self.log.partition_of(&key),
            key: Some(key),
            value: Some(wire.wrap(&encoded)),
            headers: vec![(SCHEMA, Bytes::copy_from_slice(&entry.fingerprint))],
        };
        let at = self.import.append(outgoing, entry.appended_at).await?;
        let stands = self.rooms.entry(room).or_insert_with(|| Room::new(room));
        match stands.fold(&event, rules, &encoded.datum, at).verdict {
            Verdict::Accepted { seq, digest } if (seq, digest) == (entry.seq, entry.digest) => Ok(()),
            Verdict::Accepted { seq, digest } => Err(differs(format!(
                "it was seq {} with digest {}, and is seq {seq} with digest {digest}",
                entry.seq, entry.digest
            ))),
            Verdict::Ignored { reason } => Err(differs(format!("it is ignored now: {}", reason.name()))),
        }
    }

    /// Whether everything that the manifest promises is there.
    fn must_be(&self, manifest: &Manifest) -> Result<(), Error> {
        if self.events != manifest.events {
            let why = format!("it holds {} events, the manifest says {}", self.events, manifest.events);
            return Err(Error::NotAll(why));
        }
        if self.rooms.len() != manifest.rooms.len() {
            let why = format!(
                "it holds {} rooms, the manifest says {}",
                self.rooms.len(),
                manifest.rooms.len()
            );
            return Err(Error::NotAll(why));
        }
        for head in &manifest.rooms {
            let stands = self.rooms.get(&head.room);
            let found = stands.map(|room| (room.head(), room.digest(), room.messages()));
            if found != Some((head.head, head.digest, head.messages)) {
                return Err(Error::NotAll(format!(
                    "room {} does not end as the manifest says",
                    head.room
                )));
            }
        }
        Ok(())
    }
}

/// Reads the event, which must be one of the room that the archive says.
fn decode(entry: &Entry) -> Result<(Event, u32), String> {
    let schema = Lock::embedded().find(entry.fingerprint);
    let schema = schema.ok_or("it is of a schema that this roomlog does not know: import with a newer one")?;
    let event = codec::decode_datum(entry.fingerprint, &entry.datum).ok_or("its bytes are no event")?;
    if event.room_id != entry.room {
        return Err(format!("it is an event of room {}", event.room_id));
    }
    Ok((event, schema.rules))
}
