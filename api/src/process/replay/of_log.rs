//! A replay straight from the log: the records of the room's partition, judged from the room as it stood there.

use super::{LOOK_AGAIN, Lines};
use crate::cli::past::Replay;
use crate::config::Config;
use crate::edge::clock::{Clock as _, SystemClock};
use crate::edge::replay::encode::{Replayed, View};
use crate::process::bar::Bar;
use crate::process::{Error, direct};
use engine::domain::{Offset, Seq, Timestamp};
use engine::log::{Extent, Keys, Log, RangeLimits, Reader, Topic};
use engine::replay::Walk;
use engine::travel::{self, Asked, Point, Sources};
use std::io::IsTerminal as _;
use std::ops::ControlFlow;

pub(super) async fn run(config: &Config, asked: &Replay, shown: &mut dyn Lines) -> Result<ControlFlow<()>, Error> {
    let log = direct::log_or_server(config).await?;
    let history = direct::History::at_hand(config).await?;
    let reader = history.as_ref().map(direct::History::reader);
    let bounds = travel::Config {
        // Nobody else waits for it.
        log_records: u64::MAX,
        ..config.travel.clone()
    };
    let sources = Sources {
        history: reader.as_deref(),
        log: &*log,
        config: &bounds,
    };
    let told = replay(sources, asked, shown).await;
    drop(reader);
    if let Some(history) = history {
        history.close().await;
    }
    log.close().await;
    told
}

async fn replay(sources: Sources<'_>, asked: &Replay, shown: &mut dyn Lines) -> Result<ControlFlow<()>, Error> {
    let log = sources.log;
    let (from, to) = ends(sources, asked).await?;
    let past = travel::before(sources, asked.whose.room, from).await?;
    let mut replay = Replaying {
        reader: log.reader(Topic::Events, past.partition, from),
        walk: Walk::new(past.room, from, log.partitions()),
        keys: engine::log::only(asked.whose.room),
        view: View::of_log(asked.whose.room, log.epoch()),
        limits: RangeLimits {
            max_records: sources.config.read_records,
            max_bytes: sources.config.read_bytes,
        },
        datum: asked.datum,
        bar: (!std::io::stdout().is_terminal()).then(Bar::new),
        line: Vec::new(),
    };
    if let Some(bar) = &replay.bar {
        bar.begins("replaying", to.get().saturating_sub(from.get()));
    }
    let mut to = to;
    loop {
        if replay.go_on(to, shown).await?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if !asked.follow {
            break;
        }
        if shown.pause()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        to = extent(log, asked).await?.high;
    }
    if replay.walk.room().exists() {
        Ok(ControlFlow::Continue(()))
    } else {
        Err(travel::Error::NoRoom.into())
    }
}

/// The first offset, and the one after the last.
async fn ends(sources: Sources<'_>, asked: &Replay) -> Result<(Offset, Offset), Error> {
    let extent = extent(sources.log, asked).await?;
    let from = match asked.from.point() {
        None | Some(Point::Seq(Seq::ZERO)) => extent.low,
        Some(Point::Offset(offset)) => offset,
        Some(Point::Time(time)) => by_time(sources.log, extent, time).await?,
        Some(Point::Seq(_)) => last(sources, asked, asked.from.point()).await?,
    };
    let to = match asked.to.point() {
        None => extent.high,
        Some(Point::Offset(offset)) if offset > extent.high => {
            let Extent { low, high, .. } = extent;
            return Err(travel::Error::OutOfRange { offset, low, high }.into());
        }
        Some(Point::Offset(offset)) => offset,
        Some(Point::Time(time)) => {
            let later = Timestamp::from_millis(time.as_millis().saturating_add(1));
            by_time(sources.log, extent, later).await?
        }
        Some(Point::Seq(_)) => last(sources, asked, asked.to.point()).await?.next(),
    };
    if to < from {
        return Err(Error::Usage(format!(
            "the end, offset {to}, is before the beginning, {from}"
        )));
    }
    Ok((from, to))
}

/// The first record at that time or later; the end where there is none yet.
async fn by_time(log: &dyn Log, extent: Extent, time: Timestamp) -> Result<Offset, Error> {
    let found = log.offset_at(Topic::Events, extent.partition, time).await?;
    Ok(found.unwrap_or(extent.high))
}

/// The offset of the room's event at a seq.
async fn last(sources: Sources<'_>, asked: &Replay, point: Option<Point>) -> Result<Offset, Error> {
    let wanted = Asked {
        room: asked.whose.room,
        point: point.unwrap_or(Point::Seq(Seq::ZERO)),
        epoch: asked.whose.epoch(),
        partition: asked.whose.partition(),
        now: SystemClock.now(),
    };
    let past = travel::at(sources, &wanted).await?;
    Ok(past.last.ok_or(travel::Error::NoRoom)?.offset)
}

/// What the room's partition holds, if it is the one that was meant.
async fn extent(log: &dyn Log, asked: &Replay) -> Result<Extent, Error> {
    let found = log.epoch();
    if let Some(asked) = asked.whose.epoch().filter(|epoch| *epoch != found) {
        return Err(travel::Error::OtherEpoch { asked, found }.into());
    }
    let partition = log.partition_of(asked.whose.room.to_string().as_bytes());
    if let Some(asked) = asked.whose.partition().filter(|other| *other != partition) {
        let found = partition;
        return Err(travel::Error::OtherPartition { asked, found }.into());
    }
    let extents = log.extents(Topic::Events).await?;
    let ours = extents.into_iter().find(|extent| extent.partition == partition);
    ours.ok_or_else(|| Error::Impossible(format!("the log has no partition {partition}")))
}

struct Replaying<'a> {
    reader: Box<dyn Reader>,
    walk: Walk,
    /// The room's.
    keys: Keys,
    view: View<'a>,
    limits: RangeLimits,
    datum: bool,
    bar: Option<Bar>,
    /// One line, made anew each time.
    line: Vec<u8>,
}

impl Replaying<'_> {
    /// Shows what stands before `to`.
    async fn go_on(&mut self, to: Offset, shown: &mut dyn Lines) -> Result<ControlFlow<()>, Error> {
        while self.walk.next() < to {
            let range = self.reader.next_of(Some(self.keys.clone()), to, self.limits).await?;
            if let Some(bar) = &self.bar {
                bar.advanced(range.next.get().saturating_sub(self.walk.next().get()));
            }
            for record in &range.records {
                let Some(judged) = self.walk.judge(record.borrowed()) else {
                    continue;
                };
                self.line.clear();
                Replayed::of(judged, self.datum).write(&self.view, &mut self.line);
                if shown.line(&self.line)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            self.walk.pass_to(range.next);
        }
        Ok(ControlFlow::Continue(()))
    }
}
