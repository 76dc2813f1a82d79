//! A consumer that folds a log and keeps it as stores do: the header, the deltas in a table of rows, the window and
//! recent. It can forget everything in memory and load itself again.

use super::generator::Record;
use engine::domain::{
    Change, Digest, Header, Message, Offset, Recent, Room, RoomId, Seq, UserId, Verdict, WINDOW, WindowEntry,
};
use std::collections::BTreeMap;

/// The four lists that deltas are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Members,
    Invitations,
    Bans,
    Mutes,
}

/// What a store keeps of a room, and where in the log it stands.
#[derive(Clone, Debug, Default)]
struct Store {
    header: Option<Header>,
    rows: BTreeMap<(List, UserId), Change>,
    journal: Vec<WindowEntry>,
    recent: BTreeMap<Seq, Message>,
    next: Offset,
}

#[derive(Clone, Debug)]
pub(super) struct Consumer {
    pub(super) room: Room,
    pub(super) recent: Recent,
    store: Store,
}

impl Consumer {
    pub(super) fn of(room: RoomId) -> Self {
        Self {
            room: Room::new(room),
            recent: Recent::default(),
            store: Store::default(),
        }
    }

    /// Takes a record, unless it was taken before: a log may hand one out twice.
    pub(super) fn take(&mut self, record: &Record) -> Option<Verdict> {
        if record.at.offset < self.store.next {
            return None;
        }
        let Record { event, datum, at } = record;
        let applied = self.room.apply(event, datum, *at);
        self.store.next = at.offset.next();
        self.store.header = self.room.header().cloned();
        for change in applied.changes {
            self.store.keep(change);
        }
        if let Verdict::Accepted { seq, .. } = applied.verdict {
            self.store.journal.push(WindowEntry {
                author_id: event.actor.id,
                cid: event.cid,
                seq,
                offset: at.offset,
            });
            if let Some(touched) = self.recent.apply(event, seq, self.room.messages(), at.appended_at) {
                let message = self.recent.get(touched).expect("it was touched just now");
                self.store.recent.insert(touched, message.clone());
            }
        }
        Some(applied.verdict)
    }

    /// Forgets what is in memory and loads it again.
    pub(super) fn restart(&mut self) {
        let Store {
            header,
            rows,
            journal,
            recent,
            ..
        } = &self.store;
        let Some(header) = header.clone() else {
            self.room = Room::new(self.room.id());
            return;
        };
        let length = usize::try_from(WINDOW).unwrap();
        let window = journal.iter().skip(journal.len().saturating_sub(length)).copied();
        let room = Room::restore(self.room.id(), header, rows.values().copied(), window).unwrap();
        assert_eq!(
            room, self.room,
            "a room loaded from its deltas is the room that was folded"
        );
        self.room = room;
        let recent = Recent::restore(recent.values().cloned().collect());
        assert_eq!(recent, self.recent, "recent loaded is recent as it was");
        self.recent = recent;
    }

    /// The next offset that it has not taken.
    pub(super) fn next(&self) -> Offset {
        self.store.next
    }

    pub(super) fn digest(&self) -> Digest {
        self.room.digest()
    }
}

impl Store {
    fn keep(&mut self, change: Change) {
        let key = match change {
            Change::Member { user_id, .. } | Change::NoMember { user_id } => (List::Members, user_id),
            Change::Invitation { user_id, .. } | Change::NoInvitation { user_id } => (List::Invitations, user_id),
            Change::Ban { user_id, .. } | Change::NoBan { user_id } => (List::Bans, user_id),
            Change::Mute { user_id, .. } | Change::NoMute { user_id } => (List::Mutes, user_id),
        };
        match change {
            Change::NoMember { .. } | Change::NoInvitation { .. } | Change::NoBan { .. } | Change::NoMute { .. } => {
                self.rows.remove(&key)
            }
            _ => self.rows.insert(key, change),
        };
    }
}
