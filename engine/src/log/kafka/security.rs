//! Who we are to Kafka, and how we know that it is Kafka: settings of TLS and SASL, how they become librdkafka's, and what
//! its library says of a broker that will not have us. The password is never shown and never logged.

use crate::log::Error;
use rdkafka::error::RDKafkaErrorCode;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// How the brokers are spoken to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// Whether connections are encrypted, and whether we say who we are.
    pub protocol: Protocol,
    /// PEM: who must have signed the brokers' certificates; empty: those whom this machine trusts.
    pub ca_file: PathBuf,
    /// PEM: our own certificate and what is between it and its signer, where brokers ask for one.
    pub certificate_file: PathBuf,
    /// PEM: its key.
    pub key_file: PathBuf,
    /// What the key is encrypted with, if it is.
    pub key_password: Secret,
    /// How we say who we are.
    pub mechanism: Mechanism,
    /// Who we are.
    pub username: String,
    /// What only we know.
    pub password: Secret,
}

/// Whether connections are encrypted, and whether we say who we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Neither.
    #[default]
    Plaintext,
    /// Encrypted; a certificate may say who we are.
    Ssl,
    /// By name and password, not encrypted.
    SaslPlaintext,
    /// Both.
    SaslSsl,
}

impl Protocol {
    const fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    const fn is_encrypted(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    const fn has_names(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

/// How a name and a password are shown to the broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// Neither side sees the other's secret (RFC 5802).
    #[default]
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
    /// The same, with a shorter digest.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// The password itself.
    Plain,
}

impl Mechanism {
    /// As Kafka names it.
    const fn name(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
        }
    }
}

/// A text that is never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// One to be kept.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() { "none" } else { "***" })
    }
}

impl Security {
    /// Says what can't work before anything is asked of Kafka.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Misconfigured(format!("kafka.security.{what}")));
        let protocol = self.protocol.name();
        let files = self.files();
        if let Some((name, _)) = files.first()
            && !self.protocol.is_encrypted()
        {
            return wrong(format!(
                "{name} is set, but kafka.security.protocol is {protocol}: ssl or sasl_ssl use it"
            ));
        }
        if self.certificate_file.as_os_str().is_empty() != self.key_file.as_os_str().is_empty() {
            return wrong("certificate_file and kafka.security.key_file need each other".into());
        }
        let named = !self.username.is_empty() || !self.password.is_empty();
        if named && !self.protocol.has_names() {
            return wrong(format!(
                "username or password is set, but kafka.security.protocol is {protocol}: sasl_ssl or sasl_plaintext use them"
            ));
        }
        if self.protocol.has_names() && (self.username.is_empty() || self.password.is_empty()) {
            return wrong(format!("protocol is {protocol}, which needs username and password"));
        }
        for (name, path) in files {
            if let Err(error) = std::fs::File::open(path) {
                return wrong(format!("{name} can't be read: {}: {error}", path.display()));
            }
        }
        Ok(())
    }

    /// The files that are named.
    fn files(&self) -> Vec<(&'static str, &Path)> {
        let all = [
            ("ca_file", self.ca_file.as_path()),
            ("certificate_file", &self.certificate_file),
            ("key_file", &self.key_file),
        ];
        all.into_iter()
            .filter(|(_, path)| !path.as_os_str().is_empty())
            .collect()
    }

    /// What librdkafka is told, which is nothing where nothing is set: then `kafka.properties` may say it.
    pub(super) fn properties(&self) -> Vec<(&'static str, String)> {
        if self.protocol == Protocol::Plaintext {
            return Vec::new();
        }
        let mut all = vec![("security.protocol", self.protocol.name().to_owned())];
        all.extend(self.files().into_iter().map(|(name, path)| {
            let property = match name {
                "ca_file" => "ssl.ca.location",
                "certificate_file" => "ssl.certificate.location",
                _ => "ssl.key.location",
            };
            (property, path.to_string_lossy().into_owned())
        }));
        if !self.key_password.is_empty() {
            all.push(("ssl.key.password", self.key_password.0.clone()));
        }
        if self.protocol.has_names() {
            all.extend([
                ("sasl.mechanism", self.mechanism.name().to_owned()),
                ("sasl.username", self.username.clone()),
                ("sasl.password", self.password.0.clone()),
            ]);
        }
        all
    }

    /// Who we are, in words.
    fn who(&self) -> String {
        match self.protocol.has_names() {
            true => format!("User:{}", self.username),
            false if !self.certificate_file.as_os_str().is_empty() => {
                format!("whoever {} says", self.certificate_file.display())
            }
            false => "User:ANONYMOUS".into(),
        }
    }

    /// A sentence for something that an ACL must allow first.
    pub(super) fn denied(&self, operation: &str, resource: &str) -> Error {
        Error::Misconfigured(format!(
            "Kafka does not allow {} to {operation} {resource}: give an ACL (docs/operations.md lists what each part needs)",
            self.who()
        ))
    }
}

