//! How accounts behave.

use crate::people::{attempts, issuers, password};
use serde::Deserialize;

/// How accounts behave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `iss` and `aud` of access tokens.
    pub issuer: String,
    /// How long an access token is good.
    pub access_ttl_ms: u64,
    /// How long a login lives without being refreshed.
    pub refresh_ttl_ms: u64,
    /// How long the former refresh token still earns an access token.
    pub refresh_grace_ms: u64,
    /// Logins of one person at once; a further one ends that which was used least lately.
    pub logins_most: usize,
    /// How long a login that is over is kept, besides the time for which tokens of it may still be shown.
    pub logins_kept_ms: u64,
    /// Logins removed at once.
    pub sweep_batch: usize,
    /// How often they are looked for.
    pub sweep_interval_ms: u64,
    /// How often the store is asked what has ended, besides what signals tell.
    pub ended_refresh_ms: u64,
    /// Ended logins, and as many people, that are remembered while their tokens are good.
    pub ended_kept: usize,
    /// Whether people may make accounts for themselves.
    pub registration: bool,
    /// Whether people may come in without an account.
    pub guests: bool,
    /// Least code points of a password.
    pub password_least: usize,
    /// Most bytes of a password.
    pub password_most: usize,
    /// Signing keys are read again for a token of an unknown key, at most this often.
    pub keys_reload_ms: u64,
    /// How passwords are hashed.
    pub password: password::Config,
    /// How often somebody may try.
    pub attempts: attempts::Config,
    /// Outside issuers whose tokens are good here.
    pub issuers: Vec<issuers::Issuer>,
    /// How they are asked for their keys.
    pub outside: issuers::Config,
    /// How long what the store says of a person from outside is good.
    pub outsiders_recheck_ms: u64,
    /// People from outside who are remembered.
    pub outsiders_kept: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: "roomlog".to_owned(),
            access_ttl_ms: 15 * 60 * 1_000,
            refresh_ttl_ms: 30 * 24 * 60 * 60 * 1_000,
            refresh_grace_ms: 10_000,
            logins_most: 100,
            logins_kept_ms: 24 * 60 * 60 * 1_000,
            sweep_batch: 1_000,
            sweep_interval_ms: 60_000,
            ended_refresh_ms: 5_000,
            ended_kept: 100_000,
            registration: true,
            guests: true,
            password_least: 8,
            password_most: 256,
            keys_reload_ms: 5_000,
            password: password::Config::default(),
            attempts: attempts::Config::default(),
            issuers: Vec::new(),
            outside: issuers::Config::default(),
            outsiders_recheck_ms: 60_000,
            outsiders_kept: 10_000,
        }
    }
}
