//! docs/replay.md: its commands are run, in order, on a log whose events are always the same ones, and must print what
//! stands there. What differs from log to log (times, the epoch) is printed as the page has it.
//!
//! `ROOMLOG_UPDATE=1 cargo test -p api --test it replay_page` writes the page's outputs anew.

use crate::support::{Person, Server, eventually, so};
use bytes::Bytes;
use engine::codec::{self, Wire};
use engine::domain::{
    Actor, Body, Cid, Emoji, Event, EventId, Kind, MessageText, PersonName, Removal, RoomId, RoomName, RoomTopic, Seq,
    Target, Timestamp, UserId,
};
use engine::log::{self, Log as _, Outgoing, Topic};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use uuid::Uuid;

const ROOM: RoomId = RoomId::new(Uuid::from_u128(0x1111_1111_1111_4111_8111_1111_1111_1111));
/// What the page has in the place of what is never the same.
const EPOCH: &str = "33333333-3333-4333-8333-333333333333";
const TIME: &str = "2026-03-01T18:00:00.000Z";
const MILLIS: &str = "1772388000000";

/// Somebody by a letter: their id is made of it.
fn user(letter: u8) -> UserId {
    UserId::new(Uuid::from_bytes([letter; 16]))
}

fn said(text: &str) -> Body {
    Body::MessageSent {
        text: MessageText::new(text).unwrap(),
        reply_to: None,
        mentions: Vec::new(),
    }
}

/// What happened: who did what, by which command (a number that is its cid).
fn story() -> Vec<(u8, &'static str, u128, Body)> {
    let (ann, ben, eve) = (0xaa, 0xbb, 0xee);
    let target = |seq, author| Target {
        seq: Seq::new(seq),
        author_id: user(author),
    };
    let begin = Body::RoomCreated {
        kind: Kind::Open,
        name: RoomName::new("kitchen").unwrap(),
        topic: RoomTopic::new("who cooks?").unwrap(),
        rules: 1,
        peer: None,
    };
    let thumb = Body::ReactionAdded {
        target: target(2, ann),
        emoji: Emoji::new("👍").unwrap(),
    };
    let edit = Body::MessageEdited {
        target: target(2, ann),
        text: MessageText::new("soup tonight, at seven?").unwrap(),
        mentions: Vec::new(),
    };
    let ban = Body::MemberRemoved {
        user_id: user(eve),
        removal: Removal::Ban { until: None },
    };
    vec![
        (ann, "ann", 1, begin),
        (ann, "ann", 2, said("soup tonight?")),
        (ben, "ben", 3, said("with bread")),
        (ben, "ben", 4, thumb),
        (ann, "ann", 5, edit),
        (ben, "ben", 6, Body::MessageDeleted { target: target(3, ben) }),
        // Its ack was lost, so it was sent again.
        (ben, "ben", 3, said("with bread")),
        (ann, "ann", 7, ban),
        (eve, "eve", 8, said("let me in")),
        (ann, "ann", 9, said("it is ready")),
    ]
}

/// A log in which it happened; its epoch.
async fn seed(folder: &Path) -> String {
    let log = log::sqlite::Log::open(folder, log::sqlite::Config::default())
        .await
        .unwrap();
    let key = Bytes::from(ROOM.to_string());
    for (number, (letter, name, command, body)) in (0_u128..).zip(story()) {
        let event = Event {
            event_id: EventId::new(Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2200 + number)),
            room_id: ROOM,
            actor: Actor {
                id: user(letter),
                name: PersonName::new(name).unwrap(),
            },
            cid: Cid::new(Uuid::from_u128(0x4444_4444_4444_4444_8444_4444_4444_4400 + command)),
            since: Some(Seq::ZERO),
            sent_at: Timestamp::from_millis(MILLIS.parse().unwrap()),
            body,
        };
        let encoded = codec::encode(&event, 1).unwrap();
        let outgoing = Outgoing {
            topic: Topic::Events,
            partition: log.partition_of(&key),
            key: Some(key.clone()),
            value: Some(Wire::SingleObject.wrap(&encoded)),
            headers: vec![("schema", Bytes::copy_from_slice(&encoded.fingerprint))],
        };
        log.append(outgoing).await.unwrap();
    }
    let epoch = log.epoch().to_string();
    log.close().await;
    epoch
}

