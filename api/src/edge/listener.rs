//! A session as rooms know it: whose it is, and where its frames go.

use super::outbox::Outbox;
use super::resume::Cursor;
use engine::domain::{RoomId, UserId};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

/// One session. Rooms and the list of a person's sessions hold it until it leaves.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) id: u64,
    /// As records name it.
    pub(super) uuid: Uuid,
    pub(super) user_id: UserId,
    pub(super) outbox: Arc<Outbox>,
    side: Mutex<Side>,
}

/// What a session keeps of its rooms.
#[derive(Debug, Default)]
struct Side {
    rooms: Vec<RoomId>,
    /// Rooms that are caught up with, each in turn.
    cursors: VecDeque<Cursor>,
    driven: bool,
}

/// A session has as many rooms as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyRooms;

impl Listener {
    pub(super) fn new(id: u64, user_id: UserId, outbox: Arc<Outbox>) -> Self {
        Self {
            id,
            uuid: Uuid::new_v4(),
            user_id,
            outbox,
            side: Mutex::default(),
        }
    }

    /// Notes that the session is in the room.
    pub(super) fn enter(&self, room: RoomId, most: usize) -> Result<(), TooManyRooms> {
        let mut side = self.side.lock();
        if side.rooms.contains(&room) {
            return Ok(());
        }
        if side.rooms.len() >= most {
            return Err(TooManyRooms);
        }
        side.rooms.push(room);
        Ok(())
    }

    /// Notes that it is no more.
    pub(super) fn forget(&self, room: RoomId) {
        let mut side = self.side.lock();
        if let Some(place) = side.rooms.iter().position(|there| *there == room) {
            side.rooms.swap_remove(place);
        }
    }

    /// Takes all its rooms: it leaves.
    pub(super) fn take_rooms(&self) -> Vec<RoomId> {
        let mut side = self.side.lock();
        side.cursors.clear();
        std::mem::take(&mut side.rooms)
    }

    /// Adds a room to catch up with; true when nobody drives the catching up yet and the caller must.
    #[must_use]
    pub(super) fn catch_up(&self, cursor: Cursor) -> bool {
        let mut side = self.side.lock();
        side.cursors.push_back(cursor);
        !std::mem::replace(&mut side.driven, true)
    }

    /// The next room to catch up with; with `None` the driving ends.
    pub(super) fn next_cursor(&self) -> Option<Cursor> {
        let mut side = self.side.lock();
        let cursor = side.cursors.pop_front();
        if cursor.is_none() {
            side.driven = false;
            side.cursors = VecDeque::new();
        }
        cursor
    }

    /// Puts a room back that is not caught up with yet.
    pub(super) fn put_back(&self, cursor: Cursor) {
        self.side.lock().cursors.push_back(cursor);
    }
}
