//! Live views beside the log, room by room.
//!
//! What must hold: a room is read together with its watermark, and the fold goes on to exactly there before the two are compared.
//! Watermarks only go forwards, unless a partition is filled anew: then the slice is begun again.

use super::compare::{Findings, Place, RecentLine, Said, compare_people, seq_name};
use super::fold::{Fold, Folded, Keep};
use super::report::{Report, Store};
use super::slices::Slice;
use super::walk::Walk;
use super::{Common, Error, Live};
use engine::domain::{Message, Offset, Partition, RECENT, RoomId, Seq, WindowEntry};
use engine::history::StoredRoom;
use engine::history::audit::{MessageLine, PersonLine, RoomLine};
use engine::live as views;
use engine::log::{Extent, Topic};
use std::collections::BTreeMap;

/// How often a slice is begun anew when its partition was filled anew meanwhile.
const TRIES: usize = 3;

/// Checks a partition.
pub(super) async fn check(
    common: &Common<'_>,
    live: &Live,
    extent: Extent,
    slices: &[Slice],
    report: &mut Report,
    findings: &mut Findings,
) -> Result<(), Error> {
    let partition = extent.partition;
    let epoch = common.parts.log.epoch();
    let next = live.writer.watermark(epoch, partition).await?;
    report.behind(Store::Live, "events", partition, next, extent.high);
    let Some(next) = next else { return Ok(()) };
    if !is_on_the_log(common, partition, next, findings).await? {
        return Ok(());
    }
    // Every seq of a room is in its state, so the parts by seq of a large room are one here.
    let slices: Vec<&Slice> = slices.iter().filter(|slice| slice.tells_rooms()).collect();
    let what = format!("live views of partition {partition}");
    common.progress.begins(&what, next.get() * slices.len() as u64);
    for slice in slices {
        let mut tries = 1;
        loop {
            let mut told = findings.beside();
            let mut part = Part {
                common,
                live,
                extent,
                findings: &mut told,
            };
            match part.check(slice).await {
                Err(Error::WentBack { .. }) if tries < TRIES => tries += 1,
                done => {
                    done?;
                    findings.add(told);
                    break;
                }
            }
        }
    }
    Ok(())
}

async fn is_on_the_log(
    common: &Common<'_>,
    partition: Partition,
    next: Offset,
    findings: &mut Findings,
) -> Result<bool, Error> {
    let extents = common.parts.log.extents(Topic::Events).await?;
    let end = extents.into_iter().find(|known| known.partition == partition);
    let end = end.map_or(Offset::ZERO, |extent| extent.high);
    if next > end {
        findings.tell(place(partition).table("watermark"), || Said {
            row: format!("partition {partition}"),
            column: "next_offset",
            expected: format!("at most {end}"),
            found: next.to_string(),
        });
    }
    Ok(next <= end)
}

const fn place(partition: Partition) -> Place {
    Place {
        store: Store::Live,
        partition,
        room: None,
        table: "rooms",
    }
}

/// One slice of a partition.
struct Part<'a> {
    common: &'a Common<'a>,
    live: &'a Live,
    extent: Extent,
    findings: &'a mut Findings,
}

impl Part<'_> {
    async fn check(&mut self, slice: &Slice) -> Result<(), Error> {
        let (common, partition) = (self.common, self.extent.partition);
        let mut fold = Fold::new(*slice, common, partition, Keep::Recent);
        let mut walk = Walk::begin(common, Topic::Events, partition, self.extent.low);
        let stands = self.watermark().await?;
        walk.to(stands, common, |record| fold.take(record, self.findings))
            .await?;
        let ids: Vec<RoomId> = fold.rooms.keys().copied().collect();
        for id in ids {
            let place = place(partition).of(id);
            let (stored, next) = match self.look(id).await {
                Ok(looked) => looked,
                Err(Error::Live(views::Error::Corrupt(why))) => {
                    self.unreadable(place, id, &why);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if next < walk.at() {
                return Err(self.went_back());
            }
            if !is_on_the_log(common, partition, next, self.findings).await? {
                return Ok(());
            }
            // A room that came to be between the two looks is none that is missing.
            let there_before = fold.rooms[&id].room.exists();
            walk.to(next, common, |record| fold.take(record, self.findings)).await?;
            match stored {
                Some(stored) => compare(self.findings, place, &fold.rooms[&id], stored),
                None if there_before => self.missing(place, id, &fold.rooms[&id]),
                None => {}
            }
        }
        Ok(())
    }

    /// A room as it is stored, and where it stands. One that is not found is asked for again: a partition that is being filled
    /// shows nothing, and then the watermark between the two says so.
    async fn look(&self, id: RoomId) -> Result<(Option<StoredRoom>, Offset), Error> {
        let partition = self.extent.partition;
        if let Some(stored) = self.live.reader.room(id, partition).await? {
            let next = stored.next;
            return Ok((Some(stored), next));
        }
        let next = self.watermark().await?;
        let stored = self.live.reader.room(id, partition).await?;
        let next = stored.as_ref().map_or(next, |stored| stored.next);
        Ok((stored, next))
    }

    async fn watermark(&self) -> Result<Offset, Error> {
        let epoch = self.common.parts.log.epoch();
        let stands = self.live.writer.watermark(epoch, self.extent.partition).await?;
        stands.ok_or_else(|| self.went_back())
    }

    fn went_back(&self) -> Error {
        Error::WentBack {
            store: Store::Live.name(),
            partition: self.extent.partition,
        }
    }

    fn unreadable(&mut self, place: Place, id: RoomId, why: &str) {
        self.findings.tell(place, || Said {
            row: room_name(id),
            column: "row",
            expected: "a room".into(),
            found: format!("can't be read: {why}"),
        });
    }

    fn missing(&mut self, place: Place, id: RoomId, folded: &Folded) {
        let expected = folded.room.header().map(RoomLine::of);
        self.findings.row(place, || room_name(id), expected.as_ref(), None);
    }
}

/// Holds a room as it is stored against the fold at the same offset.
fn compare(findings: &mut Findings, place: Place, folded: &Folded, stored: StoredRoom) {
    let id = folded.room.id();
    let expected = folded.room.header().map(RoomLine::of);
    findings.row(
        place,
        || room_name(id),
        expected.as_ref(),
        Some(&RoomLine::of(&stored.header)),
    );
    let expected: Vec<PersonLine> = folded
        .room
        .changes()
        .filter_map(|change| PersonLine::of(&change))
        .collect();
    let found: Vec<PersonLine> = stored.changes.iter().filter_map(PersonLine::of).collect();
    compare_people(findings, place, expected, found);
    let by_seq = |entry: WindowEntry| (entry.seq, entry);
    let expected: BTreeMap<Seq, WindowEntry> = folded.room.window().map(by_seq).collect();
    let found = stored.window.into_iter().map(by_seq);
    findings.rows(place.table("window"), |seq| seq_name(*seq), expected, found);
    let expected: BTreeMap<Seq, RecentLine> = folded.recent.latest(RECENT).map(recent_line).collect();
    let found: Vec<(Seq, RecentLine)> = stored.recent.iter().map(recent_line).collect();
    findings.rows(place.table("recent"), |seq| seq_name(*seq), expected, found);
}

fn recent_line(message: &Message) -> (Seq, RecentLine) {
    let reactions = message.reactions.iter();
    let line = RecentLine {
        message: MessageLine::of(message),
        reactions: reactions
            .map(|one| (one.emoji.as_str().to_owned(), one.users.clone()))
            .collect(),
    };
    (message.seq, line)
}

fn room_name(id: RoomId) -> String {
    format!("room {id}")
}
