//! The logs of the corpus, each by the file it was written to. What must be said of each record is stated here by hand.

use super::damage::{damage, damaged_datum, elsewhere};
use super::file::Log;
use super::script::Script;
use crate::fold::words::*;
use engine::domain::{Body, Kind, MOST_EMOJI, RECENT, Role, RoomId, WINDOW};

/// Every one, with its file.
pub(crate) fn all() -> Vec<(&'static str, Log)> {
    vec![
        ("open.jsonl", open()),
        ("public.jsonl", public()),
        ("private.jsonl", private()),
        ("direct.jsonl", direct()),
        ("general.jsonl", general()),
        ("owners.jsonl", owners()),
        ("until.jsonl", until()),
        ("messages.jsonl", messages()),
        ("recent.jsonl", recent()),
        ("retries.jsonl", retries()),
        ("window-and-reactions.jsonl", window_and_reactions()),
        ("rules-raised.jsonl", rules_raised()),
        ("rules-of-the-future.jsonl", rules_of_the_future()),
        ("damage.jsonl", damage()),
        ("damaged-datum.jsonl", damaged_datum()),
        ("elsewhere.jsonl", elsewhere()),
    ]
}

/// A second creation, of the room that is there.
fn created_again(kind: Kind, actor: &'static str) -> Step {
    let room = None;
    Step {
        room,
        ..created(kind, actor)
    }
}

fn open() -> Log {
    Script::of("An open room: anyone speaks, only exceptions are kept", some_room())
        .ignores("not_found", [sent("ann", "too early"), joined("ann")])
        .accepts([
            created(Kind::Open, "owner"),
            joined("ann"),
            sent("ann", "hello"),
            left("ann"),
        ])
        .accepts([sent("bob", "never joined"), reacted("eve", message(3, "ann"), "👍")])
        .ignores("conflict", [created_again(Kind::Open, "ann"), left("owner")])
        .ignores("conflict", [invited("ann", "bob"), kicked("owner", "ann")])
        .ignores(
            "forbidden",
            [
                renamed("ann", "mine"),
                room_deleted("ann"),
                banned("ann", "bob"),
                muted("ann", "bob"),
            ],
        )
        .ignores(
            "forbidden",
            [made("ann", "ann", Role::Moderator), banned("owner", "owner")],
        )
        .accepts([
            made("owner", "mod", Role::Moderator),
            muted("mod", "ann"),
            banned("mod", "bob"),
        ])
        .ignores(
            "muted",
            [sent("ann", "hello?"), reacted("ann", message(3, "ann"), "+1")],
        )
        .ignores(
            "banned",
            [sent("bob", "hello?"), joined("bob"), left("bob"), renamed("bob", "x")],
        )
        .ignores("forbidden", [banned("mod", "owner"), muted("mod", "mod")])
        .ignores("conflict", [unmuted("mod", "eve"), unbanned("mod", "eve")])
        .accepts([unmuted("mod", "ann"), sent("ann", "hello!"), unbanned("owner", "bob")])
        .accepts([joined("bob"), deleted("mod", message(3, "ann"))])
        .accepts([
            banned("owner", "mod"),
            unbanned("owner", "mod"),
            sent("mod", "no role any more"),
        ])
        .ignores("forbidden", [muted("mod", "bob")])
        .accepts([
            made("owner", "ann", Role::Moderator),
            made("owner", "ann", Role::Member),
            room_deleted("owner"),
        ])
        .ignores(
            "room_deleted",
            [
                sent("ann", "anyone?"),
                joined("ann"),
                room_deleted("owner"),
                renamed("owner", "x"),
            ],
        )
        .ignores("conflict", [created_again(Kind::Open, "owner")])
        .end()
}

