//! The schema registry: asked at deploy alone, so that every other tool can read the log. Roomlog itself never needs it
//! to read, and to write only the ids that it gave once.
//!
//! What must hold: a subject is FULL_TRANSITIVE before it has its first schema; registering twice changes nothing.

use super::compatibility;
use super::lock::{Fingerprint, Lock};
use super::schema::fingerprint;
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, get_all_versions, get_schema_by_subject_and_version, post_schema,
};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, SchemaType, SuppliedSchema};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

/// Every subject has this level: what any version wrote is read with any other, both ways.
pub const COMPATIBILITY: &str = "FULL_TRANSITIVE";

/// How long one call may take.
const CALL: Duration = Duration::from_secs(10);

/// The registry's media type.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A schema that the registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The header `schema` of its records.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub subject: String,
    /// The id that stands before a datum on the log.
    pub id: u32,
}

/// Where the registry is not what the lock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The registry lacks a schema of the lock.
    Missing {
        /// Where it should be.
        subject: String,
        /// Its fingerprint, in hex.
        fingerprint: String,
    },
    /// The registry has a schema that the lock lacks: somebody else writes, or this binary is old.
    Unknown {
        /// Where it is.
        subject: String,
        /// The registry's count.
        version: u32,
    },
    /// A subject would take incompatible schemas.
    Compatibility {
        /// Which.
        subject: String,
        /// Its level; `None`: that of the whole registry.
        found: Option<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { subject, fingerprint } => {
                write!(
                    f,
                    "{subject}: schema {fingerprint} is not registered; run `roomlog schemas register`"
                )
            }
            Self::Unknown { subject, version } => {
                write!(f, "{subject}: version {version} is not in this binary's lock")
            }
            Self::Compatibility { subject, found } => {
                let found = found.as_deref().unwrap_or("the registry's default");
                write!(
                    f,
                    "{subject}: compatibility is {found}, not {COMPATIBILITY}; run `roomlog schemas register`"
                )
            }
        }
    }
}

/// What can go wrong with the registry.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// It is away, or too busy; later it may work.
    #[error("the schema registry at {url} is not available: {why}")]
    Unavailable {
        /// As it is configured.
        url: String,
        /// As the connection said it.
        why: String,
    },
    /// What a released schema wrote could not be read with this one.
    #[error("{subject} can't take the schema: {why}")]
    Incompatible {
        /// Where.
        subject: String,
        /// The field that stands in the way, where it is known.
        field: Option<String>,
        /// A sentence that names schema and field.
        why: String,
    },
    /// It answered, but not as a Confluent-compatible registry does.
    #[error("the schema registry at {url} refused {subject}: {why}")]
    Refused {
        /// As it is configured.
        url: String,
        /// What it was asked about.
        subject: String,
        /// As it said it.
        why: String,
    },
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// A Confluent-compatible registry.
#[derive(Clone, Debug)]
pub struct Registry {
    url: String,
    /// The same without a password: what errors show.
    shown: String,
    settings: SrSettings,
    http: reqwest::Client,
}

#[derive(Serialize, Deserialize)]
struct Level {
    // The PUT takes the first name, the GET answers with the second.
    #[serde(alias = "compatibilityLevel")]
    compatibility: String,
}

