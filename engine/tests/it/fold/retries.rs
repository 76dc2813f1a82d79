//! A command sent again counts once, for ever.

use super::given::{World, given};
use super::words::*;
use engine::domain::{Kind, Reason, Role, WINDOW};

fn chatter(world: World, events: u64) -> World {
    world.and((0..events).map(|_| sent("ann", "chatter")))
}

#[test]
fn the_same_cid_of_the_same_person_is_the_same_command() {
    given([created(Kind::Open, "owner"), sent("ann", "first").cid("x")])
        .when(sent("ann", "second").cid("x"))
        .then_duplicate_of(2)
        .when(sent("bob", "mine").cid("x"))
        .then_accepted();
}

#[test]
fn a_duplicate_is_told_before_anything_else() {
    let hello = || sent("ann", "hello").cid("x");
    let room = || {
        given([
            created(Kind::Private, "owner"),
            invited("owner", "ann"),
            joined("ann"),
            hello(),
        ])
    };
    room().and([banned("owner", "ann")]).when(hello()).then_duplicate_of(4);
    room().and([muted("owner", "ann")]).when(hello()).then_duplicate_of(4);
    room().and([left("ann")]).when(hello()).then_duplicate_of(4);
    room().and([room_deleted("owner")]).when(hello()).then_duplicate_of(4);
}

#[test]
fn creating_again_with_the_same_cid_is_a_duplicate() {
    given([created(Kind::Open, "owner").cid("begin")])
        .when(created(Kind::Open, "owner").cid("begin"))
        .then_duplicate_of(1);
}

#[test]
fn what_was_ignored_was_not_accepted_and_may_be_tried_again() {
    given([created(Kind::Public, "owner")])
        .when(sent("ann", "hello").cid("x"))
        .then_ignored(Reason::NotAMember)
        .and([joined("ann"), sent("ann", "hello").cid("x")]);
}

#[test]
fn the_last_1024_events_are_remembered() {
    let world = given([created(Kind::Open, "owner"), sent("ann", "hello").cid("x").since(1)]);
    let world = chatter(world, WINDOW - 1);
    let world = world
        .when(sent("ann", "hello").cid("x").since(1))
        .then_ignored(Reason::Duplicate(
            world
                .room
                .find(user("ann"), engine::domain::Cid::new(derived("cid", "x")))
                .unwrap(),
        ));
    let world = chatter(world, 1);
    world
        .when(sent("ann", "hello").cid("x").since(1))
        .then_ignored(Reason::Expired);
}

#[test]
fn a_command_first_tried_1024_events_ago_is_expired() {
    let world = chatter(given([created(Kind::Open, "owner")]), WINDOW - 1);
    world.when(sent("ann", "late").since(0)).then_ignored(Reason::Expired);
    world.when(sent("ann", "late").since(1)).then_accepted();
    world.when(sent("ann", "late")).then_accepted();
    let again = Step {
        room: None,
        ..created(Kind::Open, "owner")
    };
    world.when(again.since(0)).then_ignored(Reason::Expired);
}

#[test]
fn a_since_above_the_head_counts_as_the_head() {
    given([created(Kind::Open, "owner")])
        .when(sent("ann", "hello").since(u64::MAX))
        .then_accepted();
}

#[test]
fn expired_is_told_before_bans_and_deletion() {
    let world = chatter(given([created(Kind::Open, "owner")]), WINDOW).and([banned("owner", "bob")]);
    world.when(sent("bob", "late").since(0)).then_ignored(Reason::Expired);
    let world = world.and([room_deleted("owner")]);
    world.when(sent("bob", "late").since(0)).then_ignored(Reason::Expired);
}

#[test]
fn retries_of_every_kind_of_command_count_once() {
    let steps = [
        joined("ann"),
        invited("ann", "bob"),
        sent("ann", "hello"),
        edited("ann", message(4, "ann"), "hi"),
        reacted("owner", message(4, "ann"), "+1"),
        unreacted("owner", message(4, "ann"), "+1"),
        deleted("ann", message(4, "ann")),
        made("owner", "ann", Role::Moderator),
        muted("ann", "bob"),
        unmuted("ann", "bob"),
        banned("ann", "bob"),
        unbanned("ann", "bob"),
        renamed("owner", "new"),
        left("ann"),
        room_deleted("owner"),
    ];
    let mut world = given([created(Kind::Public, "owner")]);
    for step in steps {
        let step = step.cid("again").since(world.room.head().get());
        let step = Step {
            cid: Some(Box::leak(format!("{step:?}").into_boxed_str())),
            ..step
        };
        world = world.when(step.clone()).then_accepted();
        let seq = world.room.head().get();
        world = world.when(step).then_duplicate_of(seq);
    }
}
