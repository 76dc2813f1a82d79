//! A room in a terminal: what is said in it comes as it is said, and each line that is typed is sent.
//!
//! ```sh
//! TOKEN=… cargo run -p roomlog-client --example chat -- [--listen] http://127.0.0.1:8080 [ROOM]
//! ```
//!
//! TOKEN is an access token, as registering and logging in answer it. ROOM is a room's id; without it, the open room
//! `general`. When the connection breaks it comes back by itself and goes on where it stood. Ctrl-D ends it once all that
//! was typed has been acked, Ctrl-C at once. With `--listen` it reads no line, as a job in the background must not.

use roomlog_client::rest::{self, Rest};
use roomlog_client::{Client, Event, Options, Start, Subscription, Update, protocol};
use serde_json::Value;
use std::io::{self, Write as _};
use std::process::ExitCode;
use tokio::sync::mpsc;
use uuid::Uuid;

const USAGE: &str = "TOKEN=… chat [--listen] http://HOST:PORT [ROOM]";

/// What was asked on the command line.
struct Asked {
    url: String,
    token: String,
    room: Uuid,
    listen_only: bool,
}

impl Asked {
    fn of(arguments: impl Iterator<Item = String>, token: Option<String>) -> Result<Self, String> {
        let (flags, words): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.starts_with('-'));
        if let Some(unknown) = flags.iter().find(|flag| *flag != "--listen") {
            return Err(format!("there is no {unknown}: {USAGE}"));
        }
        let (url, room) = match words.as_slice() {
            [url] => (url, protocol::general()),
            [url, room] => (url, room.parse().map_err(|_| format!("{room} is no room's id"))?),
            _ => return Err(USAGE.to_owned()),
        };
        if !url.starts_with("http://") {
            return Err(format!("{url} is no address: http://HOST:PORT"));
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            token: token.filter(|token| !token.is_empty()).ok_or("TOKEN is not set")?,
            room,
            listen_only: !flags.is_empty(),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let asked = match Asked::of(std::env::args().skip(1), std::env::var("TOKEN").ok()) {
        Ok(asked) => asked,
        Err(wrong) => return failed(&wrong, 2),
    };
    match chat(&asked).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => failed(&wrong, 1),
    }
}

fn failed(wrong: &str, code: u8) -> ExitCode {
    mention(&format!("chat: {wrong}"));
    ExitCode::from(code)
}

/// On stderr, so that stdout has what is said and nothing else.
fn mention(text: &str) {
    // Whoever closed stderr does not want to know.
    let _ = writeln!(io::stderr(), "{text}");
}

async fn chat(asked: &Asked) -> Result<(), String> {
    // The client goes on trying for ever; whether the address, the token and the room are right is asked once, before.
    let rest = Rest::new(&asked.url).map_err(|error| error.to_string())?;
    let room = rest.signed_in(&asked.token).room(asked.room).await;
    let room = room.map_err(|error| explained(asked, &error))?;
    let name = room.more.get("name").and_then(Value::as_str).unwrap_or("the room");

    let socket = asked.url.replacen("http", "ws", 1);
    let client = Client::start(Options::new([socket], asked.token.as_str()));
    let heard = client.subscribe(asked.room, Start::Now).await;
    let mut heard = heard.map_err(|error| error.to_string())?;
    if asked.listen_only {
        mention(&format!("listening to {name} at {}", asked.url));
    } else {
        mention(&format!(
            "in {name} at {}: what you type is sent, Ctrl-D ends",
            asked.url
        ));
    }
    let ended = tokio::select! {
        () = speak(&client, asked.room), if !asked.listen_only => Ok(()),
        ended = listen(&mut heard) => ended,
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
    };
    client.close().await;
    ended
}

fn explained(asked: &Asked, error: &rest::Error) -> String {
    let Asked { url, room, .. } = asked;
    match error {
        rest::Error::Lost(_) => format!("no Roomlog answers at {url}: is it running?"),
        rest::Error::Unreadable(_) => format!("what answers at {url} is no Roomlog: {error}"),
        rest::Error::Refused(refusal) if refusal.name == "unauthenticated" => {
            format!("the server does not take this TOKEN, it may have run out: log in again ({refusal})")
        }
        rest::Error::Refused(refusal) => format!("room {room}: {refusal}"),
    }
}

/// Sends what is typed, a line a message, until there is no more.
async fn speak(client: &Client, room: Uuid) {
    let mut lines = typed();
    while let Some(line) = lines.recv().await {
        if let Err(error) = client.send(room, &line).await {
            mention(&format!("not sent: {error}"));
        }
    }
}

/// Lines of stdin. Reading it can't be interrupted, so it has a thread, which ends with the process.
fn typed() -> mpsc::Receiver<String> {
    let (typed, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && typed.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Shows what is said until it can no longer be heard, or shown.
async fn listen(heard: &mut Subscription) -> Result<(), String> {
    let mut shown = 0;
    while let Some(update) = heard.next().await {
        let lines: Vec<String> = match update {
            // It comes anew where too much was missed to hear it all.
            Update::Snapshot(now) => {
                let lines = now.recent.iter().filter_map(|message| said(message, shown)).collect();
                shown = now.seq;
                lines
            }
            Update::Event(event) => {
                shown = event.seq;
                vec![happened(&event)]
            }
            Update::Ended(reason) => return Err(format!("it is over: {reason}")),
            Update::CaughtUp(_) | Update::Presence(_) | Update::Typing(_) => continue,
        };
        for line in lines {
            if writeln!(io::stdout(), "{line}").is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A message as it stands, unless it was shown before.
fn said(message: &Value, shown: u64) -> Option<String> {
    let seq = message["seq"].as_u64().filter(|seq| *seq > shown)?;
    let name = message["from"]["name"].as_str()?;
    let text = if message["deleted"] == true {
        "(deleted)"
    } else {
        message["text"].as_str()?
    };
    Some(line(seq, name, text))
}

/// An event as it happened.
fn happened(event: &Event) -> String {
    let text = event.body["text"].as_str().unwrap_or_default();
    let what = match event.kind.as_str() {
        "message_sent" => text.to_owned(),
        "message_edited" => format!("(edits {}) {text}", event.body["seq"]),
        other => format!("({})", other.replace('_', " ")),
    };
    line(event.seq, &event.from.name, &what)
}

fn line(seq: u64, name: &str, text: &str) -> String {
    format!("{seq:>6}  {name}: {}", text.replace('\n', "\n        "))
}
