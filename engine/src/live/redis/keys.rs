//! Keys, after the configured prefix. There may be several sets of views: those that are shown, those that a rebuild makes
//! beside them, those that it has replaced. `{p:N}:shown` names the set that counts; where it is missing that is the one without
//! a name, which has the keys that every Roomlog began with: `{p:N}:watermark` (epoch, next offset, generation of the
//! filling, whether it is still being filled, whether it has rooms), `{p:N}:rooms`, `{p:N}:room:ID` and
//! `{p:N}:room:ID:window`; those of a set by name have `@NAME:` after the braces. The braces keep a partition in one slot of a
//! cluster. A room that bears another generation than the watermark is what an earlier filling left: nobody sees it.
//! `{p:N}:held` keeps writers out while a rebuild looks at both sets. Presence stands apart and is one for all:
//! `presence:{ID}` by edge, and `presence:clock`; so do a rebuild's notes, `rebuild`, and its lock, `rebuild:lock`.

use crate::domain::{Partition, RoomId};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

/// One partition of one set of views.
#[derive(Debug)]
pub(super) struct Place {
    /// What is expected at [`Place::shown`].
    pub(super) expected: String,
    pub(super) shown: String,
    pub(super) held: String,
    head: String,
}

impl Keys {
    pub(super) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// Of views that are to be used only as long as they are shown.
    pub(super) fn shown(&self, partition: Partition, name: String) -> Place {
        Place {
            expected: name.clone(),
            shown: self.pointer(partition),
            held: self.held(partition),
            ..self.beside(partition, name)
        }
    }

    /// Of views that are used whether they are shown or not, and that nobody holds.
    pub(super) fn beside(&self, partition: Partition, name: String) -> Place {
        let braces = format!("{}{{p:{partition}}}:", self.prefix);
        let head = if name.is_empty() {
            braces
        } else {
            format!("{braces}@{name}:")
        };
        Place {
            // Nobody writes these two: what is expected is always there, and nothing holds.
            expected: String::new(),
            shown: format!("{head}always"),
            held: format!("{head}never"),
            head,
        }
    }

    pub(super) fn held(&self, partition: Partition) -> String {
        format!("{}{{p:{partition}}}:held", self.prefix)
    }

    pub(super) fn pointer(&self, partition: Partition) -> String {
        format!("{}{{p:{partition}}}:shown", self.prefix)
    }

    pub(super) fn notes(&self) -> String {
        format!("{}rebuild", self.prefix)
    }

    pub(super) fn lock(&self) -> String {
        format!("{}rebuild:lock", self.prefix)
    }

    pub(super) fn presence(&self, room: RoomId) -> String {
        format!("{}presence:{{{room}}}", self.prefix)
    }

    pub(super) fn presence_clock(&self) -> String {
        format!("{}presence:clock", self.prefix)
    }
}

impl Place {
    pub(super) fn watermark(&self) -> String {
        format!("{}watermark", self.head)
    }

    pub(super) fn rooms(&self) -> String {
        format!("{}rooms", self.head)
    }

    pub(super) fn room_prefix(&self) -> String {
        format!("{}room:", self.head)
    }

    /// Of the hash and of the window.
    pub(super) fn room(&self, room: RoomId) -> (String, String) {
        let hash = format!("{}{room}", self.room_prefix());
        let window = format!("{hash}:window");
        (hash, window)
    }
}
