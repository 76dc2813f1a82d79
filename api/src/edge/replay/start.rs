//! Where a replay begins and ends, and how the room stood there.
//!
//! What must hold: the end is fixed when it begins; what can't be is told apart: below the log's start, above its end,
//! another epoch's, in the future, another partition's.

use super::super::core::Core;
use super::super::hub::Hold;
use super::shelf;
use super::{Ask, Point, Span};
use crate::error::{Error, Name};
use engine::domain::{Offset, Seq, Timestamp};
use engine::log::{Extent, Topic};
use engine::replay::Walk;
use engine::travel::{self, Sources};

/// Finds both ends and the room as it stood before the first record.
pub(super) async fn find(core: &Core, hold: &Hold, ask: &Ask) -> Result<(Span, Walk), Error> {
    check(core, hold, ask)?;
    let extent = extent(core, hold).await?;
    let from = first(core, hold, ask.from, extent).await?;
    let to = match ask.to {
        None => extent.high,
        Some(point) => last(core, hold, point, extent).await?,
    };
    if to < from {
        return Err(Error::bad_field("to", "to lies before from"));
    }
    let past = travel::before(sources(core), hold.id, from).await;
    let room = past.map_err(|error| refused("from", &error))?.room;
    let span = Span {
        epoch: core.epoch(),
        partition: hold.partition,
        from,
        to,
    };
    Ok((span, Walk::new(room, from, core.parts.log.partitions())))
}

fn check(core: &Core, hold: &Hold, ask: &Ask) -> Result<(), Error> {
    let epoch = core.epoch();
    if let Some(other) = ask.epoch.filter(|other| *other != epoch) {
        let message = format!("the epoch {other} is another log's life: this one is {epoch}");
        return Err(out_of_range("epoch", message));
    }
    if let Some(other) = ask.partition.filter(|other| *other != hold.partition) {
        let message = format!("the room is in partition {}, not in {other}", hold.partition);
        return Err(Error::bad_field("partition", message));
    }
    Ok(())
}

async fn extent(core: &Core, hold: &Hold) -> Result<Extent, Error> {
    let extents = core.parts.log.extents(Topic::Events).await;
    let extents = extents.map_err(|error| shelf::unread(&error))?;
    let found = extents.into_iter().find(|extent| extent.partition == hold.partition);
    found.ok_or_else(|| Error::new(Name::Unavailable, "the log does not say what it holds"))
}

/// The offset of the first record.
async fn first(core: &Core, hold: &Hold, from: Point, extent: Extent) -> Result<Offset, Error> {
    match from {
        Point::Offset(offset) => within("from", offset, extent),
        Point::Time(time) => Ok(at(core, hold, "from", time).await?.unwrap_or(extent.high)),
        Point::Seq(Seq::ZERO) => Ok(extent.low),
        // What comes after the head: nothing yet.
        Point::Seq(seq) if seq == hold.open().room.head().next() => Ok(extent.high),
        // What the journal still knows, the log may not hold any more.
        Point::Seq(seq) => within("from", of_seq(core, hold, "from", seq).await?, extent),
    }
}

/// The offset after the last record.
async fn last(core: &Core, hold: &Hold, to: Point, extent: Extent) -> Result<Offset, Error> {
    match to {
        Point::Offset(offset) => within("to", offset, extent),
        Point::Time(time) => {
            let after = Timestamp::from_millis(time.as_millis().saturating_add(1));
            future(core, "to", time)?;
            Ok(by_time(core, hold, after).await?.unwrap_or(extent.high))
        }
        Point::Seq(Seq::ZERO) => Ok(extent.low),
        Point::Seq(seq) => Ok(of_seq(core, hold, "to", seq).await?.next()),
    }
}

fn within(field: &'static str, offset: Offset, Extent { low, high, .. }: Extent) -> Result<Offset, Error> {
    if offset < low {
        let message = format!("the offset {offset} is below the log's start, {low}");
        return Err(out_of_range(field, message));
    }
    if offset > high {
        let message = format!("the offset {offset} is above the log's end, {high}");
        return Err(out_of_range(field, message));
    }
    Ok(offset)
}

async fn at(core: &Core, hold: &Hold, field: &'static str, time: Timestamp) -> Result<Option<Offset>, Error> {
    future(core, field, time)?;
    by_time(core, hold, time).await
}

fn future(core: &Core, field: &'static str, time: Timestamp) -> Result<(), Error> {
    let now = core.parts.clock.now();
    if time > now {
        let message = format!(
            "the time {} lies in the future: it is {} now",
            time.as_millis(),
            now.as_millis()
        );
        return Err(out_of_range(field, message));
    }
    Ok(())
}

async fn by_time(core: &Core, hold: &Hold, time: Timestamp) -> Result<Option<Offset>, Error> {
    let found = core.parts.log.offset_at(Topic::Events, hold.partition, time).await;
    found.map_err(|error| shelf::unread(&error))
}

/// The offset of an accepted event: of the latest the room itself knows it, of others the journal; the fold finds it in the
/// log where neither can say.
async fn of_seq(core: &Core, hold: &Hold, field: &'static str, seq: Seq) -> Result<Offset, Error> {
    let in_window = {
        let open = hold.open();
        let head = open.room.head();
        if seq > head {
            let message = format!("the seq {seq} is beyond the room's head, {head}");
            return Err(out_of_range(field, message));
        }
        let place = open.room.window().find(|entry| entry.seq == seq);
        place.map(|entry| entry.offset)
    };
    if let Some(offset) = in_window {
        return Ok(offset);
    }
    let before = Seq::new(seq.get().saturating_sub(1));
    let asked = core.parts.history.journal(hold.id, hold.partition, before, 1);
    if let Ok(Ok((entries, _))) = tokio::time::timeout(core.lookup_timeout(), asked).await
        && let Some(entry) = entries.first().filter(|entry| entry.seq == seq)
    {
        return Ok(entry.offset);
    }
    let asked = travel::Asked {
        room: hold.id,
        point: Point::Seq(seq),
        epoch: None,
        partition: None,
        now: core.parts.clock.now(),
    };
    let past = travel::at(sources(core), &asked).await;
    let last = past.map_err(|error| refused(field, &error))?.last;
    last.map(|last| last.offset)
        .ok_or_else(|| out_of_range(field, format!("the log holds no event of seq {seq}")))
}

fn sources(core: &Core) -> Sources<'_> {
    Sources {
        history: Some(&*core.parts.history),
        log: &*core.parts.log,
        config: &core.replays.travel,
    }
}

fn refused(field: &'static str, error: &travel::Error) -> Error {
    match error {
        travel::Error::UnsupportedRules => Error::new(Name::UnsupportedRules, "the room needs a newer Roomlog"),
        travel::Error::Log(error) => shelf::unread(error),
        travel::Error::TooFar { .. } => Error::new(Name::Unavailable, "the room's state there can't be had now"),
        error => out_of_range(field, error.to_string()),
    }
}

pub(super) fn out_of_range(field: &'static str, message: String) -> Error {
    let mut error = Error::new(Name::OutOfRange, message);
    error.field = Some(field.into());
    error
}
