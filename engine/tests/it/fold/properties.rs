//! What holds for every log.

use super::consumer::Consumer;
use super::generator::{Record, Shape, log, room_of};
use engine::domain::{Body, Kind, Message, RECENT, Reason, Recent, Room, Seq, Verdict};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn shapes() -> impl Strategy<Value = Shape> {
    let kinds = prop::sample::select(vec![Kind::Open, Kind::Public, Kind::Private, Kind::Direct]);
    (kinds, 1..300_u64, 1..6_u64, any::<bool>()).prop_map(|(kind, records, chatter, endings)| Shape {
        kind,
        records,
        chatter,
        endings,
    })
}

/// Folds from the beginning and keeps everything.
fn folded(room: &mut Room, log: &[Record]) -> Vec<Verdict> {
    let apply = |record: &Record| room.apply(&record.event, &record.datum, record.at).verdict;
    log.iter().map(apply).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn seq_is_gap_free_and_ignored_events_change_nothing(seed: u64, shape in shapes()) {
        let mut room = Room::new(room_of(shape.kind));
        let mut head = Seq::ZERO;
        for record in log(seed, shape) {
            let before = room.clone();
            let judged = room.judge(&record.event, record.at.appended_at);
            match room.apply(&record.event, &record.datum, record.at).verdict {
                Verdict::Accepted { seq, digest } => {
                    prop_assert_eq!(judged, Ok(()));
                    prop_assert_eq!((seq, digest), (head.next(), before.digest().then(seq, &record.datum)));
                    head = seq;
                }
                Verdict::Ignored { reason } => {
                    prop_assert_eq!(judged, Err(reason));
                    prop_assert!(room == before || reason == Reason::UnsupportedRules);
                }
            }
            prop_assert_eq!(room.head(), head);
        }
    }

    #[test]
    fn a_log_folds_the_same_however_it_is_cut(seed: u64, shape in shapes(), cut in 0..300_usize) {
        let log = log(seed, shape);
        let (first, rest) = log.split_at(cut.min(log.len()));
        let mut whole = Room::new(room_of(shape.kind));
        let verdicts = folded(&mut whole, &log);
        let mut before = Room::new(whole.id());
        folded(&mut before, first);
        let mut after = match before.header() {
            None => Room::new(whole.id()),
            Some(header) => Room::restore(whole.id(), header.clone(), before.changes(), before.window()).unwrap(),
        };
        prop_assert_eq!(&after, &before);
        prop_assert_eq!(&folded(&mut after, rest), &verdicts[first.len()..]);
        prop_assert_eq!(after, whole);
    }

    #[test]
    fn what_stores_keep_makes_the_same_room(seed: u64, shape in shapes(), every in 1..40_usize) {
        let mut consumer = Consumer::of(room_of(shape.kind));
        for (number, record) in log(seed, shape).iter().enumerate() {
            consumer.take(record);
            if number % every == 0 {
                consumer.restart();
            }
        }
    }

    #[test]
    fn a_command_counts_once(seed: u64, shape in shapes()) {
        let mut room = Room::new(room_of(shape.kind));
        let mut counted = BTreeMap::new();
        for record in log(seed, shape) {
            let command = (record.event.actor.id, record.event.cid);
            match room.apply(&record.event, &record.datum, record.at).verdict {
                Verdict::Accepted { seq, .. } => {
                    prop_assert_eq!(counted.insert(command, (seq, record.at.offset)), None);
                }
                Verdict::Ignored { reason: Reason::Duplicate(original) } => {
                    prop_assert_eq!(counted.get(&command), Some(&(original.seq, original.offset)));
                }
                Verdict::Ignored { .. } => {}
            }
        }
    }

    #[test]
    fn recent_is_the_end_of_all_messages(seed: u64, shape in shapes(), cut in 0..300_usize) {
        let mut room = Room::new(room_of(shape.kind));
        let mut recent = Recent::default();
        let mut all: Vec<Message> = Vec::new();
        for (number, Record { event, datum, at }) in log(seed, Shape { chatter: 2, ..shape }).iter().enumerate() {
            if number == cut {
                recent = Recent::restore(recent.latest(RECENT).cloned().collect());
            }
            let Verdict::Accepted { seq, .. } = room.apply(event, datum, *at).verdict else { continue };
            let before = recent.clone();
            let touched = recent.apply(event, seq, room.messages(), at.appended_at);
            all.extend(Message::sent(event, seq, room.messages(), at.appended_at));
            for message in &mut all {
                message.apply(event, at.appended_at);
            }
            prop_assert!(recent.latest(RECENT).eq(all.iter().rev().take(RECENT).rev()));
            prop_assert_eq!(touched.is_none(), before == recent);
        }
        let ordinals: Vec<u64> = all.iter().map(|message| message.ordinal).collect();
        prop_assert_eq!(ordinals, (1..=room.messages()).collect::<Vec<_>>());
    }

    /// Nothing is left behind: members are not invited, and only direct rooms and `general` have no owner.
    #[test]
    fn standings_do_not_contradict_each_other(seed: u64, shape in shapes()) {
        let mut room = Room::new(room_of(shape.kind));
        for record in log(seed, shape) {
            room.apply(&record.event, &record.datum, record.at);
            let owners: Vec<_> = room.members(None).filter(|m| m.role == engine::domain::Role::Owner).collect();
            prop_assert_eq!(owners.first().map(|owner| owner.user_id), room.owner());
            prop_assert!(owners.len() <= 1);
            for member in room.members(None) {
                prop_assert!(!room.is_invited(member.user_id));
                prop_assert!(!room.is_banned(member.user_id, record.at.appended_at));
            }
        }
    }
}

/// The generator reaches every rule: without this, the properties above might hold for want of events.
#[test]
fn the_logs_reach_every_event_and_every_reason() {
    let mut seen = BTreeSet::new();
    for kind in [Kind::Open, Kind::Public, Kind::Private, Kind::Direct] {
        for seed in 0..8 {
            let endings = seed % 3 == 0;
            let chatter = 2 + seed % 4;
            let records = 6_000;
            let shape = Shape {
                kind,
                records,
                chatter,
                endings,
            };
            let log = log(seed, shape);
            let verdicts = folded(&mut Room::new(room_of(kind)), &log);
            for (record, verdict) in log.iter().zip(verdicts) {
                seen.insert(match verdict {
                    Verdict::Accepted { .. } => ("accepted", Body::type_name(&record.event.body)),
                    Verdict::Ignored { reason } => ("ignored", reason.name()),
                });
            }
        }
    }
    let events = 16;
    let reasons = 11;
    assert_eq!(seen.len(), events + reasons, "{seen:?}");
}
