//! Listings: rooms of a person, invitations, rooms to join, threads. Places are handed over as JSON, for SQLite knows no
//! arrays.

use super::reader::{bounded, reactions, start};
use super::rows::{HEADER, MESSAGE};
use super::{Sqlite, failed, search};
use crate::domain::{Header, RoomId, Seq};
use crate::history::Error;
use crate::history::listings::rows::{self, FoundRow, InvitationRow, MyRoomRow};
use crate::history::listings::{
    Discover, Found, Hit, Invitation, Invitations, Listings, MOST_COUNTED, MOST_MENTIONS, MyRoom, MyRooms, Search,
    Thread,
};
use crate::history::rows::{HeaderRow, MessageRow};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query_as, query_scalar};
use uuid::Uuid;

const BANNED: &str = "EXISTS (SELECT 1 FROM bans b WHERE b.room_id = r.room_id AND b.user_id = ?1
                                           AND (b.until IS NULL OR b.until > ?2))";

#[async_trait]
impl Listings for Sqlite {
    async fn my_rooms(&self, asked: &MyRooms<'_>) -> Result<Vec<MyRoom>, Error> {
        let mut snapshot = self.snapshot().await?;
        let places = places(&mut snapshot, asked).await?;
        let rooms = rooms(&mut snapshot, asked.user_id.uuid(), &places).await?;
        let latest = latest(&mut snapshot, &places).await?;
        let reactions = reactions(&mut snapshot, &latest).await?;
        snapshot.commit().await.map_err(failed)?;
        rows::my_rooms(rooms, latest, reactions)
    }

    async fn invitations(&self, asked: &Invitations) -> Result<Vec<Invitation>, Error> {
        let text = format!(
            "SELECT r.room_id, r.kind, r.name, r.topic, i.invited_by
             FROM invitations i JOIN rooms r ON r.room_id = i.room_id
             WHERE i.user_id = ?1 AND i.room_id > ?3 AND NOT r.deleted AND NOT {BANNED}
             ORDER BY i.room_id LIMIT ?4"
        );
        let found: Vec<InvitationRow> = query_as(&text)
            .bind(asked.user_id.uuid())
            .bind(asked.now.as_millis())
            .bind(start(asked.after))
            .bind(bounded(asked.limit))
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        found.into_iter().map(InvitationRow::read).collect()
    }

    async fn discover(&self, asked: &Discover) -> Result<Vec<Found>, Error> {
        // No name holds U+10FFFF, the last code point: what begins with the prefix is before the two together.
        let text = format!(
            "SELECT r.room_id, r.kind, r.name, r.topic, r.messages, lower(r.name) AS folded,
                    CASE WHEN r.kind = 'public' THEN
                        (SELECT count(*) FROM (SELECT 1 FROM members m WHERE m.room_id = r.room_id LIMIT ?6))
                    END AS members
             FROM rooms r
             WHERE r.kind IN ('open', 'public') AND NOT r.deleted
                 AND lower(r.name) >= lower(?3) AND lower(r.name) < lower(?3) || char(1114111)
                 AND (lower(r.name), r.room_id) > (?4, ?5)
                 AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = r.room_id AND m.user_id = ?1)
                 AND NOT (r.kind = 'open' AND
                          EXISTS (SELECT 1 FROM reads d WHERE d.room_id = r.room_id AND d.user_id = ?1))
                 AND NOT {BANNED}
             ORDER BY lower(r.name), r.room_id LIMIT ?7"
        );
        let after = asked.after.as_ref();
        let found: Vec<FoundRow> = query_as(&text)
            .bind(asked.user_id.uuid())
            .bind(asked.now.as_millis())
            .bind(&asked.prefix)
            .bind(after.map_or("", |place| place.folded.as_str()))
            .bind(start(after.map(|place| place.room_id)))
            .bind(MOST_COUNTED.cast_signed())
            .bind(bounded(asked.limit))
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        found.into_iter().map(FoundRow::read).collect()
    }

    async fn every_room(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<(RoomId, Header)>, Error> {
        let text = format!("SELECT {HEADER} FROM rooms WHERE room_id > ? ORDER BY room_id LIMIT ?");
        let found: Vec<HeaderRow> = query_as(&text)
            .bind(start(after))
            .bind(bounded(limit))
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        found.into_iter().map(HeaderRow::read).collect()
    }

    async fn thread(&self, room: RoomId, seq: Seq, after: Seq, limit: usize) -> Result<Option<Thread>, Error> {
        let seq = seq.get().cast_signed();
        let mut snapshot = self.snapshot().await?;
        // The message itself comes first, for a reply is always after it.
        let text = format!(
            "SELECT {MESSAGE} FROM messages WHERE room_id = ?1 AND seq = ?2
             UNION ALL
             SELECT * FROM (SELECT {MESSAGE} FROM messages
                            WHERE room_id = ?1 AND reply_to = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4)
             ORDER BY seq"
        );
        let messages: Vec<MessageRow> = query_as(&text)
            .bind(room.uuid())
            .bind(seq)
            .bind(after.get().cast_signed())
            .bind(bounded(limit))
            .fetch_all(&mut *snapshot)
            .await
            .map_err(failed)?;
        let reactions = reactions(&mut snapshot, &messages).await?;
        let count: i64 =
            query_scalar("SELECT count(*) FROM (SELECT 1 FROM messages WHERE room_id = ? AND reply_to = ? LIMIT ?)")
                .bind(room.uuid())
                .bind(seq)
                .bind(MOST_COUNTED.cast_signed())
                .fetch_one(&mut *snapshot)
                .await
                .map_err(failed)?;
        snapshot.commit().await.map_err(failed)?;
        if messages.first().is_none_or(|first| first.seq != seq) {
            return Ok(None);
        }
        rows::thread(messages, reactions, count)
    }

    async fn search(&self, asked: &Search) -> Result<Vec<Hit>, Error> {
        search::search(self, asked).await
    }
}

