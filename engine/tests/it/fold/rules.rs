//! How rooms begin and end, who joins, who goes, and who hands over.

use super::given::{World, given};
use super::words::*;
use engine::domain::{Kind, Offset, Partition, Position, Reason, Role, RoomId, STOPPED, Verdict};

fn nothing_in(room: RoomId) -> World {
    World::of(room)
}

#[test]
fn a_room_that_was_not_created_is_not_found() {
    for ask in [
        sent("ann", "hello"),
        joined("ann"),
        room_deleted("ann"),
        banned("ann", "bob"),
    ] {
        nothing_in(some_room()).when(ask).then_ignored(Reason::NotFound);
    }
}

#[test]
fn who_creates_a_room_owns_it() {
    for kind in [Kind::Open, Kind::Public, Kind::Private] {
        let world = given([created(kind, "ann")]);
        assert_eq!(world.room.owner(), Some(user("ann")));
        assert_eq!(world.room.role_of(user("ann")), Some(Role::Owner));
    }
}

#[test]
fn a_room_is_created_once() {
    for kind in [Kind::Open, Kind::Public, Kind::Private, Kind::Direct] {
        given([created(Kind::Public, "ann")])
            .when(Step {
                room: None,
                ..created(kind, "bob")
            })
            .then_ignored(Reason::Conflict);
    }
}

#[test]
fn general_is_anybodys_once_and_nobodys_own() {
    let world = given([created_general("ann")]);
    assert_eq!(world.room.owner(), None);
    assert_eq!(world.room.changes().count(), 0);
    world.when(created_general("bob")).then_ignored(Reason::Conflict);
}

#[test]
fn general_is_open() {
    for kind in [Kind::Public, Kind::Private] {
        nothing_in(RoomId::general())
            .when(created(kind, "ann").in_room(RoomId::general()))
            .then_ignored(Reason::Invalid);
    }
}

#[test]
fn a_direct_room_has_both_from_the_first_event() {
    let world = given([created_direct("ann", "bob"), sent("bob", "hello"), sent("ann", "hi")]);
    assert_eq!(world.room.member_count(), Some(2));
    assert_eq!(world.room.owner(), None);
}

#[test]
fn a_direct_room_is_the_same_whoever_starts_it() {
    given([created_direct("ann", "bob")])
        .when(created_direct("bob", "ann"))
        .then_ignored(Reason::Conflict);
}

#[test]
fn a_direct_room_has_the_id_of_its_two_people() {
    let of_others = RoomId::direct(user("bob"), user("cid"));
    for room in [some_room(), RoomId::general(), of_others] {
        nothing_in(room)
            .when(created_direct("ann", "bob").in_room(room))
            .then_ignored(Reason::Invalid);
    }
}

#[test]
fn nobody_is_alone_in_a_direct_room() {
    let alone = created_direct("ann", "ann");
    nothing_in(alone.room.unwrap())
        .when(alone)
        .then_ignored(Reason::Invalid);
    nothing_in(some_room())
        .when(created(Kind::Direct, "ann"))
        .then_ignored(Reason::Invalid);
}

#[test]
fn only_direct_rooms_have_a_peer() {
    let mut odd = created_direct("ann", "bob");
    if let engine::domain::Body::RoomCreated { kind, .. } = &mut odd.body {
        *kind = Kind::Public;
    }
    nothing_in(odd.room.unwrap()).when(odd).then_ignored(Reason::Invalid);
}

#[test]
fn an_event_of_another_room_is_invalid() {
    given([created(Kind::Open, "ann")])
        .when(sent("ann", "hello").in_room(RoomId::general()))
        .then_ignored(Reason::Invalid);
}

#[test]
fn a_deleted_room_takes_nothing_more() {
    let world = given([created(Kind::Public, "ann"), joined("bob"), room_deleted("ann")]);
    assert!(world.room.deleted());
    for ask in [
        sent("ann", "hello"),
        joined("eve"),
        room_deleted("ann"),
        left("bob"),
        renamed("ann", "new"),
    ] {
        world.when(ask).then_ignored(Reason::RoomDeleted);
    }
    assert_eq!(world.reads("bob", 99), Err(Reason::RoomDeleted));
    world
        .when(Step {
            room: None,
            ..created(Kind::Public, "ann")
        })
        .then_ignored(Reason::Conflict);
}

#[test]
fn a_deleted_private_room_stays_unknown_to_others() {
    given([
        created(Kind::Private, "ann"),
        invited("ann", "bob"),
        room_deleted("ann"),
    ])
    .when(joined("bob"))
    .then_ignored(Reason::RoomDeleted)
    .when(joined("eve"))
    .then_ignored(Reason::NotFound);
}

