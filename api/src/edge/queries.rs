//! What is asked of a room without writing: held state where it is exact, history for what is further back.

use super::catch_up::surely;
use super::core::Core;
use super::erasure;
use super::hub::Hold;
use super::refusal::refusal;
use super::resume::Journal;
use super::view::{Listed, PageView, PresenceView, RoomView};
use super::{presence, resume, rooms};
use crate::command::Caller;
use crate::error::{Error, Name};
use bytes::Bytes;
use engine::codec::signal::Signal;
use engine::domain::permissions::{Operation, Permission, Standing};
use engine::domain::{Member, Message, RECENT, Reason, RoomId, Seq, UserId};
use engine::history::Page;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// People whose last typing is remembered, before the old ones are looked through.
const TYPISTS: usize = 10_000;

/// When each person told last that they type, by room.
#[derive(Debug, Default)]
pub(super) struct Typists {
    last: Mutex<FxHashMap<(RoomId, UserId), Instant>>,
}

impl Typists {
    /// Whether it may be told again.
    fn may_tell(&self, room: RoomId, user: UserId, interval: Duration) -> bool {
        let now = Instant::now();
        let mut last = self.last.lock();
        if last.len() >= TYPISTS {
            last.retain(|_, told| now - *told < interval);
        }
        match last.get(&(room, user)) {
            Some(told) if now - *told < interval => false,
            _ => {
                last.insert((room, user), now);
                true
            }
        }
    }
}

/// Whether the person may read the room now.
pub(super) fn may_read(core: &Core, hold: &Hold, user: UserId) -> Result<(), Error> {
    judge_read(core, hold, user).map_err(refusal)
}

fn judge_read(core: &Core, hold: &Hold, user: UserId) -> Result<(), Reason> {
    let now = core.parts.clock.now();
    let judged = hold.open().room.judge_read(user, now);
    core.closed.over(hold.id, judged)
}

/// Whether the person may see what was deleted: whoever may delete another's message may also know what it said.
pub(super) fn sees_deleted(core: &Core, hold: &Hold, user: UserId) -> bool {
    let open = hold.open();
    let standing = Standing {
        role: open.room.role_of(user),
        muted: open.room.is_muted(user, core.parts.clock.now()),
    };
    let right = Permission::of(Operation::DeleteOthers);
    open.room
        .kind()
        .is_some_and(|kind| right.check(kind, standing, None).is_ok())
}

/// A room that the person may read.
pub(super) async fn readable(core: &Arc<Core>, user: UserId, room: RoomId) -> Result<Hold, Error> {
    let hold = rooms::hold(core, room).await?;
    let judged = surely(core, hold.partition, || judge_read(core, &hold, user)).await;
    judged.map_err(refusal)?;
    Ok(hold)
}

pub(super) async fn room(core: &Arc<Core>, user: UserId, room: RoomId) -> Result<RoomView, Error> {
    let hold = rooms::hold(core, room).await?;
    let seen = || match judge_read(core, &hold, user) {
        // The invited see what they are invited to.
        Ok(()) | Err(Reason::NotAMember) => hold.open().view(core, &hold, user).ok_or(Reason::NotFound),
        Err(reason) => Err(reason),
    };
    surely(core, hold.partition, seen).await.map_err(refusal)
}

/// A room whoever asks, deleted ones too.
pub(super) async fn any_room(core: &Arc<Core>, user: UserId, room: RoomId) -> Result<RoomView, Error> {
    let hold = rooms::hold(core, room).await?;
    let seen = || hold.open().view(core, &hold, user).ok_or(Reason::NotFound);
    surely(core, hold.partition, seen).await.map_err(refusal)
}

