//! A report for people, and for programs.

use projector::verify::Report;
use projector::verify::receipt::Judged;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One JSON object, on one line.
pub(super) fn json(report: &impl Serialize) -> String {
    serde_json::to_string(report).expect("names, numbers and texts are JSON")
}

/// Differences first, one a line; what was compared; what is behind.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for it in &report.differences {
        let place = match it.room {
            Some(room) => format!("room {room}"),
            None => format!("partition {}", it.partition),
        };
        let (store, table, row, column) = (it.store.name(), it.table, &it.row, it.column);
        let _ = writeln!(
            text,
            "{store} {place}: {table}, {row}, {column}: expected {}, found {}",
            it.expected, it.found
        );
    }
    let all: u64 = report.differing.values().sum();
    let more = all - report.differences.len() as u64;
    if more > 0 {
        let _ = writeln!(text, "and {more} more: {}", counts(&report.differing));
    }
    if report.log.records > 0 || report.log.rooms > 0 {
        let ignored = report
            .log
            .ignored
            .iter()
            .map(|(reason, count)| ((*reason).to_owned(), count.0));
        let ignored: BTreeMap<String, u64> = ignored.collect();
        let log = &report.log;
        let _ = write!(
            text,
            "log {}: {} rooms, {} accepted events",
            report.epoch, log.rooms, log.accepted
        );
        let _ = match ignored.is_empty() {
            true => writeln!(text),
            false => writeln!(text, "; without effect: {}", counts(&ignored)),
        };
    }
    if !report.compared.is_empty() {
        let _ = writeln!(text, "compared: {}", counts(&report.compared));
    }
    for lag in &report.lag {
        let (store, partition, records) = (lag.store.name(), lag.partition, lag.records);
        let stands = match lag.next {
            Some(next) => format!("stands at {next}, {records} records behind"),
            None => "holds nothing of it: it was flushed, is being filled, or belongs to another log".to_owned(),
        };
        let _ = writeln!(text, "lag: {store}, {} of partition {partition}: {stands}", lag.topic);
    }
    text.push_str(if report.well {
        "well: everything that was compared is as the log says"
    } else {
        "not well: see above"
    });
    text
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let one = |(name, count): (&String, &u64)| format!("{name} {count}");
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What the log says of a receipt.
pub(super) fn receipt(judged: &Judged) -> String {
    let mut text = String::new();
    for wrong in &judged.differences {
        let (field, expected, found) = (wrong.field, &wrong.expected, &wrong.found);
        let _ = writeln!(text, "{field}: the log says {expected}, the receipt {found}");
    }
    let room = judged.room.map_or_else(String::new, |room| format!(" of room {room}"));
    text.push_str(&if judged.well {
        format!("well: the receipt{room} is as the log says")
    } else {
        format!("not well: the receipt{room} is not as the log says")
    });
    text
}
