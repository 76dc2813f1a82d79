//! What edges said of a room's presence, brought together: soft state that forgets whatever is not repeated.
//! Time is the signals' own, and a silence that no living edge would keep does not count: a log that was away
//! empties no room (as in [`crate::domain::Presence`]).

use super::PresenceView;
use crate::domain::{PRESENT, UserId};
use std::collections::BTreeSet;

/// How long a claim counts without being repeated, in milliseconds of the signals' own time (DESIGN §4).
pub const FORGET_AFTER_MS: i64 = 75_000;

/// Of one edge and room: what its latest signal said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// By the [`Clock`].
    pub(super) at: i64,
    /// People there on that edge.
    pub(super) count: u64,
    /// Who; fewer than `count` when there are more than a signal names.
    pub(super) users: Vec<UserId>,
}

/// Milliseconds of the signals' append time that count. The Redis adapter keeps the same clock in a script.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    last: Option<i64>,
    pub(super) now: i64,
}

impl Clock {
    /// The clock at a signal's append time. Signals of several partitions come out of order: an older one moves
    /// nothing, and stands as far back.
    pub(super) fn tick(&mut self, at_ms: i64, forget_after_ms: i64) -> i64 {
        let last = self.last.unwrap_or(at_ms);
        if at_ms < last {
            return self.now - (last - at_ms);
        }
        if at_ms - last <= forget_after_ms / 2 {
            self.now += at_ms - last;
        }
        self.last = Some(at_ms);
        self.now
    }
}

/// The view over the claims that still count at `now`, naming at most `users` people, in order of id.
pub(super) fn view<'a>(
    claims: impl Iterator<Item = &'a Claim>,
    now: i64,
    forget_after_ms: i64,
    users: usize,
) -> PresenceView {
    let mut people = BTreeSet::new();
    let mut sum = 0_u64;
    let mut all_named = true;
    for claim in claims.filter(|claim| now - claim.at < forget_after_ms) {
        sum = sum.saturating_add(claim.count);
        all_named &= claim.count == claim.users.len() as u64;
        people.extend(claim.users.iter().copied());
    }
    if !all_named || people.len() > PRESENT {
        return PresenceView {
            count: sum,
            users: Vec::new(),
        };
    }
    PresenceView {
        count: people.len() as u64,
        users: people.into_iter().take(users).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Clock, FORGET_AFTER_MS, view};
    use crate::domain::{PRESENT, UserId};
    use uuid::Uuid;

    fn user(n: usize) -> UserId {
        UserId::new(Uuid::from_u128(n as u128))
    }

    fn claim(at: i64, users: std::ops::Range<usize>) -> Claim {
        Claim {
            at,
            count: users.len() as u64,
            users: users.map(user).collect(),
        }
    }

    #[test]
    fn a_person_on_two_edges_is_there_once() {
        let seen = view([claim(0, 0..3), claim(0, 2..5)].iter(), 1, FORGET_AFTER_MS, 2);
        assert_eq!(seen.count, 5);
        assert_eq!(seen.users, vec![user(0), user(1)]);
    }

    #[test]
    fn what_is_not_repeated_is_forgotten() {
        let claims = [claim(0, 0..3), claim(1, 2..5)];
        assert_eq!(view(claims.iter(), FORGET_AFTER_MS, FORGET_AFTER_MS, 10).count, 3);
    }

    #[test]
    fn above_the_bound_the_counts_are_summed() {
        let seen = view(
            [claim(0, 0..PRESENT), claim(0, 1..PRESENT + 1)].iter(),
            0,
            FORGET_AFTER_MS,
            9,
        );
        assert_eq!((seen.count, seen.users.len()), (2 * PRESENT as u64, 0));
    }

    #[test]
    fn a_silence_of_the_log_makes_no_claim_older() {
        let mut clock = Clock::default();
        assert_eq!(clock.tick(1_000, FORGET_AFTER_MS), 0);
        assert_eq!(clock.tick(31_000, FORGET_AFTER_MS), 30_000);
        assert_eq!(clock.tick(900_000, FORGET_AFTER_MS), 30_000, "the log was away");
        assert_eq!(clock.tick(899_000, FORGET_AFTER_MS), 29_000, "of another partition");
        assert_eq!(clock.tick(930_000, FORGET_AFTER_MS), 60_000);
    }
}
