//! The tables of history, one after the other, in pages.

use super::markers::Markers;
use crate::verify::compare::{Findings, Line, Place, compare_people, person_name, seq_name};
use crate::verify::fold::{Fold, Folded};
use crate::verify::slices::Slice;
use crate::verify::{Common, Error};
use engine::domain::{RoomId, Seq, UserId};
use engine::history::ReadMark;
use engine::history::audit::{
    Audit, JournalLine, MentionLine, MessageLine, PersonLine, ReactionKey, ReactionLine, RoomLine,
};
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use uuid::Uuid;

/// A slice as folded, and the snapshot that it is compared with.
pub(super) struct Beside<'a> {
    pub(super) common: &'a Common<'a>,
    pub(super) slice: Slice,
    pub(super) place: Place,
    pub(super) audit: Box<dyn Audit>,
    pub(super) findings: &'a mut Findings,
}

impl Beside<'_> {
    pub(super) async fn compare(&mut self, fold: &mut Fold, markers: &Markers) -> Result<(), Error> {
        let mut ids: BTreeSet<RoomId> = fold.rooms.keys().copied().collect();
        if self.slice.tells_rooms() {
            ids.extend(self.rooms(fold).await?);
            ids.extend(markers.rooms());
        }
        let mut mentions = BTreeSet::new();
        for id in &ids {
            let folded = fold.rooms.get_mut(id);
            let head = folded.as_ref().map(|folded| folded.room.head());
            let lines = folded.map(Folded::take_lines).unwrap_or_default();
            mentions.extend(lines.mentions);
            let place = self.place.of(*id);
            self.journal(place, *id, lines.journal).await?;
            self.messages(place, *id, lines.messages).await?;
            self.reactions(place, *id, lines.reactions).await?;
            if self.slice.tells_rooms() {
                self.reads(place, *id, markers, head).await?;
            }
        }
        let ids: Vec<RoomId> = ids.into_iter().collect();
        self.mentions(&ids, mentions).await
    }

    fn page(&self) -> usize {
        self.common.config.verify_page_rows.max(1)
    }

    /// The rows of rooms, and the lists of their people; answers which rooms the store has.
    async fn rooms(&mut self, fold: &Fold) -> Result<BTreeSet<RoomId>, Error> {
        let mut stored = BTreeSet::new();
        if let Some(id) = self.common.room {
            if let Some((line, people)) = self.audit.room(id).await? {
                self.room(id, fold.rooms.get(&id), &line, people);
                stored.insert(id);
            }
        } else {
            let mut after = self.slice.after;
            loop {
                let page = self.audit.rooms(after, self.common.config.refill_rooms.max(1)).await?;
                let Some((last, _, _)) = page.last() else { break };
                after = Some(*last);
                let ours = page.into_iter().take_while(|(id, _, _)| self.slice.holds(*id));
                let ours: Vec<_> = ours.collect();
                let over = ours.last().map(|(id, _, _)| *id) != after;
                for (id, line, people) in ours {
                    self.room(id, fold.rooms.get(&id), &line, people);
                    stored.insert(id);
                }
                if over {
                    break;
                }
            }
        }
        for (id, folded) in &fold.rooms {
            if let Some(header) = folded.room.header().filter(|_| !stored.contains(id)) {
                let expected = RoomLine::of(header);
                self.findings
                    .row(self.place.of(*id), || room_name(*id), Some(&expected), None);
            }
        }
        Ok(stored)
    }

    fn room(&mut self, id: RoomId, folded: Option<&Folded>, line: &RoomLine, people: Vec<PersonLine>) {
        let place = self.place.of(id);
        let expected = folded.and_then(|folded| folded.room.header()).map(RoomLine::of);
        self.findings
            .row(place, || room_name(id), expected.as_ref(), Some(line));
        let expected = folded.into_iter().flat_map(|folded| folded.room.changes());
        let expected: Vec<PersonLine> = expected.filter_map(|change| PersonLine::of(&change)).collect();
        compare_people(self.findings, place, expected, people);
    }

    async fn journal(&mut self, place: Place, id: RoomId, expected: Vec<JournalLine>) -> Result<(), Error> {
        let place = place.table("journal");
        let mut merge = Merge::of(expected.into_iter().map(|line| (line.seq, line)));
        let mut after = self.slice.seq_after;
        loop {
            let page = self.audit.journal(id, after, self.page()).await?;
            let Some(last) = page.last().map(|line| line.seq) else {
                break;
            };
            after = last;
            let ours = page.into_iter().filter(|line| self.slice.holds_seq(line.seq));
            merge.take(ours.map(|line| (line.seq, line)), place, self.findings);
            if last > self.slice.seq_through {
                break;
            }
        }
        merge.finish(place, self.findings);
        Ok(())
    }

    async fn messages(&mut self, place: Place, id: RoomId, expected: Vec<MessageLine>) -> Result<(), Error> {
        let place = place.table("messages");
        let mut merge = Merge::of(expected.into_iter().map(|line| (line.seq, line)));
        let mut after = self.slice.seq_after;
        loop {
            let page = self.audit.messages(id, after, self.page()).await?;
            let Some(last) = page.last().map(|line| line.seq) else {
                break;
            };
            after = last;
            let ours = page.into_iter().filter(|line| self.slice.holds_seq(line.seq));
            merge.take(ours.map(|line| (line.seq, line)), place, self.findings);
            if last > self.slice.seq_through {
                break;
            }
        }
        merge.finish(place, self.findings);
        Ok(())
    }

    async fn reactions(
        &mut self,
        place: Place,
        id: RoomId,
        mut expected: BTreeMap<ReactionKey, ReactionLine>,
    ) -> Result<(), Error> {
        let place = place.table("reactions");
        // Before the first key of the first seq: no sound emoji is empty.
        let mut after = ReactionKey {
            seq: self.slice.seq_after.next(),
            emoji: String::new(),
            user_id: UserId::new(Uuid::nil()),
        };
        loop {
            let page = self.audit.reactions(id, &after, self.page()).await?;
            let Some(last) = page.last().map(|line| line.key.clone()) else {
                break;
            };
            let over = last.seq > self.slice.seq_through;
            after = last;
            for line in page.into_iter().filter(|line| self.slice.holds_seq(line.key.seq)) {
                let wanted = expected.remove(&line.key);
                self.findings
                    .row(place, || reaction_name(&line.key), wanted.as_ref(), Some(&line));
            }
            if over {
                break;
            }
        }
        self.findings.rows(place, reaction_name, expected, []);
        Ok(())
    }

    /// One question for all rooms of the slice, for the table is read from end to end.
    async fn mentions(&mut self, rooms: &[RoomId], expected: BTreeSet<MentionLine>) -> Result<(), Error> {
        let most = expected.len() + self.page();
        let (after, through) = (self.slice.seq_after, self.slice.seq_through);
        let found = self.audit.mentions(rooms, after, through, most).await?;
        let mut expected = expected;
        let place = self.place.table("mentions");
        for line in found {
            let wanted = expected.take(&line);
            self.findings.row(
                place.of(line.room_id),
                || mention_name(&line),
                wanted.as_ref(),
                Some(&line),
            );
        }
        for line in expected {
            self.findings
                .row(place.of(line.room_id), || mention_name(&line), Some(&line), None);
        }
        Ok(())
    }

    async fn reads(&mut self, place: Place, id: RoomId, markers: &Markers, head: Option<Seq>) -> Result<(), Error> {
        let place = place.table("reads");
        let mut expected = markers.of(id);
        let mut after = None;
        loop {
            let page = self.audit.reads(id, after, self.page()).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.user_id);
            for mark in page {
                let least = expected.remove(&mark.user_id);
                let wanted = least.map(|seq| ReadMark {
                    seq: wanted_marker(seq, mark.seq, markers, head),
                    ..mark
                });
                self.findings
                    .row(place, || person_name(mark.user_id), wanted.as_ref(), Some(&mark));
            }
        }
        for (user_id, seq) in expected {
            let wanted = ReadMark {
                room_id: id,
                user_id,
                seq,
            };
            self.findings.row(place, || person_name(user_id), Some(&wanted), None);
        }
        Ok(())
    }
}

