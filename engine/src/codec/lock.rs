//! The lock: every writer's schema there has ever been, by fingerprint, with the rules it belongs to.
//!
//! It is embedded in the binary. A fingerprint that is not in it is a type of the future. Schemas may be added, with a
//! new file each; none is ever changed or taken out once it has been released, for the log keeps its bytes.

use super::schema::{self, Schema};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::LazyLock;

/// CRC-64-AVRO of a schema's parsing canonical form, little-endian (Avro specification, "Schema fingerprints").
pub type Fingerprint = [u8; 8];

macro_rules! types {
    ($($event:ident)* ; $($signal:ident)*) => {
        /// The records of the events topic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is documented in its schema")]
        pub enum EventType { $($event,)* }

        /// The records of the other topics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is documented in its schema")]
        pub enum SignalType { $($signal,)* }

        impl Type {
            fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($event) => Some(Self::Event(EventType::$event)),)*
                    $(stringify!($signal) => Some(Self::Signal(SignalType::$signal)),)*
                    _ => None,
                }
            }

            /// The record's name, without its namespace.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::Event(EventType::$event) => stringify!($event),)*
                    $(Self::Signal(SignalType::$signal) => stringify!($signal),)*
                }
            }
        }

        /// The first schema of each type, as written in `schemas/`.
        pub const FILES: &[(&str, &str)] = &[
            $((concat!(stringify!($event), ".avsc"),
               include_str!(concat!("../../../schemas/", stringify!($event), ".avsc"))),)*
            $((concat!(stringify!($signal), ".avsc"),
               include_str!(concat!("../../../schemas/", stringify!($signal), ".avsc"))),)*
        ];
    };
}

types! {
    RoomCreated RoomUpdated RoomDeleted
    MemberJoined MemberLeft MemberInvited MemberRemoved MemberUnbanned MemberMuted MemberUnmuted RoleChanged
    MessageSent MessageEdited MessageDeleted ReactionAdded ReactionRemoved
    ;
    ReadMarked Presence Typing Erased LoginsEnded PersonDisabled RoomClosed
}

/// Later versions, oldest first: `MessageSent.2.avsc` and so on. Every version stays, for the log keeps its bytes.
pub const LATER: &[(&str, &str)] = &[(
    "PersonDisabled.2.avsc",
    include_str!("../../../schemas/PersonDisabled.2.avsc"),
)];

/// What a schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `roomlog.events`.
    Event(EventType),
    /// `roomlog.reads` and `roomlog.signals`.
    Signal(SignalType),
}

impl Type {
    /// The registry's subject: TopicRecordNameStrategy.
    #[must_use]
    pub fn subject(self, prefix: &str) -> String {
        let topic = match self {
            Self::Event(_) => "events",
            Self::Signal(SignalType::ReadMarked) => "reads",
            Self::Signal(_) => "signals",
        };
        format!("{prefix}.{topic}-{NAMESPACE}.{}", self.name())
    }
}

/// The namespace of every record.
pub const NAMESPACE: &str = "roomlog.v1";

const LOCK: &str = include_str!("../../../schemas/lock.json");

/// One line of `schemas/lock.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The record's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file in `schemas/`.
    pub file: String,
    /// In hex, as the header holds it.
    pub fingerprint: String,
    /// The rules that it belongs to.
    pub rules: u32,
}

/// A schema that can be read and written.
#[derive(Debug)]
pub struct Entry {
    /// Of what.
    pub kind: Type,
    /// The header `schema` of its records.
    pub fingerprint: Fingerprint,
    /// A room of lower rules ignores its events.
    pub rules: u32,
    /// The schema itself.
    pub schema: Schema,
}

/// All of them.
#[derive(Debug)]
pub struct Lock {
    entries: Vec<Entry>,
    by_fingerprint: HashMap<Fingerprint, usize>,
}

