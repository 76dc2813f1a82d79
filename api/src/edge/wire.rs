//! How records leave for the log: which header precedes their Avro bytes.

use crate::error::{Error, Name};
use bytes::Bytes;
use engine::codec::lock::Fingerprint;
use engine::codec::signal::{self, Signal};
use engine::codec::{self, Encoded};
use engine::domain::Partition;
use engine::log::{Outgoing, Topic};
use std::collections::HashMap;

/// The header that names the writer's schema.
const SCHEMA: &str = "schema";

/// The wire format of what this edge writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Avro single-object encoding: embedded mode.
    SingleObject,
    /// Confluent's, with the registry's id of each schema, by fingerprint: the cluster.
    Confluent(HashMap<[u8; 8], u32>),
}

impl Wire {
    /// What stands before the bytes of a schema; `None` when it was never registered.
    #[must_use]
    pub fn of(&self, fingerprint: Fingerprint) -> Option<codec::Wire> {
        match self {
            Self::SingleObject => Some(codec::Wire::SingleObject),
            Self::Confluent(ids) => ids.get(&fingerprint).map(|id| codec::Wire::Confluent { id: *id }),
        }
    }

    /// The record of an encoded value.
    ///
    /// # Errors
    /// `unavailable` when its schema was never registered.
    pub(super) fn outgoing(
        &self,
        topic: Topic,
        partition: Partition,
        key: Bytes,
        encoded: &Encoded,
    ) -> Result<Outgoing, Error> {
        let wire = self.of(encoded.fingerprint).ok_or_else(unregistered)?;
        Ok(Outgoing {
            topic,
            partition,
            key: Some(key),
            value: Some(wire.wrap(encoded)),
            headers: vec![(SCHEMA, Bytes::copy_from_slice(&encoded.fingerprint))],
        })
    }

    /// The record of a signal of one partition.
    ///
    /// # Errors
    /// As [`Wire::outgoing`].
    pub(super) fn signal(
        &self,
        topic: Topic,
        partition: Partition,
        key: Bytes,
        signal: &Signal,
    ) -> Result<Outgoing, Error> {
        self.outgoing(topic, partition, key, &signal::encode(signal))
    }
}

fn unregistered() -> Error {
    Error::new(
        Name::Unavailable,
        "a schema has no id in the registry: run `roomlog schemas register`",
    )
}
