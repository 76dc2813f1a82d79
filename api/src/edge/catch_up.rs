//! A "no" that is no older than its question: what makes somebody welcome may have been written a moment ago, through
//! another edge, and be on its way here.
//!
//! What must hold: that a room is not there, or somebody not in it, is said only by a state as new as the log was when
//! that was asked, where the log answers in time. However many ask, the log is asked by one at a time, and what it answers
//! is for all who came before it was asked.

use super::core::Core;
use super::metrics;
use engine::domain::{Offset, Partition, Reason};
use engine::log::Topic;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How often it is looked whether the tail has come so far: it is some milliseconds behind, as a rule.
const LOOK: Duration = Duration::from_millis(2);

/// How far the log went when it was asked last.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<Option<Asked>>);

#[derive(Debug)]
struct Asked {
    at: Instant,
    /// By partition; `None`: it did not say.
    ends: Option<Box<[Offset]>>,
}

impl Ends {
    /// Where a partition ended at this call or after it, by `ask`; `None` where the log does not say.
    async fn of(
        &self,
        partition: Partition,
        ask: impl AsyncFnOnce() -> Option<Box<[Offset]>> + Send,
    ) -> Option<Offset> {
        let came = Instant::now();
        let mut last = self.0.lock().await;
        if last.as_ref().is_none_or(|asked| asked.at <= came) {
            let at = Instant::now();
            let ends = ask().await;
            *last = Some(Asked { at, ends });
        }
        let ends = last.as_ref()?.ends.as_ref()?;
        ends.get(usize::from(partition.get())).copied()
    }
}

/// What `judge` says; where that is that something or somebody is not there, what it says once this edge has caught up with
/// the log.
pub(super) async fn surely<T>(
    core: &Core,
    partition: Partition,
    judge: impl Fn() -> Result<T, Reason>,
) -> Result<T, Reason> {
    match judge() {
        Err(reason) if may_be_late(reason) => {
            catch_up(core, partition).await;
            judge()
        }
        judged => judged,
    }
}

/// Whether it says that something or somebody is not there, which may just not have come yet.
pub(super) const fn may_be_late(reason: Reason) -> bool {
    matches!(reason, Reason::NotFound | Reason::NotAMember)
}

/// Waits until all is folded that the log held of a partition when this was called, as long as a read waits for `min_seq`.
pub(super) async fn catch_up(core: &Core, partition: Partition) {
    let patience = Duration::from_millis(core.config.min_seq_timeout_ms);
    let ring = core.ring(partition);
    let caught_up = async {
        let end = core.ends.of(partition, async || ends(core).await).await?;
        let is_behind = ring.folded() < end;
        while ring.folded() < end {
            tokio::time::sleep(LOOK).await;
        }
        Some(is_behind)
    };
    // Without it, what is known here is said, as ever.
    let caught_up = timeout(patience, caught_up).await.ok().flatten();
    metrics::caught_up(caught_up);
}

async fn ends(core: &Core) -> Option<Box<[Offset]>> {
    match core.parts.log.extents(Topic::Events).await {
        Ok(extents) => {
            let mut ends = vec![Offset::default(); usize::from(core.parts.log.partitions())];
            for extent in extents {
                if let Some(end) = ends.get_mut(usize::from(extent.partition.get())) {
                    *end = extent.high;
                }
            }
            Some(ends.into())
        }
        Err(error) => {
            tracing::debug!(%error, "the log does not say where it ends");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ends;
    use engine::domain::{Offset, Partition};
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::sync::Notify;

    const PARTITION: Partition = Partition::new(1);

    fn ends(end: u64) -> Option<Box<[Offset]>> {
        Some([Offset::new(0), Offset::new(end)].into())
    }

    #[tokio::test]
    async fn an_answer_is_for_those_who_came_before_it_was_asked() {
        let (known, asked, go_on) = (Ends::default(), AtomicU64::new(0), Notify::new());
        let ask = async || {
            let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
            go_on.notified().await;
            ends(number)
        };
        let of = || known.of(PARTITION, ask);
        let (first, others) = (of(), async { tokio::join!(of(), of(), of()) });
        let answers = async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
                go_on.notify_one();
            }
        };
        let (first, others, ()) = tokio::join!(first, others, answers);
        assert_eq!(first, Some(Offset::new(1)));
        // They came while the first was being answered: its answer may be older than they are.
        let second = Some(Offset::new(2));
        assert_eq!(others, (second, second, second));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn who_comes_later_asks_anew_also_after_an_answer_that_did_not_come() {
        let known = Ends::default();
        assert_eq!(known.of(PARTITION, async || None).await, None);
        assert_eq!(known.of(PARTITION, async || ends(7)).await, Some(Offset::new(7)));
        assert_eq!(known.of(PARTITION, async || ends(8)).await, Some(Offset::new(8)));
        assert_eq!(
            known.of(Partition::new(9), async || ends(9)).await,
            None,
            "no such partition"
        );
    }
}
