//! What the log's tail brings, on the tail's own thread: nothing here waits.

use super::core::Core;
use super::notices::Notice;
use super::{closed, metrics, notices};
use engine::codec::room_of_key;
use engine::codec::signal::{self, Signal};
use engine::domain::{Claim, Offset, Partition};
use engine::log::{Error, Handler, RecordRef, Topic};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Takes events, read markers and signals.
pub(super) struct Tail {
    core: Arc<Core>,
}

impl Tail {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// The ring first: whoever opens the room at this moment finds the record there.
    fn on_event(&self, record: RecordRef<'_>) {
        let ring = self.core.ring(record.position.partition);
        ring.push(record);
        let room = record.key.and_then(room_of_key);
        if let Some(held) = room.and_then(|room| self.core.hub.room(room)) {
            held.on_record(&self.core, record);
        }
        ring.fold(record.position.offset.next());
    }

    fn on_signal(&self, record: RecordRef<'_>) {
        let position = record.position;
        match signal::decode(record) {
            Ok(Signal::Presence { edge_id, rooms }) => {
                let claims = rooms.into_iter().map(|room| Claim {
                    room_id: room.room_id,
                    count: room.count,
                    users: room.users,
                });
                self.core.presence.said(position, edge_id, claims);
            }
            Ok(Signal::Typing { room_id, user_id, .. }) => {
                let held = self.core.hub.room(room_id);
                if held.is_some_and(|held| held.types(user_id)) {
                    self.core.presence.soft(position.partition, room_id);
                }
                self.core.presence.time_passed(position);
            }
            Ok(Signal::RoomClosed { room_id }) => closed::hear(&self.core, room_id),
            Ok(signal) => {
                if let Some(notice) = Notice::of(signal) {
                    notices::hear(&self.core, &notice);
                }
            }
            Err(unread) => metrics::unread(&unread),
        }
    }

    fn on_read(&self, record: RecordRef<'_>) {
        if record.value.is_none() {
            return;
        }
        match signal::decode(record) {
            Ok(Signal::ReadMarked {
                room_id,
                user_id,
                seq,
                edge_id,
                ..
            }) if edge_id != self.core.id => self.core.reads.heard(&self.core, room_id, user_id, seq),
            Ok(_) => {}
            Err(unread) => metrics::unread(&unread),
        }
    }
}

impl Handler for Tail {
    fn on_record(&mut self, topic: Topic, record: RecordRef<'_>) {
        match topic {
            Topic::Events => self.on_event(record),
            Topic::Signals => self.on_signal(record),
            Topic::Reads => self.on_read(record),
            Topic::DeadLetters => {}
        }
    }

    fn on_end(&mut self, topic: Topic, partition: Partition, next: Offset) {
        if topic == Topic::Events {
            self.core.ring(partition).reach(next);
        }
    }

    fn on_lost(&mut self, topic: Topic, partition: Partition, error: &Error) {
        self.core.lost.store(true, Ordering::Relaxed);
        tracing::error!(?topic, %partition, %error, "the tail lost a partition: restart this edge once the log is mended");
    }
}
