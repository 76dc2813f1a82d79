//! What an archive holds, in a file beside it: `FILE.manifest.json`.

use super::Error;
use engine::domain::{Digest, Epoch, Partition, RoomId, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The version of both files.
pub(super) const FORMAT: u32 = 1;
/// Most bytes of a manifest that are read: some two million rooms.
const MOST_BYTES: u64 = 512 << 20;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this file and of the container.
    pub format: u32,
    /// The life of the log that was exported.
    pub epoch: Epoch,
    /// What the topic, or the file, of that log is called.
    pub topic: String,
    /// How many partitions it has.
    pub partitions: u16,
    /// The one room that was exported, if not all were.
    pub room: Option<RoomId>,
    /// Events in the container.
    pub events: u64,
    /// The append time of the first; null of an empty archive.
    pub from: Option<Timestamp>,
    /// And of the last.
    pub to: Option<Timestamp>,
    /// Every room that has an event, in order of id.
    pub rooms: Vec<Head>,
    /// The container itself.
    pub file: Archived,
}

/// Where a room ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which.
    pub room: RoomId,
    /// Its partition in the log that was exported.
    pub partition: Partition,
    /// Its last seq, which is also how many events it has.
    pub head: Seq,
    /// Its chain there.
    pub digest: Digest,
    /// Messages ever sent in it.
    pub messages: u64,
}

/// The container as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// Its name, without a folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 over all of it, in hex.
    pub blake3: String,
}

/// Where the manifest of an archive is.
#[must_use]
pub fn manifest_path(archive: &Path) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(".manifest.json");
    path.into()
}

impl Manifest {
    /// Reads the manifest of an archive.
    pub(super) fn read(archive: &Path) -> Result<Self, Error> {
        let path = manifest_path(archive);
        let size = std::fs::metadata(&path)
            .map_err(|error| Error::file(&path, &error))?
            .len();
        if size > MOST_BYTES {
            return Err(Error::damaged(&path, format!("{size} bytes are no manifest")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| Error::file(&path, &error))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| Error::damaged(&path, format!("this is no manifest: {error}")))?;
        if manifest.format != FORMAT {
            let why = format!("format {}, this roomlog reads {FORMAT}", manifest.format);
            return Err(Error::damaged(&path, why));
        }
        Ok(manifest)
    }

    /// Writes it beside the archive; there is none yet.
    pub(super) fn write(&self, archive: &Path) -> Result<(), Error> {
        use std::io::Write as _;
        let path = manifest_path(archive);
        let written = std::fs::File::create_new(&path).and_then(|mut file| {
            let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        written.map_err(|error| Error::file(&path, &error))
    }
}
