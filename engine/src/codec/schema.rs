//! One Avro schema, and what writes and reads by it, made once: to resolve a schema's names costs more than a datum.
//!
//! What must hold: bytes go straight between a datum and a serde struct, in the schema's order of fields; whatever a
//! datum says of itself, reading it neither panics nor allocates more than [`MAX_ALLOCATION_BYTES`] at a time.

use super::lock::Fingerprint;
use apache_avro::rabin::Rabin;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// What a length inside a datum may claim, in bytes: as much as Kafka lets a whole record have. It is no setting, for
/// how a record is read depends on its bytes alone.
pub const MAX_ALLOCATION_BYTES: usize = 1 << 20;

/// A usual datum fits without growing.
const DATUM_BYTES: usize = 384;

/// A schema that can be written and read by.
pub struct Schema {
    json: String,
    fingerprint: Fingerprint,
    writer: GenericDatumWriter<'static>,
    reader: GenericDatumReader<'static>,
}

impl Schema {
    /// Takes a schema as its file has it. It stays in memory for ever: schemas are those of the lock, which never goes.
    ///
    /// # Errors
    /// What is wrong with it, in Avro's words.
    pub fn parse(json: &str) -> Result<Self, String> {
        // The library's setting is the process's and can be made once; nothing else here decodes Avro.
        apache_avro::util::max_allocation_bytes(MAX_ALLOCATION_BYTES);
        let fingerprint = fingerprint(json)?;
        let schema: &'static apache_avro::Schema = Box::leak(Box::new(
            apache_avro::Schema::parse_str(json).map_err(|error| error.to_string())?,
        ));
        let writer = GenericDatumWriter::builder(schema).human_readable(false).build();
        let reader = GenericDatumReader::builder(schema).human_readable(false).build();
        Ok(Self {
            json: json.to_owned(),
            fingerprint,
            writer: writer.map_err(|error| error.to_string())?,
            reader: reader.map_err(|error| error.to_string())?,
        })
    }

    /// As its file has it.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What the header `schema` of its records says.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// A record as Avro bytes; `None` if a number is beyond its field's type.
    pub(super) fn write<T: Serialize>(&self, record: &T) -> Option<Vec<u8>> {
        let mut datum = Vec::with_capacity(DATUM_BYTES);
        self.writer.write_ser(&mut datum, record).ok()?;
        Some(datum)
    }

    /// A record from Avro bytes; `None` if they are not this schema's, or something is left over, which makes a datum as
    /// bad as what is missing.
    pub(super) fn read<T: DeserializeOwned>(&self, mut datum: &[u8]) -> Option<T> {
        let record = self.reader.read_deser(&mut datum).ok()?;
        datum.is_empty().then_some(record)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

/// The fingerprint of a schema in Avro's JSON.
///
/// # Errors
/// What is wrong with it, in Avro's words.
pub fn fingerprint(json: &str) -> Result<Fingerprint, String> {
    let mut value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    strip_logical_types(&mut value);
    let schema = apache_avro::Schema::parse(&value).map_err(|error| error.to_string())?;
    let print = schema.fingerprint::<Rabin>().bytes;
    print.try_into().map_err(|_| "a fingerprint has 8 bytes".to_owned())
}

/// Avro specification, "Transforming into Parsing Canonical Form", STRIP: all but a few attributes go. The library keeps
/// this one.
fn strip_logical_types(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(object) => {
            object.remove("logicalType");
            object.values_mut().for_each(strip_logical_types);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(strip_logical_types),
        _ => {}
    }
}
