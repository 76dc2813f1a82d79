//! Load generator and benchmarks: each figure is a ratio of two things measured in one run on one machine.
//! bench/README.md says what each is and what was reached.

mod cluster;
mod fanout;
mod filled;
mod floor;
mod idle;
mod latency;
mod load;
mod login;
mod page;
mod process;
mod projection;
mod raw;
mod rebuild;
mod replay;
mod report;
mod rest;
mod resume;
mod search;
mod swarm;
mod throughput;
mod tracing;
mod travel;
mod wire;

use anyhow::Result;
use clap::Parser;

/// Benchmarks of Roomlog, on the services that the environment names (see `make bench`).
#[derive(Parser)]
enum Bench {
    /// All of them, one after the other.
    All(Peer),
    /// Send to delivered, against produce and consume.
    Latency,
    /// Durable sends a second, against a bare producer.
    Throughput,
    /// CPU of a send with traces, against one without.
    Tracing,
    /// CPU per delivery, against bare writes and centrifuge.
    Fanout(Peer),
    /// Memory per idle connection.
    Idle,
    /// History projection, against COPY.
    Projection,
    /// History made anew, against COPY.
    Rebuild,
    /// Signing in, and what sends notice of it.
    Login,
    /// A thousand clients resume.
    Resume,
    /// A page of a room with a million messages, against the bare query.
    Page,
    /// Search over a million messages, against the bare query.
    Search,
    /// Time travel to random points of rooms of 1,000 to 100,000 events, with snapshots and without.
    Travel,
    /// Replays, against a bare consumer, and what those who chat notice of them.
    Replay,
    /// Whoever replays again and again until it is killed (started by `replay`).
    #[command(hide = true)]
    Readers(replay::Readers),
    /// The bare writes themselves (started by `fanout`).
    #[command(hide = true)]
    Floor {
        /// How many sockets to wait for.
        sockets: usize,
    },
}

/// The peer that fan-out is held against.
#[derive(clap::Args)]
struct Peer {
    /// Its binary, built from bench/peers/centrifuge.
    #[arg(long, env = "ROOMLOG_BENCH_CENTRIFUGE")]
    centrifuge: String,
    /// Only one load of `fanout`, by its place; nothing is kept then.
    #[arg(long)]
    only: Option<usize>,
}

fn main() -> Result<()> {
    let bench = Bench::parse();
    if let Bench::Floor { sockets } = bench {
        return floor::serve(sockets);
    }
    // Talking to plain HTTP needs no provider, but the client asks for one when it is made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(bench))
}

async fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::All(Peer { centrifuge, .. }) => {
            latency::run().await?;
            throughput::run().await?;
            fanout::run(&centrifuge, None).await?;
            idle::run().await?;
            projection::run().await?;
            rebuild::run().await?;
            login::run().await?;
            resume::run().await
        }
        Bench::Latency => latency::run().await,
        Bench::Throughput => throughput::run().await,
        Bench::Tracing => tracing::run().await,
        Bench::Fanout(Peer { centrifuge, only }) => fanout::run(&centrifuge, only).await,
        Bench::Idle => idle::run().await,
        Bench::Projection => projection::run().await,
        Bench::Rebuild => rebuild::run().await,
        Bench::Login => login::run().await,
        Bench::Resume => resume::run().await,
        Bench::Page => page::run().await,
        Bench::Search => search::run().await,
        Bench::Travel => travel::run().await,
        Bench::Replay => replay::run().await,
        Bench::Readers(readers) => replay::read(readers).await,
        Bench::Floor { sockets } => floor::serve(sockets),
    }
}
