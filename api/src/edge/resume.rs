//! Catching up: a subscription that is behind reads on by seq, from what its room keeps or from the journal, as fast as
//! its socket takes it, until it stands at the head and goes live under the room's lock.
//!
//! What must hold: nothing is queued beyond the low water, so a resume can't make its own client lag; the step from
//! behind to live is one step.

use super::core::Core;
use super::held::Open;
use super::hub::Hold;
use super::journal::Chunks;
use super::listener::Listener;
use super::push;
use super::view::{NotRecovered, Recovery, Resume};
use bytes::Bytes;
use engine::domain::Seq;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often the journal is asked whether it has come as far as a resume needs it.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Of a session's outbox, the part that catching up fills at most.
const LOW_WATER: usize = 8;

/// A subscription that is behind.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) hold: Hold,
    pub(super) ticket: u64,
    /// The last event that is queued or was seen.
    pub(super) seq: Seq,
    /// Whether `caught_up` is to be said.
    pub(super) resumed: bool,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is live, or over.
    Done,
    /// As much as may wait is queued.
    Enough,
    /// What comes next must be read from the journal.
    Journal,
}

/// What becomes of a resume, as far as the room itself can say; `Err`: the journal must reach up to this seq.
pub(super) fn judge(core: &Core, open: &Open, resume: Option<Resume>) -> Result<Recovery, Seq> {
    let head = open.room.head();
    Ok(match resume {
        None => Recovery::NotAsked,
        Some(resume) if resume.epoch != core.epoch() => Recovery::Refused(NotRecovered::Epoch),
        Some(resume) if resume.seq > head => Recovery::Refused(NotRecovered::Ahead),
        Some(resume) if head.get() - resume.seq.get() > core.config.resume_events => {
            Recovery::Refused(NotRecovered::TooFar)
        }
        Some(resume) => {
            open.covers(resume.seq)?;
            Recovery::Recovered
        }
    })
}

/// Whether a resume can be served from the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    /// It holds what is asked for.
    Reaches,
    /// It answers, and does not hold it yet.
    Behind,
    /// It does not answer.
    Away,
}

/// Waits, until `deadline`, for the journal to hold the room's events up to `seq`: its projector may be a little behind, or
/// be starting again.
pub(super) async fn await_journal(core: &Core, hold: &Hold, seq: Seq, deadline: Instant) -> Journal {
    let after = Seq::new(seq.get().saturating_sub(1));
    let ask = || async {
        let read = core.parts.history.journal(hold.id, hold.partition, after, 1);
        match tokio::time::timeout(core.lookup_timeout(), read).await {
            Ok(Ok((entries, _))) if entries.first().is_some_and(|entry| entry.seq == seq) => Journal::Reaches,
            Ok(Ok(_)) => Journal::Behind,
            Ok(Err(error)) => {
                tracing::debug!(room = %hold.id, %error, "the journal can't be asked how far it is");
                Journal::Away
            }
            Err(_) => {
                tracing::debug!(room = %hold.id, "the journal does not answer in time how far it is");
                Journal::Away
            }
        }
    };
    asked_until(deadline, ask, || core.pause(ASK_AGAIN)).await
}

/// Asks until the journal reaches, the `deadline`, or a pause that is the last. It is asked once at least, however late it
/// is; whoever has answered once is not away.
async fn asked_until<A, P>(deadline: Instant, ask: impl Fn() -> A, pause: impl Fn() -> P) -> Journal
where
    A: Future<Output = Journal>,
    P: Future<Output = bool>,
{
    let mut found = Journal::Away;
    loop {
        match ask().await {
            Journal::Reaches => return Journal::Reaches,
            Journal::Behind => found = Journal::Behind,
            Journal::Away => {}
        }
        if Instant::now() >= deadline || !pause().await {
            return found;
        }
    }
}

/// Lets a subscription's events come. Most are at the head already, or close to it; others are driven by a task that
/// ends with them.
pub(super) fn go(core: &Arc<Core>, listener: &Arc<Listener>, mut cursor: Cursor) {
    if step(core, listener, &mut cursor) == Step::Done {
        return;
    }
    if listener.catch_up(cursor) {
        core.tasks.spawn(drive(core.clone(), listener.clone()));
    }
}

