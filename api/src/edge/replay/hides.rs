//! Which messages were deleted since: a replay shows their texts to their authors and to those who may delete them, and to
//! nobody else.
//!
//! What must hold: where it can't be known, nothing is shown. History says it, a few messages at a time, and the tail's ring
//! what came after it; with history away or far behind the log itself is read once to its end, for it says it too.

use super::super::core::Core;
use super::super::hub::Hold;
use super::super::queries;
use super::super::ring::Look;
use super::encode::{Hidden, Replayed};
use super::shelf;
use crate::error::Error;
use engine::codec;
use engine::domain::{Body, Offset, Room, Seq, UserId, Verdict};
use engine::log::{self, RecordRef, Topic};
use engine::replay::Walk;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// What one replay knows of deletions.
#[derive(Debug, Default)]
pub(super) struct Hides {
    /// All of them, as the log said when history could not.
    scanned: Option<Arc<FxHashSet<Seq>>>,
}

/// What of some records is not shown.
#[derive(Clone, Debug)]
pub(super) struct Hiding {
    viewer: UserId,
    /// `None`: the viewer may see everything.
    deleted: Option<Arc<FxHashSet<Seq>>>,
}

impl Hiding {
    /// As whoever shows them sees it.
    pub(super) fn as_hidden(&self) -> Hidden<'_> {
        match &self.deleted {
            None => Hidden::Nothing,
            Some(deleted) => Hidden::Deleted {
                deleted,
                viewer: self.viewer,
            },
        }
    }
}

impl Hides {
    /// What of these records the person is not shown.
    ///
    /// # Errors
    /// `unavailable` when neither history nor the log can say it.
    pub(super) async fn look_up(
        &mut self,
        core: &Core,
        hold: &Hold,
        viewer: UserId,
        records: &[Replayed],
    ) -> Result<Hiding, Error> {
        if queries::sees_deleted(core, hold, viewer) {
            return Ok(Hiding { viewer, deleted: None });
        }
        let mut seqs: Vec<Seq> = records.iter().filter_map(Replayed::message).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let deleted = match &self.scanned {
            Some(scanned) => scanned.clone(),
            None if seqs.is_empty() => Arc::default(),
            None => match asked(core, hold, &seqs).await {
                Some(deleted) => Arc::new(deleted),
                None => {
                    let scanned = Arc::new(scan(core, hold).await?);
                    self.scanned = Some(scanned.clone());
                    scanned
                }
            },
        };
        Ok(Hiding {
            viewer,
            deleted: Some(deleted),
        })
    }
}

/// What history and the ring say; `None` when they don't reach from one to the other.
async fn asked(core: &Core, hold: &Hold, seqs: &[Seq]) -> Option<FxHashSet<Seq>> {
    let asked = core.parts.history.deleted(hold.id, hold.partition, seqs);
    let (deleted, next) = match tokio::time::timeout(core.lookup_timeout(), asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a replay asks the log what was deleted");
            return None;
        }
        Err(_) => return None,
    };
    let mut deleted: FxHashSet<Seq> = deleted.into_iter().collect();
    match core.ring(hold.partition).look(&hold.key, next) {
        Look::Behind { .. } => None,
        Look::Records { records, .. } => {
            let partitions = core.parts.log.partitions();
            // Whether it counts is not asked: at worst a text is withheld that could have been shown.
            deleted.extend(
                records
                    .iter()
                    .filter_map(|record| target(record.borrowed(), partitions)),
            );
            Some(deleted)
        }
    }
}

fn target(record: RecordRef<'_>, partitions: u16) -> Option<Seq> {
    match codec::decode(record, partitions).ok()?.event.body {
        Body::MessageDeleted { target } => Some(target.seq),
        _ => None,
    }
}

/// All that was deleted up to the log's end as it is now, by the room's own fold.
async fn scan(core: &Core, hold: &Hold) -> Result<FxHashSet<Seq>, Error> {
    let end = core.ring(hold.partition).next();
    let mut walk = Walk::new(Room::new(hold.id), Offset::ZERO, core.parts.log.partitions());
    let mut reader = core.parts.log.reader(Topic::Events, hold.partition, Offset::ZERO);
    let mut deleted = FxHashSet::default();
    let keys = log::only(hold.id);
    while reader.next_offset() < end {
        let budget = core.replays.budget(core);
        let range = reader.next_of(Some(keys.clone()), end, budget.chunk).await;
        let range = range.map_err(|error| shelf::unread(&error))?;
        budget.afford(range.bytes).await;
        let work = core.replays.work(move || {
            for record in &range.records {
                let said = walk.judge(record.borrowed()).and_then(|judged| judged.said.ok());
                let Some(said) = said else { continue };
                if let (Body::MessageDeleted { target }, Verdict::Accepted { .. }) =
                    (&said.decoded.event.body, said.verdict)
                {
                    deleted.insert(target.seq);
                }
            }
            (walk, deleted)
        });
        (walk, deleted) = work.await?;
    }
    Ok(deleted)
}
