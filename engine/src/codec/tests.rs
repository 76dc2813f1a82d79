//! Bytes: what is written is read again, and what is damaged is damaged for everyone.

use super::lock::{self, FILES, Lock};
use super::{Bad, Decoded, Unread, Wire, compatibility, decode, decode_datum, encode, schema};
use crate::domain::{
    Actor, Body, Cid, Event, EventId, Kind, Offset, Partition, Position, Removal, Role, RoomId, Seq, Target, Timestamp,
    UserId,
};
use crate::log::{Headers, RecordRef, partition_of};
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use uuid::Uuid;

/// So many partitions has a log in which every record stands where its key says.
pub(super) const ONE: u16 = 1;

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn event(body: Body) -> Event {
    Event {
        event_id: EventId::new(Uuid::from_u128(1)),
        room_id: RoomId::new(Uuid::from_u128(2)),
        actor: Actor {
            id: user(3),
            name: "Ann".to_owned().try_into().unwrap(),
        },
        cid: Cid::new(Uuid::from_u128(4)),
        since: Some(Seq::new(5)),
        sent_at: Timestamp::from_millis(1_700_000_000_000),
        body,
    }
}

/// One of each type, every optional field set.
pub(super) fn every() -> Vec<Event> {
    let text = |text: &str| text.to_owned().try_into().unwrap();
    let (target, until) = (
        Target {
            seq: Seq::new(6),
            author_id: user(7),
        },
        Some(Timestamp::from_millis(8)),
    );
    let bodies = [
        Body::RoomCreated {
            kind: Kind::Direct,
            name: "room".to_owned().try_into().unwrap(),
            topic: "topic".to_owned().try_into().unwrap(),
            rules: 1,
            peer: Some(user(9)),
        },
        Body::RoomUpdated {
            name: Some("n".to_owned().try_into().unwrap()),
            topic: None,
            rules: Some(1),
        },
        Body::RoomDeleted,
        Body::MemberJoined,
        Body::MemberLeft,
        Body::MemberInvited { user_id: user(9) },
        Body::MemberRemoved {
            user_id: user(9),
            removal: Removal::Ban { until },
        },
        Body::MemberRemoved {
            user_id: user(9),
            removal: Removal::Kick,
        },
        Body::MemberUnbanned { user_id: user(9) },
        Body::MemberMuted {
            user_id: user(9),
            until,
        },
        Body::MemberUnmuted { user_id: user(9) },
        Body::RoleChanged {
            user_id: user(9),
            role: Role::Owner,
        },
        Body::MessageSent {
            text: text("hello \u{1F600}"),
            reply_to: Some(Seq::new(1)),
            mentions: vec![user(9), user(3)],
        },
        Body::MessageEdited {
            target,
            text: text("hi"),
            mentions: Vec::new(),
        },
        Body::MessageDeleted { target },
        Body::ReactionAdded {
            target,
            emoji: "👍".to_owned().try_into().unwrap(),
        },
        Body::ReactionRemoved {
            target,
            emoji: "👍".to_owned().try_into().unwrap(),
        },
    ];
    bodies.into_iter().map(event).collect()
}

pub(super) fn record<'a>(key: &'a str, value: &'a [u8], schema: &'a [u8]) -> RecordRef<'a> {
    RecordRef {
        position: Position {
            partition: Partition::new(0),
            offset: Offset::ZERO,
            appended_at: Timestamp::from_millis(0),
        },
        key: Some(key.as_bytes()),
        value: Some(value),
        headers: Headers {
            schema_count: 1,
            schema: Some(schema),
            ..Headers::default()
        },
    }
}

#[test]
fn every_event_is_read_as_it_was_written_by_either_wire() {
    for event in every() {
        let encoded = encode(&event, 1).unwrap();
        assert_eq!(decode_datum(encoded.fingerprint, &encoded.datum), Some(event.clone()));
        for wire in [Wire::Confluent { id: 77 }, Wire::SingleObject] {
            let (key, value) = (event.room_id.to_string(), wire.wrap(&encoded));
            let Decoded {
                event: read,
                datum,
                rules,
                ..
            } = decode(record(&key, &value, &encoded.fingerprint), ONE).unwrap();
            assert_eq!((&read, datum, rules), (&event, &encoded.datum[..], 1));
        }
    }
}

