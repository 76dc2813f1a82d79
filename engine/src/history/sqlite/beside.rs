//! A second history beside the first, in the file `history.next.db`: made, filled through the usual adapter, compared, put in
//! the first one's place.
//!
//! What must hold: whoever has this has the folder to itself (the log's lock says so), so nothing moves but what it moves;
//! at every instant `history.db` is one of the two, whole. What was begun, and by which version, is in the new file
//! itself, in a table `rebuild`.

mod compare;
mod files;

use super::{EVENTS, MIGRATIONS, POOLS, READS, Sqlite, failed};
use crate::beside::{Beside, Difference, Differs, Error, Old, Stand};
use crate::database::Failure;
use crate::database::sqlite::{Durability, File};
use crate::domain::{Epoch, Offset, Partition, RoomId};
use crate::history;
use crate::log::Topic;
use async_trait::async_trait;
use files::{AWAY, FILE, NEXT, OLD, done, mend, remove, settle, sync};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// See the module.
#[derive(Debug)]
pub struct SqliteBeside {
    folder: PathBuf,
    epoch: Epoch,
    next: Sqlite,
    /// A connection of its own on the new one, to which the old one is attached as `old`.
    both: Option<SqliteConnection>,
    /// Why there is none.
    unreadable: String,
}

impl SqliteBeside {
    /// Begins a second history in the folder, or goes on with one that was begun. `anew` throws away what was begun.
    ///
    /// # Errors
    /// [`Error::Impossible`] when something stands in the way.
    pub async fn open(folder: &Path, epoch: Epoch, anew: bool) -> Result<Self, Error> {
        mend(folder)?;
        let path = folder.join(NEXT);
        if anew || !is_begun(&path, epoch).await? {
            remove(&path)?;
        }
        let begins = !path.exists();
        let file = File::open(&path, POOLS, Durability::Derived, &MIGRATIONS).await?;
        if begins {
            begin(&file, epoch).await?;
        }
        // An old one that needs migrations gets them: then its rows can be compared.
        let opened = File::open(&folder.join(FILE), POOLS, Durability::Derived, &MIGRATIONS).await;
        let (both, unreadable) = match opened {
            Ok(old) => {
                old.close().await;
                (Some(attach(folder).await?), String::new())
            }
            Err(Failure::Away(why) | Failure::Refused(why) | Failure::Corrupt(why)) => (None, why),
        };
        Ok(Self {
            folder: folder.to_owned(),
            epoch,
            next: Sqlite { file },
            both,
            unreadable,
        })
    }

    /// The new history, to be read and written.
    #[must_use]
    pub fn store(&self) -> Sqlite {
        self.next.clone()
    }

    fn both(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.both
            .as_mut()
            .ok_or_else(|| Error::Impossible(self.unreadable.clone()))
    }
}

/// Throws away the old history that a swap kept; says whether there was one.
///
/// # Errors
/// [`Error::Impossible`] when the file can't be removed.
pub fn drop_old(folder: &Path) -> Result<bool, Error> {
    mend(folder)?;
    let path = folder.join(OLD);
    let there = path.exists();
    remove(&path)?;
    Ok(there)
}

/// Puts the kept history back into its place, and keeps the one that was there.
///
/// # Errors
/// [`Error::Impossible`] when none is kept.
pub async fn swap_back(folder: &Path) -> Result<(), Error> {
    mend(folder)?;
    let (file, old, away) = (folder.join(FILE), folder.join(OLD), folder.join(AWAY));
    if !old.exists() {
        return Err(Error::Impossible(format!(
            "there is no {}: no history was swapped, or it was thrown away",
            old.display()
        )));
    }
    for path in [&file, &old] {
        settle(path).await?;
    }
    remove(&away)?;
    done(&file, std::fs::hard_link(&file, &away))?;
    done(&old, std::fs::rename(&old, &file))?;
    done(&away, std::fs::rename(&away, &old))?;
    sync(folder)
}

/// What a rebuild that goes on must have in common with the one that began.
fn version() -> String {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
    format!("{} with migration {}", env!("CARGO_PKG_VERSION"), newest.unwrap_or(0))
}

/// Whether the file is a rebuild's that this one can go on with.
async fn is_begun(path: &Path, epoch: Epoch) -> Result<bool, Error> {
    if !path.exists() {
        return Ok(false);
    }
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .map_err(refused)?;
    let noted = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'rebuild'";
    let noted: i64 = connection.fetch_one(noted).await.map_err(refused)?.get(0);
    if noted == 0 {
        // Killed before it had noted anything, and so before it had filled anything.
        connection.close().await.map_err(refused)?;
        return Ok(false);
    }
    let begun = "SELECT epoch, version FROM rebuild";
    let begun = connection.fetch_one(begun).await.map_err(refused)?;
    let (of, by): (String, String) = (begun.get(0), begun.get(1));
    connection.close().await.map_err(refused)?;
    for (name, begun, mine) in [("epoch", of, epoch.to_string()), ("version", by, version())] {
        if begun != mine {
            return Err(Error::Impossible(format!(
                "a rebuild was begun in {} from another {name} ({begun}, this one is {mine}): --anew throws it away",
                path.display()
            )));
        }
    }
    Ok(true)
}

