//! The settings of `roomlog`: each section belongs to its owner, this file puts them together.

use crate::limits;
use engine::config::Error;
use engine::live::redis::RedisConfig;
use engine::log::kafka;
use engine::people::{accounts, issuers};
use ipnet::IpNet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Table;

/// The built-in defaults, a sentence for each: docs/configuration.md is made from them.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub embedded: engine::log::sqlite::Config,
    pub kafka: Kafka,
    pub postgres: engine::database::postgres::Config,
    pub redis: RedisConfig,
    pub people: People,
    pub edge: crate::edge::Config,
    pub projector: projector::Config,
    pub tools: Tools,
    pub travel: engine::travel::Config,
    pub startup: Startup,
    pub http: Http,
    pub page: Page,
    pub admin: Admin,
    pub limits: limits::Config,
    pub session: Session,
    pub drain: Drain,
    pub telemetry: engine::telemetry::Config,
}

/// See `[kafka]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Table")]
pub struct Kafka {
    /// How the log is reached.
    pub log: kafka::Config,
    /// The Confluent-compatible registry's URL, or nothing.
    pub schema_registry: String,
}

impl TryFrom<Table> for Kafka {
    type Error = String;

    fn try_from(mut table: Table) -> Result<Self, String> {
        Ok(Self {
            schema_registry: take(&mut table, "schema_registry")?,
            log: rest(table)?,
        })
    }
}

/// See `[people]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Table")]
pub struct People {
    /// Who may come in without an account.
    pub guests: Guests,
    /// How accounts behave; whether guests are let in follows from [`Config::guests_allowed`].
    pub accounts: accounts::Config,
}

impl TryFrom<Table> for People {
    type Error = String;

    fn try_from(mut table: Table) -> Result<Self, String> {
        Ok(Self {
            guests: take(&mut table, "guests")?,
            accounts: rest(table)?,
        })
    }
}

/// A setting of ours beside those of the section's owner.
fn take<T: DeserializeOwned>(table: &mut Table, name: &str) -> Result<T, String> {
    let value = table.remove(name).ok_or_else(|| format!("{name} is missing"))?;
    value.try_into().map_err(|error| format!("{name}: {error}"))
}

fn rest<T: DeserializeOwned>(table: Table) -> Result<T, String> {
    table.try_into().map_err(|error: toml::de::Error| error.to_string())
}

/// Who may come in without an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guests {
    /// Anyone.
    Always,
    /// Nobody.
    Never,
    /// Anyone, in embedded mode alone.
    Embedded,
}

/// See `[http]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Http {
    pub origins: Vec<String>,
    pub trusted_proxies: Vec<IpNet>,
    pub secure_cookies: bool,
    pub request_timeout_ms: u64,
    pub header_timeout_ms: u64,
    pub unread_body_bytes: u64,
    pub unread_body_timeout_ms: u64,
    pub check_timeout_ms: u64,
    pub check_interval_ms: u64,
    pub max_connections: usize,
}

/// See `[page]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Page {
    pub enabled: bool,
    pub name: String,
}

/// See `[admin]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Admin {
    pub log_interval_ms: u64,
    pub log_tails: usize,
    pub log_tail_queue_records: usize,
    pub log_tail_keep_alive_ms: u64,
}

/// See `[session]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Session {
    pub auth_timeout_ms: u64,
    pub ping_interval_ms: u64,
    pub pong_timeout_ms: u64,
    pub max_commands: usize,
    pub max_reply_bytes: usize,
    pub write_bytes: usize,
}

/// See `[drain]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Drain {
    pub notice_ms: u64,
    pub spread_ms: u64,
    pub deadline_ms: u64,
}

/// See `[tools]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Tools {
    pub tail_queue_records: usize,
    pub stats_sample_records: u64,
}

/// See `[startup]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each setting is described in defaults.toml")]
pub struct Startup {
    pub retry_first_ms: u64,
    pub retry_most_ms: u64,
    pub deploy_patience_ms: u64,
}

/// Which of the two ways Roomlog runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// SQLite and memory, no service needed.
    Embedded,
    /// Kafka, PostgreSQL, Redis.
    Cluster,
}

/// Settings, and what is in force as text.
pub type Loaded = engine::config::Loaded<Config>;

