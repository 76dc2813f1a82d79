//! The Avro object container (Avro specification, "Object container files") of an archive: any tool that reads Avro reads it.

use super::Error;
use apache_avro::types::Value;
use apache_avro::{Codec, DeflateSettings, Reader, Schema, Writer};
use engine::codec::lock::Fingerprint;
use engine::domain::{Digest, Offset, Partition, RoomId, Seq, Timestamp};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const SCHEMA: &str = r#"{
  "type": "record", "name": "ArchivedEvent", "namespace": "roomlog.archive.v1",
  "doc": "An accepted event as it was on the log.",
  "fields": [
    {"name": "room", "type": "string", "doc": "The record's key: the room id, lower-case UUID text."},
    {"name": "seq", "type": "long", "doc": "The room's own number of the event."},
    {"name": "appended_at", "type": "long", "doc": "When the log took it, ms since 1970."},
    {"name": "partition", "type": "int", "doc": "Of the log that was exported."},
    {"name": "offset", "type": "long", "doc": "In that partition."},
    {"name": "digest", "type": {"type": "fixed", "name": "Digest", "size": 16}, "doc": "The room's chain after it."},
    {"name": "fingerprint", "type": {"type": "fixed", "name": "Fingerprint", "size": 8},
     "doc": "CRC-64-AVRO of the schema of the datum, little-endian."},
    {"name": "datum", "type": "bytes", "doc": "The event's Avro bytes without any header."}
  ]
}"#;

static PARSED: LazyLock<Schema> = LazyLock::new(|| Schema::parse_str(SCHEMA).expect("a constant that tests have read"));

/// Bytes that are hashed at once.
const CHUNK: usize = 1 << 20;

/// One event of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) room: RoomId,
    pub(super) seq: Seq,
    pub(super) appended_at: Timestamp,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) digest: Digest,
    pub(super) fingerprint: Fingerprint,
    pub(super) datum: Vec<u8>,
}

impl Entry {
    fn into_value(self) -> Value {
        let fields = [
            ("room", Value::String(self.room.to_string())),
            ("seq", Value::Long(self.seq.get().cast_signed())),
            ("appended_at", Value::Long(self.appended_at.as_millis())),
            ("partition", Value::Int(self.partition.get().into())),
            ("offset", Value::Long(self.offset.get().cast_signed())),
            ("digest", Value::Fixed(16, self.digest.as_bytes().to_vec())),
            ("fingerprint", Value::Fixed(8, self.fingerprint.to_vec())),
            ("datum", Value::Bytes(self.datum)),
        ];
        Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Record(fields) = value else { return None };
        let values: Vec<Value> = fields.into_iter().map(|(_, value)| value).collect();
        let [
            Value::String(room),
            Value::Long(seq),
            Value::Long(appended_at),
            Value::Int(partition),
            Value::Long(offset),
            Value::Fixed(16, digest),
            Value::Fixed(8, fingerprint),
            Value::Bytes(datum),
        ] = <[Value; 8]>::try_from(values).ok()?
        else {
            return None;
        };
        Some(Self {
            room: room.parse().ok()?,
            seq: Seq::new(seq.try_into().ok()?),
            appended_at: Timestamp::from_millis(appended_at),
            partition: Partition::new(partition.try_into().ok()?),
            offset: Offset::new(offset.try_into().ok()?),
            digest: Digest::from_bytes(digest.try_into().ok()?),
            fingerprint: fingerprint.try_into().ok()?,
            datum,
        })
    }
}

/// Writes through, and keeps count and hash of what went by.
struct Hashing {
    file: BufWriter<File>,
    hash: blake3::Hasher,
    bytes: u64,
}

impl Write for Hashing {
    /// All of it at once: the library does not look how much was taken.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A container being written. All of it blocks.
pub(super) struct Sink {
    path: PathBuf,
    writer: Writer<'static, Hashing>,
}

impl Sink {
    /// A new file, which must not be there yet, with what the container says of itself.
    pub(super) fn create(path: &Path, metadata: &[(&str, String)]) -> Result<Self, Error> {
        let file = File::create_new(path).map_err(|error| Error::file(path, &error))?;
        let hashing = Hashing {
            file: BufWriter::new(file),
            hash: blake3::Hasher::new(),
            bytes: 0,
        };
        let codec = Codec::Deflate(DeflateSettings::default());
        let wrong = |error: apache_avro::Error| Error::damaged(path, error.to_string());
        let mut writer = Writer::with_codec(&PARSED, hashing, codec).map_err(wrong)?;
        for (name, value) in metadata {
            writer.add_user_metadata((*name).to_owned(), value).map_err(wrong)?;
        }
        Ok(Self {
            path: path.to_owned(),
            writer,
        })
    }

