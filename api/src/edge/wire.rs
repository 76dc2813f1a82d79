//! How events leave for the log: which header precedes their Avro bytes.

use std::collections::HashMap;

/// The wire format of what this edge writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Avro single-object encoding: embedded mode.
    SingleObject,
    /// Confluent's, with the registry's id of each schema, by fingerprint: the cluster.
    Confluent(HashMap<[u8; 8], u32>),
}
