//! The arguments of `roomlog export` and `roomlog import`.

use clap::Args;
use engine::domain::RoomId;
use std::path::PathBuf;

/// Writes the accepted events of the log, or of one room, into a file, and a manifest beside it.
///
/// The file is an Avro object container; FILE.manifest.json says what it holds, where every room ends, and its BLAKE3. What
/// everybody ignores is left out. People and their passwords, read markers and presence are not part of it: accounts live in the
/// database alone. The end of the log is fixed when it begins; it may run beside a cluster at work.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(verbatim_doc_comment)]
pub struct Export {
    /// The file to write; nothing is written over.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// One room alone, by its id.
    #[arg(long, value_name = "ID")]
    pub room: Option<RoomId>,
    /// Says what was written as JSON: the manifest.
    #[arg(long)]
    pub json: bool,
}

/// Fills an empty log from an export: every event keeps its seq, its digest and its append time.
///
/// The log must hold no event: import before the first `roomlog serve`, which makes the room general. An import that was cut
/// short leaves a log that every start refuses; it says what to delete. Accounts are not in an export: whoever speaks in it
/// is there by id and name, and signs in only where the database of people is the same.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(verbatim_doc_comment)]
pub struct Import {
    /// The file that `roomlog export` wrote; its manifest stands beside it.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Says what was read as JSON: the manifest.
    #[arg(long)]
    pub json: bool,
}
