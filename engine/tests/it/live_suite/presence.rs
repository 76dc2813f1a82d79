//! Who is there, by what the edges say.

use super::Store;
use engine::domain::{RoomId, Timestamp, UserId};
use engine::live::PresenceClaim;
use uuid::Uuid;

pub(super) async fn presence_merges_edges_and_forgets_what_is_not_repeated(store: Store) {
    let room = RoomId::new(Uuid::new_v4());
    let users: Vec<UserId> = (1..=4).map(|n| UserId::new(Uuid::from_u128(n))).collect();
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let said = |edge, at: i64, users: &[UserId]| PresenceClaim {
        edge,
        room_id: room,
        count: users.len() as u64,
        users: users.to_vec(),
        at: Timestamp::from_millis(1_700_000_000_000 + at),
    };
    let seen = async || {
        let view = store.reader.presence(room, 100).await.unwrap();
        (view.count, view.users)
    };

    assert_eq!(seen().await, (0, vec![]));
    store
        .writer
        .write_presence(&[said(one, 0, &users[..3]), said(other, 1, &users[2..])])
        .await
        .unwrap();
    assert_eq!(seen().await, (4, users.clone()), "on two edges once");

    store.writer.write_presence(&[said(one, 2, &users[..1])]).await.unwrap();
    store.writer.write_presence(&[said(one, 1, &users[..3])]).await.unwrap();
    assert_eq!(seen().await.0, 3, "an older signal read again changes nothing");

    store.writer.write_presence(&[said(other, 3, &[])]).await.unwrap();
    assert_eq!(seen().await, (1, users[..1].to_vec()), "taken back");

    for at in [400, 800, 1_002] {
        store
            .writer
            .write_presence(&[said(other, at, &users[3..])])
            .await
            .unwrap();
    }
    assert_eq!(seen().await, (1, users[3..].to_vec()), "not repeated");

    store
        .writer
        .write_presence(&[said(one, 60_000, &users[..1])])
        .await
        .unwrap();
    assert_eq!(seen().await.0, 2, "a log that was away empties no room");
}