impl Lock {
    /// The lock of this binary.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Lock> = LazyLock::new(|| {
            Lock::parse(LOCK, &all_files()).expect("schemas/lock.json fits the schemas: a test keeps it so")
        });
        &EMBEDDED
    }

    /// Reads a lock and the files it names.
    ///
    /// # Errors
    /// A sentence that says which line does not fit.
    pub fn parse(lock: &str, files: &[(&str, &str)]) -> Result<Self, String> {
        let lines: Vec<Line> = serde_json::from_str(lock).map_err(|error| format!("schemas/lock.json: {error}"))?;
        let mut parsed = Self {
            entries: Vec::new(),
            by_fingerprint: HashMap::new(),
        };
        for line in lines {
            let Line {
                kind,
                file,
                fingerprint,
                rules,
            } = line;
            let text = files
                .iter()
                .find(|(name, _)| *name == file)
                .ok_or(format!("{file} is not there"))?
                .1;
            let schema = Schema::parse(text).map_err(|error| format!("{file}: {error}"))?;
            if hex(schema.fingerprint()) != fingerprint {
                return Err(changed(&file));
            }
            let kind = Type::from_name(&kind).ok_or(format!("{kind} is not a type of this binary"))?;
            let fingerprint = schema.fingerprint();
            parsed.by_fingerprint.insert(fingerprint, parsed.entries.len());
            parsed.entries.push(Entry {
                kind,
                fingerprint,
                rules,
                schema,
            });
        }
        Ok(parsed)
    }

    /// The schema of a fingerprint.
    #[must_use]
    pub fn find(&self, fingerprint: Fingerprint) -> Option<&Entry> {
        self.by_fingerprint.get(&fingerprint).map(|at| &self.entries[*at])
    }

    /// The newest schema of an event type that these rules allow: later lines are newer.
    #[must_use]
    pub fn newest(&self, kind: EventType, rules: u32) -> Option<&Entry> {
        self.entries
            .iter()
            .rev()
            .find(|entry| entry.kind == Type::Event(kind) && entry.rules <= rules)
    }

    /// The newest schema of a record of the other topics.
    #[must_use]
    pub fn signal(&self, kind: SignalType) -> &Entry {
        let newest = self.entries.iter().rev().find(|entry| entry.kind == Type::Signal(kind));
        newest.expect("every type has a schema: a test keeps it so")
    }

    /// All schemas, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Every schema there has ever been, by its file's name.
#[must_use]
pub fn all_files() -> Vec<(&'static str, &'static str)> {
    [FILES, LATER].concat()
}

/// The lock as it must be: what it says now, and a new line for each schema it does not know, at the newest rules.
///
/// # Errors
/// As [`generate_from`].
pub fn generate() -> Result<String, String> {
    generate_from(LOCK, &all_files(), crate::domain::RULES)
}

/// The same of any lock and files; new lines belong to `rules`.
///
/// # Errors
/// A sentence: a schema that can't be parsed, or one that was changed after it was locked.
pub fn generate_from(lock: &str, files: &[(&str, &str)], rules: u32) -> Result<String, String> {
    let mut lines: Vec<Line> = serde_json::from_str(lock).map_err(|error| format!("schemas/lock.json: {error}"))?;
    for (file, text) in files {
        let fingerprint = hex(schema::fingerprint(text).map_err(|error| format!("{file}: {error}"))?);
        match lines.iter().find(|known| known.file == *file) {
            Some(known) if known.fingerprint == fingerprint => {}
            Some(_) => return Err(changed(file)),
            None => lines.push(Line {
                kind: file.split('.').next().unwrap_or_default().to_owned(),
                file: (*file).to_owned(),
                fingerprint,
                rules,
            }),
        }
    }
    serde_json::to_string_pretty(&lines)
        .map(|text| text + "\n")
        .map_err(|error| error.to_string())
}

fn changed(file: &str) -> String {
    format!("{file} is not what the lock says: a released schema never changes, a new version is a new file")
}

/// A fingerprint as the lock has it.
pub(super) fn hex(fingerprint: Fingerprint) -> String {
    format!("{:016x}", u64::from_be_bytes(fingerprint))
}
