//! Tokens of outside issuers (JWT, RFC 7519), verified by the keys that they publish (JWKS, RFC 7517).
//!
//! What must hold: the algorithms are those that are configured and asymmetric, never what a token would like; a key is
//! used for its own algorithm alone; an issuer that is away, slow or endless costs a bounded time and a bounded memory.

mod keys;

use super::token::Refusal;
use crate::domain::{PersonName, Timestamp, UserId};
use crate::text;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use keys::Keys;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// Seconds are the finest that a token tells.
const MILLIS: i64 = 1_000;
/// OpenID Connect Core §2: a subject has at most 255 characters.
const SUBJECT_MOST: usize = 255;

/// An issuer whose tokens are good here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// `iss` of its tokens, exactly.
    pub issuer: String,
    /// What `aud` of its tokens must hold.
    pub audience: String,
    /// Where it publishes its keys; https, or a host of this machine.
    pub jwks_url: String,
    /// What its tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// The claim that holds the name that others are to see.
    #[serde(default = "name_claim")]
    pub name_claim: String,
}

fn name_claim() -> String {
    "name".to_owned()
}

/// An algorithm whose verifying key is no secret. There are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "named as in RFC 7518 §3.1 and RFC 8037 §3.1")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Algorithm {
    const fn of_library(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as Library;
        match self {
            Self::RS256 => Library::RS256,
            Self::RS384 => Library::RS384,
            Self::RS512 => Library::RS512,
            Self::PS256 => Library::PS256,
            Self::PS384 => Library::PS384,
            Self::PS512 => Library::PS512,
            Self::ES256 => Library::ES256,
            Self::ES384 => Library::ES384,
            Self::EdDSA => Library::EdDSA,
        }
    }
}

/// How issuers are asked for their keys, and how long those are good.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a question may take.
    pub timeout_ms: u64,
    /// Most bytes of an answer.
    pub max_bytes: usize,
    /// Most keys that are kept of one issuer.
    pub max_keys: usize,
    /// Keys are asked for again for a token of an unknown key, at most this often.
    pub retry_ms: u64,
    /// Keys are asked for again when they are older than this.
    pub refresh_ms: u64,
    /// Keys that could not be asked for again are good for so long.
    pub expire_ms: u64,
    /// How far the clock of an issuer may be ahead.
    pub leeway_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timeout_ms: 3_000,
            max_bytes: 65_536,
            max_keys: 32,
            retry_ms: 5_000,
            refresh_ms: 3_600_000,
            expire_ms: 86_400_000,
            leeway_ms: 30_000,
        }
    }
}

/// Somebody from outside, as a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outsider {
    pub(super) user_id: UserId,
    pub(super) name: PersonName,
    pub(super) expires_at: Timestamp,
}

/// Why an outside token is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// It is not good.
    Refused(Refusal),
    /// Its issuer can't be asked for its keys.
    Away,
}

/// All of them.
pub(super) struct Issuers {
    all: Vec<(Issuer, Keys)>,
    leeway_ms: i64,
}

#[derive(Deserialize)]
struct WhoSays {
    iss: String,
}

impl Issuers {
    /// Asks nobody yet. `own` is the name that tokens of our own carry.
    ///
    /// # Errors
    /// A sentence: which issuer can't be used, and why.
    pub(super) fn new(issuers: &[Issuer], config: &Config, own: &str) -> Result<Self, String> {
        check(issuers, own)?;
        let all: Result<_, String> = issuers
            .iter()
            .map(|issuer| Ok((issuer.clone(), Keys::new(issuer, config)?)))
            .collect();
        Ok(Self {
            all: all?,
            leeway_ms: i64::try_from(config.leeway_ms).unwrap_or(i64::MAX),
        })
    }

    /// Whose token this claims to be; `None`: none of theirs. What it claims is not yet believed.
    pub(super) fn of(&self, token: &str) -> Option<usize> {
        if self.all.is_empty() {
            return None;
        }
        let claims: WhoSays = insecure_decode_claims(token).ok()?;
        self.all.iter().position(|(issuer, _)| issuer.issuer == claims.iss)
    }

