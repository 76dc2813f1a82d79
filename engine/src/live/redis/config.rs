//! How Redis is reached.

use serde::Deserialize;

/// How Redis is reached. Each has a default.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedisConfig {
    /// `redis://user:password@host:port/db`, or `rediss://` with TLS. Default `redis://127.0.0.1:6379`.
    pub url: String,
    /// What every key begins with, so that several Roomlogs can share one Redis. Default `roomlog:`.
    pub prefix: String,
    /// Milliseconds to wait for a connection. Default 1,000.
    pub connect_timeout_ms: u64,
    /// Milliseconds to wait for an answer. Default 2,000.
    pub response_timeout_ms: u64,
    /// Milliseconds of the signals' own time after which a presence claim that is not repeated no longer counts.
    /// Default 75,000.
    pub presence_forget_after_ms: i64,
    /// Seconds after which the presence of a room that no signal speaks of is thrown away. What people see is
    /// decided by the signals' own times; this only keeps garbage from staying. Default 86,400.
    pub presence_ttl_s: u64,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379".into(),
            prefix: "roomlog:".into(),
            connect_timeout_ms: 1_000,
            response_timeout_ms: 2_000,
            presence_forget_after_ms: crate::live::FORGET_AFTER_MS,
            presence_ttl_s: 86_400,
        }
    }
}

impl std::fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisConfig")
            .field("url", &crate::config::mask_url(&self.url))
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
