//! Bytes of any event: both ways, by structs and by values, by every version, and damaged in any way; and the golden ones, which only grow.

use super::lock::{self, EventType, FILES, Lock};
use super::signal::{self, RoomPresence, Signal};
use super::tests::{ONE, by_values, every, record};
use super::{Bad, Unread, Wire, convert, decode, decode_datum, encode};
use crate::domain::{Actor, Body, Cid, Event, EventId, Kind, Removal, Role, RoomId, Seq, Target, Timestamp, UserId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;
use uuid::Uuid;

fn uuids() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn users() -> impl Strategy<Value = UserId> {
    uuids().prop_map(UserId::new)
}

/// Lines of any script, without control characters.
fn line<T: std::fmt::Debug + TryFrom<String, Error: std::fmt::Debug>>(
    least: usize,
    most: usize,
) -> impl Strategy<Value = T> {
    let text = proptest::string::string_regex(&format!("[^\\p{{C}}]{{{least},{most}}}")).unwrap();
    text.prop_map(|text| text.try_into().unwrap())
}

fn seqs() -> impl Strategy<Value = Seq> {
    (0..=i64::MAX.cast_unsigned()).prop_map(Seq::new)
}

fn times() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn targets() -> impl Strategy<Value = Target> {
    (seqs(), users()).prop_map(|(seq, author_id)| Target { seq, author_id })
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Open),
        Just(Kind::Public),
        Just(Kind::Private),
        Just(Kind::Direct)
    ]
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Moderator), Just(Role::Owner)]
}

fn rules() -> impl Strategy<Value = u32> {
    0..=i32::MAX.cast_unsigned()
}

fn rooms_and_people() -> impl Strategy<Value = Body> {
    prop_oneof![
        (kinds(), line(1, 80), line(0, 500), rules(), option::of(users())).prop_map(
            |(kind, name, topic, rules, peer)| Body::RoomCreated {
                kind,
                name,
                topic,
                rules,
                peer
            }
        ),
        (option::of(line(1, 80)), option::of(line(0, 500)), option::of(rules()))
            .prop_map(|(name, topic, rules)| Body::RoomUpdated { name, topic, rules }),
        Just(Body::RoomDeleted),
        Just(Body::MemberJoined),
        Just(Body::MemberLeft),
        users().prop_map(|user_id| Body::MemberInvited { user_id }),
        users().prop_map(|user_id| Body::MemberRemoved {
            user_id,
            removal: Removal::Kick
        }),
        (users(), option::of(times())).prop_map(|(user_id, until)| Body::MemberRemoved {
            user_id,
            removal: Removal::Ban { until }
        }),
        users().prop_map(|user_id| Body::MemberUnbanned { user_id }),
        (users(), option::of(times())).prop_map(|(user_id, until)| Body::MemberMuted { user_id, until }),
        users().prop_map(|user_id| Body::MemberUnmuted { user_id }),
        (users(), roles()).prop_map(|(user_id, role)| Body::RoleChanged { user_id, role }),
    ]
}

