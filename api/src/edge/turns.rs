//! The order of what one person gives to one room, where some of it must be looked up before it is appended.
//!
//! What must hold: whoever has a turn appends only when all turns of the same person before it are over; a turn is over
//! when its record was handed to the log, or its command has ended otherwise, by whatever way. Others never wait.
//! Nothing is kept of people who have no turn.

use engine::domain::UserId;
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

/// The turns of a room: of each person the last one, which the next would wait for.
#[derive(Debug, Default)]
pub(super) struct Turns {
    last: FxHashMap<UserId, Last>,
    tickets: u64,
}

#[derive(Debug)]
struct Last {
    ticket: u64,
    over: Before,
}

/// The turn before: its end tells which one is then to be waited for, where it did not wait for that itself.
#[derive(Debug)]
struct Before(oneshot::Receiver<Option<Before>>);

/// A turn; to be given back with [`Turns::end`]. Dropped, it is over.
#[derive(Debug)]
pub(super) struct Turn {
    ticket: u64,
    before: Option<Before>,
    over: Option<oneshot::Sender<Option<Before>>>,
}

impl Turns {
    /// The person's next turn; `None` where none is needed: nothing of theirs is under way, and this command need not
    /// wait for anything itself (`waits`).
    pub(super) fn take(&mut self, user: UserId, waits: bool) -> Option<Turn> {
        let before = self.last.remove(&user);
        if before.is_none() && !waits {
            return None;
        }
        self.tickets += 1;
        let (tell, over) = oneshot::channel();
        let (ticket, over) = (self.tickets, Before(over));
        self.last.insert(user, Last { ticket, over });
        Some(Turn {
            ticket,
            before: before.map(|last| last.over),
            over: Some(tell),
        })
    }

    /// Forgets a turn, if nobody came after it.
    pub(super) fn end(&mut self, user: UserId, turn: &Turn) {
        if self.last.get(&user).is_some_and(|last| last.ticket == turn.ticket) {
            self.last.remove(&user);
        }
    }
}

impl Turn {
    /// Waits until every turn before it is over. May be given up and asked again.
    pub(super) async fn come(&mut self) {
        while let Some(before) = &mut self.before {
            self.before = (&mut before.0).await.ok().flatten();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(over) = self.over.take() {
            // Where nobody comes after it, nobody hears.
            let _ = over.send(self.before.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;
    use engine::domain::UserId;
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    #[test]
    fn who_need_not_wait_and_follows_nobody_needs_no_turn() {
        let mut turns = Turns::default();
        assert!(turns.take(user(1), false).is_none());
        let first = turns.take(user(1), true).expect("it waits");
        assert!(turns.take(user(2), false).is_none(), "others do not wait");
        assert!(turns.take(user(1), false).is_some(), "it follows the first");
        drop(first);
    }

    #[test]
    fn a_turn_comes_when_all_before_it_are_over_in_whatever_order_they_end() {
        let mut turns = Turns::default();
        let [mut first, mut second, mut third] = [(); 3].map(|()| turns.take(user(1), true).expect("a turn"));
        assert!(first.come().now_or_never().is_some());
        assert!(second.come().now_or_never().is_none());
        assert!(third.come().now_or_never().is_none());
        drop(second);
        assert!(third.come().now_or_never().is_none(), "the first is not over");
        drop(first);
        assert!(third.come().now_or_never().is_some());
    }

    #[test]
    fn nothing_is_kept_of_who_has_no_turn() {
        let mut turns = Turns::default();
        let first = turns.take(user(1), true).expect("a turn");
        let second = turns.take(user(1), true).expect("a turn");
        turns.end(user(1), &first);
        assert_eq!(turns.last.len(), 1, "the second would be waited for");
        turns.end(user(1), &second);
        assert!(turns.last.is_empty());
    }
}