/// Where commands are run.
struct Shell {
    folder: PathBuf,
    epoch: String,
    server: Option<(String, Person)>,
}

impl Shell {
    /// What a command prints, on both streams, as the page has it.
    fn run(&self, command: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_roomlog"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROOMLOG_")) {
            shell.env_remove(name);
        }
        shell
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(&self.folder)
            .env("PATH", format!("{}:{path}", binary.parent().unwrap().display()))
            .env("ROOMLOG_DATA_DIR", &self.folder)
            .env("ROOM", ROOM.to_string())
            .stdin(Stdio::null());
        if let Some((url, person)) = &self.server {
            shell.env("SERVER", url).env("ROOMLOG_TOKEN", &person.token);
        }
        let output = shell.output().expect("sh runs");
        let printed = String::from_utf8(output.stdout).expect("text");
        let printed = printed.replace(&self.folder.display().to_string(), "./data");
        let printed = printed.replace(&self.epoch, EPOCH);
        without_times(&printed)
    }
}

/// Every time as the page has it.
fn without_times(text: &str) -> String {
    let shaped = |part: &str, shape: &str| {
        let like = |(found, expected): (u8, u8)| match expected {
            b'0'..=b'9' => found.is_ascii_digit(),
            other => found == other,
        };
        part.len() == shape.len() && part.bytes().zip(shape.bytes()).all(like)
    };
    let mut cut = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let begins = |shape: &str| rest.get(..shape.len()).is_some_and(|part| shaped(part, shape));
        let longer = cut.ends_with(|last: char| last.is_ascii_alphanumeric());
        let found = [TIME, MILLIS].into_iter().find(|shape| !longer && begins(shape));
        cut.push_str(found.unwrap_or(&rest[..first.len_utf8()]));
        rest = &rest[found.map_or(first.len_utf8(), str::len)..];
    }
    cut
}

/// A part of the page.
enum Part<'a> {
    Text(&'a str),
    /// The lines of a block, and whether a server runs beside it.
    Commands(&'a str, bool),
}

fn parts(page: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = page;
    while let Some(begin) = rest.find("```console") {
        let body = begin + rest[begin..].find('\n').expect("a fence ends its line") + 1;
        let end = body + rest[body..].find("```").expect("a fence is closed");
        parts.push(Part::Text(&rest[..body]));
        parts.push(Part::Commands(&rest[body..end], rest[begin..body].contains("server")));
        rest = &rest[end..];
    }
    parts.push(Part::Text(rest));
    parts
}

fn commands(block: &str) -> impl Iterator<Item = &str> {
    block.lines().filter_map(|line| line.strip_prefix("$ "))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_shows_is_what_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut shell = Shell {
        epoch: seed(folder.path()).await,
        folder: folder.path().to_owned(),
        server: None,
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/replay.md");
    let page = std::fs::read_to_string(&path).expect("docs/replay.md");
    let mut printed = String::new();
    let mut serving = None;
    for part in parts(&page) {
        let (block, with_server) = match part {
            Part::Text(text) => {
                printed.push_str(text);
                continue;
            }
            Part::Commands(block, with_server) => (block, with_server),
        };
        if with_server && serving.is_none() {
            let folder = shell.folder.display().to_string();
            let server = Server::start(&["serve"], &[("ROOMLOG_DATA_DIR", &folder)]).await;
            let person = server.register("max").await;
            caught_up(&server, &person).await;
            shell.server = Some((server.url.clone(), person));
            serving = Some(server);
        }
        assert!(with_server || serving.is_none(), "blocks without a server come first");
        for command in commands(block) {
            writeln!(printed, "$ {command}").unwrap();
            printed.push_str(&shell.run(command));
        }
    }
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        return std::fs::write(&path, &printed).expect("docs/replay.md");
    }
    for (found, expected) in printed.lines().zip(page.lines()) {
        assert_eq!(found, expected, "docs/replay.md: ROOMLOG_UPDATE=1 writes it anew");
    }
    assert_eq!(printed.lines().count(), page.lines().count());
}

/// History has what the log says, so that it is always the same that is folded.
async fn caught_up(server: &Server, person: &Person) {
    eventually("history has it all", async || {
        let past = server.told(person, &format!("/v1/rooms/{ROOM}/at?seq=8")).await;
        so(past["folded"]["source"] == "journal", past["folded"].clone())
    })
    .await;
}