fn public() -> Log {
    Script::of("A public room: anyone joins, members speak", some_room())
        .embedded()
        .accepts([created(Kind::Public, "owner")])
        .ignores(
            "not_a_member",
            [
                sent("ann", "hello"),
                left("ann"),
                invited("ann", "bob"),
                renamed("ann", "mine"),
            ],
        )
        .accepts([joined("ann"), sent("ann", "hello")])
        .ignores("conflict", [joined("ann"), invited("ann", "owner")])
        .accepts([
            invited("ann", "bob"),
            joined("bob"),
            made("owner", "bob", Role::Moderator),
        ])
        .ignores(
            "conflict",
            [made("owner", "bob", Role::Moderator), invited("bob", "ann")],
        )
        .ignores(
            "forbidden",
            [kicked("ann", "bob"), banned("ann", "owner"), retopiced("bob", "x")],
        )
        .accepts([kicked("bob", "ann")])
        .ignores("not_a_member", [sent("ann", "hello?")])
        .ignores("conflict", [kicked("bob", "ann")])
        .accepts([joined("ann"), muted("bob", "ann"), left("ann"), joined("ann")])
        .ignores("muted", [sent("ann", "a mute outlives a membership")])
        .accepts([banned("bob", "ann")])
        .ignores("banned", [joined("ann"), sent("ann", "hello?")])
        .ignores("conflict", [invited("bob", "ann"), made("owner", "ann", Role::Member)])
        .accepts([banned("bob", "stranger"), unbanned("bob", "ann"), joined("ann")])
        .accepts([renamed("owner", "a new name"), retopiced("owner", "")])
        .ignores("invalid", [updated("owner"), sent("bob", "all of you").mentioning(101)])
        .accepts([sent("bob", "a hundred of you").mentioning(100)])
        .ignores(
            "invalid",
            [sent("owner", "elsewhere").in_room(some_room()).mentioning(101)],
        )
        .accepts([invited("bob", "eve"), kicked("bob", "eve"), room_deleted("owner")])
        .ignores("room_deleted", [joined("eve"), sent("bob", "anyone?")])
        .end()
}

fn private() -> Log {
    Script::of(
        "A private room: an invitation is the right to join, and used up",
        some_room(),
    )
    .accepts([created(Kind::Private, "owner")])
    .ignores("not_found", [joined("ann"), sent("ann", "hello"), left("ann")])
    .accepts([invited("owner", "ann")])
    .ignores(
        "not_a_member",
        [sent("ann", "hello"), invited("ann", "bob"), left("ann")],
    )
    .ignores("conflict", [invited("owner", "ann")])
    .accepts([joined("ann"), sent("ann", "hello"), invited("ann", "bob")])
    .accepts([kicked("owner", "bob")])
    .ignores("not_found", [joined("bob")])
    .accepts([invited("ann", "bob"), banned("owner", "bob")])
    .ignores("not_found", [joined("bob"), sent("bob", "hello")])
    .ignores("conflict", [invited("ann", "bob")])
    .accepts([unbanned("owner", "bob")])
    .ignores("not_found", [joined("bob")])
    .accepts([invited("ann", "bob"), joined("bob"), left("bob")])
    .ignores("not_found", [joined("bob")])
    .accepts([invited("ann", "bob"), joined("bob"), banned("owner", "bob")])
    .ignores("not_found", [sent("bob", "hello?"), left("bob")])
    .accepts([invited("ann", "eve"), room_deleted("owner")])
    .ignores("room_deleted", [sent("ann", "anyone?"), joined("eve")])
    .ignores("not_found", [joined("stranger"), sent("bob", "hello?")])
    .end()
}

fn direct() -> Log {
    let room = RoomId::direct(user("ann"), user("bob"));
    let mut public = created_direct("ann", "bob");
    if let Body::RoomCreated { kind, .. } = &mut public.body {
        *kind = Kind::Public;
    }
    let mut alone = created(Kind::Direct, "ann").in_room(room);
    if let Body::RoomCreated { peer, .. } = &mut alone.body {
        *peer = Some(user("ann"));
    }
    Script::of("A direct room: two people, for ever", room)
        .ignores(
            "invalid",
            [
                public,
                alone,
                created(Kind::Direct, "ann").in_room(room),
                created_direct("ann", "eve").in_room(room),
                created_direct("eve", "bob").in_room(room),
            ],
        )
        .accepts([
            created_direct("bob", "ann"),
            sent("bob", "hello"),
            replied("ann", 2, "hi"),
        ])
        .ignores("conflict", [created_direct("ann", "bob"), left("ann"), joined("bob")])
        .ignores("conflict", [invited("ann", "eve"), kicked("ann", "bob")])
        .ignores(
            "forbidden",
            [
                banned("ann", "bob"),
                muted("ann", "bob"),
                renamed("ann", "us"),
                room_deleted("bob"),
                made("ann", "bob", Role::Moderator),
                deleted("ann", message(2, "bob")),
                edited("ann", message(2, "bob"), "hullo"),
            ],
        )
        .ignores("not_found", [sent("eve", "hello"), joined("eve"), left("eve")])
        .accepts([
            edited("bob", message(2, "bob"), "hullo"),
            deleted("ann", message(3, "ann")),
        ])
        .end()
}