fn messages() -> impl Strategy<Value = Body> {
    prop_oneof![
        (line(1, 4096), option::of(seqs()), vec(users(), 0..40)).prop_map(|(text, reply_to, mentions)| {
            Body::MessageSent {
                text,
                reply_to,
                mentions,
            }
        }),
        (targets(), line(1, 200), vec(users(), 0..40)).prop_map(|(target, text, mentions)| Body::MessageEdited {
            target,
            text,
            mentions
        }),
        targets().prop_map(|target| Body::MessageDeleted { target }),
        (targets(), line(1, 32)).prop_map(|(target, emoji)| Body::ReactionAdded { target, emoji }),
        (targets(), line(1, 32)).prop_map(|(target, emoji)| Body::ReactionRemoved { target, emoji }),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let who = (users(), line(1, 80)).prop_map(|(id, name)| Actor { id, name });
    let bodies = prop_oneof![rooms_and_people(), messages()];
    (uuids(), uuids(), who, uuids(), option::of(seqs()), times(), bodies).prop_map(
        |(event_id, room_id, actor, cid, since, sent_at, body)| Event {
            event_id: EventId::new(event_id),
            room_id: RoomId::new(room_id),
            actor,
            cid: Cid::new(cid),
            since,
            sent_at,
            body,
        },
    )
}

fn signals() -> impl Strategy<Value = Signal> {
    let rooms = (users(), uuids(), 0..=1_u64 << 40, vec(users(), 0..500));
    let rooms = rooms.prop_map(|(_, room, count, users)| RoomPresence {
        room_id: RoomId::new(room),
        count,
        users,
    });
    prop_oneof![
        (uuids(), users(), seqs(), uuids(), uuids()).prop_map(|(room, user_id, seq, edge_id, session_id)| {
            Signal::ReadMarked {
                room_id: RoomId::new(room),
                user_id,
                seq,
                edge_id,
                session_id,
            }
        }),
        (uuids(), vec(rooms, 0..4)).prop_map(|(edge_id, rooms)| Signal::Presence { edge_id, rooms }),
        (uuids(), users(), line(1, 80)).prop_map(|(room, user_id, user_name)| Signal::Typing {
            room_id: RoomId::new(room),
            user_id,
            user_name
        }),
        (users(), any::<bool>()).prop_map(|(user_id, texts)| Signal::Erased { user_id, texts }),
        (users(), vec(uuids(), 0..40)).prop_map(|(user_id, logins)| Signal::LoginsEnded { user_id, logins }),
        (users(), any::<bool>(), option::of(times())).prop_map(|(user_id, disabled, at)| Signal::PersonDisabled {
            user_id,
            disabled,
            at
        }),
        uuids().prop_map(|room| Signal::RoomClosed {
            room_id: RoomId::new(room)
        }),
    ]
}

proptest! {
    #[test]
    fn any_event_comes_back_and_is_written_as_its_values_are(event in events()) {
        let encoded = encode(&event, 1).unwrap();
        prop_assert_eq!(decode_datum(encoded.fingerprint, &encoded.datum), Some(event));
        let schema = &Lock::embedded().find(encoded.fingerprint).unwrap().schema;
        prop_assert_eq!(by_values(schema, &encoded.datum), &encoded.datum[..]);
    }

    #[test]
    fn any_signal_comes_back(said in signals()) {
        let encoded = signal::encode(&said);
        for wire in [Wire::Confluent { id: 1 }, Wire::SingleObject] {
            let value = wire.wrap(&encoded);
            prop_assert_eq!(signal::decode(record("any key", &value, &encoded.fingerprint)), Ok(said.clone()));
        }
    }

    #[test]
    fn any_cut_and_any_addition_is_damage(event in events(), cut in any::<prop::sample::Index>(), more in any::<u8>()) {
        let encoded = encode(&event, 1).unwrap();
        let (key, value) = (event.room_id.to_string(), Wire::Confluent { id: 1 }.wrap(&encoded));
        let end = cut.index(value.len());
        let expected = if end < 5 { Bad::Magic } else { Bad::Datum };
        prop_assert_eq!(decode(record(&key, &value[..end], &encoded.fingerprint), ONE), Err(Unread::Bad(expected)));
        let longer = [&value[..], &[more]].concat();
        prop_assert_eq!(decode(record(&key, &longer, &encoded.fingerprint), ONE), Err(Unread::Bad(Bad::Datum)));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..300), which in any::<prop::sample::Index>()) {
        let entries = Lock::embedded().entries();
        let entry = &entries[which.index(entries.len())];
        let value = [&[0, 0, 0, 0, 1][..], &bytes].concat();
        let key = Uuid::nil().to_string();
        let _ = decode(record(&key, &value, &entry.fingerprint), ONE);
        let _ = signal::decode(record(&key, &value, &entry.fingerprint));
    }

    #[test]
    fn no_flipped_bits_make_the_reader_panic(event in events(), at in any::<prop::sample::Index>(), bits in 1_u8..) {
        let encoded = encode(&event, 1).unwrap();
        let mut datum = encoded.datum.to_vec();
        let at = at.index(datum.len());
        datum[at] ^= bits;
        let _ = decode_datum(encoded.fingerprint, &datum);
    }

    /// Golden bytes with some put in place of others, and read as any of the types: what is read then is an event that
    /// can be written, and read again.
    #[test]
    fn mutated_golden_bytes_are_damage_or_an_event(
        line in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        own in any::<bool>(),
        at in any::<prop::sample::Index>(),
        taken in 0..8_usize,
        put in vec(any::<u8>(), 0..12),
    ) {
        let golden = golden();
        let [_, print, datum] = line.get(&golden).clone().try_into().unwrap();
        let mut datum = bytes(&datum);
        let from = at.index(datum.len());
        let to = datum.len().min(from + taken);
        datum.splice(from..to, put);
        let fingerprint = if own {
            bytes(&print).try_into().unwrap()
        } else {
            which.get(Lock::embedded().entries()).fingerprint
        };
        if let Some(event) = decode_datum(fingerprint, &datum) {
            let again = encode(&event, 1).unwrap();
            prop_assert_eq!(decode_datum(again.fingerprint, &again.datum), Some(event));
        }
    }
}

