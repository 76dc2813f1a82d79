//! The log on a real Kafka.

use crate::log_suite::{PARTITIONS, Place, import_half, log_suite};
use engine::log::kafka::{Config, Log};
use engine::log::{Error, Log as _};
use std::sync::Arc;

fn brokers() -> String {
    std::env::var("ROOMLOG_TEST_KAFKA").expect("run `make test`, or scripts/services up")
}

/// Topics of a test's own.
fn config() -> Config {
    Config {
        brokers: brokers(),
        prefix: format!("test-{}", uuid::Uuid::new_v4().simple()),
        partitions: PARTITIONS,
        // Kafka serves every test at once: slow is not wrong here.
        query_timeout_ms: 60_000,
        ..Config::default()
    }
}

async fn open() -> Place {
    let log = Log::open(config(), true).await.expect("a log");
    Place {
        log: Arc::new(log),
        _keep: Box::new(()),
    }
}

log_suite!(open);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_filled_by_half_is_refused_at_every_start() {
    let config = config();
    let log = Log::open(config.clone(), true).await.expect("a log");
    import_half(&log).await;
    log.close().await;
    for create in [false, true] {
        let refused = Log::open(config.clone(), create).await.err().expect("refused");
        assert!(matches!(&refused, Error::Misconfigured(_)), "{refused}");
        let said = refused.to_string();
        assert!(
            said.contains("holds half an import") && said.contains("roomlog migrate"),
            "{said}"
        );
    }
}
