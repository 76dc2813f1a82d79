//! The walk to a point: from the nearest snapshot through the journal, and where that ends through the log.
//!
//! What must hold: at every step the room, its recent messages and `next` are of the same instant, so that whatever fails
//! underway, the log can take over from there.

use super::{Error, Folded, Past, Source, Sources, extent, metrics};
use crate::codec::{self, lock::Lock};
use crate::domain::{Event, Offset, Partition, Position, RULES, Recent, Room, RoomId, Seq, Verdict};
use crate::history::{self, JournalEntry, Kept, Upto};
use crate::log::{self, Record, Topic};

/// Where a walk ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    /// After the event of this seq.
    Seq(Seq),
    /// Before the record at this offset.
    Before(Offset),
}

impl Until {
    /// Whether an event that stands there is still before the end.
    fn takes(self, entry: &JournalEntry) -> bool {
        match self {
            Self::Seq(seq) => entry.seq <= seq,
            Self::Before(offset) => entry.offset < offset,
        }
    }

    const fn upto(self) -> Upto {
        match self {
            Self::Seq(seq) => Upto::Seq(seq),
            Self::Before(offset) => Upto::Before(offset),
        }
    }
}

/// Why the journal is left.
enum Left {
    /// It can't be had now; what was folded stands.
    Away(String),
    /// It can't be right; nothing of it is believed.
    Torn(String),
    /// The room is not folded any more, and the journal does not say since when.
    Unsupported,
}

impl From<history::Error> for Left {
    fn from(error: history::Error) -> Self {
        match error {
            history::Error::Corrupt(_) => Self::Torn(error.to_string()),
            _ => Self::Away(error.to_string()),
        }
    }
}

