//! The scripts, each in a file of its own that says what it does.

use ::redis::Script;

pub(super) struct Scripts {
    pub(super) room: Script,
    pub(super) write: Script,
    pub(super) put: Script,
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
            sweep: Script::new(include_str!("sweep.lua")),
            refilled: Script::new(include_str!("refilled.lua")),
            clock: Script::new(include_str!("clock.lua")),
            presence: Script::new(include_str!("presence.lua")),
        }
    }
}