/// Notes what is begun, and takes the indexes away that the fold does not need; they are made at the end.
async fn begin(file: &File, epoch: Epoch) -> Result<(), Error> {
    let mut transaction = file.writer.begin().await.map_err(refused)?;
    let indexes = "SELECT name, sql FROM sqlite_master
                   WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE%' ORDER BY name";
    let indexes = transaction.fetch_all(indexes).await.map_err(refused)?;
    let notes = "CREATE TABLE rebuild (epoch TEXT NOT NULL, version TEXT NOT NULL) STRICT;
                 CREATE TABLE rebuild_indexes (name TEXT PRIMARY KEY, definition TEXT NOT NULL) STRICT";
    transaction.execute(notes).await.map_err(refused)?;
    let begun = sqlx::query("INSERT INTO rebuild (epoch, version) VALUES (?, ?)")
        .bind(epoch.to_string())
        .bind(version());
    begun.execute(&mut *transaction).await.map_err(refused)?;
    for index in indexes {
        let (name, definition): (String, String) = (index.get(0), index.get(1));
        let note = sqlx::query("INSERT INTO rebuild_indexes (name, definition) VALUES (?, ?)")
            .bind(&name)
            .bind(definition);
        note.execute(&mut *transaction).await.map_err(refused)?;
        let drop = format!("DROP INDEX \"{name}\"");
        transaction.execute(drop.as_str()).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)
}

async fn attach(folder: &Path) -> Result<SqliteConnection, Error> {
    let options = SqliteConnectOptions::new().filename(folder.join(NEXT));
    let mut both = options.connect().await.map_err(refused)?;
    let old = folder.join(FILE).display().to_string();
    let attach = sqlx::query("ATTACH ? AS old").bind(old);
    attach.execute(&mut both).await.map_err(refused)?;
    Ok(both)
}

fn refused(error: sqlx::Error) -> Error {
    failed(error).into()
}

impl From<history::Error> for Error {
    fn from(error: history::Error) -> Self {
        if error.retryable() {
            Self::Away(error.to_string())
        } else {
            Self::Impossible(error.to_string())
        }
    }
}

#[async_trait]
impl Beside for SqliteBeside {
    async fn keeps_old(&mut self) -> Result<bool, Error> {
        Ok(self.folder.join(OLD).exists())
    }

    async fn old(&mut self) -> Result<Old, Error> {
        let epoch = self.epoch;
        let Ok(both) = self.both() else {
            return Ok(Old::Unreadable(self.unreadable.clone()));
        };
        let rows = "SELECT projection, partition, epoch, next_offset FROM old.checkpoints";
        let rows = both.fetch_all(rows).await.map_err(refused)?;
        let mut stands = Vec::with_capacity(rows.len());
        for row in rows {
            let (projection, partition, of, next): (String, u16, Uuid, i64) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let topic = match projection.as_str() {
                EVENTS => Topic::Events,
                READS => Topic::Reads,
                _ => continue,
            };
            if of != epoch.uuid() {
                return Ok(Old::OtherEpoch(Epoch::new(of)));
            }
            stands.push(Stand {
                topic,
                partition: Partition::new(partition),
                next: Offset::new(next.cast_unsigned()),
            });
        }
        Ok(Old::Stands(stands))
    }

    async fn complete(&mut self) -> Result<(), Error> {
        let writer = self.next.file.writer.clone();
        let left = "SELECT name, definition FROM rebuild_indexes ORDER BY name";
        for index in writer.fetch_all(left).await.map_err(refused)? {
            let (name, definition): (String, String) = (index.get(0), index.get(1));
            let mut transaction = writer.begin().await.map_err(refused)?;
            transaction.execute(definition.as_str()).await.map_err(refused)?;
            let made = sqlx::query("DELETE FROM rebuild_indexes WHERE name = ?").bind(name);
            made.execute(&mut *transaction).await.map_err(refused)?;
            transaction.commit().await.map_err(refused)?;
        }
        Ok(())
    }

    async fn compare(&mut self, rooms: Option<&BTreeSet<RoomId>>) -> Result<Vec<Differs>, Error> {
        // Nothing moves here: what is unknown after the first comparison is nothing.
        if rooms.is_some_and(BTreeSet::is_empty) {
            return Ok(Vec::new());
        }
        compare::compare(self.both()?).await
    }

    async fn explain(&mut self, at: &Differs, rows: usize) -> Result<Difference, Error> {
        compare::explain(self.both()?, at, rows).await
    }

    async fn hold(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn release(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn swap(&mut self) -> Result<(), Error> {
        let (file, next, old) = (self.folder.join(FILE), self.folder.join(NEXT), self.folder.join(OLD));
        if let Some(both) = self.both.take() {
            both.close().await.map_err(refused)?;
        }
        self.next.close().await;
        settle(&next).await?;
        if self.unreadable.is_empty() {
            settle(&file).await?;
        }
        if file.exists() {
            done(&old, std::fs::hard_link(&file, &old))?;
        }
        // From here on the one name means the other file, whenever this is cut short.
        done(&next, std::fs::rename(&next, &file))?;
        sync(&self.folder)?;
        let options = SqliteConnectOptions::new().filename(&file);
        let mut swapped = options.connect().await.map_err(refused)?;
        let forget = "DROP TABLE rebuild; DROP TABLE rebuild_indexes";
        swapped.execute(forget).await.map_err(refused)?;
        swapped.close().await.map_err(refused)
    }

    async fn discard(&mut self) -> Result<(), Error> {
        if let Some(both) = self.both.take() {
            both.close().await.map_err(refused)?;
        }
        self.next.close().await;
        remove(&self.folder.join(NEXT))
    }

    async fn close(self: Box<Self>) {
        if let Some(both) = self.both {
            // What it could not say any more nobody asks.
            let _ = both.close().await;
        }
        self.next.close().await;
    }
}