/// Where a marker should stand: where the topic says, or, if that is not whole, anywhere from there to the room's end.
fn wanted_marker(topic: Seq, found: Seq, markers: &Markers, head: Option<Seq>) -> Seq {
    let may_be_further = !markers.are_whole() && found > topic && head.is_none_or(|head| found <= head);
    if may_be_further { found } else { topic }
}

/// Rows in order of seq beside those that should be there.
struct Merge<L, I: Iterator<Item = (Seq, L)>> {
    expected: Peekable<I>,
}

impl<L: Line, I: Iterator<Item = (Seq, L)>> Merge<L, I> {
    fn of(expected: I) -> Self {
        Self {
            expected: expected.peekable(),
        }
    }

    fn take(&mut self, page: impl Iterator<Item = (Seq, L)>, place: Place, findings: &mut Findings) {
        for (seq, line) in page {
            while let Some((missing, wanted)) = self.expected.next_if(|(wanted, _)| *wanted < seq) {
                findings.row(place, || seq_name(missing), Some(&wanted), None);
            }
            let wanted = self
                .expected
                .next_if(|(wanted, _)| *wanted == seq)
                .map(|(_, wanted)| wanted);
            findings.row(place, || seq_name(seq), wanted.as_ref(), Some(&line));
        }
    }

    fn finish(self, place: Place, findings: &mut Findings) {
        for (missing, wanted) in self.expected {
            findings.row(place, || seq_name(missing), Some(&wanted), None);
        }
    }
}

fn room_name(id: RoomId) -> String {
    format!("room {id}")
}

fn reaction_name(key: &ReactionKey) -> String {
    format!("seq {}, {} of {}", key.seq, key.emoji, key.user_id)
}

fn mention_name(line: &MentionLine) -> String {
    format!("seq {}, user {}", line.seq, line.user_id)
}
