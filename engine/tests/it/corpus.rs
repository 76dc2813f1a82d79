//! Logs with their verdicts, kept for ever: `tests/corpus/`, one room's log a file, the bytes as they are on the log.
//!
//! What must hold: every fold there will ever be says of these bytes what is written beside them (DESIGN, "Rules"). So
//! the files may only grow in number. `tests/corpus/manifest` names each with the BLAKE3 of its content.
//! `ROOMLOG_UPDATE=1 cargo test -p engine --test it corpus` writes the logs of `scenarios` that have no file yet and adds
//! their lines; it changes nothing that is there. A scenario that is changed later changes no file: write a new one.

mod damage;
mod file;
mod replay;
mod scenarios;
mod script;

use engine::codec::lock::{EventType, Lock, Type};
use engine::codec::{Bad, decode};
use engine::domain::{Kind, Reason};
use file::{Log, Said};
use replay::Replay;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

const MANIFEST: &str = "manifest";
/// A log up to this long is cut after each of its records, a longer one at some of them.
const CUT_EVERYWHERE: usize = 120;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Every file of the corpus by its name; `ROOMLOG_UPDATE=1` first writes those that are missing.
fn kept() -> BTreeMap<String, String> {
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(write_what_is_missing);
    }
    let names = std::fs::read_dir(folder()).expect("the corpus is there").map(|entry| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("a name in UTF-8")
    });
    let logs = names.filter(|name| name != MANIFEST);
    logs.map(|name| (name.clone(), read(&name))).collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn write_what_is_missing() {
    std::fs::create_dir_all(folder()).expect("a folder");
    let mut manifest = std::fs::read_to_string(folder().join(MANIFEST)).unwrap_or_default();
    for (name, log) in scenarios::all() {
        if manifest.lines().any(|line| line.ends_with(&format!("  {name}"))) {
            continue;
        }
        let text = log.text();
        writeln!(manifest, "{}", line_of(name, &text)).expect("text grows");
        std::fs::write(folder().join(name), text).expect("a file");
    }
    std::fs::write(folder().join(MANIFEST), manifest).expect("the manifest");
}

fn line_of(name: &str, text: &str) -> String {
    format!("{}  {name}", blake3::hash(text.as_bytes()))
}

fn logs() -> BTreeMap<String, Log> {
    let parsed = kept().into_iter().map(|(name, text)| {
        let log = Log::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, log)
    });
    parsed.collect()
}

#[test]
fn no_file_of_the_corpus_ever_changes() {
    let kept = kept();
    let lines: BTreeSet<String> = kept.iter().map(|(name, text)| line_of(name, text)).collect();
    let manifest: BTreeSet<String> = read(MANIFEST).lines().map(str::to_owned).collect();
    assert_eq!(
        lines, manifest,
        "a log whose verdicts were told stays as it is: put the file back, and write a new one"
    );
}

#[test]
fn every_verdict_is_what_it_was() {
    for (name, log) in logs() {
        let mut replay = Replay::of(&log.about);
        for record in &log.records {
            assert_eq!(replay.take(record), record.verdict, "{name}, offset {}", record.offset);
        }
        assert_eq!(replay.end(), log.end, "{name}, its end");
    }
}

#[test]
fn a_log_cut_into_a_snapshot_and_the_rest_has_the_same_verdicts() {
    for (name, log) in logs() {
        let many = log.records.len();
        let all: Vec<usize> = if many <= CUT_EVERYWHERE {
            (0..=many).collect()
        } else {
            // Some early, and all around what the window makes of its length.
            (0..many).step_by(97).chain(many - 20..=many).collect()
        };
        let mut whole = Replay::of(&log.about);
        let mut done = 0;
        for cut in all {
            log.records[done..cut]
                .iter()
                .for_each(|record| drop(whole.take(record)));
            done = cut;
            let mut loaded = whole.restored();
            for record in &log.records[cut..] {
                assert_eq!(
                    loaded.take(record),
                    record.verdict,
                    "{name}, cut before {cut}, offset {}",
                    record.offset
                );
            }
            assert_eq!(loaded.end(), log.end, "{name}, cut before {cut}");
        }
    }
}

#[test]
fn every_scenario_has_a_file() {
    let kept = kept();
    for (name, _) in scenarios::all() {
        assert!(kept.contains_key(name), "{name}: ROOMLOG_UPDATE=1 writes it");
    }
}

/// What the corpus would not notice is not in it: this names what is missing.
#[test]
fn every_kind_type_reason_and_damage_is_in_it() {
    let (mut kinds, mut types, mut said) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for log in logs().into_values() {
        let header = log.end.header.as_ref();
        kinds.extend(header.map(|header| header.kind));
        for record in &log.records {
            said.insert(match &record.verdict {
                Said::Accepted { .. } => {
                    let event = record.bytes(log.about.partition);
                    let event = decode(event.borrowed(), log.about.partitions())
                        .expect("accepted")
                        .event;
                    types.insert(event.body.type_name());
                    "accepted".to_owned()
                }
                Said::Ignored { reason, .. } => reason.clone(),
                Said::Bad(why) => format!("bad {why}"),
                Said::Future => "future".to_owned(),
            });
        }
    }
    assert_eq!(
        kinds,
        BTreeSet::from([Kind::Open, Kind::Public, Kind::Private, Kind::Direct])
    );
    let events = |kind: &Type| matches!(kind, Type::Event(_));
    let every: BTreeSet<&str> = (Lock::embedded().entries().iter().map(|entry| entry.kind))
        .filter(events)
        .map(Type::name)
        .collect();
    assert_eq!(types.len(), every.len(), "accepted {types:?} of {every:?}");
    assert!(Lock::embedded().newest(EventType::RoomCreated, 1).is_some());
    let original = engine::domain::Original {
        seq: engine::domain::Seq::ZERO,
        offset: engine::domain::Offset::ZERO,
    };
    let reasons = [
        Reason::NotFound,
        Reason::NotAMember,
        Reason::Banned,
        Reason::Muted,
        Reason::RoomDeleted,
        Reason::Forbidden,
        Reason::Conflict,
        Reason::Duplicate(original),
        Reason::Expired,
        Reason::UnsupportedRules,
        Reason::Invalid,
    ];
    let damages = [Bad::Header, Bad::Magic, Bad::Key, Bad::Partition, Bad::Datum];
    let wanted = reasons
        .map(|reason| reason.name().to_owned())
        .into_iter()
        .chain(damages.map(|bad| format!("bad {}", bad.name())))
        .chain(["accepted".to_owned(), "future".to_owned()]);
    assert_eq!(said, wanted.collect());
}
