//! Everything that can be asked, by everyone who can ask, in rooms of every kind: written out by hand from the design,
//! beside the table that the fold reads.

use super::given::{World, given};
use super::words::*;
use engine::domain::{Kind, Reason, Role, Verdict};

/// The people of a table, in the order of its columns: tim is a plain member, max a muted one, bob banned.
const PEOPLE: [&str; 7] = ["owner", "mod", "ann", "muted", "stranger", "invited", "banned"];

#[test]
fn in_an_open_room() {
    let room = given([created(Kind::Open, "owner")]).and(standings());
    check(
        &room,
        &PEOPLE,
        "
                     owner mod  ann  muted stranger invited banned
        update       ok    forb forb forb  forb     forb    ban
        raise        conf  conf conf conf  conf     conf    ban
        delete_room  ok    forb forb forb  forb     forb    ban
        join         ok    ok   ok   ok    ok       ok      ban
        leave        conf  ok   ok   ok    ok       ok      ban
        invite       conf  conf conf conf  conf     conf    ban
        kick         conf  conf conf conf  conf     conf    ban
        ban          ok    ok   forb forb  forb     forb    ban
        unban        ok    ok   forb forb  forb     forb    ban
        mute         ok    ok   forb forb  forb     forb    ban
        unmute       ok    ok   forb forb  forb     forb    ban
        set_role     ok    forb forb forb  forb     forb    ban
        send         ok    ok   ok   mute  ok       ok      ban
        edit_own     ok    ok   ok   mute  ok       ok      ban
        edit_other   forb  forb forb mute  forb     forb    ban
        delete_own   ok    ok   ok   ok    ok       ok      ban
        delete_other ok    ok   forb forb  forb     forb    ban
        react        ok    ok   ok   mute  ok       ok      ban
        unreact      ok    ok   ok   ok    ok       ok      ban
        create       conf  conf conf conf  conf     conf    conf
        read         ok    ok   ok   ok    ok       ok      ban
        know         ok    ok   ok   ok    ok       ok      ok
        ",
    );
}

#[test]
fn in_a_public_room() {
    let people = ["mod", "ann", "muted", "tim", "max", "banned"];
    let room = given([created(Kind::Public, "owner")])
        .and(people.map(joined))
        .and([invited("ann", "invited")])
        .and(standings());
    check(
        &room,
        &PEOPLE,
        "
                     owner mod  ann  muted stranger invited banned
        update       ok    forb forb forb  nam      nam     ban
        raise        conf  conf conf conf  nam      nam     ban
        delete_room  ok    forb forb forb  nam      nam     ban
        join         conf  conf conf conf  ok       ok      ban
        leave        conf  ok   ok   ok    nam      nam     ban
        invite       ok    ok   ok   ok    nam      nam     ban
        kick         ok    ok   forb forb  nam      nam     ban
        ban          ok    ok   forb forb  nam      nam     ban
        unban        ok    ok   forb forb  nam      nam     ban
        mute         ok    ok   forb forb  nam      nam     ban
        unmute       ok    ok   forb forb  nam      nam     ban
        set_role     ok    forb forb forb  nam      nam     ban
        send         ok    ok   ok   mute  nam      nam     ban
        edit_own     ok    ok   ok   mute  nam      nam     ban
        edit_other   forb  forb forb mute  nam      nam     ban
        delete_own   ok    ok   ok   ok    nam      nam     ban
        delete_other ok    ok   forb forb  nam      nam     ban
        react        ok    ok   ok   mute  nam      nam     ban
        unreact      ok    ok   ok   ok    nam      nam     ban
        create       conf  conf conf conf  conf     conf    conf
        read         ok    ok   ok   ok    ok       ok      ban
        know         ok    ok   ok   ok    ok       ok      ok
        ",
    );
}

#[test]
fn in_a_private_room() {
    let people = ["mod", "ann", "muted", "tim", "max", "banned"];
    let room = given([created(Kind::Private, "owner")])
        .and(people.map(|name| invited("owner", name)))
        .and(people.map(joined))
        .and([invited("ann", "invited")])
        .and(standings());
    check(
        &room,
        &PEOPLE,
        "
                     owner mod  ann  muted stranger invited banned
        update       ok    forb forb forb  nf       nam     nf
        raise        conf  conf conf conf  nf       nam     nf
        delete_room  ok    forb forb forb  nf       nam     nf
        join         conf  conf conf conf  nf       ok      nf
        leave        conf  ok   ok   ok    nf       nam     nf
        invite       ok    ok   ok   ok    nf       nam     nf
        kick         ok    ok   forb forb  nf       nam     nf
        ban          ok    ok   forb forb  nf       nam     nf
        unban        ok    ok   forb forb  nf       nam     nf
        mute         ok    ok   forb forb  nf       nam     nf
        unmute       ok    ok   forb forb  nf       nam     nf
        set_role     ok    forb forb forb  nf       nam     nf
        send         ok    ok   ok   mute  nf       nam     nf
        edit_own     ok    ok   ok   mute  nf       nam     nf
        edit_other   forb  forb forb mute  nf       nam     nf
        delete_own   ok    ok   ok   ok    nf       nam     nf
        delete_other ok    ok   forb forb  nf       nam     nf
        react        ok    ok   ok   mute  nf       nam     nf
        unreact      ok    ok   ok   ok    nf       nam     nf
        create       conf  conf conf conf  conf     conf    conf
        read         ok    ok   ok   ok    nf       nam     nf
        know         ok    ok   ok   ok    nf       ok      nf
        ",
    );
}

