//! The scripts, each in a file of its own that says what it does.

use ::redis::Script;

pub(super) struct Scripts {
    pub(super) room: Script,
    pub(super) write: Script,
    pub(super) put: Script,
    pub(super) mark: Script,
    pub(super) reset: Script,
    pub(super) sweep: Script,
    pub(super) refilled: Script,
    pub(super) clock: Script,
    pub(super) presence: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            room: Script::new(include_str!("room.lua")),
            write: Script::new(include_str!("write.lua")),
            put: Script::new(include_str!("put.lua")),
            mark: Script::new(include_str!("mark.lua")),
            reset: Script::new(include_str!("reset.lua")),
            sweep: Script::new(include_str!("sweep.lua")),
            refilled: Script::new(include_str!("refilled.lua")),
            clock: Script::new(include_str!("clock.lua")),
            presence: Script::new(include_str!("presence.lua")),
        }
    }
}

/// Those of a rebuild.
pub(super) struct BesideScripts {
    pub(super) hold: Script,
    pub(super) release: Script,
    pub(super) swap: Script,
    pub(super) lock: Script,
    pub(super) unlock: Script,
}

impl BesideScripts {
    pub(super) fn new() -> Self {
        Self {
            hold: Script::new(include_str!("hold.lua")),
            release: Script::new(include_str!("release.lua")),
            swap: Script::new(include_str!("swap.lua")),
            lock: Script::new(include_str!("lock.lua")),
            unlock: Script::new(include_str!("unlock.lua")),
        }
    }
}
