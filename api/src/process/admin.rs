//! `roomlog admin …`: what is done for those who run Roomlog, by whoever has its machine.

use super::waiting::Patience;
use super::{Error, direct, stores, welcome};
use crate::config::{Config, Mode};
use crate::edge::clock::{Clock as _, SystemClock};
use engine::log;
use engine::people::accounts::{Error as Refused, Made};
use engine::people::{Accounts, People, postgres, sqlite};
use std::io::{BufRead as _, Read as _};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A secret, so it is no setting and stands on no command line.
const PASSWORD: &str = "ROOMLOG_ADMIN_PASSWORD";
/// Most bytes of stdin that are read.
const STDIN_BYTES: u64 = 4_096;

/// `roomlog admin create`.
pub(super) async fn create(config: &Config, username: &str) -> Result<(), Error> {
    let password = tokio::task::spawn_blocking(password)
        .await
        .map_err(|error| Error::Impossible(error.to_string()))??;
    match config.mode() {
        Mode::Embedded => embedded(config, username, password).await,
        Mode::Cluster => {
            let people = Arc::new(postgres::Postgres::connect(&config.postgres)?);
            let made = make(config, people.clone(), username, password).await;
            people.close().await;
            made
        }
    }
}

/// One process at a time uses the folder: its log's lock says so.
async fn embedded(config: &Config, username: &str, password: String) -> Result<(), Error> {
    let folder = &config.data_dir;
    let log = direct::embedded_log(config).await?;
    let people = Arc::new(sqlite::Sqlite::open(&folder.join(stores::PEOPLE_FILE)).await?);
    let made = make(config, people.clone(), username, password).await;
    people.close().await;
    log::Log::close(&log).await;
    made
}

async fn make(config: &Config, people: Arc<dyn People>, username: &str, password: String) -> Result<(), Error> {
    let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
    let start = async || Accounts::start(people.clone(), config.accounts(), SystemClock.now()).await;
    let accounts = patience.ask("people", &never, start).await?;
    let made = accounts.create_admin(username, password, SystemClock.now()).await;
    match made {
        Ok(Made::New(name)) => welcome::say(&format!("{name} is a new account, and an admin")),
        Ok(Made::Promoted(name)) => welcome::say(&format!("{name} is an admin now")),
        Ok(Made::Already(name)) => welcome::say(&format!("{name} is an admin already")),
        Err(Refused::Credentials) => Err(Error::Impossible(format!(
            "there is an account {username} already, and this is not its password: give its own, or choose another name"
        ))),
        Err(Refused::Taken) => Err(Error::Impossible(format!(
            "{username} was the name of an account that is deleted, and is nobody's for ever: choose another"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// The variable's, else the first line of stdin.
fn password() -> Result<String, Error> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password);
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(STDIN_BYTES).read_line(&mut text);
    read.map_err(|error| Error::Impossible(format!("cannot read the password from stdin: {error}")))?;
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Error::Impossible(format!(
            "no password: set {PASSWORD}, or give it as the first line of stdin"
        )));
    }
    Ok(line.to_owned())
}