    /// Whom a token of the issuer `number` speaks for.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub(super) async fn verify(&self, number: usize, token: &str, now: Timestamp) -> Result<Outsider, NotTaken> {
        const INVALID: NotTaken = NotTaken::Refused(Refusal::Invalid);
        let (issuer, keys) = &self.all[number];
        let header = decode_header(token).map_err(|_| INVALID)?;
        let algorithm = header.alg;
        let pinned = issuer
            .algorithms
            .iter()
            .any(|allowed| allowed.of_library() == algorithm);
        let Header { kid, crit, .. } = header;
        // RFC 7515 §4.1.11: what must be understood and is not makes a token invalid.
        let (true, None, Some(kid)) = (pinned, crit, kid) else {
            return Err(INVALID);
        };
        let key = keys.find(&kid, algorithm, now).await?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is judged below, by the caller's clock.
        validation.validate_exp = false;
        let claims = decode::<Map<String, Value>>(token, &key, &validation)
            .map_err(|_| INVALID)?
            .claims;
        self.judge(issuer, &claims, now).map_err(NotTaken::Refused)
    }

    fn judge(&self, issuer: &Issuer, claims: &Map<String, Value>, now: Timestamp) -> Result<Outsider, Refusal> {
        let expires_at = time(claims, "exp")?.ok_or(Refusal::Invalid)?;
        let begins_at = time(claims, "nbf")?;
        if now >= expires_at {
            return Err(Refusal::Expired);
        }
        if begins_at.is_some_and(|begins_at| begins_at.as_millis() > now.as_millis().saturating_add(self.leeway_ms)) {
            return Err(Refusal::Invalid);
        }
        let text_of = |name: &str| claims.get(name).and_then(Value::as_str);
        let subject = text_of("sub").filter(|subject| (1..=SUBJECT_MOST).contains(&subject.chars().count()));
        let subject = subject.ok_or(Refusal::Invalid)?;
        let name = text_of(&issuer.name_claim).and_then(|name| text::person_name(name).ok());
        let Some(name) = name else {
            tracing::debug!(
                issuer = issuer.issuer,
                claim = issuer.name_claim,
                "a token's name can't be shown"
            );
            return Err(Refusal::Invalid);
        };
        Ok(Outsider {
            user_id: UserId::outside(&issuer.issuer, subject),
            name,
            expires_at,
        })
    }
}

/// RFC 7519 §2: a number of seconds, which may have a fraction; `None` where the claim is not there.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().or_else(|| {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "casts of floats saturate, and too far is judged below"
        )]
        value
            .as_f64()
            .filter(|seconds| seconds.is_finite())
            .map(|seconds| seconds as i64)
    });
    let millis = seconds.and_then(|seconds| seconds.checked_mul(MILLIS));
    millis.map(Timestamp::from_millis).map(Some).ok_or(Refusal::Invalid)
}

/// Whether these issuers can be used beside our own, whose name is `own`.
///
/// # Errors
/// A sentence: which one can't be, and why.
pub fn check(issuers: &[Issuer], own: &str) -> Result<(), String> {
    for (at, issuer) in issuers.iter().enumerate() {
        let name = &issuer.issuer;
        let wrong = |why: &str| Err(format!("people.issuers: {name:?}: {why}"));
        if name.is_empty() || name.contains('\n') || issuer.audience.is_empty() {
            return wrong("issuer and audience must be one line each, and not empty");
        }
        if name == own || issuers[..at].iter().any(|other| other.issuer == *name) {
            return wrong("two issuers can't have one name (and people.issuer is our own)");
        }
        if issuer.algorithms.is_empty() {
            return wrong("algorithms must name at least one");
        }
        let url =
            reqwest::Url::parse(&issuer.jwks_url).map_err(|error| format!("people.issuers: {name:?}: {error}"))?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return wrong("jwks_url must be https: whoever can change the keys on their way is anybody here");
        }
    }
    Ok(())
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
