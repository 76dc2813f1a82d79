//! The rows of one partition as they are, from one snapshot.

use super::reader::{bounded, changes};
use super::{EVENTS, Postgres, READS, number};
use crate::database::Transaction;
use crate::database::postgres::within;
use crate::domain::{Offset, Partition, RoomId, Seq, UserId};
use crate::history::audit::{
    Audit, JournalLine, MentionLine, MessageLine, PersonLine, ReactionKey, ReactionLine, RoomLine,
};
use crate::history::audit_rows::{AuditedEntry, AuditedMention, AuditedReaction, by_room};
use crate::history::rows::{HeaderRow, MessageRow};
use crate::history::{Error, ReadMark};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres as Pg, query_as, query_scalar};
use std::time::Duration;
use uuid::Uuid;

struct Standing {
    transaction: Transaction<Pg>,
    limit: Duration,
    partition: Partition,
    next: Offset,
    reads_next: Offset,
}

impl Postgres {
    pub(super) async fn begin_audit(&self, partition: Partition) -> Result<Box<dyn Audit>, Error> {
        let begin = async {
            let mut transaction = self.snapshot().await?;
            let next = checkpoint(&mut transaction, EVENTS, partition).await?;
            let reads_next = checkpoint(&mut transaction, READS, partition).await?;
            Ok((transaction, next, reads_next))
        };
        let (transaction, next, reads_next) = self.within(begin).await?;
        Ok(Box::new(Standing {
            transaction,
            limit: self.limit,
            partition,
            next,
            reads_next,
        }))
    }
}

async fn checkpoint(
    connection: &mut PgConnection,
    projection: &str,
    partition: Partition,
) -> Result<Offset, sqlx::Error> {
    let next = query_scalar!(
        "SELECT next_offset FROM checkpoints WHERE projection = $1 AND partition = $2",
        projection,
        number(partition),
    )
    .fetch_optional(connection)
    .await?;
    Ok(next.map_or(Offset::ZERO, |next| Offset::new(next.cast_unsigned())))
}

/// A seq as the column can hold it: beyond that no row has one.
fn sql(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

impl Standing {
    async fn rooms_of(&mut self, ids: &[Uuid]) -> Result<Vec<(RoomId, RoomLine, Vec<PersonLine>)>, Error> {
        let read = async {
            let headers = query_as!(
                HeaderRow,
                "SELECT room_id, kind, name, topic, owner, deleted, head_seq, messages, rules, digest, created_at
                 FROM rooms WHERE room_id = ANY($1) ORDER BY room_id",
                ids,
            )
            .fetch_all(&mut *self.transaction)
            .await?;
            let people = changes(&mut self.transaction, ids).await?;
            Ok((headers, people))
        };
        let (headers, people) = within(self.limit, read).await?;
        Ok(by_room(headers, people))
    }
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
        let read = query_scalar!(
            "SELECT room_id FROM rooms WHERE partition = $1 AND ($2::uuid IS NULL OR room_id > $2)
                 ORDER BY room_id LIMIT $3",
            number(self.partition),
            after.map(RoomId::uuid),
            bounded(limit),
        )
        .fetch_all(&mut *self.transaction);
        let ids = within(self.limit, read).await?;
        self.rooms_of(&ids).await
    }

    async fn room(&mut self, room: RoomId) -> Result<Option<(RoomLine, Vec<PersonLine>)>, Error> {
        let found = self.rooms_of(&[room.uuid()]).await?.pop();
        Ok(found.map(|(_, line, people)| (line, people)))
    }

    async fn journal(&mut self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<JournalLine>, Error> {
        let read = query_as!(
            AuditedEntry,
            "SELECT seq, author_id, cid, log_offset, appended_at, digest, fingerprint, datum FROM journal
             WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            room.uuid(),
            after.get().cast_signed(),
            bounded(limit),
        )
        .fetch_all(&mut *self.transaction);
        let rows = within(self.limit, read).await?;
        Ok(rows.into_iter().map(JournalLine::from).collect())
    }

    async fn messages(&mut self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<MessageLine>, Error> {
        let read = query_as!(
            MessageRow,
            "SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
             FROM messages WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            room.uuid(),
            after.get().cast_signed(),
            bounded(limit),
        )
        .fetch_all(&mut *self.transaction);
        let rows = within(self.limit, read).await?;
        Ok(rows.into_iter().map(MessageLine::from).collect())
    }

    async fn reactions(&mut self, room: RoomId, after: &ReactionKey, limit: usize) -> Result<Vec<ReactionLine>, Error> {
        let read = query_as!(
            AuditedReaction,
            "SELECT seq, emoji, user_id, emoji_since, since FROM reactions
             WHERE room_id = $1 AND (seq, emoji, user_id) > ($2, $3, $4) ORDER BY seq, emoji, user_id LIMIT $5",
            room.uuid(),
            after.seq.get().cast_signed(),
            after.emoji,
            after.user_id.uuid(),
            bounded(limit),
        )
        .fetch_all(&mut *self.transaction);
        let rows = within(self.limit, read).await?;
        Ok(rows.into_iter().map(ReactionLine::from).collect())
    }

    async fn mentions(
        &mut self,
        rooms: &[RoomId],
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<MentionLine>, Error> {
        let ids: Vec<Uuid> = rooms.iter().map(|room| room.uuid()).collect();
        let read = query_as!(
            AuditedMention,
            "SELECT room_id, seq, user_id FROM mentions WHERE room_id = ANY($1) AND seq > $2 AND seq <= $3
             ORDER BY room_id, seq, user_id LIMIT $4",
            &ids,
            after.get().cast_signed(),
            sql(through),
            bounded(limit),
        )
        .fetch_all(&mut *self.transaction);
        let rows = within(self.limit, read).await?;
        Ok(rows.into_iter().map(MentionLine::from).collect())
    }

    async fn reads(&mut self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<ReadMark>, Error> {
        let read = sqlx::query!(
            "SELECT user_id, seq FROM reads WHERE room_id = $1 AND ($2::uuid IS NULL OR user_id > $2)
             ORDER BY user_id LIMIT $3",
            room.uuid(),
            after.map(UserId::uuid),
            bounded(limit),
        )
        .fetch_all(&mut *self.transaction);
        let rows = within(self.limit, read).await?;
        let mark = |user_id, seq: i64| ReadMark {
            room_id: room,
            user_id: UserId::new(user_id),
            seq: Seq::new(seq.cast_unsigned()),
        };
        Ok(rows.into_iter().map(|row| mark(row.user_id, row.seq)).collect())
    }
}
