//! The file: its lock, its table, and reading from it.

use super::{Config, Shared};
use crate::domain::{Epoch, Offset, Partition, Position, Timestamp};
use crate::log::import::half;
use crate::log::{Error, Extent, Headers, Keys, Range, RangeLimits, RecordRef, Topic, is_wanted};
use futures_util::TryStreamExt as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::fs;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// `id` is topic, partition and offset in one number, so that each partition lies in the file in its own order; the
/// last three columns are for people. Of the reads topic (1) the last record of each key is kept.
const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS meta (epoch TEXT NOT NULL, partitions INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY,
    appended_at INTEGER NOT NULL,
    key BLOB,
    value BLOB,
    headers BLOB NOT NULL,
    topic INTEGER AS (id >> 56),
    partition INTEGER AS ((id >> 40) & 65535),
    "offset" INTEGER AS (id & 1099511627775)
) STRICT;
CREATE INDEX IF NOT EXISTS reads_by_key ON records (key, id) WHERE id >= 72057594037927936 AND id < 144115188075855872;
"#;

/// Fails where the file may not be written, and changes nothing where it may.
const WRITE_NOTHING: &str = "BEGIN IMMEDIATE; UPDATE meta SET partitions = partitions; ROLLBACK";

/// Whether an import was begun in the file and not ended.
const IS_IMPORTING: &str = "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'importing'";

/// How long a reader waits for the moment in which the writer moves pages from the WAL.
const BUSY: Duration = Duration::from_secs(5);
const PAGE_BYTES: u32 = 4096;

/// The row of a record.
pub(super) fn id(topic: Topic, partition: Partition, offset: Offset) -> i64 {
    let offset = offset.get().min((1 << 40) - 1).cast_signed();
    (topic as i64) << 56 | i64::from(partition.get()) << 40 | offset
}

/// Says that this process alone has the folder.
pub(super) struct Lock(#[allow(dead_code, reason = "the lock is held as long as the file is open")] fs::File);

impl Lock {
    pub(super) fn take(folder: &Path) -> Result<Self, Error> {
        let refused = |error| {
            Error::Refused(format!(
                "the data folder {} can't be written: {error}",
                folder.display()
            ))
        };
        fs::create_dir_all(folder).map_err(refused)?;
        let path = folder.join("roomlog.lock");
        let options = || {
            fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
        };
        let mut file = options().map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(Error::Misconfigured(format!(
                    "the data folder {} is in use by process {}: one process per data folder; end that one, or give \
                     this one a folder of its own",
                    folder.display(),
                    holder.trim()
                )));
            }
            Err(fs::TryLockError::Error(error)) => return Err(refused(error)),
        }
        file.set_len(0).map_err(refused)?;
        file.rewind().map_err(refused)?;
        writeln!(file, "{}", std::process::id()).map_err(refused)?;
        Ok(Self(file))
    }
}

pub(super) struct File {
    pub(super) epoch: Epoch,
    readers: SqlitePool,
    options: SqliteConnectOptions,
}

impl File {
    /// Opens or makes the file; the connection is the writer's.
    pub(super) async fn open(folder: &Path, config: &Config) -> Result<(Self, SqliteConnection), Error> {
        let named = |error: Error| match error {
            Error::Refused(why) => Error::Refused(format!("{}: {why}", folder.display())),
            Error::Unavailable(why) => Error::Unavailable(format!("{}: {why}", folder.display())),
            other => other,
        };
        let options = SqliteConnectOptions::new()
            .filename(folder.join(super::FILE))
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let (writer, epoch) = open_to_write(&options, config).await.map_err(named)?;
        let options = options.read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(config.readers)
            .connect_lazy_with(options.clone());
        Ok((
            Self {
                epoch,
                readers,
                options,
            },
            writer,
        ))
    }

    /// Notes in the file that an import is under way, or that it is over.
    pub(super) async fn mark_importing(&self, importing: bool) -> Result<(), Error> {
        let options = self.options.clone().read_only(false);
        let mut connection = options.connect().await.map_err(|e| failed(&e))?;
        let order = match importing {
            true => "CREATE TABLE importing (importing INTEGER)",
            false => "DROP TABLE importing",
        };
        connection.execute(order).await.map_err(|e| failed(&e))?;
        connection.close().await.map_err(|e| failed(&e))
    }

    /// A connection of a reader's own.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, Error> {
        self.options.connect().await.map_err(|e| failed(&e))
    }
}

