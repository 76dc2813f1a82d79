//! The embedded log on a disk that is full, may not be written, or fails: nothing acked is lost, nothing refused is there,
//! and it goes on by itself once the disk is mended.
//!
//! Each test breaks a disk of its own: it runs once more as a child process in a mount namespace, where it mounts what it
//! likes and whatever happens to it leaves nothing behind.

use crate::log_sqlite::{config, texts};
use crate::log_suite::{P0, listen, outgoing, text};
use engine::domain::Offset;
use engine::log::sqlite::Log;
use engine::log::{Error, Log as _, Topic};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set in the child: the folder to mount on.
const CHILD: &str = "ROOMLOG_TEST_LOG_DISK";
/// A record of some pages, so that a disk is full soon.
const VALUE_BYTES: usize = 20_000;

/// Runs `test` of this module in a child under `command`; it finds a folder of its own in the variable [`CHILD`].
fn in_child(test: &str, command: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(command[0])
        .args(&command[1..])
        .arg(std::env::current_exe().expect("this test"))
        .args([&format!("log_sqlite_disk::{test}"), "--exact", "--nocapture"])
        .env(CHILD, folder.path())
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect(program);
    assert!(status.success(), "{program} {arguments:?}");
}

/// A file system of the test's own, in memory.
struct Disk(PathBuf);

impl Disk {
    /// `None` where the test went on in a child. Where nobody may make a namespace, the test says so and sees nothing: of a
    /// full disk `log_sqlite::what_does_not_fit_is_refused_and_not_there` then still sees a forced one.
    #[allow(clippy::print_stdout, reason = "what was not seen must be said")]
    fn of_its_own(test: &str) -> Option<Self> {
        const NAMESPACE: [&str; 2] = ["unshare", "-rm"];
        if let Some(folder) = std::env::var_os(CHILD) {
            let disk = Self(folder.into());
            run("mount", &["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.at()]);
            return Some(disk);
        }
        let allowed = Command::new(NAMESPACE[0]).args([NAMESPACE[1], "true"]).status();
        if allowed.is_ok_and(|status| status.success()) {
            in_child(test, &NAMESPACE);
        } else {
            println!("{test}: not seen, for no mount namespace may be made here");
        }
        None
    }

    fn at(&self) -> &str {
        self.0.to_str().expect("text")
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut ballast = std::fs::File::create(self.0.join("ballast")).expect("a file");
        while ballast.write_all(&[0; 4_096]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("it was there");
    }

    /// Nothing on it may be written from now on.
    fn freeze(&self) {
        run("mount", &["-o", "remount,ro", self.at()]);
    }

    fn thaw(&self) {
        run("mount", &["-o", "remount,rw", self.at()]);
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }
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
    let Some(disk) = Disk::of_its_own("a_full_disk_refuses_and_goes_on_when_there_is_room") else {
        return;
    };
    let log = open(&disk.data()).await.expect("a log");
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
    let log = open(&disk.data()).await.expect("the log again");
    acked.are_there(&log).await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_at_start_is_told() {
    let Some(disk) = Disk::of_its_own("a_full_disk_at_start_is_told") else {
        return;
    };
    let told = async || {
        let error = open(&disk.data()).await.err().expect("no room");
        let text = error.to_string();
        assert!(text.contains("full") || text.contains("No space left"), "{text}");
        assert!(text.contains(disk.data().to_str().expect("text")), "{text}");
    };
    disk.fill();
    told().await;
    disk.make_room();
    let log = open(&disk.data()).await.expect("a log");
    let mut acked = Acked(Vec::new());
    acked.append(&log).await.expect("appended");
    log.close().await;
    drop(log);

    disk.fill();
    told().await;
    disk.make_room();
    let log = open(&disk.data()).await.expect("the log again");
    acked.are_there(&log).await;
    acked.append(&log).await.expect("there is room again");
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_may_only_be_read_is_named() {
    let Some(disk) = Disk::of_its_own("a_folder_that_may_only_be_read_is_named") else {
        return;
    };
    let refused = async || {
        let error = open(&disk.data()).await.err().expect("it may not be written");
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(disk.data().to_str().expect("text")), "{text}");
        assert!(text.to_lowercase().contains("read-only"), "{text}");
    };
    disk.freeze();
    refused().await;
    disk.thaw();
    let mut acked = Acked(Vec::new());
    let log = open(&disk.data()).await.expect("a log");
    acked.append(&log).await.expect("appended");
    log.close().await;
    drop(log);

    disk.freeze();
    refused().await;
    disk.thaw();
    // The file alone, in a folder that may be written.
    let file = disk.data().join("log.db");
    let file = file.to_str().expect("text");
    run("mount", &["--bind", file, file]);
    run("mount", &["-o", "remount,bind,ro", file]);
    refused().await;
    run("umount", &[file]);
    let log = open(&disk.data()).await.expect("the log again");
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
        return in_child("a_disk_that_takes_no_writes_for_a_while_is_waited_for", &deaf);
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
