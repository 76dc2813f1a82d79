//! From two projections at different offsets to a verdict, while the old one goes on.
//!
//! A comparison of everything takes its time, and nobody waits for it. The walk stands still meanwhile, the old
//! projection does not; so a room that something happened in may differ for that alone. Which rooms those are is known
//! exactly: those of the records that the walk reads next. They are compared again, among fewer records each time, and the
//! last time with the old projection held. All others are judged at once.

use super::walk::Lanes;
use super::{Config, Error, Finish, Outcome, Phase};
use crate::metrics;
use engine::beside::{self, Beside, Difference, Differs, Old};
use engine::domain::RoomId;
use engine::telemetry::PATH;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tracing::{Instrument as _, debug_span};

/// What is known of both so far.
#[derive(Default)]
struct Verdict {
    differs: BTreeSet<Differs>,
    /// Rooms in which something happened since they were compared last.
    unknown: BTreeSet<RoomId>,
}

impl Verdict {
    /// A comparison is over, and the walk has come to where the old projection stood then.
    fn take(&mut self, found: Vec<Differs>, touched: BTreeSet<RoomId>) {
        let known = |differs: &Differs| differs.room.is_none_or(|room| !touched.contains(&room));
        self.differs.extend(found.into_iter().filter(known));
        self.unknown = touched;
    }
}

/// What came of holding the old projection.
enum Held {
    Done(Box<Outcome>),
    /// Not this time, and why.
    Again(String),
}

/// Walks, compares, and finishes, but for throwing the new one away.
pub(super) async fn make(
    lanes: &mut Lanes,
    beside: &mut dyn Beside,
    config: &Config,
    finish: Finish,
) -> Result<Outcome, Error> {
    let (begun, walking) = (lanes.progress().done(), Instant::now());
    let walk = debug_span!(target: PATH, "rebuild walk");
    let old = catch_up(lanes, beside, config).instrument(walk).await?;
    let walk_ms = u64::try_from(walking.elapsed().as_millis()).unwrap_or(u64::MAX);
    lanes.progress().enter(Phase::Complete);
    beside.complete().await?;
    let mut verdict = Verdict::default();
    if matches!(old, Old::Stands(_)) {
        let compare = debug_span!(target: PATH, "rebuild compare");
        look(lanes, beside, config, &mut verdict).instrument(compare).await?;
    } else {
        catch_up(lanes, beside, config).await?;
    }
    let mut why = String::new();
    for _ in 0..config.swap_tries.max(1) {
        lanes.progress().enter(Phase::Hold);
        beside.hold().await?;
        let hold = debug_span!(target: PATH, "rebuild hold");
        let held = held(lanes, beside, config, &mut verdict, finish).instrument(hold).await;
        match held {
            Ok(Held::Done(mut outcome)) => {
                outcome.walk_ms = walk_ms;
                outcome.records = lanes.progress().done().saturating_sub(begun);
                return Ok(*outcome);
            }
            Ok(Held::Again(reason)) => {
                tracing::info!(reason, "the swap is tried again");
                metrics::rebuild_again();
                why = reason;
            }
            Err(error) => return Err(error),
        }
        // Those who were held go on, and so does the walk.
        tokio::time::sleep(Duration::from_millis(config.lock_pause_ms)).await;
        catch_up(lanes, beside, config).await?;
    }
    Err(Error::NotInTime(format!(
        "nothing was swapped in {} tries, the last time because {why}; the next run goes on from here",
        config.swap_tries.max(1)
    )))
}

/// Walks until little is left.
async fn catch_up(lanes: &mut Lanes, beside: &mut dyn Beside, config: &Config) -> Result<Old, Error> {
    lanes.progress().enter(Phase::Walk);
    loop {
        let old = beside.old().await?;
        let (targets, _) = lanes.targets(&old).await?;
        lanes.walk(&targets, None).await?;
        let old = beside.old().await?;
        let (targets, _) = lanes.targets(&old).await?;
        if lanes.rest(&targets) <= config.rest_records {
            return Ok(old);
        }
    }
}