#[test]
fn in_a_direct_room() {
    check(
        &given([created_direct("ann", "tim")]),
        &["ann", "tim", "stranger"],
        "
                     ann  tim  stranger
        update       forb forb nf
        raise        conf conf nf
        delete_room  forb forb nf
        join         conf conf nf
        leave        conf conf nf
        invite       conf conf nf
        kick         conf conf nf
        ban          forb forb nf
        unban        forb forb nf
        mute         forb forb nf
        unmute       forb forb nf
        set_role     forb forb nf
        send         ok   ok   nf
        edit_own     ok   ok   nf
        edit_other   forb forb nf
        delete_own   ok   ok   nf
        delete_other forb forb nf
        react        ok   ok   nf
        unreact      ok   ok   nf
        create       conf conf conf
        read         ok   ok   nf
        know         ok   ok   nf
        ",
    );
}

/// `general` is an open room in which everyone is a plain member, also who asked for it.
#[test]
fn in_general() {
    check(
        &given([created_general("owner")]),
        &["owner", "ann"],
        "
                     owner ann
        update       forb  forb
        raise        conf  conf
        delete_room  forb  forb
        join         ok    ok
        leave        ok    ok
        invite       conf  conf
        kick         conf  conf
        ban          forb  forb
        unban        forb  forb
        mute         forb  forb
        unmute       forb  forb
        set_role     forb  forb
        send         ok    ok
        edit_own     ok    ok
        edit_other   forb  forb
        delete_own   ok    ok
        delete_other forb  forb
        react        ok    ok
        unreact      ok    ok
        create       conf  conf
        read         ok    ok
        know         ok    ok
        ",
    );
}

fn standings() -> [Step; 4] {
    [
        made("owner", "mod", Role::Moderator),
        muted("owner", "muted"),
        muted("owner", "max"),
        banned("owner", "banned"),
    ]
}

fn asked(who: &'static str, what: &str) -> Step {
    let (own, others) = (message(1, who), message(1, "somebody"));
    match what {
        "update" => renamed(who, "another name"),
        "raise" => updated(who).rules(1),
        "delete_room" => room_deleted(who),
        "join" => joined(who),
        "leave" => left(who),
        "invite" => invited(who, "somebody"),
        "kick" => kicked(who, "tim"),
        "ban" => banned(who, "tim"),
        "unban" => unbanned(who, "banned"),
        "mute" => muted(who, "tim"),
        "unmute" => unmuted(who, "max"),
        "set_role" => made(who, "tim", Role::Moderator),
        "send" => sent(who, "hello"),
        "edit_own" => edited(who, own, "better"),
        "edit_other" => edited(who, others, "worse"),
        "delete_own" => deleted(who, own),
        "delete_other" => deleted(who, others),
        "react" => reacted(who, others, "+1"),
        "unreact" => unreacted(who, others, "+1"),
        "create" => Step {
            room: None,
            ..created(Kind::Public, who)
        },
        other => panic!("nobody can ask for {other}"),
    }
}

fn check(world: &World, people: &[&'static str], table: &str) {
    for row in table.lines().skip(2).map(str::trim).filter(|row| !row.is_empty()) {
        let mut cells = row.split_whitespace();
        let what = cells.next().unwrap();
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), people.len(), "{row}");
        for (&who, expected) in people.iter().zip(cells) {
            let answer = match what {
                "read" => world.reads(who, 1_000),
                "know" if world.room.may_know(user(who), moment(1_000)) => Ok(()),
                "know" => Err(Reason::NotFound),
                _ => match world.when(asked(who, what)).verdict() {
                    Verdict::Accepted { .. } => Ok(()),
                    Verdict::Ignored { reason } => Err(reason),
                },
            };
            assert_eq!(answer, meaning(expected), "{who}: {what}");
        }
    }
}

fn meaning(cell: &str) -> Result<(), Reason> {
    Err(match cell {
        "ok" => return Ok(()),
        "forb" => Reason::Forbidden,
        "conf" => Reason::Conflict,
        "ban" => Reason::Banned,
        "mute" => Reason::Muted,
        "nam" => Reason::NotAMember,
        "nf" => Reason::NotFound,
        other => panic!("no such answer: {other}"),
    })
}