impl Registry {
    /// The registry at `url`, the root of its Confluent-compatible API. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when no HTTP client can be made.
    pub fn new(url: &str) -> Result<Self, Error> {
        crate::tls::choose_ring();
        let url = url.trim_end_matches('/').to_owned();
        let shown = without_password(&url);
        let refused = |why: String| Error::Refused {
            url: shown.clone(),
            subject: "any subject".to_owned(),
            why,
        };
        let settings = SrSettings::new_builder(url.clone())
            .set_timeout(CALL)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let http = reqwest::Client::builder()
            .timeout(CALL)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            url,
            shown,
            settings,
            http,
        })
    }

    /// Registers every schema of the lock, oldest first, under TopicRecordNameStrategy; `prefix` is that of the topics.
    /// What is there already keeps its id.
    ///
    /// # Errors
    /// See [`Error`]. What was registered before the error stays.
    pub async fn register(&self, lock: &Lock, prefix: &str) -> Result<Vec<Registered>, Error> {
        let mut guarded = BTreeSet::new();
        let mut registered = Vec::new();
        for entry in lock.entries() {
            let subject = entry.kind.subject(prefix);
            if guarded.insert(subject.clone()) {
                self.guard(&subject).await?;
            }
            registered.push(Registered {
                fingerprint: entry.fingerprint,
                id: self.post(&subject, entry.schema.json()).await?,
                subject,
            });
        }
        Ok(registered)
    }

    /// Where the registry differs from the lock; nothing: it does not.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self, lock: &Lock, prefix: &str) -> Result<Vec<Difference>, Error> {
        let mut wanted: BTreeMap<String, BTreeSet<Fingerprint>> = BTreeMap::new();
        for entry in lock.entries() {
            let fingerprints = wanted.entry(entry.kind.subject(prefix)).or_default();
            fingerprints.insert(entry.fingerprint);
        }
        let mut differences = Vec::new();
        for (subject, mut missing) in wanted {
            let found = self.level(&subject).await?;
            if found.as_deref() != Some(COMPATIBILITY) {
                differences.push(Difference::Compatibility {
                    subject: subject.clone(),
                    found,
                });
            }
            for (version, text) in self.versions(&subject).await? {
                let known = fingerprint(&text).is_ok_and(|found| missing.remove(&found) || lock.find(found).is_some());
                if !known {
                    let subject = subject.clone();
                    differences.push(Difference::Unknown { subject, version });
                }
            }
            differences.extend(missing.into_iter().map(|fingerprint| Difference::Missing {
                subject: subject.clone(),
                fingerprint: super::lock::hex(fingerprint),
            }));
        }
        Ok(differences)
    }

    /// Sets a subject's level, which must stand before its first schema.
    async fn guard(&self, subject: &str) -> Result<(), Error> {
        // schema_registry_converter has no call for a subject's configuration.
        let level = Level {
            compatibility: COMPATIBILITY.to_owned(),
        };
        let request = self
            .http
            .put(format!("{}/config/{subject}", self.url))
            .header(reqwest::header::CONTENT_TYPE, MEDIA_TYPE)
            .body(serde_json::to_vec(&level).expect("one text is JSON"));
        let answer = request.send().await.map_err(|error| self.unavailable(whole(&error)))?;
        self.success(subject, answer).await.map(|_| ())
    }

    async fn level(&self, subject: &str) -> Result<Option<String>, Error> {
        let request = self.http.get(format!("{}/config/{subject}", self.url));
        let answer = request.send().await.map_err(|error| self.unavailable(whole(&error)))?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = self.success(subject, answer).await?;
        let level: Level = answer.json().await.map_err(|error| self.unavailable(whole(&error)))?;
        Ok(Some(level.compatibility))
    }

    async fn success(&self, subject: &str, answer: reqwest::Response) -> Result<reqwest::Response, Error> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let why = answer.text().await.unwrap_or_default();
        if status.is_server_error() {
            return Err(self.unavailable(format!("{status} {why}")));
        }
        Err(self.refused(subject, format!("{status} {why}")))
    }

    async fn post(&self, subject: &str, schema: &str) -> Result<u32, Error> {
        let supplied = SuppliedSchema::new(None, SchemaType::Avro, schema.to_owned());
        match post_schema(&self.settings, subject.to_owned(), supplied).await {
            Ok(registered) => Ok(registered.id),
            Err(error) if code_of(&error).is_some_and(is_conflict) => {
                Err(self.incompatible(subject, schema, &error).await)
            }
            Err(error) => Err(self.error(subject, &error)),
        }
    }

    /// Finds out which field the registry means: it does not always say.
    async fn incompatible(&self, subject: &str, schema: &str, refusal: &SRCError) -> Error {
        let versions = self.versions(subject).await.unwrap_or_default();
        let found = versions
            .values()
            .find_map(|older| compatibility::check(older, schema).err());
        Error::Incompatible {
            subject: subject.to_owned(),
            field: found.as_ref().and_then(|found| found.field()).map(str::to_owned),
            why: found.map_or_else(|| why(refusal), |found| found.to_string()),
        }
    }

    /// A subject's schemas by version; none of a subject that is not there.
    async fn versions(&self, subject: &str) -> Result<BTreeMap<u32, String>, Error> {
        let numbers = match get_all_versions(&self.settings, subject.to_owned()).await {
            Ok(numbers) => numbers,
            Err(error) if code_of(&error).is_some_and(is_not_found) => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.error(subject, &error)),
        };
        let mut versions = BTreeMap::new();
        for number in numbers {
            let found = get_schema_by_subject_and_version(&self.settings, subject, Some(number)).await;
            versions.insert(number, found.map_err(|error| self.error(subject, &error))?.schema);
        }
        Ok(versions)
    }

    fn error(&self, subject: &str, error: &SRCError) -> Error {
        // An answer without the registry's own error is the network's, or a server's before it.
        if error.retriable || code_of(error).is_none_or(|code| code == 0 || (500..600).contains(&code)) {
            return self.unavailable(why(error));
        }
        self.refused(subject, why(error))
    }

    fn unavailable(&self, why: String) -> Error {
        Error::Unavailable {
            url: self.shown.clone(),
            why,
        }
    }

    fn refused(&self, subject: &str, why: String) -> Error {
        Error::Refused {
            url: self.shown.clone(),
            subject: subject.to_owned(),
            why,
        }
    }
}

fn without_password(url: &str) -> String {
    let Ok(mut shown) = reqwest::Url::parse(url) else {
        return "(not a URL)".to_owned();
    };
    if shown.password().is_some() && shown.set_password(Some("…")).is_err() {
        return "(not a URL with a host)".to_owned();
    }
    shown.to_string()
}

fn why(error: &SRCError) -> String {
    error.source().map_or_else(|| error.error.clone(), whole)
}

/// An error with all that caused it: a connection's says little by itself.
fn whole(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The registry's own error code: an HTTP status, or one with two digits more.
fn code_of(error: &SRCError) -> Option<u32> {
    error.source()?.downcast_ref::<RawError>().map(|raw| raw.error_code)
}

fn is_conflict(code: u32) -> bool {
    code == 409 || code / 100 == 409
}

fn is_not_found(code: u32) -> bool {
    code == 404 || code / 100 == 404
}
