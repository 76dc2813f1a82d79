//! What edges said of a room's presence, brought together: soft state that forgets whatever is not repeated.
//! Time is the signals' own: the latest append time seen, so signals that stop coming empty no room.

use super::PresenceView;
use crate::domain::{Timestamp, UserId};
use std::collections::BTreeSet;

/// Of one edge and room: what its latest signal said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The signal's append time.
    pub(super) at: Timestamp,
    /// People there on that edge.
    pub(super) count: u64,
    /// Who; fewer than `count` when there are more than a signal names.
    pub(super) users: Vec<UserId>,
}

/// Most people that are named: above it in a room only the sum of the edges' counts is kept (DESIGN §4).
pub(super) const NAMED: usize = 500;

/// How long a claim counts without being repeated, in the signals' own time (DESIGN §4).
pub(super) const FORGOTTEN_AFTER_MS: i64 = 75_000;

/// Whether a claim has gone unrepeated for so long that it no longer counts.
pub(super) const fn forgotten(at: Timestamp, now: Timestamp) -> bool {
    now.as_millis() - at.as_millis() >= FORGOTTEN_AFTER_MS
}

/// The view over the claims that still count at `now`, naming at most `users` people, in order of id.
pub(super) fn view<'a>(claims: impl Iterator<Item = &'a Claim>, now: Timestamp, users: usize) -> PresenceView {
    let mut people = BTreeSet::new();
    let mut sum = 0_u64;
    let mut all_named = true;
    for claim in claims.filter(|claim| !forgotten(claim.at, now)) {
        sum = sum.saturating_add(claim.count);
        all_named &= claim.count == claim.users.len() as u64;
        people.extend(claim.users.iter().copied());
    }
    let exact = all_named && people.len() <= NAMED;
    PresenceView {
        count: if exact { people.len() as u64 } else { sum },
        users: people.into_iter().take(users.min(NAMED)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, FORGOTTEN_AFTER_MS, NAMED, view};
    use crate::domain::{Timestamp, UserId};
    use uuid::Uuid;

    fn user(n: usize) -> UserId {
        UserId::new(Uuid::from_u128(n as u128))
    }

    fn claim(at: i64, users: std::ops::Range<usize>) -> Claim {
        Claim {
            at: Timestamp::from_millis(at),
            count: users.len() as u64,
            users: users.map(user).collect(),
        }
    }

    #[test]
    fn a_person_on_two_edges_is_there_once() {
        let seen = view([claim(0, 0..3), claim(0, 2..5)].iter(), Timestamp::from_millis(1), 2);
        assert_eq!(seen.count, 5);
        assert_eq!(seen.users, vec![user(0), user(1)]);
    }

    #[test]
    fn what_is_not_repeated_is_forgotten_by_the_signals_own_time() {
        let claims = [claim(0, 0..3), claim(1, 2..5)];
        let now = Timestamp::from_millis(FORGOTTEN_AFTER_MS);
        assert_eq!(view(claims.iter(), now, 10).count, 3);
    }

    #[test]
    fn above_the_bound_the_counts_are_summed() {
        let seen = view(
            [claim(0, 0..NAMED), claim(0, 1..NAMED + 1)].iter(),
            Timestamp::default(),
            0,
        );
        assert_eq!(seen.count, 2 * NAMED as u64);
    }
}
