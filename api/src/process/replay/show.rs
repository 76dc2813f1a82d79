//! How a replay is shown: lines of JSON as they come, a table, or a page of HTML.
//!
//! What must hold: a page needs nothing but itself, and nothing that somebody wrote is anything but text in it.

use super::people::Names;
use crate::cli::past::Format;
use crate::process::log::time;
use engine::domain::{RoomId, Timestamp};
use serde_json::Value;
use std::io::Write as _;

const HEAD: &str = include_str!("head.html");

/// Shows records one after the other.
pub(super) struct Page {
    format: Format,
    names: Names,
}

impl Page {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            names: Names::default(),
        }
    }

    pub(super) fn begin(&self, room: RoomId, out: &mut Vec<u8>) {
        if self.format == Format::Html {
            out.extend_from_slice(HEAD.replace("ROOM", &room.to_string()).as_bytes());
        }
    }

    /// One record, as `/v1/rooms/{room}/events` has it.
    pub(super) fn line(&mut self, json: &[u8], out: &mut Vec<u8>) {
        if self.format == Format::Ndjson {
            out.extend_from_slice(json);
            out.push(b'\n');
            return;
        }
        let record: Value = serde_json::from_slice(json).unwrap_or_default();
        self.names.learn(&record["from"]);
        let said = self.said(&record);
        let time = time::shown(Timestamp::from_millis(record["at"].as_i64().unwrap_or_default()));
        let offset = record["pos"]["offset"].to_string();
        let seq = record["seq"]
            .as_u64()
            .map_or_else(|| "-".to_owned(), |seq| seq.to_string());
        let who = record["from"]["name"].as_str().unwrap_or("?");
        // Writing to a vector cannot fail.
        let _ = match self.format {
            Format::Html => writeln!(
                out,
                "<tr class=\"{}\"><td>{offset}<td>{seq}<td>{time}<td>{}<td>{}",
                escaped(record["verdict"].as_str().unwrap_or_default()),
                escaped(who),
                escaped(&said)
            ),
            _ => writeln!(
                out,
                "{time} {offset:>8} {seq:>6}  {who} {}",
                said.replace(['\n', '\t'], " ")
            ),
        };
    }

    pub(super) fn end(&self, out: &mut Vec<u8>) {
        if self.format == Format::Html {
            out.extend_from_slice(b"</table>\n");
        }
    }

    /// What somebody did, as the end of a sentence that begins with their name.
    fn said(&self, record: &Value) -> String {
        let what = match record["type"].as_str() {
            Some(kind) => self.done(kind, &record["body"]),
            None => "a record that nobody can read".to_owned(),
        };
        let withheld = record["withheld"].as_str().map(|why| format!(" [not shown: {why}]"));
        let not_counted = match (record["verdict"].as_str(), record["reason"].as_str()) {
            (Some("accepted"), _) => None,
            (verdict, reason) => Some(format!(" ({}: {})", verdict.unwrap_or("?"), reason.unwrap_or("?"))),
        };
        format!(
            "{what}{}{}",
            withheld.unwrap_or_default(),
            not_counted.unwrap_or_default()
        )
    }

    fn done(&self, kind: &str, body: &Value) -> String {
        let word = |name: &str| body[name].as_str().unwrap_or_default();
        let who = || self.names.of(&body["user"]);
        let until = || match body["until"].as_i64() {
            Some(until) => format!(" until {}", time::shown(Timestamp::from_millis(until))),
            None => String::new(),
        };
        let seq = &body["seq"];
        match kind {
            "message_sent" if body["reply_to"].is_null() => format!("says: {}", word("text")),
            "message_sent" => format!("answers {}: {}", body["reply_to"], word("text")),
            "message_edited" => format!("edits {seq}: {}", word("text")),
            "message_deleted" => format!("deletes {seq}"),
            "reaction_added" => format!("reacts to {seq} with {}", word("emoji")),
            "reaction_removed" => format!("takes back {} from {seq}", word("emoji")),
            "room_created" => format!("creates the {} room {}", word("kind"), word("name")),
            "room_updated" => {
                let change = |name: &str| body[name].as_str().map(|value| format!("{name} {value}"));
                let rules = body["rules"].as_u64().map(|rules| format!("rules {rules}"));
                let changes = [change("name"), change("topic"), rules];
                format!(
                    "changes the room: {}",
                    changes.into_iter().flatten().collect::<Vec<_>>().join(", ")
                )
            }
            "room_deleted" => "deletes the room".to_owned(),
            "member_joined" => "joins".to_owned(),
            "member_left" => "leaves".to_owned(),
            "member_invited" => format!("invites {}", who()),
            "member_removed" => format!("{}s {}{}", word("removal"), who(), until()),
            "member_unbanned" => format!("unbans {}", who()),
            "member_muted" => format!("mutes {}{}", who(), until()),
            "member_unmuted" => format!("unmutes {}", who()),
            "role_changed" => format!("makes {} {}", who(), word("role")),
            other => other.to_owned(),
        }
    }
}

/// Text as HTML has it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{Format, Page, RoomId};
    use engine::domain::Body;
    use serde_json::json;

    fn shown(format: Format, record: &serde_json::Value) -> String {
        let (mut page, mut out) = (Page::new(format), Vec::new());
        page.begin(RoomId::general(), &mut out);
        page.line(record.to_string().as_bytes(), &mut out);
        page.end(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let record = json!({
            "verdict": "accepted", "seq": 2, "at": 0, "type": "message_sent", "pos": { "offset": 7 },
            "from": { "id": "x", "name": "<b>'ann'</b>" }, "body": { "text": "<script>\"&\"</script>" }
        });
        let html = shown(Format::Html, &record);
        assert!(html.contains("&lt;b&gt;&#39;ann&#39;&lt;/b&gt;"), "{html}");
        assert!(
            html.contains("&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;"),
            "{html}"
        );
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains(&RoomId::general().to_string()));
    }

    #[test]
    fn every_type_of_event_is_told_in_words() {
        for kind in Body::TYPE_NAMES {
            let record =
                json!({ "verdict": "ignored", "reason": "banned", "at": 0, "type": kind, "body": {}, "pos": {} });
            let line = shown(Format::Table, &record);
            assert!(!line.contains(kind), "{line}");
            assert!(line.ends_with("(ignored: banned)\n"), "{line}");
        }
    }
}
