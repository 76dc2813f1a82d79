use super::*;
use crate::protocol::VERBS;

const ROOM: &str = "7d444840-9dc0-11d1-b245-5ffdce74fad2";

fn command(text: &str) -> Result<Command, Error> {
    match Frame::parse(text).expect("a frame with an id") {
        Frame::Command { command, .. } => command,
        Frame::Pong => panic!("a pong"),
    }
}

fn refused(text: &str) -> (Name, Option<String>) {
    let error = command(text).expect_err("refused");
    (error.name, error.field.map(|field| field.into_owned()))
}

/// A value that a field of this name accepts.
fn sample(field: &str) -> String {
    match field {
        "room" | "cid" => format!("\"{ROOM}\""),
        "seq" | "since" | "reply_to" | "limit" | "recent" => "7".into(),
        "text" | "token" => "\"hello\"".into(),
        "emoji" => "\"👍\"".into(),
        "mentions" => format!("[\"{ROOM}\"]"),
        "from" | "to" => r#"{"seq":3}"#.into(),
        "window" | "replay" => "7".into(),
        "datum" => "true".into(),
        "resume" => format!(r#"{{"epoch":"{ROOM}","seq":3}}"#),
        other => panic!("no sample of {other}"),
    }
}

fn frame(verb: Verb, keep: impl Fn(&str) -> bool) -> String {
    let fields: Vec<String> = verb
        .fields()
        .iter()
        .filter(|field| keep(field.name))
        .map(|field| format!("\"{}\":{}", field.name, sample(field.name)))
        .collect();
    format!(r#"{{"id":7,"{}":{{{}}}}}"#, verb.name(), fields.join(","))
}

#[test]
fn every_command_of_the_table_is_read_with_and_without_what_may_be_absent() {
    for verb in VERBS {
        command(&frame(*verb, |_| true)).unwrap_or_else(|error| panic!("{}: {error}", verb.name()));
        let required: Vec<&str> = verb.fields().iter().filter(|f| f.required).map(|f| f.name).collect();
        command(&frame(*verb, |name| required.contains(&name)))
            .unwrap_or_else(|error| panic!("{}: {error}", verb.name()));
    }
}

#[test]
fn a_missing_or_mistyped_field_is_named() {
    for verb in VERBS {
        for field in verb.fields() {
            if field.required {
                let missing = refused(&frame(*verb, |name| name != field.name));
                assert_eq!(missing, (Name::BadRequest, Some(field.name.into())), "{}", verb.name());
            }
            let right = sample(field.name);
            let wrong = if right == "true" { "7" } else { "false" };
            let mistyped = frame(*verb, |_| true).replace(
                &format!("\"{}\":{right}", field.name),
                &format!("\"{}\":{wrong}", field.name),
            );
            assert_eq!(
                refused(&mistyped),
                (Name::BadRequest, Some(field.name.into())),
                "{}",
                verb.name()
            );
        }
    }
}

#[test]
fn null_is_absent_and_unknown_fields_are_passed_over() {
    let text = format!(
        r#"{{"new":[1],"id":7,"send":{{"room":"{ROOM}","cid":"{ROOM}","text":"a","since":null,"colour":{{}}}}}}"#
    );
    let Ok(Command::Write(write)) = command(&text) else {
        panic!("a write")
    };
    assert_eq!(write.since, None);
}

#[test]
fn a_frame_with_an_id_is_answered_whatever_else_is_wrong() {
    assert_eq!(refused(r#"{"id":7}"#), (Name::UnknownCommand, None));
    assert_eq!(refused(r#"{"id":7,"teleport":{}}"#), (Name::UnknownCommand, None));
    assert_eq!(refused(r#"{"id":7,"ping":{},"typing":{}}"#), (Name::BadRequest, None));
    assert_eq!(refused(r#"{"id":7,"ping":{},"ping":{}}"#), (Name::BadRequest, None));
    assert_eq!(
        refused(r#"{"id":7,"ping":[]}"#),
        (Name::BadRequest, Some("ping".into()))
    );
    assert_eq!(
        refused(r#"{"id":7,"ping":null}"#),
        (Name::BadRequest, Some("ping".into()))
    );
    assert_eq!(
        refused(r#"{"id":7,"typing":{"room":"a","room":"b"}}"#),
        (Name::BadRequest, Some("typing".into()))
    );
    let lone = r#"{"id":7,"send":{"room":"ROOM","cid":"ROOM","text":"\ud800"}}"#.replace("ROOM", ROOM);
    assert_eq!(refused(&lone), (Name::BadRequest, Some("text".into())));
}

#[test]
fn a_frame_without_a_usable_id_is_bad() {
    for text in [
        "",
        "hello",
        "[]",
        "7",
        "null",
        "{}",
        r#"{"ping":{}}"#,
        r#"{"id":0,"ping":{}}"#,
        r#"{"id":-1,"ping":{}}"#,
        r#"{"id":"7","ping":{}}"#,
        r#"{"id":7.5,"ping":{}}"#,
        r#"{"id":9007199254740992,"ping":{}}"#,
        r#"{"id":null,"ping":{}}"#,
        r#"{"id":7,"ping":{}"#,
        r#"{"id":7,"ping":{}} {}"#,
        r#"{"id":7,"ping":{"a":}}"#,
        "\u{feff}{\"id\":7,\"ping\":{}}",
    ] {
        assert_eq!(Frame::parse(text), Err(BadFrame), "{text}");
    }
    let deep = format!(r#"{{"id":7,"ping":{}}}"#, "[".repeat(60_000));
    assert_eq!(Frame::parse(&deep), Err(BadFrame));
}

#[test]
fn a_pong_needs_no_id() {
    assert_eq!(Frame::parse(r#"{"pong":{}}"#), Ok(Frame::Pong));
}

#[test]
fn escapes_are_read_and_names_may_be_escaped_too() {
    let text = r#"{"id":7,"s\u0065nd":{"room":"ROOM","cid":"ROOM","text":"a\n\"b\"\\"}}"#.replace("ROOM", ROOM);
    let Ok(Command::Write(write)) = command(&text) else {
        panic!("a write")
    };
    let Ask::Send { text, .. } = write.ask else {
        panic!("a send")
    };
    assert_eq!(text.as_str(), "a\n\"b\"\\");
}
