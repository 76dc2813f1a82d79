//! What a process says to the person who started it: on stdout, while logs go to stderr.

use super::Error;
use crate::config::{Config, Mode};
use engine::config::mask_url;
use engine::domain::RoomId;
use std::io::Write as _;

/// Says it.
///
/// # Errors
/// When nobody can hear it: stdout is closed.
pub(super) fn say(text: &str) -> Result<(), Error> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| Error::Impossible(format!("cannot write: {error}")))
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
pub(super) fn edge(config: &Config) {
    let url = format!("http://{}", config.listen);
    mention(&format!("Roomlog ({})\n\n  {url}\n  {url}/readyz", standing(config)));
    mention(&first_steps(config));
}

/// Three lines to paste: register, connect, send.
fn first_steps(config: &Config) -> String {
    let (listen, general) = (config.listen, RoomId::general());
    let register = format!(
        r#"TOKEN=$(curl -s http://{listen}/v1/auth/register -H 'content-type: application/json' -d '{{"username":"ann-'$RANDOM'","password":"correct horse battery"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"#
    );
    let connect = format!(
        r#"(echo '{{"id":1,"subscribe":{{"room":"{general}"}}}}'; sleep 600) | websocat -n --protocol roomlog.v1.json -H "Authorization: Bearer $TOKEN" ws://{listen}/v1/ws &"#
    );
    let send = format!(
        r#"curl -s http://{listen}/v1/rooms/{general}/messages -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{{"text":"hello"}}'"#
    );
    format!(
        "\nRegister, connect (with websocat, or any WebSocket client) and say something in the room general:\n\n{register}\n{connect}\n{send}\n"
    )
}

/// A process of projectors runs.
pub(super) fn projectors(config: &Config) {
    let url = format!("http://{}", config.listen);
    mention(&format!(
        "Roomlog projector ({})\n\n  {url}/readyz\n  {url}/metrics",
        standing(config)
    ));
}
