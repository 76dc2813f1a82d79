//! Listings: rooms of a person, invitations, rooms to join, threads.

use super::messages::{latest_messages, reactions};
use super::reader::bounded;
use super::{Postgres, search};
use crate::domain::{Header, RoomId, Seq};
use crate::history::Error;
use crate::history::listings::rows::{self, FoundRow, InvitationRow, MyRoomRow};
use crate::history::listings::{
    Discover, Found, Hit, Invitation, Invitations, Listings, MOST_COUNTED, MOST_MENTIONS, MyRoom, MyRooms, Search,
    Thread,
};
use crate::history::rows::{HeaderRow, MessageRow};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

#[async_trait]
impl Listings for Postgres {
    async fn my_rooms(&self, asked: &MyRooms<'_>) -> Result<Vec<MyRoom>, Error> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let markers = markers(&mut snapshot, asked).await?;
            let (ids, read): (Vec<Uuid>, Vec<i64>) = markers.into_iter().unzip();
            let rooms = rooms(&mut snapshot, asked.user_id.uuid(), &ids, &read).await?;
            let latest = latest_messages(&mut snapshot, &ids, 1).await?;
            let reactions = reactions(&mut snapshot, &latest).await?;
            snapshot.commit().await?;
            Ok((rooms, latest, reactions))
        };
        let (rooms, latest, reactions) = self.within(read).await?;
        rows::my_rooms(rooms, latest, reactions)
    }

    async fn invitations(&self, asked: &Invitations) -> Result<Vec<Invitation>, Error> {
        let read = query_as!(
            InvitationRow,
            "SELECT r.room_id, r.kind, r.name, r.topic, i.invited_by
             FROM invitations i JOIN rooms r ON r.room_id = i.room_id
             WHERE i.user_id = $1 AND ($2::uuid IS NULL OR i.room_id > $2) AND NOT r.deleted
                 AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = i.room_id AND b.user_id = $1
                                                      AND (b.until IS NULL OR b.until > $3))
             ORDER BY i.room_id LIMIT $4",
            asked.user_id.uuid(),
            asked.after.map(RoomId::uuid),
            asked.now.as_millis(),
            bounded(asked.limit),
        );
        let found = self.within(read.fetch_all(&self.pool)).await?;
        found.into_iter().map(InvitationRow::read).collect()
    }

    async fn discover(&self, asked: &Discover) -> Result<Vec<Found>, Error> {
        let (name, id) = match &asked.after {
            Some(place) => (place.folded.as_str(), place.room_id.uuid()),
            None => ("", Uuid::nil()),
        };
        // No name holds U+10FFFF, the last code point: bytewise, what begins with the prefix is before the two together.
        let read = query_as!(
            FoundRow,
            r#"SELECT r.room_id, r.kind, r.name, r.topic, r.messages, lower(r.name) AS "folded!",
                      CASE WHEN r.kind = 'public' THEN
                          (SELECT count(*) FROM (SELECT FROM members m WHERE m.room_id = r.room_id LIMIT $6) AS few)
                      END AS members
               FROM rooms r
               WHERE r.kind IN ('open', 'public') AND NOT r.deleted
                   AND lower(r.name) COLLATE "C" >= lower($2) AND lower(r.name) COLLATE "C" < lower($2) || chr(1114111)
                   AND (lower(r.name) COLLATE "C", r.room_id) > ($3, $4)
                   AND NOT EXISTS (SELECT FROM members m WHERE m.room_id = r.room_id AND m.user_id = $1)
                   AND NOT (r.kind = 'open' AND
                            EXISTS (SELECT FROM reads d WHERE d.room_id = r.room_id AND d.user_id = $1))
                   AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.room_id AND b.user_id = $1
                                                        AND (b.until IS NULL OR b.until > $5))
               ORDER BY lower(r.name) COLLATE "C", r.room_id LIMIT $7"#,
            asked.user_id.uuid(),
            asked.prefix,
            name,
            id,
            asked.now.as_millis(),
            MOST_COUNTED.cast_signed(),
            bounded(asked.limit),
        );
        let found = self.within(read.fetch_all(&self.pool)).await?;
        found.into_iter().map(FoundRow::read).collect()
    }

    async fn every_room(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<(RoomId, Header)>, Error> {
        let read = query_as!(
            HeaderRow,
            "SELECT room_id, kind, name, topic, owner, deleted, head_seq, messages, rules, digest, created_at
             FROM rooms WHERE $1::uuid IS NULL OR room_id > $1 ORDER BY room_id LIMIT $2",
            after.map(RoomId::uuid),
            bounded(limit),
        );
        let found = self.within(read.fetch_all(&self.pool)).await?;
        found.into_iter().map(HeaderRow::read).collect()
    }

    async fn thread(&self, room: RoomId, seq: Seq, after: Seq, limit: usize) -> Result<Option<Thread>, Error> {
        let place = (room.uuid(), seq.get().cast_signed());
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let messages = with_replies(&mut snapshot, place, after.get().cast_signed(), bounded(limit)).await?;
            let reactions = reactions(&mut snapshot, &messages).await?;
            let count = query_scalar!(
                r#"SELECT count(*) AS "count!" FROM
                       (SELECT FROM messages WHERE room_id = $1 AND reply_to = $2 LIMIT $3) AS few"#,
                place.0,
                place.1,
                MOST_COUNTED.cast_signed(),
            )
            .fetch_one(&mut *snapshot)
            .await?;
            snapshot.commit().await?;
            Ok((messages, reactions, count))
        };
        let (messages, reactions, count) = self.within(read).await?;
        rows::thread(messages, reactions, count)
    }

    async fn search(&self, asked: &Search) -> Result<Vec<Hit>, Error> {
        search::search(self, asked).await
    }
}

