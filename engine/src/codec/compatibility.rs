//! Whether two versions of a schema can stand beside each other for ever: FULL_TRANSITIVE, judged before any registry is
//! asked, and with the name of the field that stands in the way.

use apache_avro::Schema;
use apache_avro::schema::{RecordField, RecordSchema};
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};

/// Why what one version wrote could not be read with another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incompatible {
    /// It is not a record in Avro's JSON.
    #[error("not the schema of a record: {0}")]
    Unreadable(String),
    /// Another name is another type: it needs a file, and a place in the code, of its own.
    #[error("{older} became {newer}: a released record keeps its name")]
    Renamed {
        /// As it was.
        older: String,
        /// As it is now.
        newer: String,
    },
    /// A field is on one side alone, and whoever misses it has nothing to put in its place.
    #[error("{schema}: field `{field}` was {change} and has no default")]
    NoDefault {
        /// The record's full name.
        schema: String,
        /// The field.
        field: String,
        /// "added" or "removed".
        change: &'static str,
    },
    /// A field's new type does not read all that the old one wrote, or the old one not all that the new one writes.
    #[error("{schema}: field `{field}` changed its type: {why}")]
    Type {
        /// The record's full name.
        schema: String,
        /// The field.
        field: String,
        /// As Avro's rules say it.
        why: String,
    },
}

impl Incompatible {
    /// The field that stands in the way.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::NoDefault { field, .. } | Self::Type { field, .. } => Some(field),
            Self::Unreadable(_) | Self::Renamed { .. } => None,
        }
    }
}

/// Compares two versions of a record, both ways.
///
/// # Errors
/// [`Incompatible`], with the first field that stands in the way.
pub fn check(older: &str, newer: &str) -> Result<(), Incompatible> {
    let (older, newer) = (parse(older)?, parse(newer)?);
    let (Schema::Record(old), Schema::Record(new)) = (&older, &newer) else {
        return Err(Incompatible::Unreadable("it is another Avro type".to_owned()));
    };
    let (old_name, schema) = (old.name.to_string(), new.name.to_string());
    if old_name != schema {
        return Err(Incompatible::Renamed {
            older: old_name,
            newer: schema,
        });
    }
    without_default(new, old, &schema, "added")?;
    without_default(old, new, &schema, "removed")?;
    for field in &new.fields {
        if let Some(before) = named(old, &field.name) {
            same_type(before, field, &schema)?;
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Schema, Incompatible> {
    Schema::parse_str(text).map_err(|error| Incompatible::Unreadable(error.to_string()))
}

fn named<'a>(record: &'a RecordSchema, name: &str) -> Option<&'a RecordField> {
    record.fields.iter().find(|field| field.name == name)
}

/// What `reader` has and `writer` lacks needs a default.
fn without_default(
    reader: &RecordSchema,
    writer: &RecordSchema,
    schema: &str,
    change: &'static str,
) -> Result<(), Incompatible> {
    let missing = |field: &&RecordField| field.default.is_none() && named(writer, &field.name).is_none();
    match reader.fields.iter().find(missing) {
        None => Ok(()),
        Some(field) => Err(Incompatible::NoDefault {
            schema: schema.to_owned(),
            field: field.name.clone(),
            change,
        }),
    }
}

fn same_type(before: &RecordField, after: &RecordField, schema: &str) -> Result<(), Incompatible> {
    let why = match SchemaCompatibility::mutual_read(&before.schema, &after.schema) {
        Ok(Compatibility::Full) => return Ok(()),
        // An enum with a symbol more, a union with a branch more: read by luck alone.
        Ok(Compatibility::Partial) => "some values of the one are none of the other".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Incompatible::Type {
        schema: schema.to_owned(),
        field: after.name.clone(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::{Incompatible, check};
    use serde_json::{Value, json};

    const SENT: &str = include_str!("../../../schemas/MessageSent.avsc");

    fn edited(edit: impl FnOnce(&mut Vec<Value>)) -> String {
        let mut schema: Value = serde_json::from_str(SENT).unwrap();
        edit(schema["fields"].as_array_mut().unwrap());
        schema.to_string()
    }

    fn field_of(newer: &str) -> String {
        let error = check(SENT, newer).unwrap_err();
        let field = error.field().unwrap().to_owned();
        let text = error.to_string();
        assert!(
            text.contains("roomlog.v1.MessageSent") && text.contains(&field),
            "{text}"
        );
        field
    }

    #[test]
    fn a_field_with_a_default_may_come_and_go() {
        let more = edited(|fields| fields.push(json!({"name": "mood", "type": ["null", "string"], "default": null})));
        check(SENT, &more).unwrap();
        check(&more, SENT).unwrap();
        check(SENT, SENT).unwrap();
    }

    #[test]
    fn an_incompatible_edit_is_told_by_the_fields_name() {
        let added = edited(|fields| fields.push(json!({"name": "mood", "type": "string"})));
        assert_eq!(field_of(&added), "mood");
        let removed = edited(|fields| fields.retain(|field| field["name"] != "text"));
        assert_eq!(field_of(&removed), "text");
        let retyped = edited(|fields| {
            let text = fields.iter_mut().find(|field| field["name"] == "text").unwrap();
            text["type"] = json!("long");
        });
        assert_eq!(field_of(&retyped), "text");
        // The newer reads the older's null, the older not the newer's number.
        let narrowed = edited(|fields| {
            let since = fields.iter_mut().find(|field| field["name"] == "since").unwrap();
            *since = json!({"name": "since", "type": "long", "default": 0});
        });
        assert_eq!(field_of(&narrowed), "since");
    }

    #[test]
    fn a_symbol_more_is_incompatible_for_old_readers_can_not_know_it() {
        let role = |symbols: Value| {
            json!({"type": "record", "name": "RoleChanged", "fields": [
                {"name": "role", "type": {"type": "enum", "name": "Role", "symbols": symbols}}]})
            .to_string()
        };
        let error = check(&role(json!(["member"])), &role(json!(["member", "owner"]))).unwrap_err();
        assert_eq!(error.field(), Some("role"));
    }

    #[test]
    fn another_name_is_another_type() {
        let renamed = SENT.replace("\"MessageSent\"", "\"MessageSaid\"");
        assert!(matches!(check(SENT, &renamed), Err(Incompatible::Renamed { .. })));
        assert!(matches!(check(SENT, "\"string\""), Err(Incompatible::Unreadable(_))));
    }
}
