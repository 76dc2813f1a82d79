//! A check finds a sound system well, also while it moves, and names every kind of damage exactly.

mod damage;
mod receipts;
mod redis;

use crate::model::Model;
use crate::place::{Place, config, over_both};
use crate::rebuild::{everything, is_read};
use crate::speech::{Speech, said, user};
use engine::domain::{RoomId, Seq};
use engine::log::Topic;
use projector::Config;
use projector::verify::{self, Live, Parts, Progress, Report, Store};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

over_both!(
    a_sound_system_is_well,
    one_room_alone_is_checked,
    what_is_behind_is_lag_and_no_difference,
    a_system_that_moves_is_well,
    a_history_of_another_log_is_told_by_its_checkpoint,
);

/// Counts what it hears.
#[derive(Default)]
pub(crate) struct Heard {
    begun: AtomicU64,
    advanced: AtomicU64,
}

impl Progress for Heard {
    fn begins(&self, _what: &str, records: u64) {
        self.begun.fetch_add(records, Ordering::Relaxed);
    }

    fn advanced(&self, records: u64) {
        self.advanced.fetch_add(records, Ordering::Relaxed);
    }
}

/// Bounds that cut a short log in many slices and every table in many pages.
pub(crate) fn bounds() -> Config {
    Config {
        verify_slice_events: 30,
        verify_page_rows: 3,
        ..config()
    }
}

pub(crate) fn parts(place: &Place) -> Parts {
    Parts {
        log: place.log.clone(),
        history: Some(place.history.reader.clone()),
        live: Some(Live {
            reader: place.live.reader.clone(),
            writer: place.live.writer.clone(),
        }),
        whole_log: true,
    }
}

pub(crate) async fn checked(place: &Place) -> Report {
    verify::run(&bounds(), &parts(place), None, &Heard::default())
        .await
        .unwrap()
}

/// A place in which everything has happened, and both projections stand at the end; the room in which most of it did.
pub(crate) async fn settled(place: &Place, seed: u64, more: usize) -> RoomId {
    let mut speech = Speech::new(place, seed);
    speech.begin().await;
    let room = everything(&mut speech, place).await;
    speech.go_on(more).await;
    let model = Model::of(&*place.log).await;
    let (history, live) = (place.project_history(), place.project_live());
    is_read(place, &model, room).await;
    model.is_live(place, &place.live).await;
    history.stop().await;
    live.stop().await;
    room
}

async fn a_sound_system_is_well(place: Place) {
    settled(&place, 31, 400).await;
    let heard = Heard::default();
    let report = verify::run(&bounds(), &parts(&place), None, &heard).await.unwrap();
    assert_eq!(report.differences, []);
    assert!(report.well && report.lag.is_empty(), "{report:?}");
    let model = Model::of(&*place.log).await;
    let (rooms, accepted) = model.rooms.values().fold((0, 0), |(rooms, accepted), room| {
        (
            rooms + u64::from(room.room.exists()),
            accepted + room.journal.len() as u64,
        )
    });
    assert_eq!((report.log.rooms, report.log.accepted), (rooms, accepted));
    let records: u64 = model.ends.values().map(|end| end.get()).sum();
    let ignored: u64 = report.log.ignored.values().map(|count| count.0).sum();
    assert_eq!((report.log.records, ignored), (records, records - accepted));
    assert!(report.log.ignored.contains_key("duplicate") && report.log.ignored.contains_key("datum"));
    for table in [
        "history.rooms",
        "history.members",
        "history.invitations",
        "history.bans",
        "history.mutes",
        "history.journal",
        "history.messages",
        "history.reactions",
        "history.mentions",
        "history.reads",
        "live.rooms",
        "live.members",
        "live.window",
        "live.recent",
    ] {
        assert!(
            report.compared.get(table).is_some_and(|count| *count > 0),
            "{table}: {:?}",
            report.compared
        );
    }
    assert_eq!(report.compared["history.journal"], accepted);
    assert!(heard.advanced.load(Ordering::Relaxed) >= records);
    // In one slice and large pages it is the same.
    let large = Config {
        verify_slice_events: 1_000_000,
        verify_page_rows: 1_000_000,
        ..config()
    };
    let whole = verify::run(&large, &parts(&place), None, &heard).await.unwrap();
    assert_eq!(whole, report);
}

