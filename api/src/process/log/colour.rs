//! A record as one line in colour, for people at a terminal.

use super::time;
use crate::inspect::line::Read;
use anstyle::{AnsiColor, Style};
use engine::log::Record;

/// One line in colour; whoever writes it sees to it that a pipe gets none.
pub(super) fn coloured(read: &Read, record: &Record) -> String {
    let at = record.position;
    let (dim, kind, name) = (Style::new().dimmed(), style(read).bold(), Style::new().bold());
    let mut line = format!(
        "{dim}{} {:>3}@{:<8}{dim:#} {kind}{:<16}{kind:#}",
        time::shown(at.appended_at),
        at.partition.get(),
        at.offset.get(),
        read.kind
    );
    match (read.room, &record.key) {
        (Some(room), _) => line.push_str(&format!(" {room}")),
        (None, Some(key)) => line.push_str(&format!(" key {}", key.escape_ascii())),
        (None, None) => {}
    }
    if let Some((_, from)) = &read.from {
        line.push_str(&format!(" {name}{}{name:#}", clean(from)));
    }
    if let Some(body) = read.body.as_object().filter(|body| !body.is_empty()) {
        for (field, value) in body {
            line.push_str(&format!(" {dim}{field}{dim:#} {}", clean(&value.to_string())));
        }
    }
    line
}

fn style(read: &Read) -> Style {
    let colour = match read.kind.split('_').next() {
        _ if !read.sound => AnsiColor::Red,
        Some("message") => AnsiColor::Green,
        Some("reaction") => AnsiColor::Magenta,
        Some("room") => AnsiColor::Cyan,
        _ => AnsiColor::Yellow,
    };
    colour.on_default()
}

/// What somebody wrote must not steer the terminal: the names of old events may hold what today's door keeps out.
fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}