#[test]
fn a_number_beyond_a_long_is_no_event_and_no_panic() {
    let mut event = every().remove(0);
    event.since = Some(Seq::new(u64::MAX));
    assert_eq!(encode(&event, 1), None);
}

#[test]
fn what_breaks_a_domains_bound_is_damage() {
    let schema = &Lock::embedded().newest(EventType::MessageSent, 1).unwrap().schema;
    let said = |text: &str, id: &str| {
        #[derive(serde::Serialize)]
        struct Said<'a> {
            event_id: &'a str,
            room_id: &'a str,
            actor_id: &'a str,
            actor_name: &'a str,
            cid: &'a str,
            since: Option<i64>,
            sent_at: i64,
            text: &'a str,
            reply_to: Option<i64>,
            mentions: &'a [&'a str],
        }
        let (name, since, sent_at, reply_to, mentions) = ("Ann", Some(1), 0, None, &[][..]);
        let (event_id, room_id, actor_id, actor_name, cid) = (id, id, id, name, id);
        let said = Said {
            event_id,
            room_id,
            actor_id,
            actor_name,
            cid,
            since,
            sent_at,
            text,
            reply_to,
            mentions,
        };
        let datum = schema.write(&said).unwrap();
        convert::read(EventType::MessageSent, schema, &datum)
    };
    let id = "0190163d-8694-739b-aea5-966c26f8ad91";
    assert!(said("hello", id).is_some());
    assert!(said(&"é".repeat(4_096), id).is_some());
    for text in ["", "bell \u{7}", &"x".repeat(5_000)] {
        assert_eq!(said(text, id), None, "{text:?}");
    }
    for id in [
        &id.to_uppercase(),
        &id.replace('-', ""),
        "",
        "0190163d-8694-739b-aea5-966c26f8ad9g",
    ] {
        assert_eq!(
            said("hello", id),
            None,
            "{id}: one spelling alone, so that a datum says its event in one way"
        );
    }
}

#[test]
fn single_object_bytes_must_name_the_schema_of_the_header() {
    let event = &every()[0];
    let (encoded, key) = (encode(event, 1).unwrap(), event.room_id.to_string());
    let mut value = Wire::SingleObject.wrap(&encoded).to_vec();
    assert!(decode(record(&key, &value, &encoded.fingerprint), ONE).is_ok());
    value[2] ^= 1;
    assert_eq!(
        decode(record(&key, &value, &encoded.fingerprint), ONE),
        Err(Unread::Bad(Bad::Magic))
    );
}