async fn one_room_alone_is_checked(place: Place) {
    let room = settled(&place, 32, 100).await;
    let one = |room| async move {
        let report = verify::run(&bounds(), &parts(&place), Some(room), &Heard::default())
            .await
            .unwrap();
        (report, place)
    };
    let (report, place) = one(room).await;
    assert!(report.well, "{report:?}");
    assert_eq!((report.partitions, report.log.rooms), (1, 1));
    let (journal, _) = place
        .history
        .reader
        .journal(
            room,
            place.log.partition_of(room.to_string().as_bytes()),
            Seq::ZERO,
            1_000,
        )
        .await
        .unwrap();
    assert_eq!(report.compared["history.journal"], journal.len() as u64);
    // Damage elsewhere is none of its business.
    let other = format!(
        "UPDATE members SET role = 'owner' WHERE room_id <> {}",
        damage::literal(&place, room)
    );
    place.history.order(&other, &other).await;
    let parts = parts(&place);
    let report = verify::run(&bounds(), &parts, Some(room), &Heard::default())
        .await
        .unwrap();
    assert!(report.well, "{report:?}");
    assert!(!checked(&place).await.well);
}

async fn what_is_behind_is_lag_and_no_difference(place: Place) {
    let mut speech = Speech::new(&place, 33);
    speech.begin().await;
    let report = checked(&place).await;
    assert!(report.well, "nothing was projected yet: {report:?}");
    let behind = |report: &Report, store| -> u64 {
        let of = report.lag.iter().filter(|lag| lag.store == store);
        of.map(|lag| lag.records).sum()
    };
    let records: u64 = Model::of(&*place.log).await.ends.values().map(|end| end.get()).sum();
    assert_eq!(behind(&report, Store::History), records);
    assert_eq!(behind(&report, Store::Live), records);
    assert!(
        report
            .lag
            .iter()
            .filter(|lag| lag.store == Store::Live)
            .all(|lag| lag.next.is_none())
    );
    let (history, live) = (place.project_history(), place.project_live());
    let model = Model::of(&*place.log).await;
    model.is_in_history(&place.history).await;
    model.is_live(&place, &place.live).await;
    history.stop().await;
    live.stop().await;
    let room = speech.room();
    for _ in 0..5 {
        speech.says(room, user(0), said("later")).await;
    }
    let report = checked(&place).await;
    assert!(report.well, "{report:?}");
    assert_eq!((behind(&report, Store::History), behind(&report, Store::Live)), (5, 5));
}

async fn a_system_that_moves_is_well(place: Place) {
    const CHECKS: usize = 4;
    settled(&place, 34, 200).await;
    let (history, live) = (place.project_history(), place.project_live());
    let over = std::sync::atomic::AtomicBool::new(false);
    let speaking = async {
        let mut speech = Speech::new(&place, 35);
        speech.begin().await;
        while !over.load(Ordering::Relaxed) {
            speech.go_on(10).await;
        }
    };
    let checking = async {
        let mut records = BTreeSet::new();
        for _ in 0..CHECKS {
            let report = checked(&place).await;
            assert_eq!(report.differences, []);
            records.insert(report.log.records);
        }
        over.store(true, Ordering::Relaxed);
        records
    };
    let ((), records) = tokio::join!(speaking, checking);
    assert!(records.len() > 1, "the log moved meanwhile: {records:?}");
    history.stop().await;
    live.stop().await;
}

async fn a_history_of_another_log_is_told_by_its_checkpoint(place: Place) {
    settled(&place, 36, 20).await;
    let other = "00000000-0000-4000-8000-00000000000e";
    let postgres = format!("UPDATE checkpoints SET epoch = '{other}' WHERE partition = 1 AND projection = 'events'");
    let sqlite = format!(
        "UPDATE checkpoints SET epoch = unhex('{}') WHERE partition = 1 AND projection = 'events'",
        other.replace('-', "")
    );
    place.history.order(&postgres, &sqlite).await;
    let beyond = "UPDATE checkpoints SET next_offset = 1000000 WHERE partition = 2 AND projection = 'events'";
    place.history.order(beyond, beyond).await;
    let report = checked(&place).await;
    let told: Vec<_> = report
        .differences
        .iter()
        .map(|it| {
            (
                it.store,
                it.table,
                it.row.as_str(),
                it.column,
                it.expected.clone(),
                it.found.clone(),
            )
        })
        .collect();
    let end = |number: usize| async move { place.log.extents(Topic::Events).await.unwrap()[number].high };
    let epoch = report.epoch.to_string();
    let end = end(2).await;
    assert_eq!(
        told,
        [
            (
                Store::History,
                "checkpoints",
                "events, partition 1",
                "epoch",
                epoch,
                other.to_owned()
            ),
            (
                Store::History,
                "checkpoints",
                "events, partition 2",
                "next_offset",
                format!("at most {end}"),
                "1000000".to_owned()
            ),
        ]
    );
}