#[test]
fn an_invitation_is_used_up_by_joining() {
    given([
        created(Kind::Private, "ann"),
        invited("ann", "bob"),
        joined("bob"),
        left("bob"),
    ])
    .when(joined("bob"))
    .then_ignored(Reason::NotFound);
}

#[test]
fn an_invitation_is_used_up_by_a_kick() {
    let world = given([
        created(Kind::Private, "ann"),
        invited("ann", "bob"),
        kicked("ann", "bob"),
    ]);
    assert_eq!(world.room.changes().count(), 1, "the owner alone");
    world.when(joined("bob")).then_ignored(Reason::NotFound);
}

#[test]
fn an_invitation_is_used_up_by_a_ban() {
    given([
        created(Kind::Private, "ann"),
        invited("ann", "bob"),
        banned("ann", "bob"),
        unbanned("ann", "bob"),
    ])
    .when(joined("bob"))
    .then_ignored(Reason::NotFound);
}

#[test]
fn any_member_invites_but_not_whom_it_makes_no_sense_to_invite() {
    let world = given([created(Kind::Private, "ann"), invited("ann", "bob"), joined("bob")])
        .and([invited("bob", "eve"), banned("ann", "max")]);
    for whom in ["ann", "bob", "eve", "max"] {
        world.when(invited("bob", whom)).then_ignored(Reason::Conflict);
    }
}

#[test]
fn an_invitation_to_a_public_room_ends_when_its_guest_joins() {
    let world = given([created(Kind::Public, "ann"), invited("ann", "bob"), joined("bob")]);
    assert!(!world.room.is_invited(user("bob")));
}

#[test]
fn the_owner_leaves_after_handing_over() {
    let world = given([created(Kind::Public, "ann"), joined("bob")])
        .when(left("ann"))
        .then_ignored(Reason::Conflict)
        .and([made("ann", "bob", Role::Owner)]);
    assert_eq!(world.room.owner(), Some(user("bob")));
    assert_eq!(world.room.role_of(user("ann")), Some(Role::Moderator));
    world
        .and([left("ann")])
        .when(left("bob"))
        .then_ignored(Reason::Conflict);
}

#[test]
fn an_open_room_is_handed_over_to_anyone() {
    given([created(Kind::Open, "ann")])
        .when(left("ann"))
        .then_ignored(Reason::Conflict)
        .and([made("ann", "bob", Role::Owner), left("ann")])
        .when(left("bob"))
        .then_ignored(Reason::Conflict)
        .and([renamed("bob", "mine now")]);
}

#[test]
fn roles_are_for_members_who_are_not_banned() {
    given([created(Kind::Public, "ann"), banned("ann", "bob")])
        .when(made("ann", "eve", Role::Moderator))
        .then_ignored(Reason::Conflict);
    given([created(Kind::Open, "ann"), banned("ann", "bob")])
        .when(made("ann", "bob", Role::Owner))
        .then_ignored(Reason::Conflict);
}

#[test]
fn a_role_one_has_already_is_a_conflict() {
    given([created(Kind::Public, "ann"), joined("bob")])
        .when(made("ann", "bob", Role::Member))
        .then_ignored(Reason::Conflict);
}

/// Nobody could lift it: the owner is untouchable.
#[test]
fn a_new_owner_is_not_muted_any_more() {
    given([
        created(Kind::Public, "ann"),
        joined("bob"),
        muted("ann", "bob"),
        made("ann", "bob", Role::Owner),
    ])
    .when(sent("bob", "hello"))
    .then_accepted();
}

#[test]
fn in_an_open_room_joining_and_leaving_are_announcements() {
    let world = given([created(Kind::Open, "ann"), made("ann", "mod", Role::Moderator)]);
    world.when(joined("bob")).then_announced();
    world.when(left("bob")).then_announced();
    let world = world.when(left("mod")).then_announced();
    assert_eq!(world.room.role_of(user("mod")), Some(Role::Moderator));
    assert_eq!(world.room.member_count(), None);
}

#[test]
fn an_open_room_keeps_no_plain_members() {
    let world = given([created(Kind::Open, "ann"), made("ann", "bob", Role::Moderator)]).and([
        made("ann", "bob", Role::Member),
        joined("eve"),
        sent("eve", "hello"),
    ]);
    let listed: Vec<_> = world.room.members(None).map(|member| member.user_id).collect();
    assert_eq!(listed, [user("ann")]);
}