impl Security {
    /// An error with what the library complained of meanwhile. A broker that does not know us, or whom we don't know, is no
    /// broker to wait for.
    pub(super) fn explain(&self, error: Error, complaint: Option<String>) -> Error {
        match (error, complaint) {
            (Error::Unavailable(_), Some(reason)) if is_for_good(&reason) => {
                Error::Misconfigured(format!("Kafka can't be used as kafka.security says: {reason}"))
            }
            // A broker that is starting does so too.
            (Error::Unavailable(text), Some(reason)) if reason.contains(HUNG_UP_AT_ONCE) => {
                Error::Unavailable(format!(
                    "{text} ({reason}): if it stays so, this listener speaks something else than kafka.security.protocol = {}",
                    self.protocol.name()
                ))
            }
            (Error::Unavailable(text), Some(reason)) => Error::Unavailable(format!("{text} ({reason})")),
            (error, _) => error,
        }
    }
}

/// Whether the broker knows who we are, and says no.
pub(super) const fn is_denied(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
    )
}

/// What the library calls failures that come again however often one tries.
const FOR_GOOD: [&str; 2] = ["authentication", "certificate"];

/// What it calls a connection that was cut at its very first question.
const HUNG_UP_AT_ONCE: &str = "APIVERSION_QUERY";

fn is_for_good(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    FOR_GOOD.iter().any(|word| reason.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{Mechanism, Protocol, Secret, Security};

    fn scram() -> Security {
        Security {
            protocol: Protocol::SaslSsl,
            username: "edge".into(),
            password: Secret::new("pass word".into()),
            ..Security::default()
        }
    }

    #[test]
    fn what_is_set_is_told_and_what_is_not_is_left_to_the_library() {
        assert!(Security::default().properties().is_empty());
        let told = scram().properties();
        assert!(told.contains(&("security.protocol", "sasl_ssl".into())), "{told:?}");
        assert!(told.contains(&("sasl.mechanism", "SCRAM-SHA-512".into())), "{told:?}");
        assert!(told.contains(&("sasl.password", "pass word".into())), "{told:?}");
        assert!(!told.iter().any(|(name, _)| name.starts_with("ssl.")), "{told:?}");
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown = format!("{:?}", scram());
        assert!(!shown.contains("pass word") && shown.contains("***"), "{shown}");
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let cases: [(Security, &str); 5] = [
            (
                Security {
                    protocol: Protocol::SaslPlaintext,
                    mechanism: Mechanism::Plain,
                    ..Security::default()
                },
                "needs username and password",
            ),
            (
                Security {
                    protocol: Protocol::Ssl,
                    ..scram()
                },
                "sasl_ssl or sasl_plaintext use them",
            ),
            (
                Security {
                    ca_file: "/ca.pem".into(),
                    ..Security::default()
                },
                "ssl or sasl_ssl use it",
            ),
            (
                Security {
                    key_file: "/key.pem".into(),
                    ..scram()
                },
                "need each other",
            ),
            (
                Security {
                    ca_file: "/nowhere/ca.pem".into(),
                    ..scram()
                },
                "ca_file can't be read: /nowhere/ca.pem",
            ),
        ];
        for (security, word) in cases {
            let said = security.check().expect_err("refused").to_string();
            assert!(said.contains(word), "{said}");
        }
        scram().check().expect("fits together");
    }
}
