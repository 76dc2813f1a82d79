//! A file of the corpus: JSON lines, bytes in hex. First what it is about, then each record with what must be said of it,
//! then how the room stands at the end.

use engine::domain::{Change, Digest, Header, Offset, Partition, Position, RoomId, Seq, Timestamp, WindowEntry};
use engine::log::{Record as LogRecord, partition_of};
use serde::{Deserialize, Serialize};

const MOST_PARTITIONS: u16 = 1_024;

/// One room's log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) about: About,
    pub(crate) records: Vec<Record>,
    pub(crate) end: End,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub(crate) about: String,
    pub(crate) room: RoomId,
    /// The room's.
    pub(crate) partition: Partition,
}

impl About {
    /// How many partitions such a log has: as many as make this one the room's.
    pub(crate) fn partitions(&self) -> u16 {
        let key = self.room.to_string();
        let counts = self.partition.get() + 1..=MOST_PARTITIONS;
        let mut fitting = counts.filter(|count| partition_of(key.as_bytes(), *count) == self.partition);
        fitting.next().expect("some count puts the room there")
    }
}

/// A record as it is on the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// For whoever reads the file; nothing depends on it.
    pub(crate) says: String,
    /// Where it stands in another partition than the room's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partition: Option<Partition>,
    pub(crate) offset: Offset,
    /// Append time, ms since 1970.
    pub(crate) at: Timestamp,
    pub(crate) key: Option<String>,
    /// The headers of this name, in hex.
    pub(crate) schema: Vec<String>,
    /// The wire format's header and the datum, in hex.
    pub(crate) value: Option<String>,
    pub(crate) verdict: Said,
}

/// What every consumer says of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Said {
    Accepted {
        seq: Seq,
        digest: Digest,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<Change>,
    },
    Ignored {
        reason: String,
        /// Of a duplicate: seq and offset of the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        original: Option<(Seq, Offset)>,
    },
    Bad(String),
    Future,
}

/// How the room stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// `null` while there is no room.
    pub(crate) header: Option<Header>,
    pub(crate) people: Vec<Change>,
    /// How many events the duplicate window holds, and seq and offset of the first and the last.
    pub(crate) window: (usize, Vec<(Seq, Offset)>),
    /// Messages as they stand.
    pub(crate) recent: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Log(About),
    Record(Record),
    End(End),
}

impl Log {
    pub(crate) fn text(&self) -> String {
        let records = self.records.iter().cloned().map(Line::Record);
        let lines = std::iter::once(Line::Log(self.about.clone()))
            .chain(records)
            .chain([Line::End(self.end.clone())]);
        lines.fold(String::new(), |text, line| {
            text + &serde_json::to_string(&line).expect("JSON") + "\n"
        })
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut about, mut records, mut end) = (None, Vec::new(), None);
        for (number, line) in text.lines().enumerate() {
            if end.is_some() {
                return Err("something comes after its end".to_owned());
            }
            let parsed = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
            match parsed {
                Line::Log(line) if number == 0 => about = Some(line),
                Line::Log(_) => return Err("two logs".to_owned()),
                Line::Record(record) => records.push(record),
                Line::End(line) => end = Some(line),
            }
        }
        Ok(Self {
            about: about.ok_or("its first line says what it is about")?,
            records,
            end: end.ok_or("it has no end")?,
        })
    }
}

impl Record {
    /// As a consumer gets it who reads the room's partition.
    pub(crate) fn bytes(&self, partition: Partition) -> LogRecord {
        LogRecord {
            position: Position {
                partition: self.partition.unwrap_or(partition),
                offset: self.offset,
                appended_at: self.at,
            },
            key: self.key.clone().map(Into::into),
            value: self.value.as_deref().map(|value| from_hex(value).into()),
            schema_count: self.schema.len(),
            schema: self.schema.first().map(|schema| from_hex(schema).into()),
            traceparent: None,
            tracestate: None,
            letter: None,
        }
    }
}

/// The window in short.
pub(crate) fn window(mut entries: impl ExactSizeIterator<Item = WindowEntry>) -> (usize, Vec<(Seq, Offset)>) {
    let length = entries.len();
    let first = entries.next();
    let ends = first.into_iter().chain(entries.last());
    (length, ends.map(|entry| (entry.seq, entry.offset)).collect())
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0, "{text}");
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
        .collect()
}
