//! History beside the log, slice by slice.
//!
//! What must hold: a slice is folded up to the very offset of the snapshot that it is compared with. The fold goes ahead to the
//! checkpoint first, and the snapshot is taken after that, so that it stands for as long as reading its rows takes and no longer.

mod markers;
mod rows;

use super::compare::{Findings, Place, Said};
use super::fold::{Fold, Keep};
use super::report::{Report, Store};
use super::slices::Slice;
use super::walk::Walk;
use super::{Common, Error};
use engine::domain::{Offset, Partition};
use engine::history::Reader;
use engine::log::{Extent, Topic};
use markers::Markers;
use rows::Beside;
use std::sync::Arc;

/// How often a slice is begun anew when its store went back meanwhile.
const TRIES: usize = 3;

/// Checks a partition, and the log itself where that is wanted.
pub(super) async fn check(
    common: &Common<'_>,
    extent: Extent,
    slices: &[Slice],
    report: &mut Report,
    findings: &mut Findings,
) -> Result<(), Error> {
    let records = extent.high.get() - extent.low.get();
    let what = format!("partition {}", extent.partition);
    common.progress.begins(&what, records * slices.len() as u64);
    let reader = match &common.parts.history {
        Some(reader) if stands_on_this_log(common, reader, extent, report, findings).await? => Some(reader),
        _ => None,
    };
    for slice in slices {
        let mut tries = 1;
        loop {
            match check_slice(common, extent, slice, reader, report, findings).await {
                Err(Error::WentBack { .. }) if tries < TRIES => tries += 1,
                done => break done?,
            }
        }
    }
    Ok(())
}

/// Whether the checkpoint is of this log's life and not beyond its end: only then the rows mean anything.
async fn stands_on_this_log(
    common: &Common<'_>,
    reader: &Arc<dyn Reader>,
    extent: Extent,
    report: &mut Report,
    findings: &mut Findings,
) -> Result<bool, Error> {
    let partition = extent.partition;
    let place = place(partition).table("checkpoints");
    let checkpoints = reader.checkpoints().await?;
    let checkpoint = checkpoints.into_iter().find(|known| known.partition == partition);
    let Some(checkpoint) = checkpoint else {
        report.behind(Store::History, "events", partition, Some(Offset::ZERO), extent.high);
        return Ok(true);
    };
    let epoch = common.parts.log.epoch();
    if checkpoint.epoch != epoch {
        findings.tell(place, || Said {
            row: format!("events, partition {partition}"),
            column: "epoch",
            expected: epoch.to_string(),
            found: checkpoint.epoch.to_string(),
        });
        return Ok(false);
    }
    report.behind(Store::History, "events", partition, Some(checkpoint.next), extent.high);
    Ok(true)
}

/// Whether the log has come as far as a checkpoint says.
async fn is_on_the_log(
    common: &Common<'_>,
    topic: Topic,
    partition: Partition,
    next: Offset,
    findings: &mut Findings,
) -> Result<bool, Error> {
    let extents = common.parts.log.extents(topic).await?;
    let end = extents.into_iter().find(|known| known.partition == partition);
    let end = end.map_or(Offset::ZERO, |extent| extent.high);
    if next <= end {
        return Ok(true);
    }
    findings.tell(place(partition).table("checkpoints"), || Said {
        row: format!("{}, partition {partition}", topic.suffix()),
        column: "next_offset",
        expected: format!("at most {end}"),
        found: next.to_string(),
    });
    Ok(false)
}

const fn place(partition: Partition) -> Place {
    Place {
        store: Store::History,
        partition,
        room: None,
        table: "rooms",
    }
}

/// Checks one slice at whatever offset history stands by then.
async fn check_slice(
    common: &Common<'_>,
    extent: Extent,
    slice: &Slice,
    reader: Option<&Arc<dyn Reader>>,
    report: &mut Report,
    findings: &mut Findings,
) -> Result<(), Error> {
    let partition = extent.partition;
    let keep = if reader.is_some() { Keep::Rows } else { Keep::Nothing };
    let mut fold = Fold::new(*slice, common, partition, keep);
    if common.parts.whole_log {
        fold = fold.looking_at_the_log();
    }
    // What a try that went back has told is told again by the next.
    let mut told = findings.beside();
    let mut walk = Walk::begin(common, Topic::Events, partition, extent.low);
    let mut reads = None;
    if let Some(reader) = reader {
        let mut stage = Stage {
            common,
            extent,
            slice,
            fold: &mut fold,
            walk: &mut walk,
            findings: &mut told,
        };
        reads = stage.compare(reader).await?;
    }
    if common.parts.whole_log {
        fold.keep_nothing();
        walk.to(extent.high, common, |record| fold.take(record, &mut told))
            .await?;
    }
    findings.add(told);
    if let Some((next, end)) = reads.filter(|_| slice.is_first()) {
        report.behind(Store::History, "reads", partition, Some(next), end);
    }
    if let Some(seen) = fold.into_log_report() {
        report.log.add(seen);
    }
    Ok(())
}

/// The fold of a slice on its way to a snapshot.
struct Stage<'a> {
    common: &'a Common<'a>,
    extent: Extent,
    slice: &'a Slice,
    fold: &'a mut Fold,
    walk: &'a mut Walk,
    findings: &'a mut Findings,
}

impl Stage<'_> {
    /// Compares; where the read markers stand and where their topic ends.
    async fn compare(&mut self, reader: &Arc<dyn Reader>) -> Result<Option<(Offset, Offset)>, Error> {
        let partition = self.extent.partition;
        let ahead = reader.audit(partition).await?;
        let (next, reads_next) = (ahead.next(), ahead.reads_next());
        drop(ahead);
        if !self.are_on_the_log(next, reads_next).await? {
            return Ok(None);
        }
        let mut markers = Markers::begin(self.common, *self.slice, partition).await?;
        self.fold_to(next).await?;
        markers.to(reads_next, self.common).await?;
        let audit = reader.audit(partition).await?;
        if !self.are_on_the_log(audit.next(), audit.reads_next()).await? {
            return Ok(None);
        }
        if audit.next() < next || audit.reads_next() < reads_next {
            return Err(Error::WentBack {
                store: Store::History.name(),
                partition,
            });
        }
        self.fold_to(audit.next()).await?;
        markers.to(audit.reads_next(), self.common).await?;
        let stands = (audit.reads_next(), markers.end());
        let mut beside = Beside {
            common: self.common,
            slice: *self.slice,
            place: place(partition),
            audit,
            findings: self.findings,
        };
        beside.compare(self.fold, &markers).await?;
        Ok(Some(stands))
    }

    async fn fold_to(&mut self, end: Offset) -> Result<(), Error> {
        let (fold, findings) = (&mut *self.fold, &mut *self.findings);
        self.walk
            .to(end, self.common, |record| fold.take(record, findings))
            .await
    }

    async fn are_on_the_log(&mut self, next: Offset, reads_next: Offset) -> Result<bool, Error> {
        let partition = self.extent.partition;
        let events = is_on_the_log(self.common, Topic::Events, partition, next, self.findings).await?;
        let reads = is_on_the_log(self.common, Topic::Reads, partition, reads_next, self.findings).await?;
        Ok(events && reads)
    }
}