/// The rooms that the person has, each with the read marker that counts: `[["room, in hex", seq], …]`.
async fn places(connection: &mut SqliteConnection, asked: &MyRooms<'_>) -> Result<String, Error> {
    let text = format!(
        "SELECT r.room_id, coalesce(d.seq, 0)
         FROM (SELECT room_id FROM members WHERE user_id = ?1
               UNION
               SELECT o.room_id FROM reads JOIN rooms o ON o.room_id = reads.room_id
                   WHERE reads.user_id = ?1 AND o.kind = 'open') AS mine
         JOIN rooms r ON r.room_id = mine.room_id
         LEFT JOIN reads d ON d.room_id = r.room_id AND d.user_id = ?1
         WHERE NOT r.deleted AND r.room_id > ?3 AND NOT {BANNED}
         ORDER BY r.room_id LIMIT ?4"
    );
    let rows: Vec<(Uuid, i64)> = query_as(&text)
        .bind(asked.user_id.uuid())
        .bind(asked.now.as_millis())
        .bind(start(asked.after))
        .bind(bounded(asked.limit))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    let place = |(room_id, seq): (Uuid, i64)| {
        let known = (asked.known)(RoomId::new(room_id)).map_or(0, |known| known.get().cast_signed());
        (room_id.simple().to_string(), seq.max(known))
    };
    let places: Vec<(String, i64)> = rows.into_iter().map(place).collect();
    Ok(serde_json::to_string(&places).expect("ids and numbers are JSON"))
}

/// These rooms with what the person has not read of them.
async fn rooms(connection: &mut SqliteConnection, user: Uuid, places: &str) -> Result<Vec<MyRoomRow>, Error> {
    query_as(
        "SELECT r.*, k.read_seq,
                (SELECT role FROM members WHERE room_id = r.room_id AND user_id = ?1) AS role,
                (SELECT user_id FROM members WHERE room_id = r.room_id AND user_id <> ?1 AND r.kind = 'direct') AS peer,
                r.messages - coalesce((SELECT ordinal FROM messages WHERE room_id = r.room_id AND seq <= k.read_seq
                                       ORDER BY seq DESC LIMIT 1), 0) AS unread,
                (SELECT count(*) FROM (SELECT 1 FROM mentions WHERE user_id = ?1 AND room_id = r.room_id
                                                                AND seq > k.read_seq LIMIT ?3)) AS mentions
         FROM (SELECT unhex(value ->> 0) AS room_id, value ->> 1 AS read_seq FROM json_each(?2)) AS k
         JOIN rooms r ON r.room_id = k.room_id
         ORDER BY r.room_id",
    )
    .bind(user)
    .bind(places)
    .bind(MOST_MENTIONS.cast_signed())
    .fetch_all(connection)
    .await
    .map_err(failed)
}

/// The latest message of each room.
async fn latest(connection: &mut SqliteConnection, places: &str) -> Result<Vec<MessageRow>, Error> {
    let text = format!(
        "SELECT {MESSAGE} FROM messages WHERE number IN
             (SELECT (SELECT number FROM messages WHERE room_id = unhex(value ->> 0) ORDER BY seq DESC LIMIT 1)
              FROM json_each(?))"
    );
    query_as(&text).bind(places).fetch_all(connection).await.map_err(failed)
}
