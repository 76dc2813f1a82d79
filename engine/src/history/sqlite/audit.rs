//! The rows of one partition as they are, from one snapshot.

use super::reader::{PEOPLE, bounded, start};
use super::rows::{HEADER, MESSAGE};
use super::{EVENTS, READS, Sqlite, failed};
use crate::database::Transaction;
use crate::domain::{Offset, Partition, RoomId, Seq, UserId};
use crate::history::audit::{
    Audit, JournalLine, MentionLine, MessageLine, PersonLine, ReactionKey, ReactionLine, RoomLine,
};
use crate::history::audit_rows::{AuditedEntry, AuditedMention, AuditedReaction, by_room};
use crate::history::rows::{ChangeRow, HeaderRow, MessageRow};
use crate::history::{Error, ReadMark};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Sqlite as Db, query_as, query_scalar};
use uuid::Uuid;

struct Standing {
    transaction: Transaction<Db>,
    partition: Partition,
    next: Offset,
    reads_next: Offset,
}

impl Sqlite {
    pub(super) async fn begin_audit(&self, partition: Partition) -> Result<Box<dyn Audit>, Error> {
        let mut transaction = self.snapshot().await?;
        let next = checkpoint(&mut transaction, EVENTS, partition).await?;
        let reads_next = checkpoint(&mut transaction, READS, partition).await?;
        Ok(Box::new(Standing {
            transaction,
            partition,
            next,
            reads_next,
        }))
    }
}

async fn checkpoint(
    connection: &mut SqliteConnection,
    projection: &str,
    partition: Partition,
) -> Result<Offset, Error> {
    let next: Option<i64> = query_scalar("SELECT next_offset FROM checkpoints WHERE projection = ? AND partition = ?")
        .bind(projection)
        .bind(partition.get())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    Ok(next.map_or(Offset::ZERO, |next| Offset::new(next.cast_unsigned())))
}

#[async_trait]
impl Audit for Standing {
    fn next(&self) -> Offset {
        self.next
    }

    fn reads_next(&self) -> Offset {
        self.reads_next
    }

    async fn rooms(
        &mut self,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Vec<(RoomId, RoomLine, Vec<PersonLine>)>, Error> {
        let ids: Vec<Uuid> =
            query_scalar("SELECT room_id FROM rooms WHERE partition = ? AND room_id > ? ORDER BY room_id LIMIT ?")
                .bind(self.partition.get())
                .bind(start(after))
                .bind(bounded(limit))
                .fetch_all(&mut *self.transaction)
                .await
                .map_err(failed)?;
        let mut rooms = Vec::with_capacity(ids.len());
        for id in ids.into_iter().map(RoomId::new) {
            let found = self.room(id).await?;
            rooms.extend(found.map(|(line, people)| (id, line, people)));
        }
        Ok(rooms)
    }

    async fn room(&mut self, room: RoomId) -> Result<Option<(RoomLine, Vec<PersonLine>)>, Error> {
        let headers: Vec<HeaderRow> = query_as(&format!("SELECT {HEADER} FROM rooms WHERE room_id = ?"))
            .bind(room.uuid())
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(failed)?;
        let people: Vec<ChangeRow> = query_as(PEOPLE)
            .bind(room.uuid())
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(failed)?;
        let found = by_room(headers, people).pop();
        Ok(found.map(|(_, line, people)| (line, people)))
    }

    async fn journal(&mut self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<JournalLine>, Error> {
        let rows: Vec<AuditedEntry> = query_as(
            "SELECT seq, author_id, cid, log_offset, appended_at, digest, fingerprint, datum FROM journal
             WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(room.uuid())
        .bind(after.get().cast_signed())
        .bind(bounded(limit))
        .fetch_all(&mut *self.transaction)
        .await
        .map_err(failed)?;
        Ok(rows.into_iter().map(JournalLine::from).collect())
    }

    async fn messages(&mut self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<MessageLine>, Error> {
        let text = format!("SELECT {MESSAGE} FROM messages WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?");
        let rows: Vec<MessageRow> = query_as(&text)
            .bind(room.uuid())
            .bind(after.get().cast_signed())
            .bind(bounded(limit))
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(failed)?;
        Ok(rows.into_iter().map(MessageLine::from).collect())
    }

    async fn reactions(&mut self, room: RoomId, after: &ReactionKey, limit: usize) -> Result<Vec<ReactionLine>, Error> {
        let rows: Vec<AuditedReaction> = query_as(
            "SELECT seq, emoji, user_id, emoji_since, since FROM reactions
             WHERE room_id = ? AND (seq, emoji, user_id) > (?, ?, ?) ORDER BY seq, emoji, user_id LIMIT ?",
        )
        .bind(room.uuid())
        .bind(after.seq.get().cast_signed())
        .bind(&after.emoji)
        .bind(after.user_id.uuid())
        .bind(bounded(limit))
        .fetch_all(&mut *self.transaction)
        .await
        .map_err(failed)?;
        Ok(rows.into_iter().map(ReactionLine::from).collect())
    }

    async fn mentions(
        &mut self,
        rooms: &[RoomId],
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<MentionLine>, Error> {
        let ids: Vec<String> = rooms.iter().map(|room| room.uuid().simple().to_string()).collect();
        let ids = serde_json::to_string(&ids).expect("texts are JSON");
        let rows: Vec<AuditedMention> = query_as(
            "SELECT room_id, seq, user_id FROM mentions WHERE room_id IN (SELECT unhex(value) FROM json_each(?)) AND seq > ? AND seq <= ?
             ORDER BY room_id, seq, user_id LIMIT ?",
        )
        .bind(ids)
        .bind(after.get().cast_signed())
        .bind(i64::try_from(through.get()).unwrap_or(i64::MAX))
        .bind(bounded(limit))
        .fetch_all(&mut *self.transaction)
        .await
        .map_err(failed)?;
        Ok(rows.into_iter().map(MentionLine::from).collect())
    }

    async fn reads(&mut self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<ReadMark>, Error> {
        let after = after.map_or_else(Vec::new, |user| user.uuid().into_bytes().to_vec());
        let rows: Vec<(Uuid, i64)> =
            query_as("SELECT user_id, seq FROM reads WHERE room_id = ? AND user_id > ? ORDER BY user_id LIMIT ?")
                .bind(room.uuid())
                .bind(after)
                .bind(bounded(limit))
                .fetch_all(&mut *self.transaction)
                .await
                .map_err(failed)?;
        let mark = |(user_id, seq): (Uuid, i64)| ReadMark {
            room_id: room,
            user_id: UserId::new(user_id),
            seq: Seq::new(seq.cast_unsigned()),
        };
        Ok(rows.into_iter().map(mark).collect())
    }
}