/// The same datum by way of Avro's generic values: another path through the library, which knows no serde structs.
pub(super) fn by_values(schema: &schema::Schema, datum: &[u8]) -> Vec<u8> {
    let schema = apache_avro::Schema::parse_str(schema.json()).unwrap();
    let mut rest = datum;
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let value = reader.read_value(&mut rest).unwrap();
    assert!(rest.is_empty());
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    writer.write_value_to_vec(value).unwrap()
}

#[test]
fn structs_are_written_as_values_are() {
    for event in every() {
        let encoded = encode(&event, 1).unwrap();
        let schema = &Lock::embedded().find(encoded.fingerprint).unwrap().schema;
        assert_eq!(by_values(schema, &encoded.datum), encoded.datum, "{event:?}");
    }
}

/// Avro specification, "Schema fingerprints", bit by bit, of a canonical form made by hand.
#[test]
fn a_fingerprint_is_the_specifications() {
    const EMPTY: u64 = 0xc15d_213a_a4d7_a795;
    let canonical = concat!(
        r#"{"name":"roomlog.v1.RoleChanged","type":"record","fields":[{"name":"event_id","type":"string"},"#,
        r#"{"name":"room_id","type":"string"},{"name":"actor_id","type":"string"},"#,
        r#"{"name":"actor_name","type":"string"},{"name":"cid","type":"string"},"#,
        r#"{"name":"since","type":["null","long"]},{"name":"sent_at","type":"long"},"#,
        r#"{"name":"user_id","type":"string"},{"name":"role","type":{"name":"roomlog.v1.Role","type":"enum","#,
        r#""symbols":["member","moderator","owner"]}}]}"#,
    );
    let print = canonical.bytes().fold(EMPTY, |print, byte| {
        (0..8).fold(print ^ u64::from(byte), |print, _| {
            (print >> 1) ^ (EMPTY & (print & 1).wrapping_neg())
        })
    });
    let locked = Lock::embedded().newest(lock::EventType::RoleChanged, 1).unwrap();
    assert_eq!(locked.fingerprint, print.to_le_bytes());
}

#[test]
fn a_claim_of_gigabytes_is_damage_and_allocates_none() {
    let event = &every()[12];
    let encoded = encode(event, 1).unwrap();
    assert_eq!(
        apache_avro::util::max_allocation_bytes(usize::MAX),
        schema::MAX_ALLOCATION_BYTES,
        "the limit is in force before anything is read"
    );
    // The first field's length, and that of the mentions behind the text: 2^32, 2^50, -1, the least long.
    let (text, mentions) = (&encoded.datum[1..], encoded.datum.len() - 2 * 37 - 2);
    for claim in [
        &[0x80, 0x80, 0x80, 0x80, 0x20][..],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04],
        &[0x01],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ] {
        let length = [claim, text].concat();
        assert_eq!(decode_datum(encoded.fingerprint, &length), None, "{claim:?}");
        let count = [&encoded.datum[..mentions], claim, &encoded.datum[mentions + 1..]].concat();
        assert_eq!(decode_datum(encoded.fingerprint, &count), None, "{claim:?}");
    }
    assert_eq!(
        encoded.datum[mentions], 4,
        "two mentions: the claims stood where a count stands"
    );
}

/// Checks a generated file; `ROOMLOG_UPDATE=1` writes it instead.
fn kept(path: &str, now: &str) {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        now,
        "{path}: ROOMLOG_UPDATE=1 writes it anew"
    );
}

#[test]
fn the_lock_names_every_schema() {
    kept("../schemas/lock.json", &lock::generate().unwrap());
}

#[test]
fn every_field_of_every_schema_is_documented() {
    for (file, text) in lock::all_files() {
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(schema["doc"].is_string(), "{file}");
        for field in schema["fields"].as_array().unwrap() {
            assert!(field["doc"].is_string(), "{file}: {}", field["name"]);
        }
    }
}

