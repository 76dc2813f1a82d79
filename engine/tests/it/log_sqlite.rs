//! The log in a file.

use crate::log_suite::{P0, PARTITIONS, Place, append_texts, import_half, log_suite, outgoing, text};
use engine::domain::{Offset, Partition};
use engine::log::sqlite::{Config, Log};
use engine::log::{Error, Log as _, RangeLimits, Topic};
use rand::{RngExt as _, SeedableRng as _};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

pub(crate) fn config() -> Config {
    Config {
        partitions: PARTITIONS,
        ..Config::default()
    }
}

async fn open_in(folder: &Path) -> Log {
    Log::open(folder, config()).await.expect("a log")
}

async fn open() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_in(folder.path()).await;
    Place {
        log: Arc::new(log),
        _keep: Box::new(folder),
    }
}

log_suite!(open);

pub(crate) async fn texts(log: &Log, partition: Partition) -> Vec<String> {
    let limits = RangeLimits {
        max_records: usize::MAX,
        max_bytes: usize::MAX,
    };
    let range = log
        .range(Topic::Events, partition, Offset::ZERO, Offset::new(u64::MAX), limits)
        .await;
    let range = range.expect("a range");
    for (offset, record) in (0..).zip(&range.records) {
        assert_eq!(record.position.offset.get(), offset, "without a gap");
    }
    range.records.iter().map(text).collect()
}