/// Serves the session's subscriptions that are behind, each in turn.
async fn drive(core: Arc<Core>, listener: Arc<Listener>) {
    let low = core.config.outbox_bytes / LOW_WATER / 2;
    while let Some(mut cursor) = listener.next_cursor() {
        let lives = tokio::select! {
            low = listener.outbox.low(low) => low.is_ok(),
            () = core.stopping.cancelled() => false,
        };
        if !lives {
            continue;
        }
        match step(&core, &listener, &mut cursor) {
            Step::Done => {}
            Step::Enough => listener.put_back(cursor),
            Step::Journal => {
                if from_journal(&core, &listener, &mut cursor).await {
                    listener.put_back(cursor);
                }
            }
        }
        // What was queued may be written before the next room has its turn.
        tokio::task::yield_now().await;
    }
}

/// Queues what the room itself keeps.
fn step(core: &Core, listener: &Arc<Listener>, cursor: &mut Cursor) -> Step {
    let mut guard = cursor.hold.open();
    let open = &mut *guard;
    if !open.waits(listener.id, cursor.ticket) {
        return Step::Done;
    }
    let Some(missing) = open.pushes.after(cursor.seq) else {
        return Step::Journal;
    };
    let frames = missing.map(|push| &push.frame);
    if !queue(core, listener, &mut cursor.seq, frames) {
        return Step::Enough;
    }
    if cursor.resumed {
        listener.outbox.control(push::caught_up(cursor.hold.id, cursor.seq));
    }
    open.go_live(listener.id);
    Step::Done
}

/// Queues what the journal has; false when the subscription is over or must be paused.
async fn from_journal(core: &Core, listener: &Arc<Listener>, cursor: &mut Cursor) -> bool {
    let chunk = Chunks::after(core, cursor.hold.id, cursor.hold.partition, cursor.seq).await;
    let mut open = cursor.hold.open();
    if !open.waits(listener.id, cursor.ticket) {
        return false;
    }
    // History may be ahead of this edge's own fold: what lies beyond its head will still be pushed live.
    let due = usize::try_from(open.room.head().get().saturating_sub(cursor.seq.get())).unwrap_or(usize::MAX);
    let frames = chunk.as_ref().map_or(&[][..], |chunk| chunk.after(cursor.seq));
    let frames = &frames[..frames.len().min(due)];
    if frames.is_empty() {
        // What was there when the resume began is not to be had any more: the client asks again.
        open.pause(cursor.hold.id, cursor.seq, listener);
        return false;
    }
    queue(core, listener, &mut cursor.seq, frames);
    true
}

/// Queues events until as much as may wait is there; true when all of them are queued.
fn queue<'a>(core: &Core, listener: &Listener, seq: &mut Seq, frames: impl IntoIterator<Item = &'a Bytes>) -> bool {
    let most = core.config.outbox_bytes / LOW_WATER;
    let (_, mut waiting) = listener.outbox.waiting();
    for frame in frames {
        if waiting > most || listener.outbox.event(frame.clone()).is_err() {
            return false;
        }
        waiting += frame.len();
        *seq = seq.next();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// What is found of a journal that answers so, one answer a question, and how many were not asked for; there is time
    /// for one question more than there are pauses.
    async fn found(answers: &[Journal], pauses: usize) -> (Journal, usize) {
        let (asked, paused) = (Cell::new(0), Cell::new(0));
        let ask = || {
            asked.set(asked.get() + 1);
            std::future::ready(answers[asked.get() - 1])
        };
        let pause = || {
            paused.set(paused.get() + 1);
            std::future::ready(paused.get() <= pauses)
        };
        let found = asked_until(Instant::now() + Duration::from_secs(3_600), ask, pause).await;
        (found, answers.len() - asked.get())
    }

    #[tokio::test]
    async fn it_is_asked_once_however_late_it_is() {
        for answer in [Journal::Reaches, Journal::Behind, Journal::Away] {
            let (ask, pause) = (|| std::future::ready(answer), || std::future::ready(true));
            assert_eq!(asked_until(Instant::now(), ask, pause).await, answer);
        }
    }

    #[tokio::test]
    async fn who_has_answered_once_is_not_away() {
        use Journal::{Away, Behind};
        assert_eq!(found(&[Away, Behind, Away], 2).await, (Behind, 0));
        assert_eq!(found(&[Away, Away, Away], 2).await, (Away, 0));
    }

    #[tokio::test]
    async fn it_is_asked_no_more_once_it_reaches() {
        use Journal::{Away, Behind, Reaches};
        assert_eq!(found(&[Behind, Away, Reaches, Away], 9).await, (Reaches, 1));
    }
}
