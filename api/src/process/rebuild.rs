//! `roomlog rebuild …`: opens the log and both projections as the mode says, shows how far it is, and says what came of it.

mod embedded;
mod show;

use super::waiting::Patience;
use super::{Error, serve_http, upkeep};
use crate::cli::rebuild::{Rebuild, Which};
use crate::config::{Config, Mode};
use crate::metrics::process as metrics;
use crate::process::shutdown::Shutdown;
use crate::rest::{Readiness, readiness_router};
use crate::server;
use engine::history::postgres::beside::{self as postgres, PostgresBeside};
use engine::live::redis::beside::{self as redis, RedisBeside};
use engine::log::Log;
use engine::log::kafka;
use engine::telemetry::Telemetry;
use metrics_exporter_prometheus::PrometheusHandle;
use projector::rebuild::{Finish, Parts, Progress, Store};
use show::{Said, Show};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// `roomlog rebuild`.
pub(super) async fn run(config: &Config, asked: &Rebuild) -> Result<(), Error> {
    if config.mode() == Mode::Embedded && asked.projection == Which::Live {
        return Err(Error::Impossible(
            "in the embedded mode live views are kept in memory and made anew at every start: there is nothing to rebuild"
                .into(),
        ));
    }
    let telemetry = Telemetry::start(&config.telemetry, "roomlog-rebuild")?;
    metrics::begin(
        config,
        metrics::Parts {
            edge: false,
            projector: true,
        },
    );
    let shutdown = Shutdown::listen();
    let keeping = tokio::spawn(upkeep(telemetry.metrics(), shutdown.ended.clone()));
    let ran = observed(config, asked, &shutdown, telemetry.metrics()).await;
    shutdown.end().await;
    // It ends with the token; that it panicked would have been seen in the log.
    let _ = keeping.await;
    // The exporter blocks while it sends its last spans.
    let _ = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
    ran
}

/// With /metrics beside it, where that was asked for.
async fn observed(
    config: &Config,
    asked: &Rebuild,
    shutdown: &Shutdown,
    metrics: PrometheusHandle,
) -> Result<(), Error> {
    let Some(address) = asked.metrics else {
        return told(config, asked, shutdown).await;
    };
    let listener = server::bind(address).map_err(|source| Error::Listen { address, source })?;
    let readiness = Arc::new(Readiness::new(Vec::new(), Vec::new(), &config.http, metrics));
    let stop = CancellationToken::new();
    let http = serve_http(listener, readiness_router(readiness).into(), config, stop.clone());
    let ran = told(config, asked, shutdown).await;
    stop.cancel();
    // Whoever still reads /metrics is cut off with the process.
    let _ = tokio::time::timeout(crate::config::millis(config.drain.deadline_ms), http).await;
    ran
}

async fn told(config: &Config, asked: &Rebuild, shutdown: &Shutdown) -> Result<(), Error> {
    let said = Said::new(asked);
    match (config.mode(), asked.projection) {
        _ if asked.drop_old || asked.swap_back => kept(config, asked, &said).await,
        (Mode::Embedded, _) => embedded::rebuild(config, asked, &said, shutdown).await,
        (Mode::Cluster, Which::History) => {
            let log = open_log(config, shutdown).await?;
            let limits = config.projector.rebuild.limits();
            let beside = PostgresBeside::open(&config.postgres, log.epoch(), limits, asked.anew).await;
            let made = match beside {
                Ok(beside) => {
                    let store = Arc::new(beside.store());
                    let parts = Parts {
                        log: log.clone(),
                        store: Store::History {
                            reader: store.clone(),
                            writer: store,
                        },
                        beside: Box::new(beside),
                    };
                    make(config, asked, parts, &said, shutdown).await
                }
                Err(error) => Err(error.into()),
            };
            log.close().await;
            made
        }
        (Mode::Cluster, Which::Live) => {
            let log = open_log(config, shutdown).await?;
            let limits = config.projector.rebuild.limits();
            let made = match RedisBeside::open(&config.redis, log.epoch(), log.partitions(), limits, asked.anew).await {
                Ok(beside) => {
                    let store = beside.store();
                    let parts = Parts {
                        log: log.clone(),
                        store: Store::Live {
                            reader: store.clone(),
                            writer: store,
                        },
                        beside: Box::new(beside),
                    };
                    make(config, asked, parts, &said, shutdown).await
                }
                Err(error) => Err(error.into()),
            };
            log.close().await;
            made
        }
    }
}

async fn open_log(config: &Config, shutdown: &Shutdown) -> Result<Arc<dyn Log>, Error> {
    let open = async || kafka::Log::open(config.kafka.log.clone(), false).await;
    let patience = Patience::bounded(&config.startup);
    let log = patience.ask("Kafka", &shutdown.stop, open).await?;
    Ok(Arc::new(log))
}

/// Makes it, and says what came of it.
async fn make(config: &Config, asked: &Rebuild, parts: Parts, said: &Said, shutdown: &Shutdown) -> Result<(), Error> {
    let finish = match (asked.shadow, asked.accept_differences) {
        (true, _) => Finish::Discard,
        (_, true) => Finish::SwapAnyway,
        _ => Finish::Swap,
    };
    let progress = Progress::default();
    let show = Show::begin(said, progress.clone());
    let bounds = (&config.projector.rebuild, &config.projector);
    let made = projector::rebuild::run(bounds, parts, finish, &progress, &shutdown.stop).await;
    let took = show.end().await;
    said.outcome(&made?, finish, took)
}

/// What is done with an old projection that was kept.
async fn kept(config: &Config, asked: &Rebuild, said: &Said) -> Result<(), Error> {
    let limits = config.projector.rebuild.limits();
    match (config.mode(), asked.projection, asked.drop_old) {
        (Mode::Embedded, _, drop) => embedded::kept(config, drop, said).await,
        (Mode::Cluster, Which::History, true) => said.dropped(postgres::drop_old(&config.postgres, &limits).await?),
        (Mode::Cluster, Which::History, false) => {
            postgres::swap_back(&config.postgres, &limits).await?;
            said.swapped_back()
        }
        (Mode::Cluster, Which::Live, true) => {
            said.dropped(redis::drop_old(&config.redis, config.kafka.log.partitions, &limits).await?)
        }
        (Mode::Cluster, Which::Live, false) => {
            redis::swap_back(&config.redis, config.kafka.log.partitions, &limits).await?;
            said.swapped_back()
        }
    }
}
