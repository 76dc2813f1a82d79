//! Rooms that an admin deleted: gone for everyone, whatever the log goes on to say of them.
//!
//! The log knows no admins, so this list is people's, like that of the erased: whatever is asked of a room passes it. Who
//! may not know of a room does not learn of its end either.

use super::core::Core;
use super::presence;
use bytes::Bytes;
use engine::codec::signal::Signal;
use engine::domain::{Reason, RoomId};
use parking_lot::RwLock;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// The list in force; with people away the last one.
#[derive(Debug, Default)]
pub(super) struct Closed {
    rooms: RwLock<FxHashSet<RoomId>>,
}

impl Closed {
    /// Whether an admin deleted the room.
    pub(super) fn has(&self, room: RoomId) -> bool {
        self.rooms.read().contains(&room)
    }

    /// What the fold says of a room, and this list after it.
    pub(super) fn over(&self, room: RoomId, judged: Result<(), Reason>) -> Result<(), Reason> {
        match judged {
            Err(Reason::NotFound) => judged,
            _ if self.has(room) => Err(Reason::RoomDeleted),
            _ => judged,
        }
    }
}

/// Ends the room here and tells the other edges, in the background: whoever misses it finds it in people's store.
pub(super) fn close(core: &Arc<Core>, room: RoomId) {
    hear(core, room);
    let core = core.clone();
    core.tasks.clone().spawn(async move {
        let signal = Signal::RoomClosed { room_id: room };
        let partition = core.partition_of(room);
        presence::append(&core, partition, Bytes::from(room.to_string()), &signal).await;
    });
}

/// An admin deleted a room, here or on another edge.
pub(super) fn hear(core: &Core, room: RoomId) {
    let is_new = core.closed.rooms.write().insert(room);
    // After the list: whoever joins from now on is refused, whoever joined before is told.
    if is_new && let Some(held) = core.hub.room(room) {
        held.close(core);
    }
}

/// Reads the list again; if it can't be read, the last one stays in force.
pub(super) async fn read(core: &Core) {
    match core.parts.people.closed_rooms().await {
        Ok(rooms) => rooms.into_iter().for_each(|room| hear(core, room)),
        Err(error) => {
            tracing::warn!(%error, "the list of rooms that admins deleted can't be read: the last one stays in force");
        }
    }
}
