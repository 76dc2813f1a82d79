//! Pages of messages around a place in a room: a seq, or a time.
//!
//! What must hold: in a room, append times never go back, so the first message of a time is found by halving; history is
//! asked for one message at a time, some twenty times in a room of a million. It needs no index that every message would pay
//! for.

use super::core::Core;
use super::queries::{self, asked_of_history};
use super::view::{Around, PageView};
use super::{Edge, erasure};
use crate::command::Caller;
use crate::error::Error;
use engine::domain::{Message, RoomId, Seq, Timestamp};
use engine::history::Page;
use std::borrow::Cow;
use std::sync::Arc;

/// Where one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At a message.
    Seq(Seq),
    /// When the log took it.
    Time(Timestamp),
}

impl Edge {
    /// Up to `limit` of a room's messages around a place: the first one at it or after it, as many behind that as before
    /// it, one more where it doesn't come out even. Where there are too few on one side, the page is that much shorter.
    ///
    /// # Errors
    /// As [`Edge::page`].
    pub async fn around(&self, caller: &Caller, room: RoomId, place: Place, limit: usize) -> Result<Around, Error> {
        let core = &self.core;
        let hold = queries::readable(core, caller.user_id, room).await?;
        let head = hold.open().room.head();
        let after = match place {
            Place::Seq(seq) => Seq::new(seq.get().saturating_sub(1)),
            Place::Time(time) => last_before(core, room, head, time).await?,
        };
        let rest = asked(core, room, Page::After(after), limit.div_ceil(2)).await?;
        let anchor = rest.first().map(|message| message.seq);
        let earlier = match anchor {
            Some(anchor) => asked(core, room, Page::Before(anchor), limit / 2).await?,
            None => asked(core, room, Page::Latest, limit).await?,
        };
        let messages: Vec<Message> = earlier.into_iter().chain(rest).collect();
        let all = hold.open().room.messages();
        let (before, after) = queries::around(Page::Latest, &messages, all);
        let erased = core.erasures.list();
        let shown = messages
            .into_iter()
            .map(|message| erasure::message(&erased, Cow::Owned(message)));
        Ok(Around {
            anchor,
            page: PageView {
                messages: shown.collect(),
                before,
                after,
            },
        })
    }
}

async fn asked(core: &Arc<Core>, room: RoomId, page: Page, limit: usize) -> Result<Vec<Message>, Error> {
    asked_of_history(core, core.parts.history.page(room, page, limit)).await
}

/// A seq with nothing of `time` or later at or before it, and no message between it and the first that is.
async fn last_before(core: &Arc<Core>, room: RoomId, head: Seq, time: Timestamp) -> Result<Seq, Error> {
    // Nothing up to `low` is of that time or later; whatever comes first of it is at `high` at the latest, if anywhere.
    let (mut low, mut high) = (0, head.get() + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        // The last message up to the middle.
        let probe = asked(core, room, Page::Before(Seq::new(middle + 1)), 1).await?;
        match probe.first().filter(|message| message.seq.get() > low) {
            Some(message) if message.at >= time => high = message.seq.get(),
            _ => low = middle,
        }
    }
    Ok(Seq::new(low))
}