/// The rooms that the person has, each with the read marker that counts.
async fn markers(connection: &mut PgConnection, asked: &MyRooms<'_>) -> Result<Vec<(Uuid, i64)>, sqlx::Error> {
    let rows = query!(
        r#"SELECT r.room_id, coalesce(d.seq, 0) AS "seq!"
           FROM (SELECT room_id FROM members WHERE user_id = $1
                 UNION
                 SELECT o.room_id FROM reads JOIN rooms o ON o.room_id = reads.room_id
                     WHERE reads.user_id = $1 AND o.kind = 'open') AS mine
           JOIN rooms r ON r.room_id = mine.room_id
           LEFT JOIN reads d ON d.room_id = r.room_id AND d.user_id = $1
           WHERE NOT r.deleted AND ($2::uuid IS NULL OR r.room_id > $2)
               AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.room_id AND b.user_id = $1
                                                    AND (b.until IS NULL OR b.until > $3))
           ORDER BY r.room_id LIMIT $4"#,
        asked.user_id.uuid(),
        asked.after.map(RoomId::uuid),
        asked.now.as_millis(),
        bounded(asked.limit),
    )
    .fetch_all(connection)
    .await?;
    let marker = |room_id: Uuid, seq: i64| {
        let known = (asked.known)(RoomId::new(room_id)).map_or(0, |known| known.get().cast_signed());
        (room_id, seq.max(known))
    };
    Ok(rows.into_iter().map(|row| marker(row.room_id, row.seq)).collect())
}

/// These rooms with what the person has not read of them.
async fn rooms(
    connection: &mut PgConnection,
    user: Uuid,
    ids: &[Uuid],
    read: &[i64],
) -> Result<Vec<MyRoomRow>, sqlx::Error> {
    query_as!(
        MyRoomRow,
        r#"SELECT r.room_id, r.kind, r.name, r.topic, r.owner, r.deleted, r.head_seq, r.messages, r.rules, r.digest,
                  r.created_at, m.role AS "role?", p.user_id AS "peer?", k.read_seq AS "read_seq!",
                  r.messages - coalesce(o.ordinal, 0) AS "unread!", n.count AS "mentions!"
           FROM UNNEST($2::uuid[], $3::bigint[]) AS k (room_id, read_seq)
           JOIN rooms r ON r.room_id = k.room_id
           LEFT JOIN members m ON m.room_id = r.room_id AND m.user_id = $1
           LEFT JOIN LATERAL (SELECT user_id FROM members
                              WHERE room_id = r.room_id AND user_id <> $1 AND r.kind = 'direct' LIMIT 1) AS p ON true
           LEFT JOIN LATERAL (SELECT ordinal FROM messages
                              WHERE room_id = r.room_id AND seq <= k.read_seq ORDER BY seq DESC LIMIT 1) AS o ON true
           CROSS JOIN LATERAL (SELECT count(*) FROM
                                   (SELECT FROM mentions WHERE user_id = $1 AND room_id = r.room_id
                                                           AND seq > k.read_seq LIMIT $4) AS few) AS n
           ORDER BY r.room_id"#,
        user,
        ids,
        read,
        MOST_MENTIONS.cast_signed(),
    )
    .fetch_all(connection)
    .await
}

/// The message at a place first, then some of its replies; nothing where no message was sent.
async fn with_replies(
    connection: &mut PgConnection,
    (room, seq): (Uuid, i64),
    after: i64,
    limit: i64,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    let root = query_as!(
        MessageRow,
        "SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
         FROM messages WHERE room_id = $1 AND seq = $2",
        room,
        seq,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(root) = root else { return Ok(Vec::new()) };
    let replies = query_as!(
        MessageRow,
        "SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
         FROM messages WHERE room_id = $1 AND reply_to = $2 AND seq > $3 ORDER BY seq LIMIT $4",
        room,
        seq,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(std::iter::once(root).chain(replies).collect())
}
