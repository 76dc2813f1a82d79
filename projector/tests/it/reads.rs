//! Read markers, over both kinds of place.

use crate::model::records;
use crate::place::{Place, eventually, over_both};
use crate::speech::user;
use bytes::Bytes;
use engine::codec::signal::{Signal, encode};
use engine::domain::{Partition, RoomId, Seq, UserId};
use engine::log::{Outgoing, Topic};
use uuid::Uuid;

over_both!(the_furthest_marker_stands);

async fn append(
    place: &Place,
    room_id: RoomId,
    user_id: UserId,
    value: Option<Bytes>,
    headers: Vec<(&'static str, Bytes)>,
) {
    let partition = partition_of(place, room_id);
    let outgoing = Outgoing {
        topic: Topic::Reads,
        partition,
        key: Some(format!("{room_id}:{user_id}").into()),
        value,
        headers,
    };
    place.log.append(outgoing).await.unwrap();
}

fn partition_of(place: &Place, room: RoomId) -> Partition {
    place.log.partition_of(room.to_string().as_bytes())
}

pub(crate) async fn marks(place: &Place, room_id: RoomId, user_id: UserId, seq: u64) {
    let encoded = encode(&Signal::ReadMarked {
        room_id,
        user_id,
        seq: Seq::new(seq),
        edge_id: Uuid::from_u128(1),
        session_id: Uuid::from_u128(2),
    });
    let schema = ("schema", Bytes::copy_from_slice(&encoded.fingerprint));
    append(place, room_id, user_id, Some(place.wire.wrap(&encoded)), vec![schema]).await;
}

async fn the_furthest_marker_stands(place: Place) {
    let room = RoomId::new(Uuid::from_u128(0x77));
    let reached = async |user: UserId, seq: u64| {
        eventually("the marker moves", async || {
            let marker = place.history.reader.read_marker(room, user).await.ok()?;
            (marker == Seq::new(seq)).then_some(())
        })
        .await;
    };
    marks(&place, room, user(1), 5).await;
    marks(&place, room, user(1), 9).await;
    let projector = place.project_history();
    reached(user(1), 9).await;
    marks(&place, room, user(1), 7).await;
    append(&place, room, user(2), None, Vec::new()).await;
    append(
        &place,
        room,
        user(2),
        Some(Bytes::from_static(b"no signal")),
        Vec::new(),
    )
    .await;
    marks(&place, room, user(3), 3).await;
    reached(user(3), 3).await;
    reached(user(1), 9).await;
    projector.stop().await;
    marks(&place, room, user(1), 12).await;
    let projector = place.project_history();
    reached(user(1), 12).await;
    projector.stop().await;
    let letters = records(&*place.log, Topic::DeadLetters).await;
    assert_eq!(
        letters.values().map(Vec::len).sum::<usize>(),
        1,
        "a tombstone is no damage"
    );
}