    pub(super) fn write(&mut self, entry: Entry) -> Result<(), Error> {
        let written = self.writer.append_value(entry.into_value());
        written
            .map(drop)
            .map_err(|error| Error::damaged(&self.path, error.to_string()))
    }

    /// Sees to it that all is on disk; size and hash.
    pub(super) fn finish(self) -> Result<(u64, String), Error> {
        let path = self.path;
        let hashing = self
            .writer
            .into_inner()
            .map_err(|error| Error::damaged(&path, error.to_string()))?;
        let (bytes, hash) = (hashing.bytes, hashing.hash.finalize().to_hex().to_string());
        let file = hashing
            .file
            .into_inner()
            .map_err(|error| Error::file(&path, error.error()))?;
        file.sync_all().map_err(|error| Error::file(&path, &error))?;
        Ok((bytes, hash))
    }
}

/// Size and hash of a file. Blocks.
pub(super) fn hash(path: &Path) -> Result<(u64, String), Error> {
    let failed = |error: std::io::Error| Error::file(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut bytes, mut chunk) = (blake3::Hasher::new(), 0, vec![0; CHUNK]);
    loop {
        let read = file.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            return Ok((bytes, hash.finalize().to_hex().to_string()));
        }
        hash.update(&chunk[..read]);
        bytes += read as u64;
    }
}

/// The events of a container, in order. Blocks.
pub(super) fn read(path: &Path) -> Result<impl Iterator<Item = Result<Entry, Error>>, Error> {
    let file = File::open(path).map_err(|error| Error::file(path, &error))?;
    let reader = Reader::builder(BufReader::new(file)).reader_schema(&PARSED).build();
    let reader = reader.map_err(|error| Error::damaged(path, format!("this is no archive: {error}")))?;
    let path = path.to_owned();
    Ok(reader.map(move |value| {
        let value = value.map_err(|error| Error::damaged(&path, error.to_string()))?;
        Entry::from_value(value).ok_or_else(|| Error::damaged(&path, "a record that is none of an archive"))
    }))
}

#[cfg(test)]
mod tests {
    use super::{Entry, Sink, hash, read};
    use engine::domain::{Digest, Offset, Partition, RoomId, Seq, Timestamp};

    fn entry(number: u64) -> Entry {
        let room = RoomId::new(uuid::Uuid::from_u128(number.into()));
        Entry {
            room,
            seq: Seq::new(number),
            appended_at: Timestamp::from_millis(-1 + i64::try_from(number).expect("small")),
            partition: Partition::new(u16::MAX),
            offset: Offset::new(number * 1_000_000_007),
            digest: Digest::of_room(room),
            fingerprint: number.to_le_bytes(),
            datum: vec![0xff; usize::try_from(number).expect("small") % 5_000],
        }
    }

    #[test]
    fn what_is_written_is_read_and_hashed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("archive.avro");
        let mut sink = Sink::create(&path, &[("roomlog.format", "1".to_owned())]).expect("a file");
        let entries: Vec<Entry> = (0..3_000).map(entry).collect();
        entries
            .iter()
            .cloned()
            .try_for_each(|entry| sink.write(entry))
            .expect("written");
        let written = sink.finish().expect("finished");
        assert_eq!(hash(&path).expect("hashed"), written);
        let found: Vec<Entry> = read(&path)
            .expect("an archive")
            .collect::<Result<_, _>>()
            .expect("sound");
        assert_eq!(found, entries);
        assert!(Sink::create(&path, &[]).is_err(), "nothing is written over");
    }

    #[test]
    fn what_is_no_archive_is_told_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nonsense");
        std::fs::write(&path, "nonsense").expect("written");
        let error = read(&path).err().expect("no archive").to_string();
        assert!(error.contains("this is no archive"), "{error}");
    }
}
