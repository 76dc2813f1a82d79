//! Time travel: a room as it stood at a point of its log, for those who may read it now.
//!
//! What must hold: what is gone by now does not come back. Whoever may read the room sees name, people and texts as the
//! log has them, those of before an edit too: every reader of the room could have seen them, and may replay them. But a
//! message that was deleted since is without its words for all but its author and those who may delete it here; where
//! it can't be known whether one was deleted, it is as if it were. Erased people are erased at every point.

use super::core::Core;
use super::hub::Hold;
use super::resume::{self, Journal};
use super::view::{Entries, Listed, PastMessage, PastView};
use super::{Edge, erasure, metrics, queries, refusal};
use crate::command::Caller;
use crate::error::{Error, Name};
use engine::domain::{Change, Epoch, Member, Partition, RECENT, Reason, Room, RoomId, Seq, Timestamp, UserId};
use engine::travel::{self, Past, Point, Sources};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// When to come back when too many travel.
const BUSY_RETRY_MS: u64 = 1_000;

/// What somebody asks of a room's past.
#[derive(Clone, Copy, Debug)]
pub struct AskedPast {
    /// Which room.
    pub room: RoomId,
    /// When.
    pub point: Point,
    /// The life of the log that the point is meant of, if that was said.
    pub epoch: Option<Epoch>,
    /// The partition that the point is meant of, if that was said.
    pub partition: Option<Partition>,
    /// Members in order of id after this one.
    pub members_after: Option<UserId>,
}

impl Edge {
    /// A room as it stood.
    ///
    /// # Errors
    /// As [`Edge::members`], of the room as it is now; `out_of_range` for a point that the log or the room does not
    /// have or an epoch that is over, `bad_request` for a partition that isn't the room's, `overloaded` where too many travel,
    /// `timeout` where it takes too long, `unavailable` where neither history nor a bounded part of the log tells.
    pub async fn at(&self, caller: &Caller, asked: &AskedPast) -> Result<PastView, Error> {
        let begun = Instant::now();
        let told = tell(&self.core, caller.user_id, asked).await;
        metrics::travelled(begun.elapsed(), told.as_ref().err().map(|error| error.name));
        told
    }
}

async fn tell(core: &Arc<Core>, user: UserId, asked: &AskedPast) -> Result<PastView, Error> {
    let hold = queries::readable(core, user, asked.room).await?;
    let patience = Duration::from_millis(core.config.travel_timeout_ms);
    let deadline = Instant::now() + patience;
    let Ok(Ok(_turn)) = timeout(patience, core.travels.acquire()).await else {
        let busy = Error::new(Name::Overloaded, "too many travel through time at once");
        return Err(busy.retry_after_ms(BUSY_RETRY_MS));
    };
    let sources = Sources {
        history: Some(&*core.parts.history),
        log: &*core.parts.log,
        config: &core.parts.travel,
    };
    let wanted = travel::Asked {
        room: asked.room,
        point: asked.point,
        epoch: asked.epoch,
        partition: asked.partition,
        now: core.parts.clock.now(),
    };
    let past = match tokio::time::timeout_at(deadline, travel::at(sources, &wanted)).await {
        Ok(past) => past.map_err(|error| refused(&error, asked.point))?,
        Err(_) => return Err(Error::new(Name::Timeout, "the way to that point takes too long")),
    };
    let recent = shown(core, &hold, user, &past).await;
    // Whoever was sent away meanwhile is told nothing any more.
    queries::may_read(core, &hold, user)?;
    let view = view(core.epoch(), asked, past, recent);
    view.ok_or_else(|| refused(&travel::Error::NoRoom, asked.point))
}

/// Why there is no such past, in the words of the error table.
fn refused(error: &travel::Error, point: Point) -> Error {
    let field = match point {
        Point::Offset(_) => "offset",
        Point::Time(_) => "time",
        Point::Seq(_) => "seq",
    };
    let out_of_range = || Error {
        field: Some(field.into()),
        ..Error::new(Name::OutOfRange, error.to_string())
    };
    match error {
        travel::Error::OtherEpoch { .. } => Error {
            field: Some("epoch".into()),
            ..Error::new(Name::OutOfRange, error.to_string())
        },
        travel::Error::OtherPartition { .. } => Error::bad_field("partition", error.to_string()),
        travel::Error::OutOfRange { .. }
        | travel::Error::Future { .. }
        | travel::Error::BeyondHead { .. }
        | travel::Error::NoRoom => out_of_range(),
        travel::Error::UnsupportedRules => refusal::refusal(Reason::UnsupportedRules),
        travel::Error::TooFar { .. } => {
            Error::new(Name::Unavailable, "history can't answer now, and the log is too long")
        }
        travel::Error::Log(error) => {
            tracing::debug!(%error, "the log can't answer");
            Error::new(Name::Unavailable, "the log can't answer now")
        }
    }
}

