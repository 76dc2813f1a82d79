//! `roomlog at`: a room as it once stood, from a running server or straight from the log.

use super::log::time;
use super::remote::{self, Remote};
use super::replay::people::Names;
use super::{Error, direct, welcome};
use crate::cli::past::At;
use crate::config::Config;
use crate::edge::clock::{Clock as _, SystemClock};
use crate::edge::travel::{AskedPast, view};
use crate::edge::view::PastMessage;
use crate::rest::at::ShownPast;
use engine::domain::{RECENT, Timestamp, UserId};
use engine::travel::{self, Point, Sources};
use serde_json::Value;
use std::fmt::Write as _;
use uuid::Uuid;

/// Does it, to its end.
pub(super) async fn run(config: &Config, asked: &At) -> Result<(), Error> {
    let Some(point) = asked.when.point() else {
        return Err(Error::Usage("one of --offset, --time and --seq is needed".into()));
    };
    let past = match &asked.whose.server {
        Some(server) => of_server(server, asked, point).await?,
        None => of_log(config, asked, point).await?,
    };
    if asked.json {
        welcome::tell(&past.to_string())
    } else {
        welcome::tell(&table(&past))
    }
}

async fn of_server(server: &str, asked: &At, point: Point) -> Result<Value, Error> {
    let remote = Remote::new(server, &asked.whose)?;
    let query = match point {
        Point::Offset(offset) => ("offset", offset.to_string()),
        Point::Time(time) => ("time", time.as_millis().to_string()),
        Point::Seq(seq) => ("seq", seq.to_string()),
    };
    let answer = remote.room(&asked.whose, "at", &[query]).await?;
    answer.json().await.map_err(|error| remote::unreachable(&error))
}

async fn of_log(config: &Config, asked: &At, point: Point) -> Result<Value, Error> {
    let log = direct::log_or_server(config).await?;
    let history = direct::History::at_hand(config).await?;
    let reader = history.as_ref().map(direct::History::reader);
    let bounds = travel::Config {
        // Nobody else waits for it.
        log_records: u64::MAX,
        ..config.travel.clone()
    };
    let sources = Sources {
        history: reader.as_deref(),
        log: &*log,
        config: &bounds,
    };
    let whose = AskedPast {
        room: asked.whose.room,
        point,
        epoch: asked.whose.epoch(),
        partition: asked.whose.partition(),
        members_after: None,
    };
    let wanted = travel::Asked {
        room: whose.room,
        point,
        epoch: whose.epoch,
        partition: whose.partition,
        now: SystemClock.now(),
    };
    let past = travel::at(sources, &wanted).await;
    drop(reader);
    if let Some(history) = history {
        history.close().await;
    }
    log.close().await;
    let past = past?;
    // As it is on the log: whoever reads the log may read all of it.
    let recent = past.recent.latest(RECENT).map(|message| PastMessage {
        message: message.clone(),
        deleted_since: false,
        text_withheld: false,
    });
    let recent = recent.collect();
    let view = view(log.epoch(), &whose, past, recent).ok_or(travel::Error::NoRoom)?;
    let nobody = UserId::new(Uuid::nil());
    Ok(serde_json::to_value(ShownPast::of(&view, nobody)).expect("these types always encode"))
}

/// For people to read.
fn table(past: &Value) -> String {
    let mut text = String::new();
    let mut names = Names::default();
    let messages = past["recent"].as_array().map(Vec::as_slice).unwrap_or_default();
    for message in messages {
        names.learn(&message["from"]);
    }
    let instant = |value: &Value| time::shown(Timestamp::from_millis(value.as_i64().unwrap_or_default()));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<12}{value}");
    };
    line(
        "room",
        format!(
            "{} ({}, {})",
            word(&past["name"]),
            word(&past["kind"]),
            word(&past["id"])
        ),
    );
    if past["topic"] != "" {
        line("topic", word(&past["topic"]));
    }
    line("after seq", format!("{}, {}", past["seq"], instant(&past["at"])));
    let position = &past["position"];
    line(
        "offset",
        format!("{} in partition {}", position["offset"], position["partition"]),
    );
    line("digest", word(&past["digest"]));
    let folded = &past["folded"];
    let from = if folded["from_seq"] == 0 {
        "the beginning".to_owned()
    } else {
        format!("a snapshot at seq {}", folded["from_seq"])
    };
    let source = match folded["source"].as_str() {
        Some("both") => "the journal and the log",
        Some("log") => "the log",
        _ => "the journal",
    };
    line(
        "folded",
        format!("{} events from {from}, out of {source}", folded["events"]),
    );
    people(past, &names, &instant, &mut line);
    for message in messages {
        said(message, &instant, &mut text);
    }
    text.truncate(text.trim_end().len());
    text
}

/// The four lists.
fn people(past: &Value, names: &Names, instant: &dyn Fn(&Value) -> String, line: &mut dyn FnMut(&str, String)) {
    for list in ["members", "invitations", "bans", "mutes"] {
        let all = past[list].as_array().map(Vec::as_slice).unwrap_or_default();
        for one in all {
            let who = names.of(&one["id"]);
            let more = match list {
                "members" => one["role"].as_str().unwrap_or_default().to_owned(),
                "invitations" => format!("by {}", names.of(&one["by"])),
                _ if one["until"].is_null() => "for ever".to_owned(),
                _ => format!("until {}", instant(&one["until"])),
            };
            line(list.trim_end_matches('s'), format!("{who}, {more}"));
        }
        let more = past[format!("{list}_count")].as_u64().unwrap_or_default();
        let more = more.saturating_sub(all.len() as u64);
        if more > 0 {
            line("", format!("and {more} {list} more"));
        }
    }
}

fn said(message: &Value, instant: &dyn Fn(&Value) -> String, text: &mut String) {
    let marks = [
        (message["deleted"] == true, "deleted"),
        (message["deleted_since"] == true, "deleted since"),
        (message["text_withheld"] == true, "not shown"),
        (!message["edited_at"].is_null(), "edited"),
    ];
    let marks: Vec<&str> = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect();
    let marks = if marks.is_empty() {
        String::new()
    } else {
        format!(" ({})", marks.join(", "))
    };
    let reactions = message["reactions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let reactions: String = reactions
        .iter()
        .map(|one| format!(" {}{}", one["emoji"].as_str().unwrap_or_default(), one["count"]))
        .collect();
    let who = message["from"]["name"].as_str().unwrap_or_default();
    let words = message["text"].as_str().unwrap_or_default().replace(['\n', '\t'], " ");
    let seq = message["seq"].to_string();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{} {seq:>6}  {who}: {words}{marks}{reactions}",
        instant(&message["at"])
    );
}
