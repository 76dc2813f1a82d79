//! What a process says to the person who started it: on stdout, while logs go to stderr.

use super::{Error, Parts};
use crate::config::{Config, Mode};
use crate::page::Page;
use engine::config::mask_url;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// As README.md shows them and `scripts/cluster` prints them too.
const FIRST_STEPS: &str = include_str!("../../../docs/first-steps.sh");

/// The address they have in it.
const EXAMPLE_URL: &str = "http://127.0.0.1:8080";

/// Says it.
///
/// # Errors
/// When nobody can hear it: stdout is closed.
pub(super) fn say(text: &str) -> Result<(), Error> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| Error::Impossible(format!("cannot write: {error}")))
}

/// Says what was found out. Whoever closed the pipe has heard enough.
///
/// # Errors
/// When it can't be written otherwise: a disk that is full.
pub(super) fn tell(text: &str) -> Result<(), Error> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Impossible(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}

/// A server goes on also when nobody hears it.
fn mention(text: &str) {
    let _ = say(text);
}

/// The mode and what it connects to.
fn standing(config: &Config) -> String {
    match config.mode() {
        Mode::Embedded => format!("embedded, everything in {}", config.data_dir.display()),
        Mode::Cluster => format!(
            "cluster: Kafka {}, PostgreSQL {}, Redis {}",
            config.kafka.log.brokers,
            mask_url(&config.postgres.url),
            mask_url(&config.redis.url)
        ),
    }
}

/// An edge serves.
pub(super) fn edge(config: &Config, parts: Parts) {
    let url = url(config);
    mention(&format!(
        "Roomlog ({})\n\n  {url}         {}\n  {url}/docs    try its API\n  {url}/readyz  is everything there?",
        standing(config),
        page(config)
    ));
    // An edge by itself is one of several, and people come by what stands before them: its own address is not theirs.
    if parts.is_all() {
        mention(&first_steps(&url));
    }
}

/// What is to be seen at `/`.
const fn page(config: &Config) -> &'static str {
    match (config.page.enabled, Page::packed().is_built()) {
        (false, _) => "no page: page.enabled is false",
        (true, false) => "no page: it was built without one; `make web`, then build it again",
        (true, true) => "chat in a browser",
    }
}

/// Where a browser or a client on this machine finds it.
fn url(config: &Config) -> String {
    let mut listen = config.listen;
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("http://{listen}")
}

/// Three lines to paste: register, connect, send.
fn first_steps(url: &str) -> String {
    let lines = FIRST_STEPS.replace(EXAMPLE_URL, url);
    format!(
        "\nRegister, listen and say something in the room general, in another terminal in Roomlog's checkout:\n\n{lines}"
    )
}

/// A process of projectors runs.
pub(super) fn projectors(config: &Config) {
    let url = url(config);
    mention(&format!(
        "Roomlog projector ({})\n\n  {url}/readyz\n  {url}/metrics",
        standing(config)
    ));
}
