//! The log and the stores of a process, opened as the mode says.

use super::waiting::Patience;
use super::{Error, Parts, presence_expiry_ms};
use crate::config::{Config, Mode, millis};
use crate::edge::wire::Wire;
use crate::rest::Shown;
use engine::codec::lock::Lock;
use engine::live::{MemoryLive, RedisConfig, RedisLive};
use engine::log::Log;
use engine::measured::Measured;
use engine::people::People;
use engine::{history, live, log, people};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) const HISTORY_FILE: &str = "history.db";
pub(super) const PEOPLE_FILE: &str = "people.db";

/// What a process stands on.
pub(super) struct Stores {
    pub(super) log: Arc<dyn Log>,
    pub(super) history_reader: Arc<dyn history::Reader>,
    pub(super) history_writer: Arc<dyn history::Writer>,
    pub(super) live_reader: Arc<dyn live::Reader>,
    pub(super) live_writer: Arc<dyn live::Writer>,
    /// In a process with an edge alone.
    pub(super) of_edge: Option<OfEdge>,
    closing: Closing,
    close_ms: u64,
}

/// What nobody but an edge needs.
#[derive(Clone)]
pub(super) struct OfEdge {
    pub(super) people: Arc<dyn People>,
    pub(super) wire: Wire,
}

/// What has connections: it must be closed at the end, after everything that uses it.
#[derive(Clone)]
enum Closing {
    Embedded {
        history: history::sqlite::Sqlite,
        people: Arc<people::sqlite::Sqlite>,
    },
    Cluster {
        history: history::postgres::Postgres,
        people: Option<Arc<people::postgres::Postgres>>,
    },
}

impl Closing {
    fn show(&self) {
        match self {
            Self::Embedded { history, people } => {
                history.show();
                people.show();
            }
            Self::Cluster { history, people } => {
                history.show();
                people.iter().for_each(|people| people.show());
            }
        }
    }
}

impl Stores {
    /// Opens them, waiting for those that are away, until told to stop.
    ///
    /// # Errors
    /// What trying again can't mend, or [`Error::Stopped`].
    pub(super) async fn open(config: &Config, parts: Parts, stop: &CancellationToken) -> Result<Self, Error> {
        match config.mode() {
            Mode::Embedded => Self::embedded(config).await,
            Mode::Cluster => Self::cluster(config, parts, stop).await,
        }
    }

    async fn embedded(config: &Config) -> Result<Self, Error> {
        let folder = &config.data_dir;
        // The log's lock keeps other processes out of the whole folder.
        let log = log::sqlite::Log::open(folder, config.embedded.clone()).await?;
        let history = history::sqlite::Sqlite::open(&folder.join(HISTORY_FILE)).await?;
        let people = Arc::new(people::sqlite::Sqlite::open(&folder.join(PEOPLE_FILE)).await?);
        let live = MemoryLive::new(presence_expiry_ms(config));
        let of_edge = OfEdge {
            people: Arc::new(Measured::new(people.clone())),
            wire: Wire::SingleObject,
        };
        let stands_on = history.clone();
        let closing = Closing::Embedded { history, people };
        Ok(Self::of(config, Arc::new(log), stands_on, live, Some(of_edge), closing))
    }

    async fn cluster(config: &Config, parts: Parts, stop: &CancellationToken) -> Result<Self, Error> {
        let patience = Patience::endless(&config.startup);
        let open = async || log::kafka::Log::open(config.kafka.log.clone(), false).await;
        let log = patience.ask("Kafka", stop, open).await?;
        let history = history::postgres::Postgres::connect(&config.postgres)?;
        let ping = async || history::Reader::ping(&history).await;
        patience.ask("PostgreSQL", stop, ping).await?;
        let (people, of_edge) = if parts.edge {
            let people = Arc::new(people::postgres::Postgres::connect(&config.postgres)?);
            let ask = async || people.schema_ids().await;
            let wire = wire(&patience.ask("PostgreSQL", stop, ask).await?)?;
            let of_edge = OfEdge {
                people: Arc::new(Measured::new(people.clone())),
                wire,
            };
            (Some(people), Some(of_edge))
        } else {
            (None, None)
        };
        let redis = RedisConfig {
            presence_forget_after_ms: presence_expiry_ms(config),
            ..config.redis.clone()
        };
        let live = RedisLive::new(&redis, log.epoch())?;
        let stands_on = history.clone();
        let closing = Closing::Cluster { history, people };
        Ok(Self::of(config, Arc::new(log), stands_on, live, of_edge, closing))
    }

    /// What their pools are like whenever metrics are asked for.
    pub(super) fn shown(&self) -> Shown {
        let pooled = self.closing.clone();
        Box::new(move || pooled.show())
    }

    /// A store of history or of live views is one thing with two halves.
    fn of<H, L>(
        config: &Config,
        log: Arc<dyn Log>,
        history: H,
        live: L,
        of_edge: Option<OfEdge>,
        closing: Closing,
    ) -> Self
    where
        H: history::Reader + history::Writer + 'static,
        L: live::Reader + live::Writer + 'static,
    {
        let history = Arc::new(Measured::new(Arc::new(history)));
        let live = Arc::new(Measured::new(Arc::new(live)));
        Self {
            log,
            history_reader: history.clone(),
            history_writer: history,
            live_reader: live.clone(),
            live_writer: live,
            of_edge,
            closing,
            close_ms: config.drain.deadline_ms,
        }
    }

    /// Sees to it that what was handed over to the log is acked, and closes everything; what takes too long is cut off.
    pub(super) async fn close(self) {
        let closing = async {
            self.log.close().await;
            match self.closing {
                Closing::Embedded { history, people } => {
                    history.close().await;
                    people.close().await;
                }
                Closing::Cluster { history, people } => {
                    history.close().await;
                    if let Some(people) = people {
                        people.close().await;
                    }
                }
            }
        };
        if tokio::time::timeout(millis(self.close_ms), closing).await.is_err() {
            tracing::warn!("not everything was closed in time");
        }
    }
}

/// The registry's ids as the database keeps them: every schema that this binary may write must have one.
pub(super) fn wire(ids: &[people::postgres::SchemaId]) -> Result<Wire, Error> {
    let ids: HashMap<[u8; 8], u32> = ids
        .iter()
        .filter_map(|known| Some((known.fingerprint, u32::try_from(known.id).ok()?)))
        .collect();
    let missing = Lock::embedded()
        .entries()
        .iter()
        .find(|entry| !ids.contains_key(&entry.fingerprint));
    match missing {
        Some(entry) => Err(Error::Impossible(format!(
            "the schema {} was never registered: run `roomlog schemas register`",
            entry.kind.name()
        ))),
        None => Ok(Wire::Confluent(ids)),
    }
}
