//! The few bytes before a datum.

use super::Encoded;
use super::lock::Fingerprint;
use bytes::{BufMut as _, Bytes, BytesMut};

/// Confluent's wire format: this byte, then the registry's id, big-endian.
const CONFLUENT: u8 = 0;
/// Avro's single-object encoding (Avro specification, "Single-object encoding"): these, then the fingerprint.
const SINGLE_OBJECT: [u8; 2] = [0xC3, 0x01];
const CONFLUENT_HEADER: usize = 5;
const SINGLE_OBJECT_HEADER: usize = 10;

/// What stands before a datum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The cluster: the id that the registry gave the schema.
    Confluent {
        /// Its own, not ours: never read again by Roomlog.
        id: u32,
    },
    /// Embedded: needs no registry.
    SingleObject,
}

impl Wire {
    /// The record's value.
    #[must_use]
    pub fn wrap(self, encoded: &Encoded) -> Bytes {
        let mut value = BytesMut::with_capacity(SINGLE_OBJECT_HEADER + encoded.datum.len());
        match self {
            Self::Confluent { id } => {
                value.put_u8(CONFLUENT);
                value.put_u32(id);
            }
            Self::SingleObject => {
                value.put_slice(&SINGLE_OBJECT);
                value.put_slice(&encoded.fingerprint);
            }
        }
        value.put_slice(&encoded.datum);
        value.freeze()
    }
}

/// What stands after the header; `None` if there is no such header, or it names another schema than `fingerprint`.
#[must_use]
pub fn datum_of(value: &[u8], fingerprint: Fingerprint) -> Option<&[u8]> {
    match value {
        [CONFLUENT, ..] => value.get(CONFLUENT_HEADER..),
        [first, second, rest @ ..] if [*first, *second] == SINGLE_OBJECT => rest.strip_prefix(&fingerprint),
        _ => None,
    }
}
