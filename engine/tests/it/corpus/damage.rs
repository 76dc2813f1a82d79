//! The logs of the corpus in which most records are no events.

use super::file::Log;
use super::script::{Raw, Script};
use crate::fold::words::*;
use engine::codec::lock::{EventType, Lock, SignalType};
use engine::domain::{Kind, Partition, Role, RoomId};

/// Of a Confluent value: where its datum begins, and each id in it is a length and 36 bytes.
const DATUM: usize = 5;
const ID: usize = 37;
const SAME: u8 = 0xee;

pub(super) fn damage() -> Log {
    let hello = || sent("ann", "hello");
    let future = |raw: &mut Raw| raw.schema = vec![b"8 bytes.".to_vec()];
    Script::of(
        "Records that are no events: damaged for everyone, or of the future",
        some_room(),
    )
    .finds_bad("header", "no header", created(Kind::Open, "owner"), |raw| {
        raw.schema.clear()
    })
    .accepts([created(Kind::Open, "owner"), hello()])
    .finds_bad("header", "two headers", hello(), |raw| {
        raw.schema.push(raw.schema[0].clone())
    })
    .finds_bad("header", "seven bytes", hello(), |raw| raw.schema[0].truncate(7))
    .finds_bad("header", "nine bytes", hello(), |raw| raw.schema[0].push(0))
    .finds_bad("header", "an empty header", hello(), |raw| raw.schema[0].clear())
    .finds_bad("header", "the schema of a signal", hello(), |raw| {
        raw.schema = vec![Lock::embedded().signal(SignalType::Typing).fingerprint.to_vec()];
    })
    .finds_future("a schema that nobody knows", hello(), future)
    .finds_future("the same without key and value", hello(), |raw| {
        future(raw);
        (raw.key, raw.value) = (None, None);
    })
    .finds_future("the same with another room's key", hello(), |raw| {
        future(raw);
        raw.key = Some(RoomId::general().to_string());
    })
    .finds_bad("magic", "no value", hello(), |raw| raw.value = None)
    .finds_bad("magic", "an empty value", hello(), |raw| raw.value().clear())
    .finds_bad("magic", "another magic byte", hello(), |raw| raw.value()[0] = 1)
    .finds_bad("magic", "cut before its datum", hello(), |raw| raw.value().truncate(4))
    .finds_bad("magic", "single-object encoding of another schema", hello(), |raw| {
        raw.value = Some([&[0xc3, 0x01][..], b"another.", &raw.value()[DATUM..]].concat());
    })
    .accepts_spelled("in single-object encoding", hello(), |raw| {
        let schema = raw.schema[0].clone();
        raw.value = Some([&[0xc3, 0x01][..], &schema, &raw.value()[DATUM..]].concat());
    })
    .accepts_spelled("with another id of a registry", hello(), |raw| {
        raw.value()[1..DATUM].copy_from_slice(&[0xff, 1, 2, 3]);
    })
    .finds_bad("key", "no key", hello(), |raw| raw.key = None)
    .finds_bad("key", "an empty key", hello(), |raw| raw.key = Some(String::new()))
    .finds_bad("key", "another room's key", hello(), |raw| {
        raw.key = Some(RoomId::general().to_string())
    })
    .finds_bad("key", "an upper-case key", hello(), |raw| {
        raw.key = raw.key.take().map(|key| key.to_uppercase());
    })
    .finds_bad("key", "a key without hyphens", hello(), |raw| {
        raw.key = raw.key.take().map(|key| key.replace('-', ""));
    })
    .accepts([sent("ann", "after all that")])
    .end()
}