#[tokio::test]
async fn a_log_that_was_filled_by_half_is_refused_at_every_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_in(folder.path()).await;
    import_half(&log).await;
    log.close().await;
    drop(log);
    for _ in 0..2 {
        let refused = Log::open(folder.path(), config()).await.err().expect("refused");
        assert!(matches!(&refused, Error::Misconfigured(_)), "{refused}");
        let said = refused.to_string();
        assert!(
            said.contains("holds half an import") && said.contains("delete log.db"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn it_is_all_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_in(folder.path()).await;
    let epoch = log.epoch();
    let before = append_texts(&log, P0, 0..5).await;
    log.close().await;
    drop(log);
    let log = open_in(folder.path()).await;
    assert_eq!(log.epoch(), epoch, "the same life");
    let after = append_texts(&log, P0, 5..6).await;
    assert_eq!(texts(&log, P0).await, ["0", "1", "2", "3", "4", "5"]);
    assert!(after[0].appended_at >= before[4].appended_at);
    log.close().await;
}

#[tokio::test]
async fn a_folder_has_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_in(folder.path()).await;
    let error = Log::open(folder.path(), config()).await.err().expect("locked");
    assert!(matches!(error, Error::Misconfigured(_)), "{error}");
    let holder = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    log.close().await;
    drop(log);
    open_in(folder.path()).await.close().await;
}

#[tokio::test]
async fn the_partition_count_is_fixed() {
    let folder = tempfile::tempdir().expect("a folder");
    open_in(folder.path()).await.close().await;
    let other = Config {
        partitions: PARTITIONS + 1,
        ..config()
    };
    let error = Log::open(folder.path(), other).await.err().expect("another count");
    assert!(error.to_string().contains("4 partitions"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    // Nobody can make a folder there, not even root.
    let error = Log::open(Path::new("/proc/roomlog"), config())
        .await
        .err()
        .expect("not writable");
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(error.to_string().contains("/proc/roomlog"), "{error}");
}

/// The disk is full as `SQLite` sees it: the file may not grow (a fault forced by `PRAGMA max_page_count`, for filling a
/// real disk needs a disk of the test's own).
#[tokio::test]
async fn what_does_not_fit_is_refused_and_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::open(
        folder.path(),
        Config {
            max_megabytes: 1,
            ..config()
        },
    )
    .await
    .expect("a log");
    let value = "x".repeat(20_000);
    let mut acked = 0;
    let error = loop {
        match log.append(outgoing(P0, "room", &value)).await {
            Ok(position) => {
                assert_eq!(position.offset.get(), acked);
                acked += 1;
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(error.to_string().contains("full"), "{error}");
    assert!(!error.retryable());
    let again = log.append(outgoing(P0, "room", &value)).await;
    assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
    assert_eq!(
        texts(&log, P0).await.len() as u64,
        acked,
        "acked is there, refused is not"
    );
    log.close().await;
    drop(log);

    let log = open_in(folder.path()).await;
    let position = log
        .append(outgoing(P0, "room", "there is room again"))
        .await
        .expect("appended");
    assert_eq!(position.offset.get(), acked);
    log.close().await;
}

#[tokio::test]
async fn of_each_reader_the_last_marker_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_in(folder.path()).await;
    for (key, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("a", "3")] {
        let marker = engine::log::Outgoing {
            topic: Topic::Reads,
            ..outgoing(P0, key, value)
        };
        log.append(marker).await.expect("appended");
    }
    let limits = RangeLimits {
        max_records: 100,
        max_bytes: 1000,
    };
    let range = log
        .range(Topic::Reads, P0, Offset::ZERO, Offset::new(9), limits)
        .await
        .expect("a range");
    assert_eq!(range.records.iter().map(text).collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(range.next.get(), 4);
    log.close().await;
}

const CHILD: &str = "ROOMLOG_TEST_LOG_CHILD";

/// Not a test by itself: what [`acked_survives_kill_9`] starts and kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_appends_until_it_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let log = Arc::new(open_in(Path::new(&folder)).await);
    let mut appenders = tokio::task::JoinSet::new();
    for partition in 0..PARTITIONS {
        let log = log.clone();
        appenders.spawn(async move {
            for i in 0.. {
                let value = format!("{}.{i}", std::process::id());
                let position = log
                    .append(outgoing(Partition::new(partition), "room", &value))
                    .await
                    .expect("appended");
                let mut out = std::io::stdout().lock();
                writeln!(out, "ack {partition} {} {value}", position.offset).expect("somebody listens");
                out.flush().expect("somebody listens");
            }
        });
    }
    appenders.join_all().await;
}

/// Starts the child above, kills it after a while, and answers with what it had said was acked.
async fn acked_before_kill(folder: &Path, acks: usize, more: Duration) -> Vec<(u16, usize, String)> {
    let mut child = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args([
            "log_sqlite::child_that_appends_until_it_is_killed",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut acked = Vec::new();
    let mut killed = false;
    while let Some(line) = lines.next_line().await.expect("lines") {
        // The test harness may have begun the line.
        if let Some((_, ack)) = line.split_once("ack ") {
            let mut words = ack.split(' ');
            let mut word = || words.next().expect("three words");
            let (partition, offset) = (word().parse().expect("a number"), word().parse().expect("a number"));
            acked.push((partition, offset, word().to_owned()));
        }
        if acked.len() >= acks && !killed {
            killed = true;
            tokio::time::sleep(more).await; // A random moment is the point of it, nothing is hoped for.
            child.start_kill().expect("killed");
        }
    }
    child.wait().await.expect("ended");
    assert!(killed, "it ended by itself after {} acks", acked.len());
    acked
}

#[tokio::test(flavor = "multi_thread")]
async fn acked_survives_kill_9() {
    let seed: u64 = rand::random();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let mut acked = Vec::new();
    for round in 0..10 {
        let more = Duration::from_micros(random.random_range(0..20_000));
        acked.extend(acked_before_kill(folder.path(), random.random_range(1..300), more).await);
        let log = open_in(folder.path()).await;
        let mut there = Vec::new();
        for partition in 0..PARTITIONS {
            there.push(texts(&log, Partition::new(partition)).await);
        }
        for (partition, offset, value) in &acked {
            let found = there[usize::from(*partition)].get(*offset);
            assert_eq!(
                found,
                Some(value),
                "seed {seed}, round {round}: partition {partition}, offset {offset}"
            );
        }
        log.close().await;
    }
    assert!(acked.len() > 10);
}