#[test]
fn name_and_topic_change_each_alone() {
    let world = given([
        created(Kind::Public, "ann"),
        renamed("ann", "new"),
        retopiced("ann", ""),
    ]);
    assert_eq!((world.room.name(), world.room.topic()), ("new", ""));
    world.when(updated("ann")).then_ignored(Reason::Invalid);
}

#[test]
fn what_a_message_speaks_of_is_there() {
    let world = given([created(Kind::Open, "ann"), sent("ann", "hello")]);
    for seq in [0, 3, u64::MAX] {
        let target = message(seq, "ann");
        let asks = [
            replied("ann", seq, "yes"),
            edited("ann", target, "no"),
            deleted("ann", target),
            reacted("ann", target, "+1"),
            unreacted("ann", target, "+1"),
        ];
        for ask in asks {
            world.when(ask).then_ignored(Reason::NotFound);
        }
    }
    world.when(replied("bob", 2, "yes")).then_accepted();
}

#[test]
fn mentions_are_bounded() {
    let world = given([created(Kind::Open, "ann"), sent("ann", "hello").mentioning(100)]);
    world
        .when(sent("ann", "all").mentioning(101))
        .then_ignored(Reason::Invalid);
    let edit = edited("ann", message(2, "ann"), "all");
    world.when(edit.mentioning(101)).then_ignored(Reason::Invalid);
}

#[test]
fn messages_are_counted_apart_from_events() {
    let world = given([
        created(Kind::Open, "ann"),
        sent("ann", "1"),
        joined("bob"),
        sent("bob", "2"),
    ]);
    assert_eq!((world.room.messages(), world.room.head().get()), (2, 4));
}

#[test]
fn rules_only_rise() {
    let world = given([created(Kind::Public, "ann"), joined("bob")]);
    for number in [0, 1] {
        world.when(updated("bob").rules(number)).then_ignored(Reason::Conflict);
    }
    nothing_in(some_room())
        .when(created(Kind::Public, "ann").rules(0))
        .then_ignored(Reason::Invalid);
}

#[test]
fn a_room_of_newer_rules_is_not_folded() {
    let world = nothing_in(some_room())
        .when(created(Kind::Public, "ann").rules(2))
        .then_ignored(Reason::UnsupportedRules);
    assert!(world.room.unsupported());
    assert_eq!(world.reads("ann", 1), Err(Reason::UnsupportedRules));
    world.when(sent("ann", "hello")).then_ignored(Reason::UnsupportedRules);
}

#[test]
fn a_room_whose_rules_rise_above_ours_stops_where_it_is_also_after_a_restart() {
    let world = given([
        created(Kind::Public, "ann"),
        joined("bob"),
        sent("bob", "hello").cid("hello"),
    ]);
    let (head, digest) = (world.room.head(), world.room.digest());
    let world = world
        .when(updated("bob").rules(2))
        .then_ignored(Reason::UnsupportedRules);
    assert_eq!(
        (world.room.head(), world.room.digest(), world.room.rules()),
        (head, digest, STOPPED)
    );
    world.when(sent("bob", "more")).then_ignored(Reason::UnsupportedRules);
    world.when(sent("bob", "hello").cid("hello")).then_duplicate_of(3);
}

/// Who may not is no reason to stop.
#[test]
fn an_event_written_above_its_rooms_rules_leaves_no_trace() {
    let world = given([created(Kind::Public, "ann")]);
    let mut room = world.room.clone();
    let event = sent("ann", "hello").event(room.id(), 9);
    let at = Position {
        partition: Partition::new(3),
        offset: Offset::new(90),
        appended_at: moment(9),
    };
    let ignored = Verdict::Ignored {
        reason: Reason::UnsupportedRules,
    };
    assert_eq!(room.fold(&event, 2, b"datum", at).verdict, ignored);
    assert_eq!(room, world.room);
    let mut told = world.room.clone();
    assert_eq!(room.fold(&event, 1, b"datum", at), told.apply(&event, b"datum", at));
    assert_eq!(room, told);
    // What begins a room says itself which rules it has.
    let mut unborn = nothing_in(some_room()).room;
    let creation = created(Kind::Public, "ann").event(unborn.id(), 1);
    let begun = unborn.fold(&creation, 2, b"datum", at).verdict;
    assert!(matches!(begun, Verdict::Accepted { .. }));
}

#[test]
fn rules_raised_by_a_stranger_are_ignored() {
    let world = given([created(Kind::Public, "ann")])
        .when(updated("eve").rules(2))
        .then_ignored(Reason::NotAMember)
        .when(renamed("eve", "new").rules(2))
        .then_ignored(Reason::NotAMember);
    assert!(!world.room.unsupported());
}