/// What is told of a past; `None` where there was no room. Messages come as they may be told.
pub(crate) fn view(epoch: Epoch, asked: &AskedPast, past: Past, recent: Vec<PastMessage>) -> Option<PastView> {
    let (header, last) = (past.room.header()?.clone(), past.last?);
    // A ban that ran out between the last event and the time that was asked for was over then.
    let then = match asked.point {
        Point::Time(time) => time,
        Point::Offset(_) | Point::Seq(_) => last.appended_at,
    };
    let most = PastView::PEOPLE;
    let members = past.room.members(asked.members_after).take(most + 1).collect();
    let entries = |of: fn(&Room, Change, Timestamp) -> Option<_>| {
        Entries::of(past.room.changes().filter_map(|change| of(&past.room, change, then)))
    };
    Some(PastView {
        id: asked.room,
        epoch,
        last,
        members: Listed::cut(members, most, |member: &Member| member.user_id),
        member_count: past.room.members(None).count(),
        invitations: Entries::of(past.room.changes().filter_map(|change| match change {
            Change::Invitation { user_id, by } => Some((user_id, by)),
            _ => None,
        })),
        bans: entries(|room, change, then| match change {
            Change::Ban { user_id, until } => room.is_banned(user_id, then).then_some((user_id, until)),
            _ => None,
        }),
        mutes: entries(|room, change, then| match change {
            Change::Mute { user_id, until } => room.is_muted(user_id, then).then_some((user_id, until)),
            _ => None,
        }),
        header,
        recent,
        folded: past.folded,
    })
}

/// The latest messages of then, as the person may see them now.
async fn shown(core: &Arc<Core>, hold: &Hold, user: UserId, past: &Past) -> Vec<PastMessage> {
    let fate = fate(core, hold, past).await;
    let may_delete = queries::sees_deleted(core, hold, user);
    let erased = core.erasures.list();
    let messages = past.recent.latest(RECENT);
    let shown = messages.map(|message| {
        let deleted_since = !message.deleted && fate.deleted.contains(&message.seq);
        let gone = deleted_since || (!message.deleted && fate.unknown.contains(&message.seq));
        let text_withheld = gone && !may_delete && message.from.id != user;
        let mut message = erasure::message(&erased, Cow::Borrowed(message));
        if text_withheld {
            message.text.clear();
            message.mentions.clear();
        }
        PastMessage {
            message,
            deleted_since,
            text_withheld,
        }
    });
    shown.collect()
}

/// What became of the messages of then.
#[derive(Default)]
struct Fate {
    /// Deleted by now.
    deleted: BTreeSet<Seq>,
    /// Nobody here can say.
    unknown: BTreeSet<Seq>,
}

async fn fate(core: &Arc<Core>, hold: &Hold, past: &Past) -> Fate {
    let mut fate = Fate::default();
    let (head, head_offset) = {
        let open = hold.open();
        let head = open.room.head();
        if past.room.head() >= head {
            // Nothing has happened since.
            return fate;
        }
        for message in past.recent.latest(RECENT).filter(|message| !message.deleted) {
            if !open.is_in_recent(message.seq) {
                fate.unknown.insert(message.seq);
            } else if open.recent.get(message.seq).is_none_or(|now| now.deleted) {
                fate.deleted.insert(message.seq);
            }
        }
        (head, open.room.window().last().map(|entry| entry.offset))
    };
    if fate.unknown.is_empty() {
        return fate;
    }
    // What was deleted a moment ago, history may not have yet.
    let deadline = Instant::now() + core.lookup_timeout();
    if resume::await_journal(core, hold, head, deadline).await != Journal::Reaches {
        return fate;
    }
    let seqs: Vec<Seq> = fate.unknown.iter().copied().collect();
    let ask = core.parts.history.deleted(hold.id, hold.partition, &seqs);
    if let Ok(Ok((deleted, next))) = timeout(core.lookup_timeout(), ask).await
        && head_offset.is_none_or(|offset| offset < next)
    {
        fate.unknown.clear();
        fate.deleted.extend(deleted);
    }
    fate
}
