//! What a command opens that goes straight at log and stores, beside a cluster at work or in an embedded folder that nobody has.
//!
//! What must hold: nothing is made where nothing is: a command that looks does not leave an empty log behind.

use super::stores::HISTORY_FILE;
use super::waiting::Patience;
use super::{Error, presence_expiry_ms};
use crate::config::{Config, Mode};
use engine::live::{RedisConfig, RedisLive};
use engine::log::Log;
use engine::{history, log};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Opens the log, or says why not.
pub(super) async fn log(config: &Config) -> Result<Arc<dyn Log>, Error> {
    match config.mode() {
        Mode::Embedded => {
            let path = config.data_dir.join(log::sqlite::FILE);
            if !path.is_file() {
                return Err(Error::Impossible(format!(
                    "there is no {}: set ROOMLOG_DATA_DIR to the folder of an embedded Roomlog, or ROOMLOG_KAFKA__BROKERS",
                    path.display()
                )));
            }
            Ok(Arc::new(embedded_log(config).await?))
        }
        Mode::Cluster => Ok(Arc::new(kafka_log(config).await?)),
    }
}

/// The same for a command that could ask the Roomlog that runs there.
pub(super) async fn log_or_server(config: &Config) -> Result<Arc<dyn Log>, Error> {
    log(config).await.map_err(|error| match error {
        Error::Impossible(why) if config.mode() == Mode::Embedded => {
            Error::Impossible(format!("{why}, or ask it with --server URL"))
        }
        error => error,
    })
}

/// One process at a time uses the folder: its log's lock says so.
pub(super) async fn embedded_log(config: &Config) -> Result<log::sqlite::Log, Error> {
    let opened = log::sqlite::Log::open(&config.data_dir, config.embedded.clone()).await;
    opened.map_err(|error| match error {
        log::Error::Misconfigured(_) => {
            Error::Impossible(format!("{error}; stop `roomlog serve` first, if it runs there"))
        }
        error => error.into(),
    })
}

/// The cluster's log, as `roomlog migrate` made it.
pub(super) async fn kafka_log(config: &Config) -> Result<log::kafka::Log, Error> {
    let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
    let open = async || log::kafka::Log::open(config.kafka.log.clone(), false).await;
    patience.ask("Kafka", &never, open).await
}

/// A history, opened to be read.
pub(super) enum History {
    Sqlite(history::sqlite::Sqlite),
    Postgres(history::postgres::Postgres),
}

impl History {
    /// Opens it; `None` where an embedded folder has none yet: it is derived, and comes with the next start.
    pub(super) async fn open(config: &Config) -> Result<Option<Self>, Error> {
        match config.mode() {
            Mode::Embedded => {
                let path = config.data_dir.join(HISTORY_FILE);
                if !path.is_file() {
                    return Ok(None);
                }
                Ok(Some(Self::Sqlite(history::sqlite::Sqlite::open(&path).await?)))
            }
            Mode::Cluster => {
                let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
                let history = history::postgres::Postgres::connect(&config.postgres)?;
                let ping = async || history::Reader::ping(&history).await;
                patience.ask("PostgreSQL", &never, ping).await?;
                Ok(Some(Self::Postgres(history)))
            }
        }
    }

    /// Opens it without asking whether it answers: for who can do without.
    pub(super) async fn at_hand(config: &Config) -> Result<Option<Self>, Error> {
        match config.mode() {
            Mode::Embedded => Self::open(config).await,
            Mode::Cluster => {
                let history = history::postgres::Postgres::connect(&config.postgres)?;
                Ok(Some(Self::Postgres(history)))
            }
        }
    }

    pub(super) fn reader(&self) -> Arc<dyn history::Reader> {
        match self {
            Self::Sqlite(history) => Arc::new(history.clone()),
            Self::Postgres(history) => Arc::new(history.clone()),
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::Sqlite(history) => history.close().await,
            Self::Postgres(history) => history.close().await,
        }
    }
}

/// The cluster's live views; embedded ones are in the memory of the process that serves.
pub(super) fn live(config: &Config, log: &dyn Log) -> Result<Option<Arc<RedisLive>>, Error> {
    if config.mode() == Mode::Embedded {
        return Ok(None);
    }
    let redis = RedisConfig {
        presence_forget_after_ms: presence_expiry_ms(config),
        ..config.redis.clone()
    };
    Ok(Some(Arc::new(RedisLive::new(&redis, log.epoch())?)))
}