/// Reads defaults, file and environment.
///
/// # Errors
/// Says which setting is unknown, mistyped, or missing for the cluster mode.
pub fn load(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Loaded, Error> {
    let loaded: Loaded = engine::config::load(DEFAULTS, file, environment)?;
    loaded.settings.check()?;
    Ok(loaded)
}

impl Config {
    /// Which of the two ways Roomlog runs.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.kafka.log.brokers.is_empty() {
            Mode::Embedded
        } else {
            Mode::Cluster
        }
    }

    /// How accounts behave here.
    #[must_use]
    pub fn accounts(&self) -> accounts::Config {
        accounts::Config {
            guests: self.guests_allowed(),
            ..self.people.accounts.clone()
        }
    }

    /// Whether one may come in without an account.
    #[must_use]
    pub fn guests_allowed(&self) -> bool {
        match self.people.guests {
            Guests::Always => true,
            Guests::Never => false,
            Guests::Embedded => self.mode() == Mode::Embedded,
        }
    }

    fn check(&self) -> Result<(), Error> {
        if self.mode() == Mode::Cluster {
            let missing: Vec<&str> = [
                ("ROOMLOG_POSTGRES__URL", &self.postgres.url),
                ("ROOMLOG_REDIS__URL", &self.redis.url),
            ]
            .into_iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(name, _)| name)
            .collect();
            if !missing.is_empty() {
                return Err(Error::Invalid(format!(
                    "kafka.brokers is set, so this is the cluster mode, which needs {} too",
                    missing.join(" and ")
                )));
            }
        }
        let accounts = &self.people.accounts;
        issuers::check(&accounts.issuers, &accounts.issuer).map_err(Error::Invalid)?;
        if !(0.0..=1.0).contains(&self.telemetry.trace_ratio) {
            return Err(Error::Invalid("telemetry.trace_ratio must be from 0 to 1".into()));
        }
        Ok(())
    }
}

/// Milliseconds of a setting.
#[must_use]
pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::{Mode, load};

    fn with(environment: &[(&str, &str)]) -> Result<super::Loaded, String> {
        let owned = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(None, owned).map_err(|error| error.to_string())
    }

    #[test]
    fn without_brokers_the_mode_is_embedded() {
        assert_eq!(with(&[]).expect("the defaults").settings.mode(), Mode::Embedded);
    }

    #[test]
    fn every_limit_of_the_edge_is_a_setting_with_its_own_default() {
        let defaults: toml::Table = super::DEFAULTS.parse().expect("TOML");
        let own = toml::Table::try_from(crate::edge::Config::default()).expect("plain numbers");
        assert_eq!(defaults["edge"].as_table(), Some(&own));
    }

    #[test]
    fn every_limit_of_the_projector_is_a_setting_with_its_own_default() {
        let defaults: toml::Table = super::DEFAULTS.parse().expect("TOML");
        let own = toml::Table::try_from(projector::Config::default()).expect("plain numbers");
        assert_eq!(defaults["projector"].as_table(), Some(&own));
    }

    #[test]
    fn every_limit_of_time_travel_is_a_setting_with_its_own_default() {
        let defaults: toml::Table = super::DEFAULTS.parse().expect("TOML");
        let own = toml::Table::try_from(engine::travel::Config::default()).expect("plain numbers");
        assert_eq!(defaults["travel"].as_table(), Some(&own));
    }

    #[test]
    fn every_limit_of_rates_is_a_setting_with_its_own_default() {
        let defaults: toml::Table = super::DEFAULTS.parse().expect("TOML");
        let own = toml::Table::try_from(crate::limits::Config::default()).expect("plain numbers");
        assert_eq!(defaults["limits"].as_table(), Some(&own));
    }

    #[test]
    fn every_setting_of_people_has_its_own_default() {
        let defaults = with(&[]).expect("the defaults").settings.people.accounts;
        let own = engine::people::accounts::Config::default();
        assert_eq!(format!("{defaults:?}"), format!("{own:?}"));
    }

    #[test]
    fn brokers_alone_are_refused_with_what_is_missing() {
        let brokers = ("ROOMLOG_KAFKA__BROKERS", "127.0.0.1:9092");
        let error = with(&[brokers]).expect_err("refused");
        assert!(
            error.ends_with("ROOMLOG_POSTGRES__URL and ROOMLOG_REDIS__URL too"),
            "{error}"
        );
        let error = with(&[brokers, ("ROOMLOG_REDIS__URL", "redis://r")]).expect_err("refused");
        assert!(error.ends_with("needs ROOMLOG_POSTGRES__URL too"), "{error}");
    }
}