fn general() -> Log {
    let of = |kind| created(kind, "ann").in_room(RoomId::general());
    Script::of("The open room general: anybody's once, nobody's own", RoomId::general())
        .ignores("invalid", [of(Kind::Public), of(Kind::Private), of(Kind::Direct)])
        .ignores("invalid", [created_general("ann").rules(0)])
        .accepts([created_general("ann"), sent("bob", "hello"), joined("eve"), left("ann")])
        .ignores("conflict", [created_general("bob"), of(Kind::Public)])
        .ignores(
            "forbidden",
            [
                renamed("ann", "mine"),
                room_deleted("ann"),
                banned("ann", "bob"),
                made("ann", "bob", Role::Owner),
                deleted("eve", message(2, "bob")),
            ],
        )
        .accepts([deleted("bob", message(2, "bob"))])
        .end()
}

fn owners() -> Log {
    Script::of("Ownership: handed over, never laid down", some_room())
        .accepts([
            created(Kind::Public, "ann"),
            joined("bob"),
            joined("eve"),
            muted("ann", "bob"),
        ])
        .ignores("conflict", [left("ann"), made("ann", "stranger", Role::Owner)])
        .ignores(
            "forbidden",
            [made("bob", "eve", Role::Moderator), made("ann", "ann", Role::Member)],
        )
        .accepts([made("ann", "bob", Role::Owner), sent("bob", "an owner is not muted")])
        .ignores("conflict", [left("bob")])
        .ignores(
            "forbidden",
            [
                room_deleted("ann"),
                kicked("ann", "bob"),
                made("ann", "eve", Role::Moderator),
            ],
        )
        .accepts([kicked("ann", "eve"), made("bob", "ann", Role::Member)])
        .ignores("forbidden", [muted("ann", "bob")])
        .accepts([left("ann"), renamed("bob", "mine now"), room_deleted("bob")])
        .end()
}

fn until() -> Log {
    let second = 1_000;
    Script::of(
        "Bans and mutes end at a time, by the log's own clock: until is the first instant at which they are over",
        some_room(),
    )
    .accepts([
        created(Kind::Public, "owner"),
        joined("ann"),
        joined("bob"),
        muted("owner", "bob").until(100),
        banned("owner", "ann").until(100),
    ])
    .at_millis(100 * second - 1)
    .ignores("banned", [joined("ann")])
    .at_millis(100 * second - 1)
    .ignores("muted", [sent("bob", "hello")])
    .at_millis(100 * second)
    .accepts([joined("ann")])
    .at_millis(100 * second)
    .accepts([sent("bob", "hello")])
    .ignores(
        "conflict",
        [unbanned("owner", "ann").at(101), unmuted("owner", "bob").at(101)],
    )
    .accepts([
        banned("owner", "ann").at(102).until(50),
        muted("owner", "bob").until(50),
        sent("bob", "a mute that was over when it came"),
        joined("ann"),
        banned("owner", "ann").until(500),
        banned("owner", "ann").until(200),
    ])
    .ignores("banned", [joined("ann").at(199)])
    .accepts([
        joined("ann").at(200),
        muted("owner", "ann").until(300),
        muted("owner", "ann"),
    ])
    .ignores("muted", [sent("ann", "for ever").at(100_000)])
    .end()
}