async fn open_to_write(options: &SqliteConnectOptions, config: &Config) -> Result<(SqliteConnection, Epoch), Error> {
    let mut writer = options
        .clone()
        .create_if_missing(true)
        .connect()
        .await
        .map_err(|e| failed(&e))?;
    if config.max_megabytes > 0 {
        let pages = u64::from(config.max_megabytes) * 1024 * 1024 / u64::from(PAGE_BYTES);
        let limit = format!("PRAGMA max_page_count = {pages}");
        sqlx::query(&limit).execute(&mut writer).await.map_err(|e| failed(&e))?;
    }
    // SQLite opens a file that may only be read without a word, and of a schema that is there nothing is written.
    for statement in [SCHEMA, WRITE_NOTHING] {
        sqlx::raw_sql(statement)
            .execute(&mut writer)
            .await
            .map_err(|e| failed(&e))?;
    }
    let epoch = meta(&mut writer, config.partitions).await?;
    let importing: bool = sqlx::query_scalar(IS_IMPORTING)
        .fetch_one(&mut writer)
        .await
        .map_err(|e| failed(&e))?;
    if importing {
        return Err(half("log.db", "delete log.db, log.db-wal and log.db-shm"));
    }
    Ok((writer, epoch))
}

async fn meta(connection: &mut SqliteConnection, partitions: u16) -> Result<Epoch, Error> {
    let found: Option<(String, i64)> = sqlx::query_as("SELECT epoch, partitions FROM meta")
        .fetch_optional(&mut *connection)
        .await
        .map_err(|e| failed(&e))?;
    let Some((epoch, found)) = found else {
        let epoch = Uuid::new_v4();
        sqlx::query("INSERT INTO meta (epoch, partitions) VALUES (?, ?)")
            .bind(epoch.to_string())
            .bind(partitions)
            .execute(connection)
            .await
            .map_err(|e| failed(&e))?;
        return Ok(Epoch::new(epoch));
    };
    if found != i64::from(partitions) {
        return Err(Error::Misconfigured(format!(
            "log.db has {found} partitions, the settings say {partitions}: the count is fixed for a log's life"
        )));
    }
    let epoch = Uuid::parse_str(&epoch);
    epoch
        .map(Epoch::new)
        .map_err(|_| Error::Misconfigured("log.db is damaged: its epoch is no UUID".into()))
}

/// What an error of SQLite means for whoever asked. `SQLite`'s result codes: <https://sqlite.org/rescode.html>.
pub(super) fn failed(error: &sqlx::Error) -> Error {
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    // SQLITE_IOERR_SHMSIZE. It may come when all else of a commit is on disk, so it is no refusal.
    if code == Some(4874) {
        return Error::Unavailable("there is no room for log.db-shm, the disk may be full: make room".into());
    }
    match code.map(|extended| extended & 0xff) {
        Some(13) => Error::Refused("the disk is full, or log.db has reached its largest size: make room".into()),
        Some(8) => Error::Refused("log.db is read-only: let this user write to the data folder".into()),
        Some(14) => Error::Refused(format!("log.db can't be opened: {error}")),
        Some(11 | 26) => Error::Misconfigured(format!("log.db is damaged: {error}")),
        _ => Error::Unavailable(format!("log.db: {error}")),
    }
}

impl Shared {
    pub(super) async fn extent(&self, topic: Topic, partition: Partition) -> Result<Extent, Error> {
        let high = self.heads.end(topic, partition);
        // Of the others nothing is ever taken from the front; a compacted topic begins where it began.
        let low = match topic {
            Topic::Events | Topic::Reads | Topic::DeadLetters => Offset::ZERO,
            Topic::Signals => {
                let first: Option<i64> = sqlx::query_scalar("SELECT min(id) FROM records WHERE id >= ? AND id < ?")
                    .bind(id(topic, partition, Offset::ZERO))
                    .bind(id(topic, partition, high))
                    .fetch_one(&self.file.readers)
                    .await
                    .map_err(|e| failed(&e))?;
                first.map_or(high, offset_of)
            }
        };
        Ok(Extent { partition, low, high })
    }

