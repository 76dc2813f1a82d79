//! An edge as a process: its beginning, its serving, and its end in stages.

use super::projectors::Projectors;
use super::shutdown::Shutdown;
use super::stores::{OfEdge, Stores};
use super::waiting::Patience;
use super::{Error, checks, serve_http, welcome};
use crate::auth::Origins;
use crate::bouncer::Bouncer;
use crate::config::{Config, millis};
use crate::edge::clock::{Clock, SystemClock};
use crate::edge::{Edge, Parts};
use crate::inspect::Inspector;
use crate::rest::{About, App, Readiness, Shown, router};
use crate::session::{Door, Registry};
use engine::people::Accounts;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// An edge that serves.
struct Serving<'a> {
    config: &'a Config,
    shutdown: &'a Shutdown,
    edge: Arc<Edge>,
    registry: Arc<Registry>,
    sessions: TaskTracker,
    readiness: Arc<Readiness>,
    http: JoinHandle<()>,
    stop_http: CancellationToken,
    watch: JoinHandle<()>,
    stop_watch: CancellationToken,
}

/// Serves until the process is told to stop or a projector beside it can't go on.
pub(super) async fn run(
    config: &Config,
    parts: super::Parts,
    stores: &Stores,
    projectors: &Projectors,
    shutdown: &Shutdown,
    listener: TcpListener,
    metrics: PrometheusHandle,
) -> Result<(), Error> {
    let serving = begin(config, stores, projectors, shutdown, listener, metrics).await?;
    welcome::edge(config, parts);
    tokio::select! {
        () = shutdown.stop.cancelled() => {}
        () = projectors.ended() => {}
    }
    serving.end().await;
    Ok(())
}

async fn begin<'a>(
    config: &'a Config,
    stores: &Stores,
    projectors: &Projectors,
    shutdown: &'a Shutdown,
    listener: TcpListener,
    metrics: PrometheusHandle,
) -> Result<Serving<'a>, Error> {
    let Some(OfEdge { people, wire }) = stores.of_edge.clone() else {
        unreachable!("the stores of a process with an edge are opened with people and wire")
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let patience = Patience::endless(&config.startup);
    history_is_of_this_log(stores, patience, &shutdown.stop).await?;
    let start = async || Accounts::start(people.clone(), config.accounts(), clock.now()).await;
    let accounts = Arc::new(patience.ask("people", &shutdown.stop, start).await?);
    // Before anybody is let in: what ended while nothing ran here.
    let look = async || accounts.look_for_ended(clock.now()).await;
    patience.ask("people", &shutdown.stop, look).await?;
    let registry = Arc::new(Registry::default());
    let bouncer = Arc::new(Bouncer::new(accounts.clone(), registry.clone(), clock.clone()));
    let parts = Parts {
        accounts: bouncer.clone(),
        log: stores.log.clone(),
        history: stores.history_reader.clone(),
        live: stores.live_reader.clone(),
        people: people.clone(),
        clock: clock.clone(),
        rooms: Arc::new(config.limits.rooms()),
        travel: config.travel.clone(),
        wire,
    };
    let start = async || Edge::start(config.edge.clone(), parts.clone(), CancellationToken::new()).await;
    let edge = patience.ask("the log", &shutdown.stop, start).await?;
    let (sessions, stop_watch) = (TaskTracker::new(), CancellationToken::new());
    let watching = stop_watch.clone();
    let watch = tokio::spawn(async move { bouncer.watch(watching).await });
    let readiness = Arc::new(Readiness::new(
        checks::edge(stores, projectors, &edge, &people),
        vec![stores.shown(), shown(&edge)],
        &config.http,
        metrics,
    ));
    let stop_http = CancellationToken::new();
    let app = App {
        edge: edge.clone(),
        people,
        origins: Origins::new(&config.http.origins),
        secure_cookies: config.http.secure_cookies,
        addresses: config.limits.addresses(),
        door: Arc::new(door(config, &accounts, &clock, &edge, &registry, &sessions)),
        inspector: Arc::new(inspector(config, stores, &stop_http)),
        about: About::new(config, edge.epoch()),
        accounts,
        clock,
    };
    let router = router(Arc::new(app), readiness.clone(), config);
    Ok(Serving {
        http: serve_http(listener, router, config, stop_http.clone()),
        config,
        shutdown,
        edge,
        registry,
        sessions,
        readiness,
        stop_http,
        watch,
        stop_watch,
    })
}

/// What the edge is like whenever metrics are asked for.
fn shown(edge: &Arc<Edge>) -> Shown {
    let edge = edge.clone();
    Box::new(move || edge.show())
}

/// Rooms that another log led to would be folded on from offsets that mean nothing here.
async fn history_is_of_this_log(stores: &Stores, patience: Patience, stop: &CancellationToken) -> Result<(), Error> {
    let ask = async || stores.history_reader.checkpoints().await;
    let checkpoints = patience.ask("history", stop, ask).await?;
    let found = stores.log.epoch();
    match checkpoints.iter().find(|checkpoint| checkpoint.epoch != found) {
        None => Ok(()),
        Some(other) => Err(projector::Error::OtherEpoch {
            projection: "history",
            stored: other.epoch,
            found,
        }
        .into()),
    }
}

fn door(
    config: &Config,
    accounts: &Arc<Accounts>,
    clock: &Arc<dyn Clock>,
    edge: &Arc<Edge>,
    registry: &Arc<Registry>,
    sessions: &TaskTracker,
) -> Door {
    Door {
        edge: edge.clone(),
        accounts: accounts.clone(),
        clock: clock.clone(),
        config: config.session.clone(),
        people: config.limits.people(),
        refusals_before_close: config.limits.refusals_before_close,
        registry: registry.clone(),
        tasks: sessions.clone(),
    }
}

/// What it shows admins of the log, until it answers no more.
fn inspector(config: &Config, stores: &Stores, stop_http: &CancellationToken) -> Inspector {
    Inspector::new(
        stores.log.clone(),
        stores.history_reader.clone(),
        stores.live_writer.clone(),
        config.admin,
        stop_http.clone(),
    )
}

impl Serving<'_> {
    /// First load balancers see it, then sessions are sent elsewhere one by one, then requests under way are answered;
    /// what is left at the deadline is cut off.
    async fn end(self) {
        let (drain, hurry) = (self.config.drain, &self.shutdown.hurry);
        tracing::info!(sessions = self.registry.len(), "draining");
        self.readiness.drain();
        let _ = hurry
            .run_until_cancelled(tokio::time::sleep(millis(drain.notice_ms)))
            .await;
        self.registry.drain(millis(drain.spread_ms), hurry).await;
        self.stop_http.cancel();
        let rest = async {
            // That the server panicked would have been seen in the log.
            let _ = self.http.await;
            // Whoever came while the door was closing.
            self.registry.drain(Duration::ZERO, hurry).await;
            self.sessions.close();
            self.sessions.wait().await;
        };
        let rest = tokio::time::timeout(millis(drain.deadline_ms), rest);
        if !matches!(hurry.run_until_cancelled(rest).await, Some(Ok(()))) {
            tracing::warn!(
                sessions = self.registry.len(),
                "not all sessions ended in time: they are cut off"
            );
        }
        self.stop_watch.cancel();
        // That it panicked would have been seen in the log.
        let _ = self.watch.await;
        self.edge.stop().await;
    }
}
