//! Bans and mutes, and the time they last.

use super::given::given;
use super::words::*;
use engine::domain::{Kind, Reason, Role};

#[test]
fn a_ban_silences_what_is_still_on_its_way() {
    given([created(Kind::Public, "owner"), joined("ann"), banned("owner", "ann")])
        .when(sent("ann", "hello"))
        .then_ignored(Reason::Banned);
}

#[test]
fn a_ban_ends_membership_and_role() {
    for kind in [Kind::Open, Kind::Public] {
        let world = given([
            created(kind, "owner"),
            joined("ann"),
            made("owner", "ann", Role::Moderator),
        ])
        .and([banned("owner", "ann"), unbanned("owner", "ann")]);
        let plain = (kind == Kind::Open).then_some(Role::Member);
        assert_eq!(world.room.role_of(user("ann")), plain);
    }
}

#[test]
fn a_ban_lasts_until_its_time_by_the_logs_own_clock() {
    let world = given([
        created(Kind::Public, "owner"),
        joined("ann"),
        banned("owner", "ann").at(10).until(100),
    ]);
    world.when(joined("ann").at(99)).then_ignored(Reason::Banned);
    let world = world.when(joined("ann").at(100)).then_accepted();
    assert!(
        !world
            .room
            .changes()
            .any(|change| matches!(change, engine::domain::Change::Ban { .. }))
    );
    world.when(sent("ann", "back").at(101)).then_accepted();
}

#[test]
fn the_banned_hear_nothing_of_a_private_room_until_it_is_over() {
    let world = given([created(Kind::Private, "owner"), invited("owner", "ann"), joined("ann")])
        .and([banned("owner", "ann").until(100)]);
    assert_eq!(world.reads("ann", 99), Err(Reason::NotFound));
    world.when(joined("ann").at(100)).then_ignored(Reason::NotFound);
    world.and([invited("owner", "ann").at(100), joined("ann").at(100)]);
}

#[test]
fn a_new_ban_replaces_the_old() {
    given([
        created(Kind::Open, "owner"),
        banned("owner", "ann"),
        banned("owner", "ann").at(10).until(20),
    ])
    .when(sent("ann", "hello").at(20))
    .then_accepted();
}

#[test]
fn people_are_banned_before_they_ever_come() {
    for kind in [Kind::Open, Kind::Public] {
        given([created(kind, "owner"), banned("owner", "ann")])
            .when(joined("ann"))
            .then_ignored(Reason::Banned);
    }
}

#[test]
fn nobody_is_unbanned_who_is_not_banned() {
    let world = given([created(Kind::Open, "owner"), banned("owner", "ann").until(50)]);
    world.when(unbanned("owner", "bob")).then_ignored(Reason::Conflict);
    world
        .when(unbanned("owner", "ann").at(50))
        .then_ignored(Reason::Conflict);
    world.when(unbanned("owner", "ann").at(49)).then_accepted();
}

#[test]
fn who_is_kicked_may_come_back() {
    given([created(Kind::Public, "owner"), joined("ann"), kicked("owner", "ann")])
        .when(sent("ann", "hello"))
        .then_ignored(Reason::NotAMember)
        .and([joined("ann"), sent("ann", "hello")]);
}

#[test]
fn nobody_is_kicked_who_is_not_there() {
    given([created(Kind::Public, "owner")])
        .when(kicked("owner", "ann"))
        .then_ignored(Reason::Conflict);
}

#[test]
fn a_mute_lasts_until_its_time() {
    let world = given([
        created(Kind::Open, "owner"),
        sent("ann", "hello"),
        muted("owner", "ann").at(10).until(100),
    ]);
    world.when(sent("ann", "hello").at(99)).then_ignored(Reason::Muted);
    world.when(sent("ann", "hello").at(100)).then_accepted();
    world
        .when(unmuted("owner", "ann").at(100))
        .then_ignored(Reason::Conflict);
}

#[test]
fn the_muted_take_back_and_leave() {
    given([
        created(Kind::Public, "owner"),
        joined("ann"),
        sent("ann", "hello"),
        muted("owner", "ann"),
    ])
    .when(edited("ann", message(3, "ann"), "HELLO"))
    .then_ignored(Reason::Muted)
    .when(reacted("ann", message(3, "ann"), "+1"))
    .then_ignored(Reason::Muted)
    .and([deleted("ann", message(3, "ann")), left("ann")]);
}

#[test]
fn a_mute_outlives_leaving() {
    given([
        created(Kind::Public, "owner"),
        joined("ann"),
        muted("owner", "ann"),
        left("ann"),
        joined("ann"),
    ])
    .when(sent("ann", "hello"))
    .then_ignored(Reason::Muted)
    .and([unmuted("owner", "ann"), sent("ann", "hello")]);
}

#[test]
fn members_come_in_pages_in_order_of_id() {
    let people = ["ann", "bob", "eve", "tim"];
    let world = given([created(Kind::Public, "owner")]).and(people.map(joined));
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page: Vec<_> = world.room.members(after).take(2).collect();
        after = page.last().map(|member| member.user_id);
        listed.extend(page);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 5);
    assert!(listed.is_sorted_by_key(|member| member.user_id));
    assert_eq!(world.room.member_count(), Some(5));
}
