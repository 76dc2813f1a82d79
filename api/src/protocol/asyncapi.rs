//! The AsyncAPI document of the socket, made from the same tables as docs/protocol.md and from the schemas of REST.
//!
//! What must hold: every command of [`VERBS`] and every push is in it; a test holds real frames against it. AsyncAPI
//! speaks from the server's side: it receives commands and sends replies and pushes.

use super::{Code, MESSAGE_BYTES, SUBPROTOCOL, VERBS, Verb};
use crate::error::Name;
use engine::domain::RECENT;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

const CHANNEL: &str = "session";

/// Every push: its name, what it is, and its fields.
fn pushes() -> Vec<(&'static str, &'static str, Value)> {
    let id = |name: &str| reference(name);
    vec![
        (
            "hello",
            "Comes once, before any other push but `bye`: who you are, and what a session is bounded by.",
            json!({
                "session": { "type": "string", "format": "uuid" },
                "user": id("From"), "epoch": id("Epoch"), "heartbeat_ms": whole(),
                "limits": object(&json!({ "commands": whole(), "rooms": whole(), "message_bytes": whole(), "text": whole() }), &[])
            }),
        ),
        (
            "event",
            "An accepted event: byte-identical for all who hear it, live or resumed, on any edge.",
            json!({
                "room": id("RoomId"), "seq": id("Seq"), "pos": id("Pos"), "event_id": id("EventId"),
                "type": { "type": "string", "enum": engine::domain::Body::TYPE_NAMES },
                "from": id("From"), "cid": id("Cid"), "at": id("Time"), "body": { "type": "object" }
            }),
        ),
        (
            "replay",
            "A record of a replay; or its end, `done`; or why it can't go on, `error`.",
            json!({ "replay": whole(), "event": id("ReplayedEvent"),
                "done": object(&json!({ "to": id("Offset") }), &[]), "error": error_object() }),
        ),
        (
            "presence",
            "Who came and who left; above 100 people the count alone.",
            json!({ "room": id("RoomId"), "count": id("Count"), "joined": list("UserId"), "left": list("UserId") }),
        ),
        (
            "typing",
            "Who is writing.",
            json!({ "room": id("RoomId"), "users": list("UserId") }),
        ),
        (
            "read",
            "Your own marker, moved by another of your sessions.",
            json!({ "room": id("RoomId"), "seq": id("Seq") }),
        ),
        (
            "caught_up",
            "The end of what a resume replays.",
            json!({ "room": id("RoomId"), "seq": id("Seq") }),
        ),
        (
            "lagged",
            "You were too slow; the room is paused for you after this seq: subscribe again with `resume`.",
            json!({ "room": id("RoomId"), "seq": id("Seq") }),
        ),
        (
            "gone",
            "You were removed or the room was deleted: the subscription has ended.",
            json!({ "room": id("RoomId"), "reason": { "type": "string" } }),
        ),
        (
            "bye",
            "A close follows.",
            json!({
                "code": { "type": "integer", "enum": Code::ALL.iter().map(|code| code.code()).collect::<Vec<_>>() },
                "reason": { "type": "string" }, "resume": { "type": "boolean" }, "retry_after_ms": whole()
            }),
        ),
        (
            "ping",
            "Answer with `{\"pong\":{}}` or any frame within 8 s.",
            json!({}),
        ),
    ]
}

/// Fields that a push may lack.
const OPTIONAL: [&str; 6] = ["retry_after_ms", "joined", "left", "event", "done", "error"];

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": reference(of) })
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// An object with these fields, all of them but `optional` required.
fn object(fields: &Value, optional: &[&str]) -> Value {
    let names = fields.as_object().into_iter().flat_map(Map::keys);
    let required: Vec<&String> = names.filter(|name| !optional.contains(&name.as_str())).collect();
    json!({ "type": "object", "properties": fields, "required": required })
}

/// The caller's own trace, as W3C Trace Context has it.
fn trace() -> Value {
    let text = json!({ "type": "string" });
    let mut schema = object(&json!({ "traceparent": text, "tracestate": text }), &["tracestate"]);
    schema["description"] = "The caller's own trace (W3C Trace Context); what can't be read is passed over.".into();
    schema
}

/// How a command's field looks.
fn field(name: &str) -> Value {
    match name {
        "room" => reference("RoomId"),
        "cid" => reference("Cid"),
        "seq" | "since" | "reply_to" => reference("Seq"),
        "text" => reference("Text"),
        "mentions" => reference("Mentions"),
        "emoji" => reference("Reaction"),
        "from" | "to" => point(name == "from"),
        "window" => json!({ "type": "integer", "minimum": 1, "maximum": super::frame::GREATEST_WINDOW }),
        "replay" => json!({ "type": "integer", "minimum": 1 }),
        "datum" => json!({ "type": "boolean" }),
        "recent" | "limit" => json!({ "type": "integer", "minimum": 0, "maximum": RECENT }),
        "resume" => object(&json!({ "epoch": reference("Epoch"), "seq": reference("Seq") }), &[]),
        _ => json!({ "type": "string" }),
    }
}

/// One of the three; the first may say what log it was kept with.
fn point(first: bool) -> Value {
    let mut fields = json!({ "offset": reference("Offset"), "time": reference("Time"), "seq": reference("Seq") });
    let one = json!([{ "required": ["offset"] }, { "required": ["time"] }, { "required": ["seq"] }]);
    if first {
        fields["epoch"] = reference("Epoch");
        fields["partition"] = reference("Partition");
    }
    json!({ "type": "object", "properties": fields, "oneOf": one })
}

