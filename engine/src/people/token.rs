//! Access tokens (JWT, EdDSA) and refresh tokens (a login's id and 32 random bytes).
//!
//! What must hold: the algorithm is pinned, never read from the token; a refresh token is kept as its digest alone.

use super::{CheckKey, Person, SigningKey};
use crate::domain::{PersonName, Timestamp, UserId};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// RFC 8410 §7: what stands before the 32 bytes of an Ed25519 key in PKCS#8.
const ED25519_PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const MILLIS: i64 = 1_000;

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    sub: UserId,
    name: PersonName,
    sid: Uuid,
    iss: String,
    aud: String,
    /// Seconds since 1970 (RFC 7519 §2).
    iat: i64,
    exp: i64,
}

/// Who a good access token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// As they were called when it was signed.
    pub name: PersonName,
    /// Their login; people from outside have theirs at their issuer.
    pub sid: Option<Uuid>,
    /// Not good from then on.
    pub expires_at: Timestamp,
}

/// Why an access token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is past its time.
    #[error("the token has expired")]
    Expired,
    /// Signed with a key that is not known (yet).
    #[error("the token's key is not known")]
    UnknownKey,
    /// No token of ours.
    #[error("the token is not valid")]
    Invalid,
}

/// A new Ed25519 key.
#[must_use]
pub fn make_key(at: Timestamp) -> SigningKey {
    let mut pkcs8 = ED25519_PKCS8.to_vec();
    pkcs8.extend(rand::random::<[u8; 32]>());
    SigningKey {
        id: Uuid::new_v4(),
        pkcs8,
        created_at: at,
    }
}

/// The second in which `time` lies: tokens tell no finer times (RFC 7519 §2), and what people are told must be the token's.
pub(super) const fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis() - time.as_millis().rem_euclid(MILLIS))
}

/// The keys as they are used: the newest signs, all verify.
pub(super) struct Ring {
    newest: (Uuid, EncodingKey),
    verifying: Vec<(Uuid, DecodingKey)>,
}

impl Ring {
    /// `None` when there is no key, or one that is no Ed25519 key.
    pub(super) fn new(keys: &[SigningKey]) -> Option<Self> {
        let verifying = keys.iter().map(|key| Some((key.id, public(key)?)));
        let newest = keys.iter().max_by_key(|key| key.created_at)?;
        Some(Self {
            newest: (newest.id, EncodingKey::from_ed_der(&newest.pkcs8)),
            verifying: verifying.collect::<Option<_>>()?,
        })
    }

    pub(super) fn sign(
        &self,
        person: &Person,
        sid: Uuid,
        issuer: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Option<String> {
        let claims = Claims {
            sub: person.id,
            name: person.display_name.clone(),
            sid,
            iss: issuer.to_owned(),
            aud: issuer.to_owned(),
            iat: now.as_millis() / MILLIS,
            exp: expires_at.as_millis() / MILLIS,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.newest.0.to_string());
        jsonwebtoken::encode(&header, &claims, &self.newest.1).ok()
    }

    pub(super) fn verify(&self, token: &str, issuer: &str, now: Timestamp) -> Result<Caller, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid)?;
        let kid = header
            .kid
            .and_then(|kid| Uuid::parse_str(&kid).ok())
            .ok_or(Refusal::Invalid)?;
        let (_, key) = self
            .verifying
            .iter()
            .find(|(id, _)| *id == kid)
            .ok_or(Refusal::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is judged below, by the caller's clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
            .map_err(|_| Refusal::Invalid)?
            .claims;
        let expires_at = claims
            .exp
            .checked_mul(MILLIS)
            .map(Timestamp::from_millis)
            .ok_or(Refusal::Invalid)?;
        if now >= expires_at {
            return Err(Refusal::Expired);
        }
        Ok(Caller {
            user_id: claims.sub,
            name: claims.name,
            sid: Some(claims.sid),
            expires_at,
        })
    }
}

fn public(key: &SigningKey) -> Option<DecodingKey> {
    let jwk = Jwk::from_encoding_key(&EncodingKey::from_ed_der(&key.pkcs8), Algorithm::EdDSA).ok()?;
    DecodingKey::from_jwk(&jwk).ok()
}

/// A refresh token: which login it continues, and the secret that proves it. Text only where it leaves or enters.
///
/// The second half of the secret is what the login's check key makes of the first: so a token of this login that was used
/// before is told from one that somebody made up who knows the login's id.
pub(super) struct Refresh {
    pub(super) login: Uuid,
    secret: [u8; 32],
}

impl Refresh {
    pub(super) fn new(login: Uuid, key: &CheckKey) -> Self {
        let random: [u8; 16] = rand::random();
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(&random);
        secret[16..].copy_from_slice(&check(login, &random, key));
        Self { login, secret }
    }

    /// Reads `<login id>.<64 hex digits>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (login, hex) = text.split_once('.')?;
        let secret = blake3::Hash::from_hex(hex).ok()?;
        Some(Self {
            login: Uuid::parse_str(login).ok()?,
            secret: *secret.as_bytes(),
        })
    }

    pub(super) fn text(&self) -> String {
        let secret = blake3::Hash::from_bytes(self.secret);
        format!("{}.{secret}", self.login.as_hyphenated())
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        *blake3::hash(&self.secret).as_bytes()
    }

    /// Whether this was once made here for its login. Looks at every byte, whichever differs.
    pub(super) fn was_made_with(&self, key: &CheckKey) -> bool {
        let made = check(self.login, &self.secret[..16], key);
        let differing = made
            .iter()
            .zip(&self.secret[16..])
            .fold(0, |all, (one, other)| all | (one ^ other));
        differing == 0
    }
}

fn check(login: Uuid, random: &[u8], key: &CheckKey) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(login.as_bytes()).update(random);
    let mut check = [0; 16];
    hasher.finalize_xof().fill(&mut check);
    check
}
