//! `docs/permissions.md` is the fold's own table of rights, printed.

use engine::domain::Kind;
use engine::domain::permissions::{Operation, PERMISSIONS, Permission, Towards, WhileMuted, Who};
use std::fmt::Write as _;
use std::path::Path;

const KINDS: [Kind; 4] = [Kind::Open, Kind::Public, Kind::Private, Kind::Direct];

const HEAD: &str = "\
# Who may do what

Made from `engine/src/domain/permissions.rs`, the table that the fold itself reads; after a change there run
`ROOMLOG_UPDATE=1 cargo test -p engine --test it permissions`.

| to … | open | public | private | direct | towards | while muted |
|---|---|---|---|---|---|---|
";

const FOOT: &str = "
- In an open room everyone counts as a member. `general` and direct rooms have no owner and so no moderators.
- \"anyone\" is anyone who may know of the room: of a private one its members and the invited.
- \"lower\" is a lower role than one's own, where who is not in the room ranks below a member: nobody acts on
  themselves so, and nobody on the owner.
- \"nobody\" answers `forbidden`; \"–\" is something that rooms of this kind do not have, and answers `conflict`.
- Before any right is asked for: a room that is none of your business is `not_found`, a deleted one `room_deleted`,
  who is banned hears `banned` (from a private room `not_found`). After it the room's state may speak against it with
  `conflict`: the owner leaves only after handing over.
- Whoever may lift a ban or a mute in a room may list them there, and admins may in every room; members may list the invited, and
  how far each member has read.
- Anyone may create a room; its creator owns it. The same for `general` has effect once, and nobody owns it.
";

#[test]
fn the_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/permissions.md");
    let page = page();
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        std::fs::write(&path, page).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = |(kept, made): &(&str, &str)| kept != made;
    let line = kept.lines().zip(page.lines()).find(differs);
    assert!(
        kept == page,
        "docs/permissions.md is not the table any more (ROOMLOG_UPDATE=1 rewrites it); first difference:\n{line:#?}"
    );
}

#[test]
fn every_operation_has_its_row() {
    for permission in &PERMISSIONS {
        assert_eq!(Permission::of(permission.operation).operation, permission.operation);
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for permission in &PERMISSIONS {
        write!(page, "| {} |", operation(permission.operation)).unwrap();
        for kind in KINDS {
            write!(page, " {} |", who(permission.who_in(kind))).unwrap();
        }
        let (towards, muted) = (towards(permission.towards), while_muted(permission.while_muted));
        writeln!(page, " {towards} | {muted} |").unwrap();
    }
    page + FOOT
}

fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Update => "change name or topic",
        Operation::RaiseRules => "raise the rules, and nothing else",
        Operation::DeleteRoom => "delete the room",
        Operation::Join => "join",
        Operation::Leave => "leave",
        Operation::Invite => "invite",
        Operation::Kick => "kick, or withdraw an invitation",
        Operation::Ban => "ban",
        Operation::Unban => "unban",
        Operation::Mute => "mute",
        Operation::Unmute => "unmute",
        Operation::SetRole => "give a role, or hand the room over",
        Operation::Send => "send",
        Operation::EditOwn => "edit one's own message",
        Operation::EditOthers => "edit another's message",
        Operation::DeleteOwn => "delete one's own message",
        Operation::DeleteOthers => "delete another's message",
        Operation::React => "react",
        Operation::Unreact => "take a reaction back",
    }
}

fn who(who: Who) -> &'static str {
    match who {
        Who::Anyone => "anyone",
        Who::Members => "members",
        Who::Moderators => "moderators, owner",
        Who::Owner => "owner",
        Who::Nobody => "nobody",
        Who::NoSuchThing => "–",
    }
}

fn towards(towards: Towards) -> &'static str {
    match towards {
        Towards::Nobody => "",
        Towards::Anyone => "anyone",
        Towards::Lower => "lower",
    }
}

fn while_muted(while_muted: WhileMuted) -> &'static str {
    match while_muted {
        WhileMuted::Allowed => "yes",
        WhileMuted::Refused => "no",
    }
}
