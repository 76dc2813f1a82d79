//! The files of two histories, and how their names change hands.

use super::refused;
use crate::beside::Error;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, Row};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// The file that is read and written.
pub(super) const FILE: &str = "history.db";
/// Where the new one grows, where the old one stays, and what a swap back needs for a moment.
pub(super) const NEXT: &str = "history.next.db";
pub(super) const OLD: &str = "history.old.db";
pub(super) const AWAY: &str = "history.away.db";

/// How long connections may take to be closed, and how often that is looked at.
const CLOSING: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Ends what a kill has cut short between two names.
pub(super) fn mend(folder: &Path) -> Result<(), Error> {
    let (file, old, away) = (folder.join(FILE), folder.join(OLD), folder.join(AWAY));
    // A swap that had not come further than to keep the old one by a second name.
    if is_same(&file, &old)? {
        remove(&old)?;
    }
    if is_same(&file, &away)? {
        return remove(&away);
    }
    if away.exists() {
        // A swap back that had come as far as to put the old one into its place.
        done(&away, std::fs::rename(&away, &old))?;
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> Result<bool, Error> {
    let look = |path: &Path| match std::fs::metadata(path) {
        Ok(found) => Ok(Some((found.dev(), found.ino()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(broken(path, &error)),
    };
    let (one, other) = (look(one)?, look(other)?);
    Ok(one.is_some() && one == other)
}

/// The file and what SQLite keeps beside it.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    for beside in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(broken(path, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// What is in the WAL moves into the file, and the WAL goes: a file without its WAL would be half a history by another name.
/// Connections that were closed a moment ago are still being closed by their threads.
pub(super) async fn settle(path: &Path) -> Result<(), Error> {
    let asked = tokio::time::Instant::now();
    loop {
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(ASK_AGAIN);
        let mut connection = options.connect().await.map_err(refused)?;
        let settled = connection.fetch_one("PRAGMA journal_mode = DELETE").await;
        let settled = settled.map(|row| row.get::<String, _>(0));
        connection.close().await.map_err(refused)?;
        match settled {
            Ok(mode) if mode == "delete" => return Ok(()),
            _ if asked.elapsed() < CLOSING => tokio::time::sleep(ASK_AGAIN).await,
            settled => {
                let why = settled.map_or_else(|error| error.to_string(), |mode| format!("its journal is {mode}"));
                return Err(Error::Impossible(format!(
                    "{} is still in use: stop what has it open ({why})",
                    path.display()
                )));
            }
        }
    }
}

pub(super) fn sync(folder: &Path) -> Result<(), Error> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    done(folder, synced)
}

pub(super) fn done(path: &Path, done: io::Result<()>) -> Result<(), Error> {
    done.map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &io::Error) -> Error {
    Error::Impossible(format!("{}: {error}", path.display()))
}
