//! Presence, over both kinds of place.

use crate::place::{FORGET_AFTER_MS, Place, eventually, over_both};
use crate::speech::user;
use bytes::Bytes;
use engine::codec::signal::{RoomPresence, Signal, encode};
use engine::domain::{RoomId, UserId};
use engine::log::{Outgoing, Topic};
use std::time::Duration;
use uuid::Uuid;

over_both!(
    claims_land_and_are_forgotten,
    a_new_projector_begins_with_what_still_counts,
    a_flushed_store_heals_with_the_next_repeat,
);

fn room() -> RoomId {
    RoomId::new(Uuid::from_u128(0x99))
}

async fn claims(place: &Place, edge: u128, users: &[UserId]) {
    let encoded = encode(&Signal::Presence {
        edge_id: Uuid::from_u128(edge),
        rooms: vec![RoomPresence {
            room_id: room(),
            count: users.len() as u64,
            users: users.to_vec(),
        }],
    });
    let key = Bytes::from(room().to_string());
    let outgoing = Outgoing {
        topic: Topic::Signals,
        partition: place.log.partition_of(&key),
        key: Some(key),
        value: Some(place.wire.wrap(&encoded)),
        headers: vec![("schema", Bytes::copy_from_slice(&encoded.fingerprint))],
    };
    place.log.append(outgoing).await.unwrap();
}

async fn there(place: &Place, users: &[UserId]) {
    eventually("presence is as the signals say", async || {
        let view = place.live.reader.presence(room(), 10).await.ok()?;
        (view.users == users).then_some(())
    })
    .await;
}

async fn claims_land_and_are_forgotten(place: Place) {
    let projector = place.project_live();
    claims(&place, 1, &[user(1), user(2)]).await;
    claims(&place, 2, &[user(2), user(3)]).await;
    there(&place, &[user(1), user(2), user(3)]).await;
    claims(&place, 1, &[]).await;
    there(&place, &[user(2), user(3)]).await;
    // The second edge says nothing any more; time is that of the signals of others.
    eventually("the silent edge is forgotten", async || {
        claims(&place, 1, &[user(4)]).await;
        tokio::time::sleep(Duration::from_millis(FORGET_AFTER_MS.unsigned_abs() / 4)).await;
        let view = place.live.reader.presence(room(), 10).await.ok()?;
        (view.users == [user(4)]).then_some(())
    })
    .await;
    projector.stop().await;
}

async fn a_new_projector_begins_with_what_still_counts(place: Place) {
    claims(&place, 1, &[user(1)]).await;
    let projector = place.project_live();
    there(&place, &[user(1)]).await;
    projector.stop().await;
    claims(&place, 1, &[user(1), user(2)]).await;
    let projector = place.project_live();
    there(&place, &[user(1), user(2)]).await;
    projector.stop().await;
}

async fn a_flushed_store_heals_with_the_next_repeat(place: Place) {
    let projector = place.project_live();
    claims(&place, 1, &[user(1)]).await;
    there(&place, &[user(1)]).await;
    place.live.flush().await;
    there(&place, &[]).await;
    claims(&place, 1, &[user(1)]).await;
    there(&place, &[user(1)]).await;
    projector.stop().await;
}
