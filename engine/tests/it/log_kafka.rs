//! The log on a real Kafka.

use crate::log_suite::{PARTITIONS, Place, log_suite};
use engine::log::kafka::{Config, Log};
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