pub(super) struct Walk<'a> {
    sources: Sources<'a>,
    id: RoomId,
    partition: Partition,
    until: Until,
    room: Room,
    recent: Recent,
    last: Option<Position>,
    /// Everything before it is folded.
    next: Offset,
    from: Seq,
    source: Source,
    events: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(sources: Sources<'a>, id: RoomId, partition: Partition, until: Until) -> Self {
        Self {
            sources,
            id,
            partition,
            until,
            room: Room::new(id),
            recent: Recent::default(),
            last: None,
            next: Offset::ZERO,
            from: Seq::ZERO,
            source: Source::Journal,
            events: 0,
        }
    }

    pub(super) async fn run(mut self) -> Result<Past, Error> {
        match self.through_history().await {
            Ok(()) => {}
            Err(Left::Unsupported) => return Err(Error::UnsupportedRules),
            Err(Left::Away(why)) => tracing::debug!(room = %self.id, why, "a room's past is read from the log"),
            Err(Left::Torn(why)) => {
                tracing::warn!(room = %self.id, why, "history is not what the log says: a room's past is read from the log");
                metrics::torn();
                self = Self::new(self.sources, self.id, self.partition, self.until);
            }
        }
        if !self.is_there() {
            self.through_log().await?;
        }
        if self.room.unsupported() {
            return Err(Error::UnsupportedRules);
        }
        Ok(self.done())
    }

    fn is_there(&self) -> bool {
        match self.until {
            Until::Seq(seq) => self.room.head() >= seq,
            Until::Before(offset) => self.next >= offset,
        }
    }

    fn done(self) -> Past {
        let next = match self.until {
            Until::Seq(_) => self.last.map_or(Offset::ZERO, |last| last.offset.next()),
            Until::Before(offset) => offset,
        };
        Past {
            room: self.room,
            recent: self.recent,
            last: self.last,
            partition: self.partition,
            next,
            folded: Folded {
                from: self.from,
                source: self.source,
                events: self.events,
            },
        }
    }

    /// Folds what history has, up to the point or to its own checkpoint.
    async fn through_history(&mut self) -> Result<(), Left> {
        let Some(history) = self.sources.history else {
            return Err(Left::Away("there is no history".into()));
        };
        let nearest = history.kept(self.id, self.partition, self.until.upto()).await?;
        metrics::unreadable(nearest.unreadable);
        let epoch = self.sources.log.epoch();
        if let Some(other) = nearest.epoch.filter(|other| *other != epoch) {
            return Err(Left::Away(format!("history is of another log, {other}")));
        }
        if nearest.rules.is_some_and(|rules| rules > RULES) {
            return Err(Left::Unsupported);
        }
        if let Some(kept) = nearest.kept {
            self.begin_from(kept);
        }
        let page = self.sources.config.journal_page.max(1);
        while !self.is_there() {
            let head = self.room.head();
            let (entries, checkpoint) = history.journal(self.id, self.partition, head, page).await?;
            let ends = entries.len() < page;
            let ours = entries.iter().take_while(|entry| self.until.takes(entry)).count();
            for entry in &entries[..ours] {
                self.take_entry(entry)?;
            }
            if ours < entries.len() {
                // The next event of the room stands behind the point.
                if let Until::Before(offset) = self.until {
                    self.next = offset;
                }
                return Ok(());
            }
            if ends {
                self.next = self.next.max(checkpoint);
                return Ok(());
            }
        }
        Ok(())
    }

    fn begin_from(&mut self, kept: Kept) {
        self.from = kept.room.head();
        self.last = Some(Position {
            partition: self.partition,
            offset: kept.offset,
            appended_at: kept.appended_at,
        });
        self.next = kept.offset.next();
        self.room = kept.room;
        self.recent = kept.recent;
    }

    /// Folds an event that history says was accepted: the fold must say so too.
    fn take_entry(&mut self, entry: &JournalEntry) -> Result<(), Left> {
        let torn = |what: &str| Left::Torn(format!("event {} of the journal {what}", entry.seq));
        let known = Lock::embedded().find(entry.fingerprint);
        let event = codec::decode_datum(entry.fingerprint, &entry.datum);
        let (known, event) = known.zip(event).ok_or_else(|| torn("can't be read"))?;
        let position = Position {
            partition: self.partition,
            offset: entry.offset,
            appended_at: entry.appended_at,
        };
        let (seq, digest) = (entry.seq, entry.digest);
        if self.fold(&event, known.rules, &entry.datum, position) == (Verdict::Accepted { seq, digest }) {
            Ok(())
        } else {
            Err(torn("is not what the fold makes of it"))
        }
    }

    fn fold(&mut self, event: &Event, rules: u32, datum: &[u8], at: Position) -> Verdict {
        let verdict = self.room.fold(event, rules, datum, at).verdict;
        self.next = at.offset.next();
        if let Verdict::Accepted { seq, .. } = verdict {
            self.recent.apply(event, seq, self.room.messages(), at.appended_at);
            self.last = Some(at);
            self.events += 1;
        }
        verdict
    }

    /// Folds what the log has from here on, up to the point.
    async fn through_log(&mut self) -> Result<(), Error> {
        self.source = if self.next == Offset::ZERO {
            Source::Log
        } else {
            Source::Both
        };
        let log = self.sources.log;
        let extent = extent(log, self.partition).await?;
        let end = match self.until {
            Until::Seq(_) => extent.high,
            Until::Before(offset) => offset,
        };
        if self.next < extent.low {
            let (partition, offset) = (self.partition, self.next);
            let (low, high) = (extent.low, extent.high);
            return Err(log::Error::OutOfRange {
                partition,
                offset,
                low,
                high,
            }
            .into());
        }
        let most = self.sources.config.log_records;
        let records = end.get().saturating_sub(self.next.get());
        let too_far = Error::TooFar { records, most };
        if records > most && matches!(self.until, Until::Before(_)) {
            return Err(too_far);
        }
        self.read_on(Offset::new(end.get().min(self.next.get().saturating_add(most))))
            .await?;
        match self.until {
            Until::Seq(_) if self.room.unsupported() => Err(Error::UnsupportedRules),
            Until::Seq(_) if !self.is_there() && records > most => Err(too_far),
            Until::Seq(seq) if !self.is_there() => {
                let head = self.room.head();
                Err(Error::BeyondHead { seq, head })
            }
            _ => Ok(()),
        }
    }

    async fn read_on(&mut self, to: Offset) -> Result<(), Error> {
        let mut reader = self.sources.log.reader(Topic::Events, self.partition, self.next);
        let keys = log::only(self.id);
        let limits = self.sources.config.limits();
        while self.next < to && !self.is_there() {
            let range = reader.next_of(Some(keys.clone()), to, limits).await?;
            if range.next <= self.next {
                let why = format!("partition {} gives nothing at {}", self.partition, self.next);
                return Err(log::Error::Unavailable(why).into());
            }
            for record in &range.records {
                self.take_record(record);
                if self.is_there() {
                    return Ok(());
                }
            }
            self.next = range.next;
        }
        Ok(())
    }

    /// Folds a record of the room; what is no event is without effect.
    fn take_record(&mut self, record: &Record) {
        let Ok(decoded) = codec::decode(record.borrowed(), self.sources.log.partitions()) else {
            return;
        };
        self.fold(&decoded.event, decoded.rules, decoded.datum, record.position);
    }
}
