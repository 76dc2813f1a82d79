//! Read markers as their topic says: of each person and room the furthest.
//!
//! The topic is compacted: of a marker that was overtaken its record may be gone, and the last record of a key need not be its
//! furthest. So a topic that is whole says where a marker stands, and any other says how far it stands at least.

use crate::verify::slices::Slice;
use crate::verify::walk::Walk;
use crate::verify::{Common, Error};
use engine::codec::signal::{self, Signal};
use engine::domain::{Offset, Partition, RoomId, Seq, UserId};
use engine::log::{Extent, Record, Topic};
use std::collections::BTreeMap;

pub(super) struct Markers {
    slice: Slice,
    only: Option<RoomId>,
    extent: Extent,
    walk: Walk,
    records: u64,
    rooms: BTreeMap<RoomId, BTreeMap<UserId, Seq>>,
}

impl Markers {
    pub(super) async fn begin(common: &Common<'_>, slice: Slice, partition: Partition) -> Result<Self, Error> {
        let extents = common.parts.log.extents(Topic::Reads).await?;
        let extent = extents.into_iter().find(|extent| extent.partition == partition);
        let extent = extent.unwrap_or(Extent {
            partition,
            low: Offset::ZERO,
            high: Offset::ZERO,
        });
        Ok(Self {
            slice,
            only: common.room,
            extent,
            walk: Walk::begin(common, Topic::Reads, partition, extent.low),
            records: 0,
            rooms: BTreeMap::new(),
        })
    }

    /// Where the topic ended when this began.
    pub(super) const fn end(&self) -> Offset {
        self.extent.high
    }

    /// Reads on. Markers are told by the slice that tells of rooms.
    pub(super) async fn to(&mut self, end: Offset, common: &Common<'_>) -> Result<(), Error> {
        if !self.slice.tells_rooms() {
            return Ok(());
        }
        let Self {
            slice,
            only,
            walk,
            records,
            rooms,
            ..
        } = self;
        let take = |record: &Record| {
            *records += 1;
            let Some(Signal::ReadMarked {
                room_id, user_id, seq, ..
            }) = read(record)
            else {
                return;
            };
            if slice.holds(room_id) && only.is_none_or(|only| only == room_id) {
                let marker = rooms.entry(room_id).or_default().entry(user_id).or_insert(Seq::ZERO);
                *marker = seq.max(*marker);
            }
        };
        walk.to(end, common, take).await
    }

    /// Whether no record was compacted away so far.
    pub(super) fn are_whole(&self) -> bool {
        self.extent.low == Offset::ZERO && self.records == self.walk.at().get()
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = RoomId> + '_ {
        self.rooms.keys().copied()
    }

    /// Of one room: how far each person has read.
    pub(super) fn of(&self, room: RoomId) -> BTreeMap<UserId, Seq> {
        self.rooms.get(&room).cloned().unwrap_or_default()
    }
}

fn read(record: &Record) -> Option<Signal> {
    // A tombstone is how the compacted topic forgets a key: the marker stays.
    record.value.as_ref()?;
    signal::decode(record.borrowed()).ok()
}