fn messages() -> Log {
    let hello = || message(2, "ann");
    Script::of("Messages: edited, deleted, reacted to, answered", some_room())
        .accepts([created(Kind::Open, "owner"), sent("ann", "hello").mentioning(2)])
        .ignores(
            "not_found",
            [0, 3, i64::MAX.unsigned_abs()].into_iter().flat_map(|seq| {
                let target = message(seq, "ann");
                [
                    replied("ann", seq, "yes"),
                    edited("ann", target, "no"),
                    deleted("ann", target),
                    reacted("ann", target, "+1"),
                    unreacted("ann", target, "+1"),
                ]
            }),
        )
        .ignores("forbidden", [edited("owner", hello(), "no"), deleted("bob", hello())])
        .accepts([
            edited("ann", hello(), "hello, all"),
            replied("bob", 2, "hi\nthere"),
            replied("bob", 3, "an answer to an edit: something stands there"),
            reacted("bob", hello(), "👍"),
            reacted("bob", hello(), "👍"),
            reacted("eve", hello(), "👍"),
            reacted("eve", hello(), "❤️"),
            unreacted("bob", hello(), "👍"),
            unreacted("bob", hello(), "👍"),
            unreacted("eve", hello(), "❤️"),
            edited(
                "ann",
                message(4, "ann"),
                "the author that it states is not the message's",
            ),
            reacted("eve", message(4, "ann"), "+1"),
            edited("ann", message(1, "ann"), "that is no message"),
            deleted("owner", message(4, "bob")),
            edited("bob", message(4, "bob"), "a tombstone stays"),
            reacted("eve", message(4, "bob"), "+1"),
            replied("eve", 4, "to a tombstone"),
            edited("ann", hello(), "without mentions").mentioning(0),
        ])
        .ignores("invalid", [edited("ann", hello(), "all").mentioning(101)])
        .accepts([muted("owner", "ann")])
        .ignores(
            "muted",
            [
                edited("ann", hello(), "hm"),
                reacted("ann", hello(), "+1"),
                replied("ann", 2, "hm"),
            ],
        )
        .accepts([unreacted("ann", hello(), "+1"), deleted("ann", hello())])
        .end()
}

fn recent() -> Log {
    let many = RECENT as u64 + 10;
    let said = (0..many).map(|n| sent(if n % 2 == 0 { "ann" } else { "bob" }, &format!("message {n}")));
    let (old, kept) = (message(2, "ann"), message(many, "ann"));
    let emoji = (0..=MOST_EMOJI).map(|n| reacted("eve", kept, ["e", &n.to_string()].concat().leak()));
    Script::of(
        "The latest hundred messages, and changes of some that are older",
        some_room(),
    )
    .embedded()
    .accepts([created(Kind::Open, "owner")])
    .accepts(said)
    .accepts([
        edited("ann", old, "too old to be shown"),
        deleted("ann", message(4, "ann")),
    ])
    .accepts(emoji)
    .accepts([
        reacted("bob", kept, "e3"),
        unreacted("eve", kept, "e20"),
        unreacted("eve", kept, "e0"),
        reacted("eve", kept, "e20"),
        edited("ann", message(80, "ann"), "better"),
        deleted("owner", message(81, "bob")),
    ])
    .end()
}

fn retries() -> Log {
    let hello = || sent("ann", "hello").cid("x").since(1);
    Script::of("A command sent again counts once, whatever happened since", some_room())
        .ignores("not_found", [hello()])
        .accepts([created(Kind::Public, "owner").cid("begin").since(0)])
        .knows_again(1, created_again(Kind::Public, "owner").cid("begin").since(0))
        .ignores("not_a_member", [hello()])
        .accepts([joined("ann").cid("in"), hello()])
        .knows_again(3, hello())
        .knows_again(3, sent("ann", "another text").cid("x"))
        .knows_again(3, left("ann").cid("x"))
        .ignores("not_a_member", [sent("bob", "the same cid of somebody else").cid("x")])
        .accepts([joined("bob"), sent("bob", "the same cid of somebody else").cid("x")])
        .accepts([sent("ann", "a head that nobody has seen").since(i64::MAX.unsigned_abs())])
        .accepts([muted("owner", "ann")])
        .knows_again(3, hello())
        .accepts([banned("owner", "ann")])
        .knows_again(3, hello())
        .knows_again(2, joined("ann").cid("in"))
        .ignores("banned", [sent("ann", "new").cid("y")])
        .accepts([room_deleted("owner").cid("over")])
        .knows_again(3, hello())
        .knows_again(9, room_deleted("owner").cid("over"))
        .end()
}

