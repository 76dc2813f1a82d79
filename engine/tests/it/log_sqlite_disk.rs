//! The embedded log on a disk that is full, may not be written, or fails: nothing acked is lost, nothing refused is there,
//! and it goes on by itself once the disk is mended.

use crate::disk::{CHILD, Disk, freeze, in_child, run, thaw};
use crate::log_sqlite::{config, texts};
use crate::log_suite::{P0, listen, outgoing, text};
use engine::domain::Offset;
use engine::log::sqlite::Log;
use engine::log::{Error, Log as _, Topic};
use std::path::{Path, PathBuf};

/// A record of some pages, so that a disk is full soon.
const VALUE_BYTES: usize = 20_000;

/// Below the disk's root: the log makes it.
fn data(disk: &Disk) -> PathBuf {
    disk.path().join("data")
}

async fn open(folder: &Path) -> Result<Log, Error> {
    Log::open(folder, config()).await
}

fn value(number: usize) -> String {
    format!("{number}.{}", "x".repeat(VALUE_BYTES))
}

/// Values that were acked, in order of offset.
struct Acked(Vec<String>);

impl Acked {
    async fn append(&mut self, log: &Log) -> Result<(), Error> {
        let value = value(self.0.len());
        let position = log.append(outgoing(P0, "room", &value)).await?;
        assert_eq!(position.offset.get(), self.0.len() as u64, "offsets have no gap");
        self.0.push(value);
        Ok(())
    }

    /// Until one is not acked: why.
    async fn append_until_refused(&mut self, log: &Log) -> Error {
        loop {
            if let Err(error) = self.append(log).await {
                return error;
            }
        }
    }

    async fn are_there(&self, log: &Log) {
        assert!(texts(log, P0).await == self.0, "acked is there, refused is not");
    }
}

fn says_it_is_full(error: &Error) {
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("full"), "{error}");
    assert!(!error.retryable());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let Some(disk) = Disk::of_its_own("log_sqlite_disk::a_full_disk_refuses_and_goes_on_when_there_is_room") else {
        return;
    };
    let log = open(&data(&disk)).await.expect("a log");
    let mut acked = Acked(Vec::new());
    let (teller, mut heard) = listen();
    let tail = log
        .tail(vec![(Topic::Events, P0, Offset::ZERO)], teller)
        .expect("a tail");
    for _ in 0..3 {
        acked.append(&log).await.expect("room enough");
        disk.fill();
        says_it_is_full(&acked.append_until_refused(&log).await);
        // Many at once, in one commit and in several: each is told.
        let again = (0..20).map(|number| log.append(outgoing(P0, "room", &value(number))));
        for answer in futures_util::future::join_all(again.collect::<Vec<_>>()).await {
            says_it_is_full(&answer.expect_err("there is no room"));
        }
        log.ping().await.expect("it can be read");
        acked.are_there(&log).await;
        disk.make_room();
        acked.append(&log).await.expect("there is room again");
        acked.are_there(&log).await;
    }
    let records = heard.records(acked.0.len()).await;
    assert!(records.iter().map(text).eq(acked.0.iter().cloned()), "the tail went on");
    tail.stop().await;
    log.close().await;
    drop(log);
    let log = open(&data(&disk)).await.expect("the log again");
    acked.are_there(&log).await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_at_start_is_told() {
    let Some(disk) = Disk::of_its_own("log_sqlite_disk::a_full_disk_at_start_is_told") else {
        return;
    };
    let told = async || {
        let error = open(&data(&disk)).await.err().expect("no room");
        let text = error.to_string();
        assert!(text.contains("full") || text.contains("No space left"), "{text}");
        assert!(text.contains(data(&disk).to_str().expect("text")), "{text}");
    };
    disk.fill();
    told().await;
    disk.make_room();
    let log = open(&data(&disk)).await.expect("a log");
    let mut acked = Acked(Vec::new());
    acked.append(&log).await.expect("appended");
    log.close().await;
    drop(log);

    disk.fill();
    told().await;
    disk.make_room();
    let log = open(&data(&disk)).await.expect("the log again");
    acked.are_there(&log).await;
    acked.append(&log).await.expect("there is room again");
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_may_only_be_read_is_named() {
    let Some(disk) = Disk::of_its_own("log_sqlite_disk::a_folder_that_may_only_be_read_is_named") else {
        return;
    };
    let refused = async || {
        let error = open(&data(&disk)).await.err().expect("it may not be written");
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(data(&disk).to_str().expect("text")), "{text}");
        assert!(text.to_lowercase().contains("read-only"), "{text}");
    };
    freeze(disk.path());
    refused().await;
    thaw(disk.path());
    let mut acked = Acked(Vec::new());
    let log = open(&data(&disk)).await.expect("a log");
    acked.append(&log).await.expect("appended");
    log.close().await;
    drop(log);
    // Also the file alone, in a folder that may be written.
    for frozen in [data(&disk), data(&disk).join("log.db")] {
        freeze(&frozen);
        refused().await;
        thaw(&frozen);
    }
    let log = open(&data(&disk)).await.expect("the log again");
    acked.are_there(&log).await;
    acked.append(&log).await.expect("appended");
    log.close().await;
}

/// How far any file of this process may grow; `None`: as it likes.
fn limit_files(bytes: Option<u64>) {
    let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let process = std::process::id().to_string();
    run("prlimit", &["--pid", &process, &format!("--fsize={limit}:")]);
}

/// A disk that fails is forced by a limit on the size of files, which the kernel answers as it does a broken disk: an
/// error that is not "full", at whatever point of a commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_no_writes_for_a_while_is_waited_for() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else {
        // The signal that comes with the error would kill the child.
        let deaf = ["sh", "-c", r#"trap "" XFSZ; exec "$0" "$@""#];
        return in_child(
            "log_sqlite_disk::a_disk_that_takes_no_writes_for_a_while_is_waited_for",
            &deaf,
        );
    };
    let log = open(&folder).await.expect("a log");
    let mut acked = Acked(Vec::new());
    for bytes in [200_000, 0, 333_333] {
        acked.append(&log).await.expect("no limit");
        limit_files(Some(bytes));
        for _ in 0..3 {
            let error = acked.append_until_refused(&log).await;
            assert!(error.retryable(), "{error:?}");
            assert!(error.to_string().contains("log.db"), "{error}");
        }
        acked.are_there(&log).await;
        limit_files(None);
        acked.append(&log).await.expect("no limit any more");
    }
    acked.are_there(&log).await;
    log.close().await;
    drop(log);
    let log = open(&folder).await.expect("the log again");
    acked.are_there(&log).await;
    log.close().await;
}
