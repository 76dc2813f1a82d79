//! Several consumers of one long log: they start at different times, stop and load themselves again, are handed
//! records twice, and lag behind each other. In the end all of them say the same, by digest.

use super::consumer::Consumer;
use super::generator::{LIE, Random, Record, Shape, log, room_of};
use engine::domain::{Digest, Kind, Offset, Reason, Verdict};
use std::collections::BTreeMap;

const CONSUMERS: usize = 5;

/// Long enough for windows to turn over several times.
const RECORDS: u64 = 6_000;

/// Seeds that every run tries; `ROOMLOG_SEED` tries another one instead.
const SEEDS: std::ops::Range<u64> = 0..8;

#[test]
#[allow(clippy::print_stderr, reason = "the seed is what a failure is repeated by")]
fn consumers_of_one_log_agree() {
    let given = std::env::var("ROOMLOG_SEED")
        .ok()
        .map(|seed| seed.parse().expect("ROOMLOG_SEED is a number"));
    let seeds = given.map_or(SEEDS, |seed| seed..seed + 1);
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| simulate(seed));
        if let Err(panic) = outcome {
            eprintln!("ROOMLOG_SEED={seed} fails");
            std::panic::resume_unwind(panic);
        }
    }
}

/// What one consumer said of each record.
type Verdicts = BTreeMap<Offset, (Verdict, Digest)>;

fn simulate(seed: u64) {
    let mut random = Random::of(!seed);
    let shape = Shape {
        kind: random.pick(&[Kind::Open, Kind::Public, Kind::Private, Kind::Direct]),
        records: RECORDS,
        chatter: 2 + random.below(6),
        endings: random.once_in(3),
    };
    let log = log(seed, shape);
    let mut consumers = vec![(Consumer::of(room_of(shape.kind)), Verdicts::new()); CONSUMERS];
    while consumers.iter().any(|(consumer, _)| !is_done(consumer, &log)) {
        let chosen = usize::try_from(random.below(CONSUMERS as u64)).unwrap();
        let (consumer, verdicts) = &mut consumers[chosen];
        if random.once_in(4) {
            consumer.restart();
        }
        // At least once: a turn begins some records before those not taken yet.
        let behind = usize::try_from(random.below(20)).unwrap();
        let next = log.partition_point(|record| record.at.offset < consumer.next());
        let turn = usize::try_from(1 + random.below(400)).unwrap();
        for record in log.iter().skip(next.saturating_sub(behind)).take(turn + behind) {
            if let Some(verdict) = consumer.take(record) {
                verdicts.insert(record.at.offset, (verdict, consumer.digest()));
            }
        }
    }
    let (first, verdicts) = &consumers[0];
    for (consumer, others) in &consumers {
        assert_eq!(others, verdicts);
        assert_eq!(consumer.digest(), first.digest());
        assert_eq!(consumer.room, first.room);
        assert_eq!(consumer.recent, first.recent);
    }
    counts_once(&log, verdicts);
}

fn is_done(consumer: &Consumer, log: &[Record]) -> bool {
    log.last().is_none_or(|last| last.at.offset < consumer.next())
}

/// However late a command was sent again, it counted once, and every duplicate points to it.
fn counts_once(log: &[Record], verdicts: &Verdicts) {
    let mut counted = BTreeMap::new();
    for record in log.iter().filter(|record| record.event.since != Some(LIE)) {
        let command = (record.event.actor.id, record.event.cid);
        match verdicts[&record.at.offset].0 {
            Verdict::Accepted { seq, .. } => assert_eq!(counted.insert(command, seq), None),
            Verdict::Ignored {
                reason: Reason::Duplicate(original),
            } => assert_eq!(counted.get(&command), Some(&original.seq)),
            Verdict::Ignored { .. } => {}
        }
    }
}