/// The thousand reactions that a message may have are what fills the window.
fn window_and_reactions() -> Log {
    let hello = || sent("ann", "hello").cid("x").since(1);
    let begin = || created(Kind::Open, "owner").cid("begin").since(0);
    let begin_again = || created_again(Kind::Open, "owner").cid("begin").since(0);
    let names: Vec<&'static str> = (0..51).map(|n| &*format!("user {n}").leak()).collect();
    let reaction = |n: usize| {
        let emoji = ["e", &(n % MOST_EMOJI).to_string()].concat();
        reacted(names[n / MOST_EMOJI], message(2, "ann"), &emoji)
    };
    // Two events and 1,001 reactions, the last of them over the bound: the head is 1,003.
    Script::of(
        "1,024 events are remembered; 1,000 reactions count. Around the edges of both",
        some_room(),
    )
    .accepts([begin(), hello()])
    .accepts((0..=1_000).map(reaction))
    .accepts([
        unreacted(names[0], message(2, "ann"), "e0"),
        reaction(1_001),
        reaction(1_002),
    ])
    // To 1,023: the next is the last that fills the window.
    .accepts((0..WINDOW - 1 - 1_006).map(|_| joined("ann")))
    .knows_again(2, hello())
    .accepts([sent("bob", "first tried 1,023 events ago").since(0)])
    // 1,024 events: the first is still known, and a `since` of 0 is too old for a new one.
    .knows_again(1, begin_again())
    .knows_again(2, hello())
    .ignores("expired", [sent("bob", "first tried 1,024 events ago").since(0)])
    .accepts([sent("bob", "first tried 1,023 events ago").since(1)])
    // 1,025: the first is forgotten.
    .ignores("expired", [begin_again(), sent("bob", "late").since(1)])
    .ignores("conflict", [created_again(Kind::Open, "owner").cid("begin")])
    .knows_again(2, hello())
    .accepts([sent("bob", "no since counts as the head")])
    // 1,026: so is the second.
    .ignores("expired", [hello(), sent("stranger", "late").since(2)])
    .accepts([
        sent("ann", "hello again, under a new cid").cid("y").since(3),
        banned("owner", "bob"),
    ])
    .ignores("expired", [sent("bob", "told before a ban").since(4)])
    .ignores("banned", [sent("bob", "told of a ban").since(5)])
    .accepts([room_deleted("owner")])
    .ignores("expired", [sent("ann", "told before the end").since(5)])
    .end()
}

fn rules_raised() -> Log {
    Script::of(
        "A room whose rules rise above 1: whoever knows no other stops there",
        some_room(),
    )
    .accepts([
        created(Kind::Public, "owner"),
        joined("ann"),
        sent("ann", "hello").cid("x").since(2),
    ])
    .ignores("conflict", [updated("ann").rules(0), updated("ann").rules(1)])
    .ignores("not_a_member", [updated("stranger").rules(2)])
    .ignores("forbidden", [renamed("ann", "and a name").rules(2)])
    .ignores("unsupported_rules", [updated("ann").rules(2)])
    .ignores(
        "unsupported_rules",
        [
            sent("ann", "more"),
            joined("bob"),
            updated("ann").rules(3),
            room_deleted("owner"),
        ],
    )
    .knows_again(3, sent("ann", "hello").cid("x").since(2))
    .end()
}

fn rules_of_the_future() -> Log {
    Script::of(
        "A room that begins with rules above 1 is not folded at all",
        some_room(),
    )
    .ignores("invalid", [created(Kind::Private, "owner").rules(0)])
    .ignores("unsupported_rules", [created(Kind::Private, "owner").rules(2)])
    .ignores(
        "unsupported_rules",
        [invited("owner", "ann"), joined("ann"), room_deleted("owner")],
    )
    .end()
}