#[test]
fn every_version_of_a_type_is_compatible_with_every_other() {
    let entries = Lock::embedded().entries();
    for (at, old) in entries.iter().enumerate() {
        for new in entries[at..].iter().filter(|new| new.kind == old.kind) {
            assert_eq!(compatibility::check(old.schema.json(), new.schema.json()), Ok(()));
        }
    }
}

#[test]
fn a_schema_that_was_changed_after_its_release_is_refused() {
    let (file, text) = FILES[0];
    let changed = text.replace("actor_name", "actor_nick");
    let lock = std::fs::read_to_string(format!("{}/../schemas/lock.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let files: Vec<(&str, &str)> = FILES
        .iter()
        .map(|(name, text)| (*name, if *name == file { &changed[..] } else { *text }))
        .collect();
    assert!(Lock::parse(&lock, &files).unwrap_err().contains(file));
}

#[test]
fn damage_is_told_apart_from_the_future() {
    let event = &every()[12];
    let encoded = encode(event, 1).unwrap();
    let (key, value) = (event.room_id.to_string(), Wire::Confluent { id: 1 }.wrap(&encoded));
    let good = record(&key, &value, &encoded.fingerprint);
    let bad = |reason| Err(Unread::Bad(reason));
    assert!(decode(good, ONE).is_ok());

    let headers = Headers {
        schema_count: 0,
        schema: None,
        ..good.headers
    };
    assert_eq!(
        decode(RecordRef { headers, ..good }, ONE),
        bad(Bad::Header),
        "no header"
    );
    let headers = Headers {
        schema_count: 2,
        ..good.headers
    };
    assert_eq!(
        decode(RecordRef { headers, ..good }, ONE),
        bad(Bad::Header),
        "two headers"
    );
    assert_eq!(
        decode(record(&key, &value, b"seven b"), ONE),
        bad(Bad::Header),
        "seven bytes"
    );
    assert_eq!(
        decode(record("?", &[9], b"unknown!"), ONE),
        Err(Unread::Future),
        "whatever its key and value"
    );
    let headers = Headers {
        schema: Some(b"unknown!"),
        ..good.headers
    };
    assert_eq!(
        decode(
            RecordRef {
                headers,
                key: None,
                value: None,
                ..good
            },
            ONE
        ),
        Err(Unread::Future)
    );

    assert_eq!(decode(RecordRef { value: None, ..good }, ONE), bad(Bad::Magic));
    assert_eq!(decode(record(&key, &[], &encoded.fingerprint), ONE), bad(Bad::Magic));
    assert_eq!(
        decode(record(&key, &[1, 0, 0, 0, 0], &encoded.fingerprint), ONE),
        bad(Bad::Magic)
    );
    assert_eq!(decode(RecordRef { key: None, ..good }, ONE), bad(Bad::Key));
    assert_eq!(
        decode(
            record(&key.to_uppercase().replace('0', "A"), &value, &encoded.fingerprint),
            ONE
        ),
        bad(Bad::Key)
    );
    assert_eq!(
        decode(record(&Uuid::nil().to_string(), &value, &encoded.fingerprint), ONE),
        bad(Bad::Key)
    );
    let home = partition_of(key.as_bytes(), 16);
    for partition in (0..16).map(Partition::new) {
        let position = Position {
            partition,
            ..good.position
        };
        let read = decode(RecordRef { position, ..good }, 16);
        if partition == home {
            assert!(read.is_ok(), "where its key says");
        } else {
            assert_eq!(read, bad(Bad::Partition), "{partition}, not {home}");
        }
    }
    let longer = [&value[..], &[0]].concat();
    assert_eq!(
        decode(record(&key, &longer, &encoded.fingerprint), ONE),
        bad(Bad::Datum),
        "left over"
    );
    for end in 5..value.len() {
        assert_eq!(
            decode(record(&key, &value[..end], &encoded.fingerprint), ONE),
            bad(Bad::Datum),
            "cut at {end}"
        );
    }
}
