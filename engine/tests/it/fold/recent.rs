//! Messages as they stand.

use super::given::given;
use super::words::*;
use engine::domain::{Body, Emoji, Kind, MOST_EMOJI, MOST_REACTIONS, Message, RECENT, Seq};

const HERE: u64 = 2;

fn hello() -> super::given::World {
    given([created(Kind::Open, "ann"), sent("ann", "hello")])
}

fn at_hello(world: &super::given::World) -> &Message {
    world.recent.get(Seq::new(HERE)).unwrap()
}

#[test]
fn a_message_stands_as_it_was_sent() {
    let world = hello().and([replied("bob", HERE, "hi").mentioning(1)]);
    let standing: Vec<&Message> = world.recent.latest(9).collect();
    let [first, second] = standing[..] else {
        panic!("{standing:?}")
    };
    assert_eq!((first.seq.get(), first.ordinal, first.text.as_str()), (2, 1, "hello"));
    assert_eq!(
        (second.seq.get(), second.ordinal, second.reply_to),
        (3, 2, Some(Seq::new(HERE)))
    );
    assert_eq!((second.from.id, &second.mentions), (user("bob"), &vec![user("ann")]));
}

#[test]
fn an_edit_changes_text_and_mentions() {
    let world = hello().and([edited("ann", message(HERE, "ann"), "HELLO").mentioning(2).at(50)]);
    let stands = at_hello(&world);
    assert_eq!((stands.text.as_str(), stands.edited_at), ("HELLO", Some(moment(50))));
    assert_eq!(stands.mentions.len(), 2);
}

#[test]
fn a_deletion_leaves_a_tombstone_that_nothing_moves() {
    let target = message(HERE, "ann");
    let world = hello().and([
        edited("ann", target, "HELLO"),
        reacted("bob", target, "+1"),
        deleted("ann", target),
    ]);
    let grave = at_hello(&world).clone();
    assert!(grave.deleted && grave.text.is_empty() && grave.reactions.is_empty() && grave.edited_at.is_none());
    let world = world.and([
        edited("ann", target, "back"),
        reacted("bob", target, "+1"),
        deleted("ann", target),
    ]);
    assert_eq!(at_hello(&world), &grave);
}

#[test]
fn a_person_reacts_once_with_the_same() {
    let target = message(HERE, "ann");
    let world = hello().and([
        reacted("bob", target, "+1"),
        reacted("eve", target, "heart"),
        reacted("bob", target, "+1"),
        reacted("eve", target, "+1"),
    ]);
    let stands: Vec<_> = at_hello(&world)
        .reactions
        .iter()
        .map(|r| (r.emoji.as_str(), r.users.clone()))
        .collect();
    assert_eq!(
        stands,
        [("+1", vec![user("bob"), user("eve")]), ("heart", vec![user("eve")])]
    );
}

#[test]
fn the_last_reaction_takes_its_emoji_along() {
    let target = message(HERE, "ann");
    let world = hello().and([
        reacted("bob", target, "+1"),
        unreacted("eve", target, "+1"),
        unreacted("bob", target, "heart"),
        unreacted("bob", target, "+1"),
    ]);
    assert_eq!(at_hello(&world).reactions, []);
}

#[test]
fn an_event_that_states_another_author_is_without_effect() {
    let world = hello().and([
        edited("bob", message(HERE, "bob"), "mine"),
        reacted("eve", message(HERE, "bob"), "+1"),
    ]);
    assert_eq!(at_hello(&world), at_hello(&hello()));
}

#[test]
fn emoji_and_reactions_are_bounded() {
    let mut stands = at_hello(&hello()).clone();
    let mut react = |who: usize, what: usize| {
        let mut event = reacted("ann", message(HERE, "ann"), "x").event(some_room(), 0);
        event.actor.id = user(&format!("user {who}"));
        if let Body::ReactionAdded { emoji, .. } = &mut event.body {
            *emoji = Emoji::new(format!("e{what}")).unwrap();
        }
        let effect = stands.apply(&event, moment(1));
        (
            effect,
            stands.reactions.len(),
            stands.reactions.iter().map(|r| r.users.len()).sum::<usize>(),
        )
    };
    for what in 0..MOST_EMOJI {
        assert!(react(0, what).0);
    }
    assert_eq!(react(0, MOST_EMOJI), (false, MOST_EMOJI, MOST_EMOJI));
    for who in 1..=MOST_REACTIONS - MOST_EMOJI {
        assert!(react(who, 0).0);
    }
    assert_eq!(react(5_000, 0), (false, MOST_EMOJI, MOST_REACTIONS));
}

#[test]
fn the_latest_hundred_are_kept() {
    let world = hello().and((0..RECENT).map(|n| sent("ann", &n.to_string())));
    assert_eq!(world.recent.len(), RECENT);
    assert!(world.recent.get(Seq::new(HERE)).is_none());
    let latest: Vec<_> = world.recent.latest(2).map(|message| message.text.as_str()).collect();
    assert_eq!(latest, ["98", "99"]);
    assert_eq!(world.recent.latest(usize::MAX).len(), RECENT);
}