/// Compares everything, then what was touched meanwhile, and so on.
async fn look(lanes: &mut Lanes, beside: &mut dyn Beside, config: &Config, verdict: &mut Verdict) -> Result<(), Error> {
    let (mut rooms, mut first) = (None, true);
    for _ in 0..=config.compare_rounds {
        catch_up(lanes, beside, config).await?;
        if !first {
            // What happened since the last comparison, the catching up included.
            rooms = Some(lanes.touched());
        }
        first = false;
        lanes.forget_touched();
        lanes.progress().enter(Phase::Compare);
        let found = beside.compare(rooms.as_ref()).await?;
        // To where the old one stood at that instant, at least.
        let old = beside.old().await?;
        let (targets, _) = lanes.targets(&old).await?;
        lanes.walk(&targets, None).await?;
        verdict.take(found, lanes.touched());
        if verdict.unknown.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The old one stands still: folds what is left, compares what is unknown, and swaps.
async fn held(
    lanes: &mut Lanes,
    beside: &mut dyn Beside,
    config: &Config,
    verdict: &mut Verdict,
    finish: Finish,
) -> Result<Held, Error> {
    let (begun, most) = (Instant::now(), Duration::from_millis(config.hold_ms));
    let old = beside.old().await?;
    let (targets, odd) = lanes.targets(&old).await?;
    let rest = lanes.rest(&targets);
    if rest > config.rest_records {
        beside.release().await?;
        return Ok(Held::Again(format!("{rest} records were left to fold")));
    }
    if !lanes.walk(&targets, Some(most)).await? {
        beside.release().await?;
        return Ok(Held::Again(format!(
            "{rest} records were not folded within {} ms",
            config.hold_ms
        )));
    }
    let notes = notes(&old, odd);
    if matches!(old, Old::Stands(_)) {
        let mut unknown = lanes.touched();
        unknown.extend(&verdict.unknown);
        match beside.compare(Some(&unknown)).await {
            // Nothing moves: whatever differs now differs, and nothing is unknown.
            Ok(found) => verdict.take(found, BTreeSet::new()),
            Err(beside::Error::Away(why)) => {
                verdict.unknown = unknown;
                beside.release().await?;
                return Ok(Held::Again(format!(
                    "{} rooms in which much happens were not compared within {} ms ({why}): raise \
                     projector.rebuild.hold_ms, or stop the projectors",
                    verdict.unknown.len(),
                    config.hold_ms
                )));
            }
            Err(error) => return Err(error.into()),
        }
        lanes.forget_touched();
    }
    let (differences, differing) = explain(beside, config, &verdict.differs, begun).await?;
    let mut outcome = Outcome {
        records: 0,
        walk_ms: 0,
        differing,
        differences,
        notes,
        swapped: false,
    };
    let swaps = finish == Finish::SwapAnyway || finish == Finish::Swap && outcome.is_equal();
    if !swaps {
        beside.release().await?;
        return Ok(Held::Done(Box::new(outcome)));
    }
    lanes.progress().enter(Phase::Swap);
    match beside.swap().await {
        Ok(()) => {
            metrics::rebuild_held(begun.elapsed());
            outcome.swapped = true;
            Ok(Held::Done(Box::new(outcome)))
        }
        Err(beside::Error::Away(why)) => Ok(Held::Again(why)),
        Err(error) => Err(error.into()),
    }
}

fn notes(old: &Old, odd: Vec<String>) -> Vec<String> {
    match old {
        Old::Stands(_) => odd,
        Old::OtherEpoch(epoch) => vec![format!(
            "the old projection was built from log {epoch}: nothing was compared"
        )],
        Old::Unreadable(why) => vec![format!("the old projection can't be read: {why}: nothing was compared")],
    }
}

/// Looks closer at as many as are shown, as long as there is time. One that was mended meanwhile counts no more.
async fn explain(
    beside: &mut dyn Beside,
    config: &Config,
    differs: &BTreeSet<Differs>,
    begun: Instant,
) -> Result<(Vec<Difference>, u64), Error> {
    let most = Duration::from_millis(config.hold_ms);
    let (mut shown, mut differing) = (Vec::new(), differs.len() as u64);
    for at in differs.iter().take(config.differences_shown) {
        if begun.elapsed() > most {
            shown.push(Difference {
                at: at.clone(),
                note: Some("there was no time to look closer".into()),
                differing: 0,
                rows: Vec::new(),
            });
            continue;
        }
        let difference = beside.explain(at, config.rows_shown).await?;
        if difference.differing == 0 && difference.note.is_none() {
            differing -= 1;
        } else {
            shown.push(difference);
        }
    }
    Ok((shown, differing))
}