/// An invented second version of messages, of rules 2, beside the first.
fn two_versions() -> Lock {
    let first = FILES.iter().find(|(file, _)| *file == "MessageSent.avsc").unwrap();
    let mut second: Value = serde_json::from_str(first.1).unwrap();
    let mood = json!({"name": "mood", "type": ["null", "string"], "default": null, "doc": "Invented."});
    second["fields"].as_array_mut().unwrap().insert(3, mood);
    let second = ("MessageSent.2.avsc", &*second.to_string());
    super::compatibility::check(first.1, second.1).unwrap();
    let one = lock::generate_from("[]", &[*first], 1).unwrap();
    let both = lock::generate_from(&one, &[*first, second], 2).unwrap();
    Lock::parse(&both, &[*first, second]).unwrap()
}

#[test]
fn every_version_is_read_and_the_newest_that_the_rules_allow_is_written() {
    let lock = two_versions();
    let (one, two) = (
        lock.newest(EventType::MessageSent, 1).unwrap(),
        lock.newest(EventType::MessageSent, 2).unwrap(),
    );
    assert_eq!((one.rules, two.rules), (1, 2));
    assert_ne!(one.fingerprint, two.fingerprint);
    let sent: Vec<Event> = every()
        .into_iter()
        .filter(|event| event.body.type_name() == "message_sent")
        .collect();
    for event in sent {
        let (old, new) = (
            convert::write(&event, &one.schema).unwrap(),
            convert::write(&event, &two.schema).unwrap(),
        );
        assert_ne!(old, new);
        for (entry, datum) in [(one, old), (two, new)] {
            assert_eq!(
                convert::read(EventType::MessageSent, &entry.schema, &datum).as_ref(),
                Some(&event)
            );
        }
    }
}

#[test]
fn a_locked_file_may_not_change() {
    let (file, text) = FILES[0];
    let locked = lock::generate_from("[]", &[(file, text)], 1).unwrap();
    let changed = text.replace("actor_name", "actor_nick");
    assert!(
        lock::generate_from(&locked, &[(file, &changed)], 1)
            .unwrap_err()
            .contains(file)
    );
}

#[test]
fn every_file_of_the_folder_is_in_the_binary() {
    let folder = format!("{}/../schemas", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut there: Vec<String> = names.filter(|name| name.ends_with(".avsc")).collect();
    let mut embedded: Vec<String> = lock::all_files().iter().map(|(file, _)| (*file).to_owned()).collect();
    there.sort();
    embedded.sort();
    assert_eq!(there, embedded);
}

/// The lines of the golden file: type, fingerprint, datum.
fn golden() -> Vec<Vec<String>> {
    let lines = include_str!("../../tests/golden/events.hex").lines();
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// `type fingerprint datum`, a line each. `ROOMLOG_UPDATE=1` adds lines; none ever changes, for logs hold such bytes.
#[test]
fn golden_bytes_are_read_for_ever() {
    let path = format!("{}/tests/golden/events.hex", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let mut all = kept.clone();
    for event in every() {
        let encoded = encode(&event, crate::domain::RULES).unwrap();
        let (name, print, datum) = (event.body.type_name(), hex(&encoded.fingerprint), hex(&encoded.datum));
        let line = format!("{name} {print} {datum}\n");
        if !kept.contains(&line) {
            write!(all, "{line}").unwrap();
        }
    }
    for line in all.lines() {
        let [name, print, datum] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let event = decode_datum(bytes(print).try_into().unwrap(), &bytes(datum)).expect(line);
        assert_eq!(event.body.type_name(), name);
    }
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        std::fs::write(&path, &all).unwrap();
    } else {
        assert_eq!(kept, all, "{path}: ROOMLOG_UPDATE=1 adds the lines that are missing");
    }
}
