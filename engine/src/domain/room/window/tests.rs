use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;
use uuid::Uuid;

fn author(n: u64) -> UserId {
    UserId::new(Uuid::from_u64_pair(1, n))
}

fn cid(n: u64) -> Cid {
    Cid::new(Uuid::from_u64_pair(0, n))
}

/// Cids of one home: what somebody who wants the index slow would send.
fn colliding() -> impl Iterator<Item = Cid> {
    (0..).map(cid).filter(|&cid| hash(author(0), cid).is_multiple_of(64))
}

#[test]
fn it_remembers_exactly_the_last_events() {
    let mut window = Window::default();
    for n in 1..=3_000 {
        window.push(author(n % 7), cid(n), Offset::new(n * 2));
        assert_eq!(window.entries().len() as u64, n.min(WINDOW));
        let oldest = n.saturating_sub(WINDOW) + 1;
        for seen in [oldest, n] {
            let original = Original {
                seq: Seq::new(seen),
                offset: Offset::new(seen * 2),
            };
            assert_eq!(window.find(author(seen % 7), cid(seen)), Some(original));
        }
        let forgotten = oldest - 1;
        assert_eq!(window.find(author(forgotten % 7), cid(forgotten)), None);
        assert_eq!(window.find(author(9), cid(n)), None, "another's cid is another command");
    }
}

#[test]
fn colliding_cids_cost_time_but_nothing_else() {
    let mut window = Window::default();
    let cids: Vec<Cid> = colliding().take(1_500).collect();
    for (n, &cid) in cids.iter().enumerate() {
        window.push(author(0), cid, Offset::new(n as u64));
    }
    let found = cids.iter().filter(|&&cid| window.find(author(0), cid).is_some());
    assert_eq!(found.count(), LENGTH);
}

#[test]
fn a_full_window_takes_44_kib() {
    let mut window = Window::default();
    for n in 0..2 * WINDOW {
        window.push(author(n), cid(n), Offset::new(n));
    }
    let bytes = window.ring.capacity() * size_of::<Slot>() + window.index.capacity() * size_of::<u16>();
    assert_eq!(bytes, 44 * 1024);
    assert_eq!(
        Window::default().ring.capacity() + Window::default().index.capacity(),
        0
    );
}

#[test]
fn a_torn_window_is_refused() {
    let mut window = Window::default();
    for n in 1..=1_100 {
        window.push(author(n), cid(n), Offset::new(n));
    }
    let entries: Vec<WindowEntry> = window.entries().collect();
    assert_eq!(Window::restore(Seq::new(1_100), entries.clone()), Ok(window));
    let torn = [
        (1_101, entries.clone()),
        (1_099, entries.clone()),
        (1_100, entries[1..].to_vec()),
        (1_100, entries[..1_000].to_vec()),
        (1_100, [&entries[..500], &entries[501..]].concat()),
        (1_100, entries.iter().rev().copied().collect()),
        (1_100, Vec::new()),
    ];
    for (head, entries) in torn {
        Window::restore(Seq::new(head), entries).unwrap_err();
    }
}

proptest! {
    // Each case is thousands of look-ups in a plain list.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Beside a plain list of the last events, through restores at any time, with cids that return.
    #[test]
    fn it_is_a_list_that_finds_faster(cids in prop::collection::vec((0..3_u64, 0..2_000_u64), 0..2_500), every in 1..700_usize) {
        let mut window = Window::default();
        let mut list: VecDeque<WindowEntry> = VecDeque::new();
        for (n, (who, what)) in cids.into_iter().enumerate() {
            let known = list.iter().find(|entry| entry.author_id == author(who) && entry.cid == cid(what));
            let known = known.map(|entry| Original { seq: entry.seq, offset: entry.offset });
            prop_assert_eq!(window.find(author(who), cid(what)), known);
            if known.is_none() {
                window.push(author(who), cid(what), Offset::new(n as u64));
                list.push_back(WindowEntry { author_id: author(who), cid: cid(what), seq: window.head, offset: Offset::new(n as u64) });
                if list.len() > LENGTH {
                    list.pop_front();
                }
            }
            if n % every == 0 {
                let restored = Window::restore(window.head, list.iter().copied());
                prop_assert_eq!(restored.as_ref(), Ok(&window));
                window = restored.unwrap_or_default();
            }
        }
        prop_assert!(window.entries().eq(list));
    }
}