    pub(super) async fn range(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        to: Offset,
        limits: RangeLimits,
        keys: Option<&Keys>,
    ) -> Result<Range, Error> {
        let mut range = Range {
            records: Vec::new(),
            next: from,
            bytes: 0,
        };
        if from >= to || limits.max_records == 0 {
            return Ok(range);
        }
        let Extent { low, high, .. } = self.extent(topic, partition).await?;
        if from < low || from > high {
            return Err(Error::OutOfRange {
                partition,
                offset: from,
                low,
                high,
            });
        }
        let mut connection = self.file.readers.acquire().await.map_err(|e| failed(&e))?;
        range.next = read(
            &mut connection,
            (topic, partition),
            from,
            to.min(high),
            limits,
            |record| {
                range.bytes += record.value.map_or(0, <[u8]>::len);
                if is_wanted(keys, record.key) {
                    range.records.push(record.to_record());
                }
            },
        )
        .await?;
        Ok(range)
    }

    /// Append times never go back, and offsets have no gap worth mentioning: found by halves.
    pub(super) async fn offset_at(
        &self,
        topic: Topic,
        partition: Partition,
        time: Timestamp,
    ) -> Result<Option<Offset>, Error> {
        let Extent { mut low, high, .. } = self.extent(topic, partition).await?;
        let mut end = high;
        let mut found = None;
        while low < end {
            let middle = Offset::new(low.get().midpoint(end.get()));
            let row: Option<(i64, i64)> =
                sqlx::query_as("SELECT id, appended_at FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT 1")
                    .bind(id(topic, partition, middle))
                    .bind(id(topic, partition, end))
                    .fetch_optional(&self.file.readers)
                    .await
                    .map_err(|e| failed(&e))?;
            match row {
                Some((row, at)) if at < time.as_millis() => low = offset_of(row).next(),
                Some((row, _)) => {
                    found = Some(offset_of(row));
                    end = middle;
                }
                None => end = middle,
            }
        }
        Ok(found)
    }
}

/// Hands `[from, to)` of a partition to `take`, within the limits; answers where to go on.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    (topic, partition): (Topic, Partition),
    from: Offset,
    to: Offset,
    limits: RangeLimits,
    mut take: impl FnMut(RecordRef<'_>),
) -> Result<Offset, Error> {
    let most = i64::try_from(limits.max_records).unwrap_or(i64::MAX);
    let mut rows = sqlx::query(
        "SELECT id, appended_at, key, value, headers FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
    )
    .bind(id(topic, partition, from))
    .bind(id(topic, partition, to))
    .bind(most)
    .fetch(connection);
    let (mut next, mut records, mut bytes) = (from, 0, 0);
    while let Some(row) = rows.try_next().await.map_err(|e| failed(&e))? {
        let record = record(&row, partition).map_err(|e| failed(&e))?;
        next = record.position.offset.next();
        records += 1;
        bytes += record.value.map_or(0, <[u8]>::len);
        take(record);
        if bytes >= limits.max_bytes {
            return Ok(next);
        }
    }
    Ok(if records < limits.max_records { to } else { next })
}

fn record(row: &SqliteRow, partition: Partition) -> Result<RecordRef<'_>, sqlx::Error> {
    Ok(RecordRef {
        position: Position {
            partition,
            offset: offset_of(row.try_get(0)?),
            appended_at: Timestamp::from_millis(row.try_get(1)?),
        },
        key: row.try_get(2)?,
        value: row.try_get(3)?,
        headers: unpack(row.try_get(4)?),
    })
}

fn offset_of(id: i64) -> Offset {
    Offset::new(id.cast_unsigned() & ((1 << 40) - 1))
}

/// Headers as one blob: for each the name's length (1 byte), the value's (4 bytes, little-endian), then both.
pub(super) fn pack(headers: &[(&'static str, bytes::Bytes)]) -> Vec<u8> {
    let mut blob = Vec::new();
    for (name, value) in headers {
        blob.push(u8::try_from(name.len()).expect("header names are constants of a few letters"));
        let length = u32::try_from(value.len()).expect("a header is no longer than a record");
        blob.extend_from_slice(&length.to_le_bytes());
        blob.extend_from_slice(name.as_bytes());
        blob.extend_from_slice(value);
    }
    blob
}

/// A blob that does not end well is read as far as it goes.
fn unpack(mut blob: &[u8]) -> Headers<'_> {
    let mut headers = Headers::default();
    while let Some(((&name_length, length), rest)) = blob.split_first().and_then(|(name_length, rest)| {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        Some(((name_length, u32::from_le_bytes(*length)), rest))
    }) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((name, rest)) = rest.split_at_checked(name_length.into()) else {
            break;
        };
        let Some((value, rest)) = rest.split_at_checked(length) else {
            break;
        };
        headers.add(name, Some(value));
        blob = rest;
    }
    headers
}
