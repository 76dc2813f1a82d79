//! The keys that an issuer publishes: fetched, kept for a while, fetched again when a token names one that is not known.
//!
//! One question at a time: who meets the same unknown key meanwhile waits for its answer, everybody else goes on with
//! the keys that are known.

use super::{Config, Issuer, NotTaken, millis};
use crate::domain::Timestamp;
use crate::people::metrics;
use crate::people::token::Refusal;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use parking_lot::RwLock;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Mutex;

/// What is known of one issuer's keys.
pub(super) struct Keys {
    issuer: Issuer,
    config: Config,
    http: reqwest::Client,
    known: RwLock<Option<Arc<Known>>>,
    /// When they were last asked for. Locked while they are.
    asked_at: Mutex<Option<Timestamp>>,
}

struct Known {
    keys: Vec<Key>,
    fetched_at: Timestamp,
}

#[derive(Clone)]
struct Key {
    kid: String,
    /// What it is for alone, if it says so.
    algorithm: Option<Algorithm>,
    /// What it can be used for.
    fits: Fits,
    key: DecodingKey,
}

/// The algorithms that a key of this kind can verify.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fits {
    Rsa,
    P256,
    P384,
    Ed25519,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl Keys {
    pub(super) fn new(issuer: &Issuer, config: &Config) -> Result<Self, String> {
        crate::tls::choose_ring();
        let http = reqwest::Client::builder()
            .timeout(millis(config.timeout_ms))
            // The configured address is the one that is trusted.
            .redirect(Policy::none())
            .build()
            .map_err(|error| format!("people.issuers: {:?}: {error}", issuer.issuer))?;
        Ok(Self {
            issuer: issuer.clone(),
            config: config.clone(),
            http,
            known: RwLock::new(None),
            asked_at: Mutex::new(None),
        })
    }

    /// The key of this id for this algorithm; asks the issuer for it where that may help.
    pub(super) async fn find(&self, kid: &str, algorithm: Algorithm, now: Timestamp) -> Result<DecodingKey, NotTaken> {
        if let Some(known) = self.in_force(now)
            && let Some(key) = known.find(kid, algorithm)
        {
            if age(&known, now) >= self.config.refresh_ms {
                self.refresh_beside(now).await;
            }
            return Ok(key);
        }
        self.ask(now).await;
        let known = self.in_force(now).ok_or(NotTaken::Away)?;
        known.find(kid, algorithm).ok_or(NotTaken::Refused(Refusal::UnknownKey))
    }

    /// The keys, unless they are too old to be trusted.
    fn in_force(&self, now: Timestamp) -> Option<Arc<Known>> {
        self.known
            .read()
            .clone()
            .filter(|known| age(known, now) < self.config.expire_ms)
    }

    /// Asks again; who comes meanwhile goes on with the old keys. A failure leaves them in force.
    async fn refresh_beside(&self, now: Timestamp) {
        if let Ok(asked_at) = self.asked_at.try_lock() {
            self.ask_once(asked_at, now).await;
        }
    }

    async fn ask(&self, now: Timestamp) {
        let asked_at = self.asked_at.lock().await;
        self.ask_once(asked_at, now).await;
    }

    async fn ask_once(&self, mut asked_at: tokio::sync::MutexGuard<'_, Option<Timestamp>>, now: Timestamp) {
        let since = asked_at.map(|asked_at| now.as_millis().saturating_sub(asked_at.as_millis()));
        if since.is_some_and(|since| u64::try_from(since).is_ok_and(|since| since < self.config.retry_ms)) {
            return;
        }
        *asked_at = Some(now);
        let begun = Instant::now();
        let answer = self.fetch(now).await;
        metrics::issuer_fetched(answer.is_ok(), begun.elapsed());
        match answer {
            Ok(known) => *self.known.write() = Some(Arc::new(known)),
            Err(error) => tracing::warn!(issuer = self.issuer.issuer, error, "an issuer's keys can't be fetched"),
        }
    }

    async fn fetch(&self, now: Timestamp) -> Result<Known, String> {
        let failed = |error: reqwest::Error| error.without_url().to_string();
        let mut answer = self.http.get(&self.issuer.jwks_url).send().await.map_err(failed)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(format!("it answered {}", answer.status()));
        }
        let most = self.config.max_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > most {
                return Err(format!("its answer has more than {most} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        let published: Published = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        // A key of a kind that is not known here is no fault: it is for others.
        let keys: Vec<Key> = published.keys.into_iter().filter_map(key_of).collect();
        if keys.len() > self.config.max_keys {
            return Err(format!("it has more than {} keys", self.config.max_keys));
        }
        Ok(Known { keys, fetched_at: now })
    }
}

impl Known {
    fn find(&self, kid: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let of_kid = self.keys.iter().filter(|key| key.kid == kid);
        let mut fitting = of_kid.filter(|key| key.fits.verifies(algorithm));
        let found = fitting.find(|key| key.algorithm.is_none_or(|only| only == algorithm));
        found.map(|key| key.key.clone())
    }
}

impl Fits {
    fn verifies(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa => algorithm.family() == AlgorithmFamily::Rsa,
            Self::P256 => algorithm == Algorithm::ES256,
            Self::P384 => algorithm == Algorithm::ES384,
            Self::Ed25519 => algorithm == Algorithm::EdDSA,
        }
    }
}

fn age(known: &Known, now: Timestamp) -> u64 {
    u64::try_from(now.as_millis().saturating_sub(known.fetched_at.as_millis())).unwrap_or(0)
}

/// A public key for signatures, with an id; `None` for whatever else is published.
fn key_of(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let fits = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Fits::Rsa,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Fits::P256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => Fits::P384,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Fits::Ed25519,
        _ => return None,
    };
    if jwk
        .common
        .public_key_use
        .as_ref()
        .is_some_and(|purpose| *purpose != PublicKeyUse::Signature)
    {
        return None;
    }
    let algorithm = match jwk.common.key_algorithm.as_ref() {
        None => None,
        Some(name) => Some(Algorithm::try_from(*name).ok()?),
    };
    Some(Key {
        kid: jwk.common.key_id.clone()?,
        algorithm,
        fits,
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}
