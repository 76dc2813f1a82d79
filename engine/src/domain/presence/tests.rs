use super::*;

const FORGET_AFTER_MS: i64 = 75_000;

fn user(n: u64) -> UserId {
    UserId::new(Uuid::from_u64_pair(7, n))
}

fn room() -> RoomId {
    RoomId::general()
}

fn edge(n: u64) -> Uuid {
    Uuid::from_u64_pair(9, n)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000)
}

fn here(users: impl IntoIterator<Item = u64>) -> [Claim; 1] {
    let users: Vec<UserId> = users.into_iter().map(user).collect();
    [Claim {
        room_id: room(),
        count: users.len() as u64,
        users,
    }]
}

fn change(count: u64, joined: &[u64], left: &[u64]) -> Vec<PresenceChange> {
    vec![PresenceChange {
        room_id: room(),
        count,
        joined: joined.iter().copied().map(user).collect(),
        left: left.iter().copied().map(user).collect(),
    }]
}

#[test]
fn a_person_on_two_edges_is_present_once_and_leaves_with_the_last() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    assert_eq!(presence.signal(edge(1), here([1]), at(0)), change(1, &[1], &[]));
    assert_eq!(presence.signal(edge(2), here([1, 2]), at(1)), change(2, &[2], &[]));
    assert_eq!(presence.signal(edge(1), here([]), at(2)), []);
    assert_eq!(presence.signal(edge(2), here([2]), at(3)), change(1, &[], &[1]));
    assert_eq!(presence.room(room(), 100), (1, vec![user(2)]));
}

#[test]
fn what_is_not_repeated_for_75_seconds_is_forgotten() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    presence.signal(edge(1), here([1]), at(0));
    presence.signal(edge(2), here([2]), at(0));
    for seconds in [30, 60] {
        assert_eq!(presence.signal(edge(2), here([2]), at(seconds)), []);
    }
    assert_eq!(presence.expire(Timestamp::from_millis(at(75).as_millis() - 1)), []);
    assert_eq!(presence.expire(at(75)), change(1, &[], &[1]));
    assert_eq!(presence.expire(at(75)), []);
}

#[test]
fn a_repeated_claim_lives_on() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    presence.signal(edge(1), here([1]), at(0));
    for turn in 1..100 {
        assert_eq!(presence.signal(edge(1), here([1]), at(turn * 30)), []);
    }
    assert_eq!(presence.room(room(), 100), (1, vec![user(1)]));
}

#[test]
fn a_log_that_was_away_empties_no_room() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    presence.signal(edge(1), here([1]), at(0));
    presence.signal(edge(2), here([2]), at(29));
    assert_eq!(presence.signal(edge(2), here([2]), at(900)), []);
    assert_eq!(presence.signal(edge(1), here([1]), at(930)), []);
    assert_eq!(presence.room(room(), 100).0, 2);
}

#[test]
fn time_that_goes_back_forgets_nobody() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    presence.signal(edge(1), here([1]), at(1_000));
    presence.signal(edge(2), here([2]), at(0));
    assert_eq!(presence.expire(at(1_030)), []);
    assert_eq!(presence.room(room(), 100).0, 2);
}

#[test]
fn above_500_the_sum_of_counts_is_kept() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    presence.signal(edge(1), here(0..300), at(0));
    assert_eq!(presence.signal(edge(2), here(200..500), at(1)), change(600, &[], &[]));
    assert_eq!(presence.room(room(), 100), (600, vec![]));
    assert_eq!(presence.signal(edge(2), here(200..400), at(2)), change(400, &[], &[]));
    assert_eq!(presence.room(room(), 2), (400, vec![user(0), user(1)]));
}

#[test]
fn a_claim_that_names_fewer_than_it_counts_is_a_count() {
    let mut presence = Presence::new(FORGET_AFTER_MS);
    let some = Claim {
        room_id: room(),
        count: 900,
        users: (0..500).map(user).collect(),
    };
    assert_eq!(presence.signal(edge(1), [some], at(0)), change(900, &[], &[]));
    assert_eq!(presence.signal(edge(1), here([]), at(1)), change(0, &[], &[]));
    assert_eq!(presence.room(room(), 9), (0, vec![]));
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whoever applies the changes knows what `room` says.
        #[test]
        fn changes_lead_to_the_state(signals in prop::collection::vec((0..3_u64, prop::collection::btree_set(0..8_u64, 0..8), 0..50_i64), 0..60)) {
            let mut presence = Presence::new(FORGET_AFTER_MS);
            let (mut now, mut count, mut users) = (0, 0, BTreeSet::new());
            for (who, present, passed) in signals {
                now += passed;
                for change in presence.signal(edge(who), here(present), at(now)) {
                    count = change.count;
                    users.extend(change.joined);
                    for user in change.left {
                        prop_assert!(users.remove(&user));
                    }
                }
                prop_assert_eq!(presence.room(room(), 100), (count, users.iter().copied().collect()));
            }
        }
    }
}