pub(super) fn damaged_datum() -> Log {
    let hello = || sent("ann", "x");
    let name = DATUM + 3 * ID;
    let since = name + 1 + "ann".len() + ID;
    Script::of(
        "Bytes that are not their schema's, or break a bound that every edge keeps",
        some_room(),
    )
    .accepts([created(Kind::Open, "owner"), hello(), joined("bob")])
    .finds_bad("datum", "no datum", hello(), |raw| raw.value().truncate(DATUM))
    .finds_bad("datum", "cut by a byte", hello(), |raw| {
        let short = raw.value().len() - 1;
        raw.value().truncate(short);
    })
    .finds_bad("datum", "cut in the middle", hello(), |raw| raw.value().truncate(90))
    .finds_bad("datum", "a byte left over", hello(), |raw| raw.value().push(0))
    .finds_bad("datum", "another event behind it", hello(), |raw| {
        let again = raw.value()[DATUM..].to_vec();
        raw.value().extend(again);
    })
    .finds_bad("datum", "read as another type", hello(), |raw| {
        let schema = Lock::embedded().newest(EventType::RoomDeleted, 1).unwrap();
        raw.schema = vec![schema.fingerprint.to_vec()];
    })
    .finds_bad("datum", "a name that is not UTF-8", hello(), move |raw| {
        raw.value()[name + 1] = 0xff
    })
    .finds_bad("datum", "an empty name", hello(), move |raw| {
        raw.value().splice(name..name + 4, [0]);
    })
    .finds_bad("datum", "a name with a line end", hello(), move |raw| {
        raw.value()[name + 2] = b'\n'
    })
    .finds_bad("datum", "a union's third branch of two", hello(), move |raw| {
        raw.value()[since] = 4
    })
    .finds_bad("datum", "a union's branch before the first", hello(), move |raw| {
        raw.value()[since] = 1
    })
    .finds_bad("datum", "a since below zero", hello().since(1), move |raw| {
        raw.value()[since + 1] = 1
    })
    .finds_bad(
        "datum",
        "a role that there is none",
        made("owner", "ann", Role::Moderator),
        |raw| {
            *raw.value().last_mut().unwrap() = 6;
        },
    )
    .finds_bad("datum", "an id of 2^40 bytes", hello(), |raw| {
        raw.value().splice(DATUM..=DATUM, [0x80, 0x80, 0x80, 0x80, 0x80, 0x40]);
    })
    .finds_bad("datum", "an id of less than no bytes", hello(), |raw| {
        raw.value()[DATUM] = 1
    })
    .finds_bad("datum", "an upper-case id", hello(), |raw| {
        raw.value()[DATUM + 1..DATUM + ID].make_ascii_uppercase()
    })
    .finds_bad("datum", "an id that is none", hello(), |raw| {
        raw.value()[DATUM + 1] = b'g'
    })
    .finds_bad("datum", "an empty text", hello(), say(b""))
    .finds_bad("datum", "a text with a bell", hello(), say(b"\x07"))
    .finds_bad("datum", "a text of 4,097 characters", hello(), say(&[b'x'; 4_097]))
    .accepts_spelled("a text of 4,096 characters", hello(), say(&[b'x'; 4_096]))
    .finds_bad(
        "datum",
        "2^40 mentions",
        hello().mentioning(1),
        mentions(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x40, SAME, 0]),
    )
    .finds_bad(
        "datum",
        "mentions without an end",
        hello().mentioning(1),
        mentions(&[2, SAME]),
    )
    // Avro lets a writer say an array in blocks, and how long each is.
    .accepts_spelled(
        "mentions in two blocks",
        hello().mentioning(1),
        mentions(&[2, SAME, 2, SAME, 0]),
    )
    .accepts_spelled(
        "a block of mentions with its size",
        hello().mentioning(1),
        mentions(&[1, 74, SAME, 0]),
    )
    .accepts([sent("ann", "after all that")])
    .end()
}

pub(super) fn elsewhere() -> Log {
    let hello = || sent("ann", "hello");
    let other = |raw: &mut Raw| raw.partition = Some(Partition::new(2));
    Script::of(
        "Events in another partition than their key's, which nobody can put in order: damaged for everyone",
        some_room(),
    )
    .finds_bad(
        "partition",
        "before there is a room",
        created(Kind::Open, "owner"),
        other,
    )
    .accepts([created(Kind::Open, "owner"), hello()])
    .finds_bad("partition", "a message", hello(), other)
    .finds_bad("partition", "a ban", banned("owner", "ann"), other)
    .finds_bad("partition", "the end of the room", room_deleted("owner"), other)
    .finds_bad("key", "with another room's key", hello(), |raw| {
        other(raw);
        raw.key = Some(RoomId::general().to_string());
    })
    .finds_bad("datum", "cut by a byte", hello(), |raw| {
        other(raw);
        let short = raw.value().len() - 1;
        raw.value().truncate(short);
    })
    .finds_bad("header", "no header", hello(), |raw| {
        other(raw);
        raw.schema.clear();
    })
    .finds_future("a schema that nobody knows", hello(), |raw| {
        other(raw);
        raw.schema = vec![b"8 bytes.".to_vec()];
    })
    .accepts([sent("ann", "after all that")])
    .end()
}

/// Another text in place of `x`, which is written as a length and a byte; behind it are no answer and no mentions.
fn say(text: &[u8]) -> impl FnOnce(&mut Raw) {
    let length = text.len() * 2;
    let length = if length < 0x80 {
        vec![u8::try_from(length).unwrap()]
    } else {
        let low = u8::try_from(length & 0x7f).unwrap();
        vec![low | 0x80, u8::try_from(length >> 7).unwrap()]
    };
    let said = [&length[..], text, &[0, 0]].concat();
    move |raw: &mut Raw| {
        let text = raw.value().len() - 4;
        raw.value().splice(text.., said);
    }
}

/// Other bytes in place of a single mention; in them `SAME` stands for the id as it was written.
fn mentions(spelled: &'static [u8]) -> impl FnOnce(&mut Raw) {
    move |raw: &mut Raw| {
        let one = raw.value().len() - 1 - ID - 1;
        let id = raw.value()[one + 1..one + 1 + ID].to_vec();
        let spelled = spelled
            .iter()
            .flat_map(|&byte| if byte == SAME { id.clone() } else { vec![byte] });
        let spelled: Vec<u8> = spelled.collect();
        raw.value().splice(one.., spelled);
    }
}
