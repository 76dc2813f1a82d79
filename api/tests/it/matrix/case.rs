//! What must come of each operation: from `engine::domain::permissions`, and what the room's state adds.

use engine::domain::permissions::{Operation, PERMISSIONS, Permission, Standing as Stands, Towards};
use engine::domain::{Kind, Reason, Role};

pub(super) const KINDS: [Kind; 4] = [Kind::Open, Kind::Public, Kind::Private, Kind::Direct];

/// How somebody stands to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    /// Without a token.
    Unknown,
    Owner,
    Moderator,
    Member,
    Muted,
    Invited,
    Banned,
    Stranger,
}

impl Standing {
    pub(super) const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Owner,
        Self::Moderator,
        Self::Member,
        Self::Muted,
        Self::Invited,
        Self::Banned,
        Self::Stranger,
    ];

    /// As the table sees them; in an open room everyone counts as a member.
    fn stands(self, kind: Kind) -> Stands {
        let role = match self {
            Self::Owner => Some(Role::Owner),
            Self::Moderator => Some(Role::Moderator),
            Self::Member | Self::Muted => Some(Role::Member),
            _ => (kind == Kind::Open).then_some(Role::Member),
        };
        Stands {
            role,
            muted: self == Self::Muted,
        }
    }
}

/// One question, and its answer's name.
pub(super) struct Case {
    pub(super) operation: Operation,
    /// The role of whom it is done to, where it is done to somebody; they are never the one who asks.
    pub(super) target: Option<Option<Role>>,
    pub(super) expected: &'static str,
}

/// Every operation that somebody can ask for. Rules are raised by edges alone.
pub(super) fn cases(kind: Kind, standing: Standing) -> Vec<Case> {
    let mut cases = Vec::new();
    for permission in PERMISSIONS.iter().filter(|row| row.operation != Operation::RaiseRules) {
        let operation = permission.operation;
        for target in targets(permission, kind) {
            cases.push(Case {
                operation,
                target,
                expected: expected(kind, standing, operation, target),
            });
        }
    }
    cases
}

fn targets(permission: &Permission, kind: Kind) -> Vec<Option<Option<Role>>> {
    let roles: &[Option<Role>] = match kind {
        Kind::Direct => &[Some(Role::Member), None],
        _ => &[Some(Role::Owner), Some(Role::Moderator), Some(Role::Member), None],
    };
    match permission.towards {
        Towards::Nobody => vec![None],
        // Inviting is about who is not there; who is, is a conflict.
        Towards::Anyone => vec![Some(Some(Role::Member)), Some(None)],
        Towards::Lower => roles.iter().map(|role| Some(*role)).collect(),
    }
}

/// Whether they may know of the room, and whether they are kept out of it.
fn knows(kind: Kind, standing: Standing) -> Result<(), &'static str> {
    let hidden = matches!(kind, Kind::Private | Kind::Direct);
    match standing {
        Standing::Unknown => Err("unauthenticated"),
        Standing::Stranger | Standing::Banned if hidden => Err("not_found"),
        Standing::Banned => Err("banned"),
        _ => Ok(()),
    }
}

fn expected(kind: Kind, standing: Standing, operation: Operation, target: Option<Option<Role>>) -> &'static str {
    if let Err(name) = knows(kind, standing) {
        return name;
    }
    // In an open room nobody is listed but those with a role: everyone else counts as a member.
    let role = target
        .flatten()
        .or((target.is_some() && kind == Kind::Open).then_some(Role::Member));
    // Who has written nothing can't edit their own: the scene gives them another's message.
    let operation = match operation {
        Operation::EditOwn if !writes(standing, kind) => Operation::EditOthers,
        Operation::DeleteOwn if !writes(standing, kind) => Operation::DeleteOthers,
        operation => operation,
    };
    match Permission::of(operation).check(kind, standing.stands(kind), role) {
        Ok(()) => state(kind, standing, operation, target),
        Err(Reason::NotAMember) => "not_a_member",
        Err(Reason::Muted) => "muted",
        Err(Reason::Conflict) => "conflict",
        Err(_) => "forbidden",
    }
}

/// Whether the scene has a message of theirs.
pub(super) fn writes(standing: Standing, kind: Kind) -> bool {
    match standing {
        Standing::Unknown | Standing::Banned => false,
        Standing::Invited | Standing::Stranger => kind == Kind::Open,
        _ => true,
    }
}

/// What the room's state speaks against, of what the table allows.
fn state(kind: Kind, standing: Standing, operation: Operation, target: Option<Option<Role>>) -> &'static str {
    let listed = standing.stands(Kind::Public).role.is_some();
    let conflict = match operation {
        Operation::Join => kind != Kind::Open && listed,
        Operation::Leave => standing == Standing::Owner,
        Operation::Invite => target != Some(None),
        // Only the banned can be unbanned, and they have no role; only the muted unmuted: the scene's muted victim is a
        // member.
        Operation::Unban => target != Some(None),
        Operation::Unmute => target != Some(Some(Role::Member)),
        Operation::SetRole => kind != Kind::Open && target == Some(None),
        _ => false,
    };
    if conflict { "conflict" } else { "ok" }
}

/// What is read of a room, and what must come of it.
pub(super) fn reads(kind: Kind, standing: Standing) -> Vec<(&'static str, &'static str)> {
    let inside = match knows(kind, standing) {
        Err(name) => name,
        Ok(()) if matches!(kind, Kind::Open | Kind::Public) => "ok",
        Ok(()) if standing.stands(kind).role.is_some() => "ok",
        Ok(()) => "not_a_member",
    };
    // The invited see what they are invited to, not what is said there.
    let outside = if inside == "not_a_member" { "ok" } else { inside };
    vec![
        ("", outside),
        ("/members", inside),
        ("/presence", inside),
        ("/recent", inside),
        ("/messages", inside),
        ("/at?seq=1", inside),
    ]
}