pub(super) async fn members(
    core: &Arc<Core>,
    user: UserId,
    room: RoomId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Listed<Member, UserId>, Error> {
    let hold = readable(core, user, room).await?;
    let open = hold.open();
    let members = open.room.members(after).take(limit + 1).collect();
    Ok(Listed::cut(members, limit, |member: &Member| member.user_id))
}

pub(super) async fn recent(core: &Arc<Core>, user: UserId, room: RoomId, limit: usize) -> Result<Vec<Message>, Error> {
    let hold = readable(core, user, room).await?;
    let open = hold.open();
    Ok(open.latest(core, limit.min(RECENT)))
}

pub(super) async fn page(
    core: &Arc<Core>,
    user: UserId,
    room: RoomId,
    page: Page,
    limit: usize,
) -> Result<PageView, Error> {
    let hold = readable(core, user, room).await?;
    let messages = asked_of_history(core, core.parts.history.page(room, page, limit)).await?;
    let all = hold.open().room.messages();
    let (before, after) = around(page, &messages, all);
    let erased = core.erasures.list();
    let shown = messages
        .into_iter()
        .map(|message| erasure::message(&erased, Cow::Owned(message)));
    Ok(PageView {
        messages: shown.collect(),
        before,
        after,
    })
}

/// Where older and newer messages than those of a page are: each knows its number among `all`.
pub(super) fn around(page: Page, messages: &[Message], all: u64) -> (Option<Seq>, Option<Seq>) {
    if let (Some(first), Some(last)) = (messages.first(), messages.last()) {
        let before = (first.ordinal > 1).then_some(first.seq);
        let after = (last.ordinal < all).then_some(last.seq);
        return (before, after);
    }
    let some = |seq| (all > 0).then_some(seq);
    match page {
        Page::Latest => (None, None),
        Page::Before(seq) => (None, some(Seq::new(seq.get().saturating_sub(1)))),
        Page::After(seq) => (some(seq.next()), None),
    }
}

/// Waits until the held room and history show `seq`.
pub(super) async fn reached(core: &Arc<Core>, room: RoomId, seq: Seq) -> Result<(), Error> {
    let patience = Duration::from_millis(core.config.min_seq_timeout_ms);
    let deadline = Instant::now() + patience;
    let hold = rooms::hold(core, room).await?;
    if seq == Seq::ZERO {
        return Ok(());
    }
    hold.reach(seq, patience).await;
    if resume::await_journal(core, &hold, seq, deadline).await == Journal::Reaches {
        return Ok(());
    }
    Err(Error::new(Name::Behind, format!("seq {seq} is not reached yet")))
}

/// Moves a marker; answers where it is, and whether it moved.
pub(super) async fn read(
    core: &Arc<Core>,
    user: UserId,
    room: RoomId,
    seq: Seq,
    session: Uuid,
) -> Result<(Seq, bool), Error> {
    let hold = readable(core, user, room).await?;
    hold.reach(seq, core.lookup_timeout()).await;
    let head = hold.open().room.head();
    if seq > head {
        return Err(Error::bad_field("seq", format!("the room's head is {head}")));
    }
    // While history is away, a marker not known here begins anew; history never moves one back.
    let _ = marker(core, &hold, user).await;
    Ok(core.reads.advance(room, user, seq, session))
}

/// A person's marker, known here or from history.
pub(super) async fn marker(core: &Core, hold: &Hold, user: UserId) -> Result<Seq, Error> {
    if let Some(seq) = core.reads.known(hold.id, user) {
        return Ok(seq);
    }
    match timeout(core.lookup_timeout(), core.parts.history.read_marker(hold.id, user)).await {
        Ok(Ok(seq)) => Ok(core.reads.learn(hold.id, user, seq)),
        Ok(Err(error)) => Err(history_away(&error)),
        Err(_) => Err(Error::new(Name::Unavailable, "history does not answer in time")),
    }
}

pub(super) async fn typing(core: &Arc<Core>, caller: &Caller, room: RoomId) -> Result<(), Error> {
    let user = caller.user_id;
    let hold = readable(core, user, room).await?;
    {
        let open = hold.open();
        if !open.room.is_member(user) {
            return Err(refusal(Reason::NotAMember));
        }
        if open.room.is_muted(user, core.parts.clock.now()) {
            return Err(refusal(Reason::Muted));
        }
    }
    let interval = Duration::from_millis(core.config.typing_interval_ms);
    if core.typists.may_tell(room, user, interval) {
        let signal = Signal::Typing {
            room_id: room,
            user_id: user,
            user_name: caller.name.clone(),
        };
        let (core, partition, key) = (core.clone(), hold.partition, hold.key.clone());
        core.tasks
            .clone()
            .spawn(async move { tell(&core, partition, key, &signal).await });
    }
    Ok(())
}

async fn tell(core: &Core, partition: engine::domain::Partition, key: Bytes, signal: &Signal) {
    presence::append(core, partition, key, signal).await;
}

pub(super) async fn presence(core: &Arc<Core>, user: UserId, room: RoomId) -> Result<PresenceView, Error> {
    let hold = readable(core, user, room).await?;
    Ok(core.presence.now(hold.partition, room).view())
}

/// What history answers, in time.
pub(super) async fn asked_of_history<T>(
    core: &Core,
    ask: impl Future<Output = Result<T, engine::history::Error>>,
) -> Result<T, Error> {
    let patience = Duration::from_millis(core.config.command_timeout_ms);
    match timeout(patience, ask).await {
        Ok(answer) => answer.map_err(|error| history_away(&error)),
        Err(_) => Err(Error::new(Name::Unavailable, "history does not answer in time")),
    }
}

/// What whoever asked history is told when it failed: never in its own words.
pub(super) fn history_away(error: &engine::history::Error) -> Error {
    // Of a history that is away /readyz tells; what is wrong otherwise is seen here alone.
    if error.retryable() {
        tracing::debug!(%error, "history can't answer");
    } else {
        tracing::warn!(%error, "history can't answer");
    }
    Error::new(Name::Unavailable, "history can't answer now")
}
