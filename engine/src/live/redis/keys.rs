//! Keys, after the configured prefix: `{p:N}:watermark` (epoch, next offset, generation of the filling, whether it is
//! still being filled, whether it has rooms), `{p:N}:rooms`, `{p:N}:room:ID` and `{p:N}:room:ID:window`; the braces keep a
//! partition in one slot of a cluster. A room that bears another generation than the watermark is what an earlier filling
//! left: nobody sees it. Presence stands apart: `presence:{ID}` by edge, and `presence:clock`.

use crate::domain::{Partition, RoomId};

/// See the module.
#[derive(Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    pub(super) fn watermark(&self, partition: Partition) -> String {
        format!("{}{{p:{partition}}}:watermark", self.prefix)
    }

    pub(super) fn rooms(&self, partition: Partition) -> String {
        format!("{}{{p:{partition}}}:rooms", self.prefix)
    }

    pub(super) fn room_prefix(&self, partition: Partition) -> String {
        format!("{}{{p:{partition}}}:room:", self.prefix)
    }

    /// Of the hash and of the window.
    pub(super) fn room(&self, partition: Partition, room: RoomId) -> (String, String) {
        let hash = format!("{}{room}", self.room_prefix(partition));
        let window = format!("{hash}:window");
        (hash, window)
    }

    pub(super) fn presence(&self, room: RoomId) -> String {
        format!("{}presence:{{{room}}}", self.prefix)
    }

    pub(super) fn presence_clock(&self) -> String {
        format!("{}presence:clock", self.prefix)
    }
}
