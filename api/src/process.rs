//! One process of `roomlog`: what it opens, in which order it begins, and how it ends.
//!
//! `stores` opens log, history, live views and people as the mode says; `edge` and `projectors` run on them; `deploy` is
//! what is done once before anything runs. What must hold: everything that is started is awaited here; a process that
//! is told to stop ends in stages, and within its deadline; one that can't go on says why and fails.

mod admin;
mod archive;
mod at;
mod bar;
mod checks;
mod deploy;
mod direct;
mod edge;
mod health;
mod levels;
mod log;
mod output;
mod projectors;
mod rebuild;
mod remote;
mod replay;
mod shutdown;
mod stores;
mod trace;
mod verify;
mod waiting;
mod welcome;

use crate::cli::{Admin, Command, Projection, Schemas};
use crate::config::{Config, Loaded, Mode};
use crate::metrics::process as metrics;
use crate::rest::{Readiness, readiness_router};
use crate::server;
use engine::telemetry::Telemetry;
use metrics_exporter_prometheus::PrometheusHandle;
use projectors::Projectors;
use shutdown::Shutdown;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use stores::Stores;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The exit code of a command line or of settings that are wrong: trying again changes nothing.
pub const USAGE: u8 = 2;

/// Why a process of Roomlog ends otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As it is configured.
        address: SocketAddr,
        /// As the system says it.
        source: io::Error,
    },
    /// Telemetry can't be set up.
    #[error(transparent)]
    Telemetry(#[from] engine::telemetry::Error),
    /// The log can't be opened, or no longer read.
    #[error(transparent)]
    Log(#[from] engine::log::Error),
    /// History can't be opened.
    #[error(transparent)]
    History(#[from] engine::history::Error),
    /// Live views can't be opened.
    #[error(transparent)]
    Live(#[from] engine::live::Error),
    /// People can't be opened.
    #[error(transparent)]
    People(#[from] engine::people::Error),
    /// Accounts can't begin.
    #[error(transparent)]
    Accounts(#[from] engine::people::accounts::Error),
    /// The edge does not start.
    #[error(transparent)]
    Edge(#[from] crate::edge::StartError),
    /// A projection can't go on.
    #[error(transparent)]
    Projector(#[from] projector::Error),
    /// A rebuild could not go on.
    #[error(transparent)]
    Rebuild(#[from] projector::rebuild::Error),
    /// A rebuild could not begin, or an old projection can't be had.
    #[error(transparent)]
    Beside(#[from] engine::beside::Error),
    /// The schema registry does not do what it is asked.
    #[error(transparent)]
    Registry(#[from] engine::codec::registry::Error),
    /// A room's past can't be told.
    #[error(transparent)]
    Travel(#[from] engine::travel::Error),
    /// What was asked can't be done as things are; the sentence says what to do.
    #[error("{0}")]
    Impossible(String),
    /// There is no archive, or a log was not filled by one.
    #[error(transparent)]
    Archive(#[from] projector::archive::Error),
    /// A check could not be made.
    #[error(transparent)]
    Verify(#[from] projector::verify::Error),
    /// A check was made, and what was checked is not as it should be; what, was said already.
    #[error("{0}")]
    Differs(String),
    /// The command line does not make sense.
    #[error("{0}")]
    Usage(String),
    /// The process that was asked is not well, or not there.
    #[error("{address} is not well: {what}")]
    Unwell {
        /// Where it was asked.
        address: SocketAddr,
        /// What it answered, or why it did not.
        what: String,
    },
    /// It was told to stop before it had begun.
    #[error("stopped before it had begun")]
    Stopped,
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Log(error) | Self::Edge(crate::edge::StartError::Log(error)) => error.retryable(),
            Self::History(error) => error.retryable(),
            Self::Live(error) => error.retryable(),
            Self::People(error) => error.retryable(),
            Self::Accounts(error) => error.retryable(),
            Self::Registry(error) => error.retryable(),
            Self::Verify(error) => error.retryable(),
            Self::Archive(error) => error.retryable(),
            Self::Travel(error) => error.retryable(),
            _ => false,
        }
    }

    /// The exit code of a process that ends so.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            _ => 1,
        }
    }
}

/// Does what the command line says, to its end.
///
/// # Errors
/// See [`Error`].
pub async fn run(command: Command, loaded: &Loaded) -> Result<(), Error> {
    let config = &loaded.settings;
    match command {
        Command::Serve => serving(loaded, Parts::EDGE.and(Parts::PROJECTORS)).await,
        Command::Edge => serving(loaded, Parts::EDGE).await,
        Command::Projector {
            kind: Projection::History,
        } => serving(loaded, Parts::HISTORY).await,
        Command::Projector { kind: Projection::Live } => serving(loaded, Parts::LIVE).await,
        Command::Migrate => deploy::migrate(config).await,
        Command::Schemas {
            verb: Schemas::Register,
        } => deploy::register(config).await,
        Command::Schemas { verb: Schemas::Check } => deploy::check(config).await,
        Command::Schemas {
            verb: Schemas::Lock { write },
        } => deploy::lock(write.as_deref()),
        Command::Admin {
            verb: Admin::Create { username },
        } => admin::create(config, &username).await,
        Command::Rebuild(asked) => rebuild::run(config, &asked).await,
        Command::Verify(asked) => verify::run(config, &asked).await,
        Command::Export(asked) => archive::export(config, &asked).await,
        Command::Import(asked) => archive::import(config, &asked).await,
        Command::Log { verb } => log::run(config, &verb).await,
        Command::At(asked) => at::run(config, &asked).await,
        Command::Replay(asked) => replay::run(config, &asked).await,
        Command::Trace(asked) => trace::run(config, &asked).await,
        Command::Config => welcome::say(&loaded.masked()),
        Command::Health { ready } => health::ask(config, ready.into()).await,
    }
}

/// Which parts run in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    edge: bool,
    history: bool,
    live: bool,
}

impl Parts {
    const EDGE: Self = Self {
        edge: true,
        history: false,
        live: false,
    };
    const HISTORY: Self = Self {
        edge: false,
        history: true,
        live: false,
    };
    const LIVE: Self = Self {
        edge: false,
        history: false,
        live: true,
    };
    const PROJECTORS: Self = Self::HISTORY.and(Self::LIVE);

    const fn and(self, other: Self) -> Self {
        Self {
            edge: self.edge || other.edge,
            history: self.history || other.history,
            live: self.live || other.live,
        }
    }

    const fn is_all(self) -> bool {
        self.edge && self.history && self.live
    }

    /// As traces and logs call the process.
    const fn service(self) -> &'static str {
        match (self.edge, self.history, self.live) {
            (true, false, false) => "roomlog-edge",
            (false, true, false) => "roomlog-history",
            (false, false, true) => "roomlog-live",
            _ => "roomlog",
        }
    }
}

/// Runs the parts until the process is told to stop, or one of them can't go on.
async fn serving(loaded: &Loaded, parts: Parts) -> Result<(), Error> {
    let config = &loaded.settings;
    if config.mode() == Mode::Embedded && !parts.is_all() {
        return Err(Error::Impossible(
            "the embedded mode is one process with all its parts: run `roomlog serve`, or set ROOMLOG_KAFKA__BROKERS"
                .into(),
        ));
    }
    let telemetry = Telemetry::start(&config.telemetry, parts.service())?;
    metrics::begin(
        config,
        metrics::Parts {
            edge: parts.edge,
            projector: parts.history || parts.live,
        },
    );
    let shutdown = Shutdown::listen();
    let levels = levels::Signals::listen().map(|signals| {
        let following = signals.follow(loaded.file.clone(), telemetry.levels(), shutdown.ended.clone());
        tokio::spawn(following)
    });
    let upkeep = tokio::spawn(upkeep(telemetry.metrics(), shutdown.ended.clone()));
    let ran = run_parts(config, parts, &shutdown, telemetry.metrics()).await;
    shutdown.end().await;
    // It ends with the token; that it panicked would have been seen in the log.
    let _ = upkeep.await;
    if let Some(levels) = levels {
        let _ = levels.await;
    }
    if let Err(error) = &ran {
        tracing::error!(%error, "this process can't go on");
    }
    // The exporter blocks while it sends its last spans.
    let _ = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
    match ran {
        // Told to stop while it was waiting for something: that is no failure.
        Err(Error::Stopped) => Ok(()),
        ran => ran,
    }
}

fn presence_expiry_ms(config: &Config) -> i64 {
    i64::try_from(config.edge.presence_expiry_ms).unwrap_or(i64::MAX)
}

/// Keeps histograms from growing while nobody scrapes them.
async fn upkeep(metrics: PrometheusHandle, ended: CancellationToken) {
    while ended
        .run_until_cancelled(tokio::time::sleep(engine::telemetry::UPKEEP_INTERVAL))
        .await
        .is_some()
    {
        metrics.run_upkeep();
    }
}

async fn run_parts(config: &Config, parts: Parts, shutdown: &Shutdown, metrics: PrometheusHandle) -> Result<(), Error> {
    let address = config.listen;
    let listener = server::bind(address).map_err(|source| Error::Listen { address, source })?;
    let stores = Stores::open(config, parts, &shutdown.stop).await?;
    let projectors = Projectors::start(config, parts, &stores);
    let ran = if parts.edge {
        edge::run(config, parts, &stores, &projectors, shutdown, listener, metrics).await
    } else {
        projectors_alone(config, &stores, &projectors, shutdown, listener, metrics).await
    };
    // The edge first, so that what it appended last is projected by those who are still there.
    let projected = projectors.stop().await;
    stores.close().await;
    ran.and(projected)
}

/// A process of projectors answers /livez, /readyz and /metrics.
async fn projectors_alone(
    config: &Config,
    stores: &Stores,
    projectors: &Projectors,
    shutdown: &Shutdown,
    listener: TcpListener,
    metrics: PrometheusHandle,
) -> Result<(), Error> {
    let readiness = Arc::new(Readiness::new(
        checks::projectors(stores, projectors),
        vec![stores.shown()],
        &config.http,
        metrics,
    ));
    let stop_http = CancellationToken::new();
    let http = serve_http(
        listener,
        readiness_router(readiness.clone()).into(),
        config,
        stop_http.clone(),
    );
    welcome::projectors(config);
    tokio::select! {
        () = shutdown.stop.cancelled() => {}
        () = projectors.ended() => {}
    }
    readiness.drain();
    stop_http.cancel();
    // What is not answered by then is cut off with the process.
    let _ = tokio::time::timeout(crate::config::millis(config.drain.deadline_ms), http).await;
    Ok(())
}

fn serve_http(listener: TcpListener, router: axum::Router, config: &Config, stop: CancellationToken) -> JoinHandle<()> {
    let http = config.http.clone();
    tokio::spawn(async move { server::serve(listener, router, &http, stop).await })
}
