//! Nobody acts on their equals or their betters.

use super::given::given;
use super::words::*;
use engine::domain::{Kind, Reason, Role};

#[test]
fn only_lower_roles_are_kicked_banned_muted_and_promoted() {
    let kinds = [Kind::Open, Kind::Public];
    for kind in kinds {
        let room = given([created(kind, "owner")])
            .and(["mod", "mod2", "ann", "ben"].map(joined))
            .and(["mod", "mod2"].map(|name| made("owner", name, Role::Moderator)));
        let acts: [fn(&'static str, &str) -> Step; 4] =
            [kicked, banned, muted, |actor, whom| made(actor, whom, Role::Moderator)];
        for (number, act) in acts.into_iter().enumerate() {
            let rights = [
                ("owner", "owner", false),
                ("owner", "ann", true),
                ("mod", "owner", false),
                ("mod", "mod", false),
                ("mod", "mod2", false),
                ("mod", "ann", number < 3),
                ("mod", "stranger", number < 3),
                ("ann", "owner", false),
                ("ann", "mod", false),
                ("ann", "ann", false),
                ("ann", "ben", false),
            ];
            for (actor, whom, may) in rights {
                let outcome = room.when(act(actor, whom));
                let none_to_kick = number == 0 && (kind == Kind::Open || whom == "stranger");
                match (may, none_to_kick) {
                    (_, true) => {
                        outcome.then_ignored(Reason::Conflict);
                    }
                    (true, false) => {
                        outcome.then_accepted();
                    }
                    (false, false) => {
                        outcome.then_ignored(Reason::Forbidden);
                    }
                }
            }
        }
    }
}

#[test]
fn the_owner_acts_on_moderators() {
    let room = given([created(Kind::Public, "owner"), joined("mod")]).and([made("owner", "mod", Role::Moderator)]);
    for act in [kicked("owner", "mod"), banned("owner", "mod"), muted("owner", "mod")] {
        room.when(act).then_accepted();
    }
    room.when(made("owner", "mod", Role::Member)).then_accepted();
}

#[test]
fn a_moderator_muted_by_the_owner_stays_muted() {
    given([created(Kind::Public, "owner"), joined("mod"), joined("ann")])
        .and([made("owner", "mod", Role::Moderator), muted("owner", "mod")])
        .when(unmuted("mod", "mod"))
        .then_ignored(Reason::Forbidden)
        .when(sent("mod", "hello"))
        .then_ignored(Reason::Muted)
        .when(kicked("mod", "ann"))
        .then_accepted();
}

#[test]
fn a_moderator_lifts_what_another_laid_on_a_member() {
    given([created(Kind::Open, "owner"), made("owner", "mod", Role::Moderator)])
        .and([muted("owner", "ann"), banned("owner", "bob")])
        .and([unmuted("mod", "ann"), unbanned("mod", "bob")])
        .and([sent("ann", "hello"), sent("bob", "hello")]);
}