fn command(verb: Verb) -> Value {
    let mut properties = Map::new();
    let mut optional = Vec::new();
    for spec in verb.fields() {
        let mut schema = field(spec.name);
        if !spec.required {
            optional.push(spec.name);
            schema = json!({ "oneOf": [schema, { "type": "null" }] });
        }
        properties.insert(spec.name.to_owned(), schema);
    }
    let body = object(&properties.into(), &optional);
    let frame = json!({ "id": command_id(), verb.name(): body, "trace": reference("Trace") });
    json!({ "summary": verb.about(), "payload": object(&frame, &["trace"]) })
}

fn command_id() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": super::fields::GREATEST_INTEGER })
}

/// What the `ok` of a command carries.
fn answer(verb: Verb) -> Value {
    match verb {
        Verb::Subscribe => reference("Subscription"),
        Verb::Recent => object(&json!({ "recent": list("Message") }), &[]),
        Verb::Presence => reference("Presence"),
        Verb::Read => reference("ReadTo"),
        Verb::Ping => object(&json!({ "time": reference("Time") }), &[]),
        Verb::Replay => object(
            &json!({ "replay": whole(), "epoch": reference("Epoch"), "partition": reference("Partition"),
                "from": reference("Offset"), "to": reference("Offset") }),
            &[],
        ),
        Verb::Auth | Verb::Unsubscribe | Verb::Typing | Verb::More | Verb::Cancel => json!({ "type": "object" }),
        _ => reference("Receipt"),
    }
}

fn reply(verb: Verb) -> Value {
    let frame = json!({ "id": command_id(), "ok": answer(verb) });
    json!({ "summary": format!("The answer to `{}`.", verb.name()), "payload": object(&frame, &[]) })
}

fn error() -> Value {
    let frame = json!({ "id": command_id(), "error": error_object() });
    json!({ "summary": "A command was refused.", "payload": object(&frame, &[]) })
}

fn error_object() -> Value {
    let names: Vec<&str> = Name::ALL.iter().map(|name| name.text()).collect();
    let codes: Vec<u16> = Name::ALL.iter().map(|name| name.code()).collect();
    let error = json!({
        "code": { "type": "integer", "enum": codes }, "name": { "type": "string", "enum": names },
        "message": { "type": "string" }, "retryable": { "type": "boolean" },
        "outcome": { "type": "string", "enum": ["none", "unknown"] },
        "retry_after_ms": whole(), "field": { "type": "string" }, "trace_id": { "type": "string" }
    });
    object(&error, &["retry_after_ms", "field"])
}

fn subscription() -> Value {
    let fields = json!({
        "room": reference("Room"), "epoch": reference("Epoch"), "seq": reference("Seq"), "digest": reference("Digest"),
        "recovered": { "type": ["boolean", "null"] }, "reason": { "type": "string", "enum": ["epoch", "too_far", "ahead"] },
        "recent": list("Message"), "presence": reference("Presence"), "read_seq": reference("Seq"),
        "role": { "oneOf": [reference("Role"), { "type": "null" }] }
    });
    object(&fields, &["reason"])
}

fn answer_name(verb: Verb) -> String {
    format!("{}_ok", verb.name())
}

/// The document; `rest` has the schemas that both doors share.
#[must_use]
pub fn document(rest: &OpenApi) -> Value {
    let shared = rest.components.as_ref().map(|components| &components.schemas);
    let mut schemas = serde_json::to_value(shared).expect("schemas are JSON");
    schemas["Subscription"] = subscription();
    schemas["Trace"] = trace();
    let mut messages = Map::new();
    let mut operations = Map::new();
    for verb in VERBS {
        let (name, answer) = (verb.name().to_owned(), answer_name(*verb));
        operations.insert(
            name.clone(),
            json!({
                "action": "receive", "channel": channel(), "summary": verb.about(), "messages": [of_channel(&name)],
                "reply": { "channel": channel(), "messages": [of_channel(&answer), of_channel("error")] }
            }),
        );
        messages.insert(name, command(*verb));
        messages.insert(answer, reply(*verb));
    }
    messages.insert("error".into(), error());
    let pong =
        json!({ "summary": "The answer to a ping.", "payload": object(&json!({ "pong": { "type": "object" } }), &[]) });
    messages.insert("pong".into(), pong);
    operations.insert(
        "pong".into(),
        json!({ "action": "receive", "channel": channel(), "messages": [of_channel("pong")] }),
    );
    for (name, about, fields) in pushes() {
        let payload = object(&json!({ name: object(&fields, &OPTIONAL) }), &[]);
        let message = push_name(name);
        operations.insert(
            message.clone(),
            json!({ "action": "send", "channel": channel(), "summary": about, "messages": [of_channel(&message)] }),
        );
        messages.insert(message, json!({ "summary": about, "payload": payload }));
    }
    let named: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Roomlog over WebSocket", "version": env!("CARGO_PKG_VERSION"),
            "description": format!("Subprotocol `{SUBPROTOCOL}`. One JSON object is a frame; a WebSocket message holds \
                one or several, separated by a newline, and has at most {MESSAGE_BYTES} bytes inwards. A command gets \
                exactly one answer with its `id`; what has no `id` is a push."),
            "license": { "name": "Apache-2.0" }
        },
        "defaultContentType": "application/json",
        "channels": { CHANNEL: { "address": "/v1/ws", "title": "A session", "messages": named } },
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas }
    })
}

/// A push and a command may share a name.
fn push_name(name: &str) -> String {
    format!("{name}_push")
}

fn channel() -> Value {
    json!({ "$ref": format!("#/channels/{CHANNEL}") })
}

fn of_channel(message: &str) -> Value {
    json!({ "$ref": format!("#/channels/{CHANNEL}/messages/{message}") })
}
